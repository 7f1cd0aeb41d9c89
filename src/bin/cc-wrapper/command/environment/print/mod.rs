//! Formats variables for shells and other readers.

mod fish;
mod github;
mod json;
mod posix;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::Variable;
use crate::support::error::{Error, Result};

/// Formats variables.
///
/// # Errors
/// Fails if the format cannot hold a value.
pub type Print = fn(&[Variable]) -> Result<Vec<u8>>;

/// An output format.
#[derive(Clone, Copy)]
pub struct Shell {
    pub name: &'static str,
    /// Names of other shells that read the same format.
    pub aliases: &'static [&'static str],
    pub print: Print,
    /// The output after an error. `eval "$(…)"` ignores the exit status, so the
    /// evaluated text itself must fail.
    pub failing: &'static [u8],
}

const FALSE: &[u8] = b"false\n";

/// All formats; the first is the default.
pub static ALL: [Shell; 5] = [
    shell("bash", &["sh", "dash", "ksh", "zsh"], posix::print, FALSE),
    shell("fish", &[], fish::print, FALSE),
    shell("nu", &[], json::nu, b""),
    shell("json", &[], json::print, b""),
    shell("github", &[], github::print, b""),
];

const fn shell(
    name: &'static str,
    aliases: &'static [&'static str],
    print: Print,
    failing: &'static [u8],
) -> Shell {
    Shell {
        name,
        aliases,
        print,
        failing,
    }
}

impl Shell {
    /// Returns the format with this name.
    pub fn named(name: &str) -> Option<&'static Shell> {
        let is_it = |shell: &&Shell| shell.name == name || shell.aliases.contains(&name);
        ALL.iter().find(is_it)
    }
}

/// Returns the value as text, for formats that cannot hold other bytes.
fn text<'v>(variable: &'v Variable, reader: &str) -> Result<&'v str> {
    std::str::from_utf8(&variable.value).map_err(|_| {
        let mut words = variable.value.split(|byte| b" \t\n:".contains(byte));
        let path = words.find(|word| std::str::from_utf8(word).is_err());
        Error::about(
            OsStr::from_bytes(path.unwrap_or_default()),
            format!(
                "is not UTF-8, which {reader} requires ({})",
                variable.shown()
            ),
        )
        .remedy("give a symlink to it with another name")
    })
}
