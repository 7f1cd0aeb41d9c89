//! Runs a plan: the process becomes the real tool, or runs it as a child if
//! there is work to do after it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};
use std::{fs, io};

use cc_wrapper::model::error::Error;
use cc_wrapper::model::hook::Failure as HookFailure;
use cc_wrapper::model::plan::{Plan, ResponseFile};
use nix::unistd::{AccessFlags, access};

use crate::process::child::end_as;
use crate::process::count::End;
use crate::process::errno::is_too_long;
use crate::process::failure::Failure;
use crate::process::response_file::Written;
use crate::process::{child, count, hook, launcher, report, response_file, signals};

/// Replaces this process by the tool, or runs it as a child and ends with its
/// status. Returns only if the tool was not run.
pub fn execute(plan: &Plan, tool: &str) -> ExitCode {
    let done = Run::new(plan).and_then(Run::run);
    let end = match &done {
        Ok(status) if status.success() => End::Done,
        Ok(_) => End::Failed,
        Err(_) => End::Refused,
    };
    count::write(plan.statistics.as_ref(), end, tool);
    match done {
        Ok(status) => match &plan.post_link {
            Some(_) if status.success() => post_link(plan, tool),
            _ => end_as(status),
        },
        Err(failure) => {
            let (status, message) = failure.explain(plan);
            report::error(tool, &message);
            ExitCode::from(status)
        }
    }
}

/// Returns the launcher's words, if there is a launcher, followed by the tool.
///
/// # Errors
/// Fails if the launcher does not exist.
fn program(plan: &Plan) -> Result<Vec<OsString>, Failure> {
    let mut words = match plan.launcher {
        Some(line) => launcher::words(line).map_err(Failure::Launcher)?,
        None => Vec::new(),
    };
    words.push(OsStr::from_bytes(&plan.program).to_owned());
    Ok(words)
}

/// Returns what would be run, after a check that it exists, without running it.
///
/// # Errors
/// Fails if the launcher does not exist or the tool cannot be executed.
pub fn check(plan: &Plan) -> Result<Vec<OsString>, Failure> {
    let words = program(plan)?;
    let tool = Path::new(OsStr::from_bytes(&plan.program));
    let is_file = fs::metadata(tool).map_err(Failure::Tool)?.is_file();
    match access(tool, AccessFlags::X_OK) {
        Ok(()) if is_file => Ok(words),
        Ok(()) => Err(Failure::Tool(io::ErrorKind::PermissionDenied.into())),
        Err(why) => Err(Failure::Tool(why.into())),
    }
}

/// What is run: the tool, or a launcher that runs the tool.
struct Run<'p> {
    plan: &'p Plan<'p>,
    /// The program and the arguments before the call's own.
    words: Vec<OsString>,
    /// The tool runs as a child, and the call waits for it.
    waits: bool,
}

impl<'p> Run<'p> {
    /// # Errors
    /// Fails if the launcher does not exist, or the system refuses to block
    /// signals.
    fn new(plan: &'p Plan<'p>) -> Result<Run<'p>, Failure> {
        let words = program(plan)?;
        let waits = plan.post_link.is_some() || plan.statistics.is_some();
        if waits {
            child::expect().map_err(Failure::Exec)?;
        }
        Ok(Run { plan, words, waits })
    }

    /// Runs it. Returns the child's exit status; does not return if this
    /// process was replaced.
    fn run(self) -> Result<ExitStatus, Failure> {
        let refused = match self.plan.response_file {
            ResponseFile::Always => None,
            _ => match self.directly() {
                Ok(status) => return Ok(status),
                Err(error) => Some(error),
            },
        };
        match refused {
            Some(error) if self.plan.response_file == ResponseFile::Never => {
                Err(Failure::Exec(error))
            }
            Some(error) if !is_too_long(&error) => Err(Failure::Exec(error)),
            _ => self.through_response_file(),
        }
    }

    fn directly(&self) -> io::Result<ExitStatus> {
        let plan = self.plan;
        self.start(plan.command.args().map(|arg| OsStr::from_bytes(arg)))
    }

    /// Passes all arguments in response files. Anonymous files need no cleanup,
    /// so the process can still be replaced. Named files are removed after the
    /// tool has run.
    fn through_response_file(mut self) -> Result<ExitStatus, Failure> {
        if !response_file::needs_a_name(self.plan) {
            if let Some(files) = Written::without_a_name(self.plan) {
                return self.start(files.arguments()).map_err(Failure::Exec);
            }
        }
        if !self.waits {
            // From here on, a signal must not end this process before the file
            // is removed.
            child::expect().map_err(Failure::Exec)?;
            self.waits = true;
        }
        let files = Written::with_a_name(self.plan).map_err(Failure::ResponseFile)?;
        self.start(files.arguments()).map_err(Failure::Exec)
    }

    fn start<'a>(&self, args: impl IntoIterator<Item = &'a OsStr>) -> io::Result<ExitStatus> {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).args(args);
        for (name, value) in &self.plan.environment {
            let name = OsStr::from_bytes(name);
            match value {
                Some(value) => command.env(name, OsStr::from_bytes(value)),
                None => command.env_remove(name),
            };
        }
        if self.waits {
            count::tool(|| child::run(&mut command)).map(|ended| ended.status)
        } else {
            signals::hand_down(&mut command);
            Err(command.exec())
        }
    }
}

/// Runs the hook that follows a link. Returns only if the hook fails.
fn post_link(plan: &Plan, tool: &str) -> ExitCode {
    let Some(hook) = &plan.post_link else {
        return ExitCode::SUCCESS;
    };
    let failure = match hook::run_last(hook, &plan.command, &plan.environment) {
        Ok(status) if status.success() => end_as(status),
        Ok(status) => HookFailure::Status(status.code().unwrap_or(1) as u8),
        Err(why) => why,
    };
    let path = hook.path.clone();
    let error = Error::Hook { path, failure };
    report::error(tool, &error.message());
    ExitCode::from(error.exit_status())
}
