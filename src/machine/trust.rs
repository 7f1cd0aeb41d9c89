//! Whose files decide what a call runs (docs/security.md).
//!
//! A root's files choose programs, flags and scripts. So a call uses them only
//! if nobody but root, the caller, and the owner of the link or program that
//! the caller ran could have written them.

use alloc::vec::Vec;

use crate::machine::world::{Ownership, ReadError, World};
use crate::model::error::{Distrust, Error};

/// The system's error number for a missing file.
const ENOENT: i32 = 2;

/// The super-user's number.
const ROOT: u32 = 0;

/// Permission bits: other users may write; in a directory, users may remove
/// only their own entries (sticky).
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// The kernel shows this owner for users that a user namespace does not map.
const OVERFLOW_USER: u32 = 65534;

/// Directories whose files nobody can change: only a builder that is trusted
/// adds to them, and they consist of regular files, directories and symlinks.
const IMMUTABLE: [&[u8]; 2] = [b"/nix/store/", b"/gnu/store/"];

/// The users whose files a call believes.
#[derive(Clone, Copy)]
pub struct Trust<'a> {
    /// The path of the link or program that led to the root. The caller has
    /// chosen to run it, so its owner is believed.
    hop: &'a [u8],
}

impl<'a> Trust<'a> {
    pub fn new(hop: &'a [u8]) -> Trust<'a> {
        Trust { hop }
    }

    /// The content of a file of the root.
    ///
    /// # Errors
    /// The file cannot be read, or another user could have written it.
    pub fn read(&self, path: &[u8], world: &dyn World) -> Result<Option<Vec<u8>>, Error> {
        let read = if is_immutable(path) {
            world.read(path)
        } else {
            match world.read_owned(path) {
                Ok((text, ownership)) => {
                    self.check(path, ownership, world)?;
                    Ok(text)
                }
                Err(error) => Err(error),
            }
        };
        match read {
            Ok(text) => Ok(Some(text)),
            Err(ReadError::Absent) => Ok(None),
            Err(error) => Err(unreadable(path, error)),
        }
    }

    /// Checks a file or directory of the root, which exists.
    ///
    /// # Errors
    /// It cannot be looked up, or another user could have written it.
    pub fn examine(&self, path: &[u8], world: &dyn World) -> Result<(), Error> {
        if is_immutable(path) {
            return Ok(());
        }
        match world.ownership(path, true) {
            Ok(ownership) => self.check(path, ownership, world),
            Err(error) => Err(unreadable(path, error)),
        }
    }

    fn check(&self, path: &[u8], found: Ownership, world: &dyn World) -> Result<(), Error> {
        let why = if found.mode & OTHERS_WRITE != 0 {
            Distrust::Writable {
                is_sticky: found.mode & STICKY != 0,
            }
        } else if found.user == ROOT
            || found.user == world.user()
            || self.is_owner_of_hop(found.user, world)
            || is_unmapped(found.user, world)
        {
            return Ok(());
        } else {
            Distrust::Owner(found.user)
        };
        Err(Error::Distrusted {
            path: path.to_vec(),
            hop: self.hop.to_vec(),
            why,
        })
    }

    fn is_owner_of_hop(&self, user: u32, world: &dyn World) -> bool {
        world
            .ownership(self.hop, false)
            .is_ok_and(|hop| hop.user == user)
    }
}

/// Whether the path lies in a store.
pub fn is_immutable(path: &[u8]) -> bool {
    IMMUTABLE.iter().any(|store| path.starts_with(store))
        && !path.windows(4).any(|part| part == b"/../")
}

/// Whether `user` stands for users that this user namespace does not map, such
/// as root in many build sandboxes. They cannot be distinguished there.
pub fn is_unmapped(user: u32, world: &dyn World) -> bool {
    let all = [b"0", b"0", &b"4294967295"[..]];
    user == OVERFLOW_USER
        && world.read(b"/proc/self/uid_map").is_ok_and(|map| {
            let fields = map.split(u8::is_ascii_whitespace);
            !fields.filter(|field| !field.is_empty()).eq(all)
        })
}

fn unreadable(path: &[u8], error: ReadError) -> Error {
    Error::Unreadable {
        path: path.to_vec(),
        errno: match error {
            ReadError::Absent => Some(ENOENT),
            ReadError::Directory | ReadError::Special => None,
            ReadError::Other(errno) => Some(errno),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::world::fake::{CALLER, Machine};
    use alloc::string::String;

    const FILE: &str = "/r/nix-support/cc-cflags";
    const STRANGER: u32 = CALLER + 1;

    fn read(world: &Machine, path: &str) -> Result<bool, String> {
        let trust = Trust::new(b"/home/gcc");
        let read = trust.read(path.as_bytes(), world);
        let text = |error: Error| String::from_utf8(error.text()).unwrap();
        read.map(|text| text.is_some()).map_err(text)
    }

    fn owned(user: u32, mode: u32) -> Machine {
        Machine::new()
            .file(FILE, "")
            .owner(FILE, user, mode)
            .link("/home/gcc", "/r/bin/gcc")
    }

    #[test]
    fn files_of_root_and_the_caller_are_believed() {
        for user in [ROOT, CALLER] {
            assert_eq!(read(&owned(user, 0o664), FILE), Ok(true));
        }
        assert_eq!(read(&Machine::new(), FILE), Ok(false));
    }

    #[test]
    fn files_of_others_are_refused() {
        let error = read(&owned(STRANGER, 0o600), FILE).unwrap_err();
        assert_eq!(
            error,
            "cannot trust /r/nix-support/cc-cflags: user 1001 owns it; \
             move /home/gcc to a directory of your own, or make yourself or root the owner"
        );
    }

    #[test]
    fn files_that_all_may_write_are_refused() {
        let error = read(&owned(CALLER, 0o666), FILE).unwrap_err();
        assert!(error.contains("all users can write to it; "), "{error}");
        assert!(error.contains("run chmod o-w"), "{error}");
        let error = read(&owned(ROOT, 0o1777), FILE).unwrap_err();
        assert!(error.contains("move /home/gcc"), "{error}");
    }

    #[test]
    fn the_owner_of_the_link_that_was_called_is_believed() {
        let world = owned(STRANGER, 0o644).owner("/home/gcc", STRANGER, 0o777);
        assert_eq!(read(&world, FILE), Ok(true));
    }

    #[test]
    fn a_store_is_believed_whoever_owns_it() {
        let path = "/nix/store/x/nix-support/cc-cflags";
        let world = Machine::new().file(path, "").owner(path, STRANGER, 0o444);
        assert_eq!(read(&world, path), Ok(true));
        let path = "/nix/store/../../r/nix-support/cc-cflags";
        assert!(read(&owned(STRANGER, 0o644), path).is_err());
    }

    #[test]
    fn unmapped_owners_are_believed_in_a_user_namespace() {
        for (map, is_believed) in [
            ("         0          0 4294967295\n", false),
            ("      1000       1000          1\n", true),
        ] {
            let world = owned(OVERFLOW_USER, 0o644).file("/proc/self/uid_map", map);
            assert_eq!(read(&world, FILE).is_ok(), is_believed, "{map}");
        }
    }
}
