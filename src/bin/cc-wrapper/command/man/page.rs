//! A page, from what clap and a command's help know.

use clap::{Arg, Command};

use super::program;
use super::roff::{Roff, bold, escaped, italic, prose};
use super::synopsis::synopsis;
use crate::support::help::Help;

const SOURCE: &str = concat!("cc-wrapper ", env!("CARGO_PKG_VERSION"));

/// The page of `cc-wrapper` itself.
pub fn of_program(program: &mut Command, help: &Help) -> String {
    let mut roff = head("cc-wrapper", program);
    roff.next_line(&synopsis("ROOT/bin/gcc [ARGUMENT]..."));
    roff.section("DESCRIPTION");
    for paragraph in program::DESCRIPTION {
        roff.paragraph(&prose(paragraph));
    }
    roff.section("COMMANDS");
    for command in program.get_subcommands() {
        roff.item(
            &reference(&name(command.get_name())),
            &prose(&about(command)),
        );
    }
    options(&mut roff, program);
    tail(&mut roff, help);
    roff.section("ENVIRONMENT");
    for (variable, what) in program::VARIABLES {
        roff.item(&bold(variable), &prose(what));
    }
    roff.paragraph(&prose(program::ENVIRONMENT));
    let pages = program
        .get_subcommands()
        .map(|command| reference(&name(command.get_name())));
    let others = program::SEE_ALSO.iter().map(|page| escaped(page));
    see_also(&mut roff, pages.chain(others));
    roff.into_text()
}

/// The page of one of its commands.
pub fn of_command(command: &mut Command, help: &Help) -> String {
    let mut roff = head(&name(command.get_name()), command);
    roff.section("DESCRIPTION");
    roff.paragraph(&format!("{}.", prose(&about(command))));
    for note in help.notes {
        roff.paragraph(&prose(note));
    }
    options(&mut roff, command);
    tail(&mut roff, help);
    let related = help.related.iter().map(|command| name(command));
    let pages = ["cc-wrapper".to_owned()].into_iter().chain(related);
    see_also(&mut roff, pages.map(|page| reference(&page)));
    roff.into_text()
}

/// The name of a command's page.
pub fn name(command: &str) -> String {
    format!("cc-wrapper-{command}")
}

/// As one page refers to another.
fn reference(page: &str) -> String {
    format!("{}(1)", bold(page))
}

fn about(command: &Command) -> String {
    command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn head(name: &str, command: &mut Command) -> Roff {
    let mut roff = Roff::page(name, SOURCE);
    roff.section("NAME");
    let mut about = about(command);
    if let Some(first) = about.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    roff.paragraph(&format!("{} \\- {}", escaped(name), escaped(&about)));
    roff.section("SYNOPSIS");
    let usage = command.render_usage().to_string();
    roff.paragraph(&synopsis(usage.trim_start_matches("Usage:").trim()));
    roff
}

/// Operands first: nothing else says what they are.
fn options(roff: &mut Roff, command: &Command) {
    roff.section("OPTIONS");
    let (operands, options): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().partition(|arg| arg.is_positional());
    for arg in operands.into_iter().chain(options) {
        roff.item(&tag(arg), &prose(&meaning(arg)));
    }
}

/// `-o, --output OUTPUT`
fn tag(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| bold(&format!("-{short}")));
    let long = arg.get_long().map(|long| bold(&format!("--{long}")));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let values = match arg.get_action().takes_values() {
        true => arg.get_value_names().unwrap_or_default(),
        false => &[],
    };
    let values: Vec<String> = values.iter().map(|value| italic(value)).collect();
    let words = [names.join(", "), values.join(" ")];
    let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// What `--help` tells of it.
fn meaning(arg: &Arg) -> String {
    let mut text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    if !arg.get_action().takes_values() {
        return text;
    }
    let defaults = arg.get_default_values().iter();
    let defaults: Vec<_> = defaults.map(|value| value.to_string_lossy()).collect();
    if !defaults.is_empty() {
        text.push_str(&format!(" [default: {}]", defaults.join(" ")));
    }
    let values = arg.get_possible_values();
    if !values.is_empty() && !arg.is_hide_possible_values_set() {
        let values: Vec<&str> = values.iter().map(|value| value.get_name()).collect();
        text.push_str(&format!(" [possible values: {}]", values.join(", ")));
    }
    text
}

fn tail(roff: &mut Roff, help: &Help) {
    roff.section("EXAMPLES");
    for (line, what) in help.examples {
        roff.example(line, what);
    }
    roff.section("EXIT STATUS");
    for (status, when) in help.statuses {
        roff.item(&bold(status), &prose(when));
    }
}

fn see_also(roff: &mut Roff, pages: impl Iterator<Item = String>) {
    roff.section("SEE ALSO");
    let pages: Vec<String> = pages.collect();
    roff.paragraph(&pages.join(",\n"));
}
