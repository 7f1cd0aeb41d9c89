//! Reads the flag files of `nix-support/` (docs/glossary.md). Each file is
//! optional and read only if it is needed.

use alloc::vec::Vec;
use core::cell::OnceCell;

use crate::machine::trust::Trust;
use crate::machine::world::World;
use crate::model::error::Error;

/// The system's error number for a missing file.
const ENOENT: i32 = 2;

/// The directory `nix-support/` of one half.
pub struct FlagFiles<'a> {
    /// The half's root. `None` if the toolchain has no files.
    root: Option<&'a [u8]>,
    trust: Trust<'a>,
    world: &'a dyn World,
    /// The directory's entries. `None` if it is not listed: then each file is
    /// looked up separately.
    names: OnceCell<Option<Vec<Vec<u8>>>>,
}

impl<'a> FlagFiles<'a> {
    /// For a root with both halves. Most flag files are missing there, so
    /// listing the directory is cheaper than looking each file up.
    pub fn listed(root: Option<&'a [u8]>, trust: Trust<'a>, world: &'a dyn World) -> FlagFiles<'a> {
        FlagFiles {
            root,
            trust,
            world,
            names: OnceCell::new(),
        }
    }

    /// For the root of one half, as in nixpkgs. Most flag files exist there, so
    /// each file is looked up separately.
    pub fn asked_for(
        root: Option<&'a [u8]>,
        trust: Trust<'a>,
        world: &'a dyn World,
    ) -> FlagFiles<'a> {
        FlagFiles {
            names: OnceCell::from(None),
            ..FlagFiles::listed(root, trust, world)
        }
    }

    /// The path of a file, which need not exist. `None` if the toolchain has no
    /// files.
    pub fn named(&self, name: &str) -> Option<Vec<u8>> {
        Some([self.root?, b"/nix-support/", name.as_bytes()].concat())
    }

    /// The path of a script to run, if it exists.
    ///
    /// # Errors
    /// Another user could have written it.
    pub fn script(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let script = self.find(name);
        if let Some(path) = &script {
            self.trust.examine(path, self.world)?;
        }
        Ok(script)
    }

    /// The path of a file, if it exists. For files that most roots lack: it
    /// does not list the directory if that has not happened yet.
    pub fn find(&self, name: &str) -> Option<Vec<u8>> {
        let is_listed = |names: &Vec<Vec<u8>>| names.iter().any(|n| n == name.as_bytes());
        let path = || self.named(name);
        match self.names.get() {
            Some(Some(names)) => is_listed(names).then(path)?,
            _ => path().filter(|path| self.world.exists(path)),
        }
    }

    /// The path of a file that probably exists.
    fn path(&self, name: &str) -> Option<Vec<u8>> {
        let directory = [self.root?, b"/nix-support/"].concat();
        let names = self.names.get_or_init(|| {
            let mut names = Vec::new();
            let listed = self.world.list(&directory, &mut |name| {
                names.push(name.to_vec());
                false
            });
            listed.then_some(names)
        });
        let may_be_there = names
            .as_ref()
            .is_none_or(|names| names.iter().any(|n| n == name.as_bytes()));
        may_be_there.then(|| [&directory[..], name.as_bytes()].concat())
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path(name)
            .is_some_and(|path| self.names.get() != Some(&None) || self.world.exists(&path))
    }

    /// The text of a file that another flag file requires.
    ///
    /// # Errors
    /// The file is missing or cannot be read.
    pub fn read_needed(&self, name: &str) -> Result<Vec<u8>, Error> {
        let absent = || Error::Unreadable {
            path: [
                self.root.unwrap_or_default(),
                b"/nix-support/",
                name.as_bytes(),
            ]
            .concat(),
            errno: Some(ENOENT),
        };
        self.read(name)?.ok_or_else(absent)
    }

    /// The text of a file without newlines at its end, as bash reads it. `None`
    /// if the file does not exist.
    ///
    /// # Errors
    /// The file exists but cannot be read, or another user could have written
    /// it.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let Some(path) = self.path(name) else {
            return Ok(None);
        };
        let Some(mut text) = self.trust.read(&path, self.world)? else {
            return Ok(None);
        };
        // Environment variables cannot contain NUL.
        text.retain(|&b| b != 0);
        while text.last() == Some(&b'\n') {
            text.pop();
        }
        Ok(Some(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::world::fake::Machine;

    #[test]
    fn a_missing_file_is_none_and_an_unreadable_one_an_error() {
        let world = Machine::new()
            .file("/r/nix-support/cc-cflags", "-B/x  -DY\n\n")
            .forbidden("/r/nix-support/cc-ldflags");
        let files = FlagFiles::asked_for(Some(b"/r"), Trust::new(b""), &world);
        assert_eq!(files.read("cc-cflags").unwrap().unwrap(), b"-B/x  -DY");
        assert_eq!(files.read("libc-cflags"), Ok(None));
        let error = files.read("cc-ldflags").unwrap_err().text();
        assert!(error.starts_with(b"cannot read /r/nix-support/cc-ldflags: permission denied"));
        assert_eq!(
            FlagFiles::listed(None, Trust::new(b""), &world).read("cc-cflags"),
            Ok(None)
        );
    }

    #[test]
    fn files_that_are_not_there_are_not_opened() {
        let world = Machine::new().file("/r/nix-support/cc-cflags", "");
        let files = FlagFiles::listed(Some(b"/r"), Trust::new(b""), &world);
        for name in ["cc-cflags", "cc-ldflags", "libc-cflags"] {
            assert_eq!(files.exists(name), name == "cc-cflags");
            files.read(name).unwrap();
        }
        assert_eq!(*world.read.borrow(), [b"/r/nix-support/cc-cflags"]);
    }

    #[test]
    fn files_of_an_unlistable_directory_are_looked_up_separately() {
        let world = Machine::new()
            .forbidden("/r/nix-support")
            .file("/r/nix-support/cc-cflags", "-DX");
        let files = FlagFiles::listed(Some(b"/r"), Trust::new(b""), &world);
        assert_eq!(files.read("cc-cflags").unwrap().unwrap(), b"-DX");
        assert_eq!(files.read("cc-ldflags"), Ok(None));
        assert!(files.exists("cc-cflags") && !files.exists("cc-ldflags"));
    }
}
