//! What the system's loader finds by itself.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::planning::dispatch::LOADER_DIRECTORIES;

use super::cache;
use super::shim::{self, Shim};
use crate::command::doctor::variables::Variables;
use crate::command::wrap::musl_directories;
use crate::support::elf::Kind;
use crate::support::paths::canonical;

const CACHE: &str = "/etc/ld.so.cache";
const NIX_STORE: &str = "/nix/store";
/// The libraries that musl is all of.
const OF_MUSL: [&[u8]; 7] = [b"c", b"pthread", b"rt", b"m", b"dl", b"util", b"xnet"];

#[derive(Default)]
pub struct System {
    pub is_musl: bool,
    /// `None`: no program says which.
    pub loader: Option<PathBuf>,
    /// A list behind LD_LIBRARY_PATH, which the system has put there.
    pub libraries: Vec<u8>,
    pub directories: Vec<PathBuf>,
    /// Names and places.
    pub cache: Vec<(Vec<u8>, PathBuf)>,
}

impl System {
    /// The one that programs of this kind with this interpreter have; `None`:
    /// this machine's.
    pub fn of(interpreter: Option<&Path>, kind: Kind, variables: &Variables) -> System {
        let usual = || shim::usual_place(kind).filter(|place| place.exists());
        let shim = interpreter.or_else(usual);
        let shim = shim.and_then(|path| shim::of(path, kind, variables));
        match shim {
            Some(Shim::NixLd { loader, libraries }) => System {
                libraries,
                ..System::with(Some(&loader))
            },
            _ => System::with(interpreter),
        }
    }

    fn with(loader: Option<&Path>) -> System {
        let is_musl = |path: &&Path| {
            let name = path.file_name().unwrap_or_default().as_bytes();
            name.starts_with(b"ld-musl-")
        };
        let own = loader.map(canonical);
        let own = own.as_deref().and_then(Path::parent);
        let system = System {
            is_musl: loader.as_ref().is_some_and(is_musl),
            loader: loader.map(Path::to_path_buf),
            ..System::default()
        };
        // Those of a store know of nothing outside.
        if let Some(own) = own.filter(|own| own.starts_with(NIX_STORE)) {
            return System {
                directories: vec![own.to_path_buf()],
                ..system
            };
        }
        if let Some(musl) = loader.filter(is_musl) {
            return System {
                directories: musl_directories(musl),
                ..system
            };
        }
        let standard = LOADER_DIRECTORIES.map(|path| PathBuf::from(OsStr::from_bytes(path)));
        let own = own.map(Path::to_path_buf);
        System {
            directories: standard.into_iter().chain(own).collect(),
            cache: cache::read(&fs::read(CACHE).unwrap_or_default()),
            ..system
        }
    }

    /// Whether the loader itself is the library.
    pub fn is_built_in(&self, name: &OsStr) -> bool {
        let stem = name.as_bytes().strip_prefix(b"lib");
        let stem = stem.and_then(|name| name.split(|byte| *byte == b'.').next());
        self.is_musl && stem.is_some_and(|stem| OF_MUSL.contains(&stem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_c_library_is_found() {
        let interpreter = crate::support::elf::interpreter(Path::new("/bin/sh"));
        let system = System::with(interpreter.as_deref());
        let mut cached = system.cache.iter().filter(|(name, _)| name == b"libc.so.6");
        let mut directories = system.directories.iter();
        let is_found = cached.any(|(_, path)| path.exists())
            || directories.any(|path| path.join("libc.so.6").exists());
        assert!(system.is_musl || is_found, "{:?}", system.directories);
    }

    #[test]
    fn a_stores_loader_knows_its_own_directory_alone() {
        let system = System::with(Some(Path::new("/nix/store/none-glibc/lib/ld.so")));
        assert_eq!(system.directories, [Path::new("/nix/store/none-glibc/lib")]);
        assert_eq!(system.cache, []);
    }

    #[test]
    fn musl_is_its_own_c_library() {
        let system = System::with(Some(Path::new("/lib/ld-musl-none.so.1")));
        for (name, expected) in [("libc.so", true), ("libm.so.6", true), ("libz.so", false)] {
            assert_eq!(system.is_built_in(OsStr::new(name)), expected, "{name}");
        }
        assert!(!System::with(None).is_built_in(OsStr::new("libc.so.6")));
    }
}
