//! Variables as shells and other readers take them.

mod fish;
mod github;
mod json;
mod posix;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::Variable;
use crate::command::error::{Error, Result};
use crate::command::paths::shown;

/// Writes variables down.
///
/// # Errors
/// A value cannot be written so.
pub type Print = fn(&[Variable]) -> Result<Vec<u8>>;

/// By the names of those who read it; the first is the default.
pub const ALL: [(&str, Print); 5] = [
    ("bash", posix::print),
    ("fish", fish::print),
    ("nu", json::nu),
    ("json", json::print),
    ("github", github::print),
];

/// The value, for readers that know text only.
fn text<'v>(variable: &'v Variable, reader: &str) -> Result<&'v str> {
    std::str::from_utf8(&variable.value).map_err(|_| {
        let mut words = variable.value.split(|byte| b" \t\n:".contains(byte));
        let path = words.find(|word| std::str::from_utf8(word).is_err());
        Error::new(format!(
            "{} is no UTF-8, which {reader} cannot hold ({}); give a symlink to it with another name",
            shown(OsStr::from_bytes(path.unwrap_or_default())),
            variable.shown()
        ))
    })
}
