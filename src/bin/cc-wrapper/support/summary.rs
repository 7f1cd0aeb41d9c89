//! The lines of the summaries that `wrap` and `adopt` print.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cc_wrapper::model::tool_name::ToolName;

/// Appends a line with a heading, unless `text` is empty.
pub fn row(out: &mut Vec<u8>, heading: &str, text: &str) {
    if !text.is_empty() {
        out.extend(format!("  {heading:<13} {text}\n").bytes());
    }
}

/// Returns the sorted names without version or target triple. Names with a
/// version or triple are only counted, with one as an example.
pub fn sorted(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.collect();
    names.sort_by_key(|name| (name.len(), name.clone()));
    let (bare, other): (Vec<_>, Vec<_>) = names
        .into_iter()
        .partition(|name| ToolName::parse(name.as_bytes()).is_none_or(|name| name.is_bare()));
    match (bare.as_slice(), other.as_slice()) {
        (bare, []) => bare.join(" "),
        ([], other) => other.join(" "),
        (bare, [one]) => format!("{} {one}", bare.join(" ")),
        (bare, [first, ..]) => {
            format!("{} and {} like {first}", bare.join(" "), other.len())
        }
    }
}

/// Returns `path` quoted for a shell, or unchanged if it is not UTF-8.
pub fn quoted(path: &Path) -> Vec<u8> {
    match path.to_str() {
        Some(text) => shell_words::quote(text).into_owned().into_bytes(),
        None => path.as_os_str().as_bytes().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn names_with_a_version_or_a_target_are_counted() {
        for (names, expected) in [
            (
                &["gcc-12", "cpp", "avr-gcc", "cc"][..],
                "cc cpp and 2 like gcc-12",
            ),
            (&["gcc", "gcc-12"], "gcc gcc-12"),
            (&["avr-gcc", "gcc-12"], "gcc-12 avr-gcc"),
            (&["cc-wrapper-hook", "cc"], "cc cc-wrapper-hook"),
        ] {
            let names = names.iter().map(|name| (*name).to_owned());
            assert_eq!(sorted(names), expected);
        }
    }

    #[test]
    fn a_path_is_quoted_for_the_shell() {
        assert_eq!(quoted(Path::new("/a b")), b"'/a b'");
        assert_eq!(quoted(Path::new("/a")), b"/a");
        let bytes = Path::new(OsStr::from_bytes(b"/\xff"));
        assert_eq!(quoted(bytes), b"/\xff");
    }
}
