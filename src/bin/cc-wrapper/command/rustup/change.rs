//! Plans the steps that wrap a launcher and undo that. After each step, the
//! launcher runs.
//!
//! The first steps add files that nothing reads yet: `toolchain.json` and a
//! second name of the original. The last step replaces the launcher, with a
//! rename.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use super::describe::Config;
use super::place::{FileKind, Place, look};
use super::runs::REINSTALL;
use super::{describe, runs};
use crate::support::error::{Error, Result, cannot};
use crate::support::file_operation::{Step, is_temporary};
use crate::support::show::shown;
use crate::support::{foreign_file, self_binary};

/// The changes to one launcher.
#[derive(Debug)]
pub struct Change {
    pub steps: Vec<Step>,
    /// The program to be wrapped. It must run before the first step.
    pub runs: Option<PathBuf>,
}

/// Plans to wrap the launcher; `config` becomes its `toolchain.json`.
///
/// # Errors
/// Another file has a name that is needed, or the original is lost.
pub fn wrap(place: &Place, config: Vec<u8>) -> Result<Change> {
    let (launcher, original) = (place.launcher(), place.original());
    let state = place.state()?;
    refuse_foreign(&launcher, &state.launcher)?;
    refuse_foreign(&original, &state.original)?;
    let mut steps = Vec::new();
    for path in place.directories() {
        steps.extend(directory(&path)?);
    }
    match describe::config(place)? {
        Config::Foreign(what) => return Err(in_the_way(&place.config(), &what)),
        Config::Ours(text) if text == config => {}
        _ => steps.push(Step::Write(place.config(), config)),
    }
    let mut program = original.clone();
    let runs = |program: &Path| runs::why_not(place, program).is_none();
    if state.launcher == FileKind::Program {
        // An update has put this program here, so it is newer than any original.
        program.clone_from(&launcher);
        if !state.one_file {
            steps.push(Step::Keep(original, launcher.clone()));
        }
    } else if state.original != FileKind::Program {
        program = sibling(place)?;
        steps.push(Step::Copy(original, program.clone()));
    } else if !runs(&original) {
        if let Some(sibling) = running_sibling(place)? {
            program.clone_from(&sibling);
            steps.push(Step::Copy(original, sibling));
        }
    }
    if state.launcher != FileKind::Ours || !self_binary::is_this(&launcher) || !has_mode(&launcher)
    {
        steps.push(Step::Binary(launcher));
    }
    check_writable(&steps)?;
    Ok(Change {
        steps,
        runs: Some(program),
    })
}

/// Plans to put the original back and to remove cc-wrapper's files.
///
/// # Errors
/// Another file has a name that is needed, or the original is lost.
pub fn undo(place: &Place) -> Result<Change> {
    let (launcher, original) = (place.launcher(), place.original());
    let state = place.state()?;
    let config = describe::config(place)?;
    let is_ours = matches!(config, Config::Ours(_));
    let [parent, originals, support] = &place.directories();
    let mut steps = Vec::new();
    match (&state.launcher, &state.original) {
        // The launcher is not wrapped by cc-wrapper.
        (launcher, _) if *launcher != FileKind::Ours && !is_ours => {}
        (FileKind::Program, FileKind::Program) => {
            // The launcher is from an update, unless writing it was interrupted.
            let best = best(place, &[&launcher, &original])?;
            steps.extend(restore(place, best));
        }
        (FileKind::Program, _) => {}
        (found, FileKind::Program) => {
            refuse_foreign(&launcher, found)?;
            steps.extend(directory(parent)?);
            let best = best(place, &[&original])?;
            steps.extend(restore(place, best));
        }
        (found, _) => {
            refuse_foreign(&launcher, found)?;
            steps.push(Step::Copy(launcher, sibling(place)?));
        }
    }
    let is_cut_off = config == Config::Leftover && state.launcher == FileKind::Ours;
    if is_ours || is_cut_off {
        steps.push(Step::Remove(place.config()));
    }
    for directory in [originals, support] {
        let is_left = |entry: fs::DirEntry| {
            let path = entry.path();
            !is_temporary(&entry.file_name())
                && !steps.iter().any(|step| match step {
                    Step::Move(_, from) => *from == path,
                    step => step.place() == path,
                })
        };
        let entries = fs::read_dir(directory);
        let is_empty = |entries: fs::ReadDir| !entries.flatten().any(is_left);
        if !directory.is_symlink() && entries.is_ok_and(is_empty) {
            steps.push(Step::RemoveDirectory(directory.clone()));
        }
    }
    check_writable(&steps)?;
    Ok(Change { steps, runs: None })
}

/// The first of `programs` that runs, or else a copy of the launcher under
/// another name that runs. If none runs, the first of `programs` that has an
/// equal copy.
///
/// # Errors
/// There is no such program.
fn best(place: &Place, programs: &[&Path]) -> Result<PathBuf> {
    let runs = |program: &&&Path| runs::why_not(place, program).is_none();
    if let Some(program) = programs.iter().find(runs) {
        return Ok(program.to_path_buf());
    }
    if let Some(sibling) = running_sibling(place)? {
        return Ok(sibling);
    }
    // If none runs, the machine may lack the interpreter. A program with an
    // equal copy is not damaged.
    let siblings = place.siblings()?;
    let is_like = |program: &&&Path| siblings.iter().any(|sibling| is_same(program, sibling));
    if let Some(program) = programs.iter().find(is_like) {
        return Ok(program.to_path_buf());
    }
    let whys = programs
        .iter()
        .filter_map(|program| runs::why_not(place, program));
    Err(Error::new(whys.collect::<Vec<_>>().join(", and "))
        .remedy(format!("reinstall the toolchain with {REINSTALL}")))
}

/// The steps that make `best` the launcher and remove the original.
fn restore(place: &Place, best: PathBuf) -> Vec<Step> {
    let (launcher, original) = (place.launcher(), place.original());
    if best == original {
        return vec![Step::Move(launcher, original)];
    }
    let mut steps = Vec::new();
    if best != launcher {
        steps.push(Step::Copy(launcher, best));
    }
    steps.push(Step::Remove(original));
    steps
}

/// The steps that create a directory, unless it exists.
fn directory(path: &Path) -> Result<Vec<Step>> {
    let make = Step::Directory(path.to_path_buf());
    match look(path)? {
        FileKind::Foreign(_) if path.is_dir() && !path.is_symlink() => Ok(Vec::new()),
        FileKind::Absent => Ok(vec![make]),
        FileKind::Leftover(_) => Ok(vec![Step::Remove(path.to_path_buf()), make]),
        FileKind::Foreign(what) => Err(in_the_way(path, &what)),
        FileKind::Ours | FileKind::Program => Err(in_the_way(path, "a program")),
    }
}

fn refuse_foreign(path: &Path, found: &FileKind) -> Result<()> {
    match found {
        FileKind::Foreign(what) => Err(in_the_way(path, what)),
        _ => Ok(()),
    }
}

fn in_the_way(path: &Path, what: &str) -> Error {
    Error::about(path, format!("is {what}")).remedy("move it away first")
}

/// A copy of the launcher to replace a lost original: one that runs, or else
/// one that may run after patching.
///
/// # Errors
/// There is no copy.
fn sibling(place: &Place) -> Result<PathBuf> {
    if let Some(sibling) = running_sibling(place)? {
        return Ok(sibling);
    }
    place.siblings()?.into_iter().next().ok_or_else(|| {
        Error::new(format!(
            "the original of {} is lost, and there is no copy of it",
            shown(&place.launcher())
        ))
        .remedy(format!("reinstall the toolchain with {REINSTALL}"))
    })
}

fn running_sibling(place: &Place) -> Result<Option<PathBuf>> {
    let mut siblings = place.siblings()?.into_iter();
    Ok(siblings.find(|sibling| runs::why_not(place, sibling).is_none()))
}

fn is_same(one: &Path, other: &Path) -> bool {
    let read = |path| foreign_file::read_up_to(foreign_file::LARGEST_PROGRAM, path);
    matches!((read(one), read(other)), (Ok(one), Ok(other)) if one == other)
}

/// Whether the launcher has the mode that cc-wrapper sets.
fn has_mode(launcher: &Path) -> bool {
    fs::metadata(launcher)
        .is_ok_and(|metadata| metadata.permissions().mode() & 0o777 == self_binary::MODE)
}

/// # Errors
/// A directory to change is not writable.
fn check_writable(steps: &[Step]) -> Result<()> {
    for step in steps {
        let mut changed = vec![step.place().parent()];
        if let Step::Move(_, from) = step {
            changed.push(from.parent());
        }
        for directory in changed.into_iter().flatten() {
            if directory.is_dir() {
                writable(directory)?;
            }
        }
    }
    Ok(())
}

/// # Errors
/// The directory has no write permission, or this user may not write it.
pub fn writable(directory: &Path) -> Result<()> {
    let metadata = fs::metadata(directory).map_err(cannot("read", directory))?;
    // The superuser could write a directory without write permission, but it
    // belongs to a store then.
    let is_closed = metadata.permissions().mode() & 0o222 == 0;
    if is_closed || access(directory, AccessFlags::W_OK).is_err() {
        return Err(Error::about(directory, "is not writable")
            .remedy("if it is in a store, wrap the toolchain where it is built"));
    }
    Ok(())
}
