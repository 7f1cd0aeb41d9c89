//! §2.2: what a compiler call wants, by one scan over its arguments.

use alloc::vec::Vec;

use crate::model::argument::Arg;
use crate::options::stage::Stage;
use crate::options::values::takes_value;

/// The answers of the scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan<'a> {
    /// Why there is no linking; `None`: the call links.
    pub no_link: Option<&'static str>,
    /// The call makes an object file, an assembler file or a precompiled
    /// header, and no more than that.
    pub compiles: bool,
    /// The call wants an answer: nothing is done with the inputs.
    pub asks: bool,
    /// There is an input, or what nixpkgs takes for one.
    pub has_input: bool,
    /// clang's inner mode, for which nothing is put in.
    pub cc1: bool,
    /// The language is C++, said by `-x`.
    pub cxx: bool,
    pub c_includes: bool,
    pub cxx_includes: bool,
    pub cxx_library: bool,
    /// `--` and the operands behind it.
    pub operands: Vec<Arg<'a>>,
}

/// What a file's name ends in if the compiler makes a precompiled header of
/// it.
const HEADERS: [&str; 9] = [
    ".h", ".H", ".hh", ".hp", ".hpp", ".HPP", ".hxx", ".h++", ".tcc",
];

/// Scans `params` and takes the operands behind `--` out of them.
pub fn scan<'a>(params: &mut Vec<Arg<'a>>) -> Scan<'a> {
    let mut scan = Scan {
        no_link: None,
        compiles: false,
        asks: false,
        has_input: false,
        cc1: false,
        cxx: false,
        c_includes: true,
        cxx_includes: true,
        cxx_library: true,
        operands: Vec::new(),
    };
    let mut input = false;
    let mut files = Files::None;
    let mut says_language = false;
    let mut goal = Stage::default();
    let mut previous: &[u8] = b"";
    for n in 0..params.len() {
        let param: &[u8] = &params[n];
        says_language |= param.starts_with(b"-x") || param.starts_with(b"--language");
        match param {
            b"-cc1" => scan.cc1 = true,
            b"-nostdinc" => {
                scan.c_includes = false;
                scan.cxx_includes = false;
            }
            b"-nostdinc++" => scan.cxx_includes = false,
            b"-nostdlib" => scan.cxx_library = false,
            b"-x" => scan.language(params.get(n + 1).map_or(b"", |arg| &arg[..])),
            b"--" => {
                // Without operands it says nothing, and goes.
                let operands = params.split_off(n);
                if operands.len() > 1 {
                    operands[1..].iter().for_each(|file| files.add(file));
                    scan.operands = operands;
                    input = true;
                }
                break;
            }
            [b'-', b'x', language @ ..] => scan.language(language),
            _ if param.starts_with(b"--language=") => scan.language(&param[11..]),
            [b'-', _, ..] => {
                if let Some((option, of_option)) = Stage::of(param) {
                    goal = goal.max(of_option);
                    if of_option.ends_before_linking() {
                        scan.no_link = Some(option);
                    }
                }
            }
            _ => {
                // nixpkgs takes options' values for inputs too.
                input = true;
                if !takes_value(previous) {
                    files.add(param);
                }
            }
        }
        previous = &params[n];
    }
    scan.has_input = input;
    scan.asks = goal == Stage::Answer;
    if !input {
        scan.no_link = Some("no input");
    } else if files == Files::Headers && !says_language {
        scan.no_link = Some("headers alone");
        scan.compiles = true;
    }
    // As recorded, a header's precompiled form is asked for by the language.
    scan.compiles = match goal {
        Stage::Program => input && scan.compiles,
        goal => input && matches!(goal, Stage::Object | Stage::Assembly),
    };
    scan
}

/// Whether a file is a header by its name.
pub fn is_header(file: &[u8]) -> bool {
    HEADERS.iter().any(|end| file.ends_with(end.as_bytes()))
}

/// What kind of files the inputs are, by their names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Files {
    None,
    Headers,
    Others,
}

impl Files {
    fn add(&mut self, file: &[u8]) {
        *self = match self {
            Files::None | Files::Headers if is_header(file) => Files::Headers,
            _ => Files::Others,
        };
    }
}

impl Scan<'_> {
    fn language(&mut self, language: &[u8]) {
        if language.ends_with(b"-header") {
            self.no_link = Some("-x …-header");
            self.compiles = true;
        } else if language.starts_with(b"c++") {
            self.cxx = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::argument::Origin;

    fn scanned(words: &str) -> (Scan<'static>, usize) {
        let mut params: Vec<_> = words
            .split_whitespace()
            .map(|word| Arg::new(word.as_bytes().to_vec(), Origin::User(1)))
            .collect();
        let scan = scan(&mut params);
        (scan, params.len())
    }

    fn links(words: &str) -> bool {
        scanned(words).0.no_link.is_none()
    }

    #[test]
    fn only_a_call_with_an_input_links() {
        assert!(links("main.c"));
        assert!(links("-o x -"));
        assert!(links("-MD -MMD -MF x.d main.c"));
        assert!(links("-- -weird.c"));
        assert!(!links(""));
        assert!(!links("-v -shared"));
        assert!(!links("-v --"));
    }

    #[test]
    fn what_stops_before_the_linker_does_not_link() {
        for option in ["-c", "-S", "-E", "-M", "-MM", "--compile", "-fsyntax-only"] {
            assert!(!links(&[option, " main.c"].concat()), "{option}");
        }
        assert!(links("--version main.c"), "as recorded");
        assert!(!links("-x c++-header a.h"));
        assert!(!links("-xc-header a.h"));
        assert!(links("-- main.c -c"), "an operand is no option");
    }

    #[test]
    fn headers_alone_are_precompiled() {
        assert!(!links("a.h b.hpp -o a.h.gch -include c.h"));
        assert!(!links("-- a.h"));
        assert!(links("a.h main.c"));
        assert!(links("-include a.h"), "as recorded");
        assert!(links("-x c a.h"));
        assert!(!links("--language=c-header a"));
    }

    #[test]
    fn a_compile_step_makes_one_kind_of_file() {
        let compiles = |words| scanned(words).0.compiles;
        for words in [
            "-c a.c",
            "-S a.c b.c",
            "a.h",
            "-xc++-header a -o b",
            "-MD -c a.c",
        ] {
            assert!(compiles(words), "{words}");
        }
        for words in [
            "a.c",
            "-c",
            "-c -E a.c",
            "-M -c a.c",
            "-v",
            "-c a.c -fsyntax-only",
            "",
        ] {
            assert!(!compiles(words), "{words}");
        }
    }

    #[test]
    fn a_question_is_told_from_work() {
        for words in ["-### a.c", "-c --version a.c", "-print-search-dirs a.o"] {
            assert!(scanned(words).0.asks, "{words}");
        }
        assert!(!scanned("-v a.c").0.asks);
    }

    #[test]
    fn the_language_is_read_off_x() {
        assert!(scanned("-x c++ a").0.cxx);
        assert!(scanned("-xc++ a").0.cxx);
        assert!(!scanned("-x c a").0.cxx);
        assert!(!scanned("a -x").0.cxx);
    }

    #[test]
    fn includes_and_library_can_be_switched_off() {
        let flags = |words| {
            let scan = scanned(words).0;
            (scan.c_includes, scan.cxx_includes, scan.cxx_library)
        };
        assert_eq!(flags("-nostdinc"), (false, false, true));
        assert_eq!(flags("-nostdinc++"), (true, false, true));
        assert_eq!(flags("-nostdlib"), (true, true, false));
    }

    #[test]
    fn operands_are_taken_out() {
        let (scan, left) = scanned("-c -- -cc1 a");
        assert_eq!((scan.operands.len(), left, scan.cc1), (3, 1, false));
        let (scan, left) = scanned("x.c --");
        assert_eq!((scan.operands.len(), left), (0, 1));
    }
}
