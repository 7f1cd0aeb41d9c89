//! Finds what doctor examines: a root, a file or the environment.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use cc_wrapper::machine::linker_shim;

use super::finding::{Finding, Severity, shown};
use super::leads::Leads;
use super::nixpkgs::{is_of_nixpkgs, is_root};
use super::variables::Variables;
use super::{build, files, installed};
use crate::process::report;
use crate::support::paths::{absolute, canonical, plain};
use crate::support::self_binary;

/// What is examined.
#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    Root(PathBuf),
    /// A file that is no tool of a root.
    File(PathBuf),
    /// A directory in which a build was configured.
    Build(PathBuf),
    /// A prefix, and the programs and shared libraries that are installed there.
    Prefix(PathBuf, Vec<PathBuf>),
    /// A path at which there is nothing to examine.
    Wrong(PathBuf, Finding),
    /// There is no root.
    Environment(Finding),
}

const COMPILERS: [&str; 3] = ["cc", "gcc", "clang"];

impl Target {
    /// The root or file at a path.
    pub fn at(path: &Path) -> Target {
        let path = plain(&absolute(path).unwrap_or_else(|_| path.to_path_buf()));
        let wrong = |id, what: &str, remedy: &str| {
            let finding = Finding::error(id, &path, what, remedy);
            Target::Wrong(path.clone(), finding)
        };
        let is_directory = match fs::metadata(&path) {
            Ok(metadata) => metadata.is_dir(),
            Err(_) if path.is_symlink() => {
                let remedy = "remove it, or wrap or adopt the toolchain again";
                return wrong("absent", "is a link to a file that does not exist", remedy);
            }
            Err(why) => {
                let remedy = "name a wrapped root, a tool in it, a build directory, a prefix with programs, or an ELF file";
                return wrong(
                    "absent",
                    &format!("cannot be read: {}", report::why(&why)),
                    remedy,
                );
            }
        };
        if !is_directory {
            return self_binary::root_of(&path).map_or(Target::File(path), Target::Root);
        }
        if is_root(&path) {
            return Target::Root(path);
        }
        let real = canonical(&path);
        let mut parts = ["bin", linker_shim::DIRECTORY, "nix-support"].iter();
        let is_part = parts.any(|name| real.ends_with(name));
        if let Some(root) = real.parent().filter(|root| is_part && is_root(root)) {
            return Target::Root(root.to_path_buf());
        }
        if is_of_nixpkgs(&path) {
            let remedy = format!("cc-wrapper adopt {} --out NEW", shown(&path));
            let what = "is a wrapper of nixpkgs, not of cc-wrapper";
            return wrong("not-adopted", what, &remedy);
        }
        if build::is_one(&path) {
            return Target::Build(path);
        }
        let installed = installed::files(&path);
        if !installed.is_empty() {
            return Target::Prefix(path, installed);
        }
        let what = "is not a wrapped root: it has no nix-support/toolchain.json";
        let remedy = "name another, or make one: cc-wrapper wrap NEW";
        wrong("no-root", what, remedy)
    }
}

/// The root that calls of `cc` come to.
pub fn of_environment(variables: &Variables, leads: &Leads) -> Target {
    let names = COMPILERS.map(OsStr::new);
    let compilers: Vec<PathBuf> = names.iter().filter_map(|name| leads.first(name)).collect();
    let named = leads.compilers();
    let mut meant = compilers.iter().chain(&named);
    if let Some(root) = meant.find_map(|program| self_binary::root_of(program)) {
        return Target::Root(root);
    }
    let nix = variables.get("NIX_CC").map(files::path);
    if let Some(root) = nix.filter(|root| is_root(root)) {
        return Target::Root(root.to_path_buf());
    }
    let first = compilers.first();
    if let Some(link) = first.filter(|program| self_binary::is_wrapper(program)) {
        let what = "is cc-wrapper, but in no root: it wraps the next program of its name on PATH";
        let remedy = "to wrap a linker too: cc-wrapper wrap DIR, then PATH=DIR/bin:$PATH";
        let finding = Finding::error("no-root", link, what, remedy);
        return Target::Environment(finding.of(Severity::Note));
    }
    // A root behind other compilers, or with other names.
    let mut behind = names.iter().flat_map(|name| leads.all(name));
    let behind = behind.find_map(|place| self_binary::root_of(&place));
    if let Some(root) = behind.or_else(|| leads.roots().next()) {
        return Target::Root(root);
    }
    let (mut place, mut what) = (OsStr::new("PATH"), "has no cc, gcc or clang");
    if let Some(program) = first {
        (place, what) = (
            program.as_os_str(),
            "comes first on PATH, and is not wrapped",
        );
    }
    let remedy = match nix.filter(|root| is_of_nixpkgs(root)) {
        Some(_) => "cc-wrapper adopt --out DIR, then PATH=DIR/bin:$PATH",
        None => "cc-wrapper wrap DIR, then PATH=DIR/bin:$PATH",
    };
    Target::Environment(Finding::error("no-toolchain", place, what, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::root::tests::lay;
    use crate::support::self_binary::TOOLCHAIN;
    use std::os::unix::fs::symlink;

    /// The id of what is wrong.
    fn wrong(target: Target) -> &'static str {
        match target {
            Target::Wrong(_, finding) | Target::Environment(finding) => finding.id,
            target => panic!("{target:?}"),
        }
    }

    fn of_strings(strings: &[String]) -> Target {
        let variables = Variables::new(strings);
        of_environment(&variables, &Leads::of(&variables))
    }

    #[test]
    fn a_root_is_found_from_within() {
        let dir = lay("");
        let root = canonical(dir.path());
        symlink("/bin/sh", root.join("bin/gcc")).unwrap();
        for inside in ["", "bin", "nix-support", "bin/gcc", "bin/.."] {
            let found = match Target::at(&root.join(inside)) {
                Target::Root(root) => canonical(&root),
                target => panic!("{target:?}"),
            };
            assert_eq!(found, root, "{inside}");
        }
    }

    #[test]
    fn a_path_without_a_root_is_reported() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        symlink("none", path("link")).unwrap();
        assert_eq!(wrong(Target::at(dir.path())), "no-root");
        assert_eq!(wrong(Target::at(&path("link"))), "absent");
        assert_eq!(wrong(Target::at(&path("none"))), "absent");
        fs::create_dir(path("nix-support")).unwrap();
        fs::write(path("nix-support/orig-cc"), "").unwrap();
        assert_eq!(wrong(Target::at(dir.path())), "not-adopted");
        assert_eq!(
            Target::at(Path::new("/bin/sh")),
            Target::File("/bin/sh".into())
        );
    }

    #[test]
    fn a_cross_root_has_names_of_its_own() {
        let (dir, other) = (lay(""), tempfile::tempdir().unwrap());
        let root = canonical(dir.path());
        symlink("/bin/sh", other.path().join("cc")).unwrap();
        let path = format!("PATH={}/bin:{}", root.display(), other.path().display());
        let of = || of_strings(std::slice::from_ref(&path));
        let text = |name: &str, role: &str| {
            format!(
                r#"{{"version": 1, "tools": {{"{name}": {{"role": "{role}", "program": "/x"}}}}}}"#
            )
        };
        fs::write(root.join(TOOLCHAIN), text("avr-gcc", "cc")).unwrap();
        assert_eq!(of(), Target::Root(root.clone()));
        // Linkers alone do not make a toolchain.
        fs::write(root.join(TOOLCHAIN), text("ld", "ld")).unwrap();
        assert_eq!(wrong(of()), "no-toolchain");
    }

    #[test]
    fn without_a_path_the_environment_leads_to_a_root() {
        let (dir, other) = (lay(""), tempfile::tempdir().unwrap());
        let root = canonical(dir.path());
        let of = of_strings;
        let path = format!("PATH={}", other.path().display());
        assert_eq!(wrong(of(std::slice::from_ref(&path))), "no-toolchain");
        symlink("/bin/sh", other.path().join("cc")).unwrap();
        assert_eq!(wrong(of(std::slice::from_ref(&path))), "no-toolchain");
        let behind = format!("{path}:{}", root.join("bin").display());
        symlink("/bin/sh", root.join("bin/cc")).unwrap();
        let found = of(std::slice::from_ref(&behind));
        assert_eq!(found, Target::Root(root.clone()));
        fs::remove_file(root.join("bin/cc")).unwrap();
        let named = format!("CC={}", root.join("bin/gcc").display());
        assert_eq!(of(&[path.clone(), named]), Target::Root(root.clone()));
        let nix = format!("NIX_CC={}", root.display());
        assert_eq!(of(&[path.clone(), nix]), Target::Root(root.clone()));
        symlink("/bin/sh", root.join("bin/gcc")).unwrap();
        symlink(root.join("bin/gcc"), other.path().join("gcc")).unwrap();
        assert_eq!(of(std::slice::from_ref(&path)), Target::Root(root.clone()));
        fs::remove_file(root.join("bin/gcc")).unwrap();
        symlink("none", root.join("bin/gcc")).unwrap();
        assert_eq!(of(&[path]), Target::Root(root));
    }
}
