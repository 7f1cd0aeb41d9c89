//! Finds programs on PATH.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

/// Returns this process's PATH, or what shells use if it is not set.
pub fn path() -> OsString {
    env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into())
}

/// Returns the first program called `name` on PATH. A name with a slash is a
/// path.
pub fn program(name: impl AsRef<OsStr>) -> Option<PathBuf> {
    programs(name.as_ref(), &path()).next()
}

/// Returns the programs called `name` in the directories of `path`, in order. A
/// name with a slash is a path.
pub fn programs<'p>(name: &'p OsStr, path: &'p OsStr) -> impl Iterator<Item = PathBuf> + 'p {
    let is_path = name.as_bytes().contains(&b'/');
    let directories = env::split_paths(if is_path { OsStr::new(".") } else { path });
    let places = directories.map(move |directory| {
        if directory.as_os_str().is_empty() {
            Path::new(".").join(name)
        } else {
            directory.join(name)
        }
    });
    places.filter(|place| is_program(place))
}

/// Returns whether `path` is a file that this user may execute.
pub fn is_program(path: &Path) -> bool {
    path.is_file() && access(path, AccessFlags::X_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_order() {
        let found = |name: &str, path: &str| -> Vec<PathBuf> {
            programs(name.as_ref(), path.as_ref()).collect()
        };
        let shell = [PathBuf::from("/bin/sh")];
        assert_eq!(found("sh", "/none:/bin:/etc"), shell);
        assert_eq!(found("/bin/sh", "/none"), shell);
        for (name, path) in [("passwd", "/etc"), ("", "/bin"), ("sh", ""), ("bin", "/")] {
            assert!(found(name, path).is_empty(), "{name} {path}");
        }
    }
}
