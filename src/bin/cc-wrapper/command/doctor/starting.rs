//! Whether a program behind a tool starts, and comes to an end.

use super::finding::{Finding, Severity, shown};
use super::trial::Trial;
use super::variables::Variables;
use super::{gone, loading, trial};
use crate::support::{elf, self_binary};
use cc_wrapper::model::error::LOOP_STATUS;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// What to do about a tool that leads back.
pub const REAL_ONE: &str =
    "name the real program in toolchain.json, or wrap the toolchain again with a PATH that has it";

const AGAIN: &str = "install it again, or wrap the toolchain again";

/// What keeps `program` from doing a tool's work; its `what` goes on behind
/// the program's name.
pub fn why_not(program: &Path, variables: &Variables) -> Option<Finding> {
    if let Some(name) = program
        .file_name()
        .filter(|name| self_binary::is_cache(name))
    {
        return error(
            "cache",
            format!("is {}, and is told no compiler", name.to_string_lossy()),
            "name a compiler in toolchain.json, and this in CC_WRAPPER_LAUNCHER",
        );
    }
    // A compiler cache's own libraries say nothing of what it leads to.
    let is_elf = !matches!(elf::read(program), Ok(None));
    match is_elf && self_binary::cache(program).is_none() {
        true => of_elf(program, variables),
        false => by_trial(program),
    }
}

fn of_elf(program: &Path, variables: &Variables) -> Option<Finding> {
    if let Some(interpreter) = elf::missing_interpreter(program) {
        let otherwise = "install that, set another by patchelf, or on NixOS enable nix-ld";
        return absent_interpreter(&interpreter, otherwise);
    }
    let findings = loading::check(program, variables).into_iter();
    let mut grave = findings.filter(|finding| finding.severity != Severity::Note);
    let finding = grave.find(|finding| match finding.severity {
        Severity::Error => true,
        _ => finding.id == "foreign-machine",
    })?;
    let remedy = match finding.id {
        "missing-library" => "install that library, or wrap the toolchain again",
        "unreadable" => AGAIN,
        _ => &finding.remedy,
    };
    let remedy = remedy.to_owned();
    Some(Finding { remedy, ..finding })
}

/// A script, or whatever the kernel takes for a program.
fn by_trial(program: &Path) -> Option<Finding> {
    let Trial { status, said } = match trial::of(program) {
        Ok(trial) => trial,
        Err(why) => match interpreter(program) {
            Some(interpreter) if why.kind() == io::ErrorKind::NotFound => {
                let otherwise = "install that, or name another in the script's first line";
                return absent_interpreter(&interpreter, otherwise);
            }
            _ => return error("does-not-run", format!("cannot be run: {why}"), AGAIN),
        },
    };
    let code = status.map(|status| status.code());
    if code == Some(Some(LOOP_STATUS.into())) {
        let what = "leads back to cc-wrapper: calls never end".to_owned();
        return error("loop", what, REAL_ONE);
    }
    let last = said.lines().last().unwrap_or_default();
    match code {
        // What a shell exits with if it does not find a program, or cannot
        // run it.
        Some(Some(126 | 127)) => error("does-not-run", format!("does not run: {last}"), AGAIN),
        // Others may not know the option.
        Some(Some(1..)) if self_binary::cache(program).is_some() => {
            error("does-not-run", format!("does not run: {last}"), AGAIN)
        }
        Some(_) => None,
        None => error(
            "no-answer",
            "does not tell its version: it was ended after 10 seconds".to_owned(),
            "see what it waits for",
        )
        .map(Finding::into_warning),
    }
}

fn absent_interpreter(interpreter: &Path, otherwise: &str) -> Option<Finding> {
    error(
        "absent-interpreter",
        format!(
            "does not start: its interpreter {} does not exist",
            shown(interpreter)
        ),
        &gone::remedy(interpreter, otherwise),
    )
}

/// What the first line of a script names.
fn interpreter(script: &Path) -> Option<PathBuf> {
    /// As much of it as the kernel reads.
    const READ: u64 = 256;
    let mut begin = Vec::new();
    let file = File::open(script).ok()?;
    file.take(READ).read_to_end(&mut begin).ok()?;
    let line = begin.strip_prefix(b"#!")?.split(|&b| b == b'\n').next()?;
    let mut words = line.split(|b| matches!(b, b' ' | b'\t'));
    let word = words.find(|word| !word.is_empty())?;
    Some(OsString::from_vec(word.to_vec()).into())
}

/// The place is the caller's.
fn error(id: &'static str, what: String, remedy: &str) -> Option<Finding> {
    Some(Finding::error(id, "", what, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    use crate::command::doctor::trial::tests::lay;

    /// The id and the text of what is wrong with a program of this content.
    fn found(text: &[u8]) -> Option<(&'static str, String)> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        lay(&path, text);
        let finding = why_not(&path, &Variables::new(&[""; 0]));
        finding.map(|finding| (finding.id, finding.what))
    }

    #[test]
    fn a_program_must_start() {
        let shell = fs::read("/bin/sh").unwrap();
        let mut foreign = shell.clone();
        foreign[18..20].copy_from_slice(&[1, 1]);
        for (text, expected) in [
            (&shell[..], None),
            (b"#!/bin/sh\nexit 1\n", None),
            (&shell[..5000], Some(("unreadable", "it is cut off"))),
            (&foreign, Some(("foreign-machine", "not for this machine"))),
            (b"", Some(("does-not-run", "cannot be run"))),
            (
                b"#! /none/sh -e\n",
                Some(("absent-interpreter", "/none/sh does not exist")),
            ),
            (
                b"#!/bin/sh\nexec no-such-compiler\n",
                Some(("does-not-run", "no-such-compiler: not found")),
            ),
        ] {
            let found = found(text);
            let is_it = match (&found, expected) {
                (Some((id, what)), Some((expected, part))) => {
                    *id == expected && what.contains(part)
                }
                (found, expected) => found.is_none() && expected.is_none(),
            };
            assert!(is_it, "{expected:?}: {found:?}");
        }
    }

    #[test]
    fn a_cache_by_its_own_name_is_no_compiler() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ccache");
        symlink("/bin/sh", &path).unwrap();
        let finding = why_not(&path, &Variables::new(&[""; 0])).unwrap();
        assert_eq!(finding.id, "cache");
    }
}
