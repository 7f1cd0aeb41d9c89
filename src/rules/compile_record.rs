//! Finds the translation units of a compiler call, for the compilation
//! database.

use alloc::vec::Vec;

use crate::model::argument::Arg;
use crate::model::call::Call;
use crate::model::compile_record::Record;
use crate::model::compile_record::TranslationUnit;
use crate::model::toolchain::ToolKind;
use crate::options::driver::GCC;
use crate::options::meaning::{Meaning, Stage};
use crate::options::{Parser, Use};
use crate::rules::scan::is_header;
use crate::text::path::file_name;

/// The path of the compilation database. Unset: no database is written.
const DATABASE: &[u8] = b"CC_WRAPPER_COMPDB";

/// Returns the entries that a call adds to the compilation database, if there
/// are any. `operands` are the arguments after `--`.
pub fn record<'a>(call: &Call<'a>, params: &[Arg], operands: &[Arg]) -> Option<Record<'a>> {
    let database = call.environment.get_nonempty(DATABASE)?;
    if call.kind == ToolKind::Cpp {
        return None;
    }
    let mut units = find(params, operands);
    // Standard input is left out, because other tools cannot read it.
    units.retain(|unit| unit.file != b"-");
    (!units.is_empty()).then_some(Record { database, units })
}

/// Why a call adds no entry. `None` if it adds one, or if no entry is expected.
pub fn why_no_record(call: &Call, params: &[Arg], operands: &[Arg]) -> Option<&'static str> {
    let is_set = call.environment.get_nonempty(DATABASE).is_some();
    match (is_set, call.kind, compiles_a_file(params, operands)) {
        (true, ToolKind::Cpp, _) => Some("cpp only preprocesses"),
        (true, _, false) => Some("the call compiles no file"),
        (false, kind, true) if kind != ToolKind::Cpp => Some("CC_WRAPPER_COMPDB is not set"),
        _ => None,
    }
}

/// Whether a call compiles a file or standard input.
pub fn compiles_a_file(params: &[Arg], operands: &[Arg]) -> bool {
    !find(params, operands).is_empty()
}

/// The extensions of files that gcc or clang compiles or assembles.
const SOURCES: [&str; 48] = [
    ".c", ".i", // C
    ".C", ".CPP", ".c++", ".cc", ".cp", ".cpp", ".cxx", ".ii", // C++
    ".c++m", ".ccm", ".cppm", ".cxxm", ".ixx", // C++ modules
    ".m", ".mi", ".M", ".mii", ".mm", // Objective-C
    ".S", ".s", ".sx", // assembler
    ".F", ".FOR", ".FPP", ".FTN", ".f", ".for", ".fpp", ".ftn", // Fortran
    ".F03", ".F08", ".F90", ".F95", ".f03", ".f08", ".f90", ".f95", // free form
    ".cl", ".clcpp", ".cu", ".cui", ".hip", ".hipi", // for devices
    ".adb", ".ads", // Ada
    ".ll",  // LLVM
];

/// The information in a call's arguments about its translation units.
#[derive(Default)]
struct CompileFacts<'p> {
    stage: Stage,
    /// The value of the last `-o`.
    output: Option<&'p [u8]>,
    emits_llvm: bool,
    /// The language of the last `-x`, unless that is `none`.
    language: Option<&'p [u8]>,
    inputs: Vec<Input<'p>>,
}

struct Input<'p> {
    file: &'p [u8],
    is_header: bool,
}

/// Returns the translation units of a call. The arguments must have been read.
fn find(params: &[Arg], operands: &[Arg]) -> Vec<TranslationUnit> {
    let mut found = CompileFacts::default();
    for used in Parser::for_driver(GCC).uses(params.iter()) {
        found.add(&used);
    }
    for operand in operands.iter().skip(1) {
        found.input(operand);
    }
    found.units()
}

impl<'p> CompileFacts<'p> {
    fn add(&mut self, used: &Use<'p, &'p Arg>) {
        match used.meaning {
            Meaning::Input => self.input(used.argument),
            Meaning::Output => self.output = Some(used.value.unwrap_or_default()),
            Meaning::Language => self.language(used.value.unwrap_or_default()),
            Meaning::EmitLlvm => self.emits_llvm = true,
            Meaning::Cc1 => self.stage = Stage::Answer,
            meaning => self.stage = self.stage.max(meaning.stage().unwrap_or_default()),
        }
    }

    fn language(&mut self, language: &'p [u8]) {
        self.language = (language != b"none").then_some(language);
    }

    fn input(&mut self, file: &'p [u8]) {
        let (is_source, is_header) = match self.language {
            Some(language) => (true, language.ends_with(b"-header")),
            None => (ends_as_source(file), is_header(file)),
        };
        if (is_source || is_header) && !file.is_empty() {
            self.inputs.push(Input { file, is_header });
        }
    }

    fn units(&self) -> Vec<TranslationUnit> {
        if self.stage >= Stage::Other {
            return Vec::new();
        }
        let units = self.inputs.iter().map(|input| TranslationUnit {
            file: input.file.to_vec(),
            output: self.output_of(input),
        });
        units.collect()
    }

    /// The name of the output, according to the compiler's rules.
    fn output_of(&self, input: &Input) -> Option<Vec<u8>> {
        if self.stage == Stage::Check {
            return None;
        }
        if let Some(output) = self.output {
            return (output != b"-").then(|| output.to_vec());
        }
        if input.is_header {
            // Next to the header, where an `#include` finds it.
            return Some([input.file, b".gch"].concat());
        }
        let ending: &[u8] = match (self.stage, self.emits_llvm) {
            (Stage::Object, false) => b".o",
            (Stage::Object, true) => b".bc",
            (Stage::Assembly, false) => b".s",
            (Stage::Assembly, true) => b".ll",
            (Stage::SyntaxTree, _) => b".ast",
            (Stage::Module, _) => b".pcm",
            (Stage::Program | Stage::Check | Stage::Other | Stage::Answer, _) => {
                return Some(b"a.out".to_vec());
            }
        };
        Some([stem(input.file), ending].concat())
    }
}

fn ends_as_source(file: &[u8]) -> bool {
    SOURCES.iter().any(|end| file.ends_with(end.as_bytes()))
}

/// The name of a file without its directory and extension.
fn stem(file: &[u8]) -> &[u8] {
    let name = file_name(file);
    match name.iter().rposition(|&b| b == b'.') {
        None | Some(0) => name,
        Some(dot) => &name[..dot],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::argument::fake;
    use crate::model::environment::Environment;
    use crate::model::toolchain::{Tool, Toolchain};
    use crate::rules::scan::scan;
    use alloc::string::String;

    /// `FILE → OUTPUT`, joined by commas.
    fn units(words: &str) -> String {
        let mut params = fake::of_driver(words);
        let scan = scan(&mut params);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let units: Vec<String> = find(&params, &scan.operands)
            .iter()
            .map(|unit| match &unit.output {
                Some(output) => [text(&unit.file), text(output)].join(" → "),
                None => text(&unit.file),
            })
            .collect();
        units.join(", ")
    }

    #[track_caller]
    fn check(table: &[(&str, &str)]) {
        for (words, expected) in table {
            assert_eq!(units(words), *expected, "{words}");
        }
    }

    #[test]
    fn outputs_are_named_as_the_compiler_names_them() {
        check(&[
            ("-c a.c", "a.c → a.o"),
            ("-c src/a.b.cc", "src/a.b.cc → a.b.o"),
            ("-c a.c b.S", "a.c → a.o, b.S → b.o"),
            ("-S a.c", "a.c → a.s"),
            ("-S -c a.c", "a.c → a.s"),
            ("-c .c", ".c → .c.o"),
            ("-c -emit-llvm a.c", "a.c → a.bc"),
            ("-S -emit-llvm a.c", "a.c → a.ll"),
            ("-emit-ast a.c", "a.c → a.ast"),
            ("--precompile -c m.cppm", "m.cppm → m.pcm"),
            ("a.c", "a.c → a.out"),
            ("a.c b.o c.f90", "a.c → a.out, c.f90 → a.out"),
            ("-c a.c -o o/x.o", "a.c → o/x.o"),
            ("-c a.c -oo/x.o", "a.c → o/x.o"),
            ("--output x.o --compile a.c", "a.c → x.o"),
            ("--output=x.o -c a.c", "a.c → x.o"),
            ("-o x -c a.c -o y", "a.c → y"),
            ("-c a.c -objcmt-migrate-all", "a.c → a.o"),
            ("a.c b.c -o app", "a.c → app, b.c → app"),
            ("-fsyntax-only a.c -o a.o", "a.c"),
            ("-S a.c -o -", "a.c"),
        ]);
    }

    #[test]
    fn precompiled_headers_are_next_to_the_header() {
        check(&[
            ("inc/a.h", "inc/a.h → inc/a.h.gch"),
            ("-c a.hpp", "a.hpp → a.hpp.gch"),
            ("a.h -o o/a.h.gch", "a.h → o/a.h.gch"),
            ("-x c++-header a", "a → a.gch"),
        ]);
    }

    #[test]
    fn a_language_makes_any_file_a_source() {
        check(&[
            ("-c -x c a", "a → a.o"),
            ("-c -xc++ a.txt", "a.txt → a.o"),
            ("-c --language=c a", "a → a.o"),
            ("-c --language c a", "a → a.o"),
            ("-x c a.h -c", "a.h → a.o"),
            ("-xc a -x none b c.c", "a → a.out, c.c → a.out"),
            ("a -xc b", "b → a.out"),
        ]);
    }

    #[test]
    fn values_of_options_are_not_inputs() {
        check(&[
            ("-c a.c -MT b.c -MF c.c -include d.h", "a.c → a.o"),
            ("-Xclang -include -Xclang d.h -c a.c", "a.c → a.o"),
            ("-Xlinker -o -Xlinker b.c a.c", "a.c → a.out"),
            ("-c a.c -o b.c", "a.c → b.c"),
            ("-MT -E -c a.c", "a.c → a.o"),
            ("-c a.c -o", "a.c → "),
        ]);
    }

    #[test]
    fn operands_are_inputs() {
        check(&[
            ("-c -- -a.c", "-a.c → -a.o"),
            ("-c -x c -- -E", "-E → -E.o"),
        ]);
    }

    #[test]
    fn calls_that_compile_nothing_have_no_unit() {
        for words in [
            "",
            "-v",
            "--version",
            "-E a.c",
            "-c -E a.c",
            "-M a.c",
            "-MM -c a.c",
            "-### -c a.c",
            "-cc1 -emit-obj a.c",
            "--analyze a.c",
            "--help a.c",
            "-print-file-name=a.c",
            "a.o b.a c.so -lz -o app",
        ] {
            assert_eq!(units(words), "", "{words}");
        }
        check(&[("-MD -MMD -MP -c a.c", "a.c → a.o")]);
    }

    #[test]
    fn standard_input_is_compiled_and_not_recorded() {
        check(&[("-c -x c - -o x.o", "- → x.o"), ("-", "")]);
        let environment = Environment::new([&b"CC_WRAPPER_COMPDB=db"[..]]);
        let call = Call {
            executable: b"",
            hop: b"",
            toolchain: &Toolchain::default(),
            tool: &Tool::default(),
            kind: ToolKind::Cc,
            root: None,
            bintools: None,
            args: &[],
            environment: &environment,
        };
        let params = fake::of_driver("-c -xc -");
        assert_eq!(record(&call, &params, &[]), None);
    }
}
