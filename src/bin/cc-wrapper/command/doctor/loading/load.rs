//! Loading a file as the loader does, with all that it needs in turn.
//!
//! Libraries are taken breadth first. One that is there already, by the name
//! it was asked for by or by its soname, is not looked for again, wherever it
//! came from. An RPATH holds for what a library needs, and for what that needs;
//! a RUNPATH for what its file itself needs, and a file that has one heeds no
//! RPATH. musl makes no such difference, and knows no sonames.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::library::{Libraries, Library};
use super::run_path::{self, Entry};
use super::system::System;
use crate::support::elf;
use crate::support::elf::{Dynamic, Elf};
use crate::support::paths::{absolute, canonical};

pub struct Loader<'l> {
    pub libraries: &'l Libraries,
    pub system: &'l System,
    /// LD_LIBRARY_PATH.
    pub variable: &'l [u8],
}

/// A file that was loaded.
#[derive(Debug)]
pub struct Object {
    pub path: PathBuf,
    /// What asked for it, and by which name; `None`: it is where it began.
    pub asked: Option<(usize, OsString)>,
    pub dynamic: Dynamic,
    pub entries: Vec<Entry>,
    /// Only the system found it.
    pub is_of_system: bool,
}

/// A library that was looked for.
#[derive(Debug)]
pub struct Need {
    /// Who asked for it first.
    pub by: usize,
    pub name: OsString,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Found(Finder),
    Broken {
        path: PathBuf,
        why: String,
    },
    Missing {
        /// Some place is known to the loader alone.
        is_unsure: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finder {
    /// Its own path, an RPATH or a RUNPATH.
    File,
    Variable,
    System,
}

#[derive(Debug)]
pub struct Loaded {
    /// The first is the file itself.
    pub objects: Vec<Object>,
    pub needs: Vec<Need>,
}

impl Loaded {
    /// The needs that keep it from starting.
    pub fn failures(&self) -> impl Iterator<Item = &Need> {
        let needs = self.needs.iter();
        needs.filter(|need| !matches!(need.outcome, Outcome::Found(_)))
    }

    /// The names on the way from the file to what is needed.
    pub fn chain<'n>(&'n self, need: &'n Need) -> Vec<&'n OsStr> {
        let mut chain = vec![&*need.name];
        let mut at = need.by;
        while let Some((by, name)) = &self.objects[at].asked {
            chain.push(name);
            at = *by;
        }
        chain.reverse();
        chain
    }
}

impl Loader<'_> {
    pub fn load(&self, file: &Path, elf: &Elf, dynamic: &Dynamic) -> Loaded {
        // Only of a program does the kernel tell what its links lead to.
        let path = match elf.interpreter {
            Some(_) => canonical(file),
            None => file.to_path_buf(),
        };
        let mut loaded = Loaded {
            objects: vec![object(path, None, dynamic.clone(), false)],
            needs: Vec::new(),
        };
        let origin = directory_of(&loaded.objects[0].path).to_path_buf();
        let list = |text| run_path::entries(text, b":;", &origin);
        let [variable, libraries] = [self.variable, &self.system.libraries].map(list);
        let mut names = BTreeSet::new();
        let mut files = BTreeSet::new();
        if elf.interpreter.is_some() {
            names.extend(self.system.loader.as_deref().and_then(name_of_loader));
        }
        if let (Some(soname), false) = (&dynamic.soname, self.system.is_musl) {
            names.insert(soname.clone());
        }
        let mut pending = VecDeque::from([0]);
        while let Some(by) = pending.pop_front() {
            for name in loaded.objects[by].dynamic.needed.clone() {
                if self.libraries.is_tired() {
                    return loaded;
                }
                if !names.insert(name.clone()) || self.system.is_built_in(&name) {
                    continue;
                }
                let (outcome, found) =
                    self.find(&name, by, &loaded.objects, [&variable, &libraries]);
                if let Some((path, dynamic)) = found {
                    if !self.system.is_musl {
                        names.extend(dynamic.soname.clone());
                    }
                    let place = fs::metadata(&path).map(|file| (file.dev(), file.ino()));
                    if place.is_ok_and(|place| files.insert(place)) {
                        pending.push_back(loaded.objects.len());
                        let is_of_system = outcome == Outcome::Found(Finder::System);
                        let asked = Some((by, name.clone()));
                        let object = object(path, asked, dynamic, is_of_system);
                        loaded.objects.push(object);
                    }
                }
                loaded.needs.push(Need { by, name, outcome });
            }
        }
        loaded
    }

    fn find(
        &self,
        name: &OsStr,
        by: usize,
        objects: &[Object],
        lists: [&[Entry]; 2],
    ) -> (Outcome, Option<(PathBuf, Dynamic)>) {
        let mut search = Search {
            loader: self,
            name,
            is_unsure: false,
        };
        let origin = directory_of(&objects[by].path);
        let found = match name.as_bytes().contains(&b'/') {
            true => match run_path::entry(name.as_bytes(), origin) {
                Entry::Directory(path) => search.look(&path),
                Entry::Relative(path) => search.look(&from_here(&path)),
                Entry::Opaque(_) => {
                    search.is_unsure = true;
                    None
                }
            }
            .map(|hit| (hit, Finder::File)),
            false => search.everywhere(by, objects, lists),
        };
        match found {
            Some((Hit::Found(path, dynamic), finder)) => {
                (Outcome::Found(finder), Some((path, dynamic)))
            }
            Some((Hit::Broken(path, why), _)) => (Outcome::Broken { path, why }, None),
            None => {
                let is_unsure = search.is_unsure;
                (Outcome::Missing { is_unsure }, None)
            }
        }
    }
}

/// The search for one library.
struct Search<'s> {
    loader: &'s Loader<'s>,
    name: &'s OsStr,
    is_unsure: bool,
}

/// What ends a search.
enum Hit {
    Found(PathBuf, Dynamic),
    Broken(PathBuf, String),
}

impl Search<'_> {
    /// The lists are LD_LIBRARY_PATH, and what the system has put behind it.
    fn everywhere(
        &mut self,
        by: usize,
        objects: &[Object],
        [variable, libraries]: [&[Entry]; 2],
    ) -> Option<(Hit, Finder)> {
        let system = self.loader.system;
        let own = |hit| (hit, Finder::File);
        let by_system = |hit| (hit, Finder::System);
        let by_variable = |hit| (hit, Finder::Variable);
        if system.is_musl {
            return self
                .among(variable)
                .map(by_variable)
                .or_else(|| self.up_from(by, objects, |_| true).map(own))
                .or_else(|| self.of_system().map(by_system));
        }
        let asker = &objects[by];
        let has_run_path = asker.dynamic.run_path.is_some() && !asker.dynamic.is_inherited;
        let inherited = match has_run_path {
            true => None,
            false => self.up_from(by, objects, |dynamic| dynamic.is_inherited),
        };
        inherited
            .map(own)
            .or_else(|| self.among(variable).map(by_variable))
            .or_else(|| self.among(libraries).map(by_system))
            .or_else(|| {
                let entries = has_run_path.then_some(&*asker.entries);
                self.among(entries.unwrap_or_default()).map(own)
            })
            .or_else(|| match asker.dynamic.is_on_its_own {
                true => None,
                false => self.of_system().map(by_system),
            })
    }

    /// In the entries of the one who asks, of who asked for that, and so on.
    fn up_from(
        &mut self,
        by: usize,
        objects: &[Object],
        counts: impl Fn(&Dynamic) -> bool,
    ) -> Option<Hit> {
        let mut at = Some(by);
        while let Some(object) = at.map(|at| &objects[at]) {
            if counts(&object.dynamic) {
                if let Some(hit) = self.among(&object.entries) {
                    return Some(hit);
                }
            }
            at = object.asked.as_ref().map(|(by, _)| *by);
        }
        None
    }

    fn among(&mut self, entries: &[Entry]) -> Option<Hit> {
        let libraries = self.loader.libraries;
        let mut entries = entries.iter().take_while(|_| !libraries.is_tired());
        entries.find_map(|entry| match entry {
            Entry::Directory(path) => self.within(path),
            Entry::Relative(path) => self.within(&from_here(path)),
            Entry::Opaque(_) => {
                self.is_unsure = true;
                None
            }
        })
    }

    fn within(&self, directory: &Path) -> Option<Hit> {
        let directories = self.loader.libraries.within(directory);
        let mut files = directories.iter().map(|path| path.join(self.name));
        files.find_map(|path| self.look(&path))
    }

    fn of_system(&self) -> Option<Hit> {
        let System {
            directories, cache, ..
        } = self.loader.system;
        let mut cached = cache
            .iter()
            .filter(|(name, _)| name == self.name.as_bytes());
        cached
            .find_map(|(_, path)| self.look(path))
            .or_else(|| directories.iter().find_map(|path| self.within(path)))
    }

    fn look(&self, path: &Path) -> Option<Hit> {
        match &*self.loader.libraries.at(path) {
            Library::PassedOver => None,
            Library::Fits(elf) => {
                let dynamic = elf.dynamic.clone().unwrap_or_default();
                Some(Hit::Found(path.to_path_buf(), dynamic))
            }
            Library::Broken(why) => Some(Hit::Broken(path.to_path_buf(), why.clone())),
        }
    }
}

/// It is loaded before all others.
fn name_of_loader(loader: &Path) -> Option<OsString> {
    let elf = elf::read(loader).ok().flatten()?;
    let soname = elf.dynamic.and_then(|dynamic| dynamic.soname);
    soname.or_else(|| Some(loader.file_name()?.to_owned()))
}

fn object(
    path: PathBuf,
    asked: Option<(usize, OsString)>,
    dynamic: Dynamic,
    is_of_system: bool,
) -> Object {
    let list = dynamic.run_path.as_deref().unwrap_or_default();
    let entries = run_path::entries(list, b":", directory_of(&path));
    Object {
        path,
        asked,
        dynamic,
        entries,
        is_of_system,
    }
}

fn directory_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

/// Where a relative path leads if the program is run from here.
fn from_here(path: &[u8]) -> PathBuf {
    let path = Path::new(OsStr::from_bytes(path));
    absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::elf::Kind;

    #[test]
    fn a_search_without_an_end_is_given_up() {
        let kind = Kind {
            machine: object::elf::EM_X86_64,
            is_64: true,
            is_little: true,
        };
        let directories: Vec<String> = (0..900).map(|n| format!("/none/{n}")).collect();
        let dynamic = Dynamic {
            needed: (0..900).map(|n| format!("lib{n}").into()).collect(),
            run_path: Some(directories.join(":").into_bytes()),
            ..Dynamic::default()
        };
        let elf = Elf {
            kind,
            is_loadable: true,
            interpreter: None,
            dynamic: None,
        };
        let system = System::default();
        let libraries = Libraries::new(kind, &system);
        let loader = Loader {
            libraries: &libraries,
            system: &system,
            variable: b"",
        };
        let loaded = loader.load(Path::new("/none"), &elf, &dynamic);
        assert!(libraries.is_tired());
        assert!(loaded.needs.len() > 100 && loaded.needs.len() < 900);
    }
}
