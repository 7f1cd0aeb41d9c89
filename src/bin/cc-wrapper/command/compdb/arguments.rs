//! The command line of `compdb`.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};

use crate::support::help::{Help, STATUSES};

/// The subcommand's name.
pub const NAME: &str = "compdb";

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[
        ("CC_WRAPPER_COMPDB=$PWD/compile.db make -j8", ""),
        (
            "cc-wrapper compdb compile.db -o compile_commands.json",
            "what clangd and other tools look for at the top of a project",
        ),
    ],
    notes: &[
        "Of several records for one output the last counts, so FILE can be kept from build to \
         build. Remove it where sources have gone.",
    ],
    related: &["run"],
    statuses: STATUSES,
};

/// Describes the command line.
pub fn command() -> Command {
    let path = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name)
            .value_name(value)
            .help(help)
            .value_parser(value_parser!(PathBuf))
            .value_hint(ValueHint::FilePath)
    };
    Command::new(NAME)
        .about("Turn what CC_WRAPPER_COMPDB recorded into a compile_commands.json")
        .after_help(HELP.text())
        .arg(path("file", "FILE", "What CC_WRAPPER_COMPDB named").required(true))
        .arg(
            path(
                "output",
                "OUTPUT",
                "Write it there [default: standard output]",
            )
            .short('o')
            .long("output"),
        )
}

/// What the user asked for.
pub struct Arguments<'m> {
    pub file: &'m Path,
    pub output: Option<&'m Path>,
}

impl<'m> Arguments<'m> {
    pub fn read(matches: &'m ArgMatches) -> Arguments<'m> {
        let path = |name| matches.get_one::<PathBuf>(name).map(PathBuf::as_path);
        Arguments {
            file: path("file").unwrap_or(Path::new("")),
            output: path("output"),
        }
    }
}
