//! Why a tool was not run, in words.

use crate::process::errno::is_too_long;
use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cc_wrapper::model::plan::{Plan, ResponseFile};
use rustix::io::Errno;

/// What a shell exits with if a program is not there.
const NOT_FOUND: u8 = 127;

/// What a shell exits with if a program cannot be run.
const NOT_EXECUTABLE: u8 = 126;

pub enum Failure {
    /// The kernel refused.
    Exec(io::Error),
    /// A response file could not be written.
    ResponseFile(io::Error),
    /// The tool cannot be run, whoever is to run it.
    Tool(io::Error),
    /// There is no such launcher; why, and what to do.
    Launcher(String),
}

impl Failure {
    /// The exit status for a tool that was not run, and why it was not.
    pub fn explain(&self, plan: &Plan) -> (u8, Vec<u8>) {
        match self {
            Failure::Exec(error) => {
                let (status, why) = refusal(plan, error);
                let refused = if plan.launcher.is_some() {
                    b"CC_WRAPPER_LAUNCHER"
                } else {
                    &plan.program[..]
                };
                (status, [refused, b": ", why.as_bytes()].concat())
            }
            Failure::Tool(error) => {
                let (status, why) = refusal(plan, error);
                (status, [&plan.program[..], b": ", why.as_bytes()].concat())
            }
            Failure::ResponseFile(error) => {
                let what_to_do = match error.raw_os_error() {
                    Some(number) if number == Errno::FBIG.raw_os_error() => "raise ulimit -f",
                    _ => "set TMPDIR to a directory with room",
                };
                let text = format!("cannot write a response file: {error}; {what_to_do}");
                (NOT_EXECUTABLE, text.into_bytes())
            }
            Failure::Launcher(why) => (NOT_FOUND, why.clone().into_bytes()),
        }
    }
}

fn refusal(plan: &Plan, error: &io::Error) -> (u8, String) {
    let path = Path::new(OsStr::from_bytes(&plan.program));
    match error.kind() {
        io::ErrorKind::NotFound if path.exists() => (
            NOT_FOUND,
            "its interpreter is not there; install what it needs to run".into(),
        ),
        io::ErrorKind::NotFound => (
            NOT_FOUND,
            "no such file; install it, or wrap the toolchain again".into(),
        ),
        io::ErrorKind::PermissionDenied => (
            NOT_EXECUTABLE,
            "not executable; it needs an x permission, and so do the directories above it".into(),
        ),
        _ if is_too_long(error) => (NOT_EXECUTABLE, too_long(plan)),
        _ => (NOT_EXECUTABLE, format!("cannot be run: {error}")),
    }
}

fn too_long(plan: &Plan) -> String {
    if plan.response_file == ResponseFile::Never {
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let variables = ["NIX_CC_USE_RESPONSE_FILE", "NIX_LD_USE_RESPONSE_FILE"];
        return match variables.iter().any(|name| is_set(name)) {
            true => "argument list too long; let it go through a response file: unset \
                        NIX_CC_USE_RESPONSE_FILE and NIX_LD_USE_RESPONSE_FILE"
                .into(),
            false => "argument list too long, and this tool reads no response file; \
                     give it fewer arguments at once"
                .into(),
        };
    }
    // A response file has been tried, so it is not the arguments. What we add
    // to the environment is made of what the caller has set.
    let variables = env::vars_os().map(|(name, value)| (value.len(), name));
    let (length, name) = variables.max().unwrap_or_default();
    format!(
        "the environment is too long; shorten {}, which has {length} bytes",
        name.to_string_lossy()
    )
}
