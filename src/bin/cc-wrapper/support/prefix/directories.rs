//! Finds the directories of a prefix that tools search.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::flags::Flags;
use crate::support::triple::Triple;

/// Existing directories whose paths are valid in a list.
#[derive(Debug, Default)]
pub struct Directories {
    pub prefix: PathBuf,
    pub include: Option<PathBuf>,
    pub frameworks: Option<PathBuf>,
    /// In the order in which the linker is to search them.
    pub libraries: Vec<PathBuf>,
    pub pkg_config: Vec<PathBuf>,
}

impl Directories {
    /// Adds the flags of compilers and of linkers that find the directories.
    pub fn add_flags(&self, compile: &mut Flags, link: &mut Flags) {
        let compiled = [
            ("-isystem", &self.include),
            ("-iframework", &self.frameworks),
        ];
        for (option, directory) in compiled {
            if let Some(directory) = directory {
                compile.add(&[option.as_bytes(), directory.as_os_str().as_bytes()]);
            }
        }
        for directory in &self.libraries {
            link.add(&[&[b"-L", directory.as_os_str().as_bytes()].concat()]);
        }
    }
}

/// Returns the directories of `prefix`, with the libraries for `target`.
pub fn in_prefix(prefix: &Path, target: &Triple) -> Directories {
    let there = |name: &str| Some(prefix.join(name)).filter(|path| path.is_dir());
    let lib = prefix.join("lib");
    let lib64 = lib64(prefix);
    let mut of_machine = of_machine(&lib, target);
    of_machine.retain(|path| holds_libraries(path));

    let mut libraries: Vec<PathBuf> = lib64.iter().cloned().collect();
    libraries.extend(Some(lib.clone()).filter(|lib| holds_libraries(lib)));
    libraries.extend(of_machine.iter().cloned());

    let mut pkg_config = vec![lib.join("pkgconfig"), prefix.join("share/pkgconfig")];
    pkg_config.extend(
        lib64
            .iter()
            .chain(&of_machine)
            .map(|lib| lib.join("pkgconfig")),
    );
    pkg_config.retain(|path| path.is_dir());
    Directories {
        prefix: prefix.to_path_buf(),
        include: there("include"),
        frameworks: there("Library/Frameworks"),
        libraries,
        pkg_config,
    }
}

/// Returns `PREFIX/lib64` if it exists. If it is a symlink, it is lib under
/// another name.
pub fn lib64(prefix: &Path) -> Option<PathBuf> {
    Some(prefix.join("lib64")).filter(|path| path.is_dir() && !path.is_symlink())
}

/// Returns the existing `lib/x86_64-linux-gnu` and similar directories for
/// `target`. Debian's Meson installs libraries there.
pub fn of_machine(lib: &Path, target: &Triple) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = entries(lib)
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().as_bytes();
            let is_triple = name.windows(7).any(|part| part == b"-linux-");
            is_triple && target.same(name) && !path.is_symlink() && path.is_dir()
        })
        .filter(|path| !path.as_os_str().as_bytes().iter().any(is_separator))
        .collect();
    found.sort();
    found
}

fn is_separator(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b':')
}

/// Returns whether the directory has libraries: a lib/ may hold only the
/// modules of some language.
fn holds_libraries(directory: &Path) -> bool {
    entries(directory).any(|path| {
        let name = path.file_name().unwrap_or_default();
        name.as_bytes().starts_with(b"lib")
    })
}

fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}
