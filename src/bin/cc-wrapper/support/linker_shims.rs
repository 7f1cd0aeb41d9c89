//! Creates the linker shims of a root (docs/glossary.md).

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use cc_wrapper::machine::linker_shim;

use super::error::{Result, cannot};

/// Returns the paths of the linker shims in the linker half `root`.
pub fn places(root: &Path) -> impl Iterator<Item = PathBuf> {
    let directory = root.join(linker_shim::DIRECTORY);
    linker_shim::all().map(move |name| directory.join(name))
}

/// Returns the symlink target of the shims, given the target of the tools in
/// `bin`.
pub fn target(binary: &Path) -> PathBuf {
    Path::new("../bin").join(binary)
}

/// Creates the shims in a new root.
pub fn lay(root: &Path, binary: &Path) -> Result<()> {
    let directory = root.join(linker_shim::DIRECTORY);
    fs::create_dir_all(&directory).map_err(cannot("create", &directory))?;
    for place in places(root) {
        symlink(target(binary), &place).map_err(cannot("create", &place))?;
    }
    Ok(())
}
