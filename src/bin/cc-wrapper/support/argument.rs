//! The kinds of arguments that commands have, so that each is one line there.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, ValueHint, value_parser};

/// `--name`, which takes no value.
pub fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .help(help)
        .action(ArgAction::SetTrue)
}

/// `--name VALUE`: a path where `hint` says so, else bytes.
pub fn option(name: &'static str, value: &'static str, hint: ValueHint, help: &'static str) -> Arg {
    operand(name, value, hint, help).long(name)
}

/// `VALUE`: a path where `hint` says so, else bytes. `name` is for reading it.
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

/// A command and its arguments: everything that follows, whatever it looks like.
pub fn call(value: &'static str, help: &'static str) -> Arg {
    operand("call", value, ValueHint::CommandWithArguments, help)
        .num_args(1..)
        .required(true)
        .trailing_var_arg(true)
}

/// The path that was given as `name`.
pub fn path<'m>(matches: &'m ArgMatches, name: &str) -> Option<&'m Path> {
    matches.get_one::<PathBuf>(name).map(PathBuf::as_path)
}

/// All values that were given as `name`, in their order.
pub fn all<'m, T: Clone + Send + Sync + 'static>(
    matches: &'m ArgMatches,
    name: &str,
) -> impl Iterator<Item = &'m T> {
    matches.get_many(name).into_iter().flatten()
}
