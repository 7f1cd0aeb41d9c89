//! How a call counts, for `run`.

use crate::model::argument::Arg;
use crate::model::statistics::Statistics;
use crate::model::tool_name::ToolName;
use crate::model::toolchain::ToolKind;
use crate::rules::compile_record::compiles_a_file;
use crate::rules::rpath::library_search::takes_value;
use crate::rules::scan::Scan;

impl<'a> Statistics<'a> {
    /// Of a compiler call with these arguments.
    pub fn add_compiler(&mut self, kind: ToolKind, params: &[Arg], scan: &Scan) {
        if kind != ToolKind::Cpp {
            self.compiles = scan.compiles || compiles_a_file(params, &scan.operands);
            self.links = scan.no_link.is_none() && !scan.asks;
        }
    }

    /// Of a linker call with these arguments.
    pub fn add_linker(&mut self, params: &[Arg]) {
        self.links = links(params);
    }

    /// Of a gnat tool's call. gnatmake runs the compiler that lies beside the
    /// real one, which is not wrapped; the others compile nothing, or by what
    /// counts for itself.
    pub fn add_gnat(&mut self, name: &[u8], params: &[Arg]) {
        if ToolName::parse(name).is_some_and(|name| name.base == "gnatmake") {
            (self.compiles, self.links) = makes(params);
        }
    }
}

/// With one of these a linker answers and does no more.
const QUESTIONS: [&[u8]; 6] = [
    b"--help",
    b"-help",
    b"--target-help",
    b"--version",
    b"-version",
    b"--print-sysroot",
];

/// Whether a linker has something to link. `-v` and `-V` ask for the version
/// only where it has not.
fn links(params: &[Arg]) -> bool {
    let mut has_input = false;
    let mut previous: &[u8] = b"";
    for param in params.iter().map(|param| &param[..]) {
        if !takes_value(previous) {
            if QUESTIONS.contains(&param) {
                return false;
            }
            has_input |= !param.starts_with(b"-")
                || param.starts_with(b"-l")
                || param.starts_with(b"--library") && !param.starts_with(b"--library-path");
        }
        previous = param;
    }
    has_input
}

/// Whether gnatmake compiles, and whether it links.
fn makes(params: &[Arg]) -> (bool, bool) {
    /// What comes behind these is another tool's.
    const OTHERS: [&[u8]; 3] = [b"-bargs", b"-cargs", b"-largs"];
    const QUESTIONS: [&[u8]; 4] = [b"--help", b"--version", b"-M", b"-n"];
    let mut is_others = false;
    let own = params.iter().map(|param| &param[..]).filter(|param| {
        is_others = *param != b"-margs" && (is_others || OTHERS.contains(param));
        !is_others
    });
    let (mut has_input, mut only, mut links) = (false, false, false);
    for param in own {
        match param {
            _ if QUESTIONS.contains(&param) => return (false, false),
            b"-b" | b"-c" | b"-u" | b"-U" => only = true,
            b"-l" => links = true,
            _ => has_input |= !param.starts_with(b"-"),
        }
    }
    (has_input, has_input && (links || !only))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::argument::Arg;
    use crate::model::argument::Origin;
    use alloc::vec::Vec;

    fn args(words: &str) -> Vec<Arg<'static>> {
        let words = words.split_whitespace();
        let arg = |word: &str| Arg::new(word.as_bytes().to_vec(), Origin::User(1));
        words.map(arg).collect()
    }

    #[test]
    fn gnatmake_compiles_and_links_unless_it_is_told_less() {
        for (words, expected) in [
            ("x.adb", (true, true)),
            ("-q x -cargs -c", (true, true)),
            ("-c x", (true, false)),
            ("x -largs -lz -margs -c", (true, false)),
            ("-b -l x", (true, true)),
            ("-M x", (false, false)),
            ("--version", (false, false)),
            ("-v", (false, false)),
        ] {
            assert_eq!(makes(&args(words)), expected, "{words}");
        }
    }

    #[test]
    fn a_linker_that_is_asked_what_it_is_links_nothing() {
        let links = |words| links(&args(words));
        for words in [
            "x.o",
            "-o x y.o",
            "-lx",
            "-l x",
            "--library=x",
            "-v x.o",
            "-o --help x.o",
        ] {
            assert!(links(words), "{words}");
        }
        for words in [
            "",
            "-v",
            "-V",
            "--help",
            "--version x.o",
            "-m elf_x86_64 -V",
            "-L /lib --library-path=/lib -o x",
        ] {
            assert!(!links(words), "{words}");
        }
    }
}
