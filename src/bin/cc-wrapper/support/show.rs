//! Formats paths and names for messages.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::process::report::quoted;

/// Returns a path or name in readable form: unchanged, or quoted for a shell if
/// it is not UTF-8 or has control characters.
pub fn shown<S: AsRef<OsStr> + ?Sized>(path: &S) -> String {
    let path = path.as_ref();
    match path.to_str() {
        Some(text) if !text.contains(char::is_control) => text.to_owned(),
        _ => quoted(path.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_on_one_line_with_each_byte() {
        assert_eq!(shown("/a b/é"), "/a b/é");
        assert_eq!(shown("a\nb"), r"$'a\nb'");
        assert_eq!(shown(OsStr::from_bytes(b"caf\xe9")), r"$'caf\xe9'");
    }
}
