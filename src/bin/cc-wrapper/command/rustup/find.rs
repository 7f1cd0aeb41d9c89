//! Which toolchains are meant, and where they lie.

use super::arguments::Which;
use crate::support::error::{Error, Result, cannot};
use crate::support::paths::{absolute, canonical};
use crate::support::show::shown;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

/// Below a toolchain's root.
pub const RUSTLIB: &str = "lib/rustlib";

/// What was meant.
#[derive(Debug)]
pub struct Meant {
    /// Their roots, resolved, each once.
    pub toolchains: Vec<PathBuf>,
    /// Links in rustup's directory, which only their users' word touches.
    pub left_alone: Vec<PathBuf>,
}

/// # Errors
/// One is not there or is no toolchain, or rustup does not tell.
pub fn find(which: &Which) -> Result<Meant> {
    let mut left_alone = Vec::new();
    let mut toolchains: Vec<PathBuf> = Vec::new();
    let found = match which {
        Which::Active => vec![active()?],
        Which::All => {
            let (found, links): (Vec<_>, _) = installed()?
                .into_iter()
                .partition(|path| !path.is_symlink());
            left_alone = links;
            found
        }
        Which::Given(given) => {
            let given = given.iter().map(|given| named(given));
            given.collect::<Result<_>>()?
        }
    };
    for root in found {
        if !root.join(RUSTLIB).is_dir() {
            return Err(Error::about(
                &root,
                format!("is no Rust toolchain: it has no {RUSTLIB}"),
            ));
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

/// The one that a rustc called here would be of.
fn active() -> Result<PathBuf> {
    let root = ask(None)?;
    let home = canonical(&toolchains()?);
    if canonical(&root).parent() == Some(&home) {
        return Ok(root);
    }
    let what = match fs::read_link(&root) {
        Ok(target) => format!("{} is a link to {}", shown(&root), shown(&target)),
        Err(_) => format!("{} is not of rustup's installing", shown(&root)),
    };
    Err(
        Error::new(format!("the active toolchain {what}")).remedy(format!(
            "to change it there, give --toolchain {}",
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

/// The root of a toolchain, as rustup says; `None`: of the active one.
fn ask(name: Option<&OsStr>) -> Result<PathBuf> {
    let rustup = which::which("rustup").map_err(|_| {
        Error::new("there is no rustup on PATH to ask")
            .remedy("give the toolchain's directory as --toolchain PATH, with a slash in it")
    })?;
    let mut command = Command::new(&rustup);
    command.arg("which");
    if let Some(name) = name {
        command.arg("--toolchain").arg(name);
    }
    // To be told of what is not there, not to have it installed.
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
            let said = said.lines().next().unwrap_or("it says nothing");
            let asked = name.map_or_else(String::new, |name| format!(" of {}", shown(name)));
            Err(Error::new(format!(
                "rustup does not tell the place{asked}: {}",
                said.strip_prefix("error: ").unwrap_or(said)
            ))
            .remedy("give it as --toolchain PATH"))
        }
    }
}

/// A path that a program printed on a line of its own.
pub fn trimmed(text: &[u8]) -> PathBuf {
    let end = text.iter().rposition(|byte| !byte.is_ascii_whitespace());
    let text = &text[..end.map_or(0, |end| end + 1)];
    PathBuf::from(OsStr::from_bytes(text))
}

/// Where rustup has its toolchains.
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

/// All that rustup has, sorted.
fn installed() -> Result<Vec<PathBuf>> {
    let directory = toolchains()?;
    let entries = fs::read_dir(&directory).map_err(cannot("read", &directory))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(cannot("read", &directory))?.path();
        if path.is_symlink() || path.is_dir() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_path_ends_with_its_line() {
        for (text, path) in [("/a b\n", "/a b"), ("/a", "/a"), ("\n", ""), ("", "")] {
            assert_eq!(trimmed(text.as_bytes()), Path::new(path));
        }
    }

    #[test]
    fn a_path_has_a_slash() {
        assert!(
            named(OsStr::new("/no/such"))
                .unwrap_err()
                .line()
                .contains("/no/such")
        );
        assert_eq!(named(OsStr::new("/tmp/..")).unwrap(), Path::new("/tmp/.."));
    }
}
