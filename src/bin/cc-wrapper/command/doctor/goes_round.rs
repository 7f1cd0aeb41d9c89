//! Programs past the root that variables have builds run.

use super::finding::{Finding, bytes, shown};
use super::on_path::{OnPath, program};
use super::root::{Half, Root};
use super::variables::Variables;
use super::{search_path, target};
use crate::process::os::Os;
use crate::support::paths::canonical;
use crate::support::{elf, self_binary};
use cc_wrapper::machine::world::World;
use cc_wrapper::model::tool_name::ToolName;
use cc_wrapper::model::toolchain::{Tool, ToolKind};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What each variable has run, and whether builds that do so are past help.
const VARIABLES: [(&str, ToolKind, bool); 4] = [
    ("CC", ToolKind::Cc, true),
    ("CXX", ToolKind::Cxx, true),
    ("LD", ToolKind::Ld, false),
    ("PKG_CONFIG", ToolKind::PkgConfig, false),
];

/// `is_asked`: the root was named, and need not be what builds should come to.
pub fn check(root: &Root, is_asked: bool, variables: &Variables) -> Vec<Finding> {
    let path = OnPath::of(variables);
    // Some roots are not for PATH: see `cc-wrapper rustup`.
    if !root.compilers.bin().is_dir() || (is_asked && !is_used(root, &path, variables)) {
        return Vec::new();
    }
    let finding = |(variable, kind, is_grave)| {
        let value = variables.get(variable)?;
        let word = program(value)?;
        let place = path.place(word)?;
        if !is_past(&place) || (!word.contains(&b'/') && is_told(root, word)) {
            return None;
        }
        let name = Path::new(OsStr::from_bytes(word)).file_name()?.as_bytes();
        let parsed = ToolName::parse(name);
        let prefix = parsed.map_or(&b""[..], |name| name.prefix);
        if !serves(root, kind, prefix) {
            return None;
        }
        // A script, or what is no compiler by its name, may run the root's in
        // turn.
        let is_sure = parsed.is_some() && !matches!(elf::read(&place), Ok(None));
        let lost = if is_sure { "get" } else { "may get" };
        let what = format!(
            "names {}, which leads to no wrapped root: calls of it {lost} no flags",
            shown(&place)
        );
        let remedy = match substitute(root, kind, prefix, name) {
            Some(tool) => {
                let value = with(value, word, tool.as_os_str().as_bytes());
                format!("unset it, or export {variable}={}", bytes(&value))
            }
            None => "unset it, or wrap the toolchain again to have one".to_owned(),
        };
        let finding = Finding::error("goes-round", variable, what, remedy);
        Some(match is_grave && is_sure {
            true => finding,
            false => finding.into_warning(),
        })
    };
    VARIABLES.into_iter().filter_map(finding).collect()
}

/// Whether calls could come to the root: by PATH, or by what variables name.
fn is_used(root: &Root, path: &OnPath, variables: &Variables) -> bool {
    let roots: Vec<PathBuf> = root.halves().map(|half| canonical(half.root)).collect();
    let bins = path.directories.iter();
    let mut on_path = bins.filter(|bin| self_binary::is_wrapped_bin(bin));
    let named = path.compilers(variables);
    on_path.any(|bin| roots.contains(&canonical(&bin.join(".."))))
        || named
            .iter()
            .any(|program| self_binary::root_of(program).is_some_and(|root| roots.contains(&root)))
}

/// Whether it is a program that gets no flags, as far as one can see.
fn is_past(program: &Path) -> bool {
    let of_nixpkgs = |program: &Path| {
        let root = program.parent().and_then(Path::parent);
        root.is_some_and(target::is_of_nixpkgs)
    };
    // A relative one counts from where it is run.
    program.is_absolute()
        && Os.is_executable(program.as_os_str().as_bytes())
        && !self_binary::is_wrapper(program)
        && !of_nixpkgs(program)
        && !of_nixpkgs(&canonical(program))
        && self_binary::cache(program).is_none()
}

/// Whether it is told elsewhere that calls of this name do not come here.
fn is_told(root: &Root, name: &[u8]) -> bool {
    let mut halves = root.halves();
    let is_absent = |half: &Half, tool: &Tool| {
        let place = half.place(tool);
        !Os.has_entry(place.as_os_str().as_bytes())
    };
    let is_named = |(known, _): (&OsStr, ToolKind)| known.as_bytes() == name;
    search_path::names(root).into_iter().any(is_named)
        || halves.any(|half| {
            let tool = half.toolchain.tool(name);
            tool.is_some_and(|tool| is_absent(half, tool))
        })
}

/// The tools for this target, which a prefix tells.
fn tools<'r>(
    root: &'r Root,
    prefix: &'r [u8],
) -> impl Iterator<Item = (&'r Half<'r>, &'r Tool<'r>, ToolKind)> {
    let of_half = move |half: &'r Half<'r>| {
        let tools = half.toolchain.tools.iter();
        tools.filter_map(move |tool| {
            let name = ToolName::parse(&tool.name);
            let is_it = name.map_or(prefix.is_empty(), |name| name.prefix == prefix);
            is_it.then_some((half, tool, ToolKind::parse(&tool.kind)?))
        })
    };
    root.halves().flat_map(of_half)
}

/// A root for another target does not, nor one without such tools. One of C
/// alone is meant for C++ too.
fn serves(root: &Root, kind: ToolKind, prefix: &[u8]) -> bool {
    let is_compiler = |kind| matches!(kind, ToolKind::Cc | ToolKind::Cxx);
    tools(root, prefix)
        .any(|(_, _, served)| served == kind || (is_compiler(served) && is_compiler(kind)))
}

/// What to run instead: best of the same name, or else of none in particular.
fn substitute(root: &Root, kind: ToolKind, prefix: &[u8], name: &[u8]) -> Option<PathBuf> {
    let rank = |tool: &Tool| {
        let base = tool.name.strip_prefix(prefix).unwrap_or(&tool.name);
        let is_plain = [&b"cc"[..], b"c++", b"ld", b"pkg-config"].contains(&base);
        (*tool.name != *name, !is_plain)
    };
    let tools = tools(root, prefix);
    let fit = tools.filter(|(half, tool, served)| *served == kind && half.place(tool).exists());
    let best = fit.min_by_key(|(_, tool, _)| rank(tool));
    best.map(|(half, tool, _)| {
        canonical(half.root)
            .join("bin")
            .join(OsStr::from_bytes(&tool.name))
    })
}

/// The value with another program.
fn with(value: &[u8], word: &[u8], program: &[u8]) -> Vec<u8> {
    let words = cc_wrapper::text::words::words(value);
    let mut is_done = false;
    let words = words.map(|next| match !is_done && next == word {
        true => {
            is_done = true;
            program
        }
        false => next,
    });
    words.collect::<Vec<_>>().join(&b' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::finding::Severity::{self, Error, Warning};
    use crate::command::doctor::root::{self, tests::lay};
    use std::fs;
    use std::os::unix::fs::symlink;

    /// With the root on PATH, and another directory behind it.
    fn found(
        root: &Path,
        other: &Path,
        is_asked: bool,
        variable: &str,
    ) -> Option<(Severity, String)> {
        let path = format!("PATH={}:{}", root.join("bin").display(), other.display());
        let variables = Variables::new(&[path, variable.to_owned()]);
        let found = root::read(root, |root| check(root, is_asked, &variables));
        let [finding] = <[Finding; 1]>::try_from(found).ok()?;
        assert_eq!(finding.id, "goes-round");
        Some((finding.severity, finding.remedy))
    }

    #[test]
    fn what_leads_to_no_root_goes_round() {
        let (dir, other) = (lay(""), tempfile::tempdir().unwrap());
        let root = canonical(dir.path());
        let real = canonical(other.path());
        let this = std::env::current_exe().unwrap();
        for name in ["gcc", "ld"] {
            symlink(&this, root.join("bin").join(name)).unwrap();
        }
        for name in ["gcc", "gcc-99", "g++", "ld", "avr-gcc", "tcc", "pkg-config"] {
            symlink("/bin/sh", real.join(name)).unwrap();
        }
        let [gcc, ld] = ["gcc", "ld"].map(|name| root.join("bin").join(name));
        let [gcc, ld] = [gcc, ld].map(|path| path.display().to_string());
        let real = real.display();
        let unset = "unset it, or export";
        for (variable, severity, remedy) in [
            (format!("CC={real}/gcc"), Error, format!("{unset} CC={gcc}")),
            (
                format!("CC=ccache {real}/gcc -m32"),
                Error,
                format!("{unset} CC='ccache {gcc} -m32'"),
            ),
            ("CC=gcc-99".into(), Error, format!("{unset} CC={gcc}")),
            ("CC=tcc".into(), Warning, format!("{unset} CC={gcc}")),
            (
                format!("CXX={real}/g++"),
                Error,
                "unset it, or wrap the toolchain again to have one".into(),
            ),
            (format!("LD={real}/ld"), Warning, format!("{unset} LD={ld}")),
        ] {
            let told = found(&root, other.path(), false, &variable);
            assert_eq!(told, Some((severity, remedy)), "{variable}");
            assert!(found(&root, other.path(), true, &variable).is_some());
        }
        for variable in [
            format!("CC={gcc}"),
            "CC=gcc -m32".into(),
            "CC=ccache gcc".into(),
            format!("CC={real}/avr-gcc"),
            format!("PKG_CONFIG={real}/pkg-config"),
            "CC=none".into(),
            format!("CC={}", this.display()),
        ] {
            assert_eq!(
                found(&root, other.path(), false, &variable),
                None,
                "{variable}"
            );
        }
        // Wrapped by nixpkgs.
        let nix = tempfile::tempdir().unwrap();
        for name in ["bin", "nix-support"] {
            fs::create_dir(nix.path().join(name)).unwrap();
        }
        symlink("/bin/sh", nix.path().join("bin/gcc")).unwrap();
        let variable = format!("CC={}/bin/gcc", nix.path().display());
        assert!(found(&root, other.path(), false, &variable).is_some());
        fs::write(nix.path().join("nix-support/orig-cc"), "").unwrap();
        assert_eq!(found(&root, other.path(), false, &variable), None);
    }

    #[test]
    fn a_root_that_is_not_used_is_gone_round_by_nobody() {
        let dir = lay("");
        symlink("/bin/sh", dir.path().join("gcc")).unwrap();
        let cc = format!("CC={}", dir.path().join("gcc").display());
        let variables = Variables::new(&["PATH=/none".to_owned(), cc]);
        let found = |is_asked| {
            let found = root::read(dir.path(), |root| check(root, is_asked, &variables));
            found.len()
        };
        assert_eq!((found(true), found(false)), (0, 1));
    }
}
