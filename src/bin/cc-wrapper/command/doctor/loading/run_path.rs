//! The entries of an RPATH, a RUNPATH or LD_LIBRARY_PATH.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::command::doctor::files::path;
use crate::support::paths::absolute;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    Directory(PathBuf),
    /// As it is written; empty is the current directory.
    Relative(Vec<u8>),
    /// With `$LIB` or the like in it, which only the loader can expand.
    Opaque(Vec<u8>),
}

impl Entry {
    /// The directory, if it does not depend on the loader or the caller.
    pub fn directory(&self) -> Option<&PathBuf> {
        match self {
            Entry::Directory(path) => Some(path),
            _ => None,
        }
    }

    /// The path, as it is for programs that are run from here. `None`: only the
    /// loader can expand it.
    pub fn seen_here(&self) -> Option<PathBuf> {
        match self {
            Entry::Directory(path) => Some(path.clone()),
            Entry::Relative(spelled) => Some(absolute(path(spelled)).unwrap_or_default()),
            Entry::Opaque(_) => None,
        }
    }
}

/// As many entries as are looked at; no program has more.
pub const MOST: usize = 1024;

/// The entries of `list` for a file in the directory `origin`, each once; the
/// first `MOST` and one if there are more.
pub fn entries(list: &[u8], separators: &[u8], origin: &Path) -> Vec<Entry> {
    let mut entries = Vec::new();
    if list.is_empty() {
        return entries;
    }
    let mut seen = BTreeSet::new();
    for spelled in list.split(|byte| separators.contains(byte)) {
        let entry = entry(spelled, origin);
        if entries.len() <= MOST && seen.insert(entry.clone()) {
            entries.push(entry);
        }
    }
    entries
}

/// One entry.
pub fn entry(spelled: &[u8], origin: &Path) -> Entry {
    for token in [&b"$ORIGIN"[..], b"${ORIGIN}"] {
        if let Some(rest) = spelled.strip_prefix(token) {
            if rest.contains(&b'$') || !matches!(rest, [] | [b'/', ..]) {
                break;
            }
            let whole = [origin.as_os_str().as_bytes(), rest].concat();
            return Entry::Directory(path(&whole).into());
        }
    }
    if spelled.contains(&b'$') {
        Entry::Opaque(spelled.to_vec())
    } else if spelled.starts_with(b"/") {
        Entry::Directory(path(spelled).into())
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
