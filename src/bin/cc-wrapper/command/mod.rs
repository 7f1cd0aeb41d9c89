//! The command line of `cc-wrapper` and its commands. docs/glossary.md defines
//! the words that have a special meaning here.

pub mod adopt;
pub mod compdb;
mod completions;
mod digest;
pub mod doctor;
mod environment;
pub mod explain;
mod man;
mod run;
mod rustup;
mod usage;
mod wrap;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Command, CommandFactory, Parser, Subcommand};

use crate::support::help::{Help, USAGE};
use crate::support::output;

const ABOUT: &str = "Wrap gcc, g++, clang and ld to add flags from environment variables";

/// The largest width of help texts, so that lines stay easy to read.
const WIDTH: usize = 100;

#[derive(Parser)]
#[command(name = "cc-wrapper", version, about = ABOUT, after_help = HELP.text())]
#[command(max_term_width = WIDTH, disable_help_subcommand = true)]
struct Program {
    #[command(subcommand)]
    command: Called,
}

/// All commands, in the order in which a new user needs them. There is only one
/// value, so its size does not matter.
#[derive(Subcommand)]
#[allow(clippy::large_enum_variant)]
enum Called {
    Wrap(wrap::Arguments),
    Env(environment::Arguments),
    Run(run::Arguments),
    Explain(explain::Arguments),
    Doctor(doctor::Arguments),
    Compdb(compdb::Arguments),
    Digest(digest::Arguments),
    Adopt(adopt::Arguments),
    Rustup(rustup::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// The names of all commands, and their help texts.
const COMMANDS: [(&str, &Help); 11] = [
    ("wrap", &wrap::HELP),
    ("env", &environment::HELP),
    ("run", &run::HELP),
    ("explain", &explain::HELP),
    ("doctor", &doctor::HELP),
    ("compdb", &compdb::HELP),
    ("digest", &digest::HELP),
    ("adopt", &adopt::HELP),
    ("rustup", &rustup::HELP),
    ("completions", &completions::HELP),
    ("man", &man::HELP),
];

/// The help texts of the program itself, for new users.
const HELP: Help = Help {
    examples: &[
        (
            "cc-wrapper wrap ~/wrapped",
            "Wraps this machine's compilers; then use PATH=~/wrapped/bin:$PATH",
        ),
        (
            "eval \"$(~/wrapped/bin/cc-wrapper env /opt/zlib)\"",
            "Makes them find the library that is installed in /opt/zlib",
        ),
        (
            "cc-wrapper explain -- cc main.c -lz -o main",
            "Shows what this call becomes",
        ),
        ("cc-wrapper doctor", "Finds what is wrong"),
    ],
    notes: &[
        "A wrapped root is a directory that wrap or adopt creates: its bin contains the tools, as \
         links to cc-wrapper.",
    ],
    related: &[],
    statuses: &[
        ("0", "Success."),
        ("1", "Failure; standard error says why."),
        USAGE,
        (
            "40",
            "Called by a tool's name: the real tool is cc-wrapper again.",
        ),
        (
            "127",
            "Called by a tool's name: the real tool does not exist.",
        ),
        (
            "other",
            "Called by a tool's name: the status of the real tool.",
        ),
    ],
};

/// Runs the command line `args`, whose first word is the program's name, and
/// returns its exit status.
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args = usage::without_help_command(args.collect());
    let program = match Program::try_parse_from(&args) {
        Ok(program) => program,
        Err(error) => return usage::report(&error, &args, &command()),
    };
    let nothing = |()| Vec::new();
    let done = match program.command {
        Called::Explain(arguments) => return explain::run(&arguments),
        Called::Doctor(arguments) => return doctor::run(&arguments),
        Called::Wrap(arguments) => wrap::run(arguments),
        Called::Digest(arguments) => digest::run(&arguments),
        Called::Adopt(arguments) => adopt::run(&arguments),
        Called::Rustup(arguments) => rustup::run(&arguments),
        Called::Env(arguments) => environment::run(&arguments).map(nothing),
        Called::Run(arguments) => run::run(&arguments).map(nothing),
        Called::Compdb(arguments) => compdb::run(&arguments).map(nothing),
        Called::Completions(arguments) => completions::run(&arguments).map(nothing),
        Called::Man(arguments) => man::run(&arguments).map(nothing),
    };
    match done.and_then(|summary| output::to_stdout(&summary)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.print();
            ExitCode::from(error.status())
        }
    }
}

fn command() -> Command {
    Program::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }
}
