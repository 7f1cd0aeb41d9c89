//! Links whose output is linked again (`-r`), or that embed data
//! (`-b binary`). A library or a program's options would end up in the wrong
//! place, so such a link gets only library directories.

use alloc::vec::Vec;

use crate::model::argument::Arg;
use crate::options::meaning::Meaning;

/// Whether a linker with these arguments makes an object file, or would read
/// added inputs as data. The arguments must have been read.
pub fn is_partial(params: &[Arg]) -> bool {
    let mut reads_data = false;
    for (n, param) in params.iter().enumerate() {
        match param.parsed.meaning() {
            Meaning::Relocatable => return true,
            Meaning::InputFormat => {
                let next = params.get(n + 1).map(|arg| &arg[..]);
                reads_data = param.joined().or(next) == Some(b"binary");
            }
            _ => {}
        }
    }
    reads_data
}

/// Whether a word that a driver passes to the linker (`-Wl,-r`) has this
/// effect.
pub fn makes_partial(word: &[u8]) -> bool {
    matches!(
        word,
        b"-r" | b"-i" | b"-Ur" | b"-relocatable" | b"--relocatable"
    )
}

/// Removes all options without one of these meanings. `args` must have been
/// read.
pub fn keep(args: &mut Vec<Arg>, meanings: &[Meaning]) {
    let mut keeps = false;
    args.retain(|arg| {
        let meaning = arg.parsed.meaning();
        if meaning != Meaning::Value {
            keeps = meanings.contains(&meaning);
        }
        keeps
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::argument::fake;

    #[test]
    fn a_link_is_partial_if_its_output_is_an_object_file_or_embeds_data() {
        for (words, want) in [
            ("-r x.o", true),
            ("x.o --relocatable", true),
            ("-Ur x.o", true),
            ("-i x.o", true),
            ("-b binary data", true),
            ("-bbinary data", true),
            ("--format=binary data", true),
            ("-format binary data", true),
            ("-b binary data -b default x.o", false),
            ("-o -r x.o", false),
            ("x.o", false),
        ] {
            assert_eq!(is_partial(&fake::of_linker(words)), want, "{words}");
        }
    }

    #[test]
    fn options_are_kept_with_their_values() {
        let mut args = fake::of_linker("-L /a -la x.o -rpath /b -L/c -pie -z now");
        keep(&mut args, &[Meaning::LibraryDirectory]);
        let words: Vec<&[u8]> = args.iter().map(|arg| &arg[..]).collect();
        assert_eq!(words.join(&b' '), b"-L /a -L/c");
    }
}
