//! CC_WRAPPER_LAUNCHER: what runs the compiler in a compile step.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::process::report::quoted;

const VARIABLE: &str = "CC_WRAPPER_LAUNCHER";

/// Why CC_WRAPPER_LAUNCHER cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub struct Unusable {
    pub what: String,
    pub remedy: String,
}

impl Unusable {
    fn new(what: String, remedy: &str) -> Unusable {
        let remedy = format!("{remedy}, or unset {VARIABLE}");
        Unusable { what, remedy }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{VARIABLE}: {}; {}", self.what, self.remedy)
    }
}

/// The words of the command line, the first one found on PATH.
///
/// # Errors
/// A quote has no end, or the program is not on PATH.
pub fn words(line: &[u8]) -> Result<Vec<OsString>, Unusable> {
    let no_end = || Unusable::new("a quote has no end".to_owned(), "close it");
    let mut words = split(line).ok_or_else(no_end)?;
    let Some(first) = words.first_mut() else {
        return Ok(words);
    };
    match which::which(&*first) {
        Ok(path) => *first = path.into_os_string(),
        Err(_) => {
            let what = format!("no program {} on PATH", quoted(first.as_bytes()));
            return Err(Unusable::new(what, "install it"));
        }
    }
    Ok(words)
}

/// As a shell splits them. The library knows text only, and looks at nothing
/// beyond ASCII: each byte is a character to it.
fn split(line: &[u8]) -> Option<Vec<OsString>> {
    let text: String = line.iter().map(|&b| char::from(b)).collect();
    let bytes = |word: String| word.chars().map(|c| c as u8).collect();
    let words = shell_words::split(&text).ok()?;
    Some(
        words
            .into_iter()
            .map(|word| OsString::from_vec(bytes(word)))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn all_bytes_survive() {
        let line = b"  cc\xffache 'a b' \"\xc3\xa9\" \\'";
        let words = split(line).unwrap();
        let want = [&b"cc\xffache"[..], b"a b", "é".as_bytes(), b"'"];
        assert_eq!(words, want.map(|word| OsString::from_vec(word.to_vec())));
        assert_eq!(split(b"'a"), None);
        assert_eq!(split(b" "), Some(vec![]));
    }

    #[test]
    fn what_is_not_there_is_named() {
        let error = words(b"no-such-launcher -x").unwrap_err().to_string();
        let expected = "CC_WRAPPER_LAUNCHER: no program no-such-launcher on PATH; \
                        install it, or unset CC_WRAPPER_LAUNCHER";
        assert_eq!(error, expected);
        let found = words(b"sh -x").unwrap();
        assert!(Path::new(&found[0]).is_absolute());
        assert_eq!(found[1], "-x");
    }
}
