//! Scans the arguments of a compiler call
//! (docs/behaviour.md#2-compiler-drivers-roles-cc-c-cpp-fortran, step 2).

use alloc::vec::Vec;

use crate::model::argument::Arg;
use crate::options::meaning::{Meaning, Stage};
use crate::rules::partial_link::makes_partial;

/// The result of the scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan<'a> {
    /// Why the call does not link. `None` if it links.
    pub no_link: Option<&'static str>,
    /// The call makes only object files, assembly files or precompiled headers.
    pub compiles: bool,
    /// The call only asks for information, and the inputs are ignored.
    pub asks: bool,
    /// There is an input, or an argument that nixpkgs takes for one.
    pub has_input: bool,
    /// `-cc1`, `-cc1as`: clang's internal tools, which get no flags.
    pub cc1: bool,
    /// The output is an object file that is linked again: `-r`, `-Wl,-r`.
    pub relocatable: bool,
    /// The last of `-fhardened` and `-fno-hardened` is the former.
    pub hardened: bool,
    /// `-print-file-name=lib…`: the call asks where a library is.
    pub asks_file: bool,
    /// An input is not preprocessed: assembly, LLVM's code or preprocessed text.
    pub has_processed: bool,
    /// `-x` selects C++.
    pub cxx: bool,
    pub c_includes: bool,
    pub cxx_includes: bool,
    pub cxx_library: bool,
    /// The arguments after `--`, including the `--`.
    pub operands: Vec<Arg<'a>>,
}

/// The extensions of files that the compiler makes precompiled headers of.
const HEADERS: [&str; 9] = [
    ".h", ".H", ".hh", ".hp", ".hpp", ".HPP", ".hxx", ".h++", ".tcc",
];

/// The extensions of files that the compiler does not preprocess.
const PROCESSED: [&str; 7] = [".s", ".i", ".ii", ".mi", ".mii", ".ll", ".bc"];

/// The languages of `-x` that the compiler does not preprocess.
const PROCESSED_LANGUAGES: [&str; 3] = ["assembler", "cpp-output", "ir"];

/// Scans `params`, which must have been read, and moves `--` and its operands
/// from `params` to the result.
pub fn scan<'a>(params: &mut Vec<Arg<'a>>) -> Scan<'a> {
    let mut scan = Scan {
        no_link: None,
        compiles: false,
        asks: false,
        has_input: false,
        cc1: false,
        relocatable: false,
        hardened: false,
        asks_file: false,
        has_processed: false,
        cxx: false,
        c_includes: true,
        cxx_includes: true,
        cxx_library: true,
        operands: Vec::new(),
    };
    let mut input = false;
    let mut files = Files::None;
    let mut says_language = false;
    let mut stage = Stage::default();
    for n in 0..params.len() {
        let param = &params[n];
        match param.parsed.by_itself() {
            Meaning::Other => {}
            Meaning::Input => {
                // nixpkgs takes the values of options for inputs too.
                input = true;
                if param.parsed.meaning() == Meaning::Input {
                    files.add(param);
                    scan.has_processed |= ends_with(param, &PROCESSED);
                }
            }
            Meaning::Cc1 => scan.cc1 = true,
            Meaning::NoStandardIncludes => {
                scan.c_includes = false;
                scan.cxx_includes = false;
            }
            Meaning::NoCxxIncludes => scan.cxx_includes = false,
            Meaning::NoStandardLibrary => scan.cxx_library = false,
            Meaning::Language => {
                says_language = true;
                let next = params.get(n + 1).map(|arg| &arg[..]);
                scan.language(param.joined().or(next).unwrap_or_default());
            }
            Meaning::Operands => {
                // `--` without operands has no effect, so it is removed.
                let operands = params.split_off(n);
                if operands.len() > 1 {
                    operands[1..].iter().for_each(|file| {
                        files.add(file);
                        scan.has_processed |= ends_with(file, &PROCESSED);
                    });
                    scan.operands = operands;
                    input = true;
                }
                break;
            }
            Meaning::Relocatable => scan.relocatable = true,
            Meaning::LinkerList => {
                let words = param.joined().unwrap_or_default().split(|&b| b == b',');
                scan.relocatable |= words.into_iter().any(makes_partial);
            }
            Meaning::LinkerArgument => {
                let next = params.get(n + 1).map(|arg| &arg[..]);
                let word = param.joined().or(next).unwrap_or_default();
                scan.relocatable |= makes_partial(word);
            }
            Meaning::Hardened => scan.hardened = param.parsed.name() == Some("-fhardened"),
            meaning => {
                let is_library = |name: &[u8]| name.starts_with(b"lib");
                scan.asks_file |=
                    meaning == Meaning::FileName && param.joined().is_some_and(is_library);
                if let Some(of_option) = meaning.stage() {
                    stage = stage.max(of_option);
                    if of_option.ends_before_linking() {
                        scan.no_link = param.parsed.name();
                    }
                }
            }
        }
    }
    scan.has_input = input;
    scan.asks = stage == Stage::Answer;
    if !input {
        scan.no_link = Some("no input");
    } else if files == Files::Headers && !says_language {
        scan.no_link = Some("headers alone");
        scan.compiles = true;
    }
    // According to the recorded calls, the language decides about precompiled
    // headers.
    scan.compiles = match stage {
        Stage::Program => input && scan.compiles,
        stage => input && matches!(stage, Stage::Object | Stage::Assembly),
    };
    scan
}

/// Whether the file's extension is that of a header.
pub fn is_header(file: &[u8]) -> bool {
    ends_with(file, &HEADERS)
}

fn ends_with(file: &[u8], ends: &[&str]) -> bool {
    ends.iter().any(|end| file.ends_with(end.as_bytes()))
}

/// The kind of the inputs, according to their extensions.
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
        self.has_processed |= ends_with(language, &PROCESSED_LANGUAGES);
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
    use crate::model::argument::fake;

    fn scanned(words: &str) -> (Scan<'static>, usize) {
        let mut params = fake::of_driver(words);
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
    fn calls_that_stop_before_the_linker_do_not_link() {
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
    fn questions_are_recognised() {
        for words in ["-### a.c", "-c --version a.c", "-print-search-dirs a.o"] {
            assert!(scanned(words).0.asks, "{words}");
        }
        assert!(!scanned("-v a.c").0.asks);
    }

    #[test]
    fn the_language_comes_from_the_option_x() {
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
    fn operands_are_removed_from_the_arguments() {
        let (scan, left) = scanned("-c -- -cc1 a");
        assert_eq!((scan.operands.len(), left, scan.cc1), (3, 1, false));
        let (scan, left) = scanned("x.c --");
        assert_eq!((scan.operands.len(), left), (0, 1));
    }
}
