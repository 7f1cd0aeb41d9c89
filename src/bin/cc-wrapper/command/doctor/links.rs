//! The files and links in a root's directories.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::machine::linker_shim;
use cc_wrapper::model::environment::Environment;
use cc_wrapper::model::error::Error;
use cc_wrapper::model::toolchain::{Tool, ToolKind};
use cc_wrapper::planning::dispatch::dispatch;

use super::collected_paths;
use super::files::{self, entries, has_entry, is_executable};
use super::finding::{Finding, Severity, shown};
use super::leads::Leads;
use super::root::{Half, Root};
use super::tools::Binaries;
use super::variables::Variables;
use crate::process::os::Os;
use crate::support::elf;
use crate::support::paths::canonical;
use crate::support::self_binary::{self, BINARY, Whose};

const AGAIN: &str = "wrap or adopt the toolchain again";

/// Links, by where they lead.
type Links = BTreeMap<PathBuf, Vec<PathBuf>>;

/// What is wrong with the names in a root.
pub fn check(root: &Root, leads: &Leads, binaries: &Binaries) -> Vec<Finding> {
    let mut findings = dangling(root);
    findings.extend(not_executable(root));
    for half in root.halves() {
        let names = entries(&half.bin()).into_iter();
        findings.extend(names.filter_map(|path| tool(&path, half, binaries)));
        // The tools of some roots are elsewhere: see `cc-wrapper rustup`.
        if half.bin().is_dir() {
            let tools = half.toolchain.tools.iter();
            findings.extend(tools.filter_map(|tool| absent_tool(half, tool, leads)));
        }
    }
    findings.extend(binary(root, binaries));
    findings.extend(linkers(root, leads.variables, binaries));
    findings
}

/// `what` about a path to which these links lead.
fn with_links(what: &str, links: &[PathBuf]) -> String {
    let mut names: Vec<String> = links.iter().map(|link| shown(files::name(link))).collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return what.to_owned();
    }
    format!("{what}, and these links lead to it: {}", names.join(" "))
}

/// Links to files that do not exist.
fn dangling(root: &Root) -> Vec<Finding> {
    let mut links = Links::new();
    for half in root.halves() {
        for directory in ["bin", "nix-support", linker_shim::DIRECTORY] {
            for path in entries(&half.root.join(directory)) {
                if let (false, Some(target)) = (path.exists(), link_target(&path)) {
                    links.entry(target).or_default().push(path);
                }
            }
        }
    }
    let finding = |(target, links): (PathBuf, Vec<PathBuf>)| {
        let remedy = collected_paths::remedy(&target, AGAIN);
        let [link] = links.as_slice() else {
            let what = with_links("does not exist", &links);
            return Finding::error("dangling-link", target, what, remedy);
        };
        let spelled = fs::read_link(link).unwrap_or(target);
        let what = format!("is a link to {}, which does not exist", shown(&spelled));
        Finding::error("dangling-link", link, what, remedy)
    };
    links.into_iter().map(finding).collect()
}

/// Where a link leads, whether or not something is there.
fn link_target(link: &Path) -> Option<PathBuf> {
    let target = link.parent()?.join(fs::read_link(link).ok()?);
    Some(canonical(target.parent()?).join(target.file_name()?))
}

/// Tools that may not be executed.
fn not_executable(root: &Root) -> Vec<Finding> {
    let mut links = Links::new();
    for half in root.halves() {
        let mut paths = entries(&half.bin());
        paths.retain(|path| {
            let name = files::name(path);
            name == BINARY || half.toolchain.tool(name.as_bytes()).is_some()
        });
        paths.extend(entries(&half.root.join(linker_shim::DIRECTORY)));
        for path in paths {
            if path.exists() && !is_executable(&path) {
                let links = links.entry(canonical(&path)).or_default();
                links.extend(Some(path).filter(|path| path.is_symlink()));
            }
        }
    }
    let finding = |(target, links): (PathBuf, Vec<PathBuf>)| {
        let what = with_links("is not an executable file", &links);
        let file = Some(&target).filter(|target| target.is_file());
        let chmod = file.map(|file| format!("chmod +x {}", shown(file)));
        let remedy = chmod.unwrap_or_else(|| AGAIN.to_owned());
        Finding::error("not-executable", target, what, remedy)
    };
    links.into_iter().map(finding).collect()
}

/// Whether a name in `bin` does what `toolchain.json` says.
fn tool(path: &Path, half: &Half, binaries: &Binaries) -> Option<Finding> {
    let name = path.file_name()?;
    let is_listed = half.toolchain.tool(name.as_bytes()).is_some();
    // Links to nothing and what does not run have their own findings.
    if !path.exists() || name == BINARY || (is_listed && !is_executable(path)) {
        return None;
    }
    match (is_listed, binaries.is_ours(path)) {
        (true, false) => {
            let what = "is not cc-wrapper: calls of it get no flags";
            Some(Finding::error("bypassed", path, what, AGAIN))
        }
        (false, true) if is_unlisted(path) => {
            let what = "leads to cc-wrapper, but toolchain.json does not list it: calls of it fail";
            let remedy = "list it under \"tools\", or remove the link";
            Some(Finding::error("unlisted", path, what, remedy))
        }
        _ => None,
    }
}

/// Whether no root on the way from a link lists the tool.
fn is_unlisted(path: &Path) -> bool {
    let (path, environment) = (path.as_os_str().as_bytes(), Environment::default());
    let found = dispatch(path, &[], &environment, &Os, |_| ());
    matches!(found, Err(Error::NoSuchTool { .. }))
}

/// A tool that is not in `bin`, so that calls run the next of its name on PATH.
fn absent_tool(half: &Half, tool: &Tool, leads: &Leads) -> Option<Finding> {
    let place = half.place(tool);
    if has_entry(&place) {
        return None;
    }
    let role = ToolKind::parse(&tool.kind);
    let is_grave = matches!(role, Some(ToolKind::Cc | ToolKind::Cxx | ToolKind::Ld));
    let next = leads.first(OsStr::from_bytes(&tool.name));
    let next = next.filter(|next| is_grave && !self_binary::is_wrapper(next));
    let severity = Severity::error_if(next.is_some(), Severity::Warning);
    let why = match next {
        Some(next) => format!("calls run {}, which gets no flags", shown(&next)),
        None => "calls run the next of its name on PATH".to_owned(),
    };
    let what = format!("is listed in toolchain.json, but does not exist: {why}");
    Some(Finding::error("absent-tool", place, what, AGAIN).of(severity))
}

/// The program that the tools lead to.
fn binary(root: &Root, binaries: &Binaries) -> Option<Finding> {
    let tools = &root.compilers.toolchain.tools;
    let mut places = tools.iter().map(|tool| root.compilers.place(tool));
    let binary = fs::canonicalize(places.find(|place| binaries.is_ours(place))?).ok()?;
    if let Some(interpreter) = elf::missing_interpreter(&binary) {
        let interpreter = shown(&interpreter);
        let what = format!("does not start: its interpreter {interpreter} does not exist");
        let remedy = "wrap or adopt again with a cc-wrapper that is linked statically";
        return Some(Finding::error("absent-interpreter", binary, what, remedy));
    }
    if binaries.whose(&binary) != Whose::Other {
        return None;
    }
    let age = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    let is_older = age(&binary) < age(&self_binary::this());
    let kind = if is_older { "an older" } else { "another" };
    let what = format!("is {kind} cc-wrapper than this one");
    let remedy = "wrap or adopt the toolchain again to use this one";
    Some(Finding::error("other-binary", binary, what, remedy).of(Severity::Note))
}

/// Linkers that compilers run without the root's flags.
fn linkers(root: &Root, variables: &Variables, binaries: &Binaries) -> Vec<Finding> {
    let linkers = root.linkers();
    if !root.compilers.has(ToolKind::is_compiler) || !linkers.has(|role| role == ToolKind::Ld) {
        return Vec::new();
    }
    let finding = |name: &str| {
        let shim = linkers.root.join(linker_shim::DIRECTORY).join(name);
        if has_entry(&shim) {
            // A link to nothing, or what does not run, has its own finding.
            let is_other = is_executable(&shim) && !binaries.is_ours(&shim);
            let what = "is not cc-wrapper: links by it get no flags";
            return is_other.then(|| Finding::error("bypassed", shim, what, AGAIN));
        }
        let mut places = variables.directories("COMPILER_PATH");
        if linkers.toolchain.tool(name.as_bytes()).is_none() {
            places.extend(variables.directories("PATH"));
        }
        let mut places = places.into_iter().map(|directory| directory.join(name));
        let linker =
            places.find(|place| is_executable(place) && !self_binary::is_wrapper(place))?;
        let kind = name.strip_prefix("ld.");
        let option = kind.map_or_else(String::new, |kind| format!(" with -fuse-ld={kind}"));
        let shim = shown(&shim);
        let what =
            format!("is run by compilers{option}, and may get no flags: {shim} does not exist");
        Some(Finding::warning("goes-round", linker, what, AGAIN))
    };
    linker_shim::all().filter_map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::finding::Severity;
    use crate::command::doctor::root::{self, tests::ids, tests::lay};
    use crate::support::self_binary::TOOLCHAIN;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn check_all(root: &Root, variables: &Variables) -> Vec<Finding> {
        check(root, &Leads::of(variables), &Binaries::default())
    }

    fn found(root: &Path) -> Vec<&'static str> {
        let variables = Variables::new(&[""; 0]);
        ids(root, |root| check_all(root, &variables))
    }

    /// With these directories on PATH.
    fn all(root: &Path, path: &str) -> Vec<Finding> {
        let variables = Variables::new(&[format!("PATH={path}")]);
        root::read(root, |root| check_all(root, &variables))
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
        assert_eq!(finding.place, real.join("bin/cc-wrapper"));
        let told = "does not exist, and these links lead to it: gcc ld";
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
        let told = "is not an executable file, and these links lead to it: gcc ld";
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

    #[test]
    fn a_linker_without_a_shim_bypasses_the_root() {
        let (dir, path) = (lay(""), tempfile::tempdir().unwrap());
        let found = |variable: &str| {
            let variables = Variables::new(&[format!("{variable}={}", path.path().display())]);
            ids(dir.path(), |root| {
                linkers(root, &variables, &Binaries::default())
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
