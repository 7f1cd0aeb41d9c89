//! Finds the programs and shared libraries that are installed in a prefix.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::elf;

const DIRECTORIES: [&str; 6] = ["bin", "sbin", "lib", "lib32", "lib64", "libexec"];

/// Returns the files that are installed below `prefix`, sorted. Symlinks are not
/// followed, because the file that they lead to is found too or belongs to another
/// package.
pub fn files(prefix: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut directories = DIRECTORIES.map(|name| prefix.join(name)).to_vec();
    directories.retain(|directory| !directory.is_symlink());
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => directories.push(path),
                Ok(kind) if kind.is_file() && is_loadable(&path) => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    files
}

fn is_loadable(path: &Path) -> bool {
    elf::is_elf(path) && matches!(elf::read(path), Ok(Some(elf)) if elf.is_loadable)
}
