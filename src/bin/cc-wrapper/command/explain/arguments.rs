//! The command line of `explain`.

use std::ffi::OsString;

use clap::{Parser, ValueHint};

use crate::support::help::{Help, USAGE};

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[
        (
            "cc-wrapper explain -- gcc main.c -lz -o main",
            "Shows each argument of the real gcc and where it comes from, and what ld adds",
        ),
        (
            "cc-wrapper explain --command -- gcc -c main.c",
            "Prints only the command, quoted for a shell",
        ),
    ],
    notes: &[
        "TOOL is searched for on PATH unless it contains a slash. explain reads the current \
         environment, so set what the build sets. It compiles and links nothing, but it runs gcc \
         and clang with -###, because only they know how they call ld, and the toolchain's hooks, \
         because only they know what they add (except post-link-hook, which follows a link).",
    ],
    related: &["doctor"],
    statuses: &[
        ("0", "TOOL would be run."),
        USAGE,
        (
            "other",
            "The call would fail before TOOL runs, with this status and this message.",
        ),
    ],
};

/// Show the final command line of a call and each argument's origin
#[derive(Parser)]
#[command(override_usage = "cc-wrapper explain [OPTIONS] [--] <TOOL> [ARGS]...")]
#[command(after_help = HELP.text())]
pub struct Arguments {
    /// Print JSON, for programs
    #[arg(long, conflicts_with = "command")]
    pub json: bool,

    /// Print only the command line, quoted for a shell
    #[arg(long)]
    pub command: bool,

    /// A wrapped tool, followed by the arguments of its call
    #[arg(value_name = "TOOL", required = true, trailing_var_arg = true,
          value_hint = ValueHint::CommandWithArguments)]
    pub call: Vec<OsString>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_after_the_tool_are_its_own() {
        for (words, args) in [
            (
                &["explain", "--json", "gcc", "--json", "-c"][..],
                &["--json", "-c"][..],
            ),
            (
                &["explain", "--json", "--", "gcc", "--", "-c"],
                &["--", "-c"],
            ),
            (&["explain", "--json", "gcc", "--", "-c"], &["--", "-c"]),
            (&["explain", "--json", "gcc", "", "-h"], &["", "-h"]),
        ] {
            let arguments = Arguments::try_parse_from(words).unwrap();
            assert_eq!(arguments.call[0], "gcc", "{words:?}");
            assert_eq!(arguments.call[1..], *args, "{words:?}");
            assert!(arguments.json);
        }
    }
}
