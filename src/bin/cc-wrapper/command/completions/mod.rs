//! `cc-wrapper completions SHELL`: what a shell offers behind `cc-wrapper`.
//!
//! Written from the command lines themselves, and for what these have: one
//! kind of operand to a command, which may be a call with arguments of its
//! own. What there is to install for any program of clap's leaves operands to
//! be guessed.

mod arguments;
mod bash;
mod fish;
mod line;
mod zsh;

use clap::ArgMatches;

pub use arguments::{HELP, NAME, command};

use self::line::Line;
use crate::support::error::Result;
use crate::support::output;

/// Writes a script for the program, then its commands.
type Script = fn(&Line, &[Line]) -> String;

/// By the names of the shells.
const SHELLS: [(&str, Script); 3] = [
    ("bash", bash::script),
    ("zsh", zsh::script),
    ("fish", fish::script),
];

/// Does what the command line asks.
///
/// # Errors
/// Nobody gets to read all of it.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let mut program = super::command();
    program.build();
    let commands: Vec<Line> = program.get_subcommands().map(Line::of).collect();
    let script = arguments::read(matches)(&Line::of(&program), &commands);
    output::to_stdout(script.as_bytes())
}
