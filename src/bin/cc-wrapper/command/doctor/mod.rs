//! `cc-wrapper doctor [PATH…]`: what is wrong with wrapped roots, with the
//! environment, and with built programs.

mod arguments;
mod collected_paths;
mod directory;
mod environment;
mod files;
mod finding;
mod flags;
mod hooks;
mod interpreter;
mod leads;
mod links;
mod loading;
mod markers;
mod nixpkgs;
mod report;
mod root;
mod target;
mod tools;
mod trial;
mod variables;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ArgMatches;

pub use arguments::{HELP, NAME, command};

use self::finding::{Finding, Group};
use self::leads::Leads;
use self::target::Target;
use self::tools::Binaries;
use self::variables::Variables;
use crate::support::argument::all;
use crate::support::output::to_stdout;
use crate::support::terminal::Screen;

/// Prints what is wrong; fails if there is an error among the findings.
pub fn run(matches: &ArgMatches) -> ExitCode {
    let paths: Vec<&PathBuf> = all(matches, "path").collect();
    let groups = groups(&paths, &Variables::own());
    let text = if matches.get_flag("json") {
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
fn groups(paths: &[&PathBuf], variables: &Variables) -> Vec<Group> {
    let leads = Leads::of(variables);
    let is_asked = !paths.is_empty();
    let mut targets: Vec<Target> = paths.iter().map(|path| Target::at(path)).collect();
    if !is_asked {
        targets.push(target::of_environment(variables, &leads));
    }
    let mut examination = Examination {
        variables,
        leads,
        binaries: Binaries::default(),
        is_asked,
        suffixes: ["", "_FOR_BUILD", "_FOR_TARGET"].map(String::from).to_vec(),
        of_environment: Vec::new(),
    };
    let mut needs_environment = !is_asked;
    let mut groups = Vec::new();
    for target in targets {
        let (subject, findings) = match target {
            Target::Root(root) => {
                needs_environment = true;
                let findings = examination.of_root(&root);
                (root, findings)
            }
            Target::File(file) => {
                let findings = loading::check(&file, variables);
                (file, findings)
            }
            Target::Wrong(path, finding) => (path, vec![finding]),
            Target::Environment(finding) => {
                examination.of_environment.push(finding);
                continue;
            }
        };
        let subject = subject.into();
        groups.push(Group { subject, findings });
    }
    if needs_environment {
        let (subject, findings) = ("environment".into(), examination.environment());
        groups.push(Group { subject, findings });
    }
    groups
}

/// What is known while the targets are examined.
struct Examination<'v> {
    variables: &'v Variables,
    leads: Leads<'v>,
    binaries: Binaries,
    /// The roots were named, and need not be what builds come to.
    is_asked: bool,
    /// Suffixes of the NIX_… variables that the roots read.
    suffixes: Vec<String>,
    /// Findings about the environment.
    of_environment: Vec<Finding>,
}

impl Examination<'_> {
    fn of_root(&mut self, path: &Path) -> Vec<Finding> {
        root::read(path, |root| {
            let salts = root.halves().map(|half| format!("_{}", half.salt()));
            self.suffixes.extend(salts);
            for finding in self.leads.bypasses(root, self.is_asked) {
                // A variable that bypasses one root bypasses the next.
                let mut known = self.of_environment.iter();
                if !known.any(|known| known.place == finding.place) {
                    self.of_environment.push(finding);
                }
            }
            let (variables, leads) = (self.variables, &self.leads);
            [
                tools::check(root, variables, &self.binaries),
                links::check(root, variables, leads, &self.binaries),
                markers::check(root, variables, leads),
                interpreter::check(root),
                hooks::check(root, variables),
                flags::in_files(root),
                leads.order(root, self.is_asked),
            ]
            .concat()
        })
    }

    fn environment(mut self) -> Vec<Finding> {
        let mut seen = BTreeSet::new();
        self.suffixes.retain(|suffix| seen.insert(suffix.clone()));
        let findings = [
            flags::in_variables(self.variables, &self.suffixes),
            self.leads.named_tools(),
            environment::check(self.variables, &self.suffixes),
        ];
        let findings = directory::merged(findings.concat());
        self.of_environment.extend(findings);
        self.of_environment
    }
}
