//! The names in a root, and where they lead.

use super::binaries::{Binaries, Whose};
use super::finding::{Finding, bytes, shown};
use super::gone;
use super::on_path::OnPath;
use super::root::{Half, Root};
use super::variables::Variables;
use crate::process::os::Os;
use crate::support::paths::canonical;
use crate::support::self_binary::BINARY;
use crate::support::{elf, self_binary};
use cc_wrapper::machine::linker_shim;
use cc_wrapper::machine::world::World;
use cc_wrapper::model::environment::Environment;
use cc_wrapper::model::error::Error;
use cc_wrapper::model::toolchain::{Tool, ToolKind, Toolchain};
use cc_wrapper::planning::dispatch::dispatch;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

pub fn check(root: &Root, variables: &Variables, binaries: &Binaries) -> Vec<Finding> {
    let path = OnPath::of(variables);
    let directories = ["bin", "nix-support", linker_shim::DIRECTORY];
    let directories = root
        .halves()
        .flat_map(|half| directories.map(|name| half.root.join(name)));
    let mut findings = dangling(directories.flat_map(|directory| entries(&directory)));
    findings.extend(not_executable(root));
    for half in root.halves() {
        for path in entries(&half.bin()) {
            findings.extend(tool(&path, half.toolchain, binaries));
        }
        findings.extend(absent_tools(half, &path));
    }
    findings.extend(binary(root, binaries));
    findings
}

/// Links that lead to nothing, told together where that is the same.
fn dangling(paths: impl Iterator<Item = PathBuf>) -> Vec<Finding> {
    let mut links: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for path in paths.filter(|path| !path.exists()) {
        if let Some(target) = target(&path) {
            links.entry(target).or_default().push(path);
        }
    }
    let finding = |(target, links): (PathBuf, Vec<PathBuf>)| {
        let (place, what) = match links.as_slice() {
            [link] => {
                let spelled = fs::read_link(link).unwrap_or_else(|_| target.clone());
                let what = format!("is a link to {}, which does not exist", shown(&spelled));
                (link.clone(), what)
            }
            links => {
                let names = links.iter().filter_map(|link| link.file_name());
                let mut names: Vec<String> = names.map(|name| bytes(name.as_bytes())).collect();
                names.sort();
                names.dedup();
                let what = format!(
                    "does not exist, but is what these lead to: {}",
                    names.join(" ")
                );
                (target.clone(), what)
            }
        };
        let remedy = gone::remedy(&target, "wrap or adopt the toolchain again");
        Finding::error("dangling-link", place, what, remedy)
    };
    links.into_iter().map(finding).collect()
}

/// Tools that do not run, told together where they are links to the same.
fn not_executable(root: &Root) -> Vec<Finding> {
    let tools = root.halves().flat_map(|half| {
        let is_tool = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default();
            name == BINARY || half.toolchain.tool(name.as_bytes()).is_some()
        };
        entries(&half.bin()).filter(is_tool)
    });
    let front_ends = root
        .halves()
        .flat_map(|half| entries(&half.root.join(linker_shim::DIRECTORY)));
    let mut links: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    let paths = tools.chain(front_ends);
    for path in paths.filter(|path| path.exists() && !is_executable(path)) {
        let names = links.entry(canonical(&path)).or_default();
        if path.is_symlink() {
            names.extend(path.file_name().map(|name| bytes(name.as_bytes())));
        }
    }
    let finding = |(target, mut names): (PathBuf, Vec<String>)| {
        names.sort();
        names.dedup();
        let what = match names.as_slice() {
            [] => "is no file that may be executed".to_owned(),
            names => format!(
                "is no file that may be executed, but is what these lead to: {}",
                names.join(" ")
            ),
        };
        let remedy = match target.is_file() {
            true => format!("chmod +x {}", shown(&target)),
            false => "wrap or adopt the toolchain again".to_owned(),
        };
        Finding::error("not-executable", target, what, remedy)
    };
    links.into_iter().map(finding).collect()
}

fn is_executable(path: &Path) -> bool {
    Os.is_executable(path.as_os_str().as_bytes())
}

/// What a link leads to, there or not.
fn target(link: &Path) -> Option<PathBuf> {
    let target = link.parent()?.join(fs::read_link(link).ok()?);
    let name = target.file_name()?;
    Some(canonical(target.parent()?).join(name))
}

/// Whether a name in `bin` does what the description says.
fn tool(path: &Path, toolchain: &Toolchain, binaries: &Binaries) -> Option<Finding> {
    let name = path.file_name()?;
    if !path.exists() || name == BINARY {
        return None;
    }
    let is_listed = toolchain.tool(name.as_bytes()).is_some();
    // Told of as such.
    if is_listed && !is_executable(path) {
        return None;
    }
    match (is_listed, binaries.is_ours(path)) {
        (true, false) => Some(Finding::error(
            "bypassed",
            path,
            "is not cc-wrapper: calls of it get no flags",
            "wrap or adopt the toolchain again",
        )),
        (false, true) if is_unlisted(path) => Some(Finding::error(
            "unlisted",
            path,
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

/// Without compilers and linkers of a root, others of their names on PATH get
/// by without flags.
fn absent_tools(half: &Half, path: &OnPath) -> Vec<Finding> {
    // The tools of some roots lie elsewhere: see `cc-wrapper rustup`.
    if !half.bin().is_dir() {
        return Vec::new();
    }
    let finding = |tool: &Tool| {
        let place = half.place(tool);
        if fs::symlink_metadata(&place).is_ok() {
            return None;
        }
        let kind = ToolKind::parse(&tool.kind);
        let is_grave = matches!(kind, Some(ToolKind::Cc | ToolKind::Cxx | ToolKind::Ld));
        let next = path.first(OsStr::from_bytes(&tool.name));
        let finding = |what: &str| {
            let what = format!("is listed in toolchain.json, but is not there: {what}");
            let remedy = "wrap or adopt the toolchain again";
            Finding::error("absent-tool", &place, what, remedy)
        };
        Some(match next.filter(|next| !self_binary::is_wrapper(next)) {
            Some(next) if is_grave => {
                let next = shown(&next);
                finding(&format!("{next} gets its calls, and no flags"))
            }
            _ => finding("the next of its name on PATH gets its calls").into_warning(),
        })
    };
    half.toolchain.tools.iter().filter_map(finding).collect()
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
            &binary,
            format!(
                "does not start: its interpreter {} does not exist",
                shown(&interpreter)
            ),
            "wrap or adopt again with a cc-wrapper that is linked statically",
        ));
    }
    let is_other = binaries.whose(&binary) == Whose::Other;
    let age = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    let is_older = age(&binary) < age(&self_binary::this());
    is_other.then(|| {
        let what = match is_older {
            true => "is an older cc-wrapper than this one",
            false => "is another cc-wrapper than this one",
        };
        Finding::error(
            "other-binary",
            &binary,
            what,
            "wrap or adopt the toolchain again if this one is to run",
        )
        .into_note()
    })
}

/// Sorted.
fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::finding::Severity;
    use crate::command::doctor::root::{self, tests::ids, tests::lay};
    use crate::support::self_binary::TOOLCHAIN;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn found(root: &Path) -> Vec<&'static str> {
        let variables = Variables::new(&[""; 0]);
        ids(root, |root| check(root, &variables, &Binaries::default()))
    }

    /// With these directories on PATH.
    fn all(root: &Path, path: &str) -> Vec<Finding> {
        let variables = Variables::new(&[format!("PATH={path}")]);
        root::read(root, |root| check(root, &variables, &Binaries::default()))
    }

    #[test]
    fn an_absent_tool_is_grave_where_calls_get_no_flags() {
        let (dir, other, wrapped) = (lay(""), tempfile::tempdir().unwrap(), lay(""));
        symlink("/bin/sh", other.path().join("ld")).unwrap();
        let this = std::env::current_exe().unwrap();
        symlink(this, wrapped.path().join("bin/ld")).unwrap();
        let other = other.path().display().to_string();
        let wrapped = wrapped.path().join("bin").display().to_string();
        for (path, expected) in [
            ("/none".to_owned(), Severity::Warning),
            (other.clone(), Severity::Error),
            (format!("{wrapped}:{other}"), Severity::Warning),
        ] {
            let [gcc, ld] = all(dir.path(), &path).try_into().unwrap();
            assert_eq!((gcc.severity, ld.severity), (Severity::Warning, expected));
            assert!(expected == Severity::Warning || ld.what.contains(&*other));
        }
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
    fn links_to_the_same_nothing_are_one_finding() {
        let dir = lay("");
        let real = canonical(dir.path());
        fs::create_dir(real.join("linkers")).unwrap();
        for (link, target) in [
            ("bin/gcc", "cc-wrapper"),
            ("bin/ld", "cc-wrapper"),
            ("linkers/ld", "../bin/cc-wrapper"),
        ] {
            symlink(target, real.join(link)).unwrap();
        }
        let findings = all(&real, "");
        let [finding] = findings.try_into().unwrap();
        assert_eq!(finding.place, &real.join("bin/cc-wrapper"));
        let told = "does not exist, but is what these lead to: gcc ld";
        assert_eq!(finding.what, told);
    }

    #[test]
    fn what_does_not_run_is_told_once() {
        let dir = lay("");
        let real = canonical(dir.path());
        let binary = real.join("bin/cc-wrapper");
        fs::create_dir(real.join("linkers")).unwrap();
        fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
        for link in ["bin/gcc", "bin/ld", "linkers/ld"] {
            symlink("../bin/cc-wrapper", real.join(link)).unwrap();
        }
        fs::write(real.join("bin/README"), "").unwrap();
        assert_eq!(found(&real), [""; 0]);
        fs::set_permissions(&binary, fs::Permissions::from_mode(0o644)).unwrap();
        let findings = all(&real, "");
        let [finding] = findings.try_into().unwrap();
        assert_eq!(
            (finding.id, finding.place),
            ("not-executable", binary.into())
        );
        let told = "is no file that may be executed, but is what these lead to: gcc ld";
        assert_eq!(finding.what, told);
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
        let gcc = dir.path().join("bin/gcc");
        fs::write(&gcc, text).unwrap();
        fs::set_permissions(&gcc, fs::Permissions::from_mode(0o755)).unwrap();
        symlink("gcc", dir.path().join("bin/ld")).unwrap();
        assert_eq!(found(dir.path()), ["other-binary"]);
    }
}
