//! Follows PATH and the variables CC, CXX, LD and PKG_CONFIG, and checks whether
//! builds get to the root that way.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::model::tool_name::ToolName;
use cc_wrapper::model::toolchain::{Tool, ToolKind, Toolchain};
use cc_wrapper::text::words::words;

use super::collected_paths;
use super::files::{self, has_entry, is_executable, path};
use super::finding::{Finding, Severity, shown};
use super::nixpkgs;
use super::root::{Half, Root};
use super::variables::Variables;
use crate::process::report::quoted;
use crate::support::elf;
use crate::support::foreign_file;
use crate::support::paths::canonical;
use crate::support::self_binary::{self, TOOLCHAIN};

/// Variables whose programs are checked; in those that are marked, which builds
/// of every kind run, a name must be on PATH.
const NAMED: [(&str, bool); 6] = [
    ("CC", true),
    ("CXX", true),
    ("CPP", false),
    ("FC", false),
    ("LD", true),
    ("PKG_CONFIG", true),
];

/// Variables that can make builds bypass the root, and whether that is an error.
const BYPASSES: [(&str, ToolKind, bool); 4] = [
    ("CC", ToolKind::Cc, true),
    ("CXX", ToolKind::Cxx, true),
    ("LD", ToolKind::Ld, false),
    ("PKG_CONFIG", ToolKind::PkgConfig, false),
];

pub struct Leads<'v> {
    pub variables: &'v Variables,
    /// The directories of PATH.
    path: Vec<PathBuf>,
}

/// Whether a word names a compiler cache.
fn is_cache(word: &[u8]) -> bool {
    self_binary::is_cache(files::name(path(word)))
}

/// The word of a variable's value that is the program, behind a cache.
fn program(value: &[u8]) -> Option<&[u8]> {
    words(value).find(|word| !is_cache(word))
}

fn is_compiler(role: ToolKind) -> bool {
    matches!(role, ToolKind::Cc | ToolKind::Cxx)
}

/// Whether a tool's name has neither target nor version.
fn is_bare(name: &OsStr) -> bool {
    ToolName::parse(name.as_bytes()).is_some_and(|name| name.is_bare())
}

impl<'v> Leads<'v> {
    pub fn of(variables: &'v Variables) -> Leads<'v> {
        let path = variables.directories("PATH");
        Leads { variables, path }
    }

    /// The places of a name on PATH. A root's link to nothing, or file that may
    /// not be executed, counts: calls skip it, but it is meant.
    pub fn all<'p>(&'p self, name: &'p OsStr) -> impl Iterator<Item = PathBuf> + 'p {
        let places = self.path.iter().map(move |path| path.join(name));
        places.filter(|place| is_executable(place) || is_tool(place))
    }

    /// The program that a call of a name runs. A compiler cache runs the next of its name.
    pub fn first(&self, name: &OsStr) -> Option<PathBuf> {
        let mut all = self.all(name);
        let real = all.find(|place| self_binary::cache(place).is_none());
        real.or_else(|| self.all(name).next())
    }

    /// The same for a word of a variable.
    pub fn place(&self, word: &[u8]) -> Option<PathBuf> {
        let path = path(word);
        if !word.contains(&b'/') {
            return self.first(path.as_os_str());
        }
        let behind = self_binary::cache(path).and_then(|_| self.first(path.file_name()?));
        Some(behind.unwrap_or_else(|| path.to_path_buf()))
    }

    /// The compilers that CC and CXX name.
    pub fn compilers(&self) -> Vec<PathBuf> {
        let place = |name| self.place(program(self.variables.get(name)?)?);
        ["CC", "CXX"].into_iter().filter_map(place).collect()
    }

    /// The roots on PATH that have a compiler of any name.
    pub fn roots(&self) -> impl Iterator<Item = PathBuf> + '_ {
        // One whose description is broken could have any.
        self.wrapped()
            .filter(|root| !names(root).is_empty() || toolchain(root, |_| ()).is_none())
    }

    /// The roots on PATH.
    fn wrapped(&self) -> impl Iterator<Item = PathBuf> + '_ {
        let bins = self.path.iter();
        let bins = bins.filter(|bin| self_binary::is_wrapped_bin(bin));
        bins.map(|bin| canonical(&bin.join("..")))
    }

    /// Whether compiler calls come to a root with this salt, of cc-wrapper or of
    /// nixpkgs. A root with plain names must be first on PATH with all of them; a
    /// cross root has none.
    pub fn reach_salt(&self, salt: &[u8]) -> bool {
        let named = self.compilers().into_iter();
        let named = named.filter_map(|program| self_binary::root_of(&program));
        let nix = self.variables.get("NIX_CC").map(|root| path(root).into());
        if named.chain(nix).any(|root| has_salt(&root, salt)) {
            return true;
        }
        self.path.iter().any(|bin| {
            let root = canonical(&bin.join(".."));
            let is_reached = |name: &OsString| {
                let first = self.first(name);
                first.is_some_and(|it| it.parent().map(canonical) == Some(canonical(bin)))
            };
            let has_salt = has_salt(&root, salt);
            let names = if has_salt { names(&root) } else { Vec::new() };
            let mut bare = names.iter().filter(|name| is_bare(name)).peekable();
            match bare.peek() {
                Some(_) => bare.all(is_reached),
                None => names.iter().any(is_reached),
            }
        })
    }

    /// Programs that variables name and that cannot be run.
    pub fn named_tools(&self) -> Vec<Finding> {
        let finding = |(name, is_run): (&str, bool)| {
            let words: Vec<&[u8]> = words(self.variables.get(name)?).collect();
            let caches = words.iter().take_while(|word| is_cache(word)).count();
            let mut programs = words.iter().take(caches + 1);
            programs.find_map(|word| {
                let (id, why) = self.cannot_run(word, is_run)?;
                let otherwise = "unset it, or set it as cc-wrapper env does";
                let remedy = collected_paths::remedy(path(word), otherwise);
                let what = format!("names {}, which {why}", quoted(word));
                Some(Finding::error(id, name, what, remedy))
            })
        };
        NAMED.into_iter().filter_map(finding).collect()
    }

    /// Why a word of a variable cannot be run.
    fn cannot_run(&self, word: &[u8], is_run: bool) -> Option<(&'static str, &'static str)> {
        let path = path(word);
        if !word.contains(&b'/') {
            // Quotes may be about it, or a shell expand it; without a PATH, the
            // shell decides what is searched.
            let is_plain = !word.iter().any(|byte| b"'\"\\$`".contains(byte));
            let is_lost = is_run && is_plain && !self.path.is_empty();
            let is_lost = is_lost && self.all(path.as_os_str()).next().is_none();
            return is_lost.then_some(("absent-program", "is not on PATH"));
        }
        // Each call sees a relative path from its own directory. A root's tools
        // have their own findings.
        if !path.is_absolute() || is_tool(path) || is_executable(path) {
            None
        } else if path.exists() {
            Some(("not-executable", "is not an executable file"))
        } else {
            Some(("absent-program", "does not exist"))
        }
    }

    /// Variables by which builds run a program without the root's flags.
    /// `is_asked`: the root was named, and builds need not come to it.
    pub fn bypasses(&self, root: &Root, is_asked: bool) -> Vec<Finding> {
        // Some roots are not for PATH: see `cc-wrapper rustup`.
        let is_reached = || self.wrapped().any(|other| root.is_at(&other)) || self.names(root);
        if !root.compilers.bin().is_dir() || (is_asked && !is_reached()) {
            return Vec::new();
        }
        let finding = |(variable, role, is_grave): (&str, ToolKind, bool)| {
            let value = self.variables.get(variable)?;
            let word = program(value)?;
            let place = self.place(word)?;
            if !gets_no_flags(&place) || (!word.contains(&b'/') && has_other_finding(root, word)) {
                return None;
            }
            let name = path(word).file_name()?.as_bytes();
            let parsed = ToolName::parse(name);
            let prefix = parsed.map_or(&b""[..], |name| name.prefix);
            // A root for another target, or without such tools, is not bypassed. A
            // C compiler is meant for C++ too.
            let serves = |served| served == role || (is_compiler(served) && is_compiler(role));
            if !tools(root, prefix).any(|(_, _, served)| serves(served)) {
                return None;
            }
            // A script, or a program with another name, may run the root's tool.
            let is_sure = parsed.is_some() && !matches!(elf::read(&place), Ok(None));
            let (gets, place) = (if is_sure { "gets" } else { "may get" }, shown(&place));
            let what = format!("names {place}, which is not in a wrapped root: it {gets} no flags");
            let remedy = match substitute(root, role, prefix, name) {
                Some(tool) => {
                    let value = replaced(value, word, tool.as_os_str().as_bytes());
                    format!("unset it, or export {variable}={}", quoted(&value))
                }
                None => "unset it, or wrap the toolchain again to have one".to_owned(),
            };
            let severity = Severity::error_if(is_grave && is_sure, Severity::Warning);
            Some(Finding::error("goes-round", variable, what, remedy).of(severity))
        };
        BYPASSES.into_iter().filter_map(finding).collect()
    }

    /// Whether CC or CXX names a tool of the root.
    fn names(&self, root: &Root) -> bool {
        let compilers = self.compilers();
        compilers.iter().any(|program| root.has_tool(program))
    }

    /// Directories that come before the root on PATH. `is_asked`: the root was
    /// named, and need not be on PATH.
    pub fn order(&self, root: &Root, is_asked: bool) -> Vec<Finding> {
        let bin = root.compilers.bin();
        // Some roots are not for PATH: see `cc-wrapper rustup`.
        if !bin.is_dir() {
            return Vec::new();
        }
        let (mut is_on_path, mut is_run) = (false, self.names(root));
        let mut others: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
        for (name, role) in called_names(root) {
            is_on_path |= self.all(name).any(|place| root.has_tool(&place));
            match self.first(name) {
                Some(first) if root.has_tool(&first) => is_run |= role.is_compiler(),
                Some(first) => {
                    let directory = first.parent().unwrap_or(&first).to_path_buf();
                    others.entry(directory).or_default().push(shown(name));
                }
                None => {}
            }
        }
        let is_missed = !is_asked && !is_run && root.compilers.has(ToolKind::is_compiler);
        let remedy = format!("PATH={}:$PATH", shown(&bin));
        if !is_on_path {
            let what = "is not on PATH: its tools run only where they are called by their path";
            let severity = Severity::error_if(is_missed, Severity::Note);
            return vec![Finding::error("not-on-path", bin, what, remedy).of(severity)];
        }
        let finding = |(directory, names): (PathBuf, Vec<String>)| {
            let names = names.join(" ");
            let what = format!(
                "comes before this root on PATH and has {names}: calls of those get no flags"
            );
            let severity = Severity::error_if(is_missed, Severity::Warning);
            Finding::error("before-on-path", directory, what, &*remedy).of(severity)
        };
        others.into_iter().map(finding).collect()
    }
}

/// Whether a path, which may be a link to nothing, is one of a root's tools.
fn is_tool(path: &Path) -> bool {
    has_entry(path) && self_binary::root_of(path).is_some()
}

/// Whether a program is one that gets no flags, as far as can be seen.
fn gets_no_flags(program: &Path) -> bool {
    let of_nixpkgs = |program: &Path| {
        let root = program.parent().and_then(Path::parent);
        root.is_some_and(nixpkgs::is_of_nixpkgs)
    };
    // Each call sees a relative path from its own directory.
    program.is_absolute()
        && is_executable(program)
        && !self_binary::is_wrapper(program)
        && !of_nixpkgs(program)
        && !of_nixpkgs(&canonical(program))
        && self_binary::cache(program).is_none()
}

/// Whether PATH's order or a missing tool explains that calls of a name do not
/// come to the root.
fn has_other_finding(root: &Root, name: &[u8]) -> bool {
    let mut names = called_names(root).into_iter();
    let mut tools = root.tools().filter(|(_, tool, _)| *tool.name == *name);
    names.any(|(known, _)| known.as_bytes() == name)
        || tools.any(|(half, tool, _)| !has_entry(&half.place(tool)))
}

/// The names of compilers and linkers by which builds call: those without a
/// target or a version, if there are any, else all.
fn called_names<'r>(root: &'r Root) -> Vec<(&'r OsStr, ToolKind)> {
    let called = |(half, tool, role): (&Half, &'r Tool, Option<ToolKind>)| {
        let role = role.filter(|role| is_compiler(*role) || *role == ToolKind::Ld)?;
        // A missing tool has its own finding.
        has_entry(&half.place(tool)).then_some((OsStr::from_bytes(&tool.name), role))
    };
    let called = root.tools().filter_map(called);
    let (bare, others): (Vec<_>, Vec<_>) = called.partition(|(name, _)| is_bare(name));
    if bare.is_empty() { others } else { bare }
}

/// The tools for the target that a prefix names.
fn tools<'r>(
    root: &'r Root,
    prefix: &'r [u8],
) -> impl Iterator<Item = (&'r Half<'r>, &'r Tool<'r>, ToolKind)> {
    root.tools().filter_map(move |(half, tool, role)| {
        let name = ToolName::parse(&tool.name);
        let is_it = name.map_or(prefix.is_empty(), |name| name.prefix == prefix);
        Some((half, tool, role.filter(|_| is_it)?))
    })
}

/// The root's tool to run instead: of the same name, or else with a plain one.
fn substitute(root: &Root, role: ToolKind, prefix: &[u8], name: &[u8]) -> Option<PathBuf> {
    let rank = |tool: &Tool| {
        let base = tool.name.strip_prefix(prefix).unwrap_or(&tool.name);
        let is_plain = [&b"cc"[..], b"c++", b"ld", b"pkg-config"].contains(&base);
        (*tool.name != *name, !is_plain)
    };
    let tools = tools(root, prefix);
    let fit = tools.filter(|(half, tool, served)| *served == role && half.place(tool).exists());
    let (half, tool, _) = fit.min_by_key(|(_, tool, _)| rank(tool))?;
    Some(canonical(half.root).join("bin").join(path(&tool.name)))
}

/// A variable's value with its first `word` replaced.
fn replaced(value: &[u8], word: &[u8], program: &[u8]) -> Vec<u8> {
    let mut words: Vec<&[u8]> = words(value).collect();
    if let Some(found) = words.iter_mut().find(|next| **next == word) {
        *found = program;
    }
    words.join(&b' ')
}

fn has_salt(root: &Path, salt: &[u8]) -> bool {
    if let Some(is_it) = toolchain(root, |toolchain| *toolchain.suffix_salt == *salt) {
        return is_it;
    }
    // The hook of nixpkgs' wrappers sets the marker.
    let hook = foreign_file::read(&root.join("nix-support/setup-hook")).unwrap_or_default();
    let marks = [b"_TARGET_HOST_", salt, b"="].concat();
    nixpkgs::is_of_nixpkgs(root) && hook.windows(marks.len()).any(|part| part == marks)
}

/// The names of the compilers in a root's `bin`.
fn names(root: &Path) -> Vec<OsString> {
    let listed = toolchain(root, |toolchain| {
        let tools = toolchain.tools.iter();
        let compilers = tools.filter(|tool| ToolKind::parse(&tool.kind).is_some_and(is_compiler));
        compilers.map(|tool| path(&tool.name).into()).collect()
    });
    listed.unwrap_or_else(|| {
        let paths = files::entries(&root.join("bin")).into_iter();
        let names = paths.filter_map(|path| path.file_name().map(OsStr::to_owned));
        let role = |name: &OsString| ToolName::parse(name.as_bytes())?.kind;
        let is_compiler = |name: &OsString| role(name).is_some_and(is_compiler);
        names.filter(is_compiler).collect()
    })
}

/// `None`: the root has no description that can be read.
fn toolchain<R>(root: &Path, look: impl FnOnce(&Toolchain) -> R) -> Option<R> {
    let text = foreign_file::read(&root.join(TOOLCHAIN)).ok()?;
    Toolchain::parse(&text).ok().as_ref().map(look)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::finding::Severity::{Error, Warning};
    use crate::command::doctor::root::{self, tests::lay};
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_cache_is_looked_past() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for name in ["a", "b"] {
            std::fs::create_dir(path(name)).unwrap();
        }
        std::fs::copy("/bin/sh", path("a/ccache")).unwrap();
        symlink("ccache", path("a/cc")).unwrap();
        let strings = |cc: &str| {
            let (a, b) = (path("a"), path("b"));
            [
                format!("PATH={}:{}", a.display(), b.display()),
                format!("CC={cc}"),
            ]
        };
        let first = || Leads::of(&Variables::new(&strings(""))).first(OsStr::new("cc"));
        assert_eq!(first(), Some(path("a/cc")));
        symlink("/bin/sh", path("b/cc")).unwrap();
        assert_eq!(first(), Some(path("b/cc")));
        for (cc, expected) in [
            ("ccache cc -m32", path("b/cc")),
            ("/x/cc", "/x/cc".into()),
            ("cc", path("b/cc")),
            (path("a/cc").to_str().unwrap(), path("b/cc")),
        ] {
            let variables = Variables::new(&strings(cc));
            let found = Leads::of(&variables).compilers();
            assert_eq!(found, [expected], "{cc}");
        }
    }

    #[test]
    fn programs_that_do_not_exist_are_named() {
        let dir = tempfile::tempdir().unwrap();
        symlink("/bin/sh", dir.path().join("sh")).unwrap();
        let path = format!("PATH={}", dir.path().display());
        for (variable, expected) in [
            ("CC=/none/cc -m32", "names /none/cc, which does not exist"),
            ("CC=ccache /none/cc", "names ccache, which is not on PATH"),
            (
                "CC=/etc/passwd",
                "names /etc/passwd, which is not an executable file",
            ),
            ("LD=none -m", "names none, which is not on PATH"),
            ("CXX=/bin/sh", ""),
            ("CXX=sh -c", ""),
            ("CXX='none'", ""),
            ("CC=./none", ""),
            ("FC=none", ""),
            ("FC= ", ""),
        ] {
            let found = Leads::of(&Variables::new(&[&*path, variable])).named_tools();
            let told = found.first().map_or("", |finding| &finding.what);
            assert_eq!(told, expected, "{variable}");
        }
        assert_eq!(Leads::of(&Variables::new(&["CC=none"])).named_tools(), []);
    }

    fn served(path: &[&Path], more: &str) -> bool {
        let path = std::env::join_paths(path).unwrap();
        let path = format!("PATH={}", path.to_str().unwrap());
        Leads::of(&Variables::new(&[path, more.to_owned()])).reach_salt(b"s")
    }

    #[test]
    fn a_root_that_no_call_comes_to_serves_none() {
        let (dir, other) = (lay(""), tempfile::tempdir().unwrap());
        symlink("/bin/sh", dir.path().join("bin/gcc")).unwrap();
        let bin = dir.path().join("bin");
        assert!(served(&[&bin], "") && served(&[other.path(), &bin], ""));
        symlink("/bin/sh", other.path().join("gcc")).unwrap();
        assert!(!served(&[other.path(), &bin], "") && !served(&[other.path()], ""));
        let named = format!("CC={}", bin.join("gcc").display());
        assert!(served(&[other.path()], &named));
    }

    #[test]
    fn names_with_a_version_do_not_make_a_root_the_one_that_is_meant() {
        let (dir, other) = (lay(""), tempfile::tempdir().unwrap());
        let tool = |name: &str| format!(r#""{name}": {{"role": "cc", "program": "/bin/sh"}}"#);
        let text = |tools: &[&str]| {
            let tools: Vec<String> = tools.iter().map(|name| tool(name)).collect();
            let tools = tools.join(", ");
            format!(r#"{{"version": 1, "suffixSalt": "s", "tools": {{{tools}}}}}"#)
        };
        let bin = dir.path().join("bin");
        for name in ["gcc", "gcc-12"] {
            symlink("/bin/sh", bin.join(name)).unwrap();
        }
        symlink("/bin/sh", other.path().join("gcc")).unwrap();
        for (tools, expected) in [(&["gcc", "gcc-12"][..], false), (&["gcc-12"], true)] {
            fs::write(dir.path().join(TOOLCHAIN), text(tools)).unwrap();
            assert_eq!(served(&[other.path(), &bin], ""), expected, "{tools:?}");
        }
    }

    #[test]
    fn a_wrapper_of_nixpkgs_is_known_by_its_hook() {
        let dir = tempfile::tempdir().unwrap();
        let support = dir.path().join("nix-support");
        for name in ["bin", "nix-support"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        symlink("/bin/sh", dir.path().join("bin/s-gcc")).unwrap();
        fs::write(support.join("orig-cc"), "").unwrap();
        let bin = dir.path().join("bin");
        assert!(!served(&[&bin], ""));
        let hook = "export NIX_CC_WRAPPER_TARGET_HOST_s=1\n";
        fs::write(support.join("setup-hook"), hook).unwrap();
        assert!(served(&[&bin], ""));
    }

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
            root::read(dir.path(), |root| Leads::of(&variables).order(root, true))
        };
        assert_eq!(found(&[&bin, other.path()]), []);
        assert_eq!(found(&[other.path()])[0].id, "not-on-path");
        let [before] = found(&[other.path(), &bin]).try_into().unwrap();
        assert_eq!(before.place, other.path().to_str().unwrap());
        assert!(before.what.contains("has gcc ld:"), "{}", before.what);

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
            let mut found = root::read(dir.path(), |root| Leads::of(&variables).order(root, false));
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
        let found = root::read(dir.path(), |root| Leads::of(&variables).order(root, false));
        assert_eq!(found, []);
    }

    /// With the root on PATH, and another directory behind it.
    fn bypassed(
        root: &Path,
        other: &Path,
        is_asked: bool,
        variable: &str,
    ) -> Option<(Severity, String)> {
        let path = format!("PATH={}:{}", root.join("bin").display(), other.display());
        let variables = Variables::new(&[path, variable.to_owned()]);
        let found = root::read(root, |root| Leads::of(&variables).bypasses(root, is_asked));
        let [finding] = <[Finding; 1]>::try_from(found).ok()?;
        assert_eq!(finding.id, "goes-round");
        Some((finding.severity, finding.remedy))
    }

    #[test]
    fn a_program_in_no_root_bypasses_it() {
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
            let told = bypassed(&root, other.path(), false, &variable);
            assert_eq!(told, Some((severity, remedy)), "{variable}");
            assert!(bypassed(&root, other.path(), true, &variable).is_some());
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
                bypassed(&root, other.path(), false, &variable),
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
        assert!(bypassed(&root, other.path(), false, &variable).is_some());
        fs::write(nix.path().join("nix-support/orig-cc"), "").unwrap();
        assert_eq!(bypassed(&root, other.path(), false, &variable), None);
    }

    #[test]
    fn a_root_that_is_not_used_is_not_bypassed() {
        let dir = lay("");
        symlink("/bin/sh", dir.path().join("gcc")).unwrap();
        let cc = format!("CC={}", dir.path().join("gcc").display());
        let variables = Variables::new(&["PATH=/none".to_owned(), cc]);
        let found = |is_asked| {
            let found = root::read(dir.path(), |root| {
                Leads::of(&variables).bypasses(root, is_asked)
            });
            found.len()
        };
        assert_eq!((found(true), found(false)), (0, 1));
    }
}
