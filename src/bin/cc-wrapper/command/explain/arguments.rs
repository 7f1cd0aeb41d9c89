//! The command line of `explain`.

use std::ffi::{OsStr, OsString};

use clap::{ArgMatches, Command};

use crate::support::argument::{all, call, flag};
use crate::support::help::{Help, USAGE};

/// The subcommand's name.
pub const NAME: &str = "explain";

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

/// Describes the command line.
pub fn command() -> Command {
    Command::new(NAME)
        .about("Show the final command line of a call and each argument's origin")
        .override_usage("cc-wrapper explain [OPTIONS] [--] <TOOL> [ARGS]...")
        .after_help(HELP.text())
        .arg(flag("json", "Print JSON, for programs").conflicts_with("command"))
        .arg(flag(
            "command",
            "Print only the command line, quoted for a shell",
        ))
        .arg(call(
            "TOOL",
            "A wrapped tool, followed by the arguments of its call",
        ))
}

/// How the answer is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    Json,
    /// The bare command line.
    Command,
}

/// What the user asked for.
pub struct Arguments<'m> {
    pub tool: &'m OsStr,
    pub args: Vec<&'m OsStr>,
    pub form: Form,
}

impl<'m> Arguments<'m> {
    pub fn read(matches: &'m ArgMatches) -> Arguments<'m> {
        let mut words = all(matches, "call").map(OsString::as_os_str);
        Arguments {
            tool: words.next().unwrap_or_default(),
            args: words.collect(),
            form: match (matches.get_flag("json"), matches.get_flag("command")) {
                (true, _) => Form::Json,
                (_, true) => Form::Command,
                _ => Form::Text,
            },
        }
    }
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
            let matches = command().try_get_matches_from(words).unwrap();
            let arguments = Arguments::read(&matches);
            assert_eq!(
                (arguments.tool, arguments.args),
                ("gcc".as_ref(), args.iter().map(OsStr::new).collect()),
                "{words:?}"
            );
            assert!(arguments.form == Form::Json);
        }
    }
}
