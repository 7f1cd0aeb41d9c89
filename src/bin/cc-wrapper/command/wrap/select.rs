//! Selects the compilers that a root wraps, and their names.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::str;

use cc_wrapper::model::tool_name::ToolName;
use cc_wrapper::model::toolchain::{Family, ToolKind};

use super::find::{Cache, Found, Search};
use super::probe::{Compiler, Identity};
use super::run::Workshop;
use super::{gnat, probe, run};
use crate::support::error::{Error, Result};
use crate::support::paths::canonical;
use crate::support::show::shown;
use crate::support::triple::Triple;

/// The compilers of a root. All have the same target.
#[derive(Debug)]
pub struct Selection {
    /// Each real compiler once, the main one first.
    pub compilers: Vec<Compiler>,
    /// The names in `bin` and their compilers.
    pub names: Vec<Named>,
    /// gnat's programs, which are recognised by name only.
    pub gnat: Vec<Found>,
    pub left_out: LeftOut,
}

#[derive(Debug)]
pub struct Named {
    pub name: OsString,
    pub program: PathBuf,
    /// Index into [`Selection::compilers`].
    pub compiler: usize,
}

/// Programs that were found and not wrapped.
#[derive(Debug, Default)]
pub struct LeftOut {
    pub caches: Vec<Cache>,
    /// Compilers for another target, and that target.
    pub foreign: Vec<(Found, Triple)>,
    /// Compilers that do not answer, and the error.
    pub broken: Vec<(PathBuf, String)>,
}

struct Candidate {
    found: Found,
    kind: ToolKind,
    identity: Identity,
    canonical: PathBuf,
}

impl Selection {
    /// The compiler that decides the root's target and defaults.
    pub fn main(&self) -> &Compiler {
        &self.compilers[0]
    }

    pub fn target(&self) -> &Triple {
        &self.main().identity.target
    }

    /// The prefix of the target's tools: that of the main compiler's name, or
    /// else its target triple.
    pub fn prefix(&self) -> &str {
        let name = self.main().program.file_name().unwrap_or_default();
        let prefix = ToolName::parse(name.as_bytes()).and_then(|name| name.target());
        let prefix = prefix.and_then(|prefix| str::from_utf8(prefix).ok());
        prefix.unwrap_or(self.target().as_str())
    }

    pub fn has_family(&self, family: Family) -> bool {
        let mut compilers = self.compilers.iter();
        compilers.any(|compiler| compiler.identity.family == family)
    }

    /// Selects all compilers on PATH for the main compiler's target.
    ///
    /// # Errors
    /// No compiler on PATH answers.
    pub fn of_path(workshop: &Workshop, search: &Search) -> Result<Selection> {
        let (found, caches) = search.all(may_be_compiler);
        let mut left_out = LeftOut {
            caches,
            ..LeftOut::default()
        };
        let identities = run::of_each(&found, |found| {
            let name = ToolName::parse(found.name.as_bytes())?;
            let kind = name.kind?;
            let identity = probe::identify(workshop, &found.program, kind);
            // If the name's prefix is not the compiler's target, this is some
            // other tool.
            let is_other =
                |identity: &Identity| name.target().is_some_and(|t| !identity.target.same(t));
            (!identity.as_ref().is_ok_and(is_other)).then_some((kind, identity))
        });
        let mut candidates = Vec::new();
        for (found, identity) in found.into_iter().zip(identities) {
            match identity {
                None => {}
                Some((kind, Ok(identity))) => {
                    candidates.push(Candidate::new(found, kind, identity));
                }
                Some((_, Err(error))) => left_out
                    .broken
                    .push((found.program, error.line().to_owned())),
            }
        }
        let main = candidates.iter().enumerate().min_by_key(|(_, c)| c.rank());
        let Some((main, _)) = main else {
            let error = match left_out.broken.first() {
                Some((_, why)) => Error::new("no compiler on PATH works").because(why),
                None => Error::new("no compiler on PATH"),
            };
            return Err(error.remedy("name one with --cc"));
        };
        let main = candidates.remove(main);
        let target = main.identity.target.clone();
        let (mut same, mut foreign): (Vec<_>, Vec<_>) = candidates
            .into_iter()
            .partition(|c| target.same(c.identity.target.as_str()));
        same.insert(0, main);
        foreign.sort_by_key(Candidate::rank);
        left_out.foreign = foreign
            .into_iter()
            .map(|c| (c.found, c.identity.target))
            .collect();
        let mut selection = Selection::from(same, left_out);
        selection.add_gnat(search);
        Ok(selection)
    }

    /// Selects the compilers that `--cc` names.
    ///
    /// # Errors
    /// A name is not a compiler, two have the same name, or their targets
    /// differ.
    pub fn of_names(workshop: &Workshop, search: &Search, named: &[OsString]) -> Result<Selection> {
        let mut left_out = LeftOut::default();
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut gnat = Vec::new();
        let mut names = BTreeMap::new();
        for given in named {
            let (program, caches) = search.named(given, "--cc")?;
            let name = program.file_name().unwrap_or_default().to_owned();
            let leads_to = canonical(&program);
            match names.insert(name.clone(), leads_to.clone()) {
                Some(same) if same == leads_to => continue,
                Some(_) => {
                    return Err(Error::new(format!(
                        "--cc names two programs called {}",
                        shown(&name)
                    ))
                    .remedy("wrap each in a root of its own"));
                }
                None => {}
            }
            left_out.caches.extend(caches);
            let found = Found { name, program };
            let kind = match ToolName::parse(found.name.as_bytes()).map(|name| name.kind) {
                Some(Some(ToolKind::Gnat)) => {
                    gnat.push(found);
                    continue;
                }
                Some(Some(kind)) if kind.is_compiler() => kind,
                Some(_) => {
                    return Err(
                        Error::new(format!("--cc {} is not a compiler", shown(given))).remedy(
                            "name a linker with --ld, or a directory of binutils with --bintools",
                        ),
                    );
                }
                None => {
                    // Ensures that this is a compiler, before its kind is
                    // guessed.
                    probe::identify(workshop, &found.program, ToolKind::Cc)?;
                    probe::role_by_link(workshop, &found.program)?
                }
            };
            let identity = probe::identify(workshop, &found.program, kind)?;
            if let Some(first) = candidates.first() {
                if !first.identity.target.same(identity.target.as_str()) {
                    return Err(Error::about(
                        &first.found.program,
                        format!(
                            "compiles for {}, but {} compiles for {}",
                            first.identity.target,
                            shown(&found.program),
                            identity.target
                        ),
                    )
                    .remedy("wrap each in a root of its own"));
                }
            }
            candidates.push(Candidate::new(found, kind, identity));
        }
        if candidates.is_empty() {
            return Err(Error::new("--cc names only gnat's programs")
                .remedy("also name the gcc that they run"));
        }
        // The first C compiler is the main one.
        let main = candidates.iter().position(|c| c.kind == ToolKind::Cc);
        let main = candidates.remove(main.unwrap_or(0));
        candidates.insert(0, main);
        gnat::complete(&mut gnat)?;
        let mut selection = Selection::from(candidates, left_out);
        selection.gnat = gnat;
        Ok(selection)
    }

    /// Creates a selection from `candidates`, with the main compiler first.
    fn from(candidates: Vec<Candidate>, left_out: LeftOut) -> Selection {
        let mut selection = Selection {
            compilers: Vec::new(),
            names: Vec::new(),
            gnat: Vec::new(),
            left_out,
        };
        let mut keys: Vec<(PathBuf, ToolKind, Identity)> = Vec::new();
        for candidate in candidates {
            let Candidate {
                found,
                kind,
                identity,
                canonical,
            } = candidate;
            let key = (canonical, kind, identity.clone());
            let compiler = keys.iter().position(|k| *k == key).unwrap_or_else(|| {
                keys.push(key);
                let compiler = Compiler::new(found.program.clone(), kind, identity);
                selection.compilers.push(compiler);
                keys.len() - 1
            });
            selection.names.push(Named {
                name: found.name,
                program: found.program,
                compiler,
            });
        }
        // In a root for another target, these names would hide the host's
        // compilers.
        if selection.target().is_native() {
            selection.add_alias("cc", ToolKind::Cc);
            selection.add_alias("c++", ToolKind::Cxx);
        }
        selection
    }

    /// Adds `alias`, a name that build systems try, for the first compiler of
    /// this kind. The main compiler's family is preferred.
    fn add_alias(&mut self, alias: &str, kind: ToolKind) {
        if self.has(OsStr::new(alias)) {
            return;
        }
        let of_role = |named: &&Named| self.compilers[named.compiler].kind == kind;
        let family = self.main().identity.family;
        let first = self
            .names
            .iter()
            .filter(of_role)
            .min_by_key(|named| self.compilers[named.compiler].identity.family != family);
        if let Some(first) = first {
            let alias = Named {
                name: alias.into(),
                program: first.program.clone(),
                compiler: first.compiler,
            };
            self.names.push(alias);
        }
    }

    fn add_gnat(&mut self, search: &Search) {
        // gnatchop and gnatlink run `gcc`, which must be the root's.
        if !self.has(OsStr::new("gcc")) {
            return;
        }
        let native = self.target().is_native();
        let target = self.target();
        let (found, _) = search.all(|name| {
            ToolName::parse(name).is_some_and(|name| {
                name.kind == Some(ToolKind::Gnat)
                    && name.target().map_or(native, |p| target.same(p))
            })
        });
        self.gnat = found;
    }

    fn has(&self, name: &OsStr) -> bool {
        self.names.iter().any(|named| named.name == name)
    }
}

impl Candidate {
    fn new(found: Found, kind: ToolKind, identity: Identity) -> Candidate {
        Candidate {
            canonical: canonical(&found.program),
            found,
            kind,
            identity,
        }
    }

    /// The candidate with the lowest rank becomes the main compiler.
    fn rank(&self) -> (usize, usize) {
        const NAMES: [&str; 3] = ["cc", "gcc", "clang"];
        const ROLES: [ToolKind; 4] = [
            ToolKind::Cc,
            ToolKind::Cxx,
            ToolKind::Fortran,
            ToolKind::Cpp,
        ];
        let by_name = NAMES.iter().position(|name| self.found.name == *name);
        let by_role = ROLES.iter().position(|kind| self.kind == *kind);
        (
            by_name.unwrap_or(NAMES.len()),
            by_role.unwrap_or(ROLES.len()),
        )
    }
}

fn may_be_compiler(name: &[u8]) -> bool {
    ToolName::parse(name).is_some_and(|name| {
        name.kind.is_some_and(ToolKind::is_compiler)
            // These are scripts that run the gcc on PATH, which will be the
            // root's.
            && !matches!(name.base, "c89" | "c99")
            && name.target().is_none_or(Triple::plausible)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn candidate(name: &str, program: &str, kind: ToolKind, family: Family) -> Candidate {
        Candidate {
            found: Found {
                name: name.into(),
                program: Path::new("/bin").join(name),
            },
            kind,
            identity: Identity {
                family,
                version: "1".to_owned(),
                target: Triple::new("x86_64-linux-gnu"),
            },
            canonical: program.into(),
        }
    }

    #[test]
    fn names_of_one_program_share_a_compiler_and_aliases_are_added() {
        let selection = Selection::from(
            vec![
                candidate("gcc-12", "/g", ToolKind::Cc, Family::Gcc),
                candidate("clang++", "/c", ToolKind::Cxx, Family::Clang),
                candidate("clang", "/c", ToolKind::Cc, Family::Clang),
                candidate("gcc", "/g", ToolKind::Cc, Family::Gcc),
                candidate("g++", "/g++", ToolKind::Cxx, Family::Gcc),
            ],
            LeftOut::default(),
        );
        assert_eq!(selection.compilers.len(), 4);
        let named = |name: &str| {
            let named = selection.names.iter().find(|named| named.name == name);
            let named = named.unwrap();
            (named.compiler, named.program.to_str().unwrap().to_owned())
        };
        assert_eq!(named("gcc"), (0, "/bin/gcc".to_owned()));
        assert_eq!(named("cc"), (0, "/bin/gcc-12".to_owned()));
        assert_eq!(named("c++"), (3, "/bin/g++".to_owned()));
    }

    #[test]
    fn scripts_and_other_tools_are_no_compilers() {
        for (name, may_be) in [
            ("gcc-12", true),
            ("avr-gcc", true),
            ("c99", false),
            ("c99-gcc", false),
            ("ld", false),
            ("gcc-ar", false),
        ] {
            assert_eq!(may_be_compiler(name.as_bytes()), may_be, "{name}");
        }
    }

    #[test]
    fn cc_is_preferred_as_the_main_compiler() {
        let mut found = [
            candidate("cpp", "/p", ToolKind::Cpp, Family::Gcc),
            candidate("aarch64-linux-gnu-gcc", "/a", ToolKind::Cc, Family::Gcc),
            candidate("clang", "/c", ToolKind::Cc, Family::Clang),
            candidate("cc", "/g", ToolKind::Cc, Family::Gcc),
        ];
        found.sort_by_key(Candidate::rank);
        let order: Vec<_> = found.iter().map(|c| c.found.name.clone()).collect();
        assert_eq!(order, ["cc", "clang", "aarch64-linux-gnu-gcc", "cpp"]);
    }
}
