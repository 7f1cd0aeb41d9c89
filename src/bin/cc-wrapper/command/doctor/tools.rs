//! The programs that a root's tools run: whether they exist, start, and do not
//! lead back to cc-wrapper.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use cc_wrapper::model::call::Call;
use cc_wrapper::model::environment::Environment;
use cc_wrapper::model::error::LOOP_STATUS;
use cc_wrapper::planning::dispatch::dispatch;

use super::files::{self, is_executable, path};
use super::finding::{Finding, Severity, shown};
use super::root::Root;
use super::variables::Variables;
use super::{collected_paths, loading};
use crate::process::os::Os;
use crate::process::report::{quoted, why as reason};
use crate::support::elf;
use crate::support::foreign_file;
use crate::support::self_binary::{self, BINARY, Whose};
use crate::support::trial;

/// No chain of wrappers is this long.
const LONGEST: usize = 16;

/// Each takes ten seconds.
const MOST_SILENT: usize = 3;

/// As much of a script as the kernel reads.
const FIRST_LINE: usize = 256;

const REAL_ONE: &str =
    "name the real program in toolchain.json, or wrap the toolchain again with a PATH that has it";
const AGAIN: &str = "install it again, or wrap the toolchain again";

/// Which programs are cc-wrapper; each is read once.
#[derive(Default)]
pub struct Binaries(RefCell<BTreeMap<PathBuf, Whose>>);

impl Binaries {
    pub fn whose(&self, program: &Path) -> Whose {
        let Ok(real) = fs::canonicalize(program) else {
            return Whose::Foreign;
        };
        let mut known = self.0.borrow_mut();
        let whose = || self_binary::whose(&real);
        *known.entry(real.clone()).or_insert_with(whose)
    }

    /// Whether a program is cc-wrapper, of any version.
    pub fn is_ours(&self, program: &Path) -> bool {
        self.whose(program) != Whose::Foreign
    }
}

/// What is wrong with the programs behind the tools.
pub fn check(root: &Root, variables: &Variables, binaries: &Binaries) -> Vec<Finding> {
    // Many names lead to one program.
    let mut known: BTreeMap<PathBuf, Option<Finding>> = BTreeMap::new();
    let mut findings = Vec::new();
    for (half, tool, role) in root.tools() {
        let silent = known.values().flatten().filter(|it| it.id == "no-answer");
        if silent.count() >= MOST_SILENT {
            let what = "has more programs that do not answer: the rest were not run";
            let finding = Finding::warning("too-much", half.root, what, "see what they wait for");
            findings.push(finding);
            break;
        }
        let place = half.place(tool);
        if role.is_none() {
            let role = quoted(&tool.kind);
            let what = format!("has the role {role}, which this cc-wrapper does not know");
            let remedy = "correct toolchain.json, or update cc-wrapper";
            findings.push(Finding::error("unknown-role", place, what, remedy));
            continue;
        }
        let program = half.program(tool);
        let why_not = || why_not(&program, variables, binaries);
        let found = known.entry(program.clone()).or_insert_with(why_not);
        if let Some(mut finding) = found.clone() {
            finding.what = format!("runs {}, which {}", shown(&program), finding.what);
            finding.place = place.into();
            findings.push(finding);
        }
    }
    findings
}

/// What keeps a program from doing a tool's work. The place is the caller's.
fn why_not(program: &Path, variables: &Variables, binaries: &Binaries) -> Option<Finding> {
    if !program.exists() {
        let remedy = collected_paths::remedy(program, "install it, or wrap the toolchain again");
        if program.is_symlink() {
            return error("absent-program", "is a link to nothing", &remedy);
        }
        return error("absent-program", "does not exist", &remedy);
    }
    if !is_executable(program) {
        let remedy = "make it executable, or wrap the toolchain again";
        return error("not-executable", "is not an executable file", remedy);
    }
    if leads_back(program, &variables.environment(), binaries) {
        return error("loop", "is cc-wrapper again: calls never end", REAL_ONE);
    }
    if binaries.is_ours(program) {
        return None;
    }
    let name = files::name(program);
    if self_binary::is_cache(name) {
        let name = name.to_string_lossy();
        let what = format!("is {name}, which does not know which compiler to run");
        let remedy = "name a compiler in toolchain.json, and this in CC_WRAPPER_LAUNCHER";
        return error("cache", &what, remedy);
    }
    // What a compiler cache runs says more than its own libraries.
    let is_elf = !matches!(elf::read(program), Ok(None));
    if is_elf && self_binary::cache(program).is_none() {
        of_elf(program, variables)
    } else {
        by_trial(program)
    }
}

fn error(id: &'static str, what: &str, remedy: &str) -> Option<Finding> {
    Some(Finding::error(id, "", what, remedy))
}

fn absent_interpreter(interpreter: &Path, otherwise: &str) -> Option<Finding> {
    let remedy = collected_paths::remedy(interpreter, otherwise);
    let interpreter = shown(interpreter);
    let what = format!("does not start: its interpreter {interpreter} does not exist");
    error("absent-interpreter", &what, &remedy)
}

/// Whether running a program runs nothing but cc-wrapper.
fn leads_back(program: &Path, environment: &Environment, binaries: &Binaries) -> bool {
    let mut program = program.to_path_buf();
    for _ in 0..LONGEST {
        // Under its own name it is the command, not a tool.
        if files::name(&program) == BINARY {
            return true;
        }
        if !binaries.is_ours(&program) {
            return false;
        }
        let name = program.as_os_str().as_bytes();
        let next = |call: Call| path(&call.tool.program).to_path_buf();
        match dispatch(name, &[], environment, &Os, next) {
            Ok(Some(next)) => program = next,
            _ => return true,
        }
    }
    true
}

fn of_elf(program: &Path, variables: &Variables) -> Option<Finding> {
    if let Some(interpreter) = elf::missing_interpreter(program) {
        let otherwise = "install it, set another with patchelf, or on NixOS enable nix-ld";
        return absent_interpreter(&interpreter, otherwise);
    }
    let is_grave = |it: &Finding| it.severity == Severity::Error || it.id == "foreign-machine";
    let mut findings = loading::check(program, variables).into_iter();
    let mut finding = findings.find(is_grave)?;
    match finding.id {
        "missing-library" => {
            finding.remedy = "install that library, or wrap the toolchain again".into()
        }
        "unreadable" => finding.remedy = AGAIN.into(),
        _ => {}
    }
    Some(finding)
}

/// A script, or whatever the kernel takes for a program.
fn by_trial(program: &Path) -> Option<Finding> {
    let trial = match trial::version(program) {
        Ok(trial) => trial,
        Err(why) => {
            let interpreter = script_interpreter(program);
            let is_absent = why.kind() == io::ErrorKind::NotFound;
            let Some(interpreter) = interpreter.filter(|_| is_absent) else {
                return error(
                    "does-not-run",
                    &format!("cannot be run: {}", reason(&why)),
                    AGAIN,
                );
            };
            let otherwise = "install it, or name another in the script's first line";
            return absent_interpreter(&interpreter, otherwise);
        }
    };
    let Some(status) = trial.status else {
        let what = "does not print its version within 10 seconds";
        let finding = error("no-answer", what, "see what it waits for")?;
        return Some(finding.of(Severity::Warning));
    };
    let code = status.code()?;
    if code == i32::from(LOOP_STATUS) {
        return error("loop", "is cc-wrapper itself: calls never end", REAL_ONE);
    }
    // A shell exits with these if it does not find or cannot run a program.
    // Others may not know the option, but a cache does.
    if matches!(code, 126 | 127) || (code > 0 && self_binary::cache(program).is_some()) {
        let said = String::from_utf8_lossy(&trial.err);
        let last = said.lines().last().unwrap_or_default();
        return error("does-not-run", &format!("does not run: {last}"), AGAIN);
    }
    None
}

/// The interpreter in the first line of a script.
fn script_interpreter(script: &Path) -> Option<PathBuf> {
    let mut text = [0; FIRST_LINE];
    let length = foreign_file::open(script)
        .ok()?
        .read_at(&mut text, 0)
        .ok()?;
    let line = text[..length].strip_prefix(b"#!")?;
    let line = line.split(|&b| b == b'\n').next()?;
    let mut words = line.split(|b| matches!(b, b' ' | b'\t'));
    words
        .find(|word| !word.is_empty())
        .map(|word| path(word).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::root::{tests::ids, tests::lay};
    use crate::support::self_binary::TOOLCHAIN;
    use crate::support::trial::tests::lay as lay_program;
    use std::os::unix::fs::symlink;

    fn why_not(program: &Path) -> Option<Finding> {
        let variables = Variables::new(&[""; 0]);
        super::why_not(program, &variables, &Binaries::default())
    }

    #[test]
    fn binaries_are_known_by_their_content() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let this = std::env::current_exe().unwrap();
        fs::copy(&this, path("copy")).unwrap();
        let mut text = fs::read(&this).unwrap();
        text.push(0);
        fs::write(path("other"), text).unwrap();
        let binaries = Binaries::default();
        for _ in 0..2 {
            assert_eq!(binaries.whose(&path("copy")), Whose::This);
            assert_eq!(binaries.whose(&path("other")), Whose::Other);
            assert_eq!(binaries.whose(Path::new("/bin/sh")), Whose::Foreign);
            assert_eq!(binaries.whose(&path("none")), Whose::Foreign);
        }
    }

    /// What is found where gcc is this program.
    fn found(root: &Path, program: &str) -> Vec<&'static str> {
        let text = format!(
            r#"{{"version": 1, "tools": {{"gcc": {{"role": "cc", "program": "{program}"}}}}}}"#
        );
        fs::write(root.join(TOOLCHAIN), text).unwrap();
        let variables = Variables::new(&["PATH=/bin"]);
        ids(root, |root| check(root, &variables, &Binaries::default()))
    }

    #[test]
    fn a_program_must_be_there_and_run() {
        let dir = lay("");
        fs::write(dir.path().join("plain"), "").unwrap();
        symlink("/none", dir.path().join("dangling")).unwrap();
        for (program, expected) in [
            ("/bin/sh", &[][..]),
            ("/none", &["absent-program"]),
            ("./dangling", &["absent-program"]),
            ("./plain", &["not-executable"]),
            ("./bin", &["not-executable"]),
        ] {
            assert_eq!(found(dir.path(), program), expected, "{program}");
        }
    }

    #[test]
    fn ourselves_are_no_program_but_another_roots_tool_is() {
        let (dir, other) = (lay(""), lay(""));
        let this = std::env::current_exe().unwrap();
        for root in [&dir, &other] {
            symlink(&this, root.path().join("bin/gcc")).unwrap();
        }
        assert_eq!(found(dir.path(), "./bin/gcc"), ["loop"]);
        let program = other.path().join("bin/gcc");
        assert_eq!(found(dir.path(), program.to_str().unwrap()), [""; 0]);
        symlink(&this, dir.path().join("cc-wrapper")).unwrap();
        assert_eq!(found(dir.path(), "./cc-wrapper"), ["loop"]);
    }

    #[test]
    fn an_unknown_role_is_named() {
        let dir = lay("");
        let text = r#"{"version": 1, "tools": {"x": {"role": "y", "program": "/bin/sh"}}}"#;
        fs::write(dir.path().join(TOOLCHAIN), text).unwrap();
        let variables = Variables::new(&[""; 0]);
        let found = ids(dir.path(), |root| {
            check(root, &variables, &Binaries::default())
        });
        assert_eq!(found, ["unknown-role"]);
    }

    /// The id and the text of what is wrong with a program of this content.
    fn of_text(text: &[u8]) -> Option<(&'static str, String)> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        lay_program(&path, text);
        let finding = why_not(&path);
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
            let found = of_text(text);
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
        let finding = why_not(&path).unwrap();
        assert_eq!(finding.id, "cache");
    }
}
