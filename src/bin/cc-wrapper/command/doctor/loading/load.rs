//! All that a file loads, each library once, with who asked for it first.

use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::run_path::{self, Entry};
use crate::command::doctor::finding::Finding;
use crate::support::elf::{self, Dynamic};

/// No program loads as many libraries.
const MOST_LIBRARIES: usize = 4096;

/// How many more files may be looked for. Every search shares them, so that no
/// file makes doctor search for long.
pub struct Looks(Cell<usize>);

impl Default for Looks {
    fn default() -> Looks {
        Looks(Cell::new(1 << 18))
    }
}

impl Looks {
    /// Whether something is at `path`; `false` once all looks are spent.
    pub fn exists(&self, path: &Path) -> bool {
        self.0.set(self.0.get().saturating_sub(1));
        !self.are_spent() && path.exists()
    }

    /// Reading a file counts too: its list of libraries, and its RUNPATH.
    fn spend_on(&self, dynamic: &Dynamic) {
        let run_path = dynamic.run_path.as_ref().map_or(0, Vec::len);
        let cost = dynamic.needed.len() + run_path / 256;
        self.0.set(self.0.get().saturating_sub(cost));
    }

    pub fn are_spent(&self) -> bool {
        self.0.get() == 0
    }
}

/// A file that is loaded.
#[derive(Debug)]
pub struct Object {
    pub path: PathBuf,
    /// Which object needs it, and by which name. `None`: it is the file itself.
    pub asked: Option<(usize, OsString)>,
    pub dynamic: Dynamic,
    pub entries: Vec<Entry>,
}

impl Object {
    /// Those of its entries that depend on neither the loader nor the caller.
    pub fn directories(&self) -> impl Iterator<Item = &PathBuf> {
        self.entries.iter().filter_map(Entry::directory)
    }
}

/// A library that is needed.
#[derive(Debug)]
pub struct Need {
    /// The object that needs it first.
    pub by: usize,
    pub name: OsString,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Found(PathBuf),
    Missing {
        /// A directory that only the loader can expand was not searched.
        is_unsure: bool,
    },
    /// The search ends at a file that cannot be loaded; why.
    Broken(PathBuf, String),
}

#[derive(Debug)]
pub struct Loaded {
    /// The first is the file itself.
    pub objects: Vec<Object>,
    pub needs: Vec<Need>,
    /// What the loader says is wrong.
    pub faults: Vec<Finding>,
    /// LD_LIBRARY_PATH has more directories than are looked at.
    pub is_list_cut: bool,
}

impl Loaded {
    /// Whether there are more libraries or directories than are looked at.
    pub fn is_cut(&self) -> bool {
        let mut objects = self.objects.iter();
        self.is_list_cut
            || self.needs.len() >= MOST_LIBRARIES
            || objects.any(|object| object.entries.len() > run_path::MOST)
    }

    /// The needs that keep the file from starting.
    pub fn failures(&self) -> impl Iterator<Item = &Need> {
        let needs = self.needs.iter();
        needs.filter(|need| !matches!(need.outcome, Outcome::Found(_)))
    }
}

/// Follows the needs of a file, breadth first, as loaders do. `find` says where
/// a library is that an object needs; `None`: it is a part of the loader, or
/// loaded already.
pub fn load(
    file: &Path,
    dynamic: &Dynamic,
    looks: &Looks,
    find: impl Fn(&OsStr, usize, &[Object]) -> Option<Outcome>,
) -> Loaded {
    let mut loaded = Loaded {
        objects: vec![object(file.to_path_buf(), None, dynamic.clone())],
        needs: Vec::new(),
        faults: Vec::new(),
        is_list_cut: false,
    };
    let mut names: BTreeSet<OsString> = dynamic.soname.iter().cloned().collect();
    let mut paths = BTreeSet::new();
    let mut pending = VecDeque::from([0]);
    while let Some(by) = pending.pop_front() {
        for name in loaded.objects[by].dynamic.needed.clone() {
            if looks.are_spent() || loaded.needs.len() >= MOST_LIBRARIES {
                return loaded;
            }
            if !names.insert(name.clone()) {
                continue;
            }
            let Some(outcome) = find(&name, by, &loaded.objects) else {
                continue;
            };
            if let Outcome::Found(path) = &outcome {
                if paths.insert(path.clone()) {
                    let elf = elf::read(path).ok().flatten();
                    let dynamic = elf.and_then(|elf| elf.dynamic).unwrap_or_default();
                    looks.spend_on(&dynamic);
                    names.extend(dynamic.soname.clone());
                    pending.push_back(loaded.objects.len());
                    let asked = Some((by, name.clone()));
                    loaded.objects.push(object(path.clone(), asked, dynamic));
                }
            }
            loaded.needs.push(Need { by, name, outcome });
        }
    }
    loaded
}

fn object(path: PathBuf, asked: Option<(usize, OsString)>, dynamic: Dynamic) -> Object {
    let list = dynamic.run_path.as_deref().unwrap_or_default();
    let origin = path.parent().unwrap_or(Path::new("/"));
    Object {
        entries: run_path::entries(list, b":", origin),
        path,
        asked,
        dynamic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::loading::model::Model;
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
        let looks = Looks::default();
        let file = Path::new("/none");
        let model = Model::new(None, kind, b"", file, &looks);
        let find = |name: &OsStr, by, objects: &[Object]| model.find(name, by, objects);
        let loaded = load(file, &dynamic, &looks, find);
        assert!(looks.are_spent());
        assert!(loaded.needs.len() > 100 && loaded.needs.len() < 900);
    }

    #[test]
    fn directories_that_are_not_looked_at_are_told_of() {
        for (count, expected) in [(run_path::MOST, false), (run_path::MOST + 1, true)] {
            let directories: Vec<String> = (0..count).map(|n| format!("/none/{n}")).collect();
            let run_path = Some(directories.join(":").into_bytes());
            let dynamic = Dynamic {
                run_path,
                ..Dynamic::default()
            };
            let loaded = load(Path::new("/x"), &dynamic, &Looks::default(), |_, _, _| None);
            assert_eq!(loaded.is_cut(), expected, "{count}");
        }
    }

    #[test]
    fn a_library_with_a_long_list_counts_as_many_looks() {
        let mut dynamic = Dynamic::default();
        let looks = Looks::default();
        looks.spend_on(&dynamic);
        assert_eq!(looks.0.get(), 1 << 18);
        dynamic.needed = vec![OsString::new(); 4096];
        for _ in 0..64 {
            assert!(!looks.are_spent());
            looks.spend_on(&dynamic);
        }
        assert!(looks.are_spent());
    }
}
