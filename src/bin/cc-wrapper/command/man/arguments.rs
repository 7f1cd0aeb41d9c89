//! The command line of `man`.

use std::path::Path;

use clap::{ArgMatches, Command, ValueHint};

use crate::command::COMMANDS;
use crate::support::argument::{operand, option, path};
use crate::support::help::{Help, STATUSES};

/// The subcommand's name.
pub const NAME: &str = "man";

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[
        (
            "cc-wrapper man wrap | man -l -",
            "Shows the manual of `cc-wrapper wrap`",
        ),
        (
            "cc-wrapper man --out ~/.local/share/man/man1",
            "Installs all pages where man finds them if ~/.local/bin is on PATH; try `man cc-wrapper-wrap`",
        ),
    ],
    notes: &[
        "The pages are the same on every machine: a package can write them during its build and \
         install the files in DIR.",
    ],
    related: &["completions"],
    statuses: STATUSES,
};

/// Describes the command line.
pub fn command() -> Command {
    let page = "Print the page of this command [default: the page of cc-wrapper]";
    let out = "Write all pages into DIR: cc-wrapper.1, and one for each command";
    Command::new(NAME)
        .about("Print the man page of a command, or write all man pages")
        .after_help(HELP.text())
        .arg(
            operand("command", "COMMAND", ValueHint::Other, page)
                .value_parser(COMMANDS.map(|(name, _, _)| name))
                .hide_possible_values(true),
        )
        .arg(option("out", "DIR", ValueHint::DirPath, out).conflicts_with("command"))
}

/// What the user asked for.
pub enum Arguments<'m> {
    /// To standard output; `None`: the page of the program itself.
    Page(Option<&'m str>),
    /// All, into this directory.
    Out(&'m Path),
}

impl<'m> Arguments<'m> {
    pub fn read(matches: &'m ArgMatches) -> Arguments<'m> {
        match path(matches, "out") {
            Some(out) => Arguments::Out(out),
            None => Arguments::Page(matches.get_one::<String>("command").map(String::as_str)),
        }
    }
}
