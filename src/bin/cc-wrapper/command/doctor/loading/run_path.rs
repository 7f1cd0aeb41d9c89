//! The entries of a RUNPATH.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    Directory(PathBuf),
    /// As it is spelled; empty is the current directory.
    Relative(Vec<u8>),
    /// With something in it that depends on the loader.
    Opaque(Vec<u8>),
}

impl Entry {
    /// Where it leads from anywhere.
    pub fn directory(&self) -> Option<&PathBuf> {
        match self {
            Entry::Directory(path) => Some(path),
            _ => None,
        }
    }
}

/// Those of `list` for a file in the directory `origin`, each once.
pub fn entries(list: &[u8], separators: &[u8], origin: &Path) -> Vec<Entry> {
    let mut entries = Vec::new();
    if list.is_empty() {
        return entries;
    }
    let mut seen = BTreeSet::new();
    for spelled in list.split(|byte| separators.contains(byte)) {
        let entry = entry(spelled, origin);
        if seen.insert(entry.clone()) {
            entries.push(entry);
        }
    }
    entries
}

pub fn entry(spelled: &[u8], origin: &Path) -> Entry {
    for token in [&b"$ORIGIN"[..], b"${ORIGIN}"] {
        if let Some(rest) = spelled.strip_prefix(token) {
            if rest.contains(&b'$') || !matches!(rest, [] | [b'/', ..]) {
                break;
            }
            let path = [origin.as_os_str().as_bytes(), rest].concat();
            return Entry::Directory(OsString::from_vec(path).into());
        }
    }
    if spelled.contains(&b'$') {
        Entry::Opaque(spelled.to_vec())
    } else if spelled.starts_with(b"/") {
        Entry::Directory(OsStr::from_bytes(spelled).into())
    } else {
        Entry::Relative(spelled.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_seen_from_the_file() {
        let found = entries(
            b"$ORIGIN/../l:/a::b:${ORIGIN}:/a:/$LIB:$ORIGIN/$LIB",
            b":",
            Path::new("/o"),
        );
        let expected = [
            Entry::Directory("/o/../l".into()),
            Entry::Directory("/a".into()),
            Entry::Relative(b"".to_vec()),
            Entry::Relative(b"b".to_vec()),
            Entry::Directory("/o".into()),
            Entry::Opaque(b"/$LIB".to_vec()),
            Entry::Opaque(b"$ORIGIN/$LIB".to_vec()),
        ];
        assert_eq!(found, expected);
        assert_eq!(entries(b"", b":", Path::new("/")), []);
        assert_eq!(entries(b"/a;/b:/a", b":;", Path::new("/")).len(), 2);
    }
}
