//! The command line of `man`.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};

use crate::command::COMMANDS;
use crate::support::help::{Help, STATUSES};

/// The subcommand's name.
pub const NAME: &str = "man";

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[
        (
            "cc-wrapper man wrap | man -l -",
            "read what there is to know of `cc-wrapper wrap`",
        ),
        (
            "cc-wrapper man --out ~/.local/share/man/man1",
            "all pages, where man looks if ~/.local/bin is on PATH; then `man cc-wrapper-wrap`",
        ),
    ],
    notes: &[
        "The pages are the same whenever and wherever they are made: for packages, run it in the \
         build and install what is in DIR.",
    ],
    related: &["completions"],
    statuses: STATUSES,
};

/// Describes the command line.
pub fn command() -> Command {
    Command::new(NAME)
        .about("Print the man page of a command, or write all man pages")
        .after_help(HELP.text())
        .arg(
            Arg::new("command")
                .value_name("COMMAND")
                .help("The page of this command [default: cc-wrapper's own]")
                .value_parser(COMMANDS.map(|(name, _, _)| name))
                .hide_possible_values(true),
        )
        .arg(
            Arg::new("out")
                .long("out")
                .value_name("DIR")
                .help("Write all pages into DIR, cc-wrapper.1 and one for each command")
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::DirPath)
                .conflicts_with("command"),
        )
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
        match matches.get_one::<PathBuf>("out") {
            Some(out) => Arguments::Out(out),
            None => Arguments::Page(matches.get_one::<String>("command").map(String::as_str)),
        }
    }
}
