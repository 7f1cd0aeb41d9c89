//! Builds a man page: clap_mangen's sections, followed by sections that it does
//! not support.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::portable::portable;
use super::program;
use crate::support::help::Help;

const SOURCE: &str = concat!("cc-wrapper ", env!("CARGO_PKG_VERSION"));

/// Returns the page of `cc-wrapper` itself. `program` must be built.
///
/// # Errors
/// None in practice: the page is written to memory.
pub fn program_page(program: &Command, help: &Help) -> io::Result<String> {
    let usage = format!("{}\nROOT/bin/gcc [ARGUMENT]...", usage(program));
    let man = man(program, usage, &program::DESCRIPTION.join("\n\n"));
    let mut sections = examples_and_statuses(help);
    sections.control("SH", ["ENVIRONMENT"]);
    for (variable, what) in program::VARIABLES {
        item(&mut sections, variable, what);
    }
    sections
        .control("PP", [])
        .text([roman(program::ENVIRONMENT)]);
    let pages = program.get_subcommands();
    let pages = pages.map(|command| format!("{}(1)", name(command.get_name())));
    let others = program::SEE_ALSO.map(str::to_owned);
    see_also(&mut sections, pages.chain(others));
    page("cc-wrapper", &man, &sections)
}

/// Returns the page of a command.
///
/// # Errors
/// None in practice, as above.
pub fn command_page(command: &Command, help: &Help) -> io::Result<String> {
    let about = command.get_about().map(ToString::to_string);
    let about = format!("{}.", about.unwrap_or_default());
    let description = [&[&about[..]], help.notes].concat();
    let man = man(command, usage(command), &description.join("\n\n"));
    let mut sections = examples_and_statuses(help);
    let related = help.related.iter();
    let related = related.map(|command| format!("{}(1)", name(command)));
    let pages = ["cc-wrapper(1)".to_owned()].into_iter().chain(related);
    see_also(&mut sections, pages);
    page(&name(command.get_name()), &man, &sections)
}

/// Returns the name of a command's page.
pub fn name(command: &str) -> String {
    format!("cc-wrapper-{command}")
}

/// Returns the usage line of `--help`. clap_mangen's own lists all options
/// without their values.
fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage:").trim().to_owned()
}

fn man(command: &Command, usage: String, description: &str) -> Man {
    let command = command.clone().override_usage(usage);
    let command = command.subcommand_help_heading("COMMANDS");
    Man::new(command.long_about(description.to_owned()))
}

fn examples_and_statuses(help: &Help) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]);
    for (i, (line, what)) in help.examples.iter().enumerate() {
        if i > 0 {
            roff.control("PP", []);
        }
        // Not filled, so that it can be copied as it is.
        roff.control("nf", []).text([bold(*line)]).control("fi", []);
        if !what.is_empty() {
            let indent = ["4"];
            roff.control("RS", indent)
                .text([roman(*what)])
                .control("RE", []);
        }
    }
    roff.control("SH", ["EXIT STATUS"]);
    for (status, when) in help.statuses {
        item(&mut roff, status, when);
    }
    roff
}

fn item(roff: &mut Roff, tag: &str, what: &str) {
    roff.control("TP", []).text([bold(tag)]).text([roman(what)]);
}

fn see_also(roff: &mut Roff, pages: impl Iterator<Item = String>) {
    roff.control("SH", ["SEE ALSO"]);
    let mut words = Vec::new();
    for page in pages {
        let (name, section) = page.split_once('(').unwrap_or((&page, ""));
        words.extend([bold(name), roman(format!("({section}")), roman(", ")]);
    }
    words.pop();
    roff.text(words);
}

/// Returns the whole page. It has no date, so that builds are reproducible.
fn page(name: &str, man: &Man, sections: &Roff) -> io::Result<String> {
    // clap_mangen omits an empty date in the title. No hyphenation, so that
    // names and paths stay whole.
    let title = name.to_uppercase();
    let mut text = format!(".TH {title} 1 \"\" \"{SOURCE}\" cc-wrapper\n.nh\n.ad l\n").into_bytes();
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if name == "cc-wrapper" {
        man.render_subcommands_section(&mut text)?;
    }
    man.render_options_section(&mut text)?;
    sections.to_writer(&mut text)?;
    Ok(portable(&String::from_utf8_lossy(&text)))
}
