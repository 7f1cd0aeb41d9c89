//! Other roots that calls in the environment come to.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use cc_wrapper::model::tool_name::ToolName;
use cc_wrapper::model::toolchain::{ToolKind, Toolchain};

use super::on_path::OnPath;
use super::variables::Variables;
use super::{reading, target};
use crate::support::paths::canonical;
use crate::support::self_binary;
use crate::support::self_binary::TOOLCHAIN;

/// Whether calls of compilers come to a root with this salt, cc-wrapper's or
/// nixpkgs'. Those of plain names count: behind a root that has them too, one
/// is not meant by what it has besides. A cross root has none.
pub fn are_served(salt: &[u8], variables: &Variables) -> bool {
    let path = OnPath::of(variables);
    let named = path.compilers(variables);
    let named = named
        .iter()
        .filter_map(|program| self_binary::root_of(program));
    let nix = variables.get("NIX_CC").map(OsStr::from_bytes);
    let mut reached = named.chain(nix.map(PathBuf::from));
    if reached.any(|root| has_salt(&root, salt)) {
        return true;
    }
    let mut bins = path.directories.iter();
    bins.any(|bin| {
        let root = canonical(&bin.join(".."));
        if !has_salt(&root, salt) {
            return false;
        }
        let is_plain =
            |name: &OsString| ToolName::parse(name.as_bytes()).is_some_and(|name| name.is_bare());
        let (plain, others): (Vec<_>, Vec<_>) = names(&root).into_iter().partition(is_plain);
        match plain.is_empty() {
            true => others.iter().any(|name| comes_to(&path, name, bin)),
            false => plain.iter().all(|name| comes_to(&path, name, bin)),
        }
    })
}

/// The roots of cc-wrapper on PATH that have a compiler of any name.
pub fn on_path(path: &OnPath) -> impl Iterator<Item = PathBuf> + '_ {
    let bins = path.directories.iter();
    let roots = bins.filter(|bin| self_binary::is_wrapped_bin(bin));
    let roots = roots.map(|bin| canonical(&bin.join("..")));
    // One whose description is broken could have any.
    roots.filter(|root| !names(root).is_empty() || of_toolchain(root, |_| ()).is_none())
}

fn comes_to(path: &OnPath, name: &OsStr, bin: &Path) -> bool {
    let first = path.first(name);
    first.is_some_and(|first| {
        first
            .parent()
            .is_some_and(|at| canonical(at) == canonical(bin))
    })
}

fn has_salt(root: &Path, salt: &[u8]) -> bool {
    if let Some(is_it) = of_toolchain(root, |toolchain| *toolchain.suffix_salt == *salt) {
        return is_it;
    }
    // The hook of nixpkgs' wrappers sets the marker.
    let hook = reading::file(&root.join("nix-support/setup-hook")).unwrap_or_default();
    let marks = [b"_TARGET_HOST_", salt, b"="].concat();
    target::is_of_nixpkgs(root) && hook.windows(marks.len()).any(|part| part == marks)
}

/// What compilers in its `bin` are called.
fn names(root: &Path) -> Vec<OsString> {
    let is_compiler = |kind: Option<ToolKind>| matches!(kind, Some(ToolKind::Cc | ToolKind::Cxx));
    let listed = of_toolchain(root, |toolchain| {
        let tools = toolchain.tools.iter();
        let compilers = tools.filter(|tool| is_compiler(ToolKind::parse(&tool.kind)));
        let names = compilers.map(|tool| OsString::from_vec(tool.name.to_vec()));
        names.collect::<Vec<_>>()
    });
    listed.unwrap_or_else(|| {
        let entries = fs::read_dir(root.join("bin"))
            .into_iter()
            .flatten()
            .flatten();
        let names = entries.map(|entry| entry.file_name());
        let kind = |name: &OsString| ToolName::parse(name.as_bytes()).and_then(|name| name.kind);
        names.filter(|name| is_compiler(kind(name))).collect()
    })
}

/// `None`: it has no description that can be read.
fn of_toolchain<R>(root: &Path, look: impl FnOnce(&Toolchain) -> R) -> Option<R> {
    let text = reading::file(&root.join(TOOLCHAIN)).ok()?;
    Toolchain::parse(&text)
        .ok()
        .map(|toolchain| look(&toolchain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::root::tests::lay;
    use std::os::unix::fs::symlink;

    fn served(path: &[&Path], more: &str) -> bool {
        let path = std::env::join_paths(path).unwrap();
        let path = format!("PATH={}", path.to_str().unwrap());
        are_served(b"s", &Variables::new(&[path, more.to_owned()]))
    }

    #[test]
    fn a_root_that_no_call_comes_to_serves_none() {
        let (dir, other) = (lay(""), tempfile::tempdir().unwrap());
        symlink("/bin/sh", dir.path().join("bin/gcc")).unwrap();
        let bin = dir.path().join("bin");
        assert!(served(&[&bin], "") && served(&[other.path(), &bin], ""));
        symlink("/bin/sh", other.path().join("gcc")).unwrap();
        assert!(!served(&[other.path(), &bin], "") && !served(&[other.path()], ""));
        let named = format!("CC={}", bin.join("gcc").display());
        assert!(served(&[other.path()], &named));
    }

    #[test]
    fn names_with_a_version_do_not_make_a_root_the_one_that_is_meant() {
        let (dir, other) = (lay(""), tempfile::tempdir().unwrap());
        let tool = |name: &str| format!(r#""{name}": {{"role": "cc", "program": "/bin/sh"}}"#);
        let text = |tools: &[&str]| {
            let tools: Vec<String> = tools.iter().map(|name| tool(name)).collect();
            let tools = tools.join(", ");
            format!(r#"{{"version": 1, "suffixSalt": "s", "tools": {{{tools}}}}}"#)
        };
        let bin = dir.path().join("bin");
        for name in ["gcc", "gcc-12"] {
            symlink("/bin/sh", bin.join(name)).unwrap();
        }
        symlink("/bin/sh", other.path().join("gcc")).unwrap();
        for (tools, expected) in [(&["gcc", "gcc-12"][..], false), (&["gcc-12"], true)] {
            fs::write(dir.path().join(TOOLCHAIN), text(tools)).unwrap();
            assert_eq!(served(&[other.path(), &bin], ""), expected, "{tools:?}");
        }
    }

    #[test]
    fn a_wrapper_of_nixpkgs_is_known_by_its_hook() {
        let dir = tempfile::tempdir().unwrap();
        let support = dir.path().join("nix-support");
        for name in ["bin", "nix-support"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        symlink("/bin/sh", dir.path().join("bin/s-gcc")).unwrap();
        fs::write(support.join("orig-cc"), "").unwrap();
        let bin = dir.path().join("bin");
        assert!(!served(&[&bin], ""));
        let hook = "export NIX_CC_WRAPPER_TARGET_HOST_s=1\n";
        fs::write(support.join("setup-hook"), hook).unwrap();
        assert!(served(&[&bin], ""));
    }
}
