//! Making sure that the linker which a compiler runs is the root's.

use super::probe::Compiler;
use super::run::Workshop;
use crate::support::error::{Error, Result};
use crate::support::show::shown;
use cc_wrapper::model::toolchain::Family;
use std::path::{Path, PathBuf};

/// Whether `compiler` must be told with `-B` where `bin` is, so that it takes
/// the `linkers` there.
///
/// # Errors
/// It takes another linker even then.
pub fn needs_prefix(
    workshop: &Workshop,
    bin: &Path,
    compiler: &Compiler,
    linkers: &[&'static str],
) -> Result<bool> {
    let elsewhere = |by_prefix: bool| -> Result<Option<(&'static str, PathBuf)>> {
        for &linker in linkers {
            let answer = compiler.program_name_in(workshop, bin, by_prefix, linker)?;
            // A bare name is one that it will look for on PATH.
            if answer.is_absolute() && !answer.starts_with(bin) {
                return Ok(Some((linker, answer)));
            }
        }
        Ok(None)
    };
    if elsewhere(false)?.is_none() {
        return Ok(false);
    }
    match elsewhere(true)? {
        None => Ok(true),
        Some((linker, answer)) => Err(Error::about(
            &compiler.program,
            format!(
                "runs {} as {linker} whatever -B and PATH say, past any wrapper",
                shown(&answer)
            ),
        )
        .remedy("leave it out with --cc")),
    }
}

/// Where below a `-B` directory `compiler` looks first: for its own target and
/// version. Bare names that lie there are in nobody else's way.
pub fn private_directory(workshop: &Workshop, compiler: &Compiler) -> Result<Option<PathBuf>> {
    if compiler.identity.family != Family::Gcc {
        return Ok(None);
    }
    Ok(target_and_version(compiler.search_directories(workshop)?))
}

/// The end of gcc's `install: /usr/lib/gcc/x86_64-linux-gnu/12/`.
fn target_and_version(told: &str) -> Option<PathBuf> {
    let install = told
        .lines()
        .find_map(|line| line.strip_prefix("install: "))?;
    let install = Path::new(install);
    let target = install.parent()?.file_name()?;
    Some(Path::new(target).join(install.file_name()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gcc_tells_where_it_looks_first() {
        let told = "install: /usr/lib/gcc-cross/aarch64-linux-gnu/12/\nprograms: =/bin\n";
        let expected = PathBuf::from("aarch64-linux-gnu/12");
        assert_eq!(target_and_version(told), Some(expected));
        assert_eq!(target_and_version("programs: =/bin\n"), None);
    }
}
