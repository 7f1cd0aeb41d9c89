//! The command line of `digest`.

use std::ffi::OsString;

use clap::{Parser, ValueHint};

use crate::support::help::{Help, STATUSES};

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[(
        "export CCACHE_COMPILERCHECK=\"cc-wrapper digest %compiler%\"",
        "Makes `ccache ROOT/bin/gcc` see NIX_CFLAGS_COMPILE; env and run do this too",
    )],
    notes: &[
        "The digest changes with the variables and flag files that compiles read, and with the \
         real compiler's file. It does not change with what only links read.",
    ],
    related: &["env", "run"],
    statuses: STATUSES,
};

/// Print a digest of what is added to compiles, for compiler caches
#[derive(Parser)]
#[command(after_help = HELP.text())]
pub struct Arguments {
    /// A wrapped compiler, or one that is not wrapped
    #[arg(value_name = "COMPILER", required = true, value_hint = ValueHint::CommandName)]
    pub compilers: Vec<OsString>,
}
