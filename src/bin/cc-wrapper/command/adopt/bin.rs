//! Reads and classifies the files in a wrapper's `bin`.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

use super::script::{self, Script};
use crate::process::report;
use crate::support::error::Result;
use crate::support::foreign_file;
use crate::support::paths::{canonical, entries};

#[derive(Debug)]
pub struct BinEntry {
    pub name: OsString,
    pub what: What,
}

/// The kind of a file in `bin`.
#[derive(Debug, PartialEq, Eq)]
pub enum What {
    /// A wrapper's script, to be replaced by a link to cc-wrapper.
    Tool,
    /// A symlink to this other name in `bin`.
    Alias(OsString),
    /// Some other program or symlink.
    Other,
    /// A script that is kept, and the reason.
    Script(String),
}

/// A script with the shape of a wrapper's.
pub struct WrapperScript {
    pub name: OsString,
    pub script: Script,
    pub text: Vec<u8>,
}

/// The entries of the resolved directory `bin`, sorted by name, and the wrapper
/// scripts among them. The caller must check that these belong to one wrapper.
pub fn read(bin: &Path) -> Result<(Vec<BinEntry>, Vec<WrapperScript>)> {
    let mut entries = Vec::new();
    let mut scripts = Vec::new();
    for name in names(bin)? {
        let (what, script) = entry(bin, &name)?;
        scripts.extend(script);
        entries.push(BinEntry { name, what });
    }
    Ok((entries, scripts))
}

/// The kind of one file in `bin`, judged without the others.
fn entry(bin: &Path, name: &OsStr) -> Result<(What, Option<WrapperScript>)> {
    let path = bin.join(name);
    if let Ok(target) = fs::read_link(&path) {
        let leads_to = bin.join(&target);
        let is_alias = leads_to
            .parent()
            .is_some_and(|parent| canonical(parent) == bin);
        let what = match leads_to.file_name() {
            Some(name) if is_alias => What::Alias(name.to_owned()),
            _ => What::Other,
        };
        return Ok((what, None));
    }
    if !path.is_file() {
        return Ok((What::Other, None));
    }
    let text = match foreign_file::script(&path) {
        Ok(text) => text.unwrap_or_default(),
        Err(why) => {
            return Ok((
                What::Script(format!("it cannot be read: {}", report::why(&why))),
                None,
            ));
        }
    };
    Ok(match script::read(&text) {
        None => (What::Other, None),
        Some(Ok(script)) => {
            let name = name.to_owned();
            (What::Tool, Some(WrapperScript { name, script, text }))
        }
        Some(Err(why)) => (What::Script(why), None),
    })
}

/// The sorted file names in a directory.
pub fn names(directory: &Path) -> Result<Vec<OsString>> {
    let paths = entries(directory)?;
    let names = paths.iter().filter_map(|path| path.file_name());
    Ok(names.map(OsStr::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_links_within_bin_are_aliases() {
        let dir = tempfile::tempdir().unwrap();
        let bin = canonical(dir.path());
        let absolute = bin.join("gcc");
        fs::write(&absolute, "#!/bin/sh\n").unwrap();
        fs::write(bin.join("as"), "\x7fELF").unwrap();
        for (name, target) in [
            ("cc", Path::new("gcc")),
            ("c89", &absolute),
            ("ar", Path::new("/usr/bin/ar")),
            ("gone", Path::new("../gone/x")),
        ] {
            symlink(target, bin.join(name)).unwrap();
        }
        let (entries, scripts) = read(&bin).unwrap();
        let whats: Vec<_> = entries.into_iter().map(|entry| entry.what).collect();
        let alias = || What::Alias("gcc".into());
        let script = What::Script("its format is unknown".into());
        // ar, as, c89, cc, gcc, gone
        let expected = [
            What::Other,
            What::Other,
            alias(),
            alias(),
            script,
            What::Other,
        ];
        assert_eq!(whats, expected);
        assert!(scripts.is_empty());
    }
}
