//! Changes to files. Each change happens completely or not at all, and is on
//! the disk before the next one starts, even if power fails.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::{fs, io};

use nix::errno::Errno;

use crate::support::error::{Result, cannot};
use crate::support::{owner, self_binary};

/// The prefix of temporary files' names.
pub const TEMPORARY: &str = ".cc-wrapper-";

/// A change that happens completely or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Write a copy of this binary.
    Binary(PathBuf),
    Write(PathBuf, Vec<u8>),
    Link(PathBuf, PathBuf),
    Remove(PathBuf),
    Directory(PathBuf),
    /// Remove the directory if it is empty.
    RemoveDirectory(PathBuf),
    /// Make a hard link at the first path to the file at the second.
    Keep(PathBuf, PathBuf),
    /// Copy the second path to the first.
    Copy(PathBuf, PathBuf),
    /// Rename the second path to the first.
    Move(PathBuf, PathBuf),
}

impl Step {
    /// Returns the path that changes.
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
                let mode = Permissions::from_mode(self_binary::MODE);
                let mut this = File::open(self_binary::this()).map_err(cannot("write", place))?;
                write(place, mode, |file| io::copy(&mut this, file).map(drop))
            }
            Step::Write(_, text) => write_text(place, text),
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
                // The file system has no hard links.
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

/// Executes all steps in order. Signals do not interrupt it.
///
/// # Errors
/// Fails at the first step that fails. The steps before it remain done.
pub fn take(steps: &[Step]) -> Result<()> {
    for (taken, step) in steps.iter().enumerate() {
        step.take().map_err(|error| match taken {
            0 => error,
            _ => error.remedy("run this again to do the rest, because what was done so far works"),
        })?;
    }
    Ok(())
}

fn copy(place: &Path, from: &Path) -> Result<()> {
    let mut source = File::open(from).map_err(cannot("copy", from))?;
    let mode = source
        .metadata()
        .map_err(cannot("copy", from))?
        .permissions();
    write(place, mode, |file| io::copy(&mut source, file).map(drop))
}

/// Writes a file that everybody can read to `place`.
pub fn write_text(place: &Path, text: &[u8]) -> Result<()> {
    write(place, Permissions::from_mode(0o644), |file| {
        file.write_all(text)
    })
}

/// Writes a file with this mode to `place`. All of it goes through one
/// descriptor, because others may be able to rename what is in the directory.
fn write(
    place: &Path,
    mode: Permissions,
    content: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<()> {
    let directory = place.parent().unwrap_or(place);
    let mut made = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .tempfile_in(directory)
        .map_err(cannot("write in", directory))?;
    let file = made.as_file_mut();
    content(file)
        .and_then(|()| file.set_permissions(mode))
        .and_then(|()| file.sync_all())
        .map_err(cannot("write", place))?;
    made.persist(place)
        .map_err(|why| cannot("write", place)(why.error))?;
    sync_directory_of(place)
}

/// Creates a temporary file beside `place`. It is removed when dropped, unless
/// [`put`] moves it to its place.
pub fn make(place: &Path, make: impl FnMut(&Path) -> io::Result<()>) -> Result<tempfile::TempPath> {
    let directory = place.parent().unwrap_or(place);
    let made = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .make_in(directory, make);
    Ok(made
        .map_err(cannot("write in", directory))?
        .into_temp_path())
}

/// Moves a temporary file to `place`. Syncs the content first: if the name
/// reached the disk earlier, a power failure could leave an empty file.
pub fn put(made: tempfile::TempPath, place: &Path) -> Result<()> {
    if !made.is_symlink() {
        let synced = File::open(&made).and_then(|file| file.sync_all());
        synced.map_err(cannot("write", &made))?;
    }
    made.persist(place)
        .map_err(|why| cannot("write", place)(why.error))?;
    sync_directory_of(place)
}

/// Syncs the directory of `place`, so that the names in it are on the disk.
fn sync_directory_of(place: &Path) -> Result<()> {
    let directory = match place.parent() {
        Some(directory) if directory != Path::new("") => directory,
        Some(_) => Path::new("."),
        None => place,
    };
    match File::open(directory).and_then(|directory| directory.sync_all()) {
        // The directory is writable but not readable, or its file system cannot
        // sync directories.
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

/// Returns whether `name` is the name of a temporary file of ours, as a killed
/// run leaves behind.
pub fn is_temporary(name: &OsStr) -> bool {
    name.as_bytes().starts_with(TEMPORARY.as_bytes())
}

/// Removes the temporary files that killed runs of this user have left in
/// `directory`.
pub fn tidy(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        // Not following symlinks.
        let is_own = entry.metadata().is_ok_and(|file| owner::is_own(&file));
        if is_temporary(&entry.file_name()) && is_own {
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
            // The directory is not empty.
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
    fn steps_before_a_failure_stay_done() {
        let dir = tempfile::tempdir().unwrap();
        let step = |name: &str| Step::Link(dir.path().join(name), "to".into());
        let error = take(&[step("x"), step("gone/y")]).unwrap_err();
        assert!(error.line().contains("run this again to do the rest"));
        assert_eq!(names(dir.path()), ["x"]);
    }

    #[test]
    fn files_of_a_killed_run_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        for name in [".cc-wrapper-aB3dE6", "other"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        tidy(dir.path());
        tidy(&dir.path().join("none"));
        assert_eq!(names(dir.path()), ["other"]);
    }
}
