//! `cc-wrapper`, called by its own name.

mod adopt;
mod compdb;
mod completions;
mod doctor;
mod elf;
mod elf_note;
mod environment;
mod error;
mod exchange;
mod explain;
mod linker_shims;
mod help;
mod install;
mod interrupt;
mod man;
mod output;
mod own;
mod paths;
mod run;
mod rustup;
mod screen;
mod step;
mod summary;
mod usage;
mod wrap;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Command;

use self::help::{Help, USAGE};

const ABOUT: &str = "gcc, g++, clang and ld with the flags of their environment put in";

/// Wider text is no longer read with ease.
const WIDTH: usize = 100;

/// The command line of a command, and what is said of it besides.
type Described = (&'static str, fn() -> Command, &'static Help);

/// All commands, in the order in which people come to need them.
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

/// The first things to do with it.
const HELP: Help = Help {
    examples: &[
        (
            "cc-wrapper wrap ~/wrapped",
            "wraps this machine's compilers; PATH=~/wrapped/bin:$PATH uses them",
        ),
        (
            "eval \"$(~/wrapped/bin/cc-wrapper env /opt/zlib)\"",
            "lets them find what is installed in /opt/zlib",
        ),
        (
            "cc-wrapper explain -- cc main.c -lz -o main",
            "tells what becomes of a call",
        ),
        ("cc-wrapper doctor", "tells what is wrong"),
    ],
    notes: &[],
    related: &[],
    statuses: &[
        ("0", "It is done."),
        ("1", "It is not; standard error says why."),
        USAGE,
        (
            "40",
            "Called by a tool's name: the real tool is cc-wrapper again.",
        ),
        (
            "127",
            "Called by a tool's name: the real tool is not there.",
        ),
        ("other", "Called by a tool's name: the real tool's own."),
    ],
};

/// Runs the command line `args`, its first word being our name.
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args = usage::without_help_command(args.collect());
    let matches = match command().try_get_matches_from(&args) {
        Ok(matches) => matches,
        Err(error) => return usage::tell(&error, &args, &command()),
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
