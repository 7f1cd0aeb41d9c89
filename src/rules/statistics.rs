//! Determines how a call is counted for `cc-wrapper run`.

use crate::model::argument::Arg;
use crate::model::statistics::Statistics;
use crate::model::tool_name::ToolName;
use crate::model::toolchain::ToolKind;
use crate::options::meaning::Meaning;
use crate::rules::compile_record::compiles_a_file;
use crate::rules::linker_question::is_question;
use crate::rules::scan::Scan;

impl<'a> Statistics<'a> {
    /// Adds the work of a compiler call with these arguments.
    pub fn add_compiler(&mut self, kind: ToolKind, params: &[Arg], scan: &Scan) {
        if kind != ToolKind::Cpp {
            self.compiles = scan.compiles || compiles_a_file(params, &scan.operands);
            self.links = scan.no_link.is_none() && !scan.asks;
        }
    }

    /// Adds the work of a linker call with these arguments.
    pub fn add_linker(&mut self, params: &[Arg]) {
        self.links = links(params);
    }

    /// Adds the work of a GNAT tool's call. gnatmake runs the compiler next to
    /// the real gnatmake, which is not wrapped. The other tools compile nothing
    /// themselves, or run a wrapped compiler that is counted.
    pub fn add_gnat(&mut self, name: &[u8], params: &[Arg]) {
        if ToolName::parse(name).is_some_and(|name| name.base == "gnatmake") {
            (self.compiles, self.links) = makes(params);
        }
    }
}

/// Whether the linker has something to link.
fn links(params: &[Arg]) -> bool {
    let has = |wanted: Meaning| params.iter().any(|param| param.parsed.meaning() == wanted);
    !is_question(params) && (has(Meaning::Input) || has(Meaning::Library))
}

/// Whether gnatmake compiles, and whether it links.
fn makes(params: &[Arg]) -> (bool, bool) {
    /// The arguments after these options belong to other tools.
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
    use crate::model::argument::{Origin, fake};
    use alloc::vec::Vec;

    fn args(words: &str) -> Vec<Arg<'static>> {
        let words = words.split_whitespace();
        let arg = |word: &str| Arg::new(word.as_bytes().to_vec(), Origin::User(1));
        words.map(arg).collect()
    }

    #[test]
    fn gnatmake_compiles_and_links_unless_options_select_less() {
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
    fn a_version_query_does_not_count_as_a_link() {
        let links = |words| links(&fake::of_linker(words));
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
