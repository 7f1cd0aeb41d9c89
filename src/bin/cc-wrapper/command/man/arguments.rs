//! The command line of `man`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Parser, ValueHint};

use crate::command::COMMANDS;
use crate::support::help::{Help, STATUSES};

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

/// Print the man page of a command, or write all man pages
#[derive(Parser)]
#[command(after_help = HELP.text())]
pub struct Arguments {
    /// Print the page of this command [default: the page of cc-wrapper]
    #[arg(value_parser = PossibleValuesParser::new(COMMANDS.map(|(name, _)| name)),
          hide_possible_values = true, value_hint = ValueHint::Other)]
    pub command: Option<String>,

    /// Write all pages into DIR: cc-wrapper.1, and one for each command
    #[arg(long, value_name = "DIR", conflicts_with = "command",
          value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
}
