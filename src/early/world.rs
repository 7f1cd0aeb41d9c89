//! [`World`] by system calls alone.

use alloc::vec::Vec;
use core::cell::Cell;
use core::ffi::CStr;
use core::mem::{MaybeUninit, offset_of};

use linux_raw_sys::general::{PATH_MAX, S_IFDIR, S_IFMT, S_IFREG, linux_dirent64};

use super::syscall;
use super::syscall::{EISDIR, ENOENT, ENOSYS, ENOTDIR, EPERM, Errno, File, Status};
use crate::machine::world::{Ownership, Part, ReadError, World};
use crate::model::argument::{Command, Export};
use crate::model::hook::{Changes, Failure, Hook};

/// Initial size of the buffer for a file, in bytes.
const READ: usize = 8 << 10;

/// Size of the buffer for directory entries, in bytes. It is small because it
/// lies on the stack, where each touched page costs a page fault.
const LISTED: usize = 2 << 10;

/// Maximum length of a path, in bytes.
const LONGEST_PATH: usize = PATH_MAX as usize;

/// Offsets of the record's length and the name in a directory entry.
const ENTRY_LENGTH: usize = offset_of!(linux_dirent64, d_reclen);
const ENTRY_NAME: usize = offset_of!(linux_dirent64, d_name);

/// Reads files and directories by system calls.
#[derive(Default)]
pub struct Kernel {
    /// The effective user.
    user: u32,
    /// A question came up that only the ordinary start can answer, so the plan
    /// must not be used.
    has_given_up: Cell<bool>,
}

impl Kernel {
    pub fn new(user: u32) -> Kernel {
        Kernel {
            user,
            has_given_up: Cell::new(false),
        }
    }

    pub fn has_given_up(&self) -> bool {
        self.has_given_up.get()
    }

    fn status(&self, path: &[u8], follow: bool) -> Result<Status, Errno> {
        self.checked(with_nul(path, |path| syscall::status(path, follow)))
    }

    /// Old kernels and some sandboxes do not support statx.
    fn checked(&self, status: Result<Status, Errno>) -> Result<Status, Errno> {
        if matches!(status, Err(ENOSYS | EPERM)) {
            self.has_given_up.set(true);
        }
        status
    }
}

impl World for Kernel {
    fn read(&self, path: &[u8]) -> Result<Vec<u8>, ReadError> {
        let read = || content(&with_nul(path, File::open)?);
        read().map_err(ReadError::from)
    }

    fn read_parts(&self, path: &[u8], with: &mut dyn FnMut(&Part)) -> bool {
        let Ok(file) = with_nul(path, File::open) else {
            return false;
        };
        with(&|offset, length| {
            let mut part = Vec::with_capacity(length);
            let room = &mut part.spare_capacity_mut()[..length];
            let read = file.read_at(room, offset).unwrap_or(0);
            // SAFETY: the kernel has written that many bytes.
            unsafe { part.set_len(read) };
            part
        });
        true
    }

    fn read_owned(&self, path: &[u8]) -> Result<(Vec<u8>, Ownership), ReadError> {
        let file = with_nul(path, File::open)?;
        let status = self.checked(file.status())?;
        match status.mode & S_IFMT {
            S_IFREG => Ok((content(&file)?, status.into())),
            S_IFDIR => Err(ReadError::Directory),
            _ => Err(ReadError::Special),
        }
    }

    fn ownership(&self, path: &[u8], follow: bool) -> Result<Ownership, ReadError> {
        Ok(self.status(path, follow)?.into())
    }

    fn user(&self) -> u32 {
        self.user
    }

    fn read_named_by_caller(&self, path: &[u8]) -> Result<Vec<u8>, ReadError> {
        // The ordinary start may read the file again, which fails for pipes.
        match self.status(path, true) {
            Ok(file) if ![S_IFREG, S_IFDIR].contains(&(file.mode & S_IFMT)) => {
                self.has_given_up.set(true);
                Err(ReadError::Other(0))
            }
            _ => self.read(path),
        }
    }

    fn read_link(&self, path: &[u8]) -> Option<Vec<u8>> {
        let mut buffer = [0; LONGEST_PATH];
        let target = with_nul(path, |path| syscall::read_link(path, &mut buffer)).ok()?;
        Some(target.to_vec())
    }

    fn exists(&self, path: &[u8]) -> bool {
        self.status(path, true).is_ok()
    }

    fn has_entry(&self, path: &[u8]) -> bool {
        self.status(path, false).is_ok()
    }

    fn is_executable(&self, path: &[u8]) -> bool {
        self.status(path, true)
            .is_ok_and(|file| file.mode & S_IFMT == S_IFREG && file.mode & 0o111 != 0)
    }

    fn same_program(&self, a: &[u8], b: &[u8]) -> bool {
        let status = |path| self.status(path, true);
        match (status(a), status(b)) {
            (Ok(x), Ok(y)) if x.identity == y.identity => true,
            (Ok(x), Ok(y)) if x.mode & S_IFMT == S_IFREG && x.size == y.size => {
                matches!((self.read(a), self.read(b)), (Ok(x), Ok(y)) if x == y)
            }
            _ => false,
        }
    }

    fn list(&self, directory: &[u8], entry: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        let Ok(directory) = with_nul(directory, File::open) else {
            return false;
        };
        let mut buffer = [MaybeUninit::uninit(); LISTED];
        loop {
            let mut records = match directory.read_directory(&mut buffer) {
                Ok([]) | Err(_) => return true,
                Ok(records) => records,
            };
            while records.len() > ENTRY_NAME {
                let record = [records[ENTRY_LENGTH], records[ENTRY_LENGTH + 1]];
                let (record, rest) = records.split_at(u16::from_ne_bytes(record).into());
                records = rest;
                let name = CStr::from_bytes_until_nul(&record[ENTRY_NAME..]);
                let name = name.map_or(&b""[..], CStr::to_bytes);
                if name != b"." && name != b".." && entry(name) {
                    return true;
                }
            }
        }
    }

    fn current_directory(&self) -> Option<Vec<u8>> {
        let mut buffer = [0; LONGEST_PATH];
        let path = syscall::current_directory(&mut buffer).ok()?;
        Some(path.to_vec())
    }

    fn run_hook(&self, _: &Hook, _: &Command, _: &[Export]) -> Result<Changes, Failure> {
        self.has_given_up.set(true);
        Err(Failure::NotRun {
            source: Vec::new(),
            remedy: None,
        })
    }
}

/// Reads a file to its end.
fn content(file: &File) -> Result<Vec<u8>, Errno> {
    let mut text: Vec<u8> = Vec::with_capacity(READ);
    loop {
        if text.capacity() - text.len() < READ / 2 {
            text.reserve(text.capacity());
        }
        let room = text.spare_capacity_mut();
        let asked = room.len();
        let length = file.read(room)?;
        // SAFETY: the kernel has written that many bytes.
        unsafe { text.set_len(text.len() + length) };
        // In a regular file, a short read means its end. Pipes and devices may
        // have more, so small results are read again.
        if length == 0 || length < asked && text.len() < READ / 2 {
            // The heap reuses the rest for the next allocation.
            text.shrink_to_fit();
            return Ok(text);
        }
    }
}

impl From<Errno> for ReadError {
    fn from(error: Errno) -> ReadError {
        match error {
            ENOENT | ENOTDIR => ReadError::Absent,
            EISDIR => ReadError::Directory,
            error => ReadError::Other(error.0),
        }
    }
}

impl From<Status> for Ownership {
    fn from(status: Status) -> Ownership {
        Ownership {
            user: status.user,
            mode: status.mode,
        }
    }
}

/// Calls `call` with `path` and a terminating NUL. A path that contains a NUL
/// fails with ENOENT.
fn with_nul<T>(path: &[u8], call: impl FnOnce(&CStr) -> Result<T, Errno>) -> Result<T, Errno> {
    let path = [path, &[0]].concat();
    call(CStr::from_bytes_with_nul(&path).map_err(|_| ENOENT)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::os::unix::fs::symlink;
    use std::path::Path;
    use std::{env, fs, vec};

    fn bytes(path: &Path) -> &[u8] {
        path.as_os_str().as_encoded_bytes()
    }

    #[test]
    fn files_are_read_whatever_their_size() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        for size in [
            0,
            1,
            READ / 2 - 1,
            READ / 2,
            READ - 1,
            READ,
            READ + 1,
            1_000_000,
        ] {
            let text: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
            fs::write(&path, &text).unwrap();
            assert_eq!(Kernel::default().read(bytes(&path)), Ok(text), "{size}");
        }
        assert_eq!(
            Kernel::default().read(b"/proc/self/none"),
            Err(ReadError::Absent)
        );
        assert_eq!(
            Kernel::default().read(b"/proc/self/stat/x"),
            Err(ReadError::Absent)
        );
        assert_eq!(Kernel::default().read(b"/"), Err(ReadError::Directory));
        assert_eq!(
            Kernel::default().read(b"/etc\0/passwd"),
            Err(ReadError::Absent)
        );
        assert!(
            !Kernel::default()
                .read(b"/proc/self/status")
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn special_files_are_left_to_the_ordinary_start() {
        let kernel = Kernel::default();
        assert!(kernel.read_named_by_caller(b"/etc/passwd").is_ok());
        assert!(kernel.read_named_by_caller(b"/no/such/file").is_err());
        assert!(kernel.read_named_by_caller(b"/").is_err());
        assert!(!kernel.has_given_up());
        assert!(kernel.read_named_by_caller(b"/dev/null").is_err());
        assert!(kernel.has_given_up());
    }

    #[test]
    fn a_directory_is_listed_to_its_end() {
        let directory = tempfile::tempdir().unwrap();
        let mut names: Vec<_> = (0..3000)
            .map(|n| format!("some-file-{n}").into_bytes())
            .collect();
        for name in &names {
            fs::write(
                directory.path().join(std::str::from_utf8(name).unwrap()),
                "",
            )
            .unwrap();
        }
        let mut found = vec![];
        Kernel::default().list(bytes(directory.path()), &mut |name| {
            found.push(name.to_vec());
            false
        });
        found.sort();
        names.sort();
        assert_eq!(found, names);
        let mut calls = 0;
        Kernel::default().list(bytes(directory.path()), &mut |_| {
            calls += 1;
            true
        });
        assert_eq!(calls, 1);
        assert!(!Kernel::default().list(b"/no/such/directory", &mut |_| panic!("an entry")));
    }

    #[test]
    fn symlinks_are_followed_where_needed() {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("link");
        symlink("/bin/sh", &link).unwrap();
        let dangling = directory.path().join("dangling");
        symlink("gone", &dangling).unwrap();
        assert_eq!(
            Kernel::default().read_link(bytes(&link)),
            Some(b"/bin/sh".to_vec())
        );
        assert_eq!(Kernel::default().read_link(b"/"), None);
        assert!(
            Kernel::default().has_entry(bytes(&dangling))
                && !Kernel::default().exists(bytes(&dangling))
        );
        assert!(Kernel::default().exists(bytes(&link)));
        assert!(!Kernel::default().has_entry(bytes(&directory.path().join("gone"))));
        assert!(Kernel::default().is_executable(bytes(&link)));
        assert!(!Kernel::default().is_executable(bytes(&dangling)));
        assert!(!Kernel::default().is_executable(bytes(directory.path())));
        assert!(!Kernel::default().is_executable(b"/etc/passwd"));
        assert!(Kernel::default().same_program(bytes(&link), b"/bin/sh"));
        assert!(!Kernel::default().same_program(b"/bin/sh", b"/etc/passwd"));
        let copy = directory.path().join("copy");
        fs::copy("/bin/sh", &copy).unwrap();
        assert!(Kernel::default().same_program(bytes(&copy), b"/bin/sh"));
        assert_eq!(
            Kernel::default().current_directory().unwrap(),
            bytes(&env::current_dir().unwrap())
        );
    }
}
