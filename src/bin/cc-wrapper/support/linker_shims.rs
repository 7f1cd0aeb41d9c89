//! Laying the front ends of linkers into a root.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use cc_wrapper::machine::linker_shim;

use super::error::{Result, cannot};

/// Where the front ends of the linker half `root` lie.
pub fn places(root: &Path) -> impl Iterator<Item = PathBuf> {
    let directory = root.join(linker_shim::DIRECTORY);
    linker_shim::all().map(move |name| directory.join(name))
}

/// What they lead to: `binary` is what the tools in `bin` lead to.
pub fn target(binary: &Path) -> PathBuf {
    Path::new("../bin").join(binary)
}

/// Lays them into a new root.
pub fn lay(root: &Path, binary: &Path) -> Result<()> {
    let directory = root.join(linker_shim::DIRECTORY);
    fs::create_dir_all(&directory).map_err(cannot("create", &directory))?;
    for place in places(root) {
        symlink(target(binary), &place).map_err(cannot("create", &place))?;
    }
    Ok(())
}
