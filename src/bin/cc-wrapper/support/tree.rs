//! Reads, copies and removes directories whose surroundings other users can
//! write. Each name is followed once, to a descriptor that is not a symlink,
//! and everything else goes through that descriptor.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::fs::{File, FileType, OpenOptions, Permissions};
use std::io;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, readlinkat};
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::error::{Result, cannot};
use super::owner;

/// Never follows a symlink, never waits for a FIFO's other end, and never makes
/// a terminal the controlling one.
const CAREFUL: OFlag = OFlag::O_NOFOLLOW
    .union(OFlag::O_NONBLOCK)
    .union(OFlag::O_NOCTTY)
    .union(OFlag::O_CLOEXEC);

/// Opens the directory at `path`, which must not be a symlink.
pub fn open(path: &Path) -> io::Result<File> {
    let flags = CAREFUL | OFlag::O_DIRECTORY;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)
}

fn open_in(directory: &File, name: &OsStr, flags: OFlag) -> nix::Result<File> {
    openat(directory, name, CAREFUL | flags, Mode::empty()).map(File::from)
}

/// Returns the names in a directory, sorted.
pub fn names(directory: &File) -> io::Result<Vec<OsString>> {
    // Of its own, because descriptors that are copies share their position.
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut read = Dir::openat(directory, ".", flags, Mode::empty())?;
    let mut names = Vec::new();
    for entry in read.iter() {
        let name = entry?.file_name().to_bytes().to_vec();
        if name != b"." && name != b".." {
            names.push(OsStr::from_bytes(&name).to_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn read(mut file: File) -> io::Result<Vec<u8>> {
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    Ok(content)
}

/// Returns what kind of file cannot be copied; `None` if `kind` can be.
pub fn special(kind: FileType) -> Option<&'static str> {
    if kind.is_fifo() {
        Some("a FIFO")
    } else if kind.is_socket() {
        Some("a socket")
    } else if kind.is_file() || kind.is_dir() || kind.is_symlink() {
        None
    } else {
        Some("a device")
    }
}

/// Copies files, symlinks and directories; other kinds are left out.
#[derive(Debug, Default)]
pub struct Copy {
    /// The path of each file that was left out, and its kind.
    pub left_out: Vec<(PathBuf, &'static str)>,
}

impl Copy {
    /// Copies what is called `name` in `directory`, which is at `path`, to `to`.
    /// Returns false if it was left out.
    ///
    /// # Errors
    /// It cannot be copied, another user than root or the caller owns it, or
    /// every user can write it.
    pub fn entry(
        &mut self,
        directory: &File,
        path: &Path,
        name: &OsStr,
        to: &Path,
    ) -> Result<bool> {
        let path = path.join(name);
        // The kind decides how to open it; what is opened is checked again.
        let seen = fs::symlink_metadata(&path).map_err(cannot("read", &path))?;
        owner::check(&path, &seen)?;
        if seen.is_symlink() {
            let target = readlinkat(directory, name).map_err(cannot("read", &path))?;
            symlink(target, to).map_err(cannot("create", to))?;
            return Ok(true);
        }
        if let Some(kind) = special(seen.file_type()) {
            self.left_out.push((path, kind));
            return Ok(false);
        }
        let file = open_in(directory, name, OFlag::O_RDONLY).map_err(cannot("read", &path))?;
        let found = file.metadata().map_err(cannot("read", &path))?;
        owner::check(&path, &found)?;
        owner::check_closed(&path, &found)?;
        if found.is_dir() {
            fs::create_dir(to).map_err(cannot("create", to))?;
            for name in names(&file).map_err(cannot("read", &path))? {
                self.entry(&file, &path, &name, &to.join(&name))?;
            }
        } else {
            let content = read(file).map_err(cannot("carry over", &path))?;
            write_new(to, &content, found.permissions()).map_err(cannot("write", to))?;
        }
        Ok(true)
    }
}

/// Creates a file with this content and mode. It must not be there yet, so that
/// no symlink is followed.
pub fn write_new(path: &Path, content: &[u8], mode: Permissions) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    io::Write::write_all(&mut file, content)?;
    file.set_permissions(mode)
}

/// Removes everything in an open directory, as far as possible. Directories in
/// it that their owner, the caller, cannot write are made writable.
pub fn clear(directory: &File) {
    if let Ok(found) = directory.metadata() {
        let mode = found.permissions().mode();
        if mode & 0o700 != 0o700 && owner::is_own(&found) {
            let _ = directory.set_permissions(Permissions::from_mode(mode | 0o700));
        }
    }
    for name in names(directory).unwrap_or_default() {
        let mut inner = open_in(directory, &name, OFlag::O_DIRECTORY);
        if matches!(inner, Err(Errno::EACCES)) {
            let (mode, flag) = (Mode::S_IRWXU, FchmodatFlags::NoFollowSymlink);
            let _ = fchmodat(directory, &*name, mode, flag);
            inner = open_in(directory, &name, OFlag::O_DIRECTORY);
        }
        let kind = match inner {
            Ok(inner) => {
                clear(&inner);
                UnlinkatFlags::RemoveDir
            }
            Err(_) => UnlinkatFlags::NoRemoveDir,
        };
        let _ = unlinkat(directory, &*name, kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::foreign_file;
    use nix::unistd::mkfifo;

    #[test]
    fn a_directory_is_cleared_and_links_lead_nowhere() {
        let temp = tempfile::tempdir().unwrap();
        let path = |name: &str| temp.path().join(name);
        fs::create_dir_all(path("d/closed/x/y")).unwrap();
        fs::write(path("kept"), "").unwrap();
        symlink(path("kept"), path("d/link")).unwrap();
        symlink(temp.path(), path("d/closed/up")).unwrap();
        mkfifo(&path("d/fifo"), Mode::S_IRWXU).unwrap();
        for (name, mode) in [("kept", 0o400), ("d/closed/x", 0o000), ("d/closed", 0o500)] {
            fs::set_permissions(path(name), Permissions::from_mode(mode)).unwrap();
        }
        clear(&open(&path("d")).unwrap());
        fs::remove_dir(path("d")).unwrap();
        let mode = fs::metadata(path("kept")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o400);
        symlink(temp.path(), path("link")).unwrap();
        assert!(open(&path("link")).is_err());
    }

    #[test]
    fn special_files_are_left_out_of_a_copy() {
        let temp = tempfile::tempdir().unwrap();
        let path = |name: &str| temp.path().join(name);
        fs::create_dir_all(path("from/d")).unwrap();
        fs::write(path("from/d/hook"), "text").unwrap();
        fs::set_permissions(path("from/d/hook"), Permissions::from_mode(0o751)).unwrap();
        symlink("nowhere", path("from/d/link")).unwrap();
        mkfifo(&path("from/d/fifo"), Mode::S_IRWXU).unwrap();
        let mut copy = Copy::default();
        let from = open(&path("from")).unwrap();
        let done = copy.entry(&from, &path("from"), "d".as_ref(), &path("to"));
        assert!(done.unwrap());
        assert_eq!(copy.left_out, [(path("from/d/fifo"), "a FIFO")]);
        assert_eq!(foreign_file::read(&path("to/hook")).unwrap(), b"text");
        let mode = fs::metadata(path("to/hook")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o751);
        assert_eq!(
            fs::read_link(path("to/link")).unwrap(),
            Path::new("nowhere")
        );
        assert_eq!(
            names(&open(&path("to")).unwrap()).unwrap(),
            ["hook", "link"]
        );
        assert!(foreign_file::read(&path("from/d/fifo")).is_err());
    }

    #[test]
    fn what_every_user_can_write_is_not_copied() {
        let temp = tempfile::tempdir().unwrap();
        let hook = temp.path().join("hook");
        fs::write(&hook, "text").unwrap();
        fs::set_permissions(&hook, Permissions::from_mode(0o666)).unwrap();
        let mut copy = Copy::default();
        let from = open(temp.path()).unwrap();
        let to = temp.path().join("to");
        let refused = copy.entry(&from, temp.path(), "hook".as_ref(), &to);
        assert!(refused.unwrap_err().line().contains("every user"));
        assert!(!to.exists());
    }
}
