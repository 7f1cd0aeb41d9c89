//! Whether a built program or library finds what it needs.

mod cache;
mod run_path;
mod system;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use self::run_path::Entry;
use self::system::System;
use super::finding::{bytes, shown, Finding};
use super::gone;
use super::variables::Variables;
use crate::command::elf::{self, Dynamic, Elf, Kind};
use crate::command::own;

const VARIABLE: &str = "LD_LIBRARY_PATH";

pub fn check(file: &Path, variables: &Variables) -> Vec<Finding> {
    let elf = match elf::read(file) {
        Ok(Some(elf)) => elf,
        Ok(None) => {
            return vec![Finding::error(
                "no-elf",
                shown(file),
                "is neither an ELF file nor a tool of a wrapped root",
                "name a program or a shared library, or a root",
            )]
        }
        Err(why) => {
            return vec![Finding::error(
                "unreadable",
                shown(file),
                format!("cannot be read as an ELF file: {why}"),
                "build it again",
            )]
        }
    };
    let is_foreign = !runs_here(elf.kind);
    let mut findings = Vec::new();
    if is_foreign {
        findings.push(foreign(file, elf.kind));
    } else {
        findings.extend(interpreter(file, &elf));
    }
    match &elf.dynamic {
        Some(dynamic) => {
            let search = Search::new(file, &elf, dynamic, variables);
            findings.extend(search.run_path(file));
            if !is_foreign {
                findings.extend(search.libraries(file));
            }
        }
        None => findings.push(
            Finding::error(
                "static",
                shown(file),
                "loads no libraries",
                "there is nothing to do",
            )
            .into_note(),
        ),
    }
    findings
}

fn interpreter(file: &Path, elf: &Elf) -> Option<Finding> {
    let interpreter = elf.interpreter.as_ref().filter(|path| !path.exists())?;
    Some(Finding::error(
        "absent-interpreter",
        shown(file),
        format!(
            "does not start: its interpreter {} does not exist",
            shown(interpreter)
        ),
        gone::remedy(
            interpreter,
            "patchelf --set-interpreter, or link it again with another NIX_DYNAMIC_LINKER",
        ),
    ))
}

fn foreign(file: &Path, kind: Kind) -> Finding {
    Finding::error(
        "foreign-machine",
        shown(file),
        format!(
            "is for {}, not for this machine: what it finds there is not known",
            machine(kind)
        ),
        "ask the doctor there",
    )
    .into_warning()
}

fn machine(kind: Kind) -> String {
    use object::elf as e;
    let name = match kind.machine {
        e::EM_X86_64 => "x86_64",
        e::EM_386 => "i386",
        e::EM_AARCH64 => "aarch64",
        e::EM_ARM => "arm",
        e::EM_RISCV => "riscv",
        e::EM_PPC64 => "powerpc64",
        e::EM_S390 => "s390",
        e::EM_AVR => "avr",
        other => return format!("another machine (ELF's number {other})"),
    };
    name.to_owned()
}

fn runs_here(kind: Kind) -> bool {
    let own = elf::read(&own::this());
    let Ok(Some(Elf { kind: own, .. })) = own else {
        return true;
    };
    let is_older = own.machine == object::elf::EM_X86_64 && kind.machine == object::elf::EM_386;
    kind == own || is_older
}

/// Where the libraries of a file are looked for.
struct Search<'e> {
    kind: Kind,
    dynamic: &'e Dynamic,
    entries: Vec<Entry>,
    by_variable: Vec<PathBuf>,
    system: System,
}

/// Who finds a library.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// The file itself, by its path or by an entry of its own.
    Itself,
    Variable,
    System,
    Nobody,
}

impl<'e> Search<'e> {
    fn new(file: &Path, elf: &Elf, dynamic: &'e Dynamic, variables: &Variables) -> Search<'e> {
        Search {
            kind: elf.kind,
            dynamic,
            entries: run_path::entries(dynamic.run_path.as_deref().unwrap_or_default(), file),
            by_variable: variables.directories(VARIABLE),
            system: System::of(elf.interpreter.as_deref()),
        }
    }

    /// A library that could be loaded along.
    fn fits(&self, path: &Path) -> bool {
        matches!(elf::read(path), Ok(Some(elf)) if elf.kind == self.kind)
    }

    fn find(&self, name: &OsStr) -> Found {
        let is_in = |directory: &PathBuf| self.fits(&directory.join(name));
        let mut own = self.entries.iter().filter_map(Entry::directory);
        if name.as_bytes().contains(&b'/') && self.fits(Path::new(name)) || own.any(is_in) {
            Found::Itself
        } else if self.by_variable.iter().any(is_in) {
            Found::Variable
        } else if self
            .system
            .candidates(name)
            .iter()
            .any(|path| self.fits(path))
        {
            Found::System
        } else {
            Found::Nobody
        }
    }

    fn libraries(&self, file: &Path) -> Vec<Finding> {
        let needed = self.dynamic.needed.iter();
        let finders: Vec<(String, Found)> = needed
            .map(|name| (bytes(name.as_bytes()), self.find(name)))
            .collect();
        let found = |who: Found| {
            let names = finders.iter().filter(|(_, finder)| *finder == who);
            names.map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        let cannot_tell = self
            .entries
            .iter()
            .any(|entry| matches!(entry, Entry::Opaque(_)));
        let mut findings = Vec::new();
        for name in found(Found::Nobody) {
            let finding = Finding::error(
                "missing-library",
                shown(file),
                format!("needs {name}, which nothing finds"),
                format!("{}link it again with -LDIR in NIX_LDFLAGS, DIR being where {name} is; or patchelf --add-rpath DIR", self.place_for_it()),
            );
            findings.push(match cannot_tell {
                true => finding.into_warning(),
                false => finding,
            });
        }
        let by_variable = found(Found::Variable);
        if !by_variable.is_empty() {
            findings.push(
                Finding::error(
                    "only-by-variable",
                    shown(file),
                    format!("finds {} only by {VARIABLE}", by_variable.join(" ")),
                    "link it again with -LDIR in NIX_LDFLAGS; or patchelf --add-rpath DIR",
                )
                .into_warning(),
            );
        }
        let by_system = found(Found::System);
        if !by_system.is_empty() {
            findings.push(
                Finding::error(
                    "only-by-system",
                    shown(file),
                    format!("finds {} only by the system", by_system.join(" ")),
                    "there is nothing to do, unless it is to run on others",
                )
                .into_note(),
            );
        }
        findings
    }

    /// Where what is missing may have been: in the one directory of no use.
    fn place_for_it(&self) -> String {
        let entries = self.entries.iter().filter_map(Entry::directory);
        let mut places = entries.filter(|directory| !self.is_of_use(directory));
        match (places.next(), places.next()) {
            (Some(place), None) => format!("install it in {}, or ", shown(place)),
            _ => String::new(),
        }
    }

    /// What is wrong with the entries.
    fn run_path(&self, file: &Path) -> Vec<Finding> {
        let place = shown(file);
        let entries = self.entries.iter();
        let finding = |entry: &Entry| {
            let warning = |id, what: String, remedy: &str| {
                Some(Finding::error(id, &*place, what, remedy).into_warning())
            };
            let remove = "link it again without that, or patchelf --set-rpath";
            match entry {
                Entry::Relative(spelled) => warning(
                    "relative-run-path",
                    format!(
                        "looks for libraries in {}, seen from wherever it is run",
                        bytes(spelled)
                    ),
                    "write it from $ORIGIN, or take it out: patchelf --set-rpath",
                ),
                Entry::Opaque(spelled) => Some(
                    Finding::error(
                        "unknown-run-path",
                        &*place,
                        format!(
                            "looks for libraries in {}, which only the loader understands",
                            bytes(spelled)
                        ),
                        "there is nothing to do",
                    )
                    .into_note(),
                ),
                Entry::Directory(path) if !path.is_dir() => warning(
                    "absent-run-path",
                    format!(
                        "looks for libraries in {}, which does not exist",
                        shown(path)
                    ),
                    &gone::remedy(path, remove),
                ),
                Entry::Directory(path) if !self.is_of_use(path) => warning(
                    "useless-run-path",
                    format!(
                        "looks for libraries in {}, which has none of those it needs",
                        shown(path)
                    ),
                    "link it again without that, unless it is for dlopen",
                ),
                Entry::Directory(_) => None,
            }
        };
        entries.filter_map(finding).collect()
    }

    fn is_of_use(&self, directory: &Path) -> bool {
        let mut needed = self.dynamic.needed.iter();
        self.dynamic.is_inherited || needed.any(|name| self.fits(&directory.join(name)))
    }
}
