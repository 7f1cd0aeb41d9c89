//! The interpreter that linked programs get.

use std::ffi::OsString;
use std::path::Path;

use cc_wrapper::model::toolchain::ToolKind;
use cc_wrapper::text::words::words;

use super::collected_paths;
use super::files::path;
use super::finding::{Finding, Severity, shown};
use super::root::{self, Root};
use crate::support::foreign_file;

/// What is wrong with the interpreter that the linkers name.
pub fn check(root: &Root) -> Vec<Finding> {
    let linkers = root.linkers();
    if !linkers.has(|kind| kind == ToolKind::Ld) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    // Few machines link 32-bit programs.
    for (name, severity) in [
        ("dynamic-linker", Severity::Error),
        ("dynamic-linker-m32", Severity::Note),
    ] {
        let file = linkers.file(name);
        match foreign_file::read(&file) {
            Ok(text) => {
                let word = words(&text).next();
                let absent = word.and_then(|word| absent(&file, path(word)));
                findings.extend(absent.map(|finding| finding.of(severity)));
            }
            Err(why) if file.exists() => findings.push(root::unreadable(&file, &why)),
            Err(_) => {}
        }
    }
    let asks = linkers.file("ld-set-dynamic-linker");
    if asks.exists() && !linkers.file("dynamic-linker").exists() {
        let what =
            "needs the file dynamic-linker beside it, which does not exist: every link fails";
        let remedy = "write the interpreter's path into dynamic-linker, or remove this file";
        findings.push(Finding::error("no-interpreter", asks, what, remedy));
    }
    findings
}

/// A program that a file or variable names as the interpreter, if it does not
/// exist.
pub fn absent(place: impl Into<OsString>, program: &Path) -> Option<Finding> {
    if program.exists() {
        return None;
    }
    let name = shown(program);
    let what = format!("names {name}, which does not exist: linked programs do not start here");
    let remedy = collected_paths::remedy(program, "name one that exists, or remove it");
    Some(Finding::error("absent-interpreter", place, what, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::root::{tests::ids, tests::lay};
    use std::fs;

    #[test]
    fn an_interpreter_must_be_there() {
        let dir = lay("");
        let write = |name: &str, text: &str| {
            fs::write(dir.path().join("nix-support").join(name), text).unwrap();
        };
        assert_eq!(ids(dir.path(), check), [""; 0]);
        write("ld-set-dynamic-linker", "");
        assert_eq!(ids(dir.path(), check), ["no-interpreter"]);
        write("dynamic-linker", "/none\n");
        assert_eq!(ids(dir.path(), check), ["absent-interpreter"]);
        write("dynamic-linker", "/bin/sh\n");
        assert_eq!(ids(dir.path(), check), [""; 0]);
    }
}
