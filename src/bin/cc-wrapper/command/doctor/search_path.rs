//! What PATH has before the root.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::tool_name::names;
use cc_wrapper::toolchain::Role;
use cc_wrapper::world::World;

use super::finding::{shown, Finding};
use super::root::Root;
use super::variables::Variables;
use crate::command::own;
use crate::command::paths::canonical;
use crate::os::Os;

pub fn check(root: &Root, variables: &Variables) -> Vec<Finding> {
    // Some roots are not for PATH: see `cc-wrapper rustup`.
    if !root.compilers.bin().is_dir() {
        return Vec::new();
    }
    let roots = root
        .halves()
        .map(|half| canonical(half.root))
        .collect::<Vec<_>>();
    let path = variables.directories("PATH");
    let leads_here =
        |program: &Path| own::root_of(program).is_some_and(|root| roots.contains(&root));
    let names = names(Some(Role::Cc))
        .chain(names(Some(Role::Cxx)))
        .chain(names(Some(Role::Ld)));
    // One that is not there is told of as such.
    let is_there = |name: &&str| {
        let mut halves = root.halves();
        halves.any(|half| {
            let is_listed = half.toolchain.tool(name.as_bytes()).is_some();
            is_listed && fs::symlink_metadata(half.bin().join(name)).is_ok()
        })
    };
    let mut is_on_path = false;
    let mut others: BTreeMap<PathBuf, Vec<&str>> = BTreeMap::new();
    for name in names.filter(is_there) {
        let candidates: Vec<PathBuf> = path
            .iter()
            .map(|directory| directory.join(name))
            .filter(|place| {
                // Calls pass over a link to nothing, but that is told elsewhere.
                let is_ours = place.is_symlink() && leads_here(place);
                is_ours || Os.is_executable(place.as_os_str().as_bytes())
            })
            .collect();
        is_on_path |= candidates.iter().any(|place| leads_here(place));
        if let Some(first) = candidates.first().filter(|place| !leads_here(place)) {
            let directory = first.parent().unwrap_or(first).to_path_buf();
            others.entry(directory).or_default().push(name);
        }
    }
    let bin = shown(&root.compilers.bin());
    if !is_on_path {
        return vec![Finding::error(
            "not-on-path",
            bin.clone(),
            "is not on PATH: only what names its tools by their path runs them",
            format!("PATH={bin}:$PATH"),
        )
        .into_note()];
    }
    let finding = |(directory, names): (PathBuf, Vec<&str>)| {
        Finding::error(
            "before-on-path",
            shown(&directory),
            format!(
                "comes before this root on PATH, with {}: calls of those get no flags",
                names.join(" ")
            ),
            format!("PATH={bin}:$PATH"),
        )
        .into_warning()
    };
    others.into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::root::{self, tests::lay};
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
            root::read(dir.path(), |root| check(root, &variables))
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
}
