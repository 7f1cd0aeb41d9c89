//! The command line of `doctor`.

use std::path::PathBuf;

use clap::{Parser, ValueHint};

use crate::support::help::{Help, USAGE};

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
        (
            "cc-wrapper doctor /opt/zlib",
            "Says so of all programs and libraries that are installed there",
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

/// Find what is wrong with a root, its environment, or a program
#[derive(Parser)]
#[command(after_help = HELP.text())]
pub struct Arguments {
    /// A wrapped root, a tool in it, a build directory of CMake, Meson or
    /// configure, a prefix with installed programs, or an ELF file [default: the
    /// root of the cc on PATH, of $CC, or $NIX_CC]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,

    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}
