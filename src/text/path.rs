//! Functions for paths, which are bytes.

/// `path` without the slashes at its end.
pub fn without_slashes(mut path: &[u8]) -> &[u8] {
    while let [rest @ .., b'/'] = path {
        path = rest;
    }
    path
}

/// The directory part of `path`, without slashes at its end. Empty if the path
/// has no slash, or only one at the beginning.
pub fn directory(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|&b| b == b'/').unwrap_or(0);
    without_slashes(&path[..end])
}

/// The last component of `path`, or the whole path if it has no slash.
pub fn file_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&b| b == b'/').next().unwrap_or(path)
}

/// The nonempty entries of a colon-separated list such as PATH.
pub fn entries(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|&b| b == b':').filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_a_directory_and_a_name() {
        for (path, parts) in [
            ("/a/b", ("/a", "b")),
            ("/a//b", ("/a", "b")),
            ("/b", ("", "b")),
            ("a/", ("a", "")),
            ("b", ("", "b")),
        ] {
            let path = path.as_bytes();
            let (directory_, name) = (directory(path), file_name(path));
            assert_eq!((directory_, name), (parts.0.as_bytes(), parts.1.as_bytes()));
        }
    }

    #[test]
    fn a_search_path_has_no_empty_entries() {
        let list: alloc::vec::Vec<_> = entries(b":/a::b:").collect();
        assert_eq!(list, [&b"/a"[..], b"b"]);
    }
}
