//! Finds the file that the linker takes for each library, as the linker does:
//! in the first directory that has one.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::machine::world::World;
use crate::rules::rpath::without_store::link::{Library, Link, Place};
use crate::text::Bytes;

/// If there are more libraries than this, directories are listed instead of
/// looking each name up.
const ASK_AT_MOST: usize = 3;

/// Looks for libraries in the directories of a link.
pub struct Search<'s> {
    /// The directories, each with its index in the places of the link. Without
    /// duplicates.
    directories: Vec<(usize, &'s [u8])>,
    /// For each file name, the directories that have it. `None`: look it up.
    names: Option<BTreeMap<Vec<u8>, BTreeSet<usize>>>,
    /// Directories that were not listed.
    unlisted: BTreeSet<usize>,
    world: &'s dyn World,
}

impl<'s> Search<'s> {
    /// `is_system`: whether a directory, as spelled, can get no rpath because
    /// the loader or the compiler searches it by itself. Such directories are too
    /// large to be listed, and are not searched if no others follow.
    pub fn new(
        link: &'s Link,
        is_system: impl Fn(&[u8]) -> bool,
        world: &'s dyn World,
    ) -> Search<'s> {
        let mut seen = BTreeSet::new();
        let mut directories = Vec::new();
        for (place, directory) in link.places.iter().enumerate() {
            if let Place::Directory(directory) = directory {
                if seen.insert(&**directory) {
                    directories.push((place, &**directory));
                }
            }
        }
        let last = directories.iter().rposition(|(_, d)| !is_system(d));
        directories.truncate(last.map_or(0, |last| last + 1));
        let mut search = Search {
            directories,
            names: None,
            unlisted: BTreeSet::new(),
            world,
        };
        if link.libraries.len() > ASK_AT_MOST && search.directories.len() > 1 {
            search.list(link, is_system);
        }
        search
    }

    fn list(&mut self, link: &Link, is_system: impl Fn(&[u8]) -> bool) {
        let mut names: BTreeMap<Vec<u8>, BTreeSet<usize>> = BTreeMap::new();
        for library in &link.libraries {
            for file in files(library) {
                names.entry(file.into_owned()).or_default();
            }
        }
        for (place, directory) in &self.directories {
            let mut add = |name: &[u8]| {
                if let Some(places) = names.get_mut(name) {
                    places.insert(*place);
                }
                false
            };
            if is_system(directory) || !self.world.list(directory, &mut add) {
                self.unlisted.insert(*place);
            }
        }
        self.names = Some(names);
    }

    /// The files that the linker would take for a library, the first one first:
    /// each with the index of its place, its path and its name.
    pub fn find<'f>(
        &'f self,
        library: &'f Library,
    ) -> impl Iterator<Item = (usize, Vec<u8>, Bytes<'f>)> + 'f {
        self.directories
            .iter()
            .filter_map(move |(place, directory)| {
                files(library).find_map(|file| {
                    let path = [directory, &b"/"[..], &file].concat();
                    self.has(*place, &file, &path)
                        .then_some((*place, path, file))
                })
            })
    }

    fn has(&self, place: usize, file: &[u8], path: &[u8]) -> bool {
        let names = self.names.as_ref().filter(|_| !file.contains(&b'/'));
        match names.and_then(|names| names.get(file)) {
            Some(places) if !self.unlisted.contains(&place) => places.contains(&place),
            _ => self.world.has_entry(path),
        }
    }
}

/// The names of the files that the linker looks for in each directory, in this
/// order.
pub fn files<'l>(library: &Library<'l>) -> impl Iterator<Item = Bytes<'l>> + use<'l> {
    let Library {
        name,
        is_exact,
        is_static,
    } = *library;
    let named = move |end: &str| Cow::Owned([b"lib", name, end.as_bytes()].concat());
    let exact = is_exact.then_some(Cow::Borrowed(name));
    let shared = (!is_exact && !is_static).then(|| named(".so"));
    let archive = (!is_exact).then(|| named(".a"));
    exact.into_iter().chain(shared).chain(archive)
}
