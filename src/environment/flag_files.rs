//! The flag files in `nix-support/`: each optional, read when it is needed.

use alloc::vec::Vec;

use crate::error::Error;
use crate::world::{ReadError, World};

/// The `nix-support/` of one half.
#[derive(Clone, Copy)]
pub struct FlagFiles<'a> {
    /// The half's root; `None`: a toolchain that has no files.
    root: Option<&'a [u8]>,
    world: &'a dyn World,
}

impl<'a> FlagFiles<'a> {
    pub fn new(root: Option<&'a [u8]>, world: &'a dyn World) -> FlagFiles<'a> {
        FlagFiles { root, world }
    }

    fn path(&self, name: &str) -> Option<Vec<u8>> {
        let root = self.root?;
        Some([root, b"/nix-support/", name.as_bytes()].concat())
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path(name).is_some_and(|path| self.world.exists(&path))
    }

    /// The file's text, without its last line ends, as a shell reads it.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let Some(path) = self.path(name) else {
            return Ok(None);
        };
        match self.world.read(&path) {
            Ok(mut text) => {
                // No variable can hold a NUL.
                text.retain(|&b| b != 0);
                while text.last() == Some(&b'\n') {
                    text.pop();
                }
                Ok(Some(text))
            }
            Err(ReadError::Absent) => Ok(None),
            Err(ReadError::Directory) => Err(Error::Unreadable { path, errno: None }),
            Err(ReadError::Other(errno)) => Err(Error::Unreadable {
                path,
                errno: Some(errno),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::fake::Machine;

    #[test]
    fn absent_is_nothing_and_unreadable_is_an_error() {
        let world = Machine::new()
            .file("/r/nix-support/cc-cflags", "-B/x  -DY\n\n")
            .forbidden("/r/nix-support/cc-ldflags");
        let files = FlagFiles::new(Some(b"/r"), &world);
        assert_eq!(files.read("cc-cflags").unwrap().unwrap(), b"-B/x  -DY");
        assert_eq!(files.read("libc-cflags"), Ok(None));
        let error = files.read("cc-ldflags").unwrap_err().text();
        assert!(error.starts_with(b"cannot read /r/nix-support/cc-ldflags: permission denied"));
        assert_eq!(FlagFiles::new(None, &world).read("cc-cflags"), Ok(None));
    }
}
