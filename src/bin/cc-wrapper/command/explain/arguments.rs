//! The command line of `explain`.

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};

use crate::support::help::{Help, USAGE};

/// The subcommand's name.
pub const NAME: &str = "explain";

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[
        (
            "cc-wrapper explain -- gcc main.c -lz -o main",
            "every argument of the real gcc and where it comes from, and what ld adds",
        ),
        (
            "cc-wrapper explain --command -- gcc -c main.c",
            "the command alone, as a shell reads it",
        ),
    ],
    notes: &[
        "TOOL is looked up on PATH unless it has a slash in it. The environment counts as it is, \
         so set for this what is set for the build. Nothing is compiled or linked; but gcc and \
         clang are run with -###, since only they know how they call ld, and hooks of the \
         toolchain, since only they know what they add (not post-link-hook, which follows a \
         link).",
    ],
    related: &["doctor"],
    statuses: &[
        ("0", "The call would be made."),
        USAGE,
        (
            "other",
            "The call would fail before TOOL runs, with this status and this message.",
        ),
    ],
};

/// Describes the command line.
pub fn command() -> Command {
    let form = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .help(help)
            .action(ArgAction::SetTrue)
    };
    Command::new(NAME)
        .about("Tell what a wrapped call becomes, and why")
        .override_usage("cc-wrapper explain [OPTIONS] [--] <TOOL> [ARGS]...")
        .after_help(HELP.text())
        .arg(form("json", "As one JSON object, for programs").conflicts_with("command"))
        .arg(form("command", "Only the command line, quoted for a shell"))
        .arg(
            Arg::new("call")
                .value_name("TOOL")
                .help("A wrapped tool, and behind it the arguments of its call")
                .num_args(1..)
                .required(true)
                .trailing_var_arg(true)
                .value_parser(value_parser!(OsString))
                .value_hint(ValueHint::CommandWithArguments),
        )
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
        let words = matches.get_many::<OsString>("call").into_iter().flatten();
        let mut words = words.map(OsString::as_os_str);
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
    fn behind_the_tool_everything_is_its_own() {
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
