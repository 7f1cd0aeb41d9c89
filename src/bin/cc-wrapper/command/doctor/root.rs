//! A root's descriptions: reading them, and what is wrong with them.

use std::borrow::Cow;
use std::io;
use std::iter;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::machine::trust::Trust;
use cc_wrapper::model::error::Error;
use cc_wrapper::model::toolchain::{Tool, ToolKind, Toolchain};

use super::files::path;
use super::finding::{Finding, Severity, shown};
use super::nixpkgs;
use crate::process::os::Os;
use crate::process::report::why as reason;
use crate::support::foreign_file;
use crate::support::paths::canonical;
use crate::support::self_binary::{self, TOOLCHAIN};

const AGAIN: &str = "wrap or adopt the toolchain again";

/// No root has more. Each is looked for on PATH.
const MOST_TOOLS: usize = 4096;

/// A directory with a `toolchain.json`.
pub struct Half<'t> {
    pub root: &'t Path,
    pub toolchain: &'t Toolchain<'t>,
}

/// The compilers and the linkers of a toolchain, which may be in one directory.
pub struct Root<'t> {
    pub compilers: Half<'t>,
    /// The linkers, if they are in a directory of their own.
    pub other: Option<Half<'t>>,
}

impl<'t> Half<'t> {
    pub fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// A file in `nix-support`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.root.join("nix-support").join(name)
    }

    pub fn salt(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.toolchain.suffix_salt)
    }

    /// Where a tool is in `bin`.
    pub fn place(&self, tool: &Tool) -> PathBuf {
        self.bin().join(path(&tool.name))
    }

    /// The program that a tool runs.
    pub fn program(&self, tool: &Tool) -> PathBuf {
        self.root.join(path(&tool.program))
    }

    /// Whether there is a tool with such a role.
    pub fn has(&self, is_meant: impl Fn(ToolKind) -> bool) -> bool {
        let mut tools = self.toolchain.tools.iter();
        tools.any(|tool| ToolKind::parse(&tool.kind).is_some_and(&is_meant))
    }
}

impl<'t> Root<'t> {
    pub fn halves(&self) -> impl Iterator<Item = &Half<'t>> {
        iter::once(&self.compilers).chain(&self.other)
    }

    /// The tools of all halves, and their roles, if those are known.
    pub fn tools(&self) -> impl Iterator<Item = (&Half<'t>, &Tool<'t>, Option<ToolKind>)> {
        self.halves().flat_map(|half| {
            let tools = half.toolchain.tools.iter();
            tools.map(move |tool| (half, tool, ToolKind::parse(&tool.kind)))
        })
    }

    pub fn linkers(&self) -> &Half<'t> {
        self.other.as_ref().unwrap_or(&self.compilers)
    }

    /// Whether a resolved path is one of the root's directories.
    pub fn is_at(&self, path: &Path) -> bool {
        self.halves().any(|half| canonical(half.root) == path)
    }

    /// Whether a program is one of the root's tools.
    pub fn has_tool(&self, program: &Path) -> bool {
        self_binary::root_of(program).is_some_and(|root| self.is_at(&root))
    }
}

/// A flag file that cannot be read.
pub fn unreadable(path: &Path, why: &io::Error) -> Finding {
    let remedy = "make it a readable file, or remove it";
    Finding::error(
        "unreadable",
        path,
        format!("cannot be read: {}", reason(why)),
        remedy,
    )
}

/// Calls `check` with the root at a path, and adds what is wrong with its
/// descriptions.
pub fn read(root: &Path, check: impl FnOnce(&Root) -> Vec<Finding>) -> Vec<Finding> {
    let text = text(root);
    let toolchain = match parse(root, &text) {
        Ok(toolchain) => toolchain,
        Err(finding) => return vec![finding],
    };
    let toolchain = &toolchain;
    let compilers = Half { root, toolchain };
    let bintools = toolchain.bintools.as_deref();
    let other = bintools.map(|other| root.join(path(other)));
    let text = other.as_ref().map(|other| linker_text(root, other));
    let linkers = other.as_ref().zip(text.as_ref());
    let (linkers, wrong) = match linkers.map(|(other, text)| parse(other, text)) {
        Some(Ok(linkers)) => (Some(linkers), None),
        Some(Err(finding)) => (None, Some(finding)),
        None => (None, None),
    };
    let other = other.as_deref().zip(linkers.as_ref());
    let other = other.map(|(root, toolchain)| Half { root, toolchain });
    let linkers = other.as_ref();
    let salts = linkers.and_then(|linkers| differing_salts(&compilers, linkers));
    let found = check(&Root { compilers, other });
    let before = distrusted(root, toolchain).into_iter().chain(salts);
    before.chain(found).chain(wrong).collect()
}

/// Calls refuse a root that another user could have written.
fn distrusted(root: &Path, toolchain: &Toolchain) -> Option<Finding> {
    let bin = root.join("bin");
    let mut tools = toolchain
        .tools
        .iter()
        .map(|tool| bin.join(path(&tool.name)));
    let hop = tools.find(|tool| tool.is_symlink() || tool.exists())?;
    let hop = hop.as_os_str().as_bytes();
    let file = root.join(TOOLCHAIN);
    let support = file.parent().unwrap_or(root);
    [&*file, support, root].iter().find_map(|path| {
        match Trust::new(hop).examine(path.as_os_str().as_bytes(), &Os) {
            Err(Error::Distrusted { why, .. }) => {
                let what = format!("is not used by calls, because {}", why.text());
                let remedy = String::from_utf8_lossy(&why.remedy(hop)).into_owned();
                Some(Finding::error("distrusted", *path, what, remedy))
            }
            _ => None,
        }
    })
}

fn text(root: &Path) -> Result<Vec<u8>, Finding> {
    let path = root.join(TOOLCHAIN);
    foreign_file::read(&path).map_err(|why| {
        let mut finding = unreadable(&path, &why);
        finding.remedy = "make it readable, or wrap the toolchain again".to_owned();
        finding
    })
}

fn linker_text(root: &Path, other: &Path) -> Result<Vec<u8>, Finding> {
    // nixpkgs' linkers work with adopted compilers.
    if !nixpkgs::is_root(other) && nixpkgs::is_of_nixpkgs(other) {
        let what = "is a linker wrapper of nixpkgs, not of cc-wrapper: it works, in bash";
        let remedy = format!("cc-wrapper adopt {} --in-place", shown(other));
        let finding = Finding::error("not-adopted", other, what, remedy);
        return Err(finding.of(Severity::Note));
    }
    text(other).map_err(|finding| {
        let what = format!("has the linkers of {}, and {}", shown(root), finding.what);
        Finding::error("linker-half", other, what, AGAIN)
    })
}

fn parse<'t>(root: &Path, text: &'t Result<Vec<u8>, Finding>) -> Result<Toolchain<'t>, Finding> {
    let wrong = |what: String| {
        let remedy = "correct it, or wrap the toolchain again";
        Finding::error("broken-toolchain", root.join(TOOLCHAIN), what, remedy)
    };
    let toolchain = Toolchain::parse(text.as_ref().map_err(Finding::clone)?);
    let toolchain = toolchain.map_err(|error| {
        let (line, column) = (error.line, error.column);
        wrong(format!("is broken at {line}:{column}: {}", error.what))
    })?;
    if toolchain.tools.len() > MOST_TOOLS {
        return Err(wrong(format!("lists more than {MOST_TOOLS} tools")));
    }
    Ok(toolchain)
}

fn differing_salts(compilers: &Half, linkers: &Half) -> Option<Finding> {
    let (salt, own) = (linkers.salt(), compilers.salt());
    if linkers.toolchain.suffix_salt == compilers.toolchain.suffix_salt {
        return None;
    }
    let what = format!(
        "has the salt {salt}, but {} has {own}: its linkers ignore the flags that a compiler call has collected",
        shown(compilers.root)
    );
    let (place, remedy) = (
        linkers.root.join(TOOLCHAIN),
        "give both the same suffixSalt",
    );
    Some(Finding::warning("differing-salts", place, what, remedy))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::fs;

    /// A directory with a root in it, for gcc and ld, which `keys` say more of.
    pub fn lay(keys: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in ["bin", "nix-support"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let text = format!(
            r#"{{"version": 1, "suffixSalt": "s", {keys} "tools": {{
                "gcc": {{"role": "cc", "program": "/bin/sh"}},
                "ld": {{"role": "ld", "program": "/bin/sh"}}}}}}"#
        );
        fs::write(dir.path().join(TOOLCHAIN), text).unwrap();
        dir
    }

    /// The ids of what a check finds.
    pub fn ids(root: &Path, check: impl FnOnce(&Root) -> Vec<Finding>) -> Vec<&'static str> {
        let findings = read(root, check);
        findings.into_iter().map(|finding| finding.id).collect()
    }

    #[test]
    fn a_broken_description_is_reported() {
        let dir = lay(r#""bintools": "inner","#);
        let none = |_: &Root| Vec::new();
        assert_eq!(ids(dir.path(), none), ["linker-half"]);
        let inner = dir.path().join("inner");
        fs::create_dir_all(inner.join("nix-support")).unwrap();
        for (text, expected) in [
            (r#"{"version": 1, "suffixSalt": "s"}"#, &[][..]),
            (r#"{"version": 1}"#, &["differing-salts"]),
            ("{", &["broken-toolchain"]),
        ] {
            fs::write(inner.join(TOOLCHAIN), text).unwrap();
            assert_eq!(ids(dir.path(), none), expected);
        }
        assert_eq!(ids(&inner.join("none"), none), ["unreadable"]);
        let tool = |n| format!(r#""{n}": {{"role": "cc", "program": "/bin/sh"}}"#);
        for (count, expected) in [
            (MOST_TOOLS, &[][..]),
            (MOST_TOOLS + 1, &["broken-toolchain"]),
        ] {
            let tools: Vec<String> = (0..count).map(tool).collect();
            let tools = tools.join(",");
            let text = format!(r#"{{"version": 1, "suffixSalt": "s", "tools": {{{tools}}}}}"#);
            fs::write(dir.path().join(TOOLCHAIN), text).unwrap();
            assert_eq!(ids(dir.path(), none), expected, "{count}");
        }
    }
}
