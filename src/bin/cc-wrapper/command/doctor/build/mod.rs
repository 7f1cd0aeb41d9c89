//! Build directories of CMake, Meson and configure: whether they were configured
//! with dependencies or a compiler that the environment does not lead to now.

mod recorded;
mod searched;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use self::recorded::Recorded;
use self::searched::Searched;
use super::caches::{self, Front};
use super::files;
use super::finding::{Finding, shown};
use super::leads::Leads;
use super::variables::Variables;
use crate::support::digest;
use crate::support::paths::{canonical, plain};
use crate::support::self_binary;

pub use recorded::is_one;

const ID: &str = "lost-environment";

/// What is wrong with a build directory.
pub fn check(directory: &Path, variables: &Variables, leads: &Leads) -> Vec<Finding> {
    let recorded = match recorded::read(directory) {
        Ok(recorded) => recorded,
        Err(finding) => return vec![finding],
    };
    let mut findings: Vec<Finding> = Vec::new();
    findings.extend(lost_compiler(&recorded, leads));
    if findings.is_empty() {
        findings.extend(lost_dependencies(&recorded));
    }
    let mut fronts = recorded.compilers.iter().filter_map(|recorded| {
        let (cache, compiler) = (recorded.cache.clone()?, place(&recorded.program, leads)?);
        let place = recorded.file.clone().into();
        Some(Front {
            place,
            cache,
            compiler,
        })
    });
    findings.extend(fronts.find_map(|front| {
        let root = self_binary::root_of(&front.compiler)?;
        let all = digest::of_root(&root);
        caches::blind(&front, &all, variables)
    }));
    findings
}

/// Returns the program that a recorded word runs now.
fn place(program: &Path, leads: &Leads) -> Option<PathBuf> {
    match program.is_absolute() {
        true => program.exists().then(|| program.to_path_buf()),
        false => leads.first(program.as_os_str()),
    }
}

/// An error if a compiler is gone, or another program has its name now.
fn lost_compiler(recorded: &Recorded, leads: &Leads) -> Option<Finding> {
    recorded.compilers.iter().find_map(|compiler| {
        let program = &compiler.program;
        let now = place(program, leads);
        if program.is_absolute() && now.is_none() {
            let what = format!(
                "was configured with the compiler {}, which does not exist",
                shown(program)
            );
            let remedy = "wrap it again where it was, or configure the build again";
            return Some(Finding::error(ID, &compiler.file, what, remedy));
        }
        // The first program of this name that configure found.
        let before = recorded.path.iter().map(|path| path.join(program));
        let before = before
            .filter(|_| !program.is_absolute())
            .find(|path| files::is_executable(path) || path.is_symlink())?;
        let root = self_binary::root_of(&before)?;
        if now.as_deref().and_then(self_binary::root_of).as_ref() == Some(&root) {
            return None;
        }
        let now = now.map_or("not on PATH".to_owned(), |now| shown(&now));
        let what = format!(
            "was configured with {}, but {} is {now} now, which adds other flags or none",
            shown(&before),
            shown(program)
        );
        let remedy = format!(
            "PATH={}:$PATH, or cc-wrapper run --toolchain {} -- COMMAND",
            shown(&root.join("bin")),
            shown(&root)
        );
        Some(Finding::error(ID, &compiler.file, what, remedy))
    })
}

/// An error if a wrapped compiler found dependencies that it does not find now.
fn lost_dependencies(recorded: &Recorded) -> Option<Finding> {
    let compilers = recorded.compilers.iter();
    let mut wrapped = compilers.filter(|compiler| compiler.program.is_absolute());
    let (compiler, root) =
        wrapped.find_map(|compiler| Some((compiler, self_binary::root_of(&compiler.program)?)))?;
    if recorded.directories.is_empty() && recorded.libraries.is_empty() {
        return None;
    }
    let mut found = Searched::by(&compiler.program)?;
    let others = recorded
        .compilers
        .iter()
        .filter(|other| other.program != compiler.program);
    for other in others.filter(|other| other.program.is_absolute()) {
        found.extend(Searched::by(&other.program)?);
    }
    found
        .directories
        .extend(recorded.explicit.iter().map(|path| canonical(path)));

    let lost = recorded.directories.iter();
    let lost = lost.filter(|path| !found.directories.contains(&canonical(path)));
    let mut prefixes: Vec<PathBuf> = Vec::new();
    for prefix in lost.map(|path| prefix(path)) {
        if !prefixes.contains(&prefix) {
            prefixes.push(prefix);
        }
    }
    let called = shown(&compiler.program);
    let toolchain = shown(&root);
    if prefixes.is_empty() {
        let name = recorded
            .libraries
            .iter()
            .find(|name| !found.has_library(name))?;
        let name = String::from_utf8_lossy(name);
        let what = format!("links -l{name}, which {called} does not find now");
        let remedy = format!(
            "run the build in cc-wrapper run --toolchain {toolchain} --with PREFIX -- COMMAND, or make PREFIX the root's own: cc-wrapper wrap {toolchain} --with PREFIX"
        );
        return Some(Finding::error(ID, &compiler.file, what, remedy));
    }
    let names: Vec<String> = prefixes.iter().map(shown).collect();
    let options: Vec<String> = names.iter().map(|name| format!("--with {name}")).collect();
    let (names, options) = (names.join(" and "), options.join(" "));
    let what = format!(
        "was configured with {names}, which {called} does not search now: it takes other headers and libraries or none"
    );
    let remedy = format!(
        "run the build in cc-wrapper run --toolchain {toolchain} {options} -- COMMAND, or make them the root's own: cc-wrapper wrap {toolchain} {options}"
    );
    Some(Finding::error(ID, &compiler.file, what, remedy))
}

/// Returns the prefix that a directory of headers or libraries is in.
fn prefix(directory: &Path) -> PathBuf {
    let directory = plain(directory);
    let is_last = |path: &Path| {
        let name = path.file_name().unwrap_or_default();
        ["include", "lib", "lib64"]
            .iter()
            .any(|part| name == OsStr::from_bytes(part.as_bytes()))
    };
    let mut ancestors = directory.ancestors().take(3);
    let part = ancestors.find(|path| is_last(path)).and_then(Path::parent);
    part.unwrap_or(&directory).to_path_buf()
}
