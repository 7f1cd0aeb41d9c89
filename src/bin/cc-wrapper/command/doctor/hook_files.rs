//! Hooks that bash cannot read.

use std::path::Path;
use std::process::{Command, Stdio};

use super::finding::Finding;

/// `file` is a hook, or functions that hooks use.
pub fn check(bash: &Path, file: &Path) -> Option<Finding> {
    let error = |what: &str| {
        let what = format!("{what}: calls fail");
        let remedy = "mend it, or remove it";
        Some(Finding::error("broken-hook", file, what, remedy))
    };
    if file.is_dir() {
        return error("is a directory, where a hook would be");
    }
    if !file.is_file() {
        return error("is no file, where a hook would be");
    }
    let why = complaint(bash, &[], file)?;
    // Patterns that are read only after a `shopt`, which is not run here.
    complaint(bash, &["-O", "extglob"], file)?;
    error(&format!("is not what bash can read: {why}"))
}

/// What bash says of it without running it.
fn complaint(bash: &Path, options: &[&str], file: &Path) -> Option<String> {
    let mut command = Command::new(bash);
    command
        .args(options)
        .arg("-n")
        .arg(file)
        .env_remove("BASH_ENV")
        .env("LC_ALL", "C")
        .stdin(Stdio::null());
    let output = command
        .output()
        .ok()
        .filter(|output| !output.status.success())?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = said.lines().next().unwrap_or_default();
    // Behind the file's name, which is told already.
    let name = format!("{}: ", file.display());
    let why = line.split_once(&name).map_or(line, |(_, why)| why);
    Some(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_hook_must_be_readable() {
        let Ok(bash) = which::which("bash") else {
            return;
        };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hook");
        let found = |text: &str| {
            fs::write(&path, text).unwrap();
            check(&bash, &path).map(|finding| finding.what)
        };
        for text in [
            "",
            "exit 3\n",
            "shopt -s extglob\n[[ a == +(a) ]]\nx=+(b)\ncase $x in !(a)) ;; esac\n",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
        let told = found("if true; then\nfi\n").unwrap();
        let expected = "is not what bash can read: line 2: syntax error near unexpected token `fi': calls fail";
        assert_eq!(told, expected);
        let told = check(&bash, dir.path()).unwrap().what;
        assert!(told.starts_with("is a directory"), "{told}");
    }
}
