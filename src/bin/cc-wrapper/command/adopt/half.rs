//! Reads one half (docs/glossary.md) of a wrapper from its files.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::machine::world::World;
use cc_wrapper::model::tool_name::ToolName;
use cc_wrapper::model::toolchain::{Darwin, Family, Tool, ToolKind, Toolchain};
use cc_wrapper::text::Bytes;

use super::bin::{BinEntry, What, WrapperScript};
use super::clang_target::ClangTarget;
use super::known::{Names, Own, own_in_file, own_in_script};
use super::lines::{contains, lines};
use super::script::{Script, ScriptKind, Wrapper};
use super::statements::is_blank;
use super::{bin, clang_target, darwin, hardening, script};
use crate::process::os::Os;
use crate::support::error::{Error, Result, cannot};
use crate::support::foreign_file;
use crate::support::paths::canonical;
use crate::support::self_binary::TOOLCHAIN;
use crate::support::show;

/// Maximum length of a quoted line in messages, in characters.
const LONG: usize = 60;

/// A half of a wrapper: the entries of its `bin`, and its settings.
#[derive(Debug)]
pub struct Half {
    /// The resolved root.
    pub root: PathBuf,
    /// The root as spelled in its scripts.
    pub out: PathBuf,
    pub is_linkers: bool,
    /// The linker half's root, as spelled in the scripts; `None`: this is the
    /// linker half.
    pub bintools: Option<PathBuf>,
    /// Sorted by name.
    pub entries: Vec<BinEntry>,
    /// The content of `toolchain.json`, without `bintools`.
    pub toolchain: Toolchain<'static>,
    /// nixpkgs' hook whose effect cc-wrapper has built in, if there is one.
    pub built_in: Option<BuiltIn>,
    /// For the report: unknown lines whose effect the new root does not have.
    pub not_taken: Vec<String>,
}

/// A hook that begins with nixpkgs' text, whose effect cc-wrapper has built in.
#[derive(Debug, PartialEq, Eq)]
pub struct BuiltIn {
    pub file: &'static str,
    /// The text that a package added at the end.
    pub rest: Vec<u8>,
}

impl BuiltIn {
    pub fn has_rest(&self) -> bool {
        !is_blank(&self.rest)
    }
}

/// Reads the half at `root`. Messages name it `called`.
///
/// # Errors
/// It is not a wrapper, has an unknown shape, or lacks files.
pub fn read(root: &Path, called: &str) -> Result<Half> {
    let (entries, scripts) = bin::read(&root.join("bin"))?;
    let is_linkers = !scripts
        .iter()
        .any(|found| found.script.kind == ScriptKind::Compiler);
    let kind = if is_linkers {
        ScriptKind::Linker
    } else {
        ScriptKind::Compiler
    };
    let own = |wrapper: &&Wrapper| canonical(&wrapper.out) == root;
    let of_kind = scripts.iter().filter(|found| found.script.kind == kind);
    let mut wrappers = of_kind.filter_map(|found| found.script.wrapper.as_ref());
    let wrapper = wrappers.clone().find(own).or_else(|| wrappers.next());
    let wrapper = wrapper.cloned();
    let wrapper = wrapper.ok_or_else(|| no_wrapper(root, called, &entries))?;
    if !own(&&wrapper) {
        return Err(Error::new(format!(
            "{called} contains scripts of {}",
            show::shown(&wrapper.out)
        ))
        .remedy("adopt that directory instead"));
    }
    let support = Support(root.join("nix-support"));
    let mut half = Half {
        root: root.to_path_buf(),
        out: wrapper.out.clone(),
        is_linkers,
        bintools: wrapper.bintools.clone(),
        entries,
        toolchain: Toolchain::default(),
        built_in: None,
        not_taken: Vec::new(),
    };
    half.describe(&wrapper, &support, called)?;
    half.check_sourced(&wrapper, &support)?;
    half.take_tools(&wrapper, scripts, &support)?;
    Ok(half)
}

impl Half {
    /// Checks the files that all scripts source for unknown lines.
    ///
    /// # Errors
    /// Lines were added at the end of such a file.
    fn check_sourced(&mut self, wrapper: &Wrapper, support: &Support) -> Result<()> {
        const FILES: [&str; 5] = [
            "add-flags.sh",
            "add-gnat-extra-flags.sh",
            "add-hardening.sh",
            "darwin-sdk-setup.bash",
            "utils.bash",
        ];
        let spelled = Spelled::of(wrapper);
        let mut texts = Vec::new();
        for file in FILES {
            texts.push((support, file, support.read(file)?));
        }
        // Compiler scripts read the linker flags from the linker half.
        let linkers = wrapper.bintools.as_ref();
        let linkers = linkers.filter(|root| !root.join(TOOLCHAIN).exists());
        let linkers = linkers.map(|root| Support(root.join("nix-support")));
        if let Some(linkers) = &linkers {
            texts.push((linkers, "add-flags.sh", linkers.read("add-flags.sh")?));
        }
        for (support, file, text) in texts {
            let Some(text) = text else { continue };
            match own_in_file(file, &text, spelled.names("")) {
                Some(own) if own.is_added => {
                    let path = support.0.join(file);
                    return Err(
                        Error::about(&path, "has lines that nixpkgs does not write")
                            .because(format!("the first is {}", shown(&own)))
                            .remedy("use the wrapper unchanged, or move its flags to a file like nix-support/cc-cflags"),
                    );
                }
                Some(own) => self
                    .not_taken
                    .push(format!("nix-support/{file} {}", shown(&own))),
                None => {}
            }
        }
        Ok(())
    }

    fn describe(&mut self, wrapper: &Wrapper, support: &Support, called: &str) -> Result<()> {
        let unknown = |file: &str| {
            Error::new(format!("{called} cannot be adopted"))
                .because(format!("its nix-support/{file} is in an unknown format"))
                .remedy("use the wrapper unchanged")
        };
        let file = "add-hardening.sh";
        let hardening = support.read(file)?;
        let hardening = hardening.and_then(|text| hardening::read(&text, self.is_linkers));
        let hardening = hardening.ok_or_else(|| unknown(file))?;
        let toolchain = &mut self.toolchain;
        toolchain.suffix_salt = owned(&wrapper.salt);
        toolchain.shell = owned(&wrapper.shell);
        toolchain.hook_path = owned(&wrapper.hook_path);
        toolchain.use_response_file = wrapper.response_file == Some(true);
        toolchain.hardening_unsupported = strings(hardening.unsupported);
        toolchain.hardening_supported = strings(hardening.supported);
        toolchain.compiler = match hardening.is_clang {
            Some(true) => Family::Clang,
            _ if wrapper.is_arocc => Family::Arocc,
            _ => Family::Gcc,
        };
        toolchain.cxx_headers_only_in_cxx =
            toolchain.compiler == Family::Clang && !wrapper.cxx_headers_in_c;

        let sdk = support.read("darwin-sdk-setup.bash")?;
        let sdk = sdk.and_then(|text| darwin::fallback_sdk(&text));
        let sdk = sdk.map(Cow::Owned);
        if self.is_linkers {
            self.read_linkers_hook(sdk, support, &wrapper.salt, &unknown)
        } else {
            self.read_compilers_hook(sdk, support, &wrapper.salt)
        }
    }

    fn read_linkers_hook(
        &mut self,
        fallback_sdk: Option<Bytes<'static>>,
        support: &Support,
        salt: &[u8],
        unknown: &dyn Fn(&str) -> Error,
    ) -> Result<()> {
        let text = support.read(darwin::FILE)?.unwrap_or_default();
        let Some(flags) = darwin::of_linker(&text, salt) else {
            // An unknown hook stays in place and would add the flags a second
            // time.
            return match fallback_sdk {
                Some(_) => Err(unknown(darwin::FILE)),
                None => Ok(()),
            };
        };
        self.built_in = Some(BuiltIn {
            file: darwin::FILE,
            rest: text[flags.end..].to_vec(),
        });
        self.toolchain.darwin = Some(Darwin {
            min_version: owned(&flags.min_version.version),
            min_version_variable: owned(&flags.min_version.variable),
            platform: owned(&flags.platform),
            sdk_version: owned(&flags.sdk_version),
            fallback_sdk,
            ..Darwin::default()
        });
        Ok(())
    }

    fn read_compilers_hook(
        &mut self,
        fallback_sdk: Option<Bytes<'static>>,
        support: &Support,
        salt: &[u8],
    ) -> Result<()> {
        let add_flags = support.read("add-flags.sh")?.unwrap_or_default();
        let toolchain = &mut self.toolchain;
        if let Some((version, platform)) = darwin::of_compiler(&add_flags, salt) {
            toolchain.darwin = Some(Darwin {
                min_version: owned(&version.version),
                min_version_variable: owned(&version.variable),
                platform_for_cc: owned(&platform),
                fallback_sdk,
                ..Darwin::default()
            });
        }
        let text = support.read(clang_target::FILE)?.unwrap_or_default();
        if let Some(target) = clang_target::read(&text) {
            self.built_in = Some(BuiltIn {
                file: clang_target::FILE,
                rest: text[target.end..].to_vec(),
            });
            toolchain.default_target = owned(&target.default_target);
            toolchain.machine_flags = strings(target.machine_flags);
            toolchain.explicit_abi = owned(&target.explicit_abi);
        }
        Ok(())
    }

    /// Adds a tool for each script that belongs to this wrapper and has only
    /// known lines.
    fn take_tools(
        &mut self,
        wrapper: &Wrapper,
        scripts: Vec<WrapperScript>,
        support: &Support,
    ) -> Result<()> {
        let add_flags = support.read("add-flags.sh")?.unwrap_or_default();
        // Older scripts make compilers find their linker with -B.
        let by_prefix = lines(&add_flags)
            .any(|line| line.starts_with(b"NIX_CFLAGS_COMPILE_") && contains(line, "=\"-B/"));
        let target = support.read(clang_target::FILE)?.unwrap_or_default();
        let target = clang_target::read(&target);
        let own = own_lines(wrapper, &scripts);
        for (WrapperScript { name, script, .. }, own) in scripts.into_iter().zip(own) {
            let tool = self.tool(wrapper, &name, &script, target.as_ref());
            let (alone, note) = match own {
                Lines::Own(why) => (Some(why), None),
                Lines::NotTaken(line) => (None, Some(line)),
                Lines::Known => (None, None),
            };
            let what = match tool.and_then(|kind| alone.map_or(Ok(kind), Err)) {
                Ok(kind) => {
                    let note = note.map(|line| format!("{} {line}", show::shown(&name)));
                    self.not_taken.extend(note);
                    self.toolchain.tools.push(Tool {
                        name: owned(name.as_bytes()),
                        kind: owned(kind.name().as_bytes()),
                        program: owned(script.program.as_os_str().as_bytes()),
                        linker_by_prefix: by_prefix && kind.is_compiler() && kind != ToolKind::Cpp,
                        ..Tool::default()
                    });
                    What::Tool
                }
                Err(why) => What::Script(why),
            };
            if let Some(entry) = self.entries.iter_mut().find(|entry| entry.name == name) {
                entry.what = what;
            }
        }
        if self.toolchain.tools.is_empty() {
            let why = self.entries.iter().find_map(|entry| match &entry.what {
                What::Script(why) => Some(format!("{}: {why}", show::shown(&entry.name))),
                _ => None,
            });
            return Err(Error::about(&self.root, "cannot be adopted")
                .because(why.unwrap_or_default())
                .remedy("use the wrapper unchanged"));
        }
        Ok(())
    }

    /// The tool kind of a script.
    ///
    /// # Errors
    /// The reason why the script is kept.
    fn tool(
        &self,
        wrapper: &Wrapper,
        name: &OsStr,
        script: &Script,
        target: Option<&ClangTarget>,
    ) -> std::result::Result<ToolKind, String> {
        if let Some(own) = &script.wrapper {
            let same = own.out == wrapper.out
                && own.salt == wrapper.salt
                && own.bintools == wrapper.bintools
                && own
                    .response_file
                    .is_none_or(|own| Some(own) == wrapper.response_file);
            if !same {
                return Err("it belongs to another wrapper than the others".to_owned());
            }
        }
        let program = script.program.as_os_str().as_bytes();
        if !Os.is_executable(program) {
            let program = show::shown(&script.program);
            return Err(format!("it runs {program}, which does not exist"));
        }
        let known = ToolName::parse(name.as_bytes()).and_then(|name| name.kind);
        match (script.kind, known) {
            (ScriptKind::Compiler, _) if self.is_linkers => {
                Err("it runs a compiler, but this is a linker half".to_owned())
            }
            (ScriptKind::Linker, _) if !self.is_linkers => {
                Err("it runs a linker, but this is a compiler half".to_owned())
            }
            (ScriptKind::Compiler, _) if program.ends_with(b"++") => Ok(ToolKind::Cxx),
            (ScriptKind::Compiler, Some(ToolKind::Cpp)) => match target {
                Some(target) if target.for_preprocessors => Ok(ToolKind::Cc),
                _ => Ok(ToolKind::Cpp),
            },
            (ScriptKind::Compiler, Some(ToolKind::Fortran)) => Ok(ToolKind::Fortran),
            (ScriptKind::Compiler, _) => Ok(ToolKind::Cc),
            (ScriptKind::Linker, _) => Ok(ToolKind::Ld),
            (ScriptKind::Gnat, Some(ToolKind::Gnat)) => Ok(ToolKind::Gnat),
            (ScriptKind::Gnat, _) => Err("it does not have the name of a gnat tool".to_owned()),
            (ScriptKind::Strip, _) => Ok(ToolKind::Strip),
            (ScriptKind::Ranlib, _) => Ok(ToolKind::Ranlib),
        }
    }
}

/// The values that differ between wrappers, as spelled in their scripts.
struct Spelled {
    out: String,
    bintools: String,
    salt: String,
}

impl Spelled {
    fn of(wrapper: &Wrapper) -> Spelled {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let bintools = wrapper.bintools.as_deref();
        Spelled {
            out: text(&wrapper.out),
            bintools: bintools.map(text).unwrap_or_default(),
            salt: String::from_utf8_lossy(&wrapper.salt).into_owned(),
        }
    }

    fn names<'a>(&'a self, program: &'a str) -> Names<'a> {
        Names {
            program,
            roots: [&self.out, &self.bintools],
            salt: &self.salt,
        }
    }
}

fn shown(own: &Own) -> String {
    let mut text: String = own.text.chars().take(LONG).collect();
    if text.len() < own.text.len() {
        text.push('…');
    }
    format!("line {}: {text}", own.line)
}

/// Whether a script has lines that are not nixpkgs'.
enum Lines {
    Known,
    /// This unknown line is in all scripts of the kind, so it is likely from
    /// another nixpkgs release.
    NotTaken(String),
    /// Only this script has unknown lines. The reason why it cannot be replaced.
    Own(String),
}

fn own_lines(wrapper: &Wrapper, scripts: &[WrapperScript]) -> Vec<Lines> {
    let mut unknown = Vec::new();
    let mut masked = Vec::new();
    for found in scripts {
        // Scripts of another wrapper spell the values differently.
        let of = found.script.wrapper.as_ref().unwrap_or(wrapper);
        let spelled = Spelled::of(of);
        let program = found.script.program.to_string_lossy();
        unknown.push(own_in_script(&found.text, spelled.names(&program)));
        let text = String::from_utf8_lossy(&found.text);
        let kind = (found.script.kind, of.out == wrapper.out);
        masked.push((kind, text.replace(&*program, "\0")));
    }
    let mut counts = BTreeMap::new();
    for (_, text) in &masked {
        *counts.entry(text).or_insert(0) += 1;
    }
    let lines = |at: usize| {
        let (kind, text) = &masked[at];
        // The most frequent text counts as nixpkgs'. If two are equally
        // frequent, it is the one with known lines only.
        let is_better = |other: usize| {
            let (of_kind, of_text) = &masked[other];
            let (ours, theirs) = (counts[text], counts[of_text]);
            let is_known = unknown[other].is_none();
            of_kind == kind
                && of_text != text
                && (theirs > ours || theirs == ours && (is_known || unknown[at].is_some()))
        };
        match (
            (0..masked.len()).find(|other| is_better(*other)),
            &unknown[at],
        ) {
            (Some(_), Some(first)) => Lines::Own(format!(
                "it has lines that nixpkgs does not write, the first is {}",
                shown(first)
            )),
            (Some(other), None) => {
                let pairs = text.lines().zip(masked[other].1.lines());
                let line = pairs.take_while(|(a, b)| a == b).count() + 1;
                let other = show::shown(&scripts[other].name);
                Lines::Own(format!("it differs from {other} in line {line}"))
            }
            (None, Some(first)) => Lines::NotTaken(shown(first)),
            (None, None) => Lines::Known,
        }
    };
    (0..scripts.len()).map(lines).collect()
}

fn no_wrapper(root: &Path, called: &str, entries: &[BinEntry]) -> Error {
    // `root` may only contain links to a wrapper's programs.
    let elsewhere = entries.iter().find_map(|entry| {
        let path = canonical(&root.join("bin").join(&entry.name));
        let text = foreign_file::script(&path).ok()?;
        script::read(&text.filter(|_| entry.what == What::Other)?)?
            .ok()?
            .wrapper
            .map(|wrapper| wrapper.out)
    });
    if let Some(elsewhere) = elsewhere {
        return Error::new(format!("{called} only contains links to a wrapper"))
            .remedy(format!("adopt {}", show::shown(&elsewhere)));
    }
    let shape = entries.iter().find_map(|entry| match &entry.what {
        What::Script(why) => Some((&entry.name, why)),
        _ => None,
    });
    match shape {
        Some((name, why)) => Error::new(format!("{called} cannot be adopted"))
            .because(format!(
                "its format is unknown (bin/{}: {why})",
                show::shown(name)
            ))
            .remedy("use it unchanged"),
        None => Error::new(format!("{called} is not a nixpkgs wrapper"))
            .because("its bin contains no script")
            .remedy("give the root of one"),
    }
}

/// A half's `nix-support` directory.
struct Support(PathBuf);

impl Support {
    /// The content of a file; `None` if it does not exist.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = self.0.join(name);
        match foreign_file::read(&path) {
            Ok(text) => Ok(Some(text)),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(cannot("read", &path)(why)),
        }
    }
}

pub fn owned(bytes: &[u8]) -> Bytes<'static> {
    Cow::Owned(bytes.to_vec())
}

fn strings(list: Vec<Vec<u8>>) -> Vec<Bytes<'static>> {
    list.into_iter().map(Cow::Owned).collect()
}
