//! Findings about the libraries that a file loads, and the directories in which
//! it looks for them.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::VARIABLE;
use super::load::{Loaded, Looks, Need, Object, Outcome};
use super::run_path::Entry;
use crate::command::doctor::collected_paths;
use crate::command::doctor::finding::{Finding, Severity, shown};
use crate::process::report::quoted;

/// Libraries in a message about one of them.
const LONGEST_CHAIN: usize = 16;

const PATCH: &str = "run patchelf --add-rpath DIR";

/// What is wrong with the entries of a file's RUNPATH.
pub fn of_run_path(file: &Path, looks: &Looks, loaded: [&Loaded; 2]) -> Vec<Finding> {
    let finding = |entry: &Entry| {
        let finding = |id, name: String, why: &str, remedy: &str| {
            let what = format!("looks for libraries in {name}, {why}");
            Some(Finding::warning(id, file, what, remedy))
        };
        match entry {
            Entry::Relative(spelled) => {
                let why = "relative to where it is run from";
                let remedy = "write it with $ORIGIN, or remove it: patchelf --set-rpath";
                finding("relative-run-path", quoted(spelled), why, remedy)
            }
            Entry::Opaque(spelled) => {
                let (id, why) = ("unknown-run-path", "which only the loader can expand");
                let finding = finding(id, quoted(spelled), why, "nothing to do")?;
                Some(finding.of(Severity::Note))
            }
            Entry::Directory(path) if !path.is_dir() => {
                let otherwise = "link it again without that directory, or run patchelf --set-rpath";
                let remedy = collected_paths::remedy(path, otherwise);
                let (id, why) = ("absent-run-path", "which does not exist");
                finding(id, shown(path), why, &remedy)
            }
            Entry::Directory(path) if is_useless(path, looks, loaded) => {
                let why = "which has no library that it needs";
                let remedy = "link it again without that directory, unless it is for dlopen";
                // A linker with --as-needed drops libraries, not directories.
                let finding = finding("useless-run-path", shown(path), why, remedy)?;
                Some(finding.of(Severity::Note))
            }
            Entry::Directory(_) => None,
        }
    };
    let entries = loaded[0].objects[0].entries.iter();
    entries.filter_map(finding).collect()
}

/// Whether a directory has nothing that the file or one of its libraries needs.
/// An RPATH may also serve what is loaded later.
fn is_useless(path: &Path, looks: &Looks, loaded: [&Loaded; 2]) -> bool {
    let is_of_use = |loaded: &Loaded| {
        let (mut faults, mut needs) = (loaded.faults.iter(), loaded.needs.iter());
        // A loader that gave up has not told what is needed further.
        faults.any(|fault| fault.id == "broken-library")
            || needs.any(|need| match &need.outcome {
                Outcome::Found(place) if is_in(place, path) => true,
                _ => looks.exists(&path.join(&need.name)),
            })
    };
    !loaded[0].objects[0].dynamic.is_inherited
        && !looks.are_spent()
        && !loaded.into_iter().any(is_of_use)
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
    let (idle, failures) = (idle(loaded, looks), loaded.failures());
    findings.extend(failures.map(|need| failure(file, loaded, need, idle, looks)));
    findings.extend(only_by_variable(file, loaded, without));
    let is_systems = |need: &&Need| {
        let name = need.name.as_bytes();
        let is_own = need.by == 0 && !name.contains(&b'/') && !is_of_libc(name);
        let mut directories = without.objects[0].directories();
        let mut is_near = |place: &Path| directories.any(|directory| is_in(place, directory));
        is_own && matches!(&need.outcome, Outcome::Found(place) if !is_near(place))
    };
    let needs: Vec<&Need> = without.needs.iter().filter(is_systems).collect();
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
fn idle<'l>(loaded: &'l Loaded, looks: &Looks) -> Option<&'l PathBuf> {
    let mut idle = loaded.objects[0].directories().filter(|path| {
        let mut needs = loaded.needs.iter();
        !needs.any(|need| looks.exists(&path.join(&need.name)))
    });
    idle.next().filter(|_| idle.next().is_none())
}

/// A library that is not found, or is broken.
fn failure(
    file: &Path,
    loaded: &Loaded,
    need: &Need,
    idle: Option<&PathBuf>,
    looks: &Looks,
) -> Finding {
    let needs = chain(loaded, need);
    if let Outcome::Broken(path, why) = &need.outcome {
        let place = shown(path);
        let what = format!("{needs}, and the loader finds {place} for it, which {why}");
        let remedy = format!("remove {place}, or build or install it again");
        return Finding::error("broken-library", file, what, remedy);
    }
    let is_unsure = need.outcome == Outcome::Missing { is_unsure: true };
    let name = quoted(need.name.as_bytes());
    let link = format!("with -LDIR in NIX_LDFLAGS, where DIR has {name}, or {PATCH}");
    let mut what = format!("{needs}, which is not found");
    let remedy = if need.by == 0 {
        let install = idle.map(|idle| format!("install it in {}, or ", shown(idle)));
        format!("{}link it again {link}", install.unwrap_or_default())
    } else {
        let asker = &loaded.objects[need.by];
        let path = shown(&asker.path);
        let mut own = loaded.objects[0].directories();
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
    let severity = Severity::error_if(!is_unsure, Severity::Warning);
    Finding::error("missing-library", file, what, remedy).of(severity)
}

/// Whether no RUNPATH leads to a library.
fn is_of_system(loaded: &Loaded, object: usize) -> bool {
    let path = &loaded.objects[object].path;
    let mut directories = loaded.objects.iter().flat_map(Object::directories);
    !directories.any(|directory| is_in(path, directory))
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
        let needs = chain(without, need);
        let what = format!("{needs}, which is found only through {VARIABLE}");
        let remedy = format!("link {path} again with -LDIR in NIX_LDFLAGS, or {PATCH} {path}");
        findings.push(Finding::warning(id, file, what, remedy));
    }
    findings
}

/// Whether a library comes with the loader, on any system.
pub fn is_of_libc(name: &[u8]) -> bool {
    let names = "ld-linux ld-musl ld64 libc. libdl. libm. libpthread. librt. libutil. libxnet.";
    let mut starts = names.split(' ');
    starts.any(|start| name.starts_with(start.as_bytes()))
}

fn names(needs: &[&Need]) -> String {
    let names = needs.iter().map(|need| quoted(need.name.as_bytes()));
    names.collect::<Vec<_>>().join(" ")
}

/// `needs a`; `loads a, which needs b, which needs c`. A long chain lacks its
/// beginning.
fn chain(loaded: &Loaded, need: &Need) -> String {
    let mut chain = quoted(need.name.as_bytes());
    let mut asked = &loaded.objects[need.by].asked;
    let verb = if asked.is_some() { "loads" } else { "needs" };
    for _ in 0..LONGEST_CHAIN {
        let Some((by, name)) = asked else { break };
        chain = format!("{}, which needs {chain}", quoted(name.as_bytes()));
        asked = &loaded.objects[*by].asked;
    }
    let begin = if asked.is_some() { "… " } else { "" };
    format!("{verb} {begin}{chain}")
}
