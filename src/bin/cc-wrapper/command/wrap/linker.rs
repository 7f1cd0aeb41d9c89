//! Makes compilers run the root's linker.

use std::path::{Path, PathBuf};

use cc_wrapper::model::toolchain::Family;

use super::probe::Compiler;
use super::run::Workshop;
use crate::support::error::{Error, Result};
use crate::support::show::shown;

/// Whether `compiler` needs `-B bin` to run the `linkers` in `bin`. Otherwise,
/// PATH suffices.
///
/// # Errors
/// It runs another linker even with `-B`.
pub fn needs_prefix(
    workshop: &Workshop,
    bin: &Path,
    compiler: &Compiler,
    linkers: &[&'static str],
) -> Result<bool> {
    let elsewhere = |by_prefix: bool| -> Result<Option<(&'static str, PathBuf)>> {
        for &linker in linkers {
            let answer = compiler.program_name_in(workshop, bin, by_prefix, linker)?;
            // If the answer is a bare name, the compiler searches PATH.
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
                "runs {} as {linker} even with -B and PATH set, so its links cannot be wrapped",
                shown(&answer)
            ),
        )
        .remedy("leave it out with --cc")),
    }
}

/// The subdirectory of a `-B` directory that gcc searches first, such as
/// `x86_64-linux-gnu/12`. Bare names there do not affect other compilers.
/// `None`: the compiler is not gcc, or does not print its directory.
pub fn private_directory(workshop: &Workshop, compiler: &Compiler) -> Result<Option<PathBuf>> {
    if compiler.identity.family != Family::Gcc {
        return Ok(None);
    }
    Ok(target_and_version(compiler.search_directories(workshop)?))
}

/// The last two components of the line
/// `install: /usr/lib/gcc/x86_64-linux-gnu/12/` in the output of
/// `-print-search-dirs`.
fn target_and_version(search_directories: &str) -> Option<PathBuf> {
    let install = search_directories
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
    fn target_and_version_are_read_from_gccs_install_directory() {
        let output = "install: /usr/lib/gcc-cross/aarch64-linux-gnu/12/\nprograms: =/bin\n";
        let expected = PathBuf::from("aarch64-linux-gnu/12");
        assert_eq!(target_and_version(output), Some(expected));
        assert_eq!(target_and_version("programs: =/bin\n"), None);
    }
}
