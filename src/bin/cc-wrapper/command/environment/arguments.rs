//! The command line of `env`.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};

use super::print::{self, Shell};
use crate::command::help::{Help, STATUSES};

/// The subcommand's name.
pub const NAME: &str = "env";

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[
        (
            "eval \"$(cc-wrapper env --toolchain ~/wrapped /opt/zlib /opt/libpng)\"",
            "for a shell; then ./configure, make, cmake, meson find both",
        ),
        ("cc-wrapper env /opt/zlib --shell fish | source", ""),
        (
            "cc-wrapper env /opt/zlib --shell nu | from json | load-env",
            "",
        ),
        (
            "cc-wrapper env /opt/zlib --shell github >>\"$GITHUB_ENV\"",
            "for the steps of a GitHub workflow that follow",
        ),
    ],
    notes: &[
        "What is set already is kept, and what is in it already is not put in again. \
         ROOT/bin/cc-wrapper needs no --toolchain: it means ROOT.",
    ],
    related: &["wrap", "run"],
    statuses: STATUSES,
};

/// Describes the command line.
pub fn command() -> Command {
    Command::new(NAME)
        .about("Print the variables by which wrapped tools find dependencies")
        .after_help(HELP.text())
        .arg(
            Arg::new("prefix")
                .value_name("PREFIX")
                .help("Where a dependency is installed: it holds include, lib, …")
                .num_args(1..)
                .action(ArgAction::Append)
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::DirPath),
        )
        .arg(toolchain())
        .arg(
            Arg::new("shell")
                .long("shell")
                .value_name("SHELL")
                .help("Who is to read it: bash (and any like sh), fish, nu, json, github")
                .default_value(print::ALL[0].name)
                .value_parser(
                    print::ALL.map(|shell| PossibleValue::new(shell.name).aliases(shell.aliases)),
                )
                .hide_possible_values(true),
        )
}

/// The option that `run` has too.
pub fn toolchain() -> Arg {
    Arg::new("toolchain")
        .long("toolchain")
        .value_name("DIR")
        .help("A wrapped root: its tools first on PATH, and as CC, CXX, PKG_CONFIG, LD …")
        .value_parser(value_parser!(PathBuf))
        .value_hint(ValueHint::DirPath)
}

/// What the user asked for.
pub struct Arguments<'m> {
    pub prefixes: Vec<&'m Path>,
    pub toolchain: Option<&'m Path>,
    pub shell: &'static Shell,
}

impl<'m> Arguments<'m> {
    pub fn read(matches: &'m ArgMatches) -> Arguments<'m> {
        let prefixes = matches.get_many::<PathBuf>("prefix");
        let shell = matches.get_one::<String>("shell");
        let shell = shell.and_then(|name| Shell::named(name));
        Arguments {
            prefixes: prefixes
                .into_iter()
                .flatten()
                .map(PathBuf::as_path)
                .collect(),
            toolchain: matches
                .get_one::<PathBuf>("toolchain")
                .map(PathBuf::as_path),
            shell: shell.unwrap_or(&print::ALL[0]),
        }
    }
}
