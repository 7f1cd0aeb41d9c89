//! What a wrapped launcher finds out about itself.

use std::borrow::Cow;
use std::os::unix::ffi::OsStringExt;

use cc_wrapper::dispatch::LOADER_DIRECTORIES;
use cc_wrapper::toolchain::{Bytes, Role, RoleMarkers, Tool, Toolchain};

use super::place::{Place, LAUNCHER, ORIGINALS};
use crate::command::wrap;

/// Directories that get no rpath where no store is named: those of this
/// machine's `cc`, which most links are made by.
pub fn system_directories() -> Vec<Bytes<'static>> {
    match wrap::system_directories_of("cc") {
        Ok(directories) => {
            let bytes = directories
                .into_iter()
                .map(|path| path.into_os_string().into_vec());
            bytes.map(Cow::Owned).collect()
        }
        // No compiler, or none that answers.
        Err(_) => LOADER_DIRECTORIES.map(Cow::Borrowed).into(),
    }
}

/// The text of the launcher's `toolchain.json`.
pub fn text(place: &Place, system_directories: &[Bytes<'static>]) -> Vec<u8> {
    let program = format!("{ORIGINALS}/{LAUNCHER}").into_bytes();
    let toolchain = Toolchain {
        // As nixpkgs' wrappers for the target have it, so that markers and
        // what was collected are theirs too.
        suffix_salt: Cow::Owned(place.target().replace(['-', '.'], "_").into_bytes()),
        tools: vec![Tool {
            name: Cow::Borrowed(LAUNCHER.as_bytes()),
            role: Cow::Borrowed(Role::Ld.name().as_bytes()),
            // It is moved along.
            program: Cow::Owned(program),
            ..Tool::default()
        }],
        role_markers: RoleMarkers::Optional,
        system_library_directories: system_directories.to_vec(),
        any_driver: true,
        ..Toolchain::default()
    };
    toolchain.to_json()
}

/// Whether `text` is a `toolchain.json` of a launcher's.
pub fn is_of_launcher(text: &[u8]) -> bool {
    Toolchain::parse(text).is_ok_and(|toolchain| {
        toolchain.any_driver && toolchain.tool(LAUNCHER.as_bytes()).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launcher_is_described_by_its_target() {
        let place = Place {
            bin: "/t/lib/rustlib/thumbv8m.main-none-eabi/bin".into(),
        };
        let text = text(&place, &[Cow::Borrowed(b"/lib")]);
        let toolchain = Toolchain::parse(&text).unwrap();
        assert_eq!(&*toolchain.suffix_salt, b"thumbv8m_main_none_eabi");
        let tool = toolchain.tool(b"ld.lld").unwrap();
        assert_eq!(&*tool.program, b"gcc-ld-unwrapped/ld.lld");
        assert!(is_of_launcher(&text) && !is_of_launcher(b"{\"version\": 1}"));
    }
}
