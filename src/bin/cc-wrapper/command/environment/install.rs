//! The library directories that a build installs to: `--prefix` and `--libdir`.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::arguments::BuildOptions;
use super::variables::Variable;
use crate::support::error::{Error, Result};
use crate::support::paths::{absolute, without_parents};
use crate::support::prefix::dependencies::unlistable;
use crate::support::prefix::directories::{lib64, of_machine};
use crate::support::show::shown;
use crate::support::triple::Triple;

const LIBRARIES: &str = "CC_WRAPPER_INSTALL_LIBRARIES";

/// Returns the variable for the prefix, which need not exist yet. `None`
/// without a prefix.
///
/// # Errors
/// Fails if a path cannot be an entry of a list of directories.
pub fn variable(build: &BuildOptions, target: &Triple) -> Result<Option<Variable>> {
    let Some(given) = &build.prefix else {
        return Ok(None);
    };
    let prefix = without_parents(&absolute(given)?);
    let libraries = if build.libdir.is_empty() {
        listable("--prefix", given, &prefix)?;
        let lib = prefix.join("lib");
        let others = lib64(&prefix).into_iter().chain(of_machine(&lib, target));
        [lib.clone()].into_iter().chain(others).collect()
    } else {
        let mut libraries: Vec<PathBuf> = Vec::new();
        for given in &build.libdir {
            let path = without_parents(&prefix.join(given));
            listable("--libdir", given, &path)?;
            if !libraries.contains(&path) {
                libraries.push(path);
            }
        }
        libraries
    };
    let libraries: Vec<&[u8]> = libraries
        .iter()
        .map(|path| path.as_os_str().as_bytes())
        .collect();
    Ok(Some(Variable {
        name: LIBRARIES.into(),
        value: libraries.join(&b':'),
    }))
}

fn listable(option: &str, given: &Path, path: &Path) -> Result<()> {
    match unlistable(path) {
        None => Ok(()),
        Some((what, why)) => Err(Error::new(format!(
            "{option} {}: it has {what} in its path, {why}",
            shown(given)
        ))
        .remedy("install to another directory")),
    }
}
