//! Which program a TOOL is.

use std::env;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cc_wrapper::world::World;

use crate::command::error::{Error, Result};
use crate::command::own::{self, Whose};
use crate::command::paths::shown;
use crate::os::Os;
use crate::report::quoted;

/// What a shell exits with if a program is not there.
const NOT_FOUND: u8 = 127;
/// What a shell exits with if a program cannot be run.
const NOT_EXECUTABLE: u8 = 126;

/// The path that would be run for `tool`, which must be a wrapped one.
///
/// # Errors
/// There is no such program, or it is none of ours.
pub fn tool(tool: &OsStr) -> Result<Vec<u8>> {
    let called = shown(tool);
    let path = match tool.as_bytes().contains(&b'/') {
        true => tool.as_bytes().to_vec(),
        false => on_path(tool.as_bytes()).ok_or_else(|| {
            let name = quoted(tool.as_bytes());
            let what_to_do = "put a wrapped root's bin on PATH, or name the tool by its path";
            Error::new(format!("no program {name} on PATH; {what_to_do}")).exiting(NOT_FOUND)
        })?,
    };
    if !Os.exists(&path) {
        let line = format!("{called}: no such file; name a tool in a wrapped root's bin");
        return Err(Error::new(line).exiting(NOT_FOUND));
    }
    if !Os.is_executable(&path) {
        let line = format!("{called} is no program; name a tool in a wrapped root's bin");
        return Err(Error::new(line).exiting(NOT_EXECUTABLE));
    }
    if own::whose(Path::new(OsStr::from_bytes(&path))) == Whose::Foreign {
        let path = shown(OsStr::from_bytes(&path));
        return Err(Error::new(format!(
            "{path} is not wrapped, so it is run as it is; put a wrapped root's bin first on PATH \
             (cc-wrapper wrap DIR makes one)"
        )));
    }
    Ok(path)
}

/// As a shell finds it.
fn on_path(name: &[u8]) -> Option<Vec<u8>> {
    let path = env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    in_directories(path.as_bytes(), name)
}

/// The first program of this name in a PATH.
pub fn in_directories(path: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let entries = path.split(|&b| b == b':');
    let candidates = entries.map(|entry| match entry {
        [] => [b"./", name].concat(),
        entry => [entry, b"/", name].concat(),
    });
    let mut candidates = candidates.filter(|_| !name.is_empty());
    candidates.find(|candidate| Os.is_executable(candidate))
}
