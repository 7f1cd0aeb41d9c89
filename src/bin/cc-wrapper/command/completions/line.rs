//! A command line as a shell is to complete it.

use clap::{Arg, ArgAction, Command, ValueHint};

/// The program's, or that of one of its commands.
pub struct Line {
    pub name: String,
    pub about: String,
    pub options: Vec<Opt>,
    /// What stands behind them. No command has several kinds.
    pub operand: Option<Operand>,
}

pub struct Opt {
    /// `-o`, `--output`
    pub names: Vec<String>,
    pub help: String,
    pub value: Option<Value>,
    pub may_be_repeated: bool,
    /// Tells something and does nothing else.
    pub is_alone: bool,
    /// Names of those that make no sense beside it.
    pub excluded: Vec<String>,
}

pub struct Operand {
    pub value: Value,
    pub is_required: bool,
    pub may_be_repeated: bool,
}

/// What stands for a value in help, and what it can be.
pub struct Value {
    pub name: String,
    pub kind: Kind,
}

#[derive(Clone, PartialEq, Eq)]
pub enum Kind {
    /// One of these.
    Words(Vec<String>),
    Directory,
    /// Of any type.
    File,
    Program,
    /// A program and its arguments: all that follows is theirs.
    Call,
    /// What no shell can know.
    Other,
}

impl Line {
    /// Of a command that is built.
    pub fn of(command: &Command) -> Line {
        let options = command.get_arguments().filter(|arg| !arg.is_positional());
        Line {
            name: command.get_name().to_owned(),
            about: text(command.get_about()),
            options: options.map(|option| Opt::of(option, command)).collect(),
            operand: command.get_positionals().next().map(Operand::of),
        }
    }

    /// The names of all options.
    pub fn option_names(&self) -> Vec<&str> {
        let names = self.options.iter().flat_map(|option| &option.names);
        names.map(String::as_str).collect()
    }

    /// Whether its operands are a call.
    pub fn has_call(&self) -> bool {
        let operand = self.operand.as_ref();
        operand.is_some_and(|operand| operand.value.kind == Kind::Call)
    }
}

impl Opt {
    fn of(option: &Arg, command: &Command) -> Opt {
        let others = command.get_arguments().filter(|other| {
            let rules_out = |a: &Arg, b: &Arg| {
                let ruled_out = command.get_arg_conflicts_with(a);
                ruled_out.iter().any(|arg| arg.get_id() == b.get_id())
            };
            rules_out(option, other) || rules_out(other, option)
        });
        Opt {
            names: names(option),
            help: text(option.get_help()),
            value: option
                .get_action()
                .takes_values()
                .then(|| Value::of(option)),
            may_be_repeated: matches!(option.get_action(), ArgAction::Append),
            is_alone: matches!(option.get_action(), ArgAction::Help | ArgAction::Version),
            excluded: others.flat_map(names).collect(),
        }
    }
}

impl Operand {
    fn of(arg: &Arg) -> Operand {
        let value = Value::of(arg);
        Operand {
            is_required: arg.is_required_set(),
            may_be_repeated: matches!(arg.get_action(), ArgAction::Append)
                && value.kind != Kind::Call,
            value,
        }
    }
}

impl Value {
    fn of(arg: &Arg) -> Value {
        let words = arg.get_possible_values();
        let words: Vec<String> = words
            .iter()
            .map(|word| word.get_name().to_owned())
            .collect();
        let kind = match arg.get_value_hint() {
            _ if !words.is_empty() => Kind::Words(words),
            ValueHint::DirPath => Kind::Directory,
            ValueHint::AnyPath | ValueHint::FilePath => Kind::File,
            ValueHint::CommandName => Kind::Program,
            ValueHint::CommandWithArguments => Kind::Call,
            _ => Kind::Other,
        };
        let name = arg.get_value_names().and_then(|names| names.first());
        Value {
            name: name.map(ToString::to_string).unwrap_or_default(),
            kind,
        }
    }
}

/// `-o`, `--output`
fn names(option: &Arg) -> Vec<String> {
    let short = option.get_short().map(|short| format!("-{short}"));
    let long = option.get_long().map(|long| format!("--{long}"));
    short.into_iter().chain(long).collect()
}

fn text(text: Option<&impl ToString>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}
