//! `cc-wrapper env PREFIX…`: prints the variables that nixpkgs' setup hooks
//! would export for these dependencies, for use without Nix.

mod arguments;
mod caches;
mod install;
mod print;
mod reader;
mod root;
mod variables;

use std::env;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::str;

pub use arguments::{Arguments, BuildOptions, HELP};
pub use variables::Variable;

use self::print::Shell;
use self::root::Root;
use crate::support::error::{Error, Result};
use crate::support::output;
use crate::support::paths::canonical;
use crate::support::prefix::{dependencies, directories};
use crate::support::self_binary;
use crate::support::triple::Triple;

/// Runs the command.
///
/// # Errors
/// Fails, without any output, if a prefix or the root is not valid, or the
/// shell cannot hold a value.
pub fn run(arguments: &Arguments) -> Result<()> {
    match text(arguments) {
        Ok(text) => output::to_stdout(&text),
        Err(error) => {
            let _ = output::to_stdout(arguments.shell.failing);
            Err(error)
        }
    }
}

/// Makes the shell that evaluates the output fail too, if the command line
/// `words` is wrong.
pub fn refuse(words: &[OsString]) {
    let mut words = words.iter().map(|word| word.as_bytes());
    let mut name = Some(print::ALL[0].name);
    while let Some(word) = words.next() {
        match word.strip_prefix(b"--shell") {
            Some(b"") => name = words.next().and_then(|word| str::from_utf8(word).ok()),
            Some([b'=', word @ ..]) => name = str::from_utf8(word).ok(),
            _ => {}
        }
    }
    if let Some(shell) = name.and_then(Shell::named) {
        let _ = output::to_stdout(shell.failing);
    }
}

fn text(arguments: &Arguments) -> Result<Vec<u8>> {
    let variables = variables(&arguments.prefixes, &arguments.build)?;
    if variables.is_empty() {
        return Err(Error::new(
            "nothing to find: give the PREFIX of a dependency, or a wrapped root with --toolchain",
        )
        .exiting(2));
    }
    (arguments.shell.print)(&variables)
}

/// Returns the variables for the dependencies under `prefixes`, the named root
/// and the prefix of the build. If no root is named, uses the root that
/// contains this program.
///
/// # Errors
/// Fails if a prefix or the root is not valid.
pub fn variables(prefixes: &[PathBuf], build: &BuildOptions) -> Result<Vec<Variable>> {
    let dependencies = dependencies::follow(prefixes)?;
    let root = match &build.toolchain {
        Some(dir) => Some(Root::read(dir)?),
        None => own_root().map(|dir| Root::read(&dir)).transpose()?,
    };
    let target = root.as_ref().and_then(|root| root.target.clone());
    let target = target.unwrap_or_else(Triple::of_machine);
    let own = root.as_ref().map_or(&[][..], |root| &root.with);
    let [dependencies, own] = [&dependencies[..], own].map(|prefixes| {
        // A root's prefix may have been removed since.
        let found = prefixes
            .iter()
            .filter(|prefix| prefix.is_dir())
            .map(|prefix| directories::in_prefix(prefix, &target));
        found.collect::<Vec<_>>()
    });
    match &root {
        Some(root) => root.check_others(),
        None if prefixes.is_empty() => {}
        None => reader::check(),
    }
    let current = |name: &str| env::var_os(name).map(OsStringExt::into_vec);
    let mut variables = variables::compute(&dependencies, &own, root.as_ref(), &current);
    variables.extend(install::variable(build, &target)?);
    if !variables.is_empty() {
        let compilers = match &root {
            Some(root) => root.compilers.clone(),
            None => reader::compilers(),
        };
        variables.extend(caches::variables(&variables, &compilers));
    }
    Ok(variables)
}

/// Returns ROOT if this program is `ROOT/bin/cc-wrapper`.
fn own_root() -> Option<PathBuf> {
    let program = canonical(&self_binary::this());
    let root = program.parent()?.parent()?;
    root::is_one(root).then(|| root.to_path_buf())
}
