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
mod usage;
mod wrap;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Command;

const ABOUT: &str = "gcc, g++, clang and ld with the flags of their environment put in";

/// Runs the command line `args`, its first word being our name.
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args = usage::without_help_command(args.collect());
    let matches = match command().try_get_matches_from(&args) {
        Ok(matches) => matches,
        Err(error) => return usage::tell(&error, &args, &command()),
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

/// The command line, commands in the order in which people come to need them.
fn command() -> Command {
    Command::new("cc-wrapper")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand(wrap::command())
        .subcommand(environment::command())
        .subcommand(run::command())
        .subcommand(explain::command())
        .subcommand(doctor::command())
        .subcommand(compdb::command())
        .subcommand(adopt::command())
        .subcommand(rustup::command())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }
}
