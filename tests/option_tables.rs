//! Compares the option tables with the tools. If an option takes its value from
//! the next argument but is not in the table, the value counts as an input
//! file.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use cc_wrapper::options::table::{Row, Takes};
use cc_wrapper::options::{Parser, driver, linker};
use common::{command, run, tool};

fn is_separate(parser: &Parser, option: &str) -> bool {
    let parsed = parser.clone().read(option.as_bytes());
    parsed.has_separate_value()
}

#[test]
fn the_tables_are_sorted_and_have_no_option_twice() {
    for rows in [driver::rows(), linker::rows()] {
        for pair in rows.windows(2) {
            assert!(pair[0].name < pair[1].name, "{pair:?}");
        }
    }
}

/// Returns whether a driver takes the next argument as this option's value;
/// `None` if it does not know the option.
fn driver_takes(driver: &Path, directory: &Path, option: &str) -> Option<bool> {
    // A driver may remove what it takes for its output.
    for file in ["value.c", "x.c"] {
        std::fs::write(directory.join(file), "int x;\n").unwrap();
    }
    let mut call = command(driver);
    call.current_dir(directory)
        .args(["-###", option, "value.c", "-c", "x.c"]);
    let output = call.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let is_unknown = [
        "unrecognized command",
        "unknown argument",
        "unsupported option",
    ];
    if is_unknown.iter().any(|what| told.contains(what)) {
        return None;
    }
    // How gcc's compiler gets an input, and how clang's does.
    let as_input = ["value.c -quiet", "\"-main-file-name\" \"value.c\""];
    Some(!as_input.iter().any(|what| told.contains(what)))
}

/// Returns the options in a help text, each with the text after it.
/// Descriptions begin in this column.
fn listed(help: &str, column: usize) -> Vec<(String, String)> {
    let mut options = Vec::new();
    for line in help.lines() {
        let line = match line.as_bytes().get(column - 1..=column) {
            Some([b' ', letter]) if *letter != b' ' => &line[..column],
            _ => line,
        };
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if !(1..=4).contains(&indent) || !text.starts_with('-') {
            continue;
        }
        let synopsis = text.split("  ").next().unwrap().trim_end();
        for option in synopsis.split(", ") {
            let end = option
                .find(|c: char| !(c.is_ascii_alphanumeric() || "-_+#".contains(c)))
                .unwrap_or(option.len());
            // Some names end with their equals sign: `-fxray-modes= <value>`.
            let end = end + usize::from(option[end..].starts_with("= "));
            let (name, rest) = option.split_at(end);
            if name.starts_with('-') && !name.trim_matches('-').is_empty() {
                options.push((name.to_owned(), rest.to_owned()));
            }
        }
    }
    options
}

/// Returns the options of the table that may take the next argument.
fn separate_rows(rows: &'static [Row]) -> impl Iterator<Item = String> {
    let is_separate = |row: &&Row| {
        use Takes::{EqualsOrSeparate, JoinedOrSeparate, Separate};
        matches!(row.takes, Separate | JoinedOrSeparate | EqualsOrSeparate)
    };
    rows.iter()
        .filter(is_separate)
        .map(|row| row.name.to_owned())
}

/// Tests a driver with the options of its help and of our table.
fn check_driver(name: &str, parser: &Parser, help: &str, column: usize) {
    let Some(driver) = tool(name) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let help = run(command(&driver).arg(help));
    let of_help: BTreeSet<String> = listed(&help, column)
        .into_iter()
        .filter(|(_, rest)| name == "gcc" || rest.starts_with(" <"))
        .map(|(name, _)| name)
        .collect();
    let options: BTreeSet<String> = of_help
        .iter()
        .cloned()
        .chain(separate_rows(driver::rows()))
        .collect();
    let mut wrong = Vec::new();
    let mut known = 0;
    for option in &options {
        let in_table = is_separate(parser, option);
        let Some(takes) = driver_takes(&driver, dir.path(), option) else {
            continue;
        };
        known += usize::from(takes);
        // A later release may take the value that this one does not know of.
        let listed = of_help.contains(option);
        if takes && !in_table || !takes && in_table && listed {
            wrong.push(format!("{option}: the tool {takes}, the table {in_table}"));
        }
    }
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
    assert!(known > 40, "{name} takes {known} values only: {options:?}");
}

#[test]
fn gccs_options_with_separate_values_are_in_the_table() {
    check_driver(
        "gcc",
        &Parser::for_driver(driver::GCC),
        "--help=separate",
        30,
    );
}

#[test]
fn clangs_options_with_separate_values_are_in_the_table() {
    check_driver(
        "clang",
        &Parser::for_driver(driver::CLANG),
        "--help-hidden",
        26,
    );
}

/// Returns the options for which a linker's help shows a value in the next
/// argument.
fn shown_as_separate(name: &str) -> Option<Vec<String>> {
    let linker = tool(name)?;
    let help = run(command(&linker).arg("--help"));
    let is_separate = |(option, value): &(String, String)| {
        let Some(value) = value.strip_prefix(' ') else {
            return false;
        };
        // It runs a command, and is no linker call.
        let is_run = option == "--run";
        // gold shows the words to choose from in brackets; mold may do without.
        let is_optional = value.starts_with("[=") || value.starts_with('=');
        let is_choice = value.starts_with('[') && name != "ld.gold";
        !is_run && !is_optional && !is_choice
    };
    let column = if name == "ld.lld" { 26 } else { 30 };
    let options = listed(&help, column).into_iter().filter(is_separate);
    Some(options.map(|(option, _)| option).collect())
}

fn check_linker(name: &str) {
    let Some(options) = shown_as_separate(name) else {
        return;
    };
    let parser = Parser::for_linker(linker::from_program(name.as_bytes()));
    let missing: Vec<_> = options
        .iter()
        .filter(|option| !is_separate(&parser, option))
        .collect();
    assert!(missing.is_empty(), "{name}: {missing:?}");
    assert!(options.len() > 20, "{name} shows {options:?} only");
}

#[test]
fn gnu_lds_options_with_values_are_in_the_table() {
    check_linker("ld.bfd");
}

#[test]
fn golds_options_with_values_are_in_the_table() {
    check_linker("ld.gold");
}

#[test]
fn llds_options_with_values_are_in_the_table() {
    check_linker("ld.lld");
}

#[test]
fn molds_options_with_values_are_in_the_table() {
    check_linker("mold");
}
