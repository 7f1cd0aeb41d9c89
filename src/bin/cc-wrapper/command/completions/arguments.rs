//! The command line of `completions`.

use clap::{Arg, ArgMatches, Command};

use super::{SHELLS, Script};
use crate::support::help::{Help, STATUSES};

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
                .help("Who is to read it")
                .required(true)
                .value_parser(SHELLS.map(|(name, _)| name)),
        )
}

/// What writes the script that the user asked for.
pub fn read(matches: &ArgMatches) -> Script {
    let shell = matches.get_one::<String>("shell");
    let is_it = |(name, _): &&(&str, Script)| shell.is_some_and(|shell| shell == name);
    SHELLS.iter().find(is_it).unwrap_or(&SHELLS[0]).1
}
