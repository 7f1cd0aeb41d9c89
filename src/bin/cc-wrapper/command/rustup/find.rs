//! Finds the Rust toolchains that the command line selects.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use super::arguments::Arguments;
use crate::process::search;
use crate::support::error::{Error, Result, cannot};
use crate::support::paths::{absolute, canonical, entries};
use crate::support::show::shown;

/// The directory of targets, relative to a toolchain's root.
pub const RUSTLIB: &str = "lib/rustlib";

/// The selected toolchains.
#[derive(Debug)]
pub struct Meant {
    /// The resolved roots, without duplicates.
    pub toolchains: Vec<PathBuf>,
    /// Links in rustup's directory. They are changed only if the user names
    /// them.
    pub left_alone: Vec<PathBuf>,
}

/// # Errors
/// A toolchain does not exist, a directory is not a toolchain, or rustup fails.
pub fn find(arguments: &Arguments) -> Result<Meant> {
    let mut left_alone = Vec::new();
    let mut toolchains: Vec<PathBuf> = Vec::new();
    let given = arguments.toolchains.iter();
    let mut found = given
        .map(|given| named(given))
        .collect::<Result<Vec<_>>>()?;
    if arguments.all {
        let installed = installed()?.into_iter();
        (found, left_alone) = installed.partition(|path| !path.is_symlink());
    } else if found.is_empty() {
        found.push(active()?);
    }
    for root in found {
        if !root.join(RUSTLIB).is_dir() {
            return Err(Error::about(&root, "is not a Rust toolchain")
                .because(format!("it has no {RUSTLIB}"))
                .remedy("give a toolchain's directory, or its name in rustup"));
        }
        let root = fs::canonicalize(&root).map_err(cannot("resolve", &root))?;
        if !toolchains.contains(&root) {
            toolchains.push(root);
        }
    }
    Ok(Meant {
        toolchains,
        left_alone,
    })
}

/// The toolchain that rustup selects in the current directory.
///
/// # Errors
/// rustup fails, or it has not installed this toolchain itself.
fn active() -> Result<PathBuf> {
    let root = ask(None)?;
    let home = canonical(&toolchains()?);
    if canonical(&root).parent() == Some(&home) {
        return Ok(root);
    }
    let what = match fs::read_link(&root) {
        Ok(target) => format!("{} is a link to {}", shown(&root), shown(&target)),
        Err(_) => format!("{} was not installed by rustup", shown(&root)),
    };
    Err(
        Error::new(format!("the active toolchain {what}")).remedy(format!(
            "to wrap it there, give --toolchain {}",
            shell_words::quote(&canonical(&root).to_string_lossy())
        )),
    )
}

fn named(given: &OsStr) -> Result<PathBuf> {
    if !given.as_bytes().contains(&b'/') {
        return ask(Some(given));
    }
    let root = absolute(Path::new(given))?;
    match fs::metadata(&root) {
        Ok(_) => Ok(root),
        Err(why) => Err(cannot("read", &root)(why)),
    }
}

/// Asks rustup for the root of a toolchain; `None`: the active one.
fn ask(name: Option<&OsStr>) -> Result<PathBuf> {
    let rustup = search::program("rustup").ok_or_else(|| {
        Error::new("cannot find the toolchain")
            .because("no rustup on PATH")
            .remedy("give the toolchain's directory as --toolchain PATH, with a slash in it")
    })?;
    let mut command = Command::new(&rustup);
    command.arg("which");
    if let Some(name) = name {
        command.arg("--toolchain").arg(name);
    }
    // Otherwise rustup installs a missing toolchain.
    command.arg("rustc").env("RUSTUP_AUTO_INSTALL", "0");
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(cannot("run", &rustup))?;
    let path = trimmed(&output.stdout);
    match path.parent().and_then(Path::parent) {
        Some(root) if output.status.success() => Ok(root.to_path_buf()),
        _ => {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.lines().next().unwrap_or("no error message");
            let asked = name.map_or_else(String::new, |name| format!(" of {}", shown(name)));
            Err(Error::new(format!("rustup does not print the path{asked}"))
                .because(said.strip_prefix("error: ").unwrap_or(said))
                .remedy("give the toolchain's directory as --toolchain PATH"))
        }
    }
}

/// The path that a program has printed, without white space at the end.
pub fn trimmed(text: &[u8]) -> PathBuf {
    let end = text.iter().rposition(|byte| !byte.is_ascii_whitespace());
    let text = &text[..end.map_or(0, |end| end + 1)];
    PathBuf::from(OsStr::from_bytes(text))
}

/// The directory of rustup's toolchains.
fn toolchains() -> Result<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let home = match (set("RUSTUP_HOME"), set("HOME")) {
        (Some(home), _) => PathBuf::from(home),
        (None, Some(home)) => Path::new(&home).join(".rustup"),
        (None, None) => {
            return Err(Error::new("neither RUSTUP_HOME nor HOME is set")
                .remedy("give the toolchain's directory as --toolchain PATH"));
        }
    };
    Ok(absolute(&home)?.join("toolchains"))
}

/// All toolchains in rustup's directory, sorted.
fn installed() -> Result<Vec<PathBuf>> {
    let mut paths = entries(&toolchains()?)?;
    paths.retain(|path| path.is_symlink() || path.is_dir());
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_after_a_path_is_removed() {
        for (text, path) in [("/a b\n", "/a b"), ("/a", "/a"), ("\n", ""), ("", "")] {
            assert_eq!(trimmed(text.as_bytes()), Path::new(path));
        }
    }

    #[test]
    fn a_name_with_a_slash_is_a_path() {
        assert!(
            named(OsStr::new("/no/such"))
                .unwrap_err()
                .line()
                .contains("/no/such")
        );
        assert_eq!(named(OsStr::new("/tmp/..")).unwrap(), Path::new("/tmp/.."));
    }
}
