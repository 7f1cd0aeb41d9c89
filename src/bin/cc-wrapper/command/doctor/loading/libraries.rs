//! Findings about the libraries that a file loads, and the directories in which
//! it looks for them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::VARIABLE;
use super::load::{Loaded, Looks, Need, Outcome};
use super::run_path::Entry;
use crate::command::doctor::collected_paths;
use crate::command::doctor::finding::{Finding, Severity, shown};
use crate::process::report::quoted;
use crate::support::elf::Dynamic;

const PATCH: &str = "run patchelf --add-rpath DIR";

/// What is wrong with the entries of a file's RUNPATH.
pub fn of_run_path(
    file: &Path,
    dynamic: &Dynamic,
    looks: &Looks,
    loaded: [&Loaded; 2],
) -> Vec<Finding> {
    let finding = |entry: &Entry| {
        let (id, why, remedy) = match entry {
            Entry::Relative(spelled) => (
                "relative-run-path",
                format!("{}, relative to where it is run from", quoted(spelled)),
                "write it with $ORIGIN, or remove it: patchelf --set-rpath".to_owned(),
            ),
            Entry::Opaque(spelled) => (
                "unknown-run-path",
                format!("{}, which only the loader can expand", quoted(spelled)),
                "nothing to do".to_owned(),
            ),
            Entry::Directory(path) if !path.is_dir() => {
                let otherwise = "link it again without that directory, or run patchelf --set-rpath";
                let remedy = collected_paths::remedy(path, otherwise);
                let why = format!("{}, which does not exist", shown(path));
                ("absent-run-path", why, remedy)
            }
            Entry::Directory(path) if is_useless(path, dynamic, looks, loaded) => (
                "useless-run-path",
                format!("{}, which has no library that it needs", shown(path)),
                "link it again without that directory, unless it is for dlopen".to_owned(),
            ),
            Entry::Directory(_) => return None,
        };
        let what = format!("looks for libraries in {why}");
        let finding = Finding::warning(id, file, what, remedy);
        let is_note = id == "unknown-run-path";
        Some(if is_note {
            finding.of(Severity::Note)
        } else {
            finding
        })
    };
    loaded[0].objects[0]
        .entries
        .iter()
        .filter_map(finding)
        .collect()
}

/// Whether a directory has nothing that the file or one of its libraries needs.
/// An RPATH may also serve what is loaded later.
fn is_useless(path: &Path, dynamic: &Dynamic, looks: &Looks, loaded: [&Loaded; 2]) -> bool {
    let is_of_use = |loaded: &Loaded| {
        let mut needs = loaded.needs.iter();
        // A loader that gave up has not told what is needed further.
        loaded
            .faults
            .iter()
            .any(|fault| fault.id == "broken-library")
            || needs.any(|need| match &need.outcome {
                Outcome::Found(place) if is_in(place, path) => true,
                _ => looks.exists(&path.join(&need.name)),
            })
    };
    !dynamic.is_inherited && !looks.are_spent() && !loaded.into_iter().any(is_of_use)
}

/// Whether a library is in a directory, or in one below it for a newer processor.
fn is_in(place: &Path, directory: &Path) -> bool {
    place.parent() == Some(directory) || place.starts_with(directory.join("glibc-hwcaps"))
}

/// What is wrong with the libraries. `without` is the same file loaded without
/// LD_LIBRARY_PATH.
pub fn of_needs(file: &Path, loaded: &Loaded, without: &Loaded, looks: &Looks) -> Vec<Finding> {
    let mut findings = loaded.faults.clone();
    for finding in &mut findings {
        finding.place = file.into();
    }
    let idle = idle(loaded, looks);
    let failures = loaded.failures();
    findings.extend(failures.map(|need| failure(file, loaded, need, idle.as_deref(), looks)));
    findings.extend(only_by_variable(file, loaded, without));
    let own = &without.objects[0];
    let is_systems = |need: &&Need| match &need.outcome {
        Outcome::Found(place) => {
            let mut entries = own.entries.iter().filter_map(Entry::directory);
            !entries.any(|entry| is_in(place, entry))
        }
        _ => false,
    };
    let needs = without.needs.iter().filter(|need| {
        let name = need.name.as_bytes();
        need.by == 0 && !name.contains(&b'/') && !is_of_libc(name)
    });
    let needs: Vec<&Need> = needs.filter(is_systems).collect();
    if !needs.is_empty() {
        let what = format!("finds {} only in the system's directories", names(&needs));
        let remedy = "nothing to do, unless it is to run on other machines";
        let finding = Finding::error("only-by-system", file, what, remedy);
        findings.push(finding.of(Severity::Note));
    }
    findings
}

/// The only directory of the RUNPATH that has no library: what is missing may
/// have been there.
fn idle(loaded: &Loaded, looks: &Looks) -> Option<PathBuf> {
    let entries = loaded.objects[0].entries.iter();
    let mut idle = entries.filter_map(Entry::directory).filter(|path| {
        let mut needs = loaded.needs.iter();
        !needs.any(|need| looks.exists(&path.join(&need.name)))
    });
    idle.next().filter(|_| idle.next().is_none()).cloned()
}

/// A library that is not found, or is broken.
fn failure(
    file: &Path,
    loaded: &Loaded,
    need: &Need,
    idle: Option<&Path>,
    looks: &Looks,
) -> Finding {
    let needs = chain(loaded, need);
    let is_unsure = match &need.outcome {
        Outcome::Broken(path, why) => {
            let place = shown(path);
            let what = format!("{needs}, and the loader finds {place} for it, which {why}");
            let remedy = format!("remove {place}, or build or install it again");
            return Finding::error("broken-library", file, what, remedy);
        }
        Outcome::Missing { is_unsure } => *is_unsure,
        Outcome::Found(_) => false,
    };
    let name = quoted(need.name.as_bytes());
    let link = format!("with -LDIR in NIX_LDFLAGS, where DIR has {name}, or {PATCH}");
    let mut what = format!("{needs}, which is not found");
    let remedy = if need.by == 0 {
        let install = idle.map(|idle| format!("install it in {}, or ", shown(idle)));
        format!("{}link it again {link}", install.unwrap_or_default())
    } else {
        let asker = &loaded.objects[need.by];
        let path = shown(&asker.path);
        let mut own = loaded.objects[0]
            .entries
            .iter()
            .filter_map(Entry::directory);
        let holds = own.find(|directory| looks.exists(&directory.join(&need.name)));
        if let Some(directory) = holds.map(shown) {
            what = format!(
                "{what}: {directory} is in the RUNPATH of the program, which does not serve its libraries"
            );
            format!(
                "run patchelf --add-rpath {directory} {path}, or link {path} again with -L{directory} in NIX_LDFLAGS"
            )
        } else if is_of_system(loaded, need.by) {
            format!("install {name}, or install again the package that {path} is from")
        } else {
            format!("link {path} again {link} {path}")
        }
    };
    let severity = if is_unsure {
        Severity::Warning
    } else {
        Severity::Error
    };
    Finding::error("missing-library", file, what, remedy).of(severity)
}

/// Whether no RUNPATH leads to a library.
fn is_of_system(loaded: &Loaded, object: usize) -> bool {
    let path = &loaded.objects[object].path;
    let entries = loaded.objects.iter().flat_map(|object| &object.entries);
    !entries
        .filter_map(Entry::directory)
        .any(|entry| is_in(path, entry))
}

fn only_by_variable(file: &Path, loaded: &Loaded, without: &Loaded) -> Vec<Finding> {
    let fails = |need: &&Need| loaded.failures().any(|other| other.name == need.name);
    let needs = without.failures().filter(|need| !fails(need));
    let (own, others): (Vec<&Need>, Vec<&Need>) = needs.partition(|need| need.by == 0);
    let id = "only-by-variable";
    let mut findings = Vec::new();
    if !own.is_empty() {
        let what = format!("finds {} only through {VARIABLE}", names(&own));
        let remedy = format!("link it again with -LDIR in NIX_LDFLAGS, or {PATCH}");
        findings.push(Finding::warning(id, file, what, remedy));
    }
    for need in others {
        let path = shown(&without.objects[need.by].path);
        let what = format!(
            "{}, which is found only through {VARIABLE}",
            chain(without, need)
        );
        let remedy = format!("link {path} again with -LDIR in NIX_LDFLAGS, or {PATCH} {path}");
        findings.push(Finding::warning(id, file, what, remedy));
    }
    findings
}

/// Whether a library comes with the loader, on any system.
pub fn is_of_libc(name: &[u8]) -> bool {
    let names = [
        "ld-linux",
        "ld-musl",
        "ld64",
        "libc.",
        "libdl.",
        "libm.",
        "libpthread.",
        "librt.",
        "libutil.",
        "libxnet.",
    ];
    names.iter().any(|start| name.starts_with(start.as_bytes()))
}

fn names(needs: &[&Need]) -> String {
    let names = needs.iter().map(|need| quoted(need.name.as_bytes()));
    names.collect::<Vec<_>>().join(" ")
}

/// `needs a`; `loads a, which needs b, which needs c`
fn chain(loaded: &Loaded, need: &Need) -> String {
    let chain = loaded.chain(need).into_iter();
    let names: Vec<String> = chain.map(|name: &OsStr| quoted(name.as_bytes())).collect();
    match names.as_slice() {
        [name] => format!("needs {name}"),
        names => format!("loads {}", names.join(", which needs ")),
    }
}
