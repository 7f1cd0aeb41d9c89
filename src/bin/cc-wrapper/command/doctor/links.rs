//! The names in a root, and where they lead.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::dispatch::dispatch;
use cc_wrapper::environment::Environment;
use cc_wrapper::error::Error;
use cc_wrapper::front_end;
use cc_wrapper::toolchain::Toolchain;

use super::binaries::{Binaries, Whose};
use super::finding::{shown, Finding};
use super::gone;
use super::root::Root;
use crate::command::elf;
use crate::command::own::{self, BINARY};
use crate::os::Os;

pub fn check(root: &Root, binaries: &Binaries) -> Vec<Finding> {
    let mut findings = Vec::new();
    for half in root.halves() {
        for name in ["bin", "nix-support", front_end::DIRECTORY] {
            findings.extend(entries(&half.root.join(name)).filter_map(|path| dangling(&path)));
        }
        for path in entries(&half.bin()) {
            findings.extend(tool(&path, half.toolchain, binaries));
        }
        findings.extend(absent_tools(&half.bin(), half.toolchain));
    }
    findings.extend(binary(root, binaries));
    findings
}

fn dangling(path: &Path) -> Option<Finding> {
    let target = fs::read_link(path).ok()?;
    if path.exists() {
        return None;
    }
    let whole = path.parent().unwrap_or(path).join(&target);
    Some(Finding::error(
        "dangling-link",
        shown(path),
        format!("is a link to {}, which does not exist", shown(&target)),
        gone::remedy(&whole, "wrap or adopt the toolchain again"),
    ))
}

/// Whether a name in `bin` does what the description says.
fn tool(path: &Path, toolchain: &Toolchain, binaries: &Binaries) -> Option<Finding> {
    let name = path.file_name()?;
    if !path.exists() || name == BINARY {
        return None;
    }
    let is_listed = toolchain.tool(name.as_bytes()).is_some();
    match (is_listed, binaries.is_ours(path)) {
        (true, false) => Some(Finding::error(
            "bypassed",
            shown(path),
            "is not cc-wrapper: calls of it get no flags",
            "wrap or adopt the toolchain again",
        )),
        (false, true) if is_unlisted(path) => Some(Finding::error(
            "unlisted",
            shown(path),
            "leads to cc-wrapper, but toolchain.json lists no such tool: calls of it fail",
            "list it under \"tools\", or remove the link",
        )),
        _ => None,
    }
}

/// Whether no root on the way from there lists the tool.
fn is_unlisted(path: &Path) -> bool {
    let environment = Environment::default();
    let path = path.as_os_str().as_bytes();
    let found = dispatch(path, &[], &environment, &Os, |_| ());
    matches!(found, Err(Error::NoSuchTool { .. }))
}

fn absent_tools(bin: &Path, toolchain: &Toolchain) -> Vec<Finding> {
    // The tools of some roots lie elsewhere: see `cc-wrapper rustup`.
    if !bin.is_dir() {
        return Vec::new();
    }
    let places = toolchain.tools.iter();
    let places = places.map(|tool| bin.join(OsStr::from_bytes(&tool.name)));
    let absent = places.filter(|place| fs::symlink_metadata(place).is_err());
    let finding = |place: PathBuf| {
        Finding::error(
            "absent-tool",
            shown(&place),
            "is listed in toolchain.json, but is not there: the next of its name on PATH gets its calls",
            "wrap or adopt the toolchain again",
        )
        .into_warning()
    };
    absent.map(finding).collect()
}

/// The program that the tools lead to.
fn binary(root: &Root, binaries: &Binaries) -> Option<Finding> {
    let tools = &root.compilers.toolchain.tools;
    let mut places = tools.iter().map(|tool| root.compilers.place(tool));
    let place = places.find(|place| binaries.is_ours(place))?;
    let binary = fs::canonicalize(place).ok()?;
    if let Some(interpreter) = elf::missing_interpreter(&binary) {
        return Some(Finding::error(
            "absent-interpreter",
            shown(&binary),
            format!(
                "does not start: its interpreter {} does not exist",
                shown(&interpreter)
            ),
            "wrap or adopt again with a cc-wrapper that is linked statically",
        ));
    }
    let is_other = binaries.whose(&binary) == Whose::Other;
    let age = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    let is_older = age(&binary) < age(&own::this());
    is_other.then(|| {
        let what = match is_older {
            true => "is an older cc-wrapper than this one",
            false => "is another cc-wrapper than this one",
        };
        Finding::error(
            "other-binary",
            shown(&binary),
            what,
            "wrap or adopt the toolchain again if this one is to run",
        )
        .into_note()
    })
}

/// Sorted.
fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::root::{tests::ids, tests::lay};
    use crate::command::own::TOOLCHAIN;
    use std::os::unix::fs::symlink;

    fn found(root: &Path) -> Vec<&'static str> {
        ids(root, |root| check(root, &Binaries::default()))
    }

    #[test]
    fn each_name_must_lead_where_it_should() {
        let dir = lay("");
        let this = std::env::current_exe().unwrap();
        let link = |target: &Path, name: &str| symlink(target, dir.path().join(name)).unwrap();
        assert_eq!(found(dir.path()), ["absent-tool", "absent-tool"]);
        link(&this, "bin/gcc");
        link(&this, "bin/ld");
        link(&this, "bin/cc-wrapper");
        link(Path::new("/bin/sh"), "bin/ar");
        assert_eq!(found(dir.path()), [""; 0]);
        link(&this, "bin/g++");
        link(Path::new("none"), "nix-support/hook");
        assert_eq!(found(dir.path()), ["dangling-link", "unlisted"]);
        fs::remove_file(dir.path().join("bin/gcc")).unwrap();
        link(Path::new("/bin/sh"), "bin/gcc");
        assert!(found(dir.path()).contains(&"bypassed"));
    }

    #[test]
    fn a_linker_may_lie_in_the_other_half() {
        let (inner, dir) = (lay(""), lay(""));
        let text = format!(
            r#"{{"version": 1, "suffixSalt": "s", "bintools": "{}", "tools": {{}}}}"#,
            inner.path().display()
        );
        fs::write(dir.path().join(TOOLCHAIN), text).unwrap();
        let this = std::env::current_exe().unwrap();
        for name in ["gcc", "ld"] {
            symlink(&this, inner.path().join("bin").join(name)).unwrap();
        }
        symlink(inner.path().join("bin/ld"), dir.path().join("bin/ld")).unwrap();
        assert_eq!(found(dir.path()), [""; 0]);
    }

    #[test]
    fn another_binary_is_noted() {
        let dir = lay("");
        let mut text = fs::read(std::env::current_exe().unwrap()).unwrap();
        text.push(0);
        fs::write(dir.path().join("bin/gcc"), text).unwrap();
        symlink("gcc", dir.path().join("bin/ld")).unwrap();
        assert_eq!(found(dir.path()), ["other-binary"]);
    }
}
