//! Error messages and exit statuses for tools that could not be run.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::{env, io};

use cc_wrapper::model::message::Message;
use cc_wrapper::model::plan::{Plan, ResponseFile};
use nix::errno::Errno;

use crate::process::errno::is_too_long;
use crate::process::report::why;

/// The exit status of shells for a program that does not exist.
const NOT_FOUND: u8 = 127;

/// The exit status of shells for a program that cannot be run.
const NOT_EXECUTABLE: u8 = 126;

pub enum Failure {
    /// The kernel refused to exec.
    Exec(io::Error),
    /// A response file could not be written.
    ResponseFile(io::Error),
    /// The tool cannot be run, with or without a launcher.
    Tool(io::Error),
    /// The launcher does not exist.
    Launcher(Message),
}

impl Failure {
    /// Returns the exit status and the message for a tool that was not run.
    pub fn explain(&self, plan: &Plan) -> (u8, Message) {
        match self {
            Failure::Exec(error) if plan.launcher.is_some() => {
                refusal(plan, b"CC_WRAPPER_LAUNCHER", error)
            }
            Failure::Exec(error) | Failure::Tool(error) => refusal(plan, &plan.program, error),
            Failure::ResponseFile(error) => {
                let what_to_do = match error.kind() {
                    io::ErrorKind::FileTooLarge => "raise ulimit -f",
                    _ => "set TMPDIR to a directory with room",
                };
                let message = Message::new("cannot write a response file")
                    .because(why(error))
                    .remedy(what_to_do);
                (NOT_EXECUTABLE, message)
            }
            Failure::Launcher(message) => (NOT_FOUND, message.clone()),
        }
    }
}

/// Returns the exit status and the message for `refused`, a program that the
/// kernel refused to run.
fn refusal(plan: &Plan, refused: &[u8], error: &io::Error) -> (u8, Message) {
    let message = Message::at("cannot run", refused);
    let path = Path::new(OsStr::from_bytes(&plan.program));
    match error.kind() {
        io::ErrorKind::NotFound if path.exists() => {
            let message = message.because("its interpreter does not exist");
            (NOT_FOUND, message.remedy("install what it needs to run"))
        }
        io::ErrorKind::NotFound => {
            let message = message.because("no such file or directory");
            let remedy = "install it, or run \"cc-wrapper wrap DIR\" again";
            (NOT_FOUND, message.remedy(remedy))
        }
        io::ErrorKind::PermissionDenied if error.raw_os_error() != Some(Errno::EPERM as i32) => {
            let message = message.because("not executable");
            let remedy = "give it, and the directories above it, x permission";
            (NOT_EXECUTABLE, message.remedy(remedy))
        }
        _ if is_too_long(error) => {
            let (why, remedy) = too_long(plan);
            (NOT_EXECUTABLE, message.because(why).remedy(remedy))
        }
        _ => (NOT_EXECUTABLE, message.because(why(error))),
    }
}

/// Returns what the kernel refused as too long, and what to do about it.
fn too_long(plan: &Plan) -> (&'static str, String) {
    if plan.response_file == ResponseFile::Never {
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let variables = ["NIX_CC_USE_RESPONSE_FILE", "NIX_LD_USE_RESPONSE_FILE"];
        return if variables.into_iter().any(is_set) {
            let remedy = "unset NIX_CC_USE_RESPONSE_FILE and NIX_LD_USE_RESPONSE_FILE, \
                          so that it goes through a response file";
            ("argument list too long", remedy.into())
        } else {
            (
                "argument list too long, and this tool reads no response file",
                "give it fewer arguments at once".into(),
            )
        };
    }
    // The response file has been tried already, so the arguments are not the
    // problem. The variables that we add are made from the caller's, so look
    // for the largest of those.
    let variables = env::vars_os().map(|(name, value)| (value.len(), name));
    let (length, name) = variables.max().unwrap_or_default();
    let name = name.to_string_lossy();
    let remedy = format!("shorten {name}, which has {length} bytes");
    ("the environment is too long", remedy)
}
