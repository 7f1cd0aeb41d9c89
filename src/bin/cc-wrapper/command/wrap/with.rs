//! `--with PREFIX`: dependencies that a root finds by itself.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::model::toolchain::Toolchain;

use super::arguments::FlagFiles;
use crate::support::error::Result;
use crate::support::foreign_file;
use crate::support::prefix::dependencies;
use crate::support::prefix::directories;
use crate::support::prefix::flags::Flags;
use crate::support::self_binary::TOOLCHAIN;
use crate::support::triple::Triple;

/// The prefixes with those that they propagate, and what they add to a root.
#[derive(Debug, Default)]
pub struct With {
    pub prefixes: Vec<PathBuf>,
    /// Directories that pkg-config searches.
    pub pkg_config: Vec<PathBuf>,
    compile: Flags,
    link: Flags,
}

impl With {
    /// # Errors
    /// A prefix does not exist, or lists cannot hold its path.
    pub fn of(given: &[PathBuf], target: &Triple) -> Result<With> {
        let mut with = With {
            prefixes: dependencies::follow(given)?,
            ..With::default()
        };
        for prefix in &with.prefixes {
            let found = directories::in_prefix(prefix, target);
            found.add_flags(&mut with.compile, &mut with.link);
            with.pkg_config.extend(found.pkg_config);
        }
        Ok(with)
    }

    /// Adds the prefixes' flags after those of `--cflags` and `--ldflags`.
    pub fn add_to(&self, files: &mut FlagFiles) {
        for (flags, file) in [
            (&self.compile, &mut files.cflags),
            (&self.link, &mut files.ldflags),
        ] {
            if flags.0.is_empty() {
                continue;
            }
            let mut text = file.take().unwrap_or_default();
            if !text.is_empty() {
                text.push(" ");
            }
            text.push(OsStr::from_bytes(&flags.0));
            *file = Some(text);
        }
    }
}

/// Returns the prefixes of the root that is at `dir` now, without those of
/// `new`.
pub fn forgotten(dir: &Path, new: &With) -> Vec<PathBuf> {
    let text = foreign_file::read(&dir.join(TOOLCHAIN)).unwrap_or_default();
    let with = Toolchain::parse(&text).map_or(Vec::new(), |old| old.with);
    let with = with
        .iter()
        .map(|path| PathBuf::from(OsStr::from_bytes(path)));
    with.filter(|path| !new.prefixes.contains(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    #[test]
    fn flags_of_prefixes_come_after_given_ones() {
        let with = With {
            compile: Flags(b"-isystem /a".to_vec()),
            ..With::default()
        };
        let mut files = FlagFiles {
            cflags: Some(OsString::from("-g")),
            ..FlagFiles::default()
        };
        with.add_to(&mut files);
        assert_eq!(files.cflags.unwrap(), "-g -isystem /a");
        assert_eq!(files.ldflags, None);
    }
}
