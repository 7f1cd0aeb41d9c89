//! `--help` texts, for tests that compare other things with them.

use super::{command, run};

/// Returns the help of a command or, without arguments, of the program.
pub fn of(args: &[&str]) -> String {
    let mut help = command(env!("CARGO_BIN_EXE_cc-wrapper"));
    run(help.args(args).arg("--help"))
}

/// Returns the names of all commands.
pub fn commands() -> Vec<String> {
    let help = of(&[]);
    let names: Vec<String> = section(&help, "Commands:")
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    assert!(names.len() > 5, "{help}");
    names
}

/// Returns the long options in a command's help.
pub fn options(help: &str) -> Vec<String> {
    let words = section(help, "Options:").filter_map(|line| {
        let mut words = line.split_whitespace();
        words.find(|word| !word.starts_with('-') || word.starts_with("--"))
    });
    let options = words.filter(|word| word.starts_with("--"));
    options.map(str::to_owned).collect()
}

/// Returns the command lines below `Examples`.
pub fn examples(help: &str) -> Vec<String> {
    let lines = section(help, "Examples:").filter_map(|line| line.strip_prefix("  "));
    let lines = lines.filter(|line| !line.starts_with(' '));
    lines.map(str::to_owned).collect()
}

fn section<'h>(help: &'h str, title: &str) -> impl Iterator<Item = &'h str> {
    let (_, rest) = help.split_once(title).unwrap_or_default();
    rest.lines().skip(1).take_while(|line| !line.is_empty())
}
