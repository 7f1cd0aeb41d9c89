//! NixOS has no loader where programs of other systems look for one, but nix-ld,
//! which starts a loader, or a stub that only prints an explanation.

use std::path::{Path, PathBuf};

use crate::command::doctor::files::path;
use crate::command::doctor::variables::Variables;
use crate::support::elf::Kind;
use crate::support::paths::canonical;

const STORE: &str = "/nix/store";

/// nix-ld's defaults.
const LOADER: &[u8] = b"/run/current-system/sw/share/nix-ld/lib/ld.so";
const LIBRARIES: &[u8] = b"/run/current-system/sw/share/nix-ld/lib";

/// What the interpreter of a program is.
#[derive(Debug, PartialEq, Eq)]
pub enum Interpreter {
    /// A dynamic loader.
    Loader,
    NixLd {
        /// The loader that it starts.
        loader: PathBuf,
        /// A list that it puts behind LD_LIBRARY_PATH.
        libraries: Vec<u8>,
    },
    Stub,
}

/// The role of an interpreter for programs of this kind.
pub fn of(interpreter: &Path, kind: Kind, variables: &Variables) -> Interpreter {
    let real = canonical(interpreter);
    let within = real.strip_prefix(STORE).ok();
    let package = within
        .and_then(|path| path.iter().next())
        .unwrap_or_default();
    let package = package.to_string_lossy();
    if package.contains("-stub-ld") {
        return Interpreter::Stub;
    }
    if !package.contains("-nix-ld") {
        return Interpreter::Loader;
    }
    let value = |name: &str| {
        let own = served(kind).and_then(|(kind, _)| variables.get(&format!("{name}_{kind}")));
        own.or_else(|| variables.get(name))
    };
    Interpreter::NixLd {
        loader: path(value("NIX_LD").unwrap_or(LOADER)).into(),
        libraries: value("NIX_LD_LIBRARY_PATH").unwrap_or(LIBRARIES).to_vec(),
    }
}

/// Where programs of other systems look for their loader.
pub fn usual_place(kind: Kind) -> Option<PathBuf> {
    served(kind).map(|(_, place)| place.into())
}

/// The suffix of variables for one kind of programs, and where their loader is
/// on other systems.
fn served(kind: Kind) -> Option<(&'static str, &'static str)> {
    use object::elf as e;
    match (kind.machine, kind.is_64) {
        (e::EM_X86_64, true) => Some(("x86_64_linux", "/lib64/ld-linux-x86-64.so.2")),
        (e::EM_386, _) => Some(("i686_linux", "/lib/ld-linux.so.2")),
        (e::EM_AARCH64, true) => Some(("aarch64_linux", "/lib/ld-linux-aarch64.so.1")),
        _ => None,
    }
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
    fn nix_ld_is_known_by_their_place_in_the_store() {
        let of = |path: &str, strings: &[&str]| of(Path::new(path), KIND, &Variables::new(strings));
        assert_eq!(
            of("/nix/store/x-glibc-2.38/lib/ld-linux.so.2", &[]),
            Interpreter::Loader
        );
        assert_eq!(of("/opt/x-nix-ld/ld", &[]), Interpreter::Loader);
        assert_eq!(of("/nix/store/x-stub-ld-x86_64", &[]), Interpreter::Stub);
        let nix_ld = "/nix/store/x-nix-ld-2.0/libexec/nix-ld";
        let shim = |loader: &str, libraries: &[u8]| {
            let (loader, libraries) = (loader.into(), libraries.to_vec());
            Interpreter::NixLd { loader, libraries }
        };
        assert_eq!(
            of(nix_ld, &[]),
            Interpreter::NixLd {
                loader: path(LOADER).into(),
                libraries: LIBRARIES.to_vec()
            }
        );
        let strings = [
            "NIX_LD=/a",
            "NIX_LD_x86_64_linux=/b",
            "NIX_LD_LIBRARY_PATH=/c",
        ];
        assert_eq!(of(nix_ld, &strings), shim("/b", b"/c"));
    }
}
