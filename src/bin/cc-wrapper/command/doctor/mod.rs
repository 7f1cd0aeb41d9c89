//! `cc-wrapper doctor [PATH…]`: what is wrong with wrapped roots, with the
//! environment, and with built programs.

mod arguments;
mod collected_paths;
mod directory;
mod environment;
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

use std::path::Path;
use std::process::ExitCode;

use clap::ArgMatches;

pub use arguments::{HELP, NAME, command};

use self::arguments::Arguments;
use self::finding::{Finding, Group};
use self::leads::Leads;
use self::target::Target;
use self::tools::Binaries;
use self::variables::Variables;
use crate::support::output::to_stdout;
use crate::support::terminal::Screen;

/// Prints what is wrong; fails if there is an error among the findings.
pub fn run(matches: &ArgMatches) -> ExitCode {
    let arguments = Arguments::read(matches);
    let groups = Examination::new(&arguments, &Variables::own()).groups(&arguments);
    let text = if arguments.is_json {
        report::json(&groups)
    } else {
        report::text(&groups, &Screen::of_stdout())
    };
    // The status says what was found, even if nobody reads it.
    if let Err(error) = to_stdout(&text) {
        error.print();
        return ExitCode::FAILURE;
    }
    if report::is_ok(&groups) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
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

impl<'v> Examination<'v> {
    fn new(arguments: &Arguments, variables: &'v Variables) -> Examination<'v> {
        Examination {
            variables,
            leads: Leads::of(variables),
            binaries: Binaries::default(),
            is_asked: !arguments.paths.is_empty(),
            suffixes: ["", "_FOR_BUILD", "_FOR_TARGET"].map(String::from).to_vec(),
            of_environment: Vec::new(),
        }
    }

    /// The findings about each target, then those about the environment.
    fn groups(mut self, arguments: &Arguments) -> Vec<Group> {
        let targets: Vec<Target> = match arguments.paths.as_slice() {
            [] => vec![target::of_environment(self.variables, &self.leads)],
            paths => paths.iter().map(|path| Target::at(path)).collect(),
        };
        let mut groups = Vec::new();
        let mut needs_environment = !self.is_asked;
        for target in targets {
            let (subject, findings) = match target {
                Target::Root(root) => {
                    needs_environment = true;
                    let findings = self.of_root(&root);
                    (root, findings)
                }
                Target::File(file) => {
                    let findings = loading::check(&file, self.variables);
                    (file, findings)
                }
                Target::Wrong(path, finding) => (path, vec![finding]),
                Target::Environment(finding) => {
                    self.of_environment.push(finding);
                    continue;
                }
            };
            groups.push(Group {
                subject: subject.into(),
                findings,
            });
        }
        if needs_environment {
            groups.push(self.environment());
        }
        groups
    }

    fn of_root(&mut self, path: &Path) -> Vec<Finding> {
        root::read(path, |root| {
            for half in root.halves() {
                let suffix = format!("_{}", half.salt());
                if !self.suffixes.contains(&suffix) {
                    self.suffixes.push(suffix);
                }
            }
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

    fn environment(self) -> Group {
        let findings = [
            flags::in_variables(self.variables, &self.suffixes),
            self.leads.named_tools(),
            environment::check(self.variables, &self.suffixes),
        ];
        let mut all = self.of_environment;
        all.extend(directory::merged(findings.concat()));
        Group {
            subject: "environment".into(),
            findings: all,
        }
    }
}
