//! The command line of `env`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, ValueHint};

use super::print::{self, Shell};
use crate::support::help::{Help, STATUSES};

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[
        (
            "eval \"$(cc-wrapper env --toolchain ~/wrapped /opt/zlib /opt/libpng)\"",
            "For a shell: ./configure, make, cmake and meson then find both",
        ),
        ("cc-wrapper env /opt/zlib --shell fish | source", ""),
        (
            "cc-wrapper env /opt/zlib --shell nu | from json | load-env",
            "",
        ),
        (
            "cc-wrapper env /opt/zlib --shell github >>\"$GITHUB_ENV\"",
            "For the following steps of a GitHub workflow",
        ),
    ],
    notes: &[
        "env extends variables that are set, and adds nothing twice. ROOT/bin/cc-wrapper needs no \
         --toolchain: it uses ROOT.",
    ],
    related: &["wrap", "run"],
    statuses: STATUSES,
};

/// Print variables that make wrapped compilers find dependencies
#[derive(Parser)]
#[command(after_help = HELP.text())]
pub struct Arguments {
    /// The directory of a dependency, with include, lib and so on in it
    #[arg(value_name = "PREFIX", value_hint = ValueHint::DirPath)]
    pub prefixes: Vec<PathBuf>,

    #[command(flatten)]
    pub build: BuildOptions,

    /// Print for this reader: bash (and other POSIX shells), fish, nu, json or
    /// github
    #[arg(long, default_value = print::ALL[0].name, hide_possible_values = true,
          value_parser = shells(), value_hint = ValueHint::Other)]
    pub shell: Shell,
}

/// The options that `run` has too.
#[derive(Args)]
pub struct BuildOptions {
    /// Use this wrapped root: put its tools first on PATH and set CC, CXX, LD,
    /// PKG_CONFIG …
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub toolchain: Option<PathBuf>,

    /// Install the build to DIR later: a link against one of its own libraries
    /// gets an rpath for DIR/lib
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub prefix: Option<PathBuf>,

    /// Install libraries to DIR, below the prefix if relative; may be repeated
    /// [default: lib, and lib64 and lib/TARGET if they exist]
    #[arg(long, value_name = "DIR", requires = "prefix", value_hint = ValueHint::Other)]
    pub libdir: Vec<PathBuf>,
}

fn shells() -> impl TypedValueParser<Value = Shell> {
    let shells = print::ALL.map(|shell| PossibleValue::new(shell.name).aliases(shell.aliases));
    PossibleValuesParser::new(shells).map(|name| *Shell::named(&name).unwrap_or(&print::ALL[0]))
}
