//! The ELF note that identifies every version of this binary.
//!
//! `readelf --notes` shows it: the owner is `cc-wrapper`, the type is 1, and
//! the description is the version. The note is in a loaded segment, so `strip`
//! keeps it.

use object::read::ReadRef;

use crate::support::elf;

/// The owner, which defines the meaning of the type.
const OWNER: &str = "cc-wrapper";

/// The only type so far: "this is cc-wrapper; the description is its version".
const TYPE: u32 = 1;

/// The note's description.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The alignment of a note's fields.
const ALIGNMENT: usize = 4;

const OWNER_LENGTH: usize = (OWNER.len() + 1).next_multiple_of(ALIGNMENT);
const VERSION_LENGTH: usize = (VERSION.len() + 1).next_multiple_of(ALIGNMENT);

/// The layout of notes in the ELF specification.
#[repr(C, align(4))]
struct Explanation {
    owner_size: u32,
    description_size: u32,
    kind: u32,
    owner: [u8; OWNER_LENGTH],
    description: [u8; VERSION_LENGTH],
}

// The linker puts every section whose name begins with `.note` into a note
// segment.
#[used]
#[cfg_attr(
    target_os = "linux",
    allow(unsafe_code),
    unsafe(link_section = ".note.cc-wrapper")
)]
static NOTE: Explanation = Explanation {
    // The sizes include the NUL at the end.
    owner_size: OWNER.len() as u32 + 1,
    description_size: VERSION.len() as u32 + 1,
    kind: TYPE,
    owner: padded(OWNER),
    description: padded(VERSION),
};

const fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    let mut n = 0;
    while n < text.len() {
        bytes[n] = text.as_bytes()[n];
        n += 1;
    }
    bytes
}

/// Returns whether the ELF file with the content `file` has the note. False for
/// anything else.
pub fn is_in<'d>(file: impl ReadRef<'d>) -> bool {
    elf::has_note(file, OWNER.as_bytes(), TYPE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn this_program_has_the_note_and_others_have_not() {
        let this = fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(is_in(&*this));
        assert!(!is_in(&*fs::read("/bin/sh").unwrap()));
        assert!(!is_in(&b"cc-wrapper"[..]));
        assert!(!elf::has_note(&*this, OWNER.as_bytes(), TYPE + 1));
        assert!(!elf::has_note(&*this, b"cc-wrappe", TYPE));
    }

    #[test]
    fn a_broken_file_has_no_note() {
        let this = fs::read(std::env::current_exe().unwrap()).unwrap();
        for length in [0, 4, 5, 63, 64, 200] {
            assert!(!is_in(&this[..length]), "{length}");
        }
    }
}
