//! Checks the environment, apart from flags, markers and the
//! programs that variables name.

use cc_wrapper::text::words::words;

use super::directory;
use super::files::path;
use super::finding::{Finding, shown};
use super::interpreter;
use super::variables::Variables;
use crate::process::record::refusal;
use crate::process::{launcher, report::quoted};

const COMPDB: &str = "CC_WRAPPER_COMPDB";
const LAUNCHER: &str = "CC_WRAPPER_LAUNCHER";

/// Where pkg-config and CMake look: lists with colons between directories.
const LISTS: &str = "PKG_CONFIG_PATH PKG_CONFIG_PATH_FOR_BUILD PKG_CONFIG_PATH_FOR_TARGET \
    CMAKE_PREFIX_PATH CMAKE_INCLUDE_PATH CMAKE_LIBRARY_PATH CMAKE_FRAMEWORK_PATH";

/// What is wrong with variables. `suffixes` are those of NIX_… variables.
pub fn check(variables: &Variables, suffixes: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for suffix in suffixes {
        let name = format!("NIX_DYNAMIC_LINKER{suffix}");
        for word in words(variables.get(&name).unwrap_or_default()) {
            findings.extend(interpreter::absent(&name, path(word)));
        }
    }
    for name in LISTS.split(' ') {
        let directories = variables.directories(name).into_iter();
        let absent = directories.filter(|directory| !directory.is_dir());
        findings.extend(absent.map(|path| directory::absent(name, "", &path)));
    }
    findings.extend(purity(variables));
    findings.extend(launcher(variables));
    findings.extend(database(variables));
    findings
}

/// NIX_ENFORCE_PURITY and NIX_STORE.
fn purity(variables: &Variables) -> Option<Finding> {
    let Some(store) = variables.get("NIX_STORE") else {
        let (id, variable) = ("purity-without-store", "NIX_ENFORCE_PURITY");
        let is_pure = variables.get(variable) == Some(b"1");
        let what = "is 1, but NIX_STORE is not set: nothing is enforced";
        let remedy = "export NIX_STORE=/nix/store, or unset NIX_ENFORCE_PURITY";
        return is_pure.then(|| Finding::warning(id, variable, what, remedy));
    };
    if path(store).is_dir() {
        return None;
    }
    let store = quoted(store);
    let what = format!("is {store}, which is not a directory: no library gets an rpath");
    let remedy = "unset it, or name the directory that has your libraries";
    Some(Finding::warning("absent-store", "NIX_STORE", what, remedy))
}

fn launcher(variables: &Variables) -> Option<Finding> {
    let why = launcher::words(variables.get(LAUNCHER)?).err()?;
    let text =
        |part: Option<Vec<u8>>| String::from_utf8_lossy(&part.unwrap_or_default()).into_owned();
    let what = format!("stops every compile: {}", text(why.source));
    Some(Finding::error("launcher", LAUNCHER, what, text(why.remedy)))
}

fn database(variables: &Variables) -> Option<Finding> {
    let path = path(variables.get(COMPDB)?);
    let name = shown(path);
    let (what, remedy) = if path.is_relative() {
        let what = format!("is {name}, which each call sees from its own directory");
        (what, "name it by an absolute path")
    } else {
        let why = refusal(path)?;
        let what = format!("is {name}, where nothing can be recorded: {why}");
        (what, "name a file that can be written, or unset it")
    };
    Some(Finding::warning("compdb", COMPDB, what, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &Variables) -> Vec<Finding> {
        super::check(variables, &["", "_s"].map(String::from))
    }

    fn found(variable: &str) -> Vec<String> {
        let findings = check(&Variables::new(&[variable])).into_iter();
        findings.map(|finding| finding.what).collect()
    }

    #[test]
    fn an_interpreter_must_exist() {
        let variables =
            Variables::new(&["NIX_DYNAMIC_LINKER_s=/none", "NIX_DYNAMIC_LINKER=/bin/sh"]);
        let [finding] = check(&variables).try_into().unwrap();
        assert_eq!(
            (finding.id, finding.place),
            ("absent-interpreter", "NIX_DYNAMIC_LINKER_s".into())
        );
    }

    #[test]
    fn directories_that_do_not_exist_are_named() {
        for name in ["PKG_CONFIG_PATH", "CMAKE_PREFIX_PATH"] {
            let variables = Variables::new(&[format!("{name}=/usr::/none/x")]);
            let [finding] = check(&variables).try_into().unwrap();
            assert_eq!(finding.place, name);
            assert_eq!(finding.what, "names /none/x, which does not exist");
        }
    }

    #[test]
    fn purity_needs_a_store_that_is_there() {
        let ids = |variables: &[&str]| {
            let found = check(&Variables::new(variables)).into_iter();
            found.map(|finding| finding.id).collect::<Vec<_>>()
        };
        let pure = "NIX_ENFORCE_PURITY=1";
        assert_eq!(ids(&[pure]), ["purity-without-store"]);
        assert_eq!(ids(&[pure, "NIX_STORE=/usr"]), [""; 0]);
        assert_eq!(ids(&["NIX_ENFORCE_PURITY=0"]), [""; 0]);
        assert_eq!(ids(&["NIX_STORE=/none"]), ["absent-store"]);
    }

    #[test]
    fn a_launcher_must_be_there() {
        let told = "stops every compile: no program no-such-launcher on PATH";
        assert_eq!(found("CC_WRAPPER_LAUNCHER=no-such-launcher -x"), [told]);
        let told = "stops every compile: a quote has no end";
        assert_eq!(found("CC_WRAPPER_LAUNCHER='sh"), [told]);
        assert_eq!(found("CC_WRAPPER_LAUNCHER=sh -x"), [""; 0]);
        // A semicolon does not end the text.
        let told = "stops every compile: no program 'a; b' on PATH";
        assert_eq!(found("CC_WRAPPER_LAUNCHER='a; b' x"), [told]);
    }

    #[test]
    fn a_database_must_be_writable() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| found(&format!("CC_WRAPPER_COMPDB={path}"));
        assert_eq!(at(dir.path().join("db").to_str().unwrap()), [""; 0]);
        for (path, part) in [
            ("db", "from its own directory"),
            ("/dev/null", "it is not a readable"),
            ("/none/db", "/none: no such file"),
        ] {
            assert!(at(path)[0].contains(part), "{path}");
        }
    }
}
