//! Writes and reads the `toolchain.json` of a wrapped launcher
//! (docs/toolchain.md).

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use cc_wrapper::model::toolchain::{RoleMarkers, Tool, ToolKind, Toolchain};
use cc_wrapper::planning::dispatch::LOADER_DIRECTORIES;
use cc_wrapper::text::Bytes;

use super::place::{FileKind, LAUNCHER, ORIGINALS, Place, look};
use crate::command::wrap;
use crate::support::error::{Result, cannot};
use crate::support::foreign_file;
use crate::support::self_binary::TOOLCHAIN;

/// The kind of file at the place of the launcher's `toolchain.json`.
#[derive(Debug, PartialEq, Eq)]
pub enum Config {
    Absent,
    /// The `toolchain.json` of a launcher. The user may have changed it.
    Ours(Vec<u8>),
    /// An empty or truncated file or a dangling link. It may be replaced.
    Leftover,
    /// Something else, with a description. It must not be replaced.
    Foreign(String),
}

/// The directories that get no rpath when no store is set: those of this
/// machine's `cc`, because most programs are linked with it.
pub fn system_directories() -> Vec<Bytes<'static>> {
    match wrap::system_directories_of("cc") {
        Ok(directories) => {
            let bytes = directories
                .into_iter()
                .map(|path| path.into_os_string().into_vec());
            bytes.map(Cow::Owned).collect()
        }
        // There is no compiler, or it does not answer.
        Err(_) => LOADER_DIRECTORIES.map(Cow::Borrowed).into(),
    }
}

/// The text of the launcher's `toolchain.json`.
pub fn text(place: &Place, system_directories: &[Bytes<'static>]) -> Vec<u8> {
    let program = format!("{ORIGINALS}/{LAUNCHER}").into_bytes();
    let toolchain = Toolchain {
        // The same salt as nixpkgs' wrappers for the target, so that both share
        // markers and collected flags.
        suffix_salt: Cow::Owned(place.target().replace(['-', '.'], "_").into_bytes()),
        tools: vec![Tool {
            name: Cow::Borrowed(LAUNCHER.as_bytes()),
            kind: Cow::Borrowed(ToolKind::Ld.name().as_bytes()),
            // Relative, so that the toolchain can be moved.
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

/// Reads the place of the launcher's `toolchain.json`.
///
/// # Errors
/// The file cannot be read.
pub fn config(place: &Place) -> Result<Config> {
    let path = place.config();
    match look(&path)? {
        FileKind::Absent => return Ok(Config::Absent),
        FileKind::Leftover(_) => return Ok(Config::Leftover),
        FileKind::Foreign(what) if path.is_symlink() || !path.is_file() => {
            return Ok(Config::Foreign(what));
        }
        FileKind::Foreign(_) | FileKind::Ours | FileKind::Program => {}
    }
    let text = foreign_file::read(&path).map_err(cannot("read", &path))?;
    Ok(if is_of_launcher(&text) {
        Config::Ours(text)
    } else if is_cut_off(place, &text) {
        Config::Leftover
    } else {
        Config::Foreign("not written by cc-wrapper".to_owned())
    })
}

/// The system directories in the existing `toolchain.json`. They are kept, so
/// that the current PATH does not change them.
pub fn kept_directories(place: &Place) -> Option<Vec<Bytes<'static>>> {
    let Ok(Config::Ours(text)) = config(place) else {
        return None;
    };
    let directories = Toolchain::parse(&text).ok()?.system_library_directories;
    let owned = directories.into_iter().map(|path| path.into_owned().into());
    Some(owned.collect::<Vec<_>>()).filter(|kept| !kept.is_empty())
}

/// The problem with a wrapped launcher's `toolchain.json`; `None` if it is
/// right.
///
/// # Errors
/// The file cannot be read.
pub fn why_not(place: &Place) -> Result<Option<String>> {
    let why = match config(place)? {
        Config::Ours(text) => why_wrong(place, &text),
        Config::Absent | Config::Leftover => Some("is missing".to_owned()),
        Config::Foreign(what) => Some(format!("is {what}")),
    };
    Ok(why.map(|why| format!("wrapped, but {TOOLCHAIN} {why}")))
}

fn why_wrong(place: &Place, text: &[u8]) -> Option<String> {
    let toolchain = Toolchain::parse(text).unwrap_or_default();
    let tool = toolchain.tool(LAUNCHER.as_bytes());
    let program = tool.map_or(&b""[..], |tool| &tool.program);
    let resolved = |path| fs::canonicalize(path).ok();
    let program = resolved(place.bin.join(OsStr::from_bytes(program)));
    if program.is_none() || program != resolved(place.original()) {
        return Some("names another linker".to_owned());
    }
    let is_linker = tool.is_some_and(|tool| ToolKind::parse(&tool.kind) == Some(ToolKind::Ld));
    let is_as_made = is_linker && toolchain.any_driver;
    (!is_as_made).then(|| "has been changed".to_owned())
}

/// Whether `text` is the `toolchain.json` of a launcher.
fn is_of_launcher(text: &[u8]) -> bool {
    Toolchain::parse(text).is_ok_and(
        |toolchain| matches!(&toolchain.tools[..], [tool] if &*tool.name == LAUNCHER.as_bytes()),
    )
}

/// Whether `found` is a truncated `toolchain.json`, for example after a power
/// failure.
fn is_cut_off(place: &Place, found: &[u8]) -> bool {
    let (none, some) = (text(place, &[]), text(place, &[Cow::Borrowed(b"/")]));
    let same = none.iter().zip(&some).take_while(|(a, b)| a == b).count();
    let begin = &none[..same];
    found.iter().all(|byte| *byte == 0) || begin.starts_with(found) || found.starts_with(begin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_salt_is_derived_from_the_target() {
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

    #[test]
    fn a_launchers_toolchain_json_is_recognised() {
        let dir = tempfile::tempdir().unwrap();
        let bin = dir.path().join("x86_64-x-linux/bin");
        let place = Place { bin };
        let path = place.config();
        assert_eq!(config(&place).unwrap(), Config::Absent);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let whole = text(&place, &[Cow::Borrowed(b"/lib")]);
        let text = String::from_utf8(whole.clone()).unwrap();
        let changed = text.replace("true", "false").replace(ORIGINALS, "/x");
        for ours in [&text, &changed] {
            fs::write(&path, ours).unwrap();
            assert!(matches!(config(&place).unwrap(), Config::Ours(_)), "{ours}");
            assert_eq!(kept_directories(&place).unwrap(), [&b"/lib"[..]]);
        }
        for end in [0, 1, 40, whole.len() - 9] {
            fs::write(&path, &whole[..end]).unwrap();
            assert_eq!(config(&place).unwrap(), Config::Leftover, "{end}");
            assert_eq!(kept_directories(&place), None);
        }
        let other = text.replace("\"ld.lld\"", "\"ld\"");
        for foreign in ["{\"mine\":1}", "mine", &other] {
            fs::write(&path, foreign).unwrap();
            let found = config(&place).unwrap();
            assert!(matches!(found, Config::Foreign(_)), "{foreign}: {found:?}");
        }
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/null", &path).unwrap();
        let found = config(&place).unwrap();
        assert_eq!(found, Config::Foreign("a link to /dev/null".to_owned()));
    }
}
