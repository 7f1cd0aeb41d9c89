//! Variables that are cc-wrapper's own.

use super::finding::{Finding, shown};
use super::variables::Variables;
use crate::process::launcher;
use crate::process::record::refusal;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

const COMPDB: &str = "CC_WRAPPER_COMPDB";
const LAUNCHER: &str = "CC_WRAPPER_LAUNCHER";

pub fn check(variables: &Variables) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(launcher(variables));
    findings.extend(database(variables));
    findings
}

fn launcher(variables: &Variables) -> Option<Finding> {
    let why = launcher::words(variables.get(LAUNCHER)?).err()?;
    let text =
        |part: Option<Vec<u8>>| String::from_utf8_lossy(&part.unwrap_or_default()).into_owned();
    let what = format!("stops every compile: {}", text(why.source));
    Some(Finding::error("launcher", LAUNCHER, what, text(why.remedy)))
}

fn database(variables: &Variables) -> Option<Finding> {
    let path = PathBuf::from(OsStr::from_bytes(variables.get(COMPDB)?));
    let warning = |what: &str, remedy: &str| {
        let what = format!("is {}, {what}", shown(&path));
        Some(Finding::error("compdb", COMPDB, what, remedy).into_warning())
    };
    let elsewhere = "name a file that can be written, or unset it";
    if path.is_relative() {
        return warning(
            "which counts from where each call is made",
            "name it by an absolute path",
        );
    }
    let why = refusal(&path)?;
    warning(&format!("where nothing can be recorded: {why}"), elsewhere)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variable: &str) -> Vec<String> {
        let findings = check(&Variables::new(&[variable])).into_iter();
        findings.map(|finding| finding.what).collect()
    }

    #[test]
    fn a_launcher_must_be_there() {
        let told = "stops every compile: no program no-such-launcher on PATH";
        assert_eq!(found("CC_WRAPPER_LAUNCHER=no-such-launcher -x"), [told]);
        let told = "stops every compile: a quote has no end";
        assert_eq!(found("CC_WRAPPER_LAUNCHER='sh"), [told]);
        assert_eq!(found("CC_WRAPPER_LAUNCHER=sh -x"), [""; 0]);
    }

    #[test]
    fn a_database_must_be_writable() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| found(&format!("CC_WRAPPER_COMPDB={path}"));
        assert_eq!(at(dir.path().join("db").to_str().unwrap()), [""; 0]);
        for (path, part) in [
            ("db", "counts from where"),
            ("/dev/null", "it is no file"),
            ("/none/db", "/none: no such file"),
        ] {
            assert!(at(path)[0].contains(part), "{path}");
        }
    }
}
