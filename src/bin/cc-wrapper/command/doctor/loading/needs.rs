//! What is told of the libraries that were looked for.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::VARIABLE;
use super::load::{Finder, Loaded, Need, Outcome};
use crate::command::doctor::finding::{Finding, bytes, shown};

/// How a file was loaded, and how it would be without the variable.
pub struct Needs<'n> {
    pub file: &'n Path,
    pub loaded: &'n Loaded,
    pub without: &'n Loaded,
    /// An entry of the file's own RUNPATH that holds a library of this name.
    pub holds: &'n dyn Fn(&OsStr) -> Option<PathBuf>,
    /// The only entry that holds none of those that are needed.
    pub idle: Option<PathBuf>,
}

impl Needs<'_> {
    pub fn findings(&self) -> Vec<Finding> {
        let failures = self.loaded.failures();
        let mut findings: Vec<Finding> = failures.map(|need| self.failure(need)).collect();
        findings.extend(self.only_by_variable());
        findings.extend(self.only_by_system());
        findings
    }

    fn failure(&self, need: &Need) -> Finding {
        let told = told(self.loaded, need);
        let place = self.file;
        let is_unsure = match &need.outcome {
            Outcome::Broken { path, why } => {
                return Finding::error(
                    "broken-library",
                    place,
                    format!("{told}, and {}, which is taken for it, {why}", shown(path)),
                    "remove that, or build or install it again",
                );
            }
            Outcome::Missing { is_unsure } => *is_unsure,
            Outcome::Found(_) => false,
        };
        let mut what = format!("{told}, which nothing finds");
        let remedy = match need.by {
            0 => self.remedy_for_own(&need.name),
            by => {
                let asker = &self.loaded.objects[by];
                let path = shown(&asker.path);
                let name = bytes(need.name.as_bytes());
                match (self.holds)(&need.name).map(|directory| shown(&directory)) {
                    Some(directory) => {
                        what = format!(
                            "{what}: the RUNPATH that names {directory} serves no library's needs"
                        );
                        format!(
                            "patchelf --add-rpath {directory} {path}, or link that again with -L{directory} in NIX_LDFLAGS"
                        )
                    }
                    None if asker.is_of_system => {
                        format!("install {name}, or install again what {path} is part of")
                    }
                    None => format!(
                        "link {path} again with -LDIR in NIX_LDFLAGS, DIR being where {name} is; or patchelf --add-rpath DIR {path}"
                    ),
                }
            }
        };
        let finding = Finding::error("missing-library", place, what, remedy);
        match is_unsure {
            true => finding.into_warning(),
            false => finding,
        }
    }

    fn remedy_for_own(&self, name: &OsStr) -> String {
        // What is missing may have been in the one directory of no use.
        let idle = self.idle.as_deref().map(shown);
        let install = idle.map(|place| format!("install it in {place}, or "));
        format!(
            "{}link it again with -LDIR in NIX_LDFLAGS, DIR being where {} is; or patchelf --add-rpath DIR",
            install.unwrap_or_default(),
            bytes(name.as_bytes())
        )
    }

    fn only_by_variable(&self) -> Vec<Finding> {
        let fails = |need: &&Need| self.loaded.failures().any(|n| n.name == need.name);
        let needs = self.without.failures().filter(|need| !fails(need));
        let (own, others): (Vec<&Need>, Vec<&Need>) = needs.partition(|need| need.by == 0);
        let warning = |what: String, remedy: String| {
            Finding::error("only-by-variable", self.file, what, remedy).into_warning()
        };
        let mut findings = Vec::new();
        if !own.is_empty() {
            findings.push(warning(
                format!("finds {} only by {VARIABLE}", names(&own)),
                "link it again with -LDIR in NIX_LDFLAGS; or patchelf --add-rpath DIR".to_owned(),
            ));
        }
        findings.extend(others.into_iter().map(|need| {
            let asker = shown(&self.without.objects[need.by].path);
            warning(
                format!("{}, which only {VARIABLE} finds", told(self.without, need)),
                format!("link {asker} again with -LDIR in NIX_LDFLAGS; or patchelf --add-rpath DIR {asker}"),
            )
        }));
        findings
    }

    fn only_by_system(&self) -> Option<Finding> {
        let is_it = |need: &&Need| {
            let is_systems = need.outcome == Outcome::Found(Finder::System);
            need.by == 0 && is_systems && !is_of_libc(need.name.as_bytes())
        };
        let needs: Vec<&Need> = self.without.needs.iter().filter(is_it).collect();
        (!needs.is_empty()).then(|| {
            Finding::error(
                "only-by-system",
                self.file,
                format!("finds {} only by the system", names(&needs)),
                "there is nothing to do, unless it is to run on others",
            )
            .into_note()
        })
    }
}

/// Whether it comes with the interpreter, whichever system that is of.
fn is_of_libc(name: &[u8]) -> bool {
    let names: [&[u8]; 8] = [
        b"ld-linux",
        b"ld-musl",
        b"ld64",
        b"libc.",
        b"libdl.",
        b"libm.",
        b"libpthread.",
        b"librt.",
    ];
    names.iter().any(|start| name.starts_with(start))
}

fn names(needs: &[&Need]) -> String {
    let names = needs.iter().map(|need| bytes(need.name.as_bytes()));
    names.collect::<Vec<_>>().join(" ")
}

/// `needs a`; `loads a, which needs b, which needs c`
fn told(loaded: &Loaded, need: &Need) -> String {
    let chain = loaded.chain(need);
    let names: Vec<String> = chain.iter().map(|name| bytes(name.as_bytes())).collect();
    match names.as_slice() {
        [name] => format!("needs {name}"),
        names => format!("loads {}", names.join(", which needs ")),
    }
}
