//! Finds libraries that the libraries of a link need, and that the loader will
//! not find by itself. A DT_RUNPATH serves only the program's own needs.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::machine::shared_library;
use crate::machine::shared_library::{LinkedFile, SharedLibrary};
use crate::machine::symlinks::resolve;
use crate::machine::world::World;
use crate::model::toolchain::Toolchain;
use crate::rules::rpath::without_store::Taken;
use crate::rules::rpath::without_store::directories::{Class, Directories};
use crate::rules::rpath::without_store::link::{Link, Place};
use crate::text::path::{directory, entries, file_name};

/// A library that the loader will not find, although a directory of the link
/// has it.
pub struct Missing {
    pub name: Vec<u8>,
    /// The directory that has it, and the same without symlinks.
    pub path: Vec<u8>,
    pub real: Vec<u8>,
    /// The path of the library that needs it.
    pub needed_by: Vec<u8>,
    /// That library has a DT_RUNPATH, so that a DT_RPATH of the program does
    /// not serve it.
    pub has_run_path: bool,
}

/// Returns the missing libraries, each once.
pub fn missing(
    link: &Link,
    taken: &[Taken],
    directories: &Directories,
    toolchain: &Toolchain,
    world: &dyn World,
) -> Vec<Missing> {
    let mut known: BTreeSet<Vec<u8>> = BTreeSet::new();
    let mut pending: Vec<(Vec<u8>, SharedLibrary)> = Vec::new();
    for taken in taken.iter().rev() {
        if let Some((needed, library)) = &taken.file {
            known.insert(needed.clone());
            let path = [&taken.real, &b"/"[..], needed].concat();
            pending.push((path, library.clone()));
        }
    }
    let mut missing: Vec<Missing> = Vec::new();
    while let Some((path, library)) = pending.pop() {
        for name in &library.needed {
            let is_path = name.contains(&b'/');
            if is_path || !known.insert(name.clone()) || is_direct(link, name) {
                continue;
            }
            let has = |directory: &[u8]| world.has_entry(&[directory, b"/", name].concat());
            let mut system = toolchain.system_library_directories.iter();
            if system.any(|directory| has(directory)) {
                continue;
            }
            let origin = resolve(directory(&path), world, |_| false).unwrap_or_default();
            let mut own = entries(&library.search_path).map(|entry| with_origin(entry, &origin));
            if own.any(|directory| has(&directory)) {
                continue;
            }
            let Some((found, real)) = find(link, directories, has) else {
                continue;
            };
            let next = [&real, &b"/"[..], name].concat();
            if let LinkedFile::Library(library) = shared_library::read(&next, world) {
                pending.push((next, library));
            }
            missing.push(Missing {
                name: name.clone(),
                path: found,
                real,
                needed_by: path.clone(),
                has_run_path: library.has_run_path,
            });
        }
    }
    missing
}

/// Whether the link itself has a library, so that the loader finds it for the
/// program. Its DT_SONAME may not be known.
fn is_direct(link: &Link, name: &[u8]) -> bool {
    let is_named = |library: &[u8]| {
        let rest = name
            .strip_prefix(b"lib")
            .and_then(|n| n.strip_prefix(library));
        rest.is_some_and(|rest| rest.starts_with(b".so"))
    };
    let is_file = |place: &Place| match place {
        Place::File(path) => name.starts_with(file_name(path)),
        Place::Directory(_) => false,
    };
    let mut libraries = link.libraries.iter();
    libraries.any(|l| {
        if l.is_exact {
            l.name == name
        } else {
            is_named(l.name)
        }
    }) || link.places.iter().any(is_file)
}

/// The first directory of the link that has a library and can get an rpath.
fn find(
    link: &Link,
    directories: &Directories,
    has: impl Fn(&[u8]) -> bool,
) -> Option<(Vec<u8>, Vec<u8>)> {
    link.places.iter().find_map(|place| {
        let Place::Directory(directory) = place else {
            return None;
        };
        match directories.class(directory) {
            Class::Counts { path, real, .. } if has(&real) => Some((path, real)),
            _ => None,
        }
    })
}

/// An entry of a DT_RUNPATH in which `$ORIGIN` is replaced.
fn with_origin(entry: &[u8], origin: &[u8]) -> Vec<u8> {
    for variable in [&b"$ORIGIN"[..], b"${ORIGIN}"] {
        let place = entry
            .windows(variable.len())
            .position(|part| part == variable);
        if let Some(place) = place {
            let rest = &entry[place + variable.len()..];
            return [&entry[..place], origin, rest].concat();
        }
    }
    entry.to_vec()
}
