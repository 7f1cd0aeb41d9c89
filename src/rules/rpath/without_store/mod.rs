//! Adds rpaths in a root without a store (docs/differences.md#rpaths-without-a-store):
//! a program gets those directories outside of the build from which the linker
//! takes a shared library.

mod build_tree;
mod declared;
mod directories;
mod indirect;
mod install_step;
pub mod link;
mod search;

use alloc::vec::Vec;

use crate::machine::shared_library;
use crate::machine::shared_library::{Input, LinkedFile, SharedLibrary};
use crate::machine::symlinks::resolve;
use crate::machine::world::World;
use crate::model::event::Event;
use crate::model::explanation::{Explanation, NoRpath};
use crate::model::rpath_source::RpathSource;
use crate::model::toolchain::RpathPolicy;
use crate::options::linker::{BFD, from_program};
use crate::planning::context::Context;
use crate::rules::rpath::Rpath;
use crate::rules::rpath::without_store::declared::{Declared, INSTALL_LIBRARIES};
use crate::rules::rpath::without_store::directories::{Class, Directories};
use crate::rules::rpath::without_store::install_step::{
    BuildSystem, Replacement, build_system, replacement,
};
use crate::rules::rpath::without_store::link::{Library, Link, Place, is_shared};
use crate::rules::rpath::without_store::search::Search;
use crate::text::path::{directory, entries, file_name, without_slashes};

/// Linker scripts that name further scripts are followed this far.
const DEEPEST_SCRIPT: usize = 4;

/// What is added to a link, in order.
#[derive(Debug, Default)]
pub struct Additions {
    /// Before the caller's rpaths.
    pub before: Vec<Rpath>,
    /// After the caller's rpaths.
    pub after: Vec<Rpath>,
    /// Directories that only the linker searches, for libraries that the
    /// link's libraries need.
    pub link_only: Vec<Vec<u8>>,
    /// The caller's rpaths have empty entries, which nobody needs. (CMake needs
    /// its own, to find the text that it replaces.)
    pub drops_empty: bool,
}

/// Returns the rpaths of a link.
pub fn additions(link: &Link, policy: RpathPolicy, context: &mut Context) -> Additions {
    let world = context.world;
    let call = context.call;
    let declared = Declared::new(context);
    let sysroot = match link.sysroot {
        b"" | b"/" => call.sysroot().unwrap_or_default(),
        given => given.to_vec(),
    };
    let directories = Directories::new(declared, call.environment, call.toolchain, &sysroot, world);
    let is_system = |directory: &[u8]| directories.class(directory) == Class::No(NoRpath::Searched);
    let search = Search::new(link, is_system, world);
    let mut finder = Finder {
        search: &search,
        directories: &directories,
        is_32_bit: match link.emulation {
            Some(b"elf_i386") => Some(true),
            Some(b"elf_x86_64") => Some(false),
            _ => None,
        },
        taken: Vec::new(),
        own: None,
        world,
    };
    for (place, file) in link.places.iter().enumerate() {
        if let Place::File(path) = file {
            finder.file(place, path, DEEPEST_SCRIPT);
        }
    }
    for library in &link.libraries {
        finder.library(library, DEEPEST_SCRIPT);
    }
    let Finder { mut taken, own, .. } = finder;
    taken.sort_by_key(|taken| taken.place);

    let mut rpaths = Rpaths::default();
    if let Some(own) = &own {
        let installed = call.environment.get(INSTALL_LIBRARIES).unwrap_or_default();
        for directory in entries(installed).filter(|entry| entry.starts_with(b"/")) {
            let class = directories.class(directory);
            if let Class::No(NoRpath::Searched | NoRpath::Excluded) = class {
                continue;
            }
            let real = resolve(directory, world, |_| false);
            let real = real.as_deref().unwrap_or(directory);
            rpaths.add(directory, real, own, RpathSource::InstallPrefix);
        }
    }
    for taken in &taken {
        rpaths.add(&taken.path, &taken.real, &taken.library, taken.source);
    }
    let indirect = indirect::missing(link, &taken, &directories, call.toolchain, world);
    let is_rpath = policy == RpathPolicy::Rpath || link.old_tags;
    let helps = |missing: &indirect::Missing| is_rpath && !missing.has_run_path;
    for missing in indirect.iter().filter(|missing| helps(missing)) {
        rpaths.add(
            &missing.path,
            &missing.real,
            &missing.name,
            RpathSource::Indirect,
        );
    }
    for directory in &call.toolchain.rpath_include {
        rpaths.add(directory, directory, b"", RpathSource::Included);
    }
    let is_bfd = from_program(&call.tool.program) == BFD;
    let run_path = call.environment.get_nonempty(b"LD_RUN_PATH");
    if let Some(list) = run_path.filter(|_| is_bfd && link.rpaths.is_empty()) {
        rpaths.put_first(list);
    }
    if policy == RpathPolicy::None {
        rpaths = Rpaths::default();
    } else {
        explain(link, &rpaths, &directories, context);
    }
    let warned = indirect.iter().find(|missing| !helps(missing));
    if let Some(missing) = warned.filter(|_| policy != RpathPolicy::None) {
        context.log.push(Event::IndirectLibrary {
            name: missing.name.clone(),
            directory: missing.path.clone(),
            needed_by: missing.needed_by.clone(),
            has_run_path: missing.has_run_path,
        });
    }
    let mut link_only: Vec<Vec<u8>> = Vec::new();
    for missing in &indirect {
        if !rpaths.has(&missing.real) && !link_only.contains(&missing.path) {
            link_only.push(missing.path.clone());
        }
    }
    Additions {
        link_only,
        ..place(rpaths, link, world)
    }
}

/// Rpaths without duplicates.
#[derive(Default)]
struct Rpaths {
    rpaths: Vec<Rpath>,
    /// The same directories without symlinks.
    real: Vec<Vec<u8>>,
}

impl Rpaths {
    fn add(&mut self, path: &[u8], real: &[u8], library: &[u8], source: RpathSource) {
        if self.has(real) {
            return;
        }
        self.real.push(real.to_vec());
        self.rpaths.push(Rpath {
            directory: path.to_vec(),
            library: library.to_vec(),
            source,
        });
    }

    fn has(&self, real: &[u8]) -> bool {
        self.real.iter().any(|known| known == real)
    }

    /// Puts the value of LD_RUN_PATH first, which GNU ld would have used if no
    /// rpath was added.
    fn put_first(&mut self, list: &[u8]) {
        let rest = core::mem::take(self);
        if rest.rpaths.is_empty() {
            return;
        }
        for directory in entries(list) {
            self.add(directory, directory, b"", RpathSource::RunPath);
        }
        for (rpath, real) in rest.rpaths.into_iter().zip(rest.real) {
            self.add(&rpath.directory, &real, &rpath.library, rpath.source);
        }
    }
}

/// Leaves out what the caller's rpaths have already, and decides the order.
fn place(rpaths: Rpaths, link: &Link, world: &dyn World) -> Additions {
    let mut additions = Additions::default();
    let build_system = match link.rpaths[..] {
        [] => None,
        _ => build_system(world),
    };
    let is_cmake = build_system == Some(BuildSystem::CMake);
    let replacement = match is_cmake {
        true => {
            let beside = directory(link.output.unwrap_or_default());
            replacement(&link.rpaths, link.cmake_directory, [beside, b""], world)
        }
        false => Replacement::Unknown,
    };
    let (old, new) = match &replacement {
        Replacement::Text { old, new } => (Some(&old[..]), &new[..]),
        _ => (None, &b""[..]),
    };
    for (mut rpath, real) in rpaths.rpaths.into_iter().zip(rpaths.real) {
        let given = link.gives(&rpath.directory);
        if given && entries(new).any(|entry| entry == rpath.directory) {
            continue;
        }
        let kept = |list: &&&[u8]| match replacement {
            Replacement::Unknown => build_system.is_none(),
            _ => Some(**list) != old,
        };
        let is_it = |entry: &[u8]| {
            without_slashes(entry) == rpath.directory
                || entry.starts_with(b"/")
                    && resolve(entry, world, |_| false).is_some_and(|entry| entry == real)
        };
        let kept = link.rpaths.iter().filter(|list| kept(list));
        if kept.flat_map(|list| entries(list)).any(is_it) {
            continue;
        }
        if given {
            // It stays only in another spelling.
            rpath.directory.push(b'/');
        }
        // What follows text that is replaced by nothing begins with a colon.
        match is_cmake && new.is_empty() && replacement != Replacement::Nothing {
            true => additions.before.push(rpath),
            false => additions.after.push(rpath),
        }
    }
    let has_empty = |list: &&[u8]| list.split(|&b| b == b':').any(<[u8]>::is_empty);
    additions.drops_empty = !is_cmake && link.rpaths.iter().any(has_empty);
    additions
}

fn explain(link: &Link, rpaths: &Rpaths, directories: &Directories, context: &mut Context) {
    if !context.log.is_explaining() {
        return;
    }
    if link.libraries.is_empty() && !link.places.iter().any(|p| matches!(p, Place::File(_))) {
        context.log.explain(|| Explanation::NoLibraries);
        return;
    }
    let mut seen: Vec<&[u8]> = Vec::new();
    for place in &link.places {
        let named = match place {
            Place::Directory(directory) => &**directory,
            Place::File(path) => directory_of(path),
        };
        if seen.contains(&named) {
            continue;
        }
        seen.push(named);
        let why = match directories.class(named) {
            Class::No(why) => why,
            Class::Counts { path, .. } if link.gives(&path) => NoRpath::Given,
            Class::Counts { real, .. } if rpaths.has(&real) => continue,
            Class::Counts { real, .. } if has_library(&real, link, context.world) => {
                NoRpath::NotTaken
            }
            Class::Counts { .. } => NoRpath::NoLibrary,
        };
        let directory = named.to_vec();
        context
            .log
            .explain(|| Explanation::NoRpath { directory, why });
    }
    for rpath in &rpaths.rpaths {
        context.log.explain(|| Explanation::Rpath {
            directory: rpath.directory.clone(),
            source: rpath.source,
        });
    }
}

/// Whether a directory has a library of the link.
fn has_library(directory: &[u8], link: &Link, world: &dyn World) -> bool {
    link.libraries.iter().any(|library| {
        let mut files = search::files(library);
        files.any(|file| world.has_entry(&[directory, b"/", &file].concat()))
    })
}

/// The directory part of a path, without resolving anything.
fn directory_of(path: &[u8]) -> &[u8] {
    match directory(path) {
        b"" if path.starts_with(b"/") => b"/",
        b"" => b".",
        directory => directory,
    }
}

/// A shared library that the program will need.
struct Taken {
    /// The index of its place in the link.
    place: usize,
    /// The directory for the rpath, and the same without symlinks.
    path: Vec<u8>,
    real: Vec<u8>,
    source: RpathSource,
    /// The file name under which the link names it.
    library: Vec<u8>,
    /// What the program will need, and that file's dynamic section. `None` if
    /// it cannot be read.
    file: Option<(Vec<u8>, SharedLibrary)>,
}

/// Finds the shared libraries that the linker takes.
struct Finder<'s> {
    search: &'s Search<'s>,
    directories: &'s Directories<'s>,
    /// Whether the link is for 32-bit x86. The linker skips other libraries.
    is_32_bit: Option<bool>,
    taken: Vec<Taken>,
    /// The first library that belongs to the build.
    own: Option<Vec<u8>>,
    world: &'s dyn World,
}

impl Finder<'_> {
    /// Takes the first file that fits. If it belongs to the build, the program
    /// needs an installed one instead: that of a declared directory, if one
    /// has it.
    fn library(&mut self, library: &Library, deeper: usize) {
        let mut is_own = false;
        let search = self.search;
        for (place, path, file) in search.find(library) {
            let class = self.directories.class(directory_of(&path));
            let is_shared = is_shared(&file);
            if class.is_in_build() && is_shared {
                is_own = true;
                self.own.get_or_insert(file.into_owned());
            } else if !is_own {
                if !is_shared || self.take(place, &path, class, deeper) {
                    return;
                }
            } else if matches!(
                &class,
                Class::Counts {
                    source: RpathSource::Declared,
                    ..
                }
            ) && is_shared
                && self.take(place, &path, class, deeper)
            {
                return;
            }
        }
    }

    /// Takes the shared library at `path`.
    fn file(&mut self, place: usize, path: &[u8], deeper: usize) {
        let class = self.directories.class(directory_of(path));
        if class.is_in_build() {
            self.own.get_or_insert_with(|| file_name(path).to_vec());
        } else {
            self.take(place, path, class, deeper);
        }
    }

    /// Takes the file at `path`, in a directory of this class. Returns false if
    /// the linker would skip it.
    fn take(&mut self, place: usize, path: &[u8], class: Class, deeper: usize) -> bool {
        let Class::Counts {
            path: directory,
            real,
            source,
        } = class
        else {
            return true;
        };
        let name = file_name(path);
        let mut taken = Taken {
            place,
            path: directory,
            real,
            source,
            library: name.to_vec(),
            file: None,
        };
        match shared_library::read(path, self.world) {
            LinkedFile::Library(library) => {
                if self.is_32_bit.is_some_and(|is| is != library.is_32_bit) {
                    return false;
                }
                let needed = library.soname.clone().unwrap_or_else(|| name.to_vec());
                if !self.move_to_real(&mut taken, path, &needed) {
                    return true;
                }
                taken.file = Some((needed, library));
                self.taken.push(taken);
            }
            LinkedFile::Script(text) if deeper > 0 => self.script(&taken, &text, deeper - 1),
            LinkedFile::Script(_) => {}
            LinkedFile::Other => {
                if !self.world.exists(path) {
                    return false;
                }
                self.taken.push(taken);
            }
        }
        true
    }

    /// If only the directory to which a symlink leads has the file that the
    /// program will need, that directory counts. Returns false if it needs no
    /// rpath.
    fn move_to_real(&self, taken: &mut Taken, path: &[u8], needed: &[u8]) -> bool {
        if needed == file_name(path)
            || self
                .world
                .has_entry(&[&taken.path, &b"/"[..], needed].concat())
        {
            return true;
        }
        let Some(real) = resolve(path, self.world, |_| false) else {
            return true;
        };
        let directory = directory_of(&real);
        if directory == taken.real || !self.world.has_entry(&[directory, b"/", needed].concat()) {
            return true;
        }
        match self.directories.class(directory) {
            Class::No(NoRpath::Searched | NoRpath::Excluded | NoRpath::Stubs) => return false,
            // What a declared directory leads to is declared.
            Class::No(_) => {
                taken.path = directory.to_vec();
                taken.real = directory.to_vec();
            }
            Class::Counts { path, real, .. } => {
                taken.path = path;
                taken.real = real;
            }
        }
        true
    }

    /// Takes the libraries that a linker script names. Their names are looked
    /// for beside the script first.
    fn script(&mut self, script: &Taken, text: &[u8], deeper: usize) {
        for input in shared_library::inputs(text) {
            let library = match input {
                Input::Library(name) => Library {
                    name,
                    is_exact: false,
                    is_static: false,
                },
                Input::File(path) if !is_shared(path) => continue,
                Input::File(path @ [b'/', ..]) => {
                    let class = self.directories.class(directory_of(path));
                    match class.is_in_build() {
                        // What a declared script names is declared.
                        true if script.source == RpathSource::Declared => {
                            let class = counts(directory_of(path), script);
                            self.take(script.place, path, class, deeper);
                        }
                        _ => self.file(script.place, path, deeper),
                    }
                    continue;
                }
                Input::File(name) => {
                    let beside = [&script.real, &b"/"[..], name].concat();
                    if self.world.exists(&beside) {
                        let class = Class::Counts {
                            path: script.path.clone(),
                            real: script.real.clone(),
                            source: script.source,
                        };
                        self.take(script.place, &beside, class, deeper);
                        continue;
                    }
                    Library {
                        name,
                        is_exact: true,
                        is_static: false,
                    }
                }
            };
            self.library(&library, deeper);
        }
    }
}

/// The class of a directory that a linker script in a declared one names.
fn counts(directory: &[u8], script: &Taken) -> Class {
    Class::Counts {
        path: directory.to_vec(),
        real: directory.to_vec(),
        source: script.source,
    }
}
