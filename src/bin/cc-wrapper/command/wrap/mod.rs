//! `cc-wrapper wrap DIR`: creates a root (docs/glossary.md) for installed
//! compilers. docs/commands.md describes the command, docs/toolchain.md the
//! files.

mod arguments;
mod bintools;
mod check;
mod describe;
mod find;
mod gnat;
mod hardening;
mod lay_out;
mod linker;
mod loader;
mod pkg_config;
mod probe;
mod report;
mod run;
mod select;
mod with;

use self::bintools::{Bintools, Source};
use self::check::Check;
use self::describe::Description;
use self::find::Search;
use self::loader::Loader;
use self::probe::Compiler;
use self::report::Report;
use self::run::Workshop;
use self::select::Selection;
use self::with::With;
use crate::process::anonymous_file::temporary_directory;
use crate::support::error::{Error, Result, cannot};
use crate::support::install::Staging;
use crate::support::self_binary::BINARY;
use crate::support::show::shown;
use crate::support::{interrupt, linker_shims, paths};
use cc_wrapper::model::toolchain::Family;
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::{Path, PathBuf};

pub use arguments::{Arguments, HELP};
pub use loader::musl_directories;

/// Runs the command and returns its report for standard output.
///
/// # Errors
/// Returns the reason why the root cannot be created. No file has changed then.
pub fn run(mut arguments: Arguments) -> Result<Vec<u8>> {
    arguments.check()?;
    interrupt::watch();
    // A failed tool may have received the same signal just before us. Then the
    // interrupt is the error to report.
    wrap(arguments).map_err(|error| interrupt::check().err().unwrap_or(error))
}

fn wrap(mut arguments: Arguments) -> Result<Vec<u8>> {
    let hardening = arguments.hardening.as_deref();
    let hardening = hardening.map(hardening::parse_list).transpose()?;
    let staging = Staging::beside(&arguments.dir)?;
    let root = staging.root();
    let search = Search::along(&env::var_os("PATH").unwrap_or_default());
    let workshop = Workshop::new(search.path(), staging.scratch()?);

    let ld = match &arguments.ld {
        Some(ld) => Some(search.named(ld, "--ld")?.0),
        None => None,
    };
    let bintools = match &arguments.bintools {
        Some(directory) => Some(paths::absolute(directory)?),
        None => None,
    };
    let selection = if arguments.cc.is_empty() {
        Selection::of_path(&workshop, &search)?
    } else {
        Selection::of_names(&workshop, &search, &arguments.cc)?
    };
    let mut bintools = Source {
        workshop: &workshop,
        path: &search,
        directory: bintools.as_deref(),
        ld: ld.as_deref(),
        gnat: !selection.gnat.is_empty(),
    }
    .find(selection.main())?;
    let foreign = !selection.target().is_native();
    if foreign {
        // clang finds linkers on PATH under their bare names, because it has no
        // private directory.
        bintools.set_apart(selection.prefix(), selection.has_family(Family::Clang));
    }

    let tools = selection.names.iter().map(|named| &named.name);
    let gnat = selection.gnat.iter().map(|found| &found.name);
    let pkg_config = pkg_config::of(&search, selection.target());
    let tools = tools.chain(gnat).chain(bintools.linkers.keys());
    let tools = tools.chain(pkg_config.iter().map(|found| &found.name));
    lay_out::bin(&root, tools, bintools.plain.iter())?;
    linker_shims::lay(&root, Path::new(BINARY))?;
    if foreign {
        private_linkers(&workshop, &root, &selection, &bintools)?;
    }
    let by_prefix = linkers_by_prefix(&workshop, &root, &selection, &bintools)?;

    let loader = Loader::of(&workshop, selection.main())?;
    let given = arguments.flags.dynamic_linker.as_ref();
    let given = given.map(|path| Loader::at(&workshop, selection.target(), path.clone()));
    let system = system_directories(&workshop, [&loader, &given], &selection)?;
    let sysroot = arguments.sysroot.as_deref();
    let sysroot = sysroot.map(|path| sysroot_of(staging.place(), path));
    let sysroot = sysroot.transpose()?;
    let with = With::of(&arguments.with, selection.target())?;
    with.add_to(&mut arguments.flags);
    let toolchain = Description {
        workshop: &workshop,
        salt: arguments.salt.take(),
        store: &arguments.store,
        hardening: hardening.as_deref(),
        sysroot: sysroot.as_deref(),
        allow_host_directories: arguments.allow_host_directories,
        rpaths: &arguments.rpaths,
        selection: &selection,
        bintools: &bintools,
        pkg_config: &pkg_config,
        by_prefix: &by_prefix,
        system_directories: &system,
        with: &with,
    }
    .toolchain()?;
    lay_out::nix_support(&root, &toolchain, &arguments.flags)?;
    let carried_over = staging.carry_over(&lay_out::WRITTEN)?;

    let runs_not = runs_not(&selection, given.as_ref().or(loader.as_ref()));
    let checked = if !arguments.no_check {
        let check = Check {
            workshop: &workshop,
            root: &root,
            selection: &selection,
            with_store: !arguments.store.is_empty(),
            runs_not: runs_not.as_deref(),
        };
        Some(check.run()?)
    } else {
        None
    };
    let report = Report {
        dir: &paths::absolute(&arguments.dir)?,
        selection: &selection,
        bintools: &bintools,
        pkg_config: &pkg_config,
        by_prefix: &by_prefix,
        checked: checked.as_ref(),
        carried_over: &carried_over,
        forgotten: &with::forgotten(&arguments.dir, &with),
    }
    .lines();
    interrupt::check()?;
    staging.install()?;
    Ok(report)
}

/// The path of a sysroot for `toolchain.json`: relative to the root if it lies in
/// it. Then it need not exist yet.
///
/// # Errors
/// It is outside of the root and is not a directory.
fn sysroot_of(root: &Path, sysroot: &Path) -> Result<PathBuf> {
    let path = paths::without_parents(&paths::absolute(sysroot)?);
    if let Ok(inside) = path.strip_prefix(root) {
        return Ok(inside.to_path_buf());
    }
    if !path.is_dir() {
        return Err(Error::about(&path, "is not a directory")
            .remedy("give --sysroot the directory that holds usr and lib"));
    }
    Ok(path)
}

/// The library directories that never become an rpath in programs linked by the
/// compiler `cc`, a name on PATH.
///
/// # Errors
/// There is no such compiler, or it does not answer.
pub fn system_directories_of(cc: &str) -> Result<Vec<PathBuf>> {
    let place = temporary_directory();
    let scratch = tempfile::tempdir_in(&place).map_err(cannot("write in", &place))?;
    let search = Search::along(&env::var_os("PATH").unwrap_or_default());
    let workshop = Workshop::new(search.path(), scratch.path().to_path_buf());
    let selection = Selection::of_names(&workshop, &search, &[cc.into()])?;
    let loader = Loader::of(&workshop, selection.main())?;
    system_directories(&workshop, [&loader, &None], &selection)
}

/// Creates links with the linkers' bare names in directories that only the
/// root's gcc compilers search.
fn private_linkers(
    workshop: &Workshop,
    root: &Path,
    selection: &Selection,
    bintools: &Bintools,
) -> Result<()> {
    let mut directories = BTreeSet::new();
    for compiler in &selection.compilers {
        directories.extend(linker::private_directory(workshop, compiler)?);
    }
    for directory in directories {
        lay_out::private_bin(root, &directory, &bintools.called())?;
    }
    Ok(())
}

/// For each compiler, whether it needs `-B` to find the root's linkers. Asks
/// each program once, even if several compilers share it.
fn linkers_by_prefix(
    workshop: &Workshop,
    root: &Path,
    selection: &Selection,
    bintools: &Bintools,
) -> Result<Vec<bool>> {
    let bin = root.join("bin");
    let linkers: Vec<&str> = bintools.called().into_keys().collect();
    let mut answers: BTreeMap<PathBuf, bool> = BTreeMap::new();
    let mut ask = |compiler: &Compiler| {
        let program = paths::canonical(&compiler.program);
        if let Some(answer) = answers.get(&program) {
            return Ok(*answer);
        }
        let answer = linker::needs_prefix(workshop, &bin, compiler, &linkers)?;
        answers.insert(program, answer);
        Ok(answer)
    };
    selection.compilers.iter().map(&mut ask).collect()
}

fn system_directories(
    workshop: &Workshop,
    loaders: [&Option<Loader>; 2],
    selection: &Selection,
) -> Result<Vec<PathBuf>> {
    let mut searched = Vec::new();
    for loader in loaders.into_iter().flatten() {
        searched.extend(loader.directories()?);
    }
    loader::system_directories(workshop, &searched, &selection.compilers)
}

/// The reason why programs linked by the root do not run on this machine;
/// `None` if they do.
fn runs_not(selection: &Selection, loader: Option<&Loader>) -> Option<String> {
    if !selection.target().is_native() {
        return Some("another machine's programs".to_owned());
    }
    match loader {
        Some(loader) if !loader.runs_here() => {
            Some(format!("no dynamic loader at {}", shown(loader.path())))
        }
        _ => None,
    }
}
