//! What the loader makes of a file that has the right name.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::system::System;
use super::{machine, processor};
use crate::support::elf;
use crate::support::elf::{Elf, Kind};

/// No program's libraries take as many looks.
const MOST_LOOKS: usize = 1 << 18;

#[derive(Debug)]
pub enum Library {
    /// It goes on elsewhere: nothing is there, or nothing that it may read, or
    /// a library for another machine.
    PassedOver,
    Fits(Box<Elf>),
    /// It gives up; why.
    Broken(String),
}

/// Files of one kind, each looked at once.
pub struct Libraries {
    kind: Kind,
    /// musl passes nothing over that it can open.
    is_musl: bool,
    known: RefCell<BTreeMap<PathBuf, Rc<Library>>>,
    looks: Cell<usize>,
    /// The names of directories for this processor.
    levels: Vec<&'static str>,
    directories: RefCell<BTreeMap<PathBuf, Rc<[PathBuf]>>>,
}

impl Libraries {
    pub fn new(kind: Kind, system: &System) -> Libraries {
        Libraries {
            kind,
            is_musl: system.is_musl,
            levels: match system.is_musl {
                true => Vec::new(),
                false => processor::levels(kind, system.loader.as_deref()),
            },
            directories: RefCell::default(),
            known: RefCell::default(),
            looks: Cell::new(0),
        }
    }

    pub fn at(&self, path: &Path) -> Rc<Library> {
        self.looks.set(self.looks.get() + 1);
        if let Some(known) = self.known.borrow().get(path) {
            return Rc::clone(known);
        }
        let found = Rc::new(self.look(path));
        let mut known = self.known.borrow_mut();
        known.insert(path.to_path_buf(), Rc::clone(&found));
        found
    }

    /// Where a library of `directory` may lie, in the order of the search.
    pub fn within(&self, directory: &Path) -> Rc<[PathBuf]> {
        self.looks.set(self.looks.get() + 1);
        if let Some(known) = self.directories.borrow().get(directory) {
            return Rc::clone(known);
        }
        let all: Rc<[PathBuf]> = processor::within(directory, &self.levels).into();
        let mut known = self.directories.borrow_mut();
        known.insert(directory.to_path_buf(), Rc::clone(&all));
        all
    }

    /// Whether there was more to look at than any program has.
    pub fn is_tired(&self) -> bool {
        self.looks.get() > MOST_LOOKS
    }

    fn look(&self, path: &Path) -> Library {
        let broken = |why: &str| Library::Broken(why.to_owned());
        match fs::metadata(path) {
            Ok(file) if file.is_dir() => return broken("is a directory"),
            Ok(file) if !file.is_file() => return broken("is no file"),
            Ok(_) => {}
            // A name that is too long, or a link to itself, ends the search.
            Err(why) => {
                return match is_passed_over(&why) {
                    true => Library::PassedOver,
                    false => broken(&format!("cannot be looked at: {why}")),
                };
            }
        }
        let kind = match elf::kind(path) {
            Ok(Some(kind)) => kind,
            Ok(None) => return broken("is no ELF file"),
            Err(why) if is_passed_over(&why) => return Library::PassedOver,
            Err(why) => return broken(&format!("cannot be read: {why}")),
        };
        if kind != self.kind {
            // glibc looks at the width first, and at the machine last.
            let is_fatal = kind.is_64 == self.kind.is_64 && kind.is_little != self.kind.is_little;
            return match is_fatal || self.is_musl {
                true => broken(&format!("is for {}", machine::name(kind))),
                false => Library::PassedOver,
            };
        }
        match elf::read(path) {
            Ok(Some(elf)) if elf.is_loadable => Library::Fits(Box::new(elf)),
            Ok(_) => broken("is no shared library"),
            Err(why) => broken(&format!("cannot be read as an ELF file: {why}")),
        }
    }
}

fn is_passed_over(why: &std::io::Error) -> bool {
    matches!(
        why.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    type Change = dyn Fn(&mut Vec<u8>);

    #[test]
    fn what_is_for_others_is_passed_over_and_what_is_broken_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let whole = fs::read("/bin/sh").unwrap();
        let kind = elf::kind(Path::new("/bin/sh")).unwrap().unwrap();
        let libraries = || Libraries::new(kind, &System::default());
        let with = |change: &Change| {
            let mut text = whole.clone();
            change(&mut text);
            fs::write(&path, text).unwrap();
            libraries().look(&path)
        };
        assert!(matches!(with(&|_| ()), Library::Fits(_)));
        let passed_over: [&Change; 2] = [&|text| text[4] = 3 - text[4], &|text| text[18] ^= 1];
        for change in passed_over {
            assert!(matches!(with(change), Library::PassedOver));
        }
        let broken: [(&Change, &str); 5] = [
            (&|text| text.clear(), "is no ELF file"),
            (&|text| text[0] = b'#', "is no ELF file"),
            (&|text| text.truncate(5000), "cut off"),
            (&|text| text[5] = 3 - text[5], "is for "),
            (
                &|text| (text[16], text[17]) = (1, 0),
                "is no shared library",
            ),
        ];
        for (change, why) in broken {
            let found = with(change);
            let is_told = matches!(&found, Library::Broken(told) if told.contains(why));
            assert!(is_told, "{why}: {found:?}");
        }
        let link = dir.path().join("link");
        symlink("none", &link).unwrap();
        assert!(matches!(libraries().look(&link), Library::PassedOver));
        fs::remove_file(&link).unwrap();
        symlink("link", &link).unwrap();
        for place in [&link, dir.path(), Path::new("/dev/null")] {
            assert!(matches!(libraries().look(place), Library::Broken(_)));
        }
    }
}
