//! Patches programs whose interpreter does not exist, as on NixOS: patchelf sets
//! another interpreter, and an rpath for the libraries they need.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use super::arguments::Arguments;
use super::change::writable;
use super::find::{RUSTLIB, trimmed};
use crate::process::{report, search};
use crate::support::error::{Error, Result, cannot};
use crate::support::paths::{self, absolute, canonical};
use crate::support::show::shown;
use crate::support::{elf, file_operation, foreign_file};

/// The file with the interpreter's path in nixpkgs' wrappers.
const INTERPRETER: &str = "nix-support/dynamic-linker";

/// The changes to one file.
#[derive(Debug)]
pub struct Patch {
    pub file: PathBuf,
    interpreter: Option<PathBuf>,
    rpath: OsString,
    patchelf: PathBuf,
}

/// The settings that are the same for all files.
struct Machine<'a> {
    patchelf: PathBuf,
    interpreter: PathBuf,
    /// Directories to search for libraries, in addition to the interpreter's.
    libraries: Vec<PathBuf>,
    root: &'a Path,
}

impl Patch {
    /// Replaces the file by a patched copy.
    ///
    /// # Errors
    /// patchelf fails, or the file cannot be replaced.
    pub fn take(&self) -> Result<()> {
        let file = &self.file;
        let metadata = fs::metadata(file).map_err(cannot("read", file))?;
        let made = file_operation::make(file, |path| fs::File::create_new(path).map(drop))?;
        let mut command = Command::new(&self.patchelf);
        if let Some(interpreter) = &self.interpreter {
            command.arg("--set-interpreter").arg(interpreter);
        }
        command.arg("--set-rpath").arg(&self.rpath);
        succeed(command.arg("--output").arg(&made).arg(file))?;
        fs::set_permissions(&made, metadata.permissions())
            .map_err(cannot("set the mode of", &made))?;
        file_operation::put(made, file)
    }
}

/// Plans the patches that make the programs of a toolchain start; empty if they
/// start already. Libraries are patched first: if a run is interrupted, the
/// remaining unpatched programs make the next run continue.
///
/// # Errors
/// There is no patchelf, the interpreter is unknown, or a library is missing.
pub fn plan(root: &Path, arguments: &Arguments) -> Result<Vec<Patch>> {
    let (libraries, programs) = files(root)?;
    let starts_not = |file: &&PathBuf| elf::missing_interpreter(file).is_some();
    let programs: Vec<_> = programs.iter().filter(starts_not).collect();
    if programs.is_empty() {
        return Ok(Vec::new());
    }
    let given = arguments.library_dirs.iter();
    let mut directories: Vec<PathBuf> = given.map(|path| absolute(path)).collect::<Result<_>>()?;
    directories.extend(libraries_in_environment());
    let machine = Machine {
        patchelf: search::program("patchelf").ok_or_else(|| {
            Error::new("--patchelf: no patchelf on PATH").remedy("install it, or enable nix-ld")
        })?,
        interpreter: interpreter(arguments)?,
        libraries: directories,
        root,
    };
    let mut patches = Vec::new();
    for file in &libraries {
        patches.extend(machine.patch(file, false)?);
    }
    for file in programs {
        patches.extend(machine.patch(file, true)?);
    }
    for patch in &patches {
        writable(patch.file.parent().unwrap_or(root))?;
    }
    Ok(patches)
}

impl Machine<'_> {
    /// The changes to `file`; `None`: it needs none. `starts`: it is a program.
    fn patch(&self, file: &Path, starts: bool) -> Result<Option<Patch>> {
        let elf = elf::read(file).map_err(cannot("read", file))?;
        let dynamic = elf.and_then(|elf| elf.dynamic).unwrap_or_default();
        let old = dynamic.run_path.unwrap_or_default();
        let mut rpath = old.clone();
        let mut searched = self.searched(file, &old);
        for name in &dynamic.needed {
            let holds = |directory: &PathBuf| directory.join(name).exists();
            if searched.iter().any(holds) {
                continue;
            }
            let Some(directory) = self.libraries.iter().find(|path| holds(path)) else {
                return Err(Error::about(
                    file,
                    format!(
                        "needs {}, which is neither in the directories of NIX_LDFLAGS and NIX_CC nor beside {}",
                        shown(name),
                        shown(&self.interpreter)
                    ),
                )
                .remedy("give its directory with --library-dir"));
            };
            if !rpath.is_empty() {
                rpath.push(b':');
            }
            rpath.extend(directory.as_os_str().as_bytes());
            searched.push(directory.clone());
        }
        Ok((starts || rpath != old).then(|| Patch {
            file: file.to_path_buf(),
            interpreter: starts.then(|| self.interpreter.clone()),
            rpath: OsString::from_vec(rpath),
            patchelf: self.patchelf.clone(),
        }))
    }

    /// The directories that the loader will search for the libraries of `file`.
    fn searched(&self, file: &Path, rpath: &[u8]) -> Vec<PathBuf> {
        let origin = file.parent().unwrap_or(self.root).display().to_string();
        let rpath = String::from_utf8_lossy(rpath);
        let entries = rpath.split(':').filter(|entry| !entry.is_empty());
        let mut searched: Vec<PathBuf> = entries
            .map(|entry| entry.replace("$ORIGIN", &origin).into())
            .collect();
        for interpreter in [self.interpreter.clone(), canonical(&self.interpreter)] {
            searched.extend(interpreter.parent().map(Path::to_path_buf));
        }
        searched
    }
}

/// The libraries and the programs of a toolchain, each sorted.
fn files(root: &Path) -> Result<(BTreeSet<PathBuf>, BTreeSet<PathBuf>)> {
    let (mut libraries, mut programs) = (BTreeSet::new(), BTreeSet::new());
    let mut directories = vec![root.join("bin"), root.join("libexec"), root.join("lib")];
    let rustlib = root.join(RUSTLIB);
    for target in entries(&rustlib)? {
        directories.extend([target.join("bin"), target.join("lib")]);
    }
    for directory in directories {
        let is_of_libraries = directory.ends_with("lib");
        let mut pending = vec![directory];
        while let Some(directory) = pending.pop() {
            for path in entries(&directory)? {
                if !is_of_libraries && path.is_dir() && !path.is_symlink() {
                    pending.push(path);
                } else if is_of_libraries {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    // Skips the many static libraries (.rlib, .a).
                    if name.contains(".so") && elf::is_elf(&path) {
                        libraries.insert(path);
                    }
                } else if elf::is_elf(&path) {
                    programs.insert(path);
                }
            }
        }
    }
    Ok((libraries, programs))
}

/// The paths in a directory, sorted; empty if it does not exist.
fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    paths::entries(directory)
}

/// The interpreter to set: that of `--dynamic-linker`, or else the one of the
/// compiler in NIX_CC.
///
/// # Errors
/// Neither is set, or the interpreter does not exist.
fn interpreter(arguments: &Arguments) -> Result<PathBuf> {
    let (path, origin) = match &arguments.dynamic_linker {
        Some(path) => (absolute(path)?, "--dynamic-linker".to_owned()),
        None => {
            let file = env::var_os("NIX_CC").map(|cc| Path::new(&cc).join(INTERPRETER));
            let file = file.filter(|file| file.exists()).ok_or_else(|| {
                Error::new("--patchelf: the interpreter is unknown")
                    .because(format!("NIX_CC names no directory with {INTERPRETER}"))
                    .remedy("run this in a nix-shell, or give --dynamic-linker")
            })?;
            let text = foreign_file::read(&file).map_err(cannot("read", &file))?;
            (trimmed(&text), shown(&file))
        }
    };
    if path.is_file() {
        return Ok(path);
    }
    Err(
        Error::about(&path, format!("does not exist, but {origin} names it"))
            .remedy("give another interpreter with --dynamic-linker"),
    )
}

/// The library directories in NIX_LDFLAGS and in the flag files of NIX_CC.
fn libraries_in_environment() -> Vec<PathBuf> {
    let mut words = env::var_os("NIX_LDFLAGS").unwrap_or_default().into_vec();
    for file in ["cc-ldflags", "libc-ldflags"] {
        let cc = env::var_os("NIX_CC").unwrap_or_default();
        let path = Path::new(&cc).join("nix-support").join(file);
        words.push(b' ');
        words.extend(foreign_file::read(&path).unwrap_or_default());
    }
    let words = words.split(u8::is_ascii_whitespace);
    let directories = words.filter_map(|word| word.strip_prefix(b"-L"));
    let directories = directories.map(|path| PathBuf::from(OsStr::from_bytes(path)));
    directories.filter(|path| path.is_absolute()).collect()
}

/// Runs patchelf.
fn succeed(command: &mut Command) -> Result<()> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line = shell_words::join(words.map(OsStr::to_string_lossy));
    let output = command
        .output()
        .map_err(|why| Error::new(format!("cannot run {line}")).because(report::why(&why)))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::new(format!("{line} failed")).with_output(&output.stderr))
}
