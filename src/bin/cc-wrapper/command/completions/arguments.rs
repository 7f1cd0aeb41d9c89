//! The command line of `completions`.

use std::ffi::OsString;

use clap::builder::PossibleValuesParser;
use clap::{Parser, ValueHint};

use super::SCRIPTS;
use crate::support::help::{Help, STATUSES};

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

/// Print a script that completes cc-wrapper's arguments in a shell
#[derive(Parser)]
#[command(after_help = HELP.text())]
pub struct Arguments {
    /// The shell that reads the script: bash, zsh or fish
    #[arg(value_parser = PossibleValuesParser::new(SCRIPTS.map(|(shell, _)| shell)),
          hide_possible_values = true, value_hint = ValueHint::Other)]
    pub shell: String,

    /// The words up to the cursor, which the script asks about; none: the script
    /// itself is wanted
    #[arg(last = true, hide = true, value_hint = ValueHint::Other)]
    pub words: Vec<OsString>,
}
