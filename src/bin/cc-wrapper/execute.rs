//! Running a plan: the process becomes the real tool.

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
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

/// Why the tool was not run.
enum Failure {
    /// The kernel refused.
    Exec(io::Error),
    /// A response file could not be written.
    ResponseFile(io::Error),
}

/// Replaces this process by the tool; returns only if that fails, or if the
/// tool ran as a child.
pub fn execute(plan: &Plan, tool: &str) -> ExitCode {
    let outcome = match plan.response_file {
        ResponseFile::Always => through_response_file(plan),
        ResponseFile::Never => Err(Failure::Exec(directly(plan))),
        ResponseFile::WhenNeeded => match directly(plan) {
            error if is_too_long(&error) => through_response_file(plan),
            error => Err(Failure::Exec(error)),
        },
    };
    match outcome {
        Ok(status) => exit_code(status),
        Err(failure) => {
            let (status, text) = explain(plan, &failure);
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
    command.args(plan.command.args().map(|arg| OsStr::from_bytes(arg)));
    command.exec()
}

/// All arguments in one file. One that has no name leaves nothing behind and
/// needs nobody to wait; where there is none, a file in TMPDIR and a child.
fn through_response_file(plan: &Plan) -> Result<ExitStatus, Failure> {
    let mut text = Vec::new();
    for arg in plan.command.args() {
        quote(&mut text, arg);
    }
    if let Some(error) = through_memory(plan, &text) {
        return Err(Failure::Exec(error));
    }
    let file = write_file(&text).map_err(Failure::ResponseFile)?;
    let argument = [b"@", file.path().as_os_str().as_bytes()].concat();
    let status = command(plan).arg(OsStr::from_bytes(&argument)).status();
    status.map_err(Failure::Exec)
}

fn write_file(text: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    let mut file = builder.prefix("cc-wrapper-").suffix(".rsp").tempfile()?;
    file.write_all(text)?;
    file.flush()?;
    Ok(file)
}

/// Why the tool was not run; `None`: a file in memory will not do.
#[cfg(target_os = "linux")]
fn through_memory(plan: &Plan, text: &[u8]) -> Option<io::Error> {
    use rustix::fs::{memfd_create, MemfdFlags};

    // Their languages close what they do not know before they run others.
    if is_script(plan) {
        return None;
    }
    // Without CLOEXEC: the tool is to inherit it.
    let memory = memfd_create(c"cc-wrapper.rsp", MemfdFlags::empty()).ok()?;
    let mut memory = File::from(memory);
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

fn is_script(plan: &Plan) -> bool {
    let mut start = [0; 2];
    File::open(OsStr::from_bytes(&plan.program))
        .and_then(|mut file| file.read_exact(&mut start))
        .is_ok()
        && start == *b"#!"
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
fn explain(plan: &Plan, failure: &Failure) -> (u8, Vec<u8>) {
    let error = match failure {
        Failure::Exec(error) => error,
        Failure::ResponseFile(error) => {
            let directory = env::temp_dir();
            let directory = directory.display();
            let text = format!(
                "cannot write a response file in {directory}: {error}; \
                 set TMPDIR to a directory with room"
            );
            return (NOT_EXECUTABLE, text.into_bytes());
        }
    };
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
        _ if is_too_long(error) => (NOT_EXECUTABLE, too_long(plan)),
        _ => (NOT_EXECUTABLE, format!("cannot be run: {error}")),
    };
    (status, [&plan.program[..], b": ", why.as_bytes()].concat())
}

fn too_long(plan: &Plan) -> String {
    if plan.response_file == ResponseFile::Never {
        return "argument list too long; let it go through a response file: unset \
                NIX_CC_USE_RESPONSE_FILE and NIX_LD_USE_RESPONSE_FILE"
            .into();
    }
    // A response file has been tried, so it is not the arguments.
    let inherited = env::vars_os().map(|(name, value)| (value.len(), name));
    let ours = plan.environment.iter().map(|(name, value)| {
        let name = OsStr::from_bytes(name).to_owned();
        (value.len(), name)
    });
    let (length, name) = inherited.chain(ours).max().unwrap_or_default();
    format!(
        "the environment is too long; shorten {}, which has {length} bytes",
        name.to_string_lossy()
    )
}
