//! The command line of `completions`.

use std::ffi::OsString;

use clap::{ArgMatches, Command, ValueHint};

use super::SCRIPTS;
use crate::support::argument::{all, operand};
use crate::support::help::{Help, STATUSES};

/// The subcommand's name.
pub const NAME: &str = "completions";

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[
        (
            "source <(cc-wrapper completions bash)",
            "In ~/.bashrc. With bash-completion, you can write the script to \
             ~/.local/share/bash-completion/completions/cc-wrapper instead",
        ),
        (
            "mkdir -p ~/.zfunc && cc-wrapper completions zsh >~/.zfunc/_cc-wrapper",
            "Needs fpath+=~/.zfunc before compinit in ~/.zshrc",
        ),
        (
            "cc-wrapper completions fish >~/.config/fish/completions/cc-wrapper.fish",
            "fish reads this directory by default",
        ),
    ],
    notes: &[
        "At each Tab, the script runs the cc-wrapper on the command line, and offers what that \
         version has.",
        "Packages install the scripts below PREFIX/share, as \
         bash-completion/completions/cc-wrapper, zsh/site-functions/_cc-wrapper and \
         fish/vendor_completions.d/cc-wrapper.fish.",
    ],
    related: &["man"],
    statuses: STATUSES,
};

/// Describes the command line.
pub fn command() -> Command {
    let shell = "The shell that reads the script: bash, zsh or fish";
    let words = "The words up to the cursor, which the script asks about";
    Command::new(NAME)
        .about("Print a script that completes cc-wrapper's arguments in a shell")
        .after_help(HELP.text())
        .arg(
            operand("shell", "SHELL", ValueHint::Other, shell)
                .required(true)
                .value_parser(SCRIPTS.map(|(shell, _)| shell))
                .hide_possible_values(true),
        )
        .arg(
            operand("words", "WORDS", ValueHint::Other, words)
                .num_args(1..)
                .last(true)
                .hide(true),
        )
}

/// The script of the shell that the user named.
pub fn script(matches: &ArgMatches) -> &'static str {
    let shell = matches.get_one::<String>("shell");
    let mut scripts = SCRIPTS.iter();
    let script = scripts.find(|(name, _)| shell.is_some_and(|shell| shell == name));
    script.map_or("", |(_, script)| script)
}

/// The words that a script asks about; none: the script itself is wanted.
pub fn words(matches: &ArgMatches) -> Vec<OsString> {
    all(matches, "words").cloned().collect()
}
