//! Finds the linkers and the other binutils (docs/glossary.md) of a root.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::model::tool_name::{ToolName, names};
use cc_wrapper::model::toolchain::ToolKind;

use super::find::Search;
use super::probe::Compiler;
use super::run::Workshop;
use crate::process::search::is_program;
use crate::support::error::{Error, Result};
use crate::support::paths::canonical;
use crate::support::self_binary;
use crate::support::show::shown;
use crate::support::triple::Triple;

/// Programs, keyed by their names in `bin`.
#[derive(Debug, Default)]
pub struct Bintools {
    pub linkers: BTreeMap<OsString, PathBuf>,
    /// Programs that are not wrapped, because they get no flags.
    pub plain: BTreeMap<OsString, PathBuf>,
}

/// Where to look for linkers and binutils.
pub struct Source<'a> {
    pub workshop: &'a Workshop,
    pub path: &'a Search,
    /// Replaces PATH (`--bintools`).
    pub directory: Option<&'a Path>,
    /// The program behind `ld` (`--ld`).
    pub ld: Option<&'a Path>,
    /// Whether to include gnat's programs that get no flags.
    pub gnat: bool,
}

/// The program names to ask a compiler about. Each costs a compiler run, so
/// these are only GNU binutils and linkers.
fn asked_names() -> impl Iterator<Item = &'static str> {
    let others = ["gcc-", "gnat", "llvm-", "lld", "mold", "gold"];
    let is_gnu = move |name: &&str| !others.iter().any(|other| name.starts_with(other));
    names(Some(ToolKind::Ld)).chain(names(None).filter(is_gnu))
}

impl Source<'_> {
    /// Finds the linkers and binutils for `compiler`.
    ///
    /// # Errors
    /// No `ld` is found for the compiler's target.
    pub fn find(&self, compiler: &Compiler) -> Result<Bintools> {
        let target = &compiler.identity.target;
        let mut bintools = match self.directory {
            Some(directory) => {
                let directory = programs_of(directory)?;
                // The user says that this directory is for the target.
                let mut bintools = listing(&Search::within(&directory), target, true, self.gnat);
                bintools.unprefix(target);
                bintools
            }
            None => self.of_path(compiler)?,
        };
        if let Some(ld) = self.ld {
            bintools.linkers.insert("ld".into(), ld.to_path_buf());
        }
        if bintools.linkers.contains_key(OsStr::new("ld")) {
            return Ok(bintools);
        }
        Err(match self.directory {
            Some(directory) => Error::new(format!("--bintools {}", shown(directory)))
                .because(format!("it has no ld for {target}"))
                .remedy("name one with --ld"),
            None => Error::new(format!("no linker for {target} on PATH"))
                .remedy("name one with --ld or --bintools"),
        })
    }

    fn of_path(&self, compiler: &Compiler) -> Result<Bintools> {
        let target = &compiler.identity.target;
        let native = target.is_native();
        let mut bintools = listing(self.path, target, native, self.gnat);
        if !native {
            bintools.unprefix(target);
        }
        // A compiler with its own binutils must run those, and not the ones on
        // PATH.
        let mut own = false;
        for name in ["ld", "as"] {
            own |= self.adopt(compiler, &mut bintools, name)?;
        }
        if own {
            for name in asked_names() {
                self.adopt(compiler, &mut bintools, name)?;
            }
        }
        Ok(bintools)
    }

    /// Asks the compiler for its program `name`. If it differs from the one
    /// found so far, replaces that and returns true.
    fn adopt(&self, compiler: &Compiler, bintools: &mut Bintools, name: &str) -> Result<bool> {
        let answer = compiler.program_name(self.workshop, name)?;
        if !answer.is_absolute() || !is_program(&answer) || self_binary::is_wrapper(&answer) {
            return Ok(false);
        }
        let map = if name.starts_with("ld") {
            &mut bintools.linkers
        } else {
            &mut bintools.plain
        };
        let found = map.get(OsStr::new(name));
        if found.is_some_and(|found| canonical(found) == canonical(&answer)) {
            return Ok(false);
        }
        map.insert(name.into(), without_detours(&answer));
        Ok(true)
    }
}

impl Bintools {
    /// Renames programs without a prefix to `PREFIX-NAME`, so that the root's
    /// `bin` on PATH does not hide the host's programs from the host's
    /// compilers. With `keep_linkers`, linkers keep their bare names too.
    pub fn set_apart(&mut self, prefix: &str, keep_linkers: bool) {
        for (map, keep) in [(&mut self.linkers, keep_linkers), (&mut self.plain, false)] {
            let bound: Vec<_> = map
                .keys()
                .filter_map(|name| ToolName::parse(name.as_bytes()))
                .filter(|name| name.is_bare())
                .filter(|name| name.kind == Some(ToolKind::Ld) || !name.serves_all_targets())
                .map(|name| name.base)
                .collect();
            if !keep {
                map.retain(|name, _| !is_bare_linker_with_version(name));
            }
            for base in bound {
                let program = if keep {
                    map.get(OsStr::new(base)).cloned()
                } else {
                    map.remove(OsStr::new(base))
                };
                if let Some(program) = program {
                    map.insert(format!("{prefix}-{base}").into(), program);
                }
            }
        }
    }

    /// The names by which compilers run the linkers, and for each the name in
    /// `bin`. Names with a version are left out, because compilers do not use
    /// them.
    pub fn called(&self) -> BTreeMap<&'static str, &OsString> {
        let mut called: BTreeMap<&str, &OsString> = BTreeMap::new();
        for name in self.linkers.keys() {
            if let Some(parsed) = ToolName::parse(name.as_bytes()) {
                if parsed.is_bare() {
                    called.insert(parsed.base, name);
                } else if parsed.version.is_empty() {
                    called.entry(parsed.base).or_insert(name);
                }
            }
        }
        called
    }

    /// Adds each program with the target's prefix under its bare name too,
    /// unless that name is taken.
    fn unprefix(&mut self, target: &Triple) {
        for map in [&mut self.linkers, &mut self.plain] {
            let bare: Vec<_> = map
                .iter()
                .filter_map(|(name, program)| {
                    let name = ToolName::parse(name.as_bytes())?;
                    let of_target = name.target().is_some_and(|prefix| target.same(prefix));
                    let wanted = of_target && name.version.is_empty();
                    wanted.then(|| (OsString::from(name.base), program.clone()))
                })
                .collect();
            for (name, program) in bare {
                map.entry(name).or_insert(program);
            }
        }
    }
}

/// The linkers and binutils for `target` that `search` finds. `bare`: programs
/// without a prefix are for `target` too.
fn listing(search: &Search, target: &Triple, bare: bool, gnat: bool) -> Bintools {
    let belongs = |name: &ToolName| match name.target() {
        Some(prefix) => target.same(prefix),
        None => bare || name.serves_all_targets(),
    };
    let of_role = |kind: Option<ToolKind>| {
        let (found, _) = search.all(|name| {
            ToolName::parse(name).is_some_and(|name| {
                name.kind == kind && belongs(&name) && (gnat || !name.is_of_gnat())
            })
        });
        let programs = found.into_iter().map(|found| (found.name, found.program));
        programs.collect()
    };
    Bintools {
        linkers: of_role(Some(ToolKind::Ld)),
        plain: of_role(None),
    }
}

/// `directory` or its `bin`, whichever holds the programs.
fn programs_of(directory: &Path) -> Result<PathBuf> {
    let bin = directory.join("bin");
    let chosen = if bin.is_dir() {
        bin
    } else {
        directory.to_path_buf()
    };
    let (what, remedy) = if !chosen.is_dir() {
        ("is not a directory", "give the one that contains ld")
    } else if self_binary::is_wrapped_bin(&chosen) {
        (
            "is a wrapped root",
            "give the directory of the programs that it wraps",
        )
    } else {
        return Ok(chosen);
    };
    let error = Error::new(format!("--bintools {} {what}", shown(directory)));
    Err(error.remedy(remedy))
}

fn is_bare_linker_with_version(name: &OsStr) -> bool {
    ToolName::parse(name.as_bytes()).is_some_and(|name| {
        name.kind == Some(ToolKind::Ld) && name.prefix.is_empty() && !name.version.is_empty()
    })
}

/// Resolves the program's directory, because gcc answers with paths such as
/// `/usr/lib/gcc/x86_64-linux-gnu/12/../../../../bin/ld`.
fn without_detours(program: &Path) -> PathBuf {
    let resolved = program.parent().map(fs::canonicalize);
    match (resolved, program.file_name()) {
        (Some(Ok(directory)), Some(name)) => directory.join(name),
        _ => program.to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn directory(names: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in names {
            let path = dir.path().join(name);
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        dir
    }

    fn names(map: &BTreeMap<OsString, PathBuf>) -> Vec<&str> {
        map.keys().map(|name| name.to_str().unwrap()).collect()
    }

    #[test]
    fn host_programs_are_not_used_for_another_target() {
        let dir = directory(&[
            "ld",
            "ld.lld",
            "ar",
            "llvm-ar",
            "avr-ld",
            "avr-ar",
            "avr-ar-12",
            "gnatkr",
        ]);
        let target = Triple::new("avr");
        let mut bintools = listing(&Search::within(dir.path()), &target, false, false);
        assert_eq!(names(&bintools.linkers), ["avr-ld", "ld.lld"]);
        assert_eq!(names(&bintools.plain), ["avr-ar", "avr-ar-12", "llvm-ar"]);
        bintools.unprefix(&target);
        assert_eq!(names(&bintools.linkers), ["avr-ld", "ld", "ld.lld"]);
        assert_eq!(bintools.plain[OsStr::new("ar")], dir.path().join("avr-ar"));
    }

    #[test]
    fn programs_for_another_target_get_its_prefix() {
        let linkers = ["ld", "avr-ld", "ld.lld", "ld.lld-14"];
        let plain = ["as", "llvm-ar", "mold"];
        let map = |names: &[&str]| {
            let entries = names.iter().map(|name| (name.into(), name.into()));
            entries.collect::<BTreeMap<OsString, PathBuf>>()
        };
        for (keep, expected) in [
            (false, &["avr-ld", "avr-ld.lld"][..]),
            (true, &["avr-ld", "avr-ld.lld", "ld", "ld.lld", "ld.lld-14"]),
        ] {
            let mut bintools = Bintools {
                linkers: map(&linkers),
                plain: map(&plain),
            };
            bintools.set_apart("avr", keep);
            assert_eq!(names(&bintools.linkers), expected);
            assert_eq!(names(&bintools.plain), ["avr-as", "llvm-ar", "mold"]);
            assert_eq!(bintools.linkers[OsStr::new("avr-ld")], Path::new("ld"));
            let called: Vec<_> = bintools.called().into_iter().collect();
            let [ld, lld] = if keep {
                ["ld", "ld.lld"]
            } else {
                ["avr-ld", "avr-ld.lld"]
            };
            assert_eq!(called, [("ld", &ld.into()), ("ld.lld", &lld.into())]);
        }
    }

    #[test]
    fn a_prefix_stands_for_its_bin_directory() {
        let dir = directory(&["ld"]);
        assert_eq!(programs_of(dir.path()).unwrap(), dir.path());
        fs::create_dir(dir.path().join("bin")).unwrap();
        assert_eq!(programs_of(dir.path()).unwrap(), dir.path().join("bin"));
        let error = programs_of(&dir.path().join("none")).unwrap_err();
        assert!(error.line().contains("none is not a directory; "));
    }
}
