//! What an ELF file says of how it starts.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

pub const MAGIC: &[u8] = b"\x7fELF";

/// Program headers that name the interpreter.
const INTERP: u64 = 3;

/// Longer than any path.
const LONGEST: u64 = 4096;

/// Where the fields lie, by the width of addresses.
struct Layout {
    /// The first program header's place, and its length.
    headers: (u64, usize),
    entry_size: u64,
    count: u64,
    /// Of a program header: where its part lies in the file, and how long.
    offset: u64,
    size: u64,
    word: usize,
}

const LAYOUT_32: Layout = Layout {
    headers: (28, 4),
    entry_size: 42,
    count: 44,
    offset: 4,
    size: 16,
    word: 4,
};
const LAYOUT_64: Layout = Layout {
    headers: (32, 8),
    entry_size: 54,
    count: 56,
    offset: 8,
    size: 32,
    word: 8,
};

/// Whether the file at `path` is an ELF file, and not a link to one.
pub fn is_elf(path: &Path) -> bool {
    let mut magic = [0; MAGIC.len()];
    !path.is_symlink()
        && path.is_file()
        && File::open(path).is_ok_and(|file| file.read_exact_at(&mut magic, 0).is_ok())
        && magic == MAGIC
}

/// The interpreter that an ELF file names; `None`: it names none, or is no
/// ELF file.
pub fn interpreter(path: &Path) -> Option<PathBuf> {
    read(path).ok().flatten()
}

/// The interpreter that a file names and that does not exist.
pub fn missing_interpreter(path: &Path) -> Option<PathBuf> {
    interpreter(path).filter(|interpreter| !interpreter.exists())
}

fn read(path: &Path) -> io::Result<Option<PathBuf>> {
    let file = File::open(path)?;
    let mut begin = [0; 6];
    file.read_exact_at(&mut begin, 0)?;
    if !begin.starts_with(MAGIC) {
        return Ok(None);
    }
    let layout = if begin[4] == 2 { LAYOUT_64 } else { LAYOUT_32 };
    let is_little = begin[5] == 1;
    let number = |at: u64, length: usize| -> io::Result<u64> {
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..length];
        file.read_exact_at(bytes, at)?;
        if is_little {
            bytes.reverse();
        }
        Ok(bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
    };
    let (at, length) = layout.headers;
    let first = number(at, length)?;
    let size = number(layout.entry_size, 2)?;
    for n in 0..number(layout.count, 2)? {
        let header = first.saturating_add(n * size);
        if number(header, 4)? != INTERP {
            continue;
        }
        let field = |at: u64| number(header.saturating_add(at), layout.word);
        let length = field(layout.size)?.min(LONGEST);
        let mut path = vec![0; usize::try_from(length).unwrap_or_default()];
        file.read_exact_at(&mut path, field(layout.offset)?)?;
        let end = path.iter().position(|byte| *byte == 0);
        path.truncate(end.unwrap_or(path.len()));
        return Ok(Some(OsString::from_vec(path).into()));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_programs_interpreter_is_read() {
        let shell = interpreter(Path::new("/bin/sh")).unwrap();
        assert!(shell.exists(), "{}", shell.display());
        assert_eq!(missing_interpreter(Path::new("/bin/sh")), None);
        assert!(is_elf(&fs::canonicalize("/bin/sh").unwrap()));
    }

    #[test]
    fn both_widths_and_byte_orders_are_read() {
        for (class, order) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
            let layout = if class == 2 { LAYOUT_64 } else { LAYOUT_32 };
            let mut text = vec![0; 256];
            text[..4].copy_from_slice(MAGIC);
            (text[4], text[5]) = (class, order);
            let mut put = |at: u64, length: usize, value: u8| {
                let at = usize::try_from(at).unwrap();
                text[at + if order == 1 { 0 } else { length - 1 }] = value;
            };
            put(layout.headers.0, layout.headers.1, 64);
            put(layout.entry_size, 2, 60);
            put(layout.count, 2, 2);
            put(64, 4, 1);
            put(124, 4, 3);
            put(124 + layout.offset, layout.word, 200);
            put(124 + layout.size, layout.word, 6);
            text[200..206].copy_from_slice(b"/none\0");
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("x");
            fs::write(&path, &text).unwrap();
            let found = missing_interpreter(&path);
            assert_eq!(found, Some("/none".into()), "{class} {order}");
        }
    }

    #[test]
    fn what_is_none_or_is_cut_off_names_no_interpreter() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let whole = fs::read("/bin/sh").unwrap();
        for text in [&b""[..], b"#!/bin/none\n", MAGIC, &whole[..70]] {
            fs::write(&path, text).unwrap();
            assert_eq!(interpreter(&path), None);
        }
        assert_eq!(interpreter(dir.path()), None);
        assert!(!is_elf(dir.path()) && !is_elf(&dir.path().join("none")));
    }
}
