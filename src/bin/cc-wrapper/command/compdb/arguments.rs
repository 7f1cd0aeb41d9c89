//! The command line of `compdb`.

use std::path::Path;

use clap::{ArgMatches, Command, ValueHint};

use crate::support::argument::{operand, option, path};
use crate::support::help::{Help, STATUSES};

/// The subcommand's name.
pub const NAME: &str = "compdb";

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[
        ("CC_WRAPPER_COMPDB=$PWD/compile.db make -j8", ""),
        (
            "cc-wrapper compdb compile.db -o compile_commands.json",
            "Records a build, and writes the file that clangd and other tools look for",
        ),
    ],
    notes: &[
        "If FILE has several records for one output, the last one counts, so you can keep FILE \
         from build to build. Remove FILE after you remove source files.",
    ],
    related: &["run"],
    statuses: STATUSES,
};

/// Describes the command line.
pub fn command() -> Command {
    Command::new(NAME)
        .about("Convert the record of a build to a compile_commands.json")
        .after_help(HELP.text())
        .arg(
            operand(
                "file",
                "FILE",
                ValueHint::FilePath,
                "The file that CC_WRAPPER_COMPDB named",
            )
            .required(true),
        )
        .arg(
            option(
                "output",
                "OUTPUT",
                ValueHint::FilePath,
                "Write to this file [default: standard output]",
            )
            .short('o'),
        )
}

/// What the user asked for.
pub struct Arguments<'m> {
    pub file: &'m Path,
    pub output: Option<&'m Path>,
}

impl<'m> Arguments<'m> {
    pub fn read(matches: &'m ArgMatches) -> Arguments<'m> {
        Arguments {
            file: path(matches, "file").unwrap_or(Path::new("")),
            output: path(matches, "output"),
        }
    }
}
