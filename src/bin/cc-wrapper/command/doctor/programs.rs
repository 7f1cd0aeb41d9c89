//! The programs behind the tools.

use super::binaries::Binaries;
use super::finding::{Finding, bytes, shown};
use super::root::{Half, Root};
use super::variables::Variables;
use super::{gone, starting};
use crate::process::os::Os;
use cc_wrapper::machine::world::World;
use cc_wrapper::model::environment::Environment;
use cc_wrapper::model::toolchain::{Tool, ToolKind};
use cc_wrapper::planning::dispatch::dispatch;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// No chain of wrappers is this long.
const LONGEST: usize = 16;

pub fn check(root: &Root, variables: &Variables, binaries: &Binaries) -> Vec<Finding> {
    let environment = variables.environment();
    // Many names lead to one program.
    let mut known = BTreeMap::new();
    let mut findings = Vec::new();
    for half in root.halves() {
        for tool in &half.toolchain.tools {
            let starts = |program: &Path| {
                let why_not = || starting::why_not(program, variables);
                let known = known.entry(program.to_path_buf());
                known.or_insert_with(why_not).clone()
            };
            findings.extend(self::tool(half, tool, &environment, binaries, starts));
        }
    }
    findings
}

/// `why_not` finds what keeps a program from starting.
fn tool(
    half: &Half,
    tool: &Tool,
    environment: &Environment,
    binaries: &Binaries,
    why_not: impl FnOnce(&Path) -> Option<Finding>,
) -> Option<Finding> {
    let program = half.program(tool);
    let error = |id, what: &str, remedy: &str| {
        let place = half.place(tool);
        let what = format!("runs {}, which {what}", shown(&program));
        Some(Finding::error(id, place, what, remedy))
    };
    if ToolKind::parse(&tool.kind).is_none() {
        return Some(Finding::error(
            "unknown-role",
            half.place(tool),
            format!(
                "has the role {}, which this cc-wrapper does not know",
                bytes(&tool.kind)
            ),
            "mend toolchain.json, or update cc-wrapper",
        ));
    }
    if !program.exists() {
        let again = "install it, or wrap the toolchain again";
        let what = match program.is_symlink() {
            true => "is a link to nothing",
            false => "does not exist",
        };
        return error("absent-program", what, &gone::remedy(&program, again));
    }
    if !Os.is_executable(program.as_os_str().as_bytes()) {
        let remedy = "make it executable, or wrap the toolchain again";
        return error("not-executable", "is no file that may be executed", remedy);
    }
    if leads_back(&program, environment, binaries) {
        let what = "is cc-wrapper again: calls never end";
        return error("loop", what, starting::REAL_ONE);
    }
    if binaries.is_ours(&program) {
        return None;
    }
    why_not(&program).map(|finding| Finding {
        place: half.place(tool).into(),
        what: format!("runs {}, which {}", shown(&program), finding.what),
        ..finding
    })
}

/// Whether running the program comes to no other than ours.
fn leads_back(program: &Path, environment: &Environment, binaries: &Binaries) -> bool {
    let mut program = program.to_path_buf();
    for _ in 0..LONGEST {
        // By this name it is the command, and no tool.
        if program.file_name() == Some(OsStr::new("cc-wrapper")) {
            return true;
        }
        if !binaries.is_ours(&program) {
            return false;
        }
        match next(&program, environment) {
            Some(next) => program = next,
            None => return true,
        }
    }
    true
}

/// What ours would run if it were run by this path.
fn next(program: &Path, environment: &Environment) -> Option<PathBuf> {
    let bytes = program.as_os_str().as_bytes();
    let tool = dispatch(bytes, &[], environment, &Os, |call| {
        call.tool.program.to_vec()
    });
    Some(OsString::from_vec(tool.ok()??).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::root::{tests::ids, tests::lay};
    use crate::support::self_binary::TOOLCHAIN;
    use std::fs;
    use std::os::unix::fs::symlink;

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
}
