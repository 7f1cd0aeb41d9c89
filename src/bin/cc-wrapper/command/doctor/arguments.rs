//! The command line of `doctor`.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};

use crate::support::help::{Help, USAGE};

/// The subcommand's name.
pub const NAME: &str = "doctor";

/// The parts of `--help` and the man page besides the options.
pub const HELP: Help = Help {
    examples: &[
        (
            "cc-wrapper doctor",
            "why does `cc` ignore NIX_CFLAGS_COMPILE?",
        ),
        (
            "cc-wrapper doctor build/main build/libx.so",
            "do they find their libraries?",
        ),
    ],
    notes: &["doctor changes nothing. It exits with 1 if there is an error among the findings."],
    related: &["explain"],
    statuses: &[
        ("0", "No errors; there may be warnings."),
        ("1", "At least one error."),
        USAGE,
    ],
};

/// Describes the command line.
pub fn command() -> Command {
    Command::new(NAME)
        .about("Report what is wrong with a root, its environment, or a built program")
        .after_help(HELP.text())
        .arg(
            Arg::new("path")
                .value_name("PATH")
                .help("A wrapped root, a tool in it, or an ELF file [default: the root of the cc on PATH, of $CC, or $NIX_CC]")
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::AnyPath)
                .action(ArgAction::Append),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .help("Print findings as JSON")
                .action(ArgAction::SetTrue),
        )
}

/// What the user asked for.
pub struct Arguments<'m> {
    /// Empty: what the environment leads to is examined.
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
