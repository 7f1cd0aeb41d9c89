//! NixOS has no loader where programs of other systems look for one, but a
//! shim, or a stub that says so.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::command::doctor::variables::Variables;
use crate::support::elf::Kind;
use crate::support::paths::canonical;

const STORE: &str = "/nix/store";

/// What nix-ld takes where no variable names another.
const LOADER: &str = "/run/current-system/sw/share/nix-ld/lib/ld.so";
const LIBRARIES: &[u8] = b"/run/current-system/sw/share/nix-ld/lib";

#[derive(Debug, PartialEq, Eq)]
pub enum Shim {
    NixLd {
        /// What loads in its stead.
        loader: PathBuf,
        /// A list behind LD_LIBRARY_PATH.
        libraries: Vec<u8>,
    },
    Stub,
}

/// `None`: the interpreter is itself a loader.
pub fn of(interpreter: &Path, kind: Kind, variables: &Variables) -> Option<Shim> {
    let real = canonical(interpreter);
    let name = real.strip_prefix(STORE).ok()?.iter().next()?.as_bytes();
    let is = |part: &[u8]| name.windows(part.len()).any(|piece| piece == part);
    if is(b"-stub-ld") {
        return Some(Shim::Stub);
    }
    is(b"-nix-ld").then(|| {
        let value = |name: &str| {
            let of_system =
                system(kind).and_then(|system| variables.get(&format!("{name}_{system}")));
            of_system.or_else(|| variables.get(name))
        };
        let loader = value("NIX_LD").map_or(OsStr::new(LOADER), OsStr::from_bytes);
        let libraries = value("NIX_LD_LIBRARY_PATH").unwrap_or(LIBRARIES);
        Shim::NixLd {
            loader: loader.into(),
            libraries: libraries.to_vec(),
        }
    })
}

/// Ends the names of variables that are for one kind of programs.
fn system(kind: Kind) -> Option<&'static str> {
    use object::elf as e;
    match kind.machine {
        e::EM_X86_64 => Some("x86_64_linux"),
        e::EM_386 => Some("i686_linux"),
        e::EM_AARCH64 => Some("aarch64_linux"),
        _ => None,
    }
}

/// Where programs of other systems name their loader.
pub fn usual_place(kind: Kind) -> Option<&'static Path> {
    use object::elf as e;
    let place = match (kind.machine, kind.is_64) {
        (e::EM_X86_64, true) => "/lib64/ld-linux-x86-64.so.2",
        (e::EM_386, _) => "/lib/ld-linux.so.2",
        (e::EM_AARCH64, true) => "/lib/ld-linux-aarch64.so.1",
        _ => return None,
    };
    Some(Path::new(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = Kind {
        machine: object::elf::EM_X86_64,
        is_64: true,
        is_little: true,
    };

    #[test]
    fn shims_are_known_by_their_place_in_the_store() {
        let of = |path: &str, strings: &[&str]| of(Path::new(path), KIND, &Variables::new(strings));
        assert_eq!(of("/nix/store/x-glibc-2.38/lib/ld-linux.so.2", &[]), None);
        assert_eq!(of("/opt/x-nix-ld/ld", &[]), None);
        assert_eq!(of("/nix/store/x-stub-ld-x86_64", &[]), Some(Shim::Stub));
        let nix_ld = "/nix/store/x-nix-ld-2.0/libexec/nix-ld";
        let shim = |loader: &str, libraries: &[u8]| {
            let (loader, libraries) = (loader.into(), libraries.to_vec());
            Some(Shim::NixLd { loader, libraries })
        };
        assert_eq!(of(nix_ld, &[]), shim(LOADER, LIBRARIES));
        let strings = [
            "NIX_LD=/a",
            "NIX_LD_x86_64_linux=/b",
            "NIX_LD_LIBRARY_PATH=/c",
        ];
        assert_eq!(of(nix_ld, &strings), shim("/b", b"/c"));
    }
}
