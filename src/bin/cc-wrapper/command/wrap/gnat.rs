//! Completes gnat's programs: gnatmake runs gnatbind and gnatlink.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use cc_wrapper::model::tool_name::ToolName;

use super::find::Found;
use crate::process::search::is_program;
use crate::support::error::{Error, Result};
use crate::support::self_binary;
use crate::support::show::shown;

/// The programs that gnatmake must find in its root.
const OF_GNATMAKE: [&str; 2] = ["gnatbind", "gnatlink"];

/// For each gnatmake in `named`, adds the programs it runs from its directory,
/// unless they are in `named` already.
///
/// # Errors
/// Such a program is neither in `named` nor in gnatmake's directory.
pub fn complete(named: &mut Vec<Found>) -> Result<()> {
    for gnatmake in named.clone() {
        let name = ToolName::parse(gnatmake.name.as_bytes());
        let Some(name) = name.filter(|name| name.base == "gnatmake") else {
            continue;
        };
        for base in OF_GNATMAKE {
            let same = [name.prefix, base.as_bytes(), name.version].concat();
            let names = [OsString::from_vec(same), OsString::from(base)];
            if !names.iter().any(|name| has(named, name)) {
                named.push(beside(&gnatmake, &names)?);
            }
        }
    }
    Ok(())
}

fn has(found: &[Found], name: &OsStr) -> bool {
    found.iter().any(|found| found.name == name)
}

/// The first of `names` in the directory of `program`.
fn beside(program: &Found, names: &[OsString]) -> Result<Found> {
    let mut there = names.iter().map(|name| Found {
        name: name.clone(),
        program: program.program.with_file_name(name),
    });
    let found =
        there.find(|found| is_program(&found.program) && !self_binary::is_wrapper(&found.program));
    found.ok_or_else(|| {
        Error::about(
            &program.program,
            format!("runs {}, which is not beside it", shown(&names[0])),
        )
        .remedy("add that program with --cc")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    fn found(directory: &Path, name: &str) -> Found {
        let program = directory.join(name);
        fs::write(&program, "").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Found {
            name: name.into(),
            program,
        }
    }

    #[test]
    fn programs_that_gnatmake_runs_are_added() {
        let dir = tempfile::tempdir().unwrap();
        let gnatmake = found(dir.path(), "gnatmake-12");
        let mut named = vec![gnatmake.clone()];
        let error = complete(&mut named).unwrap_err();
        assert!(
            error.line().contains("gnatmake-12 runs gnatbind-12, which"),
            "{}",
            error.line()
        );

        let same = found(dir.path(), "gnatbind-12");
        let bare = found(dir.path(), "gnatlink");
        found(dir.path(), "gnatbind");
        let mut named = vec![gnatmake.clone()];
        complete(&mut named).unwrap();
        assert_eq!(named, [gnatmake, same, bare]);
    }

    #[test]
    fn named_programs_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let mut named = vec![
            found(dir.path(), "gnatmake"),
            found(elsewhere.path(), "gnatbind"),
            found(dir.path(), "gnatlink"),
        ];
        let before = named.clone();
        complete(&mut named).unwrap();
        assert_eq!(named, before);
        let mut others = vec![found(dir.path(), "gnatls")];
        complete(&mut others).unwrap();
        assert_eq!(others.len(), 1);
    }
}
