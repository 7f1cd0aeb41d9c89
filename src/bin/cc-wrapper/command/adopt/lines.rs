//! Helpers for lines of shell scripts, as bytes.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The lines without white space around them.
pub fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&b| b == b'\n').map(trim)
}

/// `text` without white space around it.
pub fn trim(text: &[u8]) -> &[u8] {
    let is_word = |b: &u8| !b.is_ascii_whitespace();
    let start = text.iter().position(is_word).unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(is_word)
        .map_or(start, |last| last + 1);
    &text[start..end]
}

/// The text between `before` and `after`, if the line begins with `before` and
/// ends with `after`.
pub fn between<'t>(line: &'t [u8], before: &str, after: &str) -> Option<&'t [u8]> {
    let rest = line.strip_prefix(before.as_bytes())?;
    rest.strip_suffix(after.as_bytes())
}

/// The offset of the first `part` in `text`.
pub fn find(text: &[u8], part: &str) -> Option<usize> {
    let part = part.as_bytes();
    text.windows(part.len()).position(|window| window == part)
}

pub fn contains(text: &[u8], part: &str) -> bool {
    find(text, part).is_some()
}

/// The text after the first `part`.
pub fn behind<'t>(text: &'t [u8], part: &str) -> Option<&'t [u8]> {
    Some(&text[find(text, part)? + part.len()..])
}

/// The longest beginning of `text` with only characters of variable names.
pub fn name(text: &[u8]) -> &[u8] {
    let is_of_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let end = text.iter().position(|b| !is_of_name(b));
    &text[..end.unwrap_or(text.len())]
}

/// `text` as a path; `None` if it is not absolute.
pub fn path(text: &[u8]) -> Option<PathBuf> {
    let is_path = text.starts_with(b"/") && !text.contains(&0);
    is_path.then(|| PathBuf::from(OsStr::from_bytes(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_line_are_found() {
        assert_eq!(between(b"source /a/b", "source ", "/b"), Some(&b"/a"[..]));
        assert_eq!(between(b"source /a/b", "source ", "/c"), None);
        assert_eq!(behind(b"x${V_s:-}", "V_"), Some(&b"s:-}"[..]));
        assert_eq!((trim(b" a b\t"), trim(b" ")), (&b"a b"[..], &b""[..]));
        assert_eq!(name(b"s_1:-}"), b"s_1");
        assert_eq!(path(b"gcc"), None);
        assert!(contains(b"abc", "bc") && !contains(b"", "b"));
    }
}
