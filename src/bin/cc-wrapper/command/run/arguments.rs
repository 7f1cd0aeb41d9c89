//! The command line of `run`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{ArgAction, ArgMatches, Command, ValueHint};

use crate::command::environment;
use crate::support::argument::{all, call, flag, option, path};
use crate::support::help::{Help, USAGE};

/// The subcommand's name.
pub const NAME: &str = "run";

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[
        (
            "cc-wrapper run --toolchain ~/wrapped --with /opt/zlib -- make -j8",
            "Sets the variables that `cc-wrapper env` prints",
        ),
        (
            "~/wrapped/bin/cc-wrapper run --compdb compile.db -- make",
            "Records the build for `cc-wrapper compdb`; ROOT/bin/cc-wrapper uses ROOT",
        ),
        (
            "~/wrapped/bin/cc-wrapper run --with /opt/zlib -- bash",
            "Starts a shell",
        ),
    ],
    notes: &["run exits as COMMAND does, and by the same signal if one ends COMMAND."],
    related: &["env", "compdb"],
    statuses: &[
        ("1", "COMMAND was not started; standard error says why."),
        USAGE,
        ("126", "COMMAND cannot be run."),
        ("127", "COMMAND is not there."),
        ("other", "COMMAND's own."),
    ],
};

/// Describes the command line.
pub fn command() -> Command {
    let with = "Make this dependency's directory known; may be repeated";
    let compdb = "Record each compile in this file, for `cc-wrapper compdb`";
    Command::new(NAME)
        .about("Run a command with dependencies, and count compiles and links")
        .after_help(HELP.text())
        .arg(environment::toolchain())
        .arg(option("with", "PREFIX", ValueHint::DirPath, with).action(ArgAction::Append))
        .arg(option("compdb", "FILE", ValueHint::FilePath, compdb))
        .arg(flag("quiet", "Do not count, and print nothing at the end").short('q'))
        .arg(call(
            "COMMAND",
            "A program on PATH or the path of one, and its arguments",
        ))
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
        Arguments {
            toolchain: path(matches, "toolchain"),
            prefixes: all(matches, "with").map(PathBuf::as_path).collect(),
            compdb: path(matches, "compdb"),
            quiet: matches.get_flag("quiet"),
            command: all(matches, "call").collect(),
        }
    }
}
