//! The command line of `compdb`.

use std::path::PathBuf;

use clap::{Parser, ValueHint};

use crate::support::help::{Help, STATUSES};

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

/// Convert the record of a build to a compile_commands.json
#[derive(Parser)]
#[command(after_help = HELP.text())]
pub struct Arguments {
    /// The file that CC_WRAPPER_COMPDB named
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,

    /// Write to this file [default: standard output]
    #[arg(short, long, value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
}
