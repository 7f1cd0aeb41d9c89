//! Lets one run at a time work in a place.

use std::ffi::OsString;
use std::fs;
use std::fs::{File, OpenOptions};
use std::io;
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::unistd::geteuid;

use super::error::{Result, note, warn};
use super::interrupt;
use super::owner;
use super::show::shown;
use crate::process::lock;

/// A locked file that only its owner can open, so that other users cannot hold
/// the lock. It contains the process ID, and is removed when dropped.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    _file: Flock<File>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A process that waits for this file sees that it has no name any more,
        // and creates another one.
        let _ = fs::remove_file(&self.path);
    }
}

impl Lock {
    /// Takes the lock of this user at `prefix` and the rest of its name; waits
    /// until no other run has it, and says so after a second. A file that a
    /// killed run has left is locked again. `None` if there can be no lock,
    /// because the directory cannot be written, its file system has no locks, or
    /// another user has put something in the way.
    ///
    /// # Errors
    /// Fails if a signal asks this process to stop.
    pub fn take(prefix: &Path) -> Result<Option<Lock>> {
        let mut path = OsString::from(prefix);
        path.push(format!("lock-{}", geteuid()));
        let path = PathBuf::from(path);
        loop {
            let file = match open(&path) {
                Ok(Some(file)) => file,
                Ok(None) => return Ok(in_the_way(&path)),
                // A file that is not there could not be created.
                Err(_) if fs::symlink_metadata(&path).is_err() => return Ok(None),
                Err(_) => return Ok(in_the_way(&path)),
            };
            let tell = |file: &File| {
                note(&format!("waiting for {}{}", shown(&path), holder(file)));
            };
            let goes_on = |_| interrupt::check().is_ok();
            let locked = lock::wait(file, FlockArg::LockExclusiveNonblock, tell, goes_on);
            interrupt::check()?;
            match locked {
                Ok(file) if is_at(&file, &path) => {
                    let _ = file.set_len(0);
                    let _ = writeln!(&*file, "{}", process::id());
                    return Ok(Some(Lock { path, _file: file }));
                }
                // The run before has just removed it.
                Ok(_) | Err((_, Errno::EWOULDBLOCK)) => {}
                Err(_) => {
                    let _ = fs::remove_file(&path);
                    return Ok(None);
                }
            }
        }
    }
}

/// Opens or creates the file; `None` if it is not a lock of this user that
/// nobody else could have opened.
fn open(path: &Path) -> io::Result<Option<File>> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags.bits())
        .open(path)?;
    let found = file.metadata()?;
    let is_closed = found.mode() & 0o077 == 0 && found.nlink() <= 1;
    Ok((found.is_file() && owner::is_own(&found) && is_closed).then_some(file))
}

fn in_the_way(path: &Path) -> Option<Lock> {
    warn(&format!(
        "{} is not a lock file of yours, so this run takes no lock; remove it, or run no other cc-wrapper here at the same time",
        shown(path)
    ));
    None
}

fn is_at(file: &File, path: &Path) -> bool {
    let identity = |file: fs::Metadata| (file.dev(), file.ino());
    let at = fs::symlink_metadata(path).map(identity).ok();
    at.is_some() && at == file.metadata().map(identity).ok()
}

/// Returns ", held by process N" if the file says so.
fn holder(file: &File) -> String {
    let mut text = [0; 16];
    let length = file.read_at(&mut text, 0).unwrap_or(0);
    let text = String::from_utf8_lossy(&text[..length]);
    match text.trim().parse::<u32>() {
        Ok(process) => format!(", held by process {process}"),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_lock_is_removed_and_one_that_a_killed_run_left_is_taken() {
        let temp = tempfile::tempdir().unwrap();
        let prefix = temp.path().join(".x-");
        let path = temp.path().join(format!(".x-lock-{}", geteuid()));
        drop(Lock::take(&prefix).unwrap().unwrap());
        assert!(!path.exists());
        drop(open(&path).unwrap().unwrap());
        let lock = Lock::take(&prefix).unwrap().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("{}\n", process::id()));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        drop(lock);
        assert!(!path.exists());
    }

    #[test]
    fn what_others_can_open_is_no_lock() {
        let temp = tempfile::tempdir().unwrap();
        let prefix = temp.path().join(".x-");
        let path = temp.path().join(format!(".x-lock-{}", geteuid()));
        fs::write(temp.path().join("other"), "").unwrap();
        for lay in [
            |at: &Path| fs::write(at, ""),
            |at: &Path| symlink("other", at),
            |at: &Path| fs::hard_link(at.with_file_name("other"), at),
            |at: &Path| fs::create_dir(at),
        ] {
            lay(&path).unwrap();
            assert!(Lock::take(&prefix).unwrap().is_none());
            let _ = fs::remove_file(&path);
        }
        assert!(Lock::take(&temp.path().join("none/x")).unwrap().is_none());
    }
}
