//! `cc-wrapper env PREFIX…`: what nixpkgs' setup hooks export for these
//! dependencies, where there is no Nix to run them.

mod arguments;
mod dependencies;
mod directories;
mod print;
mod reader;
mod root;
mod variables;

use std::env;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use clap::ArgMatches;

pub use arguments::{command, toolchain, HELP, NAME};
pub use variables::Variable;

use self::arguments::Arguments;
use self::root::Root;
use crate::command::error::{Error, Result};
use crate::command::output;
use crate::command::own;
use crate::command::paths::canonical;

/// Does what the command line asks.
///
/// # Errors
/// A prefix or the root is not what it should be, or the shell cannot hold a
/// value; then nothing is printed.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let arguments = Arguments::read(matches);
    let variables = variables(&arguments.prefixes, arguments.toolchain)?;
    if variables.is_empty() {
        return Err(Error::new(
            "nothing to find: give the PREFIX of a dependency, or a wrapped root with --toolchain",
        )
        .exiting(2));
    }
    let text = (arguments.print)(&variables)?;
    output::to_stdout(&text)
}

/// The variables that the dependencies under `prefixes` and the root
/// `toolchain` (or the one that this program lies in) set.
///
/// # Errors
/// One of them is not what it should be.
pub fn variables(prefixes: &[&Path], toolchain: Option<&Path>) -> Result<Vec<Variable>> {
    let dependencies = dependencies::follow(prefixes)?;
    let directories: Vec<_> = dependencies
        .iter()
        .map(|prefix| directories::of(prefix))
        .collect();
    let root = match toolchain {
        Some(dir) => Some(Root::read(dir)?),
        None => own_root().map(|dir| Root::read(&dir)).transpose()?,
    };
    if root.is_none() && !prefixes.is_empty() {
        reader::check();
    }
    let current = |name: &str| env::var_os(name).map(OsStringExt::into_vec);
    Ok(variables::of(&directories, root.as_ref(), &current))
}

/// `ROOT/bin/cc-wrapper` means ROOT.
fn own_root() -> Option<PathBuf> {
    let program = canonical(&own::this());
    let root = program.parent()?.parent()?;
    root::is_one(root).then(|| root.to_path_buf())
}
