//! Linkers that compilers would run past the root.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use cc_wrapper::machine::linker_shim;
use cc_wrapper::machine::world::World;
use cc_wrapper::model::toolchain::ToolKind;

use super::binaries::Binaries;
use super::finding::{Finding, shown};
use super::root::Root;
use super::variables::Variables;
use crate::process::os::Os;
use crate::support::self_binary;

pub fn check(root: &Root, variables: &Variables, binaries: &Binaries) -> Vec<Finding> {
    let linkers = root.linkers();
    if !root.compilers.has(ToolKind::is_compiler) || !linkers.has(|kind| kind == ToolKind::Ld) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for name in linker_shim::all() {
        let linker_shim = linkers.root.join(linker_shim::DIRECTORY).join(name);
        if linker_shim.exists() {
            // One that does not run is told of as such.
            let runs = Os.is_executable(linker_shim.as_os_str().as_bytes());
            if runs && !binaries.is_ours(&linker_shim) {
                findings.push(Finding::error(
                    "bypassed",
                    &linker_shim,
                    "is not cc-wrapper: links by it get no flags",
                    "wrap or adopt the toolchain again",
                ));
            }
            continue;
        }
        // A dangling one is told of as such.
        if fs::symlink_metadata(&linker_shim).is_ok() {
            continue;
        }
        let mut directories = variables.directories("COMPILER_PATH");
        if linkers.toolchain.tool(name.as_bytes()).is_none() {
            directories.extend(variables.directories("PATH"));
        }
        let mut places = directories
            .into_iter()
            .map(|directory| directory.join(name));
        let is_past = |place: &PathBuf| {
            Os.is_executable(place.as_os_str().as_bytes()) && !self_binary::is_wrapper(place)
        };
        if let Some(linker) = places.find(is_past) {
            let option = name
                .strip_prefix("ld.")
                .map(|kind| format!(" with -fuse-ld={kind}"));
            findings.push(
                Finding::error(
                    "goes-round",
                    &linker,
                    format!(
                        "is run by compilers{}, and may get no flags: {} is not there",
                        option.unwrap_or_default(),
                        shown(&linker_shim)
                    ),
                    "wrap or adopt the toolchain again",
                )
                .into_warning(),
            );
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::root::{tests::ids, tests::lay};
    use std::os::unix::fs::symlink;

    #[test]
    fn a_linker_without_a_front_end_goes_round() {
        let (dir, path) = (lay(""), tempfile::tempdir().unwrap());
        let found = |variable: &str| {
            let variables = Variables::new(&[format!("{variable}={}", path.path().display())]);
            ids(dir.path(), |root| {
                check(root, &variables, &Binaries::default())
            })
        };
        assert_eq!(found("PATH"), [""; 0]);
        symlink("/bin/sh", path.path().join("ld")).unwrap();
        assert_eq!(found("PATH"), [""; 0]);
        assert_eq!(found("COMPILER_PATH"), ["goes-round"]);
        fs::rename(path.path().join("ld"), path.path().join("ld.lld")).unwrap();
        assert_eq!(found("PATH"), ["goes-round"]);
        let place = dir.path().join("linkers/ld.lld");
        fs::create_dir(dir.path().join("linkers")).unwrap();
        symlink(std::env::current_exe().unwrap(), &place).unwrap();
        assert_eq!(found("PATH"), [""; 0]);
        fs::remove_file(&place).unwrap();
        symlink("/bin/sh", &place).unwrap();
        assert_eq!(found("PATH"), ["bypassed"]);
    }
}
