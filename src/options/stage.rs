//! How far a compiler call goes, as its options say.

/// Of several the greatest counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Goal {
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
const GOALS: [(&str, Goal); 23] = [
    ("-c", Goal::Object),
    ("--compile", Goal::Object),
    ("-S", Goal::Assembly),
    ("--assemble", Goal::Assembly),
    ("-emit-ast", Goal::SyntaxTree),
    ("-fsyntax-only", Goal::Check),
    ("--precompile", Goal::Module),
    ("-E", Goal::Other),
    ("--preprocess", Goal::Other),
    ("-M", Goal::Other),
    ("--dependencies", Goal::Other),
    ("-MM", Goal::Other),
    ("--user-dependencies", Goal::Other),
    ("--analyze", Goal::Other),
    ("-verify-pch", Goal::Other),
    ("-###", Goal::Answer),
    ("-cc1", Goal::Answer),
    ("--help", Goal::Answer),
    ("--target-help", Goal::Answer),
    ("--version", Goal::Answer),
    ("-dumpfullversion", Goal::Answer),
    ("-dumpmachine", Goal::Answer),
    ("-dumpspecs", Goal::Answer),
];

/// How other options begin that ask for an answer.
const ANSWERS: [&str; 4] = ["--help=", "--print-", "-dumpversion", "-print-"];

impl Goal {
    /// The option and the goal that it sets, if it does.
    pub fn of(option: &[u8]) -> Option<(&'static str, Goal)> {
        let is_this = |(name, _): &&(&str, Goal)| name.as_bytes() == option;
        let named = GOALS.iter().find(is_this).copied();
        named.or_else(|| {
            let begins = |begin: &&&str| option.starts_with(begin.as_bytes());
            let answer = ANSWERS.iter().find(begins)?;
            Some((*answer, Goal::Answer))
        })
    }

    /// Whether linker flags are of no use.
    pub fn ends_before_linking(self) -> bool {
        !matches!(self, Goal::Program | Goal::Answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_say_how_far_a_call_goes() {
        let goal = |option: &str| Goal::of(option.as_bytes()).map(|(_, goal)| goal);
        assert_eq!(goal("-c"), Some(Goal::Object));
        assert_eq!(goal("-dumpversion"), Some(Goal::Answer));
        assert_eq!(goal("-print-prog-name=ld"), Some(Goal::Answer));
        assert_eq!(goal("-dumpbase"), None);
        assert_eq!(goal("-cx"), None);
        assert!(Goal::Check > Goal::Object && Goal::Answer > Goal::Other);
    }
}
