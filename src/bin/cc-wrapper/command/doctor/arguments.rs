//! The command line of `doctor`.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};

use crate::command::help::{Help, USAGE};

/// The subcommand's name.
pub const NAME: &str = "doctor";

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[
        (
            "cc-wrapper doctor",
            "why does `cc` not add what NIX_CFLAGS_COMPILE says?",
        ),
        (
            "cc-wrapper doctor build/main build/libx.so",
            "will they find their libraries?",
        ),
    ],
    notes: &["It changes nothing, and exits with 1 if there is an error among its findings."],
    related: &["explain"],
    statuses: &[
        ("0", "There may be warnings, but no error."),
        ("1", "There is an error among the findings."),
        USAGE,
    ],
};

/// Describes the command line.
pub fn command() -> Command {
    Command::new(NAME)
        .about("Tell what is wrong with a root, its environment, or a program")
        .after_help(HELP.text())
        .arg(
            Arg::new("path")
                .value_name("PATH")
                .help("A wrapped root, a tool in it, or an ELF file [default: the root of the cc on PATH, of $CC, or $NIX_CC]")
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::AnyPath)
                .num_args(1..)
                .action(ArgAction::Append),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .help("For programs to read")
                .action(ArgAction::SetTrue),
        )
}

/// What the user asked for.
pub struct Arguments<'m> {
    /// None: what the environment leads to.
    pub paths: Vec<&'m PathBuf>,
    pub is_json: bool,
}

impl<'m> Arguments<'m> {
    pub fn read(matches: &'m ArgMatches) -> Arguments<'m> {
        let paths = matches.get_many("path");
        Arguments {
            paths: paths.map(Iterator::collect).unwrap_or_default(),
            is_json: matches.get_flag("json"),
        }
    }
}
