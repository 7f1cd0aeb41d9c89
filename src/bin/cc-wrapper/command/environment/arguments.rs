//! The command line of `env`.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};

use super::print::{self, Shell};
use crate::support::argument::{all, operand, option, path};
use crate::support::help::{Help, STATUSES};

/// The subcommand's name.
pub const NAME: &str = "env";

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

/// Describes the command line.
pub fn command() -> Command {
    let shells = print::ALL.map(|shell| PossibleValue::new(shell.name).aliases(shell.aliases));
    let prefix = "The directory of a dependency, with include, lib and so on in it";
    let shell = "Print for this reader: bash (and other POSIX shells), fish, nu, json or github";
    Command::new(NAME)
        .about("Print variables that make wrapped compilers find dependencies")
        .after_help(HELP.text())
        .arg(
            operand("prefix", "PREFIX", ValueHint::DirPath, prefix)
                .num_args(1..)
                .action(ArgAction::Append),
        )
        .arg(toolchain())
        .arg(
            option("shell", "SHELL", ValueHint::Other, shell)
                .default_value(print::ALL[0].name)
                .value_parser(shells)
                .hide_possible_values(true),
        )
}

/// The option that `run` has too.
pub fn toolchain() -> Arg {
    let help =
        "Use this wrapped root: put its tools first on PATH and set CC, CXX, LD, PKG_CONFIG …";
    option("toolchain", "DIR", ValueHint::DirPath, help)
}

/// What the user asked for.
pub struct Arguments<'m> {
    pub prefixes: Vec<&'m Path>,
    pub toolchain: Option<&'m Path>,
    pub shell: &'static Shell,
}

impl<'m> Arguments<'m> {
    pub fn read(matches: &'m ArgMatches) -> Arguments<'m> {
        let shell = matches.get_one::<String>("shell");
        let shell = shell.and_then(|name| Shell::named(name));
        Arguments {
            prefixes: all(matches, "prefix").map(PathBuf::as_path).collect(),
            toolchain: path(matches, "toolchain"),
            shell: shell.unwrap_or(&print::ALL[0]),
        }
    }
}
