//! Builders for the kinds of arguments that the commands take.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, ValueHint, value_parser};

/// Returns the option `--name` without a value.
pub fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .help(help)
        .action(ArgAction::SetTrue)
}

/// Returns the option `--name VALUE`. The value is a path if `hint` says so,
/// otherwise any bytes.
pub fn option(name: &'static str, value: &'static str, hint: ValueHint, help: &'static str) -> Arg {
    operand(name, value, hint, help).long(name)
}

/// Returns the positional argument `VALUE`: a path if `hint` says so, otherwise
/// any bytes. `name` is the key to read it by.
pub fn operand(
    name: &'static str,
    value: &'static str,
    hint: ValueHint,
    help: &'static str,
) -> Arg {
    let arg = Arg::new(name).value_name(value).help(help).value_hint(hint);
    match hint {
        ValueHint::AnyPath | ValueHint::DirPath | ValueHint::FilePath => {
            arg.value_parser(value_parser!(PathBuf))
        }
        _ => arg.value_parser(value_parser!(OsString)),
    }
}

/// Returns a positional argument for a command line: a command and all that
/// follows, including options.
pub fn call(value: &'static str, help: &'static str) -> Arg {
    operand("call", value, ValueHint::CommandWithArguments, help)
        .num_args(1..)
        .required(true)
        .trailing_var_arg(true)
}

/// Returns the path that was given for `name`.
pub fn path<'m>(matches: &'m ArgMatches, name: &str) -> Option<&'m Path> {
    matches.get_one::<PathBuf>(name).map(PathBuf::as_path)
}

/// Returns all values that were given for `name`, in order.
pub fn all<'m, T: Clone + Send + Sync + 'static>(
    matches: &'m ArgMatches,
    name: &str,
) -> impl Iterator<Item = &'m T> {
    matches.get_many(name).into_iter().flatten()
}
