//! The Rust toolchain of this machine, and copies of it for tests.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::{command, run, skipped, tool};

/// Returns rustc's toolchain, and the target whose linker it contains.
pub fn real() -> Option<(PathBuf, String)> {
    if [tool("rustc"), tool("cc")].contains(&None) {
        return None;
    }
    let root = run(command("rustc").args(["--print", "sysroot"]));
    let root = PathBuf::from(root.trim_end());
    let targets = fs::read_dir(root.join("lib/rustlib")).unwrap();
    let targets = targets.map(|entry| entry.unwrap());
    let brings = |entry: &fs::DirEntry| entry.path().join("bin/gcc-ld/ld.lld").exists();
    let found = targets.into_iter().find(brings);
    if found.is_none() {
        skipped("rustc brings no linker");
    }
    Some((root, found?.file_name().into_string().unwrap()))
}

/// Copies the parts of the toolchain that concern its linker.
pub fn copy(real: &Path, target: &str, to: &Path) {
    let bin = format!("lib/rustlib/{target}/bin");
    let mut files = vec![format!("{bin}/rust-lld"), "bin/rustc".to_owned()];
    for name in ["ld.lld", "ld64.lld", "lld-link", "wasm-ld"] {
        files.push(format!("{bin}/gcc-ld/{name}"));
    }
    for file in files {
        let place = to.join(&file);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(real.join(file), place).unwrap();
    }
    // What rust-lld needs of it.
    for entry in fs::read_dir(real.join("lib")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().starts_with("lib") {
            symlink(entry.path(), to.join("lib").join(entry.file_name())).unwrap();
        }
    }
}
