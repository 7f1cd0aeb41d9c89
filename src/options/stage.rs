//! How far a compiler call goes, as its options say.

/// Of several the greatest counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    #[default]
    Program,
    Object,
    Assembly,
    SyntaxTree,
    Check,
    Module,
    /// Preprocessed text, dependencies, a report: nothing is compiled.
    Other,
    /// An answer: nothing is done with the inputs at all. nixpkgs adds the
    /// flags of a link all the same.
    Answer,
}

/// nixpkgs knows `-c`, `-S`, `-E`, `-M` and `-MM`; the others are here because a
/// flag for the linker is at best a warning to them.
const GOALS: [(&str, Stage); 23] = [
    ("-c", Stage::Object),
    ("--compile", Stage::Object),
    ("-S", Stage::Assembly),
    ("--assemble", Stage::Assembly),
    ("-emit-ast", Stage::SyntaxTree),
    ("-fsyntax-only", Stage::Check),
    ("--precompile", Stage::Module),
    ("-E", Stage::Other),
    ("--preprocess", Stage::Other),
    ("-M", Stage::Other),
    ("--dependencies", Stage::Other),
    ("-MM", Stage::Other),
    ("--user-dependencies", Stage::Other),
    ("--analyze", Stage::Other),
    ("-verify-pch", Stage::Other),
    ("-###", Stage::Answer),
    ("-cc1", Stage::Answer),
    ("--help", Stage::Answer),
    ("--target-help", Stage::Answer),
    ("--version", Stage::Answer),
    ("-dumpfullversion", Stage::Answer),
    ("-dumpmachine", Stage::Answer),
    ("-dumpspecs", Stage::Answer),
];

/// How other options begin that ask for an answer.
const ANSWERS: [&str; 4] = ["--help=", "--print-", "-dumpversion", "-print-"];

impl Stage {
    /// The option and the goal that it sets, if it does.
    pub fn of(option: &[u8]) -> Option<(&'static str, Stage)> {
        let is_this = |(name, _): &&(&str, Stage)| name.as_bytes() == option;
        let named = GOALS.iter().find(is_this).copied();
        named.or_else(|| {
            let begins = |begin: &&&str| option.starts_with(begin.as_bytes());
            let answer = ANSWERS.iter().find(begins)?;
            Some((*answer, Stage::Answer))
        })
    }

    /// Whether linker flags are of no use.
    pub fn ends_before_linking(self) -> bool {
        !matches!(self, Stage::Program | Stage::Answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_say_how_far_a_call_goes() {
        let goal = |option: &str| Stage::of(option.as_bytes()).map(|(_, goal)| goal);
        assert_eq!(goal("-c"), Some(Stage::Object));
        assert_eq!(goal("-dumpversion"), Some(Stage::Answer));
        assert_eq!(goal("-print-prog-name=ld"), Some(Stage::Answer));
        assert_eq!(goal("-dumpbase"), None);
        assert_eq!(goal("-cx"), None);
        assert!(Stage::Check > Stage::Object && Stage::Answer > Stage::Other);
    }
}
