//! `cc-wrapper explain TOOL ARGS…`: prints the final command line of a wrapped
//! call, and why.
//!
//! The call goes through the same `dispatch` and `decide` as a real call, but
//! is not run.

mod arguments;
pub mod driver;
mod find;
mod json;
mod linker;
mod text;
mod words;

use self::linker::Below;
use crate::process::os::{self, Os};
use crate::process::{execute, report};
use crate::support::error::{Error, warn};
use crate::support::output::to_stdout;
use crate::support::terminal::Screen;
use cc_wrapper::decide::decide;
use cc_wrapper::model::call::Call;
use cc_wrapper::model::environment::Environment;
use cc_wrapper::model::plan::Plan;
use cc_wrapper::planning::dispatch::dispatch;
use cc_wrapper::planning::log::Log;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

pub use arguments::{Arguments, HELP};

/// A call, its plan, and the linker that it runs.
struct Explained<'e> {
    call: &'e Call<'e>,
    plan: &'e Plan<'e>,
    linker: Option<Below>,
    /// Warnings about tools and linkers of other builds of cc-wrapper.
    warnings: Vec<String>,
}

/// Runs the command. Errors of the call are printed as the call itself would
/// print them, with the same exit status.
pub fn run(arguments: &Arguments) -> ExitCode {
    let [tool, args @ ..] = &arguments.call[..] else {
        return ExitCode::FAILURE;
    };
    let tool = match find::tool(tool) {
        Ok(tool) => tool,
        Err(error) => return failed(&error),
    };
    let executable = &tool.path;
    let other_build = (!tool.is_of_this_build).then(|| find::other_build(executable));
    let variables = os::variables();
    let environment = Environment::new(variables.iter().map(|string| &string[..]));
    let words: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
    let name = Path::new(OsStr::from_bytes(executable)).file_name();
    let name = name.unwrap_or_default().to_string_lossy();

    let asked = Asked {
        arguments,
        name: &name,
        variables: &variables,
        other_build: other_build.as_deref(),
    };
    let explain = |call: Call| explain(&call, &asked);
    match dispatch(executable, &words, &environment, &Os, explain) {
        Ok(Some(status)) => status,
        Ok(None) => failed(
            &Error::new(format!(
                "{name} is cc-wrapper itself, which runs no other tool"
            ))
            .remedy("name a wrapped tool, such as gcc"),
        ),
        Err(error) => {
            report::error(&name, &error.message());
            ExitCode::from(error.exit_status())
        }
    }
}

/// The command line, and context of the call.
struct Asked<'a> {
    arguments: &'a Arguments,
    /// The tool's name.
    name: &'a str,
    /// The environment, as `NAME=VALUE`.
    variables: &'a [Vec<u8>],
    /// The warning if the tool belongs to another build of cc-wrapper.
    other_build: Option<&'a str>,
}

fn explain(call: &Call, asked: &Asked) -> ExitCode {
    let name = asked.name;
    let mut log = Log {
        explains: true,
        ..Log::default()
    };
    let plan = match decide(call, &Os, &mut log) {
        Ok(plan) => plan,
        Err(error) => {
            report::events(&log.events, log.debug);
            report::error(name, &error.message());
            return ExitCode::from(error.exit_status());
        }
    };
    let words = match execute::check(&plan) {
        Ok(words) => words,
        Err(failure) => {
            report::events(&plan.events, plan.debug);
            report::arguments(&plan);
            let (status, message) = failure.explain(&plan);
            report::error(name, &message);
            return ExitCode::from(status);
        }
    };
    let text = if asked.arguments.command {
        report::events(&plan.events, 0);
        asked.other_build.into_iter().for_each(warn);
        command_line(&words, &plan)
    } else if asked.arguments.json {
        json::text(&Explained::new(call, &plan, asked))
    } else {
        text::text(&Explained::new(call, &plan, asked), &Screen::of_stdout())
    };
    match to_stdout(&text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

impl<'e> Explained<'e> {
    fn new(call: &'e Call<'e>, plan: &'e Plan<'e>, asked: &Asked) -> Explained<'e> {
        let linker = linker::below(call, plan, asked.variables);
        let linkers = linker
            .as_ref()
            .and_then(|linker| linker.other_build.clone());
        let warnings = asked
            .other_build
            .map(str::to_owned)
            .into_iter()
            .chain(linkers);
        Explained {
            call,
            plan,
            warnings: warnings.collect(),
            linker,
        }
    }
}

/// Returns the command line for a shell. `program` is the tool, after the words
/// of the launcher if there is one.
fn command_line(program: &[OsString], plan: &Plan) -> Vec<u8> {
    let program = program.iter().map(|word| report::quoted(word.as_bytes()));
    let args = plan.command.args().map(|arg| report::quoted(arg));
    let words: Vec<String> = program.chain(args).collect();
    (words.join(" ") + "\n").into_bytes()
}

fn failed(error: &Error) -> ExitCode {
    error.print();
    ExitCode::from(error.status())
}
