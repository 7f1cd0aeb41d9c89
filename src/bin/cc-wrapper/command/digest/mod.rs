//! `cc-wrapper digest COMPILER…`: tells a compiler cache what the environment
//! and a root add to compiles.

mod arguments;

use std::path::PathBuf;

use cc_wrapper::model::environment::Environment;

use crate::process::{os, search};
use crate::support::digest::Digest;
use crate::support::error::{Error, Result};
use crate::support::show::shown;

pub use arguments::{Arguments, HELP};

/// Runs the command and returns the digest for standard output.
///
/// # Errors
/// A compiler does not exist.
pub fn run(arguments: &Arguments) -> Result<Vec<u8>> {
    let found = arguments.compilers.iter().map(|name| {
        search::program(name).ok_or_else(|| {
            Error::new(format!("{}: not found on PATH", shown(name)))
                .remedy("name an installed compiler")
        })
    });
    let compilers = found.collect::<Result<Vec<PathBuf>>>()?;
    let variables = os::variables();
    let environment = Environment::new(variables.iter().map(|string| &string[..]));
    Ok(format!("{}\n", Digest::of(&compilers, &environment)).into_bytes())
}
