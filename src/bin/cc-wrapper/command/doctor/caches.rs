//! Compiler caches that run a root's compilers without knowing what those add to
//! a compile: they return objects of other flags.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use cc_wrapper::model::environment::Environment;
use cc_wrapper::text::words::words;

use super::files::path;
use super::finding::{Finding, shown};
use super::leads::Leads;
use super::root::Root;
use super::variables::Variables;
use crate::process::search;
use crate::support::digest::{self, CCACHE, DIGEST, Digest, SCCACHE};
use crate::support::paths::canonical;
use crate::support::{self_binary, trial};

/// Variables with a cache that CMake puts before each compiler.
const LAUNCHERS: [&str; 2] = ["CMAKE_C_COMPILER_LAUNCHER", "CMAKE_CXX_COMPILER_LAUNCHER"];

/// A cache in front of a compiler.
pub struct Front {
    /// What makes builds run it.
    pub place: OsString,
    pub cache: PathBuf,
    /// The compiler that it runs.
    pub compiler: PathBuf,
}

/// Caches in front of the root's compilers.
pub fn check(root: &Root, variables: &Variables, leads: &Leads) -> Vec<Finding> {
    let bin = root.compilers.bin();
    let compilers = digest::compilers(&bin, root.compilers.toolchain);
    let names = compilers.iter().filter_map(|compiler| compiler.file_name());
    let on_path = names.filter_map(|name| {
        let cache = leads.all(name).next()?;
        self_binary::cache(&cache)?;
        let compiler = leads.first(name)?;
        let place = cache.parent()?.into();
        Some(Front {
            place,
            cache,
            compiler,
        })
    });
    let named = ["CC", "CXX"].into_iter().filter_map(|name| {
        let mut words = words(variables.get(name)?);
        let cache = search::program(path(words.next()?))?;
        self_binary::cache(&cache)?;
        let compiler = leads.place(words.next()?)?;
        let place = name.into();
        Some(Front {
            place,
            cache,
            compiler,
        })
    });
    // CMake takes the compilers that other builds take.
    let mut reached = leads.compilers();
    reached.extend(
        ["cc", "c++"]
            .into_iter()
            .filter_map(|name| leads.first(name.as_ref())),
    );
    let launchers = LAUNCHERS.into_iter().filter_map(|name| {
        let cache = launcher(variables.get(name)?)?;
        let compiler = reached.iter().find(|program| root.has_tool(program))?;
        let (place, compiler) = (name.into(), compiler.clone());
        Some(Front {
            place,
            cache,
            compiler,
        })
    });
    let fronts: Vec<Front> = on_path.chain(named).chain(launchers).collect();
    let mut findings: Vec<Finding> = Vec::new();
    for front in fronts.iter().filter(|front| root.has_tool(&front.compiler)) {
        if !findings.iter().any(|told| told.place == front.place) {
            findings.extend(blind(front, &compilers, variables));
        }
    }
    findings
}

/// Returns the cache that CMake's list of a launcher's words names.
pub fn launcher(list: &[u8]) -> Option<PathBuf> {
    let word = list.split(|&b| b == b';').next()?;
    let program = search::program(path(word))?;
    self_binary::cache(&program).map(|_| program)
}

/// Returns an error if variables or flag files change compiles and the cache
/// does not see them. `all` are the root's compilers.
pub fn blind(front: &Front, all: &[PathBuf], variables: &Variables) -> Option<Finding> {
    let cache = self_binary::cache(&front.cache)?;
    let one = std::slice::from_ref(&front.compiler);
    let with = Digest::of(one, &variables.environment());
    let others = variables.environment_without("NIX_");
    let without = Digest::of(one, &Environment::new(others));
    let mut is_affected = with != without;
    let this = self_binary::root_of(&front.compiler)?
        .join("bin")
        .join(self_binary::BINARY);
    // Some roots only link to it.
    let this = if this.exists() {
        shown(&this)
    } else {
        self_binary::BINARY.to_owned()
    };
    let remedy = match cache {
        "ccache" => {
            let check = compiler_check(front, variables);
            if check
                .split(|&b| b == b';')
                .any(|command| command.ends_with(DIGEST.as_bytes()))
            {
                return None;
            }
            // Wrapping again makes a new binary, which ccache sees by its time.
            is_affected |=
                check != b"mtime" && digest::adds_flags(&front.compiler, &variables.environment());
            let command = format!("{this}{DIGEST}");
            format!("export {CCACHE}=\"{command}\"")
        }
        "sccache" => {
            let digest = Digest::of(all, &variables.environment()).to_string();
            if variables.get(SCCACHE) == Some(digest.as_bytes()) {
                return None;
            }
            format!("export {SCCACHE}={digest}, again after each change of them")
        }
        // The others keep no objects.
        _ => return None,
    };
    let what = format!(
        "puts {cache} in front of {}, where it does not see NIX_CFLAGS_COMPILE, NIX_HARDENING_ENABLE and flag files: it returns objects of other flags",
        shown(&front.compiler)
    );
    let remedy = format!(
        "{remedy} (cc-wrapper env sets it), or put the cache behind the root: CC_WRAPPER_LAUNCHER={cache}"
    );
    is_affected.then(|| Finding::error("blind-cache", &front.place, what, remedy))
}

/// Returns ccache's setting `compiler_check`, from the environment or its
/// configuration files.
fn compiler_check(front: &Front, variables: &Variables) -> Vec<u8> {
    if let Some(value) = variables.get(CCACHE) {
        return value.trim_ascii().to_vec();
    }
    let real = canonical(&front.cache);
    let asked = trial::run(Command::new(real).args(["--get-config", "compiler_check"]));
    let said = asked.map_or(Vec::new(), |trial| trial.out);
    match said.trim_ascii() {
        b"" => b"mtime".to_vec(),
        value => value.to_vec(),
    }
}
