//! The interface between planning and the machine.

use alloc::vec::Vec;

use crate::model::argument::{Command, Export};
use crate::model::hook::{Changes, Failure, Hook};

/// Everything that planning can ask of the machine. Paths are bytes, absolute
/// or relative to the current directory. Only hooks can change anything.
pub trait World {
    /// The content of a file. Does not wait for a writer if it is a pipe.
    ///
    /// # Errors
    /// [`ReadError`], which distinguishes a missing file from an unreadable
    /// one.
    fn read(&self, path: &[u8]) -> Result<Vec<u8>, ReadError>;

    /// Opens a file and calls `with` once with a function that reads parts of
    /// it: (offset, length), in bytes. Its result is shorter at the end of the
    /// file, and empty if the file cannot be read. Returns false, without a
    /// call, if the file cannot be opened.
    fn read_parts(&self, path: &[u8], with: &mut dyn FnMut(&Part)) -> bool;

    /// The content of a regular file, and who may have written it.
    ///
    /// # Errors
    /// As for [`World::read`], or the file is not a regular one.
    fn read_owned(&self, path: &[u8]) -> Result<(Vec<u8>, Ownership), ReadError>;

    /// Who may write a file or directory. `follow`: if it is a symlink, that of
    /// its target.
    ///
    /// # Errors
    /// As for [`World::read`].
    fn ownership(&self, path: &[u8], follow: bool) -> Result<Ownership, ReadError>;

    /// The number of the user whose rights the process has (the effective user).
    fn user(&self) -> u32;

    /// Like [`World::read`], for a file that the caller names. It may be a
    /// pipe, which can be read only once.
    ///
    /// # Errors
    /// As for [`World::read`].
    fn read_named_by_caller(&self, path: &[u8]) -> Result<Vec<u8>, ReadError> {
        self.read(path)
    }

    /// The target of a symlink, unresolved. `None` if `path` is not a symlink.
    fn read_link(&self, path: &[u8]) -> Option<Vec<u8>>;

    /// Whether `path` exists, after following symlinks.
    fn exists(&self, path: &[u8]) -> bool;

    /// Whether the directory entry `path` exists, even as a dangling symlink.
    fn has_entry(&self, path: &[u8]) -> bool;

    /// Whether `path` is an executable file, after following symlinks.
    fn is_executable(&self, path: &[u8]) -> bool;

    /// Whether both paths are the same file, or files with the same content.
    fn same_program(&self, a: &[u8], b: &[u8]) -> bool;

    /// Calls `entry` with each name in a directory, in any order, until `entry`
    /// returns true. Returns false if the directory cannot be read.
    fn list(&self, directory: &[u8], entry: &mut dyn FnMut(&[u8]) -> bool) -> bool;

    fn current_directory(&self) -> Option<Vec<u8>>;

    /// Runs a hook (docs/behaviour.md#10-hooks) for a command with these
    /// variables exported, and returns its changes.
    ///
    /// # Errors
    /// The hook failed or could not be run.
    fn run_hook(
        &self,
        hook: &Hook,
        command: &Command,
        exports: &[Export],
    ) -> Result<Changes, Failure>;
}

/// Reads a part of a file: see [`World::read_parts`].
pub type Part<'f> = dyn Fn(u64, usize) -> Vec<u8> + 'f;

/// Why a file could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The file or a directory of its path does not exist.
    Absent,
    /// The path is a directory.
    Directory,
    /// The path is a pipe, a socket or a device.
    Special,
    /// The system's error number.
    Other(i32),
}

/// Who may write a file or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// The owner's number.
    pub user: u32,
    /// Type and permissions, as in `stat`.
    pub mode: u32,
}

/// A machine with a few files in memory, for tests.
#[cfg(test)]
pub(crate) mod fake {
    use super::{Ownership, Part, ReadError, World};
    use crate::model::argument::{Command, Export};
    use crate::model::hook::{Changes, Failure, Hook};
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;
    use core::cell::RefCell;

    /// The user that calls.
    pub const CALLER: u32 = 1000;

    pub enum Entry {
        File(Vec<u8>),
        Link(Vec<u8>),
        /// It cannot be read because of this error.
        Fails(i32),
    }

    /// Looks paths up literally, after resolving symlinks.
    #[derive(Default)]
    pub struct Machine {
        pub entries: BTreeMap<Vec<u8>, Entry>,
        /// The caller owns all other files.
        pub owners: BTreeMap<Vec<u8>, Ownership>,
        pub current_directory: Vec<u8>,
        pub read: RefCell<Vec<Vec<u8>>>,
    }

    impl Machine {
        pub fn new() -> Machine {
            Machine {
                current_directory: b"/cwd".to_vec(),
                ..Machine::default()
            }
        }

        pub fn file(mut self, path: &str, text: impl AsRef<[u8]>) -> Machine {
            let entry = Entry::File(text.as_ref().to_vec());
            self.entries.insert(path.into(), entry);
            self
        }

        pub fn owner(mut self, path: &str, user: u32, mode: u32) -> Machine {
            self.owners.insert(path.into(), Ownership { user, mode });
            self
        }

        pub fn link(mut self, path: &str, target: &str) -> Machine {
            self.entries.insert(path.into(), Entry::Link(target.into()));
            self
        }

        pub fn forbidden(self, path: &str) -> Machine {
            self.failing(path, 13)
        }

        pub fn failing(mut self, path: &str, errno: i32) -> Machine {
            self.entries.insert(path.into(), Entry::Fails(errno));
            self
        }

        /// The path without symlinks. If `follow` is false, a symlink in the
        /// last component is kept.
        fn resolve(&self, path: &[u8], follow: bool) -> Vec<u8> {
            let mut pending: Vec<Vec<u8>> = Vec::new();
            let mut at = Vec::new();
            if path.first() != Some(&b'/') {
                at = self.current_directory.clone();
            }
            pending.extend(path.split(|&b| b == b'/').rev().map(<[u8]>::to_vec));
            let mut hops = 0;
            while let Some(component) = pending.pop() {
                match &component[..] {
                    b"" | b"." => {}
                    b".." => {
                        let end = at.iter().rposition(|&b| b == b'/').unwrap_or(0);
                        at.truncate(end);
                    }
                    _ => {
                        let parent = at.len();
                        at.push(b'/');
                        at.extend_from_slice(&component);
                        let last = pending.is_empty();
                        if let Some(Entry::Link(target)) = self.entries.get(&at) {
                            hops += 1;
                            if hops < 40 && (follow || !last) {
                                at.truncate(if target[0] == b'/' { 0 } else { parent });
                                let parts = target.split(|&b| b == b'/');
                                pending.extend(parts.rev().map(<[u8]>::to_vec));
                            }
                        }
                    }
                }
            }
            at
        }
    }

    impl World for Machine {
        fn read(&self, path: &[u8]) -> Result<Vec<u8>, ReadError> {
            self.read.borrow_mut().push(path.to_vec());
            match self.entries.get(&self.resolve(path, true)) {
                Some(Entry::File(text)) => Ok(text.clone()),
                Some(Entry::Fails(errno)) => Err(ReadError::Other(*errno)),
                _ => Err(ReadError::Absent),
            }
        }

        fn read_parts(&self, path: &[u8], with: &mut dyn FnMut(&Part)) -> bool {
            let Some(Entry::File(text)) = self.entries.get(&self.resolve(path, true)) else {
                return false;
            };
            with(&|offset, length| {
                let rest = text.get(offset as usize..).unwrap_or_default();
                rest[..length.min(rest.len())].to_vec()
            });
            true
        }

        fn read_owned(&self, path: &[u8]) -> Result<(Vec<u8>, Ownership), ReadError> {
            Ok((self.read(path)?, self.ownership(path, true)?))
        }

        fn ownership(&self, path: &[u8], follow: bool) -> Result<Ownership, ReadError> {
            let default = Ownership {
                user: CALLER,
                mode: 0o755,
            };
            let owner = self.owners.get(&self.resolve(path, follow));
            Ok(owner.copied().unwrap_or(default))
        }

        fn user(&self) -> u32 {
            CALLER
        }

        fn read_link(&self, path: &[u8]) -> Option<Vec<u8>> {
            match self.entries.get(&self.resolve(path, false)) {
                Some(Entry::Link(target)) => Some(target.clone()),
                _ => None,
            }
        }

        fn exists(&self, path: &[u8]) -> bool {
            self.entries.contains_key(&self.resolve(path, true))
        }

        fn has_entry(&self, path: &[u8]) -> bool {
            self.entries.contains_key(&self.resolve(path, false))
        }

        fn is_executable(&self, path: &[u8]) -> bool {
            let path = self.resolve(path, true);
            matches!(self.entries.get(&path), Some(Entry::File(_)))
        }

        fn same_program(&self, a: &[u8], b: &[u8]) -> bool {
            let (a, b) = (self.resolve(a, true), self.resolve(b, true));
            a == b
                || match (self.entries.get(&a), self.entries.get(&b)) {
                    (Some(Entry::File(a)), Some(Entry::File(b))) => a == b,
                    _ => false,
                }
        }

        fn list(&self, directory: &[u8], entry: &mut dyn FnMut(&[u8]) -> bool) -> bool {
            let mut prefix = self.resolve(directory, true);
            if let Some(Entry::Fails(_)) = self.entries.get(&prefix) {
                return false;
            }
            prefix.push(b'/');
            for path in self.entries.keys() {
                if let Some(name) = path.strip_prefix(&prefix[..]) {
                    if !name.contains(&b'/') && entry(name) {
                        break;
                    }
                }
            }
            true
        }

        fn current_directory(&self) -> Option<Vec<u8>> {
            Some(self.current_directory.clone())
        }

        fn run_hook(&self, _: &Hook, _: &Command, _: &[Export]) -> Result<Changes, Failure> {
            Err(Failure::NotRun {
                source: b"there is no bash".to_vec(),
                remedy: None,
            })
        }
    }
}
