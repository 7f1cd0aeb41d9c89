//! `cc-wrapper doctor [PATH…]`: what is wrong with wrapped roots, with the
//! environment, and with built programs.

mod arguments;
mod build;
mod caches;
mod collected_paths;
mod directory;
mod environment;
mod files;
mod finding;
mod flags;
mod hooks;
mod installed;
mod interpreter;
mod leads;
mod links;
pub mod loading;
mod markers;
mod nixpkgs;
mod report;
mod root;
mod target;
mod tools;
mod variables;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

pub use arguments::{Arguments, HELP};

use self::finding::{Finding, Group, Severity};
use self::leads::Leads;
use self::root::Root;
use self::target::Target;
use self::tools::Binaries;
use self::variables::Variables;
use crate::support::output::to_stdout;
use crate::support::terminal::Screen;

/// Prints what is wrong; fails if there is an error among the findings.
pub fn run(arguments: &Arguments) -> ExitCode {
    let groups = groups(&arguments.paths, &Variables::own());
    let text = if arguments.json {
        report::json(&groups)
    } else {
        report::text(&groups, &Screen::of_stdout())
    };
    // The status says what was found, even if nobody reads it.
    if let Err(error) = to_stdout(&text) {
        error.print();
        return ExitCode::FAILURE;
    }
    ExitCode::from(u8::from(!report::is_ok(&groups)))
}

/// The findings about each path, or else about what the environment leads to,
/// then those about the environment.
fn groups(paths: &[PathBuf], variables: &Variables) -> Vec<Group> {
    let (leads, binaries) = (Leads::of(variables), Binaries::default());
    // Roots that are named need not be what builds come to.
    let is_asked = !paths.is_empty();
    let mut targets: Vec<Target> = paths.iter().map(|path| Target::at(path)).collect();
    if !is_asked {
        targets.push(target::of_environment(variables, &leads));
    }
    // Suffixes of the NIX_… variables that the roots read.
    let mut suffixes = ["", "_FOR_BUILD", "_FOR_TARGET"].map(String::from).to_vec();
    let (mut needs_environment, mut of_environment) = (!is_asked, Vec::<Finding>::new());
    let mut groups = Vec::new();
    let check = |root: &Root| {
        [
            tools::check(root, variables, &binaries),
            links::check(root, &leads, &binaries),
            markers::check(root, variables, &leads),
            caches::check(root, variables, &leads),
            interpreter::check(root),
            hooks::check(root, variables),
            flags::in_files(root),
            leads.order(root, is_asked),
        ]
        .concat()
    };
    for target in targets {
        let (subject, findings) = match target {
            Target::Root(path) => {
                needs_environment = true;
                let findings = root::read(&path, |root| {
                    suffixes.extend(root.halves().map(|half| format!("_{}", half.salt())));
                    of_environment.extend(leads.bypasses(root, is_asked));
                    check(root)
                });
                (path, findings)
            }
            Target::Build(directory) => {
                let findings = build::check(&directory, variables, &leads);
                (directory, findings)
            }
            Target::File(file) => {
                let findings = loading::check(&file, variables);
                (file, findings)
            }
            Target::Prefix(prefix, files) => {
                let findings = files
                    .iter()
                    .flat_map(|file| loading::check(file, variables));
                // Notes of many files would hide what matters.
                let findings = findings.filter(|finding| finding.severity != Severity::Note);
                (prefix, findings.collect())
            }
            Target::Wrong(path, finding) => (path, vec![finding]),
            Target::Environment(finding) => {
                of_environment.push(finding);
                continue;
            }
        };
        let subject = subject.into();
        groups.push(Group { subject, findings });
    }
    if needs_environment {
        let mut seen = BTreeSet::new();
        suffixes.retain(|suffix| seen.insert(suffix.clone()));
        // A variable that bypasses one root bypasses the next.
        let mut seen = BTreeSet::new();
        of_environment.retain(|finding| seen.insert(finding.place.clone()));
        let others = [
            flags::in_variables(variables, &suffixes),
            leads.named_tools(),
            environment::check(variables, &suffixes),
        ];
        of_environment.extend(directory::merged(others.concat()));
        let (subject, findings) = ("environment".into(), of_environment);
        groups.push(Group { subject, findings });
    }
    groups
}
