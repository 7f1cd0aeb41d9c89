//! What turns a launcher over, and back: steps that leave one that runs behind
//! each of them.
//!
//! First comes what nobody looks at yet, `toolchain.json` and the original's
//! second name; last, by a rename, the launcher itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{access, Access};

use super::describe;
use super::place::{look, Found, Place};
use crate::command::error::{cannot, Error, Result};
use crate::command::step::{is_temporary, Step};

/// What is to be done at one place.
#[derive(Debug)]
pub struct Change {
    pub steps: Vec<Step>,
    /// The program that must run before a step is taken.
    pub runs: Option<PathBuf>,
}

/// All that wraps the launcher; `config` is what it is to find.
///
/// # Errors
/// Something is in the way, or the original is lost.
pub fn wrap(place: &Place, config: Vec<u8>) -> Result<Change> {
    let (launcher, original) = (place.launcher(), place.original());
    let state = place.state()?;
    refuse_foreign(&launcher, &state.launcher)?;
    refuse_foreign(&original, &state.original)?;
    let mut steps = Vec::new();
    for path in place.directories() {
        steps.extend(directory(&path)?);
    }
    if fs::read(place.config()).ok().as_ref() != Some(&config) {
        steps.push(Step::Write(place.config(), config));
    }
    let mut runs = original.clone();
    if state.launcher == Found::Program {
        // Whatever there is of an original, this is newer.
        runs.clone_from(&launcher);
        if !state.one_file {
            steps.push(Step::Keep(original, launcher.clone()));
        }
    } else if state.original != Found::Program {
        runs = sibling(place)?;
        steps.push(Step::Copy(original, runs.clone()));
    }
    if state.launcher != Found::Ours || !is_this(&launcher) {
        steps.push(Step::Binary(launcher));
    }
    check_writable(&steps)?;
    Ok(Change {
        steps,
        runs: Some(runs),
    })
}

/// All that puts the original back and removes what is ours.
///
/// # Errors
/// Something is in the way, or the original is lost.
pub fn undo(place: &Place) -> Result<Change> {
    let (launcher, original) = (place.launcher(), place.original());
    let state = place.state()?;
    let config = place.config();
    let is_ours = fs::read(&config).is_ok_and(|text| describe::is_of_launcher(&text));
    let [parent, originals, support] = &place.directories();
    let mut steps = Vec::new();
    match (&state.launcher, &state.original) {
        (Found::Program, Found::Program) if is_ours => steps.push(Step::Remove(original)),
        // Another's doing, or nobody's.
        (launcher, _) if *launcher != Found::Ours && !is_ours => {}
        (Found::Program, _) => {}
        (found, Found::Program) => {
            refuse_foreign(&launcher, found)?;
            steps.extend(directory(parent)?);
            steps.push(Step::Move(launcher, original));
        }
        (found, _) => {
            refuse_foreign(&launcher, found)?;
            steps.push(Step::Copy(launcher, sibling(place)?));
        }
    }
    if is_ours {
        steps.push(Step::Remove(config));
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

/// What makes a directory that files are to be put into.
fn directory(path: &Path) -> Result<Vec<Step>> {
    let make = Step::Directory(path.to_path_buf());
    match look(path)? {
        Found::Foreign(_) if path.is_dir() && !path.is_symlink() => Ok(Vec::new()),
        Found::Absent => Ok(vec![make]),
        Found::Leftover(_) => Ok(vec![Step::Remove(path.to_path_buf()), make]),
        Found::Foreign(what) => Err(in_the_way(path, &what)),
        Found::Ours | Found::Program => Err(in_the_way(path, "a program")),
    }
}

fn refuse_foreign(path: &Path, found: &Found) -> Result<()> {
    match found {
        Found::Foreign(what) => Err(in_the_way(path, what)),
        _ => Ok(()),
    }
}

fn in_the_way(path: &Path, what: &str) -> Error {
    Error::new(format!("{} is {what}; move it away first", path.display()))
}

/// What can take the lost original's place.
fn sibling(place: &Place) -> Result<PathBuf> {
    place.sibling()?.ok_or_else(|| {
        Error::new(format!(
            "the original of {} is lost, and so are its likes; `rustup toolchain install --force` brings them back",
            place.launcher().display()
        ))
    })
}

/// Whether `path` is this binary, of this version.
fn is_this(path: &Path) -> bool {
    matches!((fs::read(path), fs::read("/proc/self/exe")), (Ok(a), Ok(b)) if a == b)
}

/// # Errors
/// A directory that something is to change in cannot be written.
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
/// It is a directory that nobody is to write, or that we cannot.
pub fn writable(directory: &Path) -> Result<()> {
    let metadata = fs::metadata(directory).map_err(cannot("read", directory))?;
    // Root may write it all the same: then it is a store's.
    let is_closed = metadata.permissions().mode() & 0o222 == 0;
    if is_closed || access(directory, Access::WRITE_OK).is_err() {
        return Err(Error::new(format!(
            "{} cannot be written; a toolchain of a store is changed where it is built",
            directory.display()
        )));
    }
    Ok(())
}
