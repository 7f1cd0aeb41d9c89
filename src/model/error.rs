//! Reasons why a call cannot be planned.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::model::hook::Failure;
use crate::model::message::Message;
use crate::model::system_error::words;
use crate::text::json;

/// The exit status of [`Error::Loop`]: the number of ELOOP. No other error of
/// cc-wrapper has this status.
pub const LOOP_STATUS: u8 = 40;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A file exists but cannot be read.
    Unreadable {
        path: Vec<u8>,
        /// The system's error number. `None` if the path is not a regular
        /// file.
        errno: Option<i32>,
    },
    /// Another user could have written a file or directory of a root.
    Distrusted {
        path: Vec<u8>,
        /// The link or program that led to the root.
        hop: Vec<u8>,
        why: Distrust,
    },
    /// A `toolchain.json` is invalid.
    Toolchain { path: Vec<u8>, error: json::Error },
    /// A root does not list the called tool.
    NoSuchTool { path: Vec<u8>, tool: Vec<u8> },
    /// A tool's role in `toolchain.json` is unknown to this version.
    UnknownRole {
        path: Vec<u8>,
        tool: Vec<u8>,
        kind: Vec<u8>,
    },
    /// Two roles set different values for a variable that can have only one.
    Conflict {
        first: (Vec<u8>, Vec<u8>),
        second: (Vec<u8>, Vec<u8>),
    },
    /// A linker argument names a path outside of the store (§3.3).
    ImpurePath(Vec<u8>),
    /// A response file cannot be expanded (§5).
    ResponseFile {
        path: Vec<u8>,
        fault: ResponseFileFault,
    },
    /// A call for another machine names a directory of this one.
    HostDirectory { option: Vec<u8>, directory: Vec<u8> },
    /// `-target` without a value.
    TargetMissing,
    /// The binary was called through a link outside of any root, under the name
    /// of a tool that gets no flags.
    NothingToAdd { tool: Vec<u8> },
    /// A Rust toolchain's wrapped launcher was called, but its root is missing.
    LauncherAlone { path: Vec<u8> },
    /// PATH has no further program with this name.
    NotOnPath { tool: Vec<u8> },
    /// A hook failed or could not be run (§10).
    Hook { path: Vec<u8>, failure: Failure },
    /// The real tool is cc-wrapper itself.
    Loop { program: Vec<u8>, from: Vec<u8> },
}

/// Who could have written a file of a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// The user with this number, who is neither root nor the caller.
    Owner(u32),
    /// All users. `is_sticky`: it is a shared directory such as `/tmp`.
    Writable { is_sticky: bool },
}

/// Why a response file stops a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseFileFault {
    IncludesItself,
    /// The call has read as many response files as is allowed.
    TooMany,
    /// The call's response files are larger together than is allowed.
    TooLarge,
    /// The system's error number.
    Unreadable(i32),
}

impl Error {
    /// The exit status of the process.
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

    /// The error as one line, without a newline.
    pub fn text(&self) -> Vec<u8> {
        self.message().text()
    }

    /// The parts of the error's message.
    pub fn message(&self) -> Message {
        match self {
            Error::Unreadable { path, errno } => {
                let why = errno.map_or("it is not a regular file".into(), words);
                Message::at("cannot read", path)
                    .because(&*why)
                    .remedy("make it a readable file, or remove what refers to it")
            }
            Error::Distrusted { path, hop, why } => Message::at("cannot trust", path)
                .because(why.text())
                .remedy(why.remedy(hop)),
            Error::Toolchain { path, error } => broken_toolchain(path, error),
            Error::NoSuchTool { path, tool } => {
                Message::about(path, [b"lists no tool '", &tool[..], b"'"].concat())
                    .remedy("add it under \"tools\", or remove the link in bin/")
            }
            Error::UnknownRole { path, tool, kind } => {
                let what = [
                    b"gives tool '",
                    &tool[..],
                    b"' the role '",
                    kind,
                    b"', which this cc-wrapper does not know",
                ];
                Message::about(path, what.concat())
                    .remedy("use a newer cc-wrapper, or give it another role")
            }
            Error::Conflict { first, second } => {
                let values = [
                    &second.0[..],
                    b"=",
                    &second.1,
                    b", ",
                    &first.0,
                    b"=",
                    &first.1,
                ];
                Message::about(&second.0, [b"contradicts ", &first.0[..]].concat())
                    .because(values.concat())
                    .remedy("unset one of them, or set both to the same value")
            }
            Error::ImpurePath(path) => Message::at("cannot link", path)
                .because("impure path")
                .remedy("link files of the store only, or unset NIX_ENFORCE_PURITY"),
            Error::ResponseFile { path, fault } => {
                let (why, remedy) = match fault {
                    ResponseFileFault::IncludesItself => (
                        "it includes itself".into(),
                        "remove the @ argument that leads back to it",
                    ),
                    ResponseFileFault::TooMany => (
                        "too many @-files in one call".into(),
                        "write the arguments into fewer files",
                    ),
                    ResponseFileFault::TooLarge => (
                        "the files of this call have more than 128 MiB".into(),
                        "include large files only once",
                    ),
                    ResponseFileFault::Unreadable(errno) => (
                        words(*errno),
                        "make it a readable file, or remove the @ argument",
                    ),
                };
                Message::at("cannot read response file", path)
                    .because(&*why)
                    .remedy(remedy)
            }
            Error::HostDirectory { option, directory } => {
                Message::at([&option[..], b" names"].concat(), directory)
                    .because("that is a directory of this machine, and the call is for another")
                    .remedy("leave it out, or wrap again with --allow-host-directories")
            }
            Error::TargetMissing => {
                Message::about("-target", "has no value").remedy("add the target triple")
            }
            Error::NothingToAdd { tool } => Message::at("there are no flags for", tool)
                .remedy("remove this link, or call it cc-wrapper"),
            Error::LauncherAlone { path } => {
                let what =
                    "wraps a Rust toolchain's linker, but nix-support/toolchain.json is missing";
                Message::about(path, what).remedy("run `cc-wrapper rustup` for this toolchain")
            }
            Error::NotOnPath { tool } => {
                Message::at([b"there is no other ", &tool[..], b" on"].concat(), "PATH")
                    .remedy("install one, or add its directory to PATH")
            }
            Error::Hook { path, failure } => match failure {
                Failure::Status(status) => {
                    Message::about(path, format!("failed with status {status}"))
                        .remedy("correct this hook, or remove it")
                }
                Failure::Silent => {
                    let what = "exited with status 0 before it could report what it changed";
                    Message::about(path, what).remedy(
                        "do not exit in a trap on EXIT, and do not close file descriptors that the hook has not opened",
                    )
                }
                Failure::NotRun { source, remedy } => {
                    let message = Message::at("cannot run hook", path).because(source);
                    match remedy {
                        Some(remedy) => message.remedy(remedy),
                        None => message,
                    }
                }
            },
            Error::Loop { program, from } => {
                let what = "is cc-wrapper itself, so calling it would never end";
                Message::about(program, what)
                    .remedy([b"name the real tool in ", &from[..]].concat())
            }
        }
    }
}

impl Distrust {
    pub fn text(self) -> String {
        match self {
            Distrust::Owner(user) => format!("user {user} owns it"),
            Distrust::Writable { .. } => "all users can write to it".into(),
        }
    }

    /// What to do. `hop`: the link or program that led to the root.
    pub fn remedy(self, hop: &[u8]) -> Vec<u8> {
        let moving = [b"move ", hop, b" to a directory of your own"].concat();
        match self {
            Distrust::Owner(_) => [&moving[..], b", or make yourself or root the owner"].concat(),
            Distrust::Writable { is_sticky: true } => moving,
            Distrust::Writable { is_sticky: false } => {
                b"check what it contains, and run chmod o-w on it".to_vec()
            }
        }
    }
}

/// The message for a `toolchain.json` that cannot be parsed.
pub fn broken_toolchain(path: &[u8], error: &json::Error) -> Message {
    Message::at("cannot read", path)
        .because(format!("{error}"))
        .remedy("correct it, or run \"cc-wrapper wrap DIR\" again")
}
