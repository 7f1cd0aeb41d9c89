//! Why a call cannot be planned. Each error is one line: what, where, and
//! what to do.

use alloc::format;
use alloc::vec::Vec;

use crate::model::hook::Failure;
use crate::text::json;

/// The exit status of [`Error::Loop`], which nothing else of ours exits with:
/// the number of ELOOP.
pub const LOOP_STATUS: u8 = 40;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A file that is there could not be read.
    Unreadable {
        path: Vec<u8>,
        /// The system's error number; `None`: it is a directory.
        errno: Option<i32>,
    },
    /// A `toolchain.json` that is not what it should be.
    Toolchain { path: Vec<u8>, error: json::Error },
    /// A root that does not list the tool it was called as.
    NoSuchTool { path: Vec<u8>, tool: Vec<u8> },
    /// A role that this cc-wrapper does not know.
    UnknownRole {
        path: Vec<u8>,
        tool: Vec<u8>,
        role: Vec<u8>,
    },
    /// Two roles ask for different values of a variable that can have one.
    Conflict {
        first: (Vec<u8>, Vec<u8>),
        second: (Vec<u8>, Vec<u8>),
    },
    /// A linker argument names a path outside the store (§3.3).
    ImpurePath(Vec<u8>),
    /// A response file that includes itself, or others without an end.
    ResponseFileLoop(Vec<u8>),
    /// `-target` without a value.
    TargetMissing,
    /// A link in no root, named after a tool that is given no flags.
    NothingToAdd { tool: Vec<u8> },
    /// A Rust toolchain's launcher that is told of no linker.
    LauncherAlone { path: Vec<u8> },
    /// Nothing on PATH behind ourselves has this name.
    NotOnPath { tool: Vec<u8> },
    /// A hook failed, or could not be run (§10).
    Hook { path: Vec<u8>, failure: Failure },
    /// The real tool is ourselves again.
    Loop { program: Vec<u8>, from: Vec<u8> },
}

impl Error {
    /// What the process exits with.
    pub fn exit_status(&self) -> u8 {
        match self {
            Error::NotOnPath { .. } => 127,
            Error::Hook {
                failure: Failure::Status(status),
                ..
            } => *status,
            Error::Loop { .. } => LOOP_STATUS,
            _ => 1,
        }
    }

    /// The error in words, without a line's end.
    pub fn text(&self) -> Vec<u8> {
        match self {
            Error::Unreadable { path, errno } => {
                let why = match errno {
                    Some(2) => "no such file".into(),
                    Some(13) => "permission denied".into(),
                    Some(errno) => format!("system error {errno}"),
                    None => "it is a directory".into(),
                };
                [b"cannot read ", &path[..], b": ", why.as_bytes(), b"; make it a readable file, or remove what asks for it"].concat()
            }
            Error::Toolchain { path, error } => {
                let json::Error { line, column, what } = error;
                let place = format!(":{line}:{column}: {what}; mend it, or wrap the toolchain again");
                [&path[..], place.as_bytes()].concat()
            }
            Error::NoSuchTool { path, tool } => [
                &path[..],
                b" lists no tool '",
                tool,
                b"'; add it under \"tools\", or remove the link in bin/",
            ]
            .concat(),
            Error::UnknownRole { path, tool, role } => [
                &path[..],
                b": tool '",
                tool,
                b"' has the role '",
                role,
                b"', which this cc-wrapper does not know; use one that does, or give it another role",
            ]
            .concat(),
            Error::Conflict { first, second } => [
                &second.0[..],
                b"=",
                &second.1,
                b" contradicts ",
                &first.0,
                b"=",
                &first.1,
                b"; the roles this compiler serves need one value, so unset one or make them agree",
            ]
            .concat(),
            Error::ImpurePath(path) => [
                b"impure path `",
                &path[..],
                b"' used in link; link what lies in the store, or unset NIX_ENFORCE_PURITY",
            ]
            .concat(),
            Error::ResponseFileLoop(path) => [
                b"response file ",
                &path[..],
                b" includes itself; remove the @ argument in it that leads back",
            ]
            .concat(),
            Error::TargetMissing => {
                b"-target has no value; put the target triple behind it".to_vec()
            }
            Error::NothingToAdd { tool } => [
                b"there are no flags for ",
                &tool[..],
                b", so nothing to wrap; remove this link, or call it cc-wrapper",
            ]
            .concat(),
            Error::LauncherAlone { path } => [
                &path[..],
                b" wraps a Rust toolchain's linker, but nix-support/toolchain.json, which names that, is not there; run `cc-wrapper rustup` for this toolchain",
            ]
            .concat(),
            Error::NotOnPath { tool } => [
                b"no other ",
                &tool[..],
                b" on PATH behind this one; install one, or put its directory on PATH",
            ]
            .concat(),
            Error::Hook { path, failure } => match failure {
                Failure::Status(status) => {
                    let status = format!(" failed with status {status}; mend it, or remove it");
                    [b"hook ", &path[..], status.as_bytes()].concat()
                }
                Failure::Silent => {
                    let why = b" has not come to its end; let it neither set a trap on EXIT and exit, nor close what it did not open";
                    [b"hook ", &path[..], why].concat()
                }
                Failure::NotRun(why) => [b"hook ", &path[..], b" cannot be run: ", why].concat(),
            },
            Error::Loop { program, from } => [
                &program[..],
                b" leads back to cc-wrapper, so calling it would never end; name the real tool in ",
                from,
            ]
            .concat(),
        }
    }
}
