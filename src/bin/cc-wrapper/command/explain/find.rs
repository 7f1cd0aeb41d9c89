//! Finds the wrapped program for a TOOL argument.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use cc_wrapper::machine::world::World;
use cc_wrapper::model::toolchain::Toolchain;
use cc_wrapper::text::path::file_name;

use crate::process::os::Os;
use crate::process::report::quoted;
use crate::process::search;
use crate::support::error::{Error, Result};
use crate::support::foreign_file;
use crate::support::paths::canonical;
use crate::support::self_binary;
use crate::support::self_binary::Whose;
use crate::support::show::shown;

/// The exit status of shells for a program that does not exist.
const NOT_FOUND: u8 = 127;
/// The exit status of shells for a program that cannot be run.
const NOT_EXECUTABLE: u8 = 126;
const NAME_A_TOOL: &str = "name a tool in a wrapped root's bin";

/// A wrapped tool.
pub struct Tool {
    /// The path that would be run.
    pub path: Vec<u8>,
    /// The tool belongs to this very build of cc-wrapper.
    pub is_of_this_build: bool,
}

/// Returns the program that would be run for `tool`.
///
/// # Errors
/// Fails if the program does not exist or is not wrapped.
pub fn tool(tool: &OsStr) -> Result<Tool> {
    let called = shown(tool);
    let path = if tool.as_bytes().contains(&b'/') {
        tool.as_bytes().to_vec()
    } else {
        in_directories(&search::path(), tool.as_bytes()).ok_or_else(|| {
            let name = quoted(tool.as_bytes());
            let what_to_do = "put a wrapped root's bin on PATH, or name the tool by its path";
            Error::new(format!("no program {name} on PATH"))
                .remedy(what_to_do)
                .exiting(NOT_FOUND)
        })?
    };
    if !Os.exists(&path) {
        return Err(Error::new(format!("{called} does not exist"))
            .remedy(NAME_A_TOOL)
            .exiting(NOT_FOUND));
    }
    if !Os.is_executable(&path) {
        return Err(Error::new(format!("{called} is not executable"))
            .remedy(NAME_A_TOOL)
            .exiting(NOT_EXECUTABLE));
    }
    match self_binary::whose(as_path(&path)) {
        Whose::Foreign => Err(not_wrapped(&path)),
        whose => Ok(Tool {
            is_of_this_build: whose == Whose::This,
            path,
        }),
    }
}

/// Returns the error for a program that is not wrapped.
fn not_wrapped(path: &[u8]) -> Error {
    let program = as_path(path);
    let (called, real) = (shown(program), shown(&canonical(program)));
    if let Some(bin) = program
        .parent()
        .filter(|bin| self_binary::is_wrapped_bin(bin))
    {
        return if is_listed(bin, path) {
            Error::new(format!("{called} is not a link to cc-wrapper"))
                .because(format!("its root lists it as wrapped, but it is {real}"))
                .remedy("wrap the toolchain again")
        } else {
            Error::new(format!("{called} is in a wrapped root, but not wrapped"))
                .because(format!("it is {real}, whose calls get no flags"))
                .remedy("name a compiler or linker of that root")
        };
    }
    if let Some(cache) = self_binary::cache(program) {
        return match behind(path) {
            Some(wrapped) => Error::new(format!(
                "{called} is {cache}, which runs {}, the next one on PATH",
                shown(OsStr::from_bytes(&wrapped))
            ))
            .remedy("name that"),
            None => Error::new(format!(
                "{called} is {cache}, and the compiler that it runs is not wrapped"
            ))
            .remedy("put a wrapped root's bin after it on PATH (cc-wrapper wrap DIR creates one)"),
        };
    }
    Error::new(format!(
        "{called} is not wrapped, so its calls get no flags"
    ))
    .remedy("put a wrapped root's bin first on PATH (cc-wrapper wrap DIR creates one)")
}

/// Returns whether the toolchain.json of the root with this `bin` lists the
/// tool.
fn is_listed(bin: &Path, tool: &[u8]) -> bool {
    let name = file_name(tool);
    let text = foreign_file::read(&bin.join("..").join(self_binary::TOOLCHAIN)).unwrap_or_default();
    Toolchain::parse(&text).is_ok_and(|toolchain| toolchain.tool(name).is_some())
}

/// Returns the next program with the name that the compiler cache was called
/// by, if that is wrapped. Skips other links to compiler caches, as they do.
fn behind(cache: &[u8]) -> Option<Vec<u8>> {
    let name = file_name(cache);
    let path = search::path();
    let mut candidates = search::programs(OsStr::from_bytes(name), &path);
    let next = candidates.find(|candidate| self_binary::cache(candidate).is_none())?;
    (self_binary::whose(&next) != Whose::Foreign).then(|| next.into_os_string().into_vec())
}

/// Returns the warning that a tool belongs to another build, while this build's
/// rules are explained. Names the other binary by the target of the tool's
/// symlink.
pub fn other_build(path: &[u8]) -> String {
    let binary = canonical(as_path(path));
    let remedy = if binary.file_name() == Some(OsStr::new(self_binary::BINARY)) {
        format!("run {} explain instead", shown(&binary))
    } else {
        "use the explain command of that build, or wrap the toolchain again".into()
    };
    let path = shown(as_path(path));
    format!("{path} is another build of cc-wrapper, whose rules may differ; {remedy}")
}

/// Returns the first program with this name in the directories of a PATH.
pub fn in_directories(path: &OsStr, name: &[u8]) -> Option<Vec<u8>> {
    let program = search::programs(OsStr::from_bytes(name), path).next()?;
    Some(program.into_os_string().into_vec())
}

fn as_path(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}
