//! Roots of cc-wrapper and wrappers of nixpkgs, known by their files.

use std::fs;
use std::path::Path;

use crate::support::self_binary::TOOLCHAIN;

/// Files in `nix-support` that only nixpkgs' wrappers have.
const OF_NIXPKGS: [&str; 4] = ["orig-cc", "orig-bintools", "utils.bash", "utils.sh"];

/// Whether a directory claims to be a wrapped root.
pub fn is_root(path: &Path) -> bool {
    fs::symlink_metadata(path.join(TOOLCHAIN)).is_ok()
}

/// Whether a directory is a wrapper of nixpkgs, of compilers or of linkers.
pub fn is_of_nixpkgs(path: &Path) -> bool {
    let mut names = OF_NIXPKGS.iter();
    names.any(|name| path.join("nix-support").join(name).exists())
}
