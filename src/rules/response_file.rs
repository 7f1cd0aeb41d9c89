//! Reads and writes response files (docs/behaviour.md#5-response-files).

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::machine::world::World;
use crate::model::argument::{Arg, Origin};
use crate::model::error::Error;

/// The deepest nesting of response files.
const DEPTH: usize = 100;

/// Returns the caller's arguments. Each `@file` is replaced by the words of the
/// file, recursively. If the file cannot be opened, the argument stays as it
/// is.
///
/// # Errors
/// A file includes itself.
pub fn expand<'a>(args: &[&'a [u8]], world: &dyn World) -> Result<Vec<Arg<'a>>, Error> {
    let mut expanded = Vec::with_capacity(args.len());
    for (n, &word) in args.iter().enumerate() {
        match open(word, world) {
            None => expanded.push(Arg::new(word, Origin::User(n + 1))),
            Some(text) => include(
                word,
                text,
                Origin::ResponseFile(n + 1),
                world,
                &mut expanded,
            )?,
        }
    }
    Ok(expanded)
}

/// The text of the file in an argument `@file`.
fn open(word: &[u8], world: &dyn World) -> Option<Vec<u8>> {
    world.read_named_by_caller(word.strip_prefix(b"@")?).ok()
}

/// Appends the words of a response file and of the files that it includes. It
/// does not recurse, because the caller controls the nesting.
fn include<'a>(
    word: &[u8],
    text: Vec<u8>,
    origin: Origin,
    world: &dyn World,
    out: &mut Vec<Arg<'a>>,
) -> Result<(), Error> {
    let words = split(&text);
    out.reserve(words.len());
    let mut open_files = Vec::from([(word.to_vec(), words)]);
    while let Some((_, words)) = open_files.last_mut() {
        let Some(word) = words.pop_front() else {
            open_files.pop();
            continue;
        };
        match open(&word, world) {
            None => out.push(Arg::new(word, origin.clone())),
            Some(text) => {
                let includes_itself = open_files.iter().any(|(file, _)| *file == word);
                if includes_itself || open_files.len() == DEPTH {
                    return Err(Error::ResponseFileLoop(word[1..].to_vec()));
                }
                open_files.push((word, split(&text)));
            }
        }
    }
    Ok(())
}

/// Splits the text of a response file at white space. A backslash makes the
/// next character literal, even in quotes. Single and double quotes group. A
/// text that ends inside of a word still yields that word.
pub fn split(text: &[u8]) -> VecDeque<Vec<u8>> {
    // Usually there is one word before each white space character.
    let spaces = text.iter().filter(|b| b.is_ascii_whitespace()).count();
    let mut words = VecDeque::with_capacity(spaces + 1);
    let mut word: Option<Vec<u8>> = None;
    let mut quote = None;
    let mut bytes = text.iter().copied();
    while let Some(b) = bytes.next() {
        match b {
            b'\\' => {
                let word = word.get_or_insert_with(Vec::new);
                word.extend(bytes.next());
            }
            // An argument cannot contain NUL, so it ends the word, even in
            // quotes.
            0 => words.push_back(word.replace(Vec::new()).unwrap_or_default()),
            _ if quote == Some(b) => quote = None,
            b'\'' | b'"' if quote.is_none() => {
                quote = Some(b);
                word.get_or_insert_with(Vec::new);
            }
            b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r' if quote.is_none() => {
                words.extend(word.take());
            }
            _ => word.get_or_insert_with(Vec::new).push(b),
        }
    }
    words.extend(word);
    words
}

/// Returns the texts of the response files for these arguments. An empty text
/// stands for an empty word, which must stay an argument because clang and lld
/// skip empty words in a file. The texts and empty words are in the order of
/// the arguments.
pub fn texts<'p>(args: impl Iterator<Item = &'p [u8]>) -> Vec<Vec<u8>> {
    let mut texts: Vec<Vec<u8>> = Vec::new();
    for arg in args {
        match texts.last_mut() {
            _ if arg.is_empty() => texts.push(Vec::new()),
            Some(text) if !text.is_empty() => quote(text, arg),
            _ => {
                let mut text = Vec::new();
                quote(&mut text, arg);
                texts.push(text);
            }
        }
    }
    texts
}

/// Appends `word` and a newline in a form that gcc, clang and the linkers all
/// read back unchanged. Words with special characters go into double quotes,
/// where all of these tools accept a backslash as an escape. The quotes also
/// ensure that no file begins with a byte order mark.
fn quote(out: &mut Vec<u8>, word: &[u8]) {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_./=+,:@%^~".contains(b);
    if !word.is_empty() && word.iter().all(plain) {
        out.extend_from_slice(word);
    } else {
        out.push(b'"');
        for &b in word {
            if matches!(b, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(b);
        }
        out.push(b'"');
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::world::fake::Machine;
    use alloc::vec;
    use proptest::prelude::*;

    fn expanded(args: &[&'static str], world: &Machine) -> Vec<Vec<u8>> {
        let args: Vec<_> = args.iter().map(|arg| arg.as_bytes()).collect();
        let args = expand(&args, world).unwrap();
        args.into_iter().map(|arg| arg.bytes.into_owned()).collect()
    }

    #[test]
    fn words_are_split_as_gcc_splits_them() {
        let text = br#"a 'b c' "d\"e" f\ g '' "" h\'i 'x'"y"z \"#;
        let words = split(text);
        let want = [
            &b"a"[..],
            b"b c",
            b"d\"e",
            b"f g",
            b"",
            b"",
            b"h'i",
            b"xyz",
            b"",
        ];
        assert_eq!(words, want);
        assert_eq!(split(b"'never ends\n"), [b"never ends\n"]);
        assert_eq!(split(b"a\r\n\x0bb\x0c"), [b"a", b"b"]);
        assert_eq!(split(b"a\0b '\0'"), [&b"a"[..], b"b", b"", b""]);
    }

    #[test]
    fn empty_words_stay_out_of_files() {
        let texts = |args: &[&'static [u8]]| texts(args.iter().copied());
        assert_eq!(texts(&[]), [b""; 0]);
        assert_eq!(
            texts(&[b"", b"a", b"b c", b"", b"", b"d"]),
            [&b""[..], b"a\n\"b c\"\n", b"", b"", b"d\n"]
        );
    }

    #[test]
    fn files_in_files_are_read_in_place() {
        let world = Machine::new()
            .file("/cwd/a", "1 @b 4 @none")
            .file("/cwd/b", "2\n@empty 3")
            .file("/cwd/empty", "");
        assert_eq!(
            expanded(&["0", "@a", "@none", "@", "5"], &world),
            [
                &b"0"[..],
                b"1",
                b"2",
                b"3",
                b"4",
                b"@none",
                b"@none",
                b"@",
                b"5"
            ]
        );
    }

    #[test]
    fn the_same_file_twice_is_not_a_loop() {
        let world = Machine::new().file("/cwd/a", "@b @b").file("/cwd/b", "x");
        assert_eq!(expanded(&["@a", "@a"], &world), [b"x"; 4]);
    }

    #[test]
    fn a_file_that_includes_itself_is_an_error() {
        let world = Machine::new().file("/cwd/a", "x @b").file("/cwd/b", "@a");
        let error = expand(&[b"@a"], &world).unwrap_err();
        assert_eq!(error, Error::ResponseFileLoop(b"a".to_vec()));
        // Each name leads to another one.
        let world = Machine::new().link("/cwd/d", ".").file("/cwd/e", "@d/e");
        let mut deep = world;
        let mut path = Vec::from("e");
        for _ in 0..2 * DEPTH {
            let next = [b"d/", &path[..]].concat();
            let text = [b"@", &next[..]].concat();
            deep = deep.file(
                core::str::from_utf8(&[b"/x/", &path[..]].concat()).unwrap(),
                text,
            );
            path = next;
        }
        deep.current_directory = b"/x".to_vec();
        assert!(expand(&[b"@e"], &deep).is_err());
    }

    #[test]
    fn a_word_has_the_origin_of_its_response_file() {
        let world = Machine::new().file("/cwd/a", "x");
        let args = expand(&[b"-c", b"@a"], &world).unwrap();
        assert_eq!(args[0].origin, Origin::User(1));
        assert_eq!(args[1].origin, Origin::ResponseFile(2));
    }

    proptest! {
        #[test]
        fn quoted_words_are_read_back(words in prop::collection::vec(prop::collection::vec(1u8.., 0..20), 0..20)) {
            let mut text = vec![];
            for word in &words {
                quote(&mut text, word);
            }
            prop_assert_eq!(Vec::from(split(&text)), words);
        }
    }
}
