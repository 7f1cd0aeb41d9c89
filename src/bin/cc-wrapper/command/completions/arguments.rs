//! The command line of `completions`.

use std::ffi::OsString;

use clap::{Arg, ArgMatches, Command, value_parser};

use super::SCRIPTS;
use crate::command::help::{Help, STATUSES};

/// The subcommand's name.
pub const NAME: &str = "completions";

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[
        (
            "source <(cc-wrapper completions bash)",
            "in ~/.bashrc; or write it to \
             ~/.local/share/bash-completion/completions/cc-wrapper, if bash-completion is there",
        ),
        (
            "mkdir -p ~/.zfunc && cc-wrapper completions zsh >~/.zfunc/_cc-wrapper",
            "with fpath+=~/.zfunc before compinit in ~/.zshrc",
        ),
        (
            "cc-wrapper completions fish >~/.config/fish/completions/cc-wrapper.fish",
            "fish looks there by itself",
        ),
    ],
    notes: &[
        "Packages install them below PREFIX/share, as bash-completion/completions/cc-wrapper, \
         zsh/site-functions/_cc-wrapper and fish/vendor_completions.d/cc-wrapper.fish.",
    ],
    related: &["man"],
    statuses: STATUSES,
};

/// Describes the command line.
pub fn command() -> Command {
    Command::new(NAME)
        .about("Print what lets a shell complete the arguments of cc-wrapper")
        .after_help(HELP.text())
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .help("The shell that reads the script: bash, zsh or fish")
                .required(true)
                .value_parser(SCRIPTS.map(|(shell, _)| shell))
                .hide_possible_values(true),
        )
        .arg(
            Arg::new("words")
                .help("The words up to the cursor, which the script asks about")
                .num_args(1..)
                .last(true)
                .hide(true)
                .value_parser(value_parser!(OsString)),
        )
}

/// The script of the shell that the user named.
pub fn script(matches: &ArgMatches) -> &'static str {
    let shell = matches.get_one::<String>("shell");
    let mut scripts = SCRIPTS.iter();
    let script = scripts.find(|(name, _)| shell.is_some_and(|shell| shell == name));
    script.map_or("", |(_, script)| script)
}

/// The words that a script asks about; `None`: the script itself is wanted.
pub fn words(matches: &ArgMatches) -> Option<Vec<OsString>> {
    let words = matches.get_many::<OsString>("words")?;
    Some(words.cloned().collect())
}
