//! `cc-wrapper completions SHELL`: completes the arguments of `cc-wrapper`.
//!
//! At each Tab, the shell's script passes the words up to the cursor to
//! cc-wrapper, which answers from its own command line definition. The shell
//! itself completes paths, commands and the call after `run` and `explain`,
//! because it knows quoting, `~` and the completions of other programs.

mod arguments;

use std::ffi::{OsStr, OsString};
use std::fmt::Write;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, complete};

pub use arguments::{Arguments, HELP};

use crate::support::error::{Error, Result};
use crate::support::output;

/// Each shell's name and script.
const SCRIPTS: [(&str, &str); 3] = [
    ("bash", include_str!("script.bash")),
    ("zsh", include_str!("script.zsh")),
    ("fish", include_str!("script.fish")),
];

/// Prints a shell's script, or answers a question of that script.
///
/// # Errors
/// Fails if standard output cannot be written.
pub fn run(arguments: &Arguments) -> Result<()> {
    if !arguments.words.is_empty() {
        return output::to_stdout(answer(super::command(), &arguments.words)?.as_bytes());
    }
    let mut scripts = SCRIPTS.iter();
    let script = scripts.find(|(shell, _)| *shell == arguments.shell);
    output::to_stdout(script.map_or("", |(_, script)| script).as_bytes())
}

/// Marks a kind of values that the shell completes.
const OF_SHELL: char = '\0';

/// Returns the completions of the last of `words`, the command line up to the
/// cursor. The first line is one of: `words`, followed by lines with a word, a
/// tab and its description; `directories`, `files` or `commands`, which the
/// shell completes; a number: the shell completes the call that starts after so
/// many words.
///
/// # Errors
/// Fails if `words` has nothing after the program's name.
fn answer(mut program: Command, words: &[OsString]) -> Result<String> {
    program.build();
    let [before @ .., last] = words else {
        return Err(Error::new("completions: give the words of a command line"));
    };
    let typed = program.clone().ignore_errors(true);
    let typed = typed.try_get_matches_from(before).unwrap_or_default();
    let given = typed.subcommand();
    let given = given.and_then(|(name, given)| Some((program.find_subcommand(name)?, given)));
    if let Some(length) = given.and_then(|(command, given)| call_length(command, given)) {
        return Ok(format!("{}\n", before.len() - length));
    }

    let mut candidates = candidates(&program, before, last)?;
    candidates.retain(|candidate| {
        let id = candidate.get_id().and_then(|id| id.strip_prefix("arg::"));
        let option = id.zip(given);
        option.is_none_or(|(id, (command, given))| can_be_given(id, command, given))
    });
    // Offer options only after a `-`, or if there is nothing else to offer.
    let is_option = |word: &OsStr| word.as_encoded_bytes().starts_with(b"-");
    let mut offered = candidates.iter().map(CompletionCandidate::get_value);
    let are_options = is_option(last) || offered.all(is_option);
    candidates.retain(|candidate| is_option(candidate.get_value()) == are_options);

    let mut out = String::from("words\n");
    for candidate in candidates {
        let value = candidate.get_value().to_string_lossy();
        if let Some((_, kind)) = value.split_once(OF_SHELL) {
            return Ok(format!("{kind}\n"));
        }
        let help = candidate.get_help().map(ToString::to_string);
        let _ = writeln!(out, "{value}\t{}", help.unwrap_or_default());
    }
    Ok(out)
}

/// Returns what clap's engine offers for `last`.
fn candidates(
    program: &Command,
    before: &[OsString],
    last: &OsString,
) -> Result<Vec<CompletionCandidate>> {
    let mut program = program.clone().mut_subcommands(|command| {
        command.mut_args(|arg| match left_to_shell(&arg) {
            Some(kind) => arg.add(ArgValueCompleter::new(move |_: &OsStr| {
                vec![CompletionCandidate::new(format!("{OF_SHELL}{kind}"))]
            })),
            None => arg,
        })
    });
    let mut ask = |last: &OsStr| {
        let words = [before, &[last.to_owned()]].concat();
        let candidates = complete(&mut program, words, before.len(), None);
        candidates.map_err(|error| Error::new(format!("completions: {error}")))
    };
    let mut candidates = ask(last)?;
    if last == "-" {
        // For an option that has a letter, the engine has offered only the
        // letter.
        let is_letter = |value: &OsStr| !value.as_encoded_bytes().starts_with(b"--");
        candidates.retain(|candidate| is_letter(candidate.get_value()));
        candidates.extend(ask("--".as_ref())?);
    }
    Ok(candidates)
}

/// Returns the number of words that belong to the call of another program, such
/// as the command after `run`.
fn call_length(command: &Command, given: &ArgMatches) -> Option<usize> {
    let is_call = |arg: &&Arg| arg.get_value_hint() == ValueHint::CommandWithArguments;
    let call = command.get_positionals().find(is_call)?;
    Some(given.get_raw(call.get_id().as_str())?.len())
}

/// Returns the kind of values if the shell completes them itself.
fn left_to_shell(arg: &Arg) -> Option<&'static str> {
    Some(match arg.get_value_hint() {
        ValueHint::DirPath => "directories",
        ValueHint::AnyPath | ValueHint::FilePath => "files",
        ValueHint::CommandName | ValueHint::CommandWithArguments => "commands",
        _ => return None,
    })
}

/// Returns whether the option `id` can be combined with those given.
fn can_be_given(id: &str, command: &Command, given: &ArgMatches) -> bool {
    let is_given = |arg: &Arg| {
        let source = given.value_source(arg.get_id().as_str());
        source == Some(ValueSource::CommandLine)
    };
    let excludes = |one: &Arg, other: &Arg| {
        let excluded = command.get_arg_conflicts_with(one);
        excluded.iter().any(|arg| arg.get_id() == other.get_id())
    };
    let mut args = command.get_arguments();
    let Some(option) = args.find(|arg| arg.get_id() == id) else {
        return true;
    };
    let is_again = is_given(option) && !matches!(option.get_action(), ArgAction::Append);
    let is_excluded = command
        .get_arguments()
        .any(|arg| is_given(arg) && (excludes(arg, option) || excludes(option, arg)));
    !is_again && !is_excluded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what is offered after `cc-wrapper`, without descriptions.
    fn offered(words: &[&str]) -> String {
        let words = ["cc-wrapper"].iter().chain(words);
        let words: Vec<OsString> = words.map(OsString::from).collect();
        let answer = answer(crate::command::command(), &words).unwrap();
        let lines = answer.lines().map(|line| line.split('\t').next().unwrap());
        lines.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn paths_and_commands_are_left_to_the_shell() {
        for (words, kind) in [
            (&["wrap", ""][..], "directories"),
            (&["wrap", "--bintools=x"], "directories"),
            (&["doctor", "a", "b"], "files"),
            (&["wrap", "--cc", "g"], "commands"),
            (&["run", "m"], "commands"),
            (&["wrap", "--salt", ""], "words"),
            (&["explain", "gcc", ""], "2"),
            (&["run", "--with", "a", "-q", "--", "make", "--", "-"], "6"),
        ] {
            assert_eq!(offered(words), kind, "{words:?}");
        }
    }

    #[test]
    fn options_are_offered_once_and_where_they_fit() {
        for (words, options) in [
            (&["compdb", "-"][..], "words -o -h --output --help"),
            (&["compdb", "-o", "x", "--"], "words --help"),
            (&["wrap", "--cc", "x", "--c"], "words --cc --cflags"),
            (&["rustup", "--undo", "--p"], "words"),
            (
                &["rustup", "--undo", "--d"],
                "words --dry-run --dynamic-linker",
            ),
        ] {
            assert_eq!(offered(words), options, "{words:?}");
        }
    }
}
