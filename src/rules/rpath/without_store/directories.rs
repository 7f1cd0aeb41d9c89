//! Decides for each library directory of a link whether it can get an rpath.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cell::{OnceCell, RefCell};

use crate::machine::symlinks::resolve;
use crate::machine::world::World;
use crate::model::environment::Environment;
use crate::model::explanation::{BuildPart, NoRpath};
use crate::model::rpath_source::RpathSource;
use crate::model::toolchain::Toolchain;
use crate::rules::rpath::store::Store;
use crate::rules::rpath::without_store::build_tree::{BuildTree, is_in};
use crate::rules::rpath::without_store::declared::Declared;
use crate::text::path::{file_name, without_slashes};

/// A file that gcc has in its own directories only.
const COMPILERS: &[u8] = b"/crtbegin.o";

/// Whether a directory can get an rpath.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    Counts {
        /// The path for the rpath.
        path: Vec<u8>,
        /// The same directory without symlinks.
        real: Vec<u8>,
        source: RpathSource,
    },
    No(NoRpath),
}

impl Class {
    /// Whether the directory belongs to the build.
    pub fn is_in_build(&self) -> bool {
        matches!(self, Class::No(NoRpath::InBuild(_)))
    }
}

/// The classes of directories.
pub struct Directories<'a> {
    pub declared: Declared<'a>,
    build: OnceCell<BuildTree<'a>>,
    store: Store<'a>,
    toolchain: &'a Toolchain<'a>,
    environment: &'a Environment<'a>,
    /// The directory that is the root directory of the machine that the program
    /// is for. Empty: this machine's.
    sysroot: Vec<u8>,
    world: &'a dyn World,
    known: RefCell<BTreeMap<Vec<u8>, Class>>,
}

impl<'a> Directories<'a> {
    pub fn new(
        declared: Declared<'a>,
        environment: &'a Environment<'a>,
        toolchain: &'a Toolchain<'a>,
        sysroot: &[u8],
        world: &'a dyn World,
    ) -> Directories<'a> {
        Directories {
            declared,
            build: OnceCell::new(),
            store: Store::new(environment, toolchain, world),
            toolchain,
            environment,
            sysroot: without_slashes(sysroot).to_vec(),
            world,
            known: RefCell::default(),
        }
    }

    /// Returns the class of a directory, given in the spelling of the link.
    pub fn class(&self, directory: &[u8]) -> Class {
        if let Some(class) = self.known.borrow().get(directory) {
            return class.clone();
        }
        let class = self.on_its_machine(self.find(directory));
        let mut known = self.known.borrow_mut();
        known.insert(directory.to_vec(), class.clone());
        class
    }

    fn find(&self, directory: &[u8]) -> Class {
        if let Some(real) = self.beside_system(directory) {
            if self.store.excludes(&real) {
                return Class::No(NoRpath::Searched);
            }
        }
        let real = resolve(directory, self.world, |_| false);
        let (Some(real), Some(path)) = (real, self.store.spelled(directory)) else {
            return Class::No(NoRpath::Endless);
        };
        let path = without_slashes(&path);
        let excludes = |pattern: &[u8]| matches(pattern, path) || matches(pattern, &real);
        if [path, &real].iter().any(|path| file_name(path) == b"stubs") {
            return Class::No(NoRpath::Stubs);
        } else if self.store.excludes(&real) {
            return Class::No(NoRpath::Searched);
        } else if path.iter().any(|byte| b":$".contains(byte)) {
            return Class::No(NoRpath::Unwritable);
        } else if self.toolchain.rpath_exclude.iter().any(|p| excludes(p)) {
            return Class::No(NoRpath::Excluded);
        }
        let counts = |source| Class::Counts {
            path: path.to_vec(),
            real: real.clone(),
            source,
        };
        if self.declared.is_spelled(directory) {
            return counts(RpathSource::Declared);
        }
        let is_target = self.on_target(path, &real).is_some();
        if let Some(part) = self.part(directory, path, &real).filter(|_| !is_target) {
            return match self.declared.has(&real) {
                true => counts(RpathSource::Declared),
                false => Class::No(NoRpath::InBuild(part)),
            };
        }
        if self.world.has_entry(&[path, COMPILERS].concat()) {
            return Class::No(NoRpath::Compilers);
        }
        counts(RpathSource::Caller)
    }

    /// A directory without symlinks, if that can be told without asking the
    /// kernel: it is one of the system's library directories, or contains one. A
    /// driver names them in long ways, with many `..`.
    fn beside_system(&self, directory: &[u8]) -> Option<Vec<u8>> {
        let known = &self.toolchain.system_library_directories;
        let mut real = Vec::new();
        for component in directory.strip_prefix(b"/")?.split(|&b| b == b'/') {
            match component {
                b"" | b"." => {}
                b".." => {
                    let end = real.iter().rposition(|&b| b == b'/').unwrap_or(0);
                    real.truncate(end);
                }
                name => {
                    real.push(b'/');
                    real.extend_from_slice(name);
                    if !known.iter().any(|known| is_in(known, &real)) {
                        return None;
                    }
                }
            }
        }
        Some(real)
    }

    /// The class with the path that the directory has on the machine that the
    /// program is for.
    fn on_its_machine(&self, class: Class) -> Class {
        let Class::Counts { path, real, source } = class else {
            return class;
        };
        match self.on_target(&path, &real) {
            Some(path) if is_system(&path) => Class::No(NoRpath::Searched),
            Some(target) => Class::Counts {
                path: target,
                real,
                source,
            },
            None if self.toolchain.other_machine => Class::No(NoRpath::OtherMachine),
            None => Class::Counts { path, real, source },
        }
    }

    /// The path of a directory in the sysroot for programs that run there.
    fn on_target(&self, path: &[u8], real: &[u8]) -> Option<Vec<u8>> {
        if self.sysroot.is_empty() {
            return None;
        }
        let in_sysroot = || {
            let sysroot = resolve(&self.sysroot, self.world, |_| false)?;
            below(real, &sysroot).map(<[u8]>::to_vec)
        };
        below(path, &self.sysroot)
            .map(<[u8]>::to_vec)
            .or_else(in_sysroot)
    }

    fn part(&self, directory: &[u8], path: &[u8], real: &[u8]) -> Option<BuildPart> {
        let build = || BuildTree::new(self.environment, self.world);
        let build = self.build.get_or_init(build);
        build.part(directory, path, real)
    }
}

/// The part of `path` below `directory`, beginning with a slash.
fn below<'p>(path: &'p [u8], directory: &[u8]) -> Option<&'p [u8]> {
    let rest = path.strip_prefix(directory)?;
    rest.starts_with(b"/").then_some(rest)
}

/// Whether the loader of a usual Linux system searches a directory by itself.
fn is_system(path: &[u8]) -> bool {
    let mut components = path
        .split(|&b| b == b'/')
        .filter(|component| !component.is_empty());
    let mut component = components.next();
    if component == Some(b"usr") {
        component = components.next();
    }
    let is_lib = matches!(component, Some(b"lib" | b"lib32" | b"lib64"));
    match (components.next(), components.next()) {
        (None, _) => is_lib,
        // Debian's lib/TRIPLE.
        (Some(triple), None) => is_lib && triple.windows(6).any(|part| part == b"-linux"),
        _ => false,
    }
}

/// Whether a pattern matches a whole path. `*` is any number of bytes, `?` is
/// one byte; both match slashes too.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let (mut at, mut in_path) = (0, 0);
    // The last star, and how much of the path it may have skipped.
    let mut star = None;
    while in_path < path.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, in_path));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == path[in_path] => {
                at += 1;
                in_path += 1;
            }
            _ => match &mut star {
                Some((place, skipped)) => {
                    *skipped += 1;
                    (at, in_path) = (*place + 1, *skipped);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loaders_directories_are_known() {
        for path in ["/lib", "/usr/lib64", "/usr/lib/aarch64-linux-gnu"] {
            assert!(is_system(path.as_bytes()), "{path}");
        }
        for path in [
            "/opt/lib",
            "/usr",
            "/usr/lib/x",
            "/usr/local/lib",
            "/usr/lib/a-linux-gnu/x",
        ] {
            assert!(!is_system(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn patterns_match_whole_paths() {
        let long = "a".repeat(200);
        assert!(!matches(b"*a*a*a*a*a*a*a*a*a*a*a*x", long.as_bytes()));
        for (pattern, path) in [
            ("/opt/*", "/opt/a/lib"),
            ("*/li?", "/a/lib"),
            ("*/b/*", "/a/b/a/b/c"),
            ("/a**", "/a"),
            ("/a", "/a"),
        ] {
            assert!(matches(pattern.as_bytes(), path.as_bytes()), "{pattern}");
        }
        for (pattern, path) in [("/opt", "/opt/a"), ("?", ""), ("*b", "/a"), ("/a?", "/a")] {
            assert!(!matches(pattern.as_bytes(), path.as_bytes()), "{pattern}");
        }
    }
}
