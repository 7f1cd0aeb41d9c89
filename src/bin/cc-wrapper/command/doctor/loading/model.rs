//! A model of the loader's search, for loaders that are not run: those of other
//! machines, and those that a stranger may have made.
//!
//! It knows RPATH, RUNPATH, LD_LIBRARY_PATH, the system's directories and
//! glibc's cache, not glibc's directories for newer processors.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::planning::dispatch::LOADER_DIRECTORIES;

use super::load::{Looks, Object, Outcome};
use super::run_path::{self, Entry};
use super::{cache, libraries};
use crate::command::doctor::files::{name, path};
use crate::command::wrap::musl_directories;
use crate::process::report;
use crate::support::elf::{self, Kind};
use crate::support::foreign_file;
use crate::support::paths::canonical;

const CACHE: &str = "/etc/ld.so.cache";
const LARGEST_CACHE: u64 = 64 << 20;
const STORE: &str = "/nix/store";

pub struct Model<'l> {
    kind: Kind,
    is_musl: bool,
    /// LD_LIBRARY_PATH.
    list: Vec<Entry>,
    /// The system's directories.
    directories: Vec<PathBuf>,
    /// The text of glibc's cache.
    cache: Vec<u8>,
    looks: &'l Looks,
}

impl<'l> Model<'l> {
    /// `file` is what is loaded, and `list` is LD_LIBRARY_PATH.
    pub fn new(
        loader: Option<&Path>,
        kind: Kind,
        list: &[u8],
        file: &Path,
        looks: &'l Looks,
    ) -> Model<'l> {
        let is_musl = loader.is_some_and(|it| name(it).as_bytes().starts_with(b"ld-musl-"));
        let real = loader.map(canonical);
        let beside = real.as_deref().and_then(Path::parent);
        let is_of_store = beside.is_some_and(|beside| beside.starts_with(STORE));
        let mut directories: Vec<PathBuf> = Vec::new();
        let mut cache = Vec::new();
        match loader {
            Some(loader) if is_musl => directories.extend(musl_directories(loader)),
            // A loader of the store knows no directories outside of it.
            _ if is_of_store => directories.extend(beside.map(Path::to_path_buf)),
            _ => {
                directories.extend(LOADER_DIRECTORIES.map(|bytes| path(bytes).into()));
                directories.extend(beside.map(Path::to_path_buf));
                let text = foreign_file::read_up_to(LARGEST_CACHE, Path::new(CACHE));
                cache = text.unwrap_or_default();
            }
        }
        let origin = file.parent().unwrap_or(Path::new("/"));
        Model {
            kind,
            is_musl,
            list: run_path::entries(list, b":;", origin),
            directories,
            cache,
            looks,
        }
    }

    /// Whether LD_LIBRARY_PATH has more directories than are looked at.
    pub fn is_list_cut(&self) -> bool {
        self.list.len() > run_path::MOST
    }

    /// Where the loader finds a library that one of `objects` needs. `None`: it
    /// is a part of the loader.
    pub fn find(&self, name: &OsStr, by: usize, objects: &[Object]) -> Option<Outcome> {
        if self.is_musl && libraries::is_of_libc(name.as_bytes()) {
            return None;
        }
        let asker = &objects[by];
        if name.as_bytes().contains(&b'/') {
            let origin = asker.path.parent().unwrap_or(Path::new("/"));
            let place = run_path::entry(name.as_bytes(), origin).seen_here();
            let is_unsure = place.is_none();
            let found = place.and_then(|place| self.at(&place));
            return Some(found.unwrap_or(Outcome::Missing { is_unsure }));
        }
        // An RPATH serves what its file loads in turn, unless that has a RUNPATH.
        let has_own = asker.dynamic.run_path.is_some() && !asker.dynamic.is_inherited;
        let mut lists: Vec<&[Entry]> = Vec::new();
        let mut at = Some(by).filter(|_| self.is_musl || !has_own);
        while let Some(object) = at.map(|at| &objects[at]) {
            if self.is_musl || object.dynamic.is_inherited {
                lists.push(&object.entries);
            }
            at = object.asked.as_ref().map(|(by, _)| *by);
        }
        lists.insert(if self.is_musl { 0 } else { lists.len() }, &self.list);
        if has_own && !self.is_musl {
            lists.push(&asker.entries);
        }
        let mut is_unsure = false;
        for entry in lists.into_iter().flatten() {
            let directory = entry.seen_here();
            is_unsure |= directory.is_none();
            if let Some(outcome) = directory.and_then(|path| self.at(&path.join(name))) {
                return Some(outcome);
            }
        }
        let cached = cache::places(&self.cache, name.as_bytes());
        let mut places = cached.chain(self.directories.iter().map(|path| path.join(name)));
        let has_system = !asker.dynamic.no_default_directories;
        let found = has_system.then(|| places.find_map(|path| self.at(&path)));
        Some(found.flatten().unwrap_or(Outcome::Missing { is_unsure }))
    }

    /// What ends the search at a path. `None`: it goes on elsewhere, because
    /// nothing is there, or a library for another machine.
    fn at(&self, path: &Path) -> Option<Outcome> {
        if !self.looks.exists(path) {
            return None;
        }
        let broken = |why: String| Some(Outcome::Broken(path.to_path_buf(), why));
        match elf::kind(path).ok()? {
            Some(kind) if kind != self.kind => return None,
            Some(_) => {}
            None => return broken("is not an ELF file".to_owned()),
        }
        match elf::read(path) {
            Ok(Some(elf)) if elf.is_loadable => Some(Outcome::Found(path.to_path_buf())),
            Ok(_) => broken("is not a shared library".to_owned()),
            Err(why) => broken(format!(
                "cannot be read as an ELF file: {}",
                report::why(&why)
            )),
        }
    }
}
