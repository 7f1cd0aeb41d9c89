//! Normalises and checks paths.

use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::{env, fs, io};

use crate::process::report::why as why_refused;
use crate::support::error::{Error, Result, cannot};

/// Returns `path` as an absolute path.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    if path.is_absolute() {
        return Ok(path.to_path_buf());
    }
    let here = env::current_dir().map_err(|why| {
        Error::new("cannot find the current directory")
            .because(why_refused(&why))
            .remedy("give absolute paths")
    })?;
    Ok(plain(&here.join(path)))
}

/// Returns the paths in `directory`, sorted.
///
/// # Errors
/// The directory cannot be read.
pub fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let read = || -> io::Result<Vec<PathBuf>> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(directory)? {
            paths.push(entry?.path());
        }
        paths.sort();
        Ok(paths)
    };
    read().map_err(cannot("read", directory))
}

/// Returns `path` without `//`, `/./` and a trailing slash. Symlinks and `..`
/// stay.
pub fn plain(path: &Path) -> PathBuf {
    path.components().collect()
}

/// Like [`plain`], and without `..` if the path exists: resolves symlinks up to
/// the last `..` and keeps those after it.
pub fn without_parents(path: &Path) -> PathBuf {
    let parts: Vec<Component> = path.components().collect();
    let is_parent = |part: &Component| matches!(part, Component::ParentDir);
    let end = parts.iter().rposition(is_parent).map_or(0, |last| last + 1);
    let (before, behind) = parts.split_at(end);
    let before: PathBuf = before.iter().collect();
    match fs::canonicalize(&before) {
        Ok(before) => plain(&before.join(behind.iter().collect::<PathBuf>())),
        Err(_) => plain(path),
    }
}

/// Returns `path` with all symlinks resolved, or unchanged if it does not
/// exist.
pub fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

/// Returns whether `path` contains white space. Lists of flags have no quotes
/// and would split it.
pub fn has_white_space(path: &Path) -> bool {
    let mut bytes = path.as_os_str().as_bytes().iter();
    bytes.any(|byte| matches!(byte, b' ' | b'\t' | b'\n'))
}

/// Returns whether `path` contains a colon and so cannot be an entry of PATH.
pub fn has_colon(path: &Path) -> bool {
    path.as_os_str().as_bytes().contains(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_path_has_each_component_and_nothing_else() {
        for spelled in ["/a/b/", "//a//b", "/a/./b/.", "/a/b"] {
            let plain = plain(Path::new(spelled));
            assert_eq!(plain.as_os_str(), "/a/b", "{spelled}");
        }
        assert_eq!(plain(Path::new("/a/../b/")).as_os_str(), "/a/../b");
    }

    #[test]
    fn a_path_to_nothing_is_unchanged() {
        assert_eq!(canonical(Path::new("/no/such")), Path::new("/no/such"));
        assert_eq!(canonical(Path::new("/dev/../dev")), Path::new("/dev"));
    }

    #[test]
    fn separators_of_lists_are_known() {
        assert!(has_white_space(Path::new("/a b")) && has_colon(Path::new("/a:b")));
        assert!(!has_white_space(Path::new("/a:b")) && !has_colon(Path::new("/a b")));
    }
}
