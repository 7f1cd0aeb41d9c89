//! Prints help and version in clap's format, and command line errors on one
//! line.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use cc_wrapper::model::tool_name::ToolName;
use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::command::environment;
use crate::support::error::Error;
use crate::support::output;

const USAGE_ERROR: u8 = 2;

/// Replaces `help wrap` by `wrap --help`, and `help` by `--help`.
pub fn without_help_command(args: Vec<OsString>) -> Vec<OsString> {
    let mut words = args.iter();
    let program = words.next();
    if words.next().is_none_or(|word| word != "help") {
        return args;
    }
    let help = OsString::from("--help");
    let command = words.find(|word| *word != "help" && **word != help);
    let meant = program.into_iter().chain(command).chain([&help]);
    meant.cloned().collect()
}

/// Prints help or version to standard output, or the error that clap found in
/// `args`, the command line of `command`, to standard error. Returns the exit
/// status.
pub fn report(error: &clap::Error, args: &[OsString], command: &Command) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            match output::to_stdout(error.to_string().as_bytes()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    error.print();
                    ExitCode::from(error.status())
                }
            }
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = write!(io::stderr(), "{error}");
            ExitCode::from(USAGE_ERROR)
        }
        _ => {
            if let [_, name, words @ ..] = args {
                if name == "env" {
                    environment::refuse(words);
                }
            }
            Error::new(line(error, args, command)).print();
            ExitCode::from(USAGE_ERROR)
        }
    }
}

/// Returns the error, a suggestion, and the `--help` to read.
fn line(error: &clap::Error, args: &[OsString], command: &Command) -> String {
    let name = args.get(1).and_then(|word| word.to_str());
    let known = name.and_then(|name| command.find_subcommand(name));
    let (what, tip) = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let name = context(error, ContextKind::InvalidSubcommand);
            let tip = nearest(error, ContextKind::SuggestedSubcommand);
            let tip = tip.or_else(|| transposed(name, command));
            let tip = tip.or_else(|| ToolName::parse(name.as_bytes()).map(|_| tool_hint(name)));
            (format!("unknown command '{name}'"), tip)
        }
        ErrorKind::UnknownArgument => {
            let arg = context(error, ContextKind::InvalidArg);
            let tip = nearest(error, ContextKind::SuggestedArg);
            let tip = tip.or_else(|| option_hint(arg, command));
            (format!("unexpected argument '{arg}'"), tip)
        }
        _ => {
            let tip = nearest(error, ContextKind::SuggestedValue);
            (first_paragraph(&error.to_string()), tip)
        }
    };
    let tip = tip.map(|tip| format!("; {tip}")).unwrap_or_default();
    let more = known.map(|command| format!(" {}", command.get_name()));
    format!(
        "{what}{tip} (see cc-wrapper{} --help)",
        more.unwrap_or_default()
    )
}

/// Returns the text of this kind that clap attached to `error`, or nothing.
fn context(error: &clap::Error, kind: ContextKind) -> &str {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text,
        _ => "",
    }
}

/// Returns clap's best suggestion.
fn nearest(error: &clap::Error, kind: ContextKind) -> Option<String> {
    let nearest = match error.get(kind)? {
        ContextValue::String(text) => text,
        // clap sorts by similarity; the last is the most similar.
        ContextValue::Strings(texts) => texts.last()?,
        _ => return None,
    };
    Some(format!("did you mean '{nearest}'?"))
}

/// Suggests the command that has the same letters in another order. clap does
/// not suggest it if the name is short.
fn transposed(name: &str, command: &Command) -> Option<String> {
    let letters = |name: &str| {
        let mut letters: Vec<char> = name.chars().collect();
        letters.sort_unstable();
        letters
    };
    let mut names = command.get_subcommands().map(Command::get_name);
    let meant = names.find(|other| letters(other) == letters(name))?;
    Some(format!("did you mean '{meant}'?"))
}

/// Returns a hint about how to run the tool `name`, which is not a command.
fn tool_hint(name: &str) -> String {
    format!(
        "to run a wrapped tool, use ROOT/bin/{name}; \
         to see what its call becomes, use 'cc-wrapper explain -- {name} …'"
    )
}

/// Returns a hint with the other commands that have the option `arg`.
fn option_hint(arg: &str, command: &Command) -> Option<String> {
    let long = arg.strip_prefix("--")?;
    let has_it = |command: &&Command| {
        let mut options = command.get_arguments();
        options.any(|option| option.get_long() == Some(long))
    };
    let others = command.get_subcommands().filter(has_it);
    let others: Vec<String> = others
        .map(|command| format!("'{}'", command.get_name()))
        .collect();
    let (last, others) = others.split_last()?;
    Some(match others {
        [] => format!("it is an option of {last}"),
        _ => format!("it is an option of {} and {last}", others.join(", ")),
    })
}

/// Returns clap's message without its tips, usage and reference to `--help`.
fn first_paragraph(message: &str) -> String {
    let paragraph = message.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    let text = words.join(" ");
    text.strip_prefix("error: ").unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::command;

    fn reported(words: &[&str]) -> String {
        let args = ["cc-wrapper"].iter().chain(words);
        let args: Vec<OsString> = args.map(OsString::from).collect();
        let error = command().try_get_matches_from(&args).unwrap_err();
        line(&error, &args, &command())
    }

    #[test]
    fn missing_and_invalid_values_are_named() {
        for (words, line) in [
            (
                &["wrap"][..],
                "the following required arguments were not provided: <DIR> (see cc-wrapper wrap --help)",
            ),
            (
                &["wrap", "d", "--cc"],
                "a value is required for '--cc <PROGRAM>' but none was supplied (see cc-wrapper wrap --help)",
            ),
            (
                &["env", "--shell", "fsh"],
                "invalid value 'fsh' for '--shell <SHELL>' [possible values: bash, fish, nu, json, github]; \
                 did you mean 'fish'? (see cc-wrapper env --help)",
            ),
        ] {
            assert_eq!(reported(words), line);
        }
    }

    #[test]
    fn the_most_similar_name_is_suggested() {
        for (words, line) in [
            (
                &["explian", "--", "gcc"][..],
                "unknown command 'explian'; did you mean 'explain'? (see cc-wrapper --help)",
            ),
            (
                &["doctr"],
                "unknown command 'doctr'; did you mean 'doctor'? (see cc-wrapper --help)",
            ),
            (
                &["frobnicate"],
                "unknown command 'frobnicate' (see cc-wrapper --help)",
            ),
            (
                &["env", "--tolchain", "x"],
                "unexpected argument '--tolchain'; did you mean '--toolchain'? (see cc-wrapper env --help)",
            ),
            (
                &["run", "--wiht", "x", "--", "y"],
                "unexpected argument '--wiht'; did you mean '--with'? (see cc-wrapper run --help)",
            ),
            (
                &["wrap", "d", "e"],
                "unexpected argument 'e' (see cc-wrapper wrap --help)",
            ),
        ] {
            assert_eq!(reported(words), line);
        }
    }

    #[test]
    fn an_option_of_another_command_is_not_searched_for() {
        assert_eq!(
            reported(&["wrap", "d", "--toolchain", "x"]),
            "unexpected argument '--toolchain'; it is an option of 'env', 'run' and 'rustup' \
             (see cc-wrapper wrap --help)"
        );
        assert_eq!(
            reported(&["--in-place"]),
            "unexpected argument '--in-place'; it is an option of 'adopt' (see cc-wrapper --help)"
        );
    }

    #[test]
    fn a_tool_is_no_command() {
        assert_eq!(
            reported(&["gcc", "main.c"]),
            "unknown command 'gcc'; to run a wrapped tool, use ROOT/bin/gcc; to see what its call \
             becomes, use 'cc-wrapper explain -- gcc …' (see cc-wrapper --help)"
        );
    }

    #[test]
    fn help_may_be_asked_for_by_its_name() {
        for (words, meant) in [
            (&["x", "help"][..], &["x", "--help"][..]),
            (&["x", "help", "wrap"], &["x", "wrap", "--help"]),
            (&["x", "help", "run", "y"], &["x", "run", "--help"]),
            (&["x", "help", "help"], &["x", "--help"]),
            (&["x", "help", "--help"], &["x", "--help"]),
            (&["x", "wrap", "help"], &["x", "wrap", "help"]),
            (&["x"], &["x"]),
        ] {
            let words = words.iter().map(OsString::from).collect();
            assert_eq!(without_help_command(words), meant);
        }
    }
}
