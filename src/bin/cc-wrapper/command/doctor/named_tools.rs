//! Programs that variables name.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cc_wrapper::machine::world::World;
use cc_wrapper::text::words::words;

use super::finding::{Finding, bytes, shown};
use super::gone;
use super::on_path::{OnPath, is_cache};
use super::variables::Variables;
use crate::process::os::Os;
use crate::support::self_binary;

/// Those that `cc-wrapper env` sets, and others that builds run.
const VARIABLES: [&str; 6] = ["CC", "CXX", "CPP", "FC", "LD", "PKG_CONFIG"];

/// Those that are run by builds of every kind: a name must be found.
const RUN: [&str; 4] = ["CC", "CXX", "LD", "PKG_CONFIG"];

const REMEDY: &str = "unset it, or set it anew, as cc-wrapper env does";

pub fn check(variables: &Variables) -> Vec<Finding> {
    let path = OnPath::of(variables);
    let finding = |name: &str| {
        let words: Vec<&[u8]> = words(variables.get(name)?).collect();
        let caches = words.iter().take_while(|word| is_cache(word)).count();
        let mut programs = words.iter().take(caches + 1);
        programs.find_map(|word| match word.contains(&b'/') {
            true => at(name, Path::new(OsStr::from_bytes(word))),
            false if RUN.contains(&name) => by_name(name, word, &path),
            false => None,
        })
    };
    VARIABLES.into_iter().filter_map(finding).collect()
}

fn at(variable: &str, program: &Path) -> Option<Finding> {
    // What is wrong with a root's tool is told of as such.
    let is_told = || has_entry(program) && self_binary::root_of(program).is_some();
    // A relative one counts from where it is run.
    if !program.is_absolute() || is_told() {
        return None;
    }
    if !program.exists() {
        let what = format!("names {}, which does not exist", shown(program));
        let remedy = gone::remedy(program, REMEDY);
        return Some(Finding::error("absent-program", variable, what, remedy));
    }
    let is_program = Os.is_executable(program.as_os_str().as_bytes());
    (!is_program).then(|| {
        let what = format!(
            "names {}, which is no file that may be executed",
            shown(program)
        );
        Finding::error("not-executable", variable, what, REMEDY)
    })
}

fn by_name(variable: &str, word: &[u8], path: &OnPath) -> Option<Finding> {
    // Quotes may be about it, or a shell expand it.
    let is_plain = !word.iter().any(|byte| b"'\"\\$`".contains(byte));
    let is_there = path.all(OsStr::from_bytes(word)).next().is_some();
    // Without a PATH, what is searched is up to the shell.
    (is_plain && !is_there && !path.directories.is_empty()).then(|| {
        let what = format!("names {}, which is not on PATH", bytes(word));
        Finding::error("absent-program", variable, what, REMEDY)
    })
}

fn has_entry(path: &Path) -> bool {
    Os.has_entry(path.as_os_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn programs_that_do_not_exist_are_named() {
        let dir = tempfile::tempdir().unwrap();
        symlink("/bin/sh", dir.path().join("sh")).unwrap();
        let path = format!("PATH={}", dir.path().display());
        for (variable, expected) in [
            ("CC=/none/cc -m32", "names /none/cc, which does not exist"),
            ("CC=ccache /none/cc", "names ccache, which is not on PATH"),
            (
                "CC=/etc/passwd",
                "names /etc/passwd, which is no file that may be executed",
            ),
            ("LD=none -m", "names none, which is not on PATH"),
            ("CXX=/bin/sh", ""),
            ("CXX=sh -c", ""),
            ("CXX='none'", ""),
            ("CC=./none", ""),
            ("FC=none", ""),
            ("FC= ", ""),
        ] {
            let found = check(&Variables::new(&[&*path, variable]));
            let told = found.first().map_or("", |finding| &finding.what);
            assert_eq!(told, expected, "{variable}");
        }
        assert_eq!(check(&Variables::new(&["CC=none"])), []);
    }
}
