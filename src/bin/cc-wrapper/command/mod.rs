//! The command line of `cc-wrapper` and its commands. docs/glossary.md defines
//! the words that have a special meaning here.

mod adopt;
mod compdb;
mod completions;
mod doctor;
mod environment;
mod explain;
mod man;
mod run;
mod rustup;
mod usage;
mod wrap;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Command;

use crate::support::help::{Help, USAGE};
use crate::support::output;

const ABOUT: &str = "Wrap gcc, g++, clang and ld to add flags from environment variables";

/// The largest width of help texts, so that lines stay easy to read.
const WIDTH: usize = 100;

/// A command's name, command line and help texts.
type Described = (&'static str, fn() -> Command, &'static Help);

/// All commands, in the order in which a new user needs them.
const COMMANDS: [Described; 10] = [
    (wrap::NAME, wrap::command, &wrap::HELP),
    (environment::NAME, environment::command, &environment::HELP),
    (run::NAME, run::command, &run::HELP),
    (explain::NAME, explain::command, &explain::HELP),
    (doctor::NAME, doctor::command, &doctor::HELP),
    (compdb::NAME, compdb::command, &compdb::HELP),
    (adopt::NAME, adopt::command, &adopt::HELP),
    (rustup::NAME, rustup::command, &rustup::HELP),
    (completions::NAME, completions::command, &completions::HELP),
    (man::NAME, man::command, &man::HELP),
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
    let matches = match command().try_get_matches_from(&args) {
        Ok(matches) => matches,
        Err(error) => return usage::report(&error, &args, &command()),
    };
    let done = match matches.subcommand() {
        Some((explain::NAME, matches)) => return explain::run(matches),
        Some((adopt::NAME, matches)) => adopt::run(matches),
        Some((wrap::NAME, matches)) => wrap::run(matches),
        Some((rustup::NAME, matches)) => rustup::run(matches),
        Some((doctor::NAME, matches)) => return doctor::run(matches),
        Some((compdb::NAME, matches)) => compdb::run(matches).map(|()| Vec::new()),
        Some((environment::NAME, matches)) => environment::run(matches).map(|()| Vec::new()),
        Some((run::NAME, matches)) => run::run(matches).map(|()| Vec::new()),
        Some((completions::NAME, matches)) => completions::run(matches).map(|()| Vec::new()),
        Some((man::NAME, matches)) => man::run(matches).map(|()| Vec::new()),
        _ => Ok(Vec::new()),
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
    let program = Command::new("cc-wrapper")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .after_help(HELP.text())
        .max_term_width(WIDTH)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true);
    let commands = COMMANDS.map(|(_, command, _)| command());
    program.subcommands(commands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }
}
