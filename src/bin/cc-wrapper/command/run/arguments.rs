//! The command line of `run`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, ValueHint};

use crate::command::environment;
use crate::support::help::{Help, USAGE};

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
            "~/wrapped/bin/cc-wrapper run --prefix /opt/libpng -- make",
            "Programs find the libraries that `make install` puts into /opt/libpng/lib",
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
        ("127", "COMMAND does not exist."),
        ("other", "COMMAND's own."),
    ],
};

/// Run a command with dependencies, and count compiles and links
#[derive(Parser)]
#[command(after_help = HELP.text())]
pub struct Arguments {
    #[command(flatten)]
    pub build: environment::BuildOptions,

    /// Make this dependency's directory known; may be repeated
    #[arg(long = "with", value_name = "PREFIX", value_hint = ValueHint::DirPath)]
    pub prefixes: Vec<PathBuf>,

    /// Record each compile in this file, for `cc-wrapper compdb`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub compdb: Option<PathBuf>,

    /// Do not count, and print nothing at the end
    #[arg(short, long)]
    pub quiet: bool,

    /// A program on PATH or the path of one, and its arguments
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true,
          value_hint = ValueHint::CommandWithArguments)]
    pub command: Vec<OsString>,
}
