//! The command line of `doctor`.

use clap::{ArgAction, Command, ValueHint};

use crate::support::argument::{flag, operand};
use crate::support::help::{Help, USAGE};

/// The subcommand's name.
pub const NAME: &str = "doctor";

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[
        (
            "cc-wrapper doctor",
            "Says why `cc` does not add what NIX_CFLAGS_COMPILE contains",
        ),
        (
            "cc-wrapper doctor build/main build/libx.so",
            "Says whether they will find their libraries",
        ),
    ],
    notes: &["doctor changes nothing. It exits with 1 if one of its findings is an error."],
    related: &["explain"],
    statuses: &[
        ("0", "No finding is an error; there may be warnings."),
        ("1", "At least one finding is an error."),
        USAGE,
    ],
};

const PATH: &str = "A wrapped root, a tool in it, or an ELF file [default: the root of the cc on \
    PATH, of $CC, or $NIX_CC]";

/// Describes the command line.
pub fn command() -> Command {
    Command::new(NAME)
        .about("Find what is wrong with a root, its environment, or a program")
        .after_help(HELP.text())
        .arg(
            operand("path", "PATH", ValueHint::AnyPath, PATH)
                .num_args(1..)
                .action(ArgAction::Append),
        )
        .arg(flag("json", "Print JSON, for programs"))
}
