//! The entries of a RUNPATH.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::command::paths::canonical;

#[derive(Debug, PartialEq, Eq)]
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

/// Those of `file`, each once.
pub fn entries(run_path: &[u8], file: &Path) -> Vec<Entry> {
    let mut entries = Vec::new();
    if run_path.is_empty() {
        return entries;
    }
    for spelled in run_path.split(|byte| *byte == b':') {
        let entry = entry(spelled, file);
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    entries
}

fn entry(spelled: &[u8], file: &Path) -> Entry {
    let file = canonical(file);
    let origin = file.parent().unwrap_or(Path::new("/"));
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
        let dir = tempfile::tempdir().unwrap();
        let real = canonical(dir.path());
        std::fs::write(real.join("x"), "").unwrap();
        let found = entries(
            b"$ORIGIN/../l:/a::b:${ORIGIN}:/a:/$LIB:$ORIGIN/$LIB",
            &real.join("x"),
        );
        let expected = [
            Entry::Directory(real.join("../l")),
            Entry::Directory("/a".into()),
            Entry::Relative(b"".to_vec()),
            Entry::Relative(b"b".to_vec()),
            Entry::Directory(real),
            Entry::Opaque(b"/$LIB".to_vec()),
            Entry::Opaque(b"$ORIGIN/$LIB".to_vec()),
        ];
        assert_eq!(found, expected);
        assert_eq!(entries(b"", Path::new("/x")), []);
    }
}
