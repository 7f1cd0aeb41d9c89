//! Asking the dynamic loader itself what a file loads.
//!
//! A loader only lists when it is asked to, and runs no code of the file or its
//! libraries; see [`Dynamic::is_safe_to_list`] for the exception. Any program
//! can be named as an interpreter, so only the machine's own loader and those of
//! an immutable store are run.
//!
//! [`Dynamic::is_safe_to_list`]: crate::support::elf::Dynamic::is_safe_to_list

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use once_cell::sync::OnceCell;

use super::load::Outcome;
use crate::command::doctor::files::{self, path};
use crate::command::doctor::finding::{Finding, shown};
use crate::process::report::quoted;
use crate::support::elf::{self, Kind};
use crate::support::self_binary;
use crate::support::trial::{self, Trial};

const SHELL: &str = "/bin/sh";
const STORE: &str = "/nix/store";

/// What glibc's loader says when it gives up, and musl's of each library.
const GLIBC_ERROR: &str = ": error while loading shared libraries: ";
const MUSL_ERROR: &str = "Error loading shared library ";

/// The answer of a loader to `--list`.
#[derive(Debug, Default)]
pub struct Answer {
    /// Where they are, as far as the loader has looked for them.
    pub libraries: BTreeMap<OsString, Outcome>,
    pub faults: Vec<Finding>,
}

/// The loader that the system's shell starts with, if it is for files of this
/// kind.
pub fn of_system(kind: Kind) -> Option<PathBuf> {
    let elf = elf::read(Path::new(SHELL)).ok().flatten()?;
    elf.interpreter.filter(|_| elf.kind == kind)
}

/// Whether running a loader runs no stranger's code: it is the one that the
/// shell or this program starts with, or a C library's in the Nix store that
/// only root can write.
pub fn is_trusted(loader: &Path) -> bool {
    let Ok(real) = fs::canonicalize(loader) else {
        return false;
    };
    static OWN: OnceCell<Vec<PathBuf>> = OnceCell::new();
    let own = OWN.get_or_init(|| {
        let own = [PathBuf::from(SHELL), self_binary::this()];
        let own = own.iter().filter_map(|program| elf::interpreter(program));
        own.filter_map(|loader| fs::canonicalize(loader).ok())
            .collect()
    });
    own.contains(&real) || is_of_store(&real)
}

fn is_of_store(real: &Path) -> bool {
    let Ok(within) = real.strip_prefix(STORE) else {
        return false;
    };
    let package = within.iter().next().unwrap_or_default().to_string_lossy();
    let name = files::name(real).as_bytes();
    let is_roots = |path: &Path| {
        fs::symlink_metadata(path).is_ok_and(|it| it.uid() == 0 && it.mode() & 0o022 == 0)
    };
    let parts = real.ancestors();
    let mut parts = parts.take_while(|path| *path != Path::new(STORE));
    (package.contains("glibc") || package.contains("musl"))
        && name.starts_with(b"ld")
        && parts.all(is_roots)
}

/// Returns the answer of a trusted loader for `file`, with a list of directories in
/// LD_LIBRARY_PATH. `None`: it does not answer.
pub fn ask(loader: &Path, file: &Path, list: &[u8]) -> Option<Answer> {
    let command = || {
        let mut command = Command::new(loader);
        let list = (!list.is_empty()).then(|| ("LD_LIBRARY_PATH", path(list)));
        command.env_clear().env("LC_ALL", "C").envs(list);
        command
    };
    let mut trial = trial::run(command().arg("--list").arg(file)).ok()?;
    if contains(&trial.err, GLIBC_ERROR) {
        // This way, which no other loader knows, glibc's goes on behind a library
        // that is missing.
        let traced = [("LD_TRACE_LOADED_OBJECTS", "1"), ("LD_DEBUG", "files")];
        trial = trial::run(command().envs(traced).arg(file)).ok()?;
    }
    let is_known = trial.status?.success()
        || contains(&trial.err, GLIBC_ERROR)
        || contains(&trial.err, MUSL_ERROR);
    is_known.then(|| read(&trial, file))
}

fn contains(text: &[u8], part: &str) -> bool {
    cut(text, part.as_bytes()).is_some()
}

fn read(trial: &Trial, file: &Path) -> Answer {
    let mut answer = Answer::default();
    for line in trial.out.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        // `NAME => PLACE (0x…)`, or `PLACE (0x…)`: the loader, or a part of the kernel.
        let listed = cut(line, b" => ");
        let place = listed.map_or(line, |(_, place)| place);
        let found = cut_last(place, b" (0x").map(|(place, _)| place);
        let outcome = match found {
            Some(at) if listed.is_some() || at.contains(&b'/') => Outcome::Found(path(at).into()),
            None if place == b"not found" => Outcome::Missing { is_unsure: false },
            _ => continue,
        };
        let name = listed.map(|(name, _)| name).or(found);
        answer
            .libraries
            .insert(path(name.unwrap_or_default()).into(), outcome);
    }
    // The last that glibc's loader opened, and for what.
    let mut opened = (Vec::new(), Vec::new());
    for line in trial.err.split(|byte| *byte == b'\n') {
        if let Some((_, rest)) = cut(line, b"\tfile=") {
            if let Some((name, by)) = cut(rest, b" [0];  needed by ") {
                let by = cut_last(by, b" [").map_or(by, |(by, _)| by);
                opened = (name.to_vec(), by.to_vec());
            }
        } else if let Some((_, why)) = cut(line, GLIBC_ERROR.as_bytes()) {
            let (at, why) = cut(why, b": ").unwrap_or((why, b"it cannot be loaded"));
            answer.faults.push(refused(&opened, at, why, file));
        } else if let Some(rest) = line.strip_prefix(MUSL_ERROR.as_bytes()) {
            let (name, why) = cut(rest, b": ").unwrap_or((rest, b""));
            let outcome = if why.starts_with(b"No such file") {
                Outcome::Missing { is_unsure: false }
            } else {
                Outcome::Broken(path(name).into(), String::from_utf8_lossy(why).into_owned())
            };
            answer.libraries.insert(path(name).into(), outcome);
        } else if let Some([library, version, by]) = version(line) {
            let what =
                format!("loads {library}, which lacks the version {version} that {by} needs");
            let remedy = "install a newer version of that library, or build the program here";
            let fault = Finding::error("missing-version", file, what, remedy);
            answer.faults.push(fault);
        }
    }
    answer
}

/// The loader gave up at a library that it found.
fn refused((name, by): &(Vec<u8>, Vec<u8>), at: &[u8], why: &[u8], file: &Path) -> Finding {
    let why = String::from_utf8_lossy(why);
    if name.is_empty() {
        let what = format!("cannot be loaded: {why}");
        return Finding::error("unreadable", file, what, "build it again");
    }
    let (at, name, by) = (quoted(at), quoted(name), path(by));
    let needs = if by == file {
        format!("needs {name}")
    } else {
        format!("loads {}, which needs {name}", shown(by))
    };
    let what = format!("{needs}, and the loader finds {at} for it, which is broken: {why}");
    let remedy = format!("remove {at}, or build or install it again");
    Finding::error("broken-library", file, what, remedy)
}

/// Of `x: LIBRARY: version 'V' not found (required by FILE)`.
fn version(line: &[u8]) -> Option<[String; 3]> {
    let (before, rest) = cut(line, b": version `")?;
    let (version, rest) = cut(rest, b"' not found (required by ")?;
    let (_, library) = cut(before, b": ")?;
    Some([library, version, rest.strip_suffix(b")")?].map(quoted))
}

/// What is before and behind the first place of `part`.
fn cut<'t>(text: &'t [u8], part: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    let at = text.windows(part.len()).position(|piece| piece == part)?;
    Some((&text[..at], &text[at + part.len()..]))
}

/// The same for the last place.
fn cut_last<'t>(text: &'t [u8], part: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    let at = text.windows(part.len()).rposition(|piece| piece == part)?;
    Some((&text[..at], &text[at + part.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    fn answer(out: &str, err: &str) -> Answer {
        let (out, err) = (out.as_bytes().to_vec(), err.as_bytes().to_vec());
        read(
            &Trial {
                status: None,
                out,
                err,
            },
            Path::new("/x/main"),
        )
    }

    #[test]
    fn what_glibcs_loader_lists_is_read() {
        let told = "\tlinux-vdso.so.1 (0x00007f)\n\tliba.so => /l/a b (0x1)/liba.so (0x00007f)\n\
                    \tlibb.so => not found\n\t/l/libc.so (0x00007f)\n\tstatically linked\n";
        let answer = answer(
            told,
            "/x/main: /l/libz.so: version `Z_2' not found (required by /x/main)\n",
        );
        let of = |name: &str| answer.libraries.get(OsStr::new(name)).cloned();
        assert_eq!(
            of("liba.so"),
            Some(Outcome::Found("/l/a b (0x1)/liba.so".into()))
        );
        assert_eq!(of("libb.so"), Some(Outcome::Missing { is_unsure: false }));
        assert_eq!(of("/l/libc.so"), Some(Outcome::Found("/l/libc.so".into())));
        assert_eq!(answer.libraries.len(), 3);
        let [fault] = &answer.faults[..] else {
            panic!("{answer:?}")
        };
        let expected = "loads /l/libz.so, which lacks the version Z_2 that /x/main needs";
        assert_eq!((fault.id, &*fault.what), ("missing-version", expected));
    }

    #[test]
    fn a_library_that_ends_the_search_is_named_with_what_needs_it() {
        let error = "/x/main: error while loading shared libraries: /l/libb.so: file too short\n";
        let needs = |by: &str| {
            let told = format!("  7:\tfile=libb.so [0];  needed by {by} [0]\n{error}");
            answer("", &told).faults.remove(0).what
        };
        let end =
            "libb.so, and the loader finds /l/libb.so for it, which is broken: file too short";
        assert_eq!(needs("/x/main"), format!("needs {end}"));
        assert_eq!(
            needs("/l/liba.so"),
            format!("loads /l/liba.so, which needs {end}")
        );
        let own = &answer("", error).faults[0];
        assert_eq!(
            (own.id, &*own.what),
            ("unreadable", "cannot be loaded: file too short")
        );
    }

    #[test]
    fn what_musls_loader_lists_is_read() {
        let told = "Error loading shared library liba.so: No such file or directory (needed by /x)\n\
                    Error loading shared library libb.so: Exec format error (needed by /x)\n";
        let answer = answer("\tlibc.so => /lib/ld-musl-x.so.1 (0x7f)\n", told);
        let of = |name: &str| answer.libraries[OsStr::new(name)].clone();
        assert_eq!(of("liba.so"), Outcome::Missing { is_unsure: false });
        assert!(matches!(of("libb.so"), Outcome::Broken(_, why) if why.contains("Exec format")));
        assert!(matches!(of("libc.so"), Outcome::Found(_)));
    }

    #[test]
    fn only_the_machines_own_loader_is_run() {
        let own = elf::interpreter(Path::new(SHELL)).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let (copy, link) = (dir.path().join("ld.so"), dir.path().join("link"));
        fs::copy(&own, &copy).unwrap();
        std::os::unix::fs::symlink(&own, &link).unwrap();
        assert!(is_trusted(&own) && is_trusted(&link));
        assert!(!is_trusted(&copy) && !is_trusted(Path::new("/none")));
        assert!(!is_trusted(Path::new("/bin/true")));
    }
}
