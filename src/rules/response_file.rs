//! Reads and writes response files (docs/behaviour.md#5-response-files).

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::char;

use crate::machine::symlinks::SYMLINKS;
use crate::machine::world::{ReadError, World};
use crate::model::argument::{Arg, Origin};
use crate::model::call::Call;
use crate::model::error::{Error, ResponseFileFault};
use crate::model::system_error::is_of_path;
use crate::model::toolchain::{Family, ToolKind};
use crate::options::linker;

/// The number of response files at which gcc and GNU ld stop a call.
const LIMIT: usize = 2000;

/// The largest size of all response files of a call together, in bytes. A file
/// may be read many times. Tests have less, because debug builds are slow.
const LARGEST: usize = if cfg!(test) { 1 << 20 } else { 128 << 20 };

/// Returns the caller's arguments. Each `@file` is replaced by the words that
/// the called tool reads from the file, recursively. If the tool would not open
/// the file either, the argument stays as it is.
///
/// # Errors
/// A file cannot be read although it exists, or includes itself, or there are
/// too many files.
pub fn expand<'a>(call: &Call<'a>, world: &dyn World) -> Result<Vec<Arg<'a>>, Error> {
    let mut expanded = Vec::with_capacity(call.args.len());
    let mut files = Files {
        call,
        world,
        grammar: None,
        count: 0,
        size: 0,
    };
    for (n, &word) in call.args.iter().enumerate() {
        match files.words(word)? {
            None => expanded.push(Arg::new(word, Origin::User(n + 1))),
            Some(words) => {
                expanded.reserve(words.len());
                files.include(word, words, Origin::ResponseFile(n + 1), &mut expanded)?;
            }
        }
    }
    Ok(expanded)
}

/// The response files of one call.
struct Files<'c, 'a> {
    call: &'c Call<'a>,
    world: &'c dyn World,
    /// Known once the first file was read.
    grammar: Option<Grammar>,
    count: usize,
    /// The size of all files that were read, in bytes.
    size: usize,
}

impl Files<'_, '_> {
    /// The words of the file in an argument `@file`. `None` if the argument has
    /// another form, or the tool does not replace it either.
    fn words(&mut self, word: &[u8]) -> Result<Option<VecDeque<Vec<u8>>>, Error> {
        let Some(path) = word.strip_prefix(b"@") else {
            return Ok(None);
        };
        let fault = match self.world.read_named_by_caller(path) {
            Ok(text) => {
                self.count += 1;
                self.size += text.len();
                if self.size > LARGEST {
                    ResponseFileFault::TooLarge
                } else if self.count >= LIMIT {
                    ResponseFileFault::TooMany
                } else {
                    let grammar = *self
                        .grammar
                        .get_or_insert_with(|| Grammar::of(self.call, self.world));
                    return Ok(grammar.split(&text));
                }
            }
            Err(ReadError::Absent | ReadError::Directory | ReadError::Special) => {
                return Ok(None);
            }
            // The tool gets the same answer for this path.
            Err(ReadError::Other(errno)) if is_of_path(errno) => return Ok(None),
            // The tool may read the file, whose words are not known here.
            Err(ReadError::Other(errno)) => ResponseFileFault::Unreadable(errno),
        };
        Err(Error::ResponseFile {
            path: path.to_vec(),
            fault,
        })
    }

    /// Appends the words of a response file and of the files that it includes.
    /// It does not recurse, because the caller controls the nesting.
    fn include(
        &mut self,
        word: &[u8],
        words: VecDeque<Vec<u8>>,
        origin: Origin,
        out: &mut Vec<Arg>,
    ) -> Result<(), Error> {
        let mut open_files = Vec::from([(word.to_vec(), words)]);
        while let Some((_, words)) = open_files.last_mut() {
            let Some(word) = words.pop_front() else {
                open_files.pop();
                continue;
            };
            if open_files.iter().any(|(file, _)| *file == word) {
                return Err(Error::ResponseFile {
                    path: word[1..].to_vec(),
                    fault: ResponseFileFault::IncludesItself,
                });
            }
            match self.words(&word)? {
                None => out.push(Arg::new(word, origin.clone())),
                Some(words) => open_files.push((word, words)),
            }
        }
        Ok(())
    }
}

/// How a tool splits the text of a response file into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// libiberty's `expandargv`: gcc, GNU ld, gold. Recent mold reads the same.
    Gnu,
    /// LLVM's `TokenizeGNUCommandLine`: clang, lld.
    Llvm,
    /// LLVM's `TokenizeWindowsCommandLine`: clang and lld with
    /// `--rsp-quoting=windows`.
    Windows,
}

impl Grammar {
    fn of(call: &Call, world: &dyn World) -> Grammar {
        let is_llvm = match call.kind {
            ToolKind::Ld => is_lld(&call.tool.program, world),
            kind => kind.is_compiler() && call.family() == Family::Clang,
        };
        let quoting = call.args.iter().rev().find_map(|arg| {
            let arg = arg.strip_prefix(b"-").unwrap_or(arg);
            arg.strip_prefix(b"-rsp-quoting=")
        });
        match quoting {
            _ if !is_llvm => Grammar::Gnu,
            Some(b"windows") => Grammar::Windows,
            _ => Grammar::Llvm,
        }
    }

    /// The words of a response file. `None` if the tool cannot decode the text.
    pub fn split(self, text: &[u8]) -> Option<VecDeque<Vec<u8>>> {
        if self == Grammar::Gnu {
            let end = text.iter().position(|&b| b == 0).unwrap_or(text.len());
            return Some(split_quoted(&text[..end], self));
        }
        let decoded;
        let text = match text {
            [0xef, 0xbb, 0xbf, text @ ..] => text,
            [0xff, 0xfe, text @ ..] => {
                decoded = from_utf16(text, u16::from_le_bytes)?;
                &decoded
            }
            [0xfe, 0xff, text @ ..] => {
                decoded = from_utf16(text, u16::from_be_bytes)?;
                &decoded
            }
            text => text,
        };
        let mut words = match self {
            Grammar::Windows => split_windows(text),
            _ => split_quoted(text, self),
        };
        // LLVM passes words on as C strings.
        for word in &mut words {
            if let Some(end) = word.iter().position(|&b| b == 0) {
                word.truncate(end);
            }
        }
        Some(words)
    }
}

/// Whether `program`, or a file that it links to, is named like lld.
fn is_lld(program: &[u8], world: &dyn World) -> bool {
    let mut path = program.to_vec();
    for _ in 0..SYMLINKS {
        let name = path.iter().rposition(|&b| b == b'/').map_or(0, |n| n + 1);
        if linker::is_lld(&path[name..]) {
            return true;
        }
        match world.read_link(&path) {
            None => break,
            Some(target) if target.starts_with(b"/") => path = target,
            Some(target) => {
                path.truncate(name);
                path.extend_from_slice(&target);
            }
        }
    }
    false
}

fn from_utf16(text: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Vec<u8>> {
    let pairs = text.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    let mut decoded = Vec::with_capacity(text.len());
    for c in char::decode_utf16(pairs.map(|pair| unit([pair[0], pair[1]]))) {
        decoded.extend_from_slice(c.ok()?.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(decoded)
}

/// Splits `text` at white space. A backslash makes the next character literal,
/// even in quotes. Single and double quotes group. A text that ends inside of a
/// word still yields that word. LLVM keeps a backslash at the end and does not
/// split at vertical tabs and form feeds. LLVM before version 23 skips empty
/// words, but nixpkgs' wrappers do not.
fn split_quoted(text: &[u8], grammar: Grammar) -> VecDeque<Vec<u8>> {
    let is_gnu = grammar == Grammar::Gnu;
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
                word.extend(bytes.next().or((!is_gnu).then_some(b'\\')));
            }
            _ if quote == Some(b) => quote = None,
            b'\'' | b'"' if quote.is_none() => {
                quote = Some(b);
                word.get_or_insert_with(Vec::new);
            }
            b' ' | b'\t' | b'\n' | b'\r' if quote.is_none() => {
                words.extend(word.take());
            }
            0x0b | 0x0c if quote.is_none() && is_gnu => words.extend(word.take()),
            _ => word.get_or_insert_with(Vec::new).push(b),
        }
    }
    words.extend(word);
    words
}

/// Splits `text` as programs on Windows do: double quotes group, and a
/// backslash is special only before one.
fn split_windows(text: &[u8]) -> VecDeque<Vec<u8>> {
    let mut words = VecDeque::new();
    let mut word: Option<Vec<u8>> = None;
    let mut in_quotes = false;
    let mut rest = text;
    while let [b, after @ ..] = rest {
        rest = after;
        match b {
            b'\\' => {
                let more = after.iter().take_while(|b| **b == b'\\').count();
                let count = more + 1;
                rest = &after[more..];
                let word = word.get_or_insert_with(Vec::new);
                let is_before_quote = rest.first() == Some(&b'"');
                let kept = if is_before_quote { count / 2 } else { count };
                word.resize(word.len() + kept, b'\\');
                if is_before_quote && count % 2 == 1 {
                    word.push(b'"');
                    rest = &rest[1..];
                }
            }
            b'"' => {
                let word = word.get_or_insert_with(Vec::new);
                match rest {
                    [b'"', after @ ..] if in_quotes => {
                        word.push(b'"');
                        rest = after;
                    }
                    _ => in_quotes = !in_quotes,
                }
            }
            b' ' | b'\t' | b'\n' | b'\r' | 0 if !in_quotes => words.extend(word.take()),
            b => word.get_or_insert_with(Vec::new).push(*b),
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
    use crate::model::environment::Environment;
    use crate::model::toolchain::{Tool, Toolchain};
    use alloc::borrow::Cow;
    use alloc::vec;
    use proptest::prelude::*;

    /// Expands the arguments of a call of this kind and family.
    fn expand_as(
        kind: ToolKind,
        program: &'static str,
        family: Family,
        args: &[&[u8]],
        world: &dyn World,
    ) -> Result<Vec<Arg<'static>>, Error> {
        let toolchain = Toolchain {
            compiler: family,
            ..Toolchain::default()
        };
        let tool = Tool {
            program: Cow::Borrowed(program.as_bytes()),
            ..Tool::default()
        };
        let call = Call {
            executable: b"",
            hop: b"",
            toolchain: &toolchain,
            tool: &tool,
            kind,
            root: None,
            bintools: None,
            args,
            environment: &Environment::new([]),
        };
        let args = expand(&call, world)?;
        let owned = |arg: Arg| Arg::new(arg.bytes.into_owned(), arg.origin);
        Ok(args.into_iter().map(owned).collect())
    }

    fn of_gcc(args: &[&[u8]], world: &dyn World) -> Result<Vec<Arg<'static>>, Error> {
        expand_as(ToolKind::Cc, "/bin/gcc", Family::Gcc, args, world)
    }

    fn words_of(args: Result<Vec<Arg<'static>>, Error>) -> Vec<Vec<u8>> {
        let args = args.unwrap().into_iter();
        args.map(|arg| arg.bytes.into_owned()).collect()
    }

    fn expanded(args: &[&'static str], world: &Machine) -> Vec<Vec<u8>> {
        let args: Vec<_> = args.iter().map(|arg| arg.as_bytes()).collect();
        words_of(of_gcc(&args, world))
    }

    fn split(text: &[u8]) -> VecDeque<Vec<u8>> {
        Grammar::Gnu.split(text).unwrap()
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
        // gcc reads the text as a C string.
        assert_eq!(split(b"a\0b '\0'"), [b"a"]);
        assert_eq!(split(b"a \\\0b"), [&b"a"[..], b""]);
    }

    #[test]
    fn words_are_split_as_clang_splits_them() {
        let split = |text: &[u8]| Grammar::Llvm.split(text);
        let words = |words: &[&[u8]]| Some(words.iter().map(|word| word.to_vec()).collect());
        assert_eq!(split(b"a '' \"\"b\\"), words(&[b"a", b"", b"b\\"]));
        assert_eq!(split(b"a\x0bb\x0cc d"), words(&[b"a\x0bb\x0cc", b"d"]));
        assert_eq!(split(b"a\0b \0c '\0' d"), words(&[b"a", b"", b"", b"d"]));
        assert_eq!(split(b"\xef\xbb\xbfa 'b \\"), words(&[b"a", b"b \\"]));
        let wide = words(&["é".as_bytes(), b"b"]);
        assert_eq!(split(b"\xff\xfe\xe9\0 \0b\0"), wide);
        assert_eq!(split(b"\xfe\xff\0\xe9\0 \0b"), wide);
        assert_eq!(split(b"\xff\xfea"), None, "half a character");
        assert_eq!(split(b"\xff\xfe\0\xd8"), None, "half a surrogate pair");
        let text = br#"a\b "c d" e\"f "g""h" \\\"i "" j\\"k l"#;
        let want = words(&[b"a\\b", b"c d", b"e\"f", b"g\"h", b"\\\"i", b"", b"j\\k l"]);
        assert_eq!(Grammar::Windows.split(text), want);
    }

    #[test]
    fn the_called_tool_decides_how_files_are_read() {
        let world = Machine::new()
            .file("/cwd/a", "x\\y\x0cz")
            .file("/bin/lld", "")
            .link("/usr/bin/ld", "ld.lld-14")
            .link("/usr/bin/ld.lld-14", "../../bin/lld");
        let gnu = [&b"xy"[..], b"z"].map(<[u8]>::to_vec);
        let llvm = [b"xy\x0cz".to_vec()];
        let read = |kind, program, family, option: &'static str| {
            let args = [&b"@a"[..], option.as_bytes()];
            let mut words = words_of(expand_as(kind, program, family, &args, &world));
            words.pop();
            words
        };
        let (gcc, clang) = (Family::Gcc, Family::Clang);
        let plain = "-c";
        assert_eq!(read(ToolKind::Cc, "/bin/cc", gcc, plain), gnu);
        assert_eq!(read(ToolKind::Cxx, "/bin/cc", clang, plain), llvm);
        assert_eq!(read(ToolKind::Gnat, "/bin/gnatls", clang, plain), gnu);
        assert_eq!(read(ToolKind::Ld, "/bin/ld", clang, plain), gnu);
        for lld in ["/usr/bin/ld", "/bin/ld.lld", "/bin/wasm-ld"] {
            assert_eq!(read(ToolKind::Ld, lld, gcc, plain), llvm, "{lld}");
        }
        let windows = "--rsp-quoting=windows";
        let whole = [b"x\\y\x0cz".to_vec()];
        assert_eq!(read(ToolKind::Cc, "/bin/cc", clang, windows), whole);
        assert_eq!(read(ToolKind::Cc, "/bin/cc", gcc, windows), gnu);
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
        assert_eq!(
            of_gcc(&[b"@a"], &world),
            Err(Error::ResponseFile {
                path: b"a".to_vec(),
                fault: ResponseFileFault::IncludesItself
            })
        );
    }

    #[test]
    fn a_call_reads_as_many_files_as_gcc_does() {
        let world = Machine::new().file("/cwd/a", "x").file("/cwd/b", "@a @a");
        let read = |count: usize| of_gcc(&vec![&b"@a"[..]; count], &world);
        assert_eq!(words_of(read(LIMIT - 1)).len(), LIMIT - 1);
        let too_many = |path: &[u8]| {
            Err(Error::ResponseFile {
                path: path.to_vec(),
                fault: ResponseFileFault::TooMany,
            })
        };
        assert_eq!(read(LIMIT), too_many(b"a"));
        let nested = of_gcc(&vec![&b"@b"[..]; LIMIT / 3 + 1], &world);
        assert_eq!(nested, too_many(b"a"));
        // Each name leads to another one.
        let mut world = Machine::new().link("/cwd/d", ".");
        for n in 0..2 * LIMIT {
            let text = alloc::format!("@f{}", n + 1);
            world = world.file(&alloc::format!("/cwd/f{n}"), text);
        }
        assert_eq!(of_gcc(&[b"@f0"], &world), too_many(b"f1999"));
    }

    #[test]
    fn a_large_file_is_not_read_again_and_again() {
        let text = "x".repeat(LARGEST / 3);
        let world = Machine::new().file("/cwd/a", text);
        assert_eq!(words_of(of_gcc(&[&b"@a"[..]; 3], &world)).len(), 3);
        let too_large = Error::ResponseFile {
            path: b"a".to_vec(),
            fault: ResponseFileFault::TooLarge,
        };
        assert_eq!(of_gcc(&[&b"@a"[..]; 4], &world), Err(too_large));
    }

    #[test]
    fn a_file_that_may_be_read_later_is_an_error() {
        // Permission denied, for the tool as well.
        let world = Machine::new().forbidden("/cwd/a");
        assert_eq!(words_of(of_gcc(&[b"@a"], &world)), [b"@a"]);
        // Input/output error, out of memory, too many open files.
        for errno in [5, 12, 24] {
            let world = Machine::new().failing("/cwd/a", errno);
            let fault = ResponseFileFault::Unreadable(errno);
            let path = b"a".to_vec();
            let error = Error::ResponseFile { path, fault };
            assert_eq!(of_gcc(&[b"@a"], &world), Err(error));
        }
    }

    #[test]
    fn a_word_has_the_origin_of_its_response_file() {
        let world = Machine::new().file("/cwd/a", "x");
        let args = of_gcc(&[b"-c", b"@a"], &world).unwrap();
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
            prop_assert_eq!(&Vec::from(split(&text)), &words);
            let read = Grammar::Llvm.split(&text).unwrap();
            prop_assert_eq!(Vec::from(read), words);
        }
    }
}
