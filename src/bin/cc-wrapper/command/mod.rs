//! `cc-wrapper`, called by its own name.

mod adopt;
mod compdb;
mod doctor;
mod elf;
mod environment;
mod error;
mod exchange;
mod explain;
mod front_ends;
mod install;
mod interrupt;
mod output;
mod own;
mod paths;
mod run;
mod rustup;
mod screen;
mod step;
mod summary;
mod wrap;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::Command;

use error::Error;

const ABOUT: &str = "gcc, g++, clang and ld with the flags of their environment put in";
const USAGE_ERROR: u8 = 2;

/// Runs the command line `args`, its first word being our name.
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let matches = match command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => return usage(&error),
    };
    let done = match matches.subcommand() {
        Some((explain::NAME, matches)) => return explain::run(matches),
        Some((adopt::NAME, matches)) => adopt::run(matches),
        Some((wrap::NAME, matches)) => wrap::run(matches),
        Some((rustup::NAME, matches)) => rustup::run(matches),
        Some((doctor::NAME, matches)) => return doctor::run(matches),
        Some((compdb::NAME, matches)) => compdb::run(matches).map(|()| Vec::new()),
        Some((environment::NAME, matches)) => environment::run(matches).map(|()| Vec::new()),
        Some((run::NAME, matches)) => run::run(matches).map(|()| Vec::new()),
        _ => Ok(Vec::new()),
    };
    match done.and_then(|summary| output::to_stdout(&summary)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.print();
            ExitCode::from(error.status())
        }
    }
}

fn command() -> Command {
    Command::new("cc-wrapper")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand(wrap::command())
        .subcommand(adopt::command())
        .subcommand(rustup::command())
        .subcommand(compdb::command())
        .subcommand(doctor::command())
        .subcommand(explain::command())
        .subcommand(environment::command())
        .subcommand(run::command())
}

/// clap's explanation, on one line unless it was asked for.
fn usage(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = write!(io::stdout(), "{error}");
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = write!(io::stderr(), "{error}");
            ExitCode::from(USAGE_ERROR)
        }
        _ => {
            Error::new(one_line(&error.to_string())).print();
            ExitCode::from(USAGE_ERROR)
        }
    }
}

/// What is wrong and clap's tips, without the usage and the pointer to it.
fn one_line(message: &str) -> String {
    let told: Vec<String> = message
        .split("\n\n")
        .filter(|part| !part.starts_with("Usage:") && !part.starts_with("For more information"))
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let told = told.join("; ");
    let told = told.strip_prefix("error: ").unwrap_or(&told);
    format!("{told} (see --help)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn a_usage_error_is_one_line() {
        for (args, expected) in [
            (
                &["cc-wrapper", "wrap"][..],
                "the following required arguments were not provided: <DIR> (see --help)",
            ),
            (
                &["cc-wrapper", "wrap", "--hardenin", "x", "d"],
                "unexpected argument '--hardenin' found; tip: a similar argument exists: '--hardening' (see --help)",
            ),
        ] {
            let error = command().try_get_matches_from(args).unwrap_err();
            assert_eq!(one_line(&error.to_string()), expected);
        }
    }
}
