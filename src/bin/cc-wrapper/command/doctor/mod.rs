//! `cc-wrapper doctor [PATH…]`: what is wrong with roots, with the environment
//! and with what was built.

mod arguments;
mod binaries;
mod directory;
mod directory_lists;
mod finding;
mod flags;
mod front_ends;
mod goes_round;
mod gone;
mod hook_files;
mod hooks;
mod interpreter;
mod links;
mod loading;
mod markers;
mod named_tools;
mod on_path;
mod others;
mod own_variables;
mod programs;
mod purity;
mod reading;
mod report;
mod root;
mod search_path;
mod starting;
mod target;
mod trial;
mod variables;

use std::path::Path;
use std::process::ExitCode;

use clap::ArgMatches;

pub use arguments::{HELP, NAME, command};

use self::arguments::Arguments;
use self::binaries::Binaries;
use self::finding::{Finding, Group, Place};
use self::target::Target;
use self::variables::Variables;
use crate::support::output::to_stdout;
use crate::support::terminal::Screen;

const ENVIRONMENT: &str = "environment";

/// Does what the command line asks; fails if something is wrong.
pub fn run(matches: &ArgMatches) -> ExitCode {
    let arguments = Arguments::read(matches);
    let groups = examine(&arguments, &Variables::own());
    let text = match arguments.is_json {
        true => report::json(&groups),
        false => report::text(&groups, &Screen::of_stdout()),
    };
    // A reader that has gone away does not make it well.
    if let Err(error) = to_stdout(&text) {
        error.print();
        return ExitCode::FAILURE;
    }
    match report::is_ok(&groups) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn examine(arguments: &Arguments, variables: &Variables) -> Vec<Group> {
    let targets: Vec<Target> = match arguments.paths.as_slice() {
        [] => vec![target::of_environment(variables)],
        paths => paths.iter().map(|path| Target::at(path)).collect(),
    };
    let binaries = Binaries::default();
    let mut groups = Vec::new();
    let mut salts = Vec::new();
    let mut of_environment = Vec::new();
    let mut needs_environment = arguments.paths.is_empty();
    for target in targets {
        let (subject, findings) = match target {
            Target::Root(root) => {
                needs_environment = true;
                let is_asked = !arguments.paths.is_empty();
                let mut past = Vec::new();
                let findings =
                    of_root(&root, is_asked, variables, &binaries, &mut salts, &mut past);
                // What goes past one root goes past the next.
                let is_new = |finding: &Finding| {
                    let mut known = of_environment.iter();
                    !known.any(|known: &Finding| known.place == finding.place)
                };
                past.retain(is_new);
                of_environment.extend(past);
                (Place::from(&root), findings)
            }
            Target::File(file) => (Place::from(&file), loading::check(&file, variables)),
            Target::Wrong(path, finding) => (Place::from(&path), vec![finding]),
            Target::Environment(finding) => {
                of_environment.push(finding);
                continue;
            }
        };
        groups.push(Group { subject, findings });
    }
    if needs_environment {
        of_environment.extend(self::of_environment(variables, &salts));
        groups.push(Group {
            subject: ENVIRONMENT.into(),
            findings: of_environment,
        });
    }
    groups
}

/// `is_asked`: the root was named, and need not be on PATH. `past` gets what
/// variables have run instead of it.
fn of_root(
    path: &Path,
    is_asked: bool,
    variables: &Variables,
    binaries: &Binaries,
    salts: &mut Vec<String>,
    past: &mut Vec<Finding>,
) -> Vec<Finding> {
    root::read(path, |root| {
        for half in root.halves() {
            let salt = half.salt().into_owned();
            if !salts.contains(&salt) {
                salts.push(salt);
            }
        }
        past.extend(goes_round::check(root, is_asked, variables));
        [
            programs::check(root, variables, binaries),
            links::check(root, variables, binaries),
            front_ends::check(root, variables, binaries),
            markers::check(root, variables),
            interpreter::in_root(root),
            hooks::check(root, variables),
            flags::in_files(root),
            search_path::check(root, is_asked, variables),
        ]
        .concat()
    })
}

fn of_environment(variables: &Variables, salts: &[String]) -> Vec<Finding> {
    let findings = [
        flags::in_variables(variables, salts),
        interpreter::in_variables(variables, salts),
        named_tools::check(variables),
        directory_lists::check(variables),
        purity::check(variables),
        own_variables::check(variables),
    ]
    .concat();
    directory::told_once(findings)
}
