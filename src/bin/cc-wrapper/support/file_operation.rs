//! Changes to files in place, each of which happens as a whole or not at all,
//! and before the next one: also when power fails.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::{fs, io};

use nix::errno::Errno;

use crate::support::error::{Result, cannot};
use crate::support::self_binary;

/// Begins the names of files in the making.
const TEMPORARY: &str = ".cc-wrapper-";

/// Something that happens as a whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A copy of this binary.
    Binary(PathBuf),
    Write(PathBuf, Vec<u8>),
    Link(PathBuf, PathBuf),
    Remove(PathBuf),
    Directory(PathBuf),
    /// Goes unless something is in it.
    RemoveDirectory(PathBuf),
    /// What is at the second becomes the first too, with its mode.
    Keep(PathBuf, PathBuf),
    /// A copy of the second.
    Copy(PathBuf, PathBuf),
    /// The second becomes the first.
    Move(PathBuf, PathBuf),
}

impl Step {
    /// What changes.
    pub fn place(&self) -> &Path {
        match self {
            Step::Binary(place)
            | Step::Write(place, _)
            | Step::Link(place, _)
            | Step::Remove(place)
            | Step::Directory(place)
            | Step::RemoveDirectory(place)
            | Step::Keep(place, _)
            | Step::Copy(place, _)
            | Step::Move(place, _) => place,
        }
    }

    pub fn take(&self) -> Result<()> {
        let place = self.place();
        match self {
            Step::Binary(_) => {
                let made = make(place, |path| fs::write(path, ""))?;
                self_binary::copy_to(&made)?;
                put(made, place)
            }
            Step::Write(_, text) => {
                let made = make(place, |path| {
                    fs::write(path, text)?;
                    // Not as private as temporary files are.
                    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
                })?;
                put(made, place)
            }
            Step::Link(_, target) => put(make(place, |path| symlink(target, path))?, place),
            Step::Remove(_) => fs::remove_file(place).map_err(cannot("remove", place)),
            Step::Directory(_) => {
                fs::create_dir(place).map_err(cannot("create", place))?;
                sync_directory_of(place)
            }
            Step::RemoveDirectory(_) => match fs::remove_dir(place) {
                Err(why) if why.kind() != io::ErrorKind::DirectoryNotEmpty => {
                    Err(cannot("remove", place)(why))
                }
                _ => Ok(()),
            },
            Step::Keep(_, from) => match make(place, |path| fs::hard_link(from, path)) {
                Ok(made) => put(made, place),
                // A file system without them.
                Err(_) => copy(place, from),
            },
            Step::Copy(_, from) => copy(place, from),
            Step::Move(_, from) => {
                fs::rename(from, place).map_err(cannot("write", place))?;
                sync_directory_of(place)
            }
        }
    }
}

/// Takes all steps, whatever signals come meanwhile.
///
/// # Errors
/// One cannot be taken; then those before it are.
pub fn take(steps: &[Step]) -> Result<()> {
    for (taken, step) in steps.iter().enumerate() {
        step.take().map_err(|error| match taken {
            0 => error,
            _ => error.remedy("what was done so far works, and another run does the rest"),
        })?;
    }
    Ok(())
}

fn copy(place: &Path, from: &Path) -> Result<()> {
    let made = make(place, |path| fs::write(path, ""))?;
    fs::copy(from, &made).map_err(cannot("copy", from))?;
    put(made, place)
}

/// Something new beside `place`, which goes away again if it is not put there.
pub fn make(place: &Path, make: impl FnMut(&Path) -> io::Result<()>) -> Result<tempfile::TempPath> {
    let directory = place.parent().unwrap_or(place);
    let made = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .make_in(directory, make);
    Ok(made
        .map_err(cannot("write in", directory))?
        .into_temp_path())
}

/// Puts it there, for good: a name that reached the disk before the file's
/// content would lead to an empty file.
pub fn put(made: tempfile::TempPath, place: &Path) -> Result<()> {
    if !made.is_symlink() {
        let synced = File::open(&made).and_then(|file| file.sync_all());
        synced.map_err(cannot("write", &made))?;
    }
    made.persist(place)
        .map_err(|why| cannot("write", place)(why.error))?;
    sync_directory_of(place)
}

/// Has the names in the directory of `place` on the disk.
fn sync_directory_of(place: &Path) -> Result<()> {
    let directory = match place.parent() {
        Some(directory) if directory != Path::new("") => directory,
        Some(_) => Path::new("."),
        None => place,
    };
    match File::open(directory).and_then(|directory| directory.sync_all()) {
        // One that may be written but not read, or of a file system that
        // cannot do that.
        Err(why) if is_no_matter(&why) => Ok(()),
        synced => synced.map_err(cannot("write in", directory)),
    }
}

fn is_no_matter(why: &io::Error) -> bool {
    matches!(
        why.raw_os_error().map(Errno::from_raw),
        Some(Errno::EACCES | Errno::EINVAL | Errno::ENOTSUP | Errno::ENOSYS)
    )
}

/// Whether a killed run has left what is called so.
pub fn is_temporary(name: &OsStr) -> bool {
    name.as_bytes().starts_with(TEMPORARY.as_bytes())
}

/// Removes what a run that was killed has left in `directory`.
pub fn tidy(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if is_temporary(&entry.file_name()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> = entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_step_replaces_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("x");
        Step::Write(place.clone(), b"text".to_vec()).take().unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"text");
        Step::Link(place.clone(), "to".into()).take().unwrap();
        assert_eq!(fs::read_link(&place).unwrap(), Path::new("to"));
        Step::Binary(place.clone()).take().unwrap();
        let mode = fs::symlink_metadata(&place).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
        Step::Remove(place).take().unwrap();
        assert_eq!(names(dir.path()), [""; 0]);
    }

    #[test]
    fn a_file_is_kept_and_moved_with_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let mode = |name: &str| fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
        fs::write(path("x"), "text").unwrap();
        fs::set_permissions(path("x"), fs::Permissions::from_mode(0o751)).unwrap();
        fs::write(path("copy"), "old").unwrap();
        Step::Directory(path("d")).take().unwrap();
        for step in [
            Step::Keep(path("d/kept"), path("x")),
            Step::Copy(path("copy"), path("x")),
            // Not empty.
            Step::RemoveDirectory(path("d")),
            Step::Move(path("moved"), path("d/kept")),
            Step::RemoveDirectory(path("d")),
        ] {
            step.take().unwrap();
        }
        assert_eq!(names(dir.path()), ["copy", "moved", "x"]);
        assert_eq!((mode("copy"), mode("moved")), (0o751, 0o751));
        assert_eq!(fs::read(path("copy")).unwrap(), b"text");
        assert!(Step::RemoveDirectory(path("d")).take().is_err());
    }

    #[test]
    fn a_step_that_fails_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("x/y")).unwrap();
        let step = Step::Link(dir.path().join("x"), "to".into());
        assert!(step.take().unwrap_err().line().starts_with("cannot write "));
        assert_eq!(names(dir.path()), ["x"]);
    }

    #[test]
    fn what_was_done_before_a_failure_stays() {
        let dir = tempfile::tempdir().unwrap();
        let step = |name: &str| Step::Link(dir.path().join(name), "to".into());
        let error = take(&[step("x"), step("gone/y")]).unwrap_err();
        assert!(error.line().ends_with("another run does the rest"));
        assert_eq!(names(dir.path()), ["x"]);
    }

    #[test]
    fn what_a_killed_run_left_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        for name in [".cc-wrapper-aB3dE6", "other"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        tidy(dir.path());
        tidy(&dir.path().join("none"));
        assert_eq!(names(dir.path()), ["other"]);
    }
}
