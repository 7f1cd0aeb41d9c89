//! What PATH has before the root.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::model::tool_name;
use cc_wrapper::model::toolchain::ToolKind;

use super::finding::{Finding, bytes, shown};
use super::on_path::OnPath;
use super::root::{Half, Root};
use super::variables::Variables;
use crate::support::paths::canonical;
use crate::support::self_binary;

/// `is_asked`: the root was named, and need not be on PATH.
pub fn check(root: &Root, is_asked: bool, variables: &Variables) -> Vec<Finding> {
    // Some roots are not for PATH: see `cc-wrapper rustup`.
    if !root.compilers.bin().is_dir() {
        return Vec::new();
    }
    let roots = root.halves().map(|half| canonical(half.root));
    let roots = roots.collect::<Vec<_>>();
    let leads_here =
        |program: &Path| self_binary::root_of(program).is_some_and(|root| roots.contains(&root));
    let path = OnPath::of(variables);
    let (mut is_on_path, mut is_run) = (false, false);
    let mut others: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for (name, kind) in names(root) {
        is_on_path |= path.all(name).any(|place| leads_here(&place));
        match path.first(name) {
            Some(first) if leads_here(&first) => is_run |= kind.is_compiler(),
            Some(first) => {
                let directory = first.parent().unwrap_or(&first).to_path_buf();
                let names = others.entry(directory).or_default();
                names.push(bytes(name.as_bytes()));
            }
            None => {}
        }
    }
    // Where it was not asked for, it is what calls should come to.
    is_run |= path
        .compilers(variables)
        .iter()
        .any(|program| leads_here(program));
    let is_missed = !is_asked && !is_run && root.compilers.has(ToolKind::is_compiler);
    let bin = shown(&root.compilers.bin());
    let remedy = format!("PATH={bin}:$PATH");
    if !is_on_path {
        let what = "is not on PATH: only what names its tools by their path runs them";
        let finding = Finding::error("not-on-path", root.compilers.bin(), what, remedy);
        return vec![match is_missed {
            true => finding,
            false => finding.into_note(),
        }];
    }
    let finding = |(directory, names): (PathBuf, Vec<String>)| {
        let what = format!(
            "comes before this root on PATH, with {}: calls of those get no flags",
            names.join(" ")
        );
        let finding = Finding::error("before-on-path", &directory, what, &*remedy);
        match is_missed {
            true => finding,
            false => finding.into_warning(),
        }
    };
    others.into_iter().map(finding).collect()
}

/// The names of compilers and linkers that calls go by: those without a target
/// or a version, if there are such.
pub fn names<'r>(root: &'r Root) -> Vec<(&'r OsStr, ToolKind)> {
    // One that is not there is told of as such.
    let is_there = |half: &Half, name: &OsStr| fs::symlink_metadata(half.bin().join(name)).is_ok();
    let halves: Vec<&'r Half> = root.halves().collect();
    let bare = [ToolKind::Cc, ToolKind::Cxx, ToolKind::Ld]
        .into_iter()
        .flat_map(|kind| {
            let names = tool_name::names(Some(kind)).map(OsStr::new);
            names.map(move |name| (name, kind))
        });
    let is_listed = |half: &&&Half, name: &OsStr| {
        half.toolchain.tool(name.as_bytes()).is_some() && is_there(half, name)
    };
    let bare: Vec<(&OsStr, ToolKind)> = bare
        .filter(|(name, _)| halves.iter().any(|half| is_listed(&half, name)))
        .collect();
    if !bare.is_empty() {
        return bare;
    }
    let tools = halves.iter().flat_map(|half| {
        let tools = half.toolchain.tools.iter();
        tools.map(move |tool| (half, tool))
    });
    let named = tools.filter_map(|(half, tool)| {
        let name = OsStr::from_bytes(&tool.name);
        let kind = ToolKind::parse(&tool.kind)?;
        let is_meant = matches!(kind, ToolKind::Cc | ToolKind::Cxx | ToolKind::Ld);
        (is_meant && is_there(half, name)).then_some((name, kind))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::finding::Severity;
    use crate::command::doctor::root::{self, tests::lay};
    use crate::support::self_binary::TOOLCHAIN;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_root_should_come_first() {
        let (dir, other) = (lay(""), tempfile::tempdir().unwrap());
        for name in ["gcc", "ld"] {
            symlink("/bin/sh", dir.path().join("bin").join(name)).unwrap();
            symlink("/bin/sh", other.path().join(name)).unwrap();
        }
        let bin = dir.path().join("bin");
        let found = |path: &[&Path]| {
            let path = std::env::join_paths(path).unwrap();
            let variables = Variables::new(&[format!("PATH={}", path.to_str().unwrap())]);
            root::read(dir.path(), |root| check(root, true, &variables))
        };
        assert_eq!(found(&[&bin, other.path()]), []);
        assert_eq!(found(&[other.path()])[0].id, "not-on-path");
        let [before] = found(&[other.path(), &bin]).try_into().unwrap();
        assert_eq!(before.place, other.path().to_str().unwrap());
        assert!(before.what.contains("with gcc ld:"), "{}", before.what);

        fs::remove_file(bin.join("ld")).unwrap();
        fs::remove_file(bin.join("gcc")).unwrap();
        symlink("none", bin.join("gcc")).unwrap();
        assert_eq!(found(&[&bin, other.path()]), []);
    }

    #[test]
    fn a_root_that_is_meant_must_be_run() {
        let (dir, other) = (lay(""), tempfile::tempdir().unwrap());
        for name in ["gcc", "ld"] {
            symlink("/bin/sh", dir.path().join("bin").join(name)).unwrap();
            symlink("/bin/sh", other.path().join(name)).unwrap();
        }
        let bin = dir.path().join("bin");
        let found = |path: &[&Path], cc: &str| {
            let path = std::env::join_paths(path).unwrap();
            let path = format!("PATH={}", path.to_str().unwrap());
            let variables = Variables::new(&[path, format!("CC={cc}")]);
            let mut found = root::read(dir.path(), |root| check(root, false, &variables));
            found.pop().map(|finding| (finding.id, finding.severity))
        };
        let gcc = bin.join("gcc");
        let gcc = gcc.to_str().unwrap();
        for (path, cc, expected) in [
            (&[&*bin, other.path()][..], "", None),
            (
                &[other.path(), &*bin],
                "",
                Some(("before-on-path", Severity::Error)),
            ),
            (
                &[other.path(), &*bin],
                gcc,
                Some(("before-on-path", Severity::Warning)),
            ),
            (&[other.path()], "", Some(("not-on-path", Severity::Error))),
            (&[other.path()], gcc, Some(("not-on-path", Severity::Note))),
        ] {
            assert_eq!(found(path, cc), expected, "{path:?} {cc}");
        }
        fs::remove_file(other.path().join("gcc")).unwrap();
        let linker = found(&[other.path(), &*bin], "");
        assert_eq!(linker, Some(("before-on-path", Severity::Warning)));
    }

    #[test]
    fn a_cross_roots_names_have_a_target() {
        let dir = lay("");
        let text = r#"{"version": 1, "tools": {"avr-gcc": {"role": "cc", "program": "/bin/sh"}}}"#;
        fs::write(dir.path().join(TOOLCHAIN), text).unwrap();
        let bin = dir.path().join("bin");
        symlink("/bin/sh", bin.join("avr-gcc")).unwrap();
        let variables = Variables::new(&[format!("PATH={}", bin.display())]);
        let found = root::read(dir.path(), |root| check(root, false, &variables));
        assert_eq!(found, []);
    }
}
