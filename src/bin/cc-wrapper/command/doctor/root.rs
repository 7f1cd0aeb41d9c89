//! A root, its linker half, and the tools in them.

use super::finding::{Finding, Place, shown};
use super::{reading, target};
use crate::support::self_binary::TOOLCHAIN;
use cc_wrapper::model::toolchain::{Tool, ToolKind, Toolchain};
use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// One half: a directory with its `toolchain.json`.
pub struct Half<'t> {
    pub root: &'t Path,
    pub toolchain: &'t Toolchain<'t>,
}

/// What a compiler call has to do with. In many, both halves are one.
pub struct Root<'t> {
    pub compilers: Half<'t>,
    /// `None`: they are one.
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

    /// The place of a tool's name.
    pub fn place(&self, tool: &Tool) -> PathBuf {
        self.bin().join(OsStr::from_bytes(&tool.name))
    }

    /// What a tool runs.
    pub fn program(&self, tool: &Tool) -> PathBuf {
        self.root.join(OsStr::from_bytes(&tool.program))
    }

    pub fn has(&self, is_meant: impl Fn(ToolKind) -> bool) -> bool {
        let mut tools = self.toolchain.tools.iter();
        tools.any(|tool| ToolKind::parse(&tool.kind).is_some_and(&is_meant))
    }
}

impl<'t> Root<'t> {
    pub fn halves(&self) -> impl Iterator<Item = &Half<'t>> {
        [Some(&self.compilers), self.other.as_ref()]
            .into_iter()
            .flatten()
    }

    pub fn linkers(&self) -> &Half<'t> {
        self.other.as_ref().unwrap_or(&self.compilers)
    }
}

/// Calls `check` with the root; what is wrong with its descriptions comes
/// along.
pub fn read(root: &Path, check: impl FnOnce(&Root) -> Vec<Finding>) -> Vec<Finding> {
    let text = match text(root) {
        Ok(text) => text,
        Err(finding) => return vec![finding],
    };
    let toolchain = match parse(root, &text) {
        Ok(toolchain) => toolchain,
        Err(finding) => return vec![finding],
    };
    let compilers = Half {
        root,
        toolchain: &toolchain,
    };
    let Some(other) = toolchain.bintools.as_deref() else {
        let other = None;
        return check(&Root { compilers, other });
    };
    let other = root.join(OsStr::from_bytes(other));
    if !target::is_root(&other) && target::is_of_nixpkgs(&other) {
        let mut findings = check(&Root {
            compilers,
            other: None,
        });
        findings.push(not_adopted(&other));
        return findings;
    }
    let described = self::text(&other).map_err(|finding| Finding {
        id: "linker-half",
        what: format!(
            "is the linker half of {}, and {}",
            shown(root),
            finding.what
        ),
        place: Place::from(&other),
        remedy: "wrap or adopt the toolchain again".to_owned(),
        ..finding
    });
    let parsed = described.as_ref().map_err(Finding::clone);
    match parsed.and_then(|text| parse(&other, text)) {
        Ok(linkers) => {
            let mut findings = Vec::new();
            if linkers.suffix_salt != toolchain.suffix_salt {
                findings.push(differing_salts(root, &toolchain, &other, &linkers));
            }
            let other = Half {
                root: &other,
                toolchain: &linkers,
            };
            let other = Some(other);
            findings.extend(check(&Root { compilers, other }));
            findings
        }
        Err(finding) => {
            let mut findings = check(&Root {
                compilers,
                other: None,
            });
            findings.push(finding);
            findings
        }
    }
}

/// A half may be turned over without the other.
fn not_adopted(half: &Path) -> Finding {
    Finding::error(
        "not-adopted",
        half,
        "is a linker half of nixpkgs, and none of cc-wrapper's: it works, by bash",
        format!("cc-wrapper adopt {} --in-place", shown(half)),
    )
    .into_note()
}

fn text(root: &Path) -> Result<Vec<u8>, Finding> {
    let path = root.join(TOOLCHAIN);
    let remedy = "make it readable, or wrap the toolchain again";
    reading::file(&path).map_err(|why| reading::failed(&path, &why, remedy))
}

fn parse<'t>(root: &Path, text: &'t [u8]) -> Result<Toolchain<'t>, Finding> {
    Toolchain::parse(text).map_err(|error| {
        Finding::error(
            "broken-toolchain",
            root.join(TOOLCHAIN),
            format!(
                "is broken at {}:{}: {}",
                error.line, error.column, error.what
            ),
            "mend it, or wrap the toolchain again",
        )
    })
}

fn differing_salts(root: &Path, ours: &Toolchain, other: &Path, theirs: &Toolchain) -> Finding {
    let salt = |toolchain: &Toolchain| String::from_utf8_lossy(&toolchain.suffix_salt).into_owned();
    Finding::error(
        "differing-salts",
        other.join(TOOLCHAIN),
        format!(
            "has the salt {}, but {} has {}: its linkers do not see what a compiler call has collected",
            salt(theirs),
            shown(root),
            salt(ours)
        ),
        "give both the same suffixSalt",
    )
    .into_warning()
}

/// A root to try a check on.
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
    fn what_is_wrong_with_a_description_is_told() {
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
    }
}
