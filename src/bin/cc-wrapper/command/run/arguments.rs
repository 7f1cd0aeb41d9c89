//! The command line of `run`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};

use crate::command::environment;
use crate::support::help::{Help, USAGE};

/// The subcommand's name.
pub const NAME: &str = "run";

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[
        (
            "cc-wrapper run --toolchain ~/wrapped --with /opt/zlib -- make -j8",
            "the variables are those that `cc-wrapper env` prints",
        ),
        (
            "~/wrapped/bin/cc-wrapper run --compdb compile.db -- make",
            "ROOT/bin/cc-wrapper means ROOT; then `cc-wrapper compdb compile.db`",
        ),
        (
            "~/wrapped/bin/cc-wrapper run --with /opt/zlib -- bash",
            "a shell",
        ),
    ],
    notes: &["It exits as COMMAND did, and by the signal that ended it."],
    related: &["env", "compdb"],
    statuses: &[
        ("1", "COMMAND was not run; standard error says why."),
        USAGE,
        ("126", "COMMAND cannot be run."),
        ("127", "COMMAND is not there."),
        ("other", "COMMAND's own."),
    ],
};

/// Describes the command line.
pub fn command() -> Command {
    let path = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(value)
            .help(help)
            .value_parser(value_parser!(PathBuf))
            .value_hint(ValueHint::DirPath)
    };
    Command::new(NAME)
        .about("Run a command with these dependencies, and count its calls")
        .after_help(HELP.text())
        .arg(environment::toolchain())
        .arg(
            path(
                "with",
                "PREFIX",
                "Where a dependency is installed (repeatable)",
            )
            .action(ArgAction::Append),
        )
        .arg(
            path(
                "compdb",
                "FILE",
                "Record each compile there, for `cc-wrapper compdb`",
            )
            .value_hint(ValueHint::FilePath),
        )
        .arg(
            Arg::new("quiet")
                .long("quiet")
                .short('q')
                .help("Do not count, and say nothing at the end")
                .action(ArgAction::SetTrue),
        )
        .arg(
            Arg::new("command")
                .value_name("COMMAND")
                .help("A program on PATH, or its path, and its arguments")
                .required(true)
                .num_args(1..)
                .trailing_var_arg(true)
                .value_parser(value_parser!(OsString))
                .value_hint(ValueHint::CommandWithArguments),
        )
}

/// What the user asked for.
pub struct Arguments<'m> {
    pub toolchain: Option<&'m Path>,
    pub prefixes: Vec<&'m Path>,
    pub compdb: Option<&'m Path>,
    pub quiet: bool,
    /// Never empty.
    pub command: Vec<&'m OsString>,
}

impl<'m> Arguments<'m> {
    pub fn read(matches: &'m ArgMatches) -> Arguments<'m> {
        let path = |name| matches.get_one::<PathBuf>(name).map(PathBuf::as_path);
        let prefixes = matches.get_many::<PathBuf>("with").into_iter().flatten();
        let command = matches.get_many("command");
        Arguments {
            toolchain: path("toolchain"),
            prefixes: prefixes.map(PathBuf::as_path).collect(),
            compdb: path("compdb"),
            quiet: matches.get_flag("quiet"),
            command: command.into_iter().flatten().collect(),
        }
    }
}
