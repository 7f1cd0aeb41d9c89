//! `/etc/ld.so.cache`, as glibc has written it since 1998.

use std::path::PathBuf;

use crate::command::doctor::files::path;

/// The beginning of the part that is read; one in an older format may precede it.
const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
const HEADER: usize = 48;
const ENTRY: usize = 24;
/// No machine has as many libraries.
const MOST: usize = 1 << 16;
const LONGEST: usize = 4096;

/// The places of a library with this name, in the cache's order; none if the
/// format is unknown.
pub fn places<'t>(text: &'t [u8], library: &'t [u8]) -> impl Iterator<Item = PathBuf> + 't {
    let begin = text.windows(MAGIC.len()).position(|part| part == MAGIC);
    let part = begin.map_or(&b""[..], |at| &text[at..]);
    let count = number(part, MAGIC.len()).unwrap_or(0);
    let entry = |n: usize| {
        let at = HEADER.checked_add(n.checked_mul(ENTRY)?)?;
        Some((number(part, at + 4)?, number(part, at + 8)?))
    };
    let entries = (0..count.min(MOST)).map_while(entry);
    let is_it = move |name| {
        let name = part.get(name..).and_then(|text| text.strip_prefix(library));
        name.is_some_and(|rest| rest.first() == Some(&0))
    };
    let places = entries.filter(move |(name, _)| is_it(*name));
    places.filter_map(|(_, place)| Some(path(string(part, place)?).into()))
}

fn number(text: &[u8], at: usize) -> Option<usize> {
    let bytes = text.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_ne_bytes(bytes.try_into().ok()?)).ok()
}

fn string(text: &[u8], at: usize) -> Option<&[u8]> {
    let begin = text.get(at..)?;
    let end = begin.iter().take(LONGEST).position(|byte| *byte == 0)?;
    Some(&begin[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> Vec<u8> {
        let mut text = b"older".to_vec();
        text.extend_from_slice(MAGIC);
        text.extend_from_slice(&1u32.to_ne_bytes());
        text.resize(5 + HEADER, 0);
        let strings = (HEADER + ENTRY) as u32;
        for n in [3, strings, strings + 5, 0, 0, 0] {
            text.extend_from_slice(&n.to_ne_bytes());
        }
        text.extend_from_slice(b"liba\0/l/liba\0");
        text
    }

    #[test]
    fn libraries_are_read() {
        let text = cache();
        let found = |name: &str| places(&text, name.as_bytes()).collect::<Vec<_>>();
        assert_eq!(found("liba"), [PathBuf::from("/l/liba")]);
        assert!(found("lib").is_empty() && found("libab").is_empty());
    }

    #[test]
    fn what_is_cut_off_holds_nothing() {
        let whole = cache();
        for length in 0..whole.len() {
            assert_eq!(places(&whole[..length], b"liba").count(), 0);
        }
    }
}
