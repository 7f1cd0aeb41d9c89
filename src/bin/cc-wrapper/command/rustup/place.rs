//! The linker of one target of a toolchain, and its state.

use std::fmt::Display;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use super::find::RUSTLIB;
use crate::support::error::{Error, Result, cannot};
use crate::support::paths::entries;
use crate::support::self_binary::{self, TOOLCHAIN, Whose};
use crate::support::show::shown;
use crate::support::{elf, foreign_file, owner};

/// The launcher, which a driver runs for `-fuse-ld=lld`.
pub const LAUNCHER: &str = "ld.lld";
/// The directory of the launcher. rustc passes it to drivers with -B.
const LAUNCHERS: &str = "gcc-ld";
/// The directory for the original launcher. It runs `../rust-lld`, so the
/// directory may have any name.
pub const ORIGINALS: &str = "gcc-ld-unwrapped";
/// The linker that the launcher runs.
const LINKER: &str = "rust-lld";
/// Copies of the launcher under other names, which are not wrapped.
const SIBLINGS: [&str; 3] = ["ld64.lld", "wasm-ld", "lld-link"];

/// nixpkgs' rustup installs a script as the launcher: the end of the program's
/// path that it runs.
const SCRIPT: &[u8] = b"/nix-support/ld-wrapper.sh";

/// The directory `lib/rustlib/TARGET/bin` of a toolchain.
#[derive(Clone, Debug)]
pub struct Place {
    pub bin: PathBuf,
}

/// The kind of file at a launcher's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileKind {
    Absent,
    /// A copy of cc-wrapper.
    Ours,
    /// Another ELF program.
    Program,
    /// A file that may be replaced, and its description.
    Leftover(String),
    /// A file that must not be replaced, and its description.
    Foreign(String),
}

/// The files at the launcher's place and at the original's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    pub launcher: FileKind,
    pub original: FileKind,
    /// Both are the same file (hard links).
    pub one_file: bool,
}

impl Place {
    /// The places in a toolchain that have a launcher or an original, sorted.
    ///
    /// # Errors
    /// A symlink is outside of the toolchain.
    pub fn all(root: &Path) -> Result<Vec<Place>> {
        let rustlib = root.join(RUSTLIB);
        let mut places = Vec::new();
        for target in entries(&rustlib)? {
            let bin = target.join("bin");
            let has = |name: &str| fs::symlink_metadata(bin.join(name)).is_ok();
            if !has(LAUNCHERS) && !has(ORIGINALS) {
                continue;
            }
            let real = fs::canonicalize(&bin).map_err(cannot("resolve", &bin))?;
            if !real.starts_with(root) {
                return Err(Error::about(
                    &bin,
                    format!("is outside of the toolchain, in {}", shown(&real)),
                )
                .remedy("give the toolchain that contains it"));
            }
            places.push(Place { bin });
        }
        Ok(places)
    }

    pub fn launcher(&self) -> PathBuf {
        self.bin.join(LAUNCHERS).join(LAUNCHER)
    }

    pub fn original(&self) -> PathBuf {
        self.bin.join(ORIGINALS).join(LAUNCHER)
    }

    pub fn config(&self) -> PathBuf {
        self.bin.join(TOOLCHAIN)
    }

    /// # Errors
    /// Another user than root or the caller owns a file that is run or changed,
    /// or its directory.
    pub fn check_owners(&self) -> Result<()> {
        let programs = [
            self.launcher(),
            self.original(),
            self.linker(),
            self.config(),
        ];
        let siblings = SIBLINGS.map(|name| self.bin.join(LAUNCHERS).join(name));
        let directories = [self.bin.clone()].into_iter().chain(self.directories());
        for path in directories.chain(programs).chain(siblings) {
            owner::check_path(&path)?;
        }
        Ok(())
    }

    pub fn linker(&self) -> PathBuf {
        self.bin.join(LINKER)
    }

    /// The directories of the launcher, the original and `toolchain.json`.
    pub fn directories(&self) -> [PathBuf; 3] {
        [LAUNCHERS, ORIGINALS, "nix-support"].map(|name| self.bin.join(name))
    }

    /// The target triple, from the directory's name.
    pub fn target(&self) -> &str {
        let target = self.bin.parent().and_then(Path::file_name);
        target.and_then(|target| target.to_str()).unwrap_or("")
    }

    /// The copies of the launcher under other names.
    ///
    /// # Errors
    /// A copy cannot be read.
    pub fn siblings(&self) -> Result<Vec<PathBuf>> {
        let mut siblings = Vec::new();
        for name in SIBLINGS {
            let path = self.bin.join(LAUNCHERS).join(name);
            if look(&path)? == FileKind::Program {
                siblings.push(path);
            }
        }
        Ok(siblings)
    }

    /// The current state of the launcher.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn state(&self) -> Result<State> {
        let (launcher, original) = (self.launcher(), self.original());
        let identity = |path: &Path| fs::symlink_metadata(path).map(|m| (m.dev(), m.ino()));
        let identities = (identity(&launcher), identity(&original));
        Ok(State {
            launcher: look(&launcher)?,
            original: look(&original)?,
            one_file: matches!(identities, (Ok(one), Ok(other)) if one == other),
        })
    }
}

impl State {
    pub fn is_wrapped(&self) -> bool {
        (&self.launcher, &self.original) == (&FileKind::Ours, &FileKind::Program)
    }
}

/// The description for `--check`.
impl Display for State {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match (&self.launcher, &self.original) {
            (FileKind::Ours, FileKind::Program) => write!(f, "wrapped"),
            (FileKind::Program, FileKind::Program) if self.one_file => {
                write!(f, "half wrapped: a run was interrupted")
            }
            (FileKind::Program, FileKind::Program) => write!(f, "not wrapped since it was updated"),
            (FileKind::Program, _) => write!(f, "not wrapped"),
            (FileKind::Ours, _) => write!(f, "wrapped, but the original is lost"),
            (FileKind::Leftover(what) | FileKind::Foreign(what), FileKind::Program) => {
                write!(f, "{what}")
            }
            (FileKind::Leftover(what) | FileKind::Foreign(what), _) => {
                write!(f, "{what}, and the original is lost")
            }
            (FileKind::Absent, FileKind::Program) => {
                write!(f, "half wrapped: only the original is there")
            }
            (FileKind::Absent, _) => write!(f, "lost"),
        }
    }
}

/// Classifies the file at `path`.
///
/// # Errors
/// The file cannot be read.
pub fn look(path: &Path) -> Result<FileKind> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(why) if is_absent(&why) => return Ok(FileKind::Absent),
        Err(why) => return Err(cannot("read", path)(why)),
    };
    if metadata.is_symlink() {
        let target = fs::read_link(path).map_err(cannot("read", path))?;
        return Ok(match fs::metadata(path) {
            Ok(_) => FileKind::Foreign(format!("a link to {}", shown(&target))),
            Err(_) => FileKind::Leftover(format!("a dangling link to {}", shown(&target))),
        });
    }
    if !metadata.is_file() {
        return Ok(FileKind::Foreign("not a file".to_owned()));
    }
    if metadata.len() == 0 {
        return Ok(FileKind::Leftover("an empty file".to_owned()));
    }
    if elf::is_elf(path) {
        let is_ours = self_binary::whose(path) != Whose::Foreign;
        return Ok(if is_ours {
            FileKind::Ours
        } else {
            FileKind::Program
        });
    }
    let text = foreign_file::script(path).map_err(cannot("read", path))?;
    let text = text.unwrap_or_default();
    Ok(if text.windows(SCRIPT.len()).any(|part| part == SCRIPT) {
        FileKind::Leftover("the script of nixpkgs' rustup".to_owned())
    } else {
        FileKind::Foreign("neither a program nor the script of nixpkgs' rustup".to_owned())
    })
}

/// Whether the error means that there is no such file. This includes a path
/// below a file.
fn is_absent(why: &io::Error) -> bool {
    matches!(
        why.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn kinds_of_files_are_recognised() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::copy("/bin/true", path("program")).unwrap();
        fs::copy(std::env::current_exe().unwrap(), path("ours")).unwrap();
        let script = "#!/usr/bin/env bash\nset -eu -o pipefail +o posix\nshopt -s nullglob\n\
                      export PROG=\"/x/gcc-ld-unwrapped/ld.lld\"\n\
                      \"/nix/store/x-rustup/nix-support/ld-wrapper.sh\" $@";
        fs::write(path("script"), script).unwrap();
        fs::write(path("other"), "#!/bin/sh\nexec ld.lld \"$@\"\n").unwrap();
        fs::write(path("empty"), "").unwrap();
        symlink("program", path("link")).unwrap();
        symlink("none", path("dangling")).unwrap();
        let found = |name: &str| look(&path(name)).unwrap();
        assert_eq!(found("program"), FileKind::Program);
        assert_eq!(found("ours"), FileKind::Ours);
        assert_eq!(found("none"), FileKind::Absent);
        assert_eq!(found("program/x"), FileKind::Absent);
        for (name, what) in [
            ("script", "the script of nixpkgs' rustup"),
            ("empty", "an empty file"),
            ("dangling", "a dangling link to none"),
        ] {
            assert_eq!(found(name), FileKind::Leftover(what.to_owned()));
        }
        for name in ["other", "link", "."] {
            assert!(matches!(found(name), FileKind::Foreign(_)), "{name}");
        }
    }

    #[test]
    fn places_have_a_launcher_and_are_inside_the_toolchain() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for name in ["a/bin/gcc-ld", "b/bin/gcc-ld-unwrapped", "c/bin", "etc"] {
            fs::create_dir_all(root.join(RUSTLIB).join(name)).unwrap();
        }
        let places = Place::all(&root).unwrap();
        let targets: Vec<_> = places.iter().map(Place::target).collect();
        assert_eq!(targets, ["a", "b"]);
        fs::create_dir(root.join("inner")).unwrap();
        fs::rename(root.join("lib"), root.join("inner/lib")).unwrap();
        symlink("inner/lib", root.join("lib")).unwrap();
        assert_eq!(Place::all(&root).unwrap().len(), 2);
        let error = Place::all(&root.join("inner").join("lib/..").join("../inner"));
        assert!(
            error
                .unwrap_err()
                .line()
                .contains("is outside of the toolchain")
        );
    }
}
