//! CC_WRAPPER_LAUNCHER: the command that runs the compiler in a compile step,
//! such as ccache.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use cc_wrapper::model::message::Message;

use crate::process::report::quoted;
use crate::process::search;

const VARIABLE: &str = "CC_WRAPPER_LAUNCHER";

/// Splits the launcher's command line into words and looks up the first on
/// PATH.
///
/// # Errors
/// Fails if a quote is not closed, or the first word is not a program on PATH.
pub fn words(line: &[u8]) -> Result<Vec<OsString>, Message> {
    let mut words = split(line).ok_or_else(|| unusable("a quote has no end", "close it"))?;
    let Some(first) = words.first_mut() else {
        return Ok(words);
    };
    match search::program(&*first) {
        Some(path) => *first = path.into_os_string(),
        None => {
            let name = quoted(first.as_bytes());
            let why = format!("no program {name} on PATH");
            return Err(unusable(&why, "install it"));
        }
    }
    Ok(words)
}

fn unusable(why: &str, remedy: &str) -> Message {
    Message::at("cannot use", VARIABLE)
        .because(why)
        .remedy(format!("{remedy}, or unset {VARIABLE}"))
}

/// Splits `line` like a shell; `None` if a quote is not closed. The library
/// accepts only text, but treats no character beyond ASCII specially, so each
/// byte is passed to it as one character.
pub fn split(line: &[u8]) -> Option<Vec<OsString>> {
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
    fn a_missing_launcher_is_named() {
        let error = words(b"no-such-launcher -x").unwrap_err();
        assert_eq!(
            error.text(),
            b"cannot use CC_WRAPPER_LAUNCHER: no program no-such-launcher on PATH; \
              install it, or unset CC_WRAPPER_LAUNCHER"
        );
        let found = words(b"sh -x").unwrap();
        assert!(Path::new(&found[0]).is_absolute());
        assert_eq!(found[1], "-x");
    }
}
