//! Detects linker calls that only ask for information, such as the version.

use crate::model::argument::Arg;
use crate::options::meaning::Meaning;

/// Whether a linker with these arguments prints information and links nothing.
/// `-v`, `-V` and `--verbose` count only if there is no input. The arguments
/// must have been read.
pub fn is_question(params: &[Arg]) -> bool {
    let mut asks = false;
    let mut has_input = false;
    for param in params {
        match param.parsed.meaning() {
            Meaning::Question => return true,
            Meaning::Version => asks = true,
            Meaning::Input | Meaning::Library => has_input = true,
            _ => {}
        }
    }
    asks && !has_input
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::argument::fake;

    #[test]
    fn version_options_are_questions_only_without_inputs() {
        for (words, want) in [
            ("-v", true),
            ("-V -m elf_x86_64", true),
            ("--verbose -o x", true),
            ("--version x.o", true),
            ("--help", true),
            ("-v x.o", false),
            ("-v -lx", false),
            ("-o --help x.o", false),
            ("x.o", false),
            ("", false),
        ] {
            assert_eq!(is_question(&fake::of_linker(words)), want, "{words}");
        }
    }
}
