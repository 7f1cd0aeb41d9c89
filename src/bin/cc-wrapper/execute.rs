//! Running a plan: the process becomes the real tool.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use cc_wrapper::plan::{Plan, ResponseFile};
use cc_wrapper::response_file::quote;

use crate::report;

/// What a shell exits with if a program is not there.
const NOT_FOUND: u8 = 127;

/// What a shell exits with if a program cannot be run.
const NOT_EXECUTABLE: u8 = 126;

/// Replaces this process by the tool; returns only if that fails.
pub fn execute(plan: &Plan, tool: &str) -> ExitCode {
    let outcome = match plan.response_file {
        ResponseFile::Always => through_response_file(plan),
        ResponseFile::Never => Err(directly(plan)),
        ResponseFile::WhenNeeded => match directly(plan) {
            error if is_too_long(&error) => through_response_file(plan),
            error => Err(error),
        },
    };
    match outcome {
        Ok(status) => exit_code(status),
        Err(error) => {
            let (status, text) = explain(plan, &error);
            report::error(tool, &text);
            ExitCode::from(status)
        }
    }
}

fn command(plan: &Plan) -> Command {
    let mut command = Command::new(OsStr::from_bytes(&plan.program));
    for (name, value) in &plan.environment {
        command.env(OsStr::from_bytes(name), OsStr::from_bytes(value));
    }
    command
}

fn directly(plan: &Plan) -> io::Error {
    let mut command = command(plan);
    command.args(plan.arguments().map(|arg| OsStr::from_bytes(arg)));
    command.exec()
}

/// All arguments in one file. One that has no name leaves nothing behind and
/// needs nobody to wait; where there is none, a file in TMPDIR and a child.
fn through_response_file(plan: &Plan) -> io::Result<ExitStatus> {
    let mut text = Vec::new();
    for arg in plan.arguments() {
        quote(&mut text, arg);
    }
    if let Some(error) = through_memory(plan, &text) {
        return Err(error);
    }
    let mut file = tempfile::Builder::new()
        .prefix("cc-wrapper-")
        .suffix(".rsp")
        .tempfile()?;
    file.write_all(&text)?;
    file.flush()?;
    let argument = [b"@", file.path().as_os_str().as_bytes()].concat();
    command(plan).arg(OsStr::from_bytes(&argument)).status()
}

/// Why the tool was not run; `None`: there are no files in memory here.
#[cfg(target_os = "linux")]
fn through_memory(plan: &Plan, text: &[u8]) -> Option<io::Error> {
    use rustix::fs::{memfd_create, MemfdFlags};

    // Without CLOEXEC: the tool is to inherit it.
    let memory = memfd_create(c"cc-wrapper.rsp", MemfdFlags::empty()).ok()?;
    let mut memory = std::fs::File::from(memory);
    memory.write_all(text).ok()?;
    let path = format!("/proc/self/fd/{}", memory.as_raw_fd());
    if !Path::new(&path).exists() {
        return None;
    }
    Some(command(plan).arg(format!("@{path}")).exec())
}

#[cfg(not(target_os = "linux"))]
fn through_memory(_: &Plan, _: &[u8]) -> Option<io::Error> {
    None
}

fn is_too_long(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::TOOBIG.raw_os_error())
}

/// As the tool ended, so do we.
fn exit_code(status: ExitStatus) -> ExitCode {
    match (status.code(), status.signal()) {
        (Some(code), _) => ExitCode::from(code as u8),
        (None, Some(signal)) => ExitCode::from(128 + signal as u8),
        (None, None) => ExitCode::FAILURE,
    }
}

/// The exit status for a tool that was not run, and why it was not.
fn explain(plan: &Plan, error: &io::Error) -> (u8, Vec<u8>) {
    let path = Path::new(OsStr::from_bytes(&plan.program));
    let (status, why) = match error.kind() {
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
        _ if is_too_long(error) => (
            NOT_EXECUTABLE,
            "argument list too long; let it go through a response file: \
             unset NIX_CC_USE_RESPONSE_FILE and NIX_LD_USE_RESPONSE_FILE"
                .into(),
        ),
        _ => (NOT_EXECUTABLE, format!("cannot be run: {error}")),
    };
    (status, [&plan.program[..], b": ", why.as_bytes()].concat())
}
