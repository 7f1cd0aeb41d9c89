//! Paths, and what is at them.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::machine::world::World;

use crate::process::os::Os;

/// `bytes` as a path.
pub fn path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// A path's last component; empty if it has none.
pub fn name(path: &Path) -> &OsStr {
    path.file_name().unwrap_or_default()
}

/// Whether `path` leads to a file that somebody may execute.
pub fn is_executable(path: &Path) -> bool {
    Os.is_executable(path.as_os_str().as_bytes())
}

/// Whether something is at `path`, if only a link to nothing.
pub fn has_entry(path: &Path) -> bool {
    Os.has_entry(path.as_os_str().as_bytes())
}

/// The entries of a directory, sorted; none if it cannot be read.
pub fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
