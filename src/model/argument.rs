//! Arguments and their origins (docs/glossary.md).

use alloc::vec::Vec;

use crate::model::rpath_source::RpathSource;
use crate::options::{Argument, Parsed, Parser};
use crate::text::Bytes;

/// The name of an environment variable and its new value, or `None` to remove
/// it.
pub type Export = (Vec<u8>, Option<Vec<u8>>);

/// All arguments of a command, without the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command<'a> {
    /// Added before the caller's arguments.
    pub before: Vec<Arg<'a>>,
    /// The caller's arguments, with response files expanded and without dropped
    /// ones.
    pub params: Vec<Arg<'a>>,
    /// Added after the caller's arguments.
    pub after: Vec<Arg<'a>>,
}

impl<'a> Command<'a> {
    /// All arguments, in order.
    pub fn args(&self) -> impl Iterator<Item = &Arg<'a>> + Clone {
        self.before.iter().chain(&self.params).chain(&self.after)
    }
}

/// One argument and its origin.
#[derive(Clone, Debug)]
pub struct Arg<'a> {
    pub bytes: Bytes<'a>,
    pub origin: Origin,
    /// The argument's meaning. Set by [`read`].
    pub parsed: Parsed,
}

/// Ignores `parsed`, which follows from the bytes and the arguments before.
impl PartialEq for Arg<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes && self.origin == other.origin
    }
}

impl Eq for Arg<'_> {}

impl<'a> Arg<'a> {
    pub fn new(bytes: impl Into<Bytes<'a>>, origin: Origin) -> Arg<'a> {
        Arg {
            bytes: bytes.into(),
            origin,
            parsed: Parsed::default(),
        }
    }

    /// The same argument without borrowed data.
    pub fn into_owned(self) -> Arg<'static> {
        Arg::new(self.bytes.into_owned(), self.origin)
    }

    /// An argument that the named rule adds.
    pub fn rule(text: &'static str, rule: &'static str) -> Arg<'a> {
        Arg::new(text.as_bytes(), Origin::Rule(rule))
    }

    /// The value inside of the argument, as in `-I/usr`. `None` if there is
    /// none, or if [`read`] was not called.
    pub fn joined(&self) -> Option<&[u8]> {
        self.parsed.joined(&self.bytes)
    }
}

/// Sets the meaning of each argument. `args` is a whole call, or a list that is
/// complete in itself. All rules use the result of this single pass.
pub fn read(args: &mut [Arg], mut parser: Parser) {
    for arg in args {
        arg.parsed = parser.read(&arg.bytes);
    }
}

impl<'p> Argument<'p> for &'p Arg<'_> {
    fn bytes(self) -> &'p [u8] {
        &self.bytes
    }

    fn parsed(self) -> Parsed {
        self.parsed
    }
}

impl core::ops::Deref for Arg<'_> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// The origin of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The caller's nth argument, counted from 1.
    User(usize),
    /// A word of the response file that is the caller's nth argument.
    ResponseFile(usize),
    Variable(&'static str, RoleSuffix),
    /// A file in `nix-support/`: a flag file or a hook.
    FlagFile(&'static str),
    /// A hardening flag of §4.
    Hardening(&'static str),
    /// An rpath, added for the library with this file name.
    Rpath {
        library: Vec<u8>,
        source: RpathSource,
    },
    /// Any other rule of a wrapped call.
    Rule(&'static str),
}

/// The suffix of a variable's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleSuffix {
    /// `_FOR_BUILD`
    ForBuild,
    /// No suffix.
    Plain,
    /// `_FOR_TARGET`
    ForTarget,
    /// The toolchain's salt: the variable was inherited from a wrapper above.
    Salt,
}

impl RoleSuffix {
    /// The suffix as setup hooks write it. Empty for `Salt`, because each
    /// toolchain has another one.
    pub fn name(self) -> &'static str {
        match self {
            RoleSuffix::ForBuild => "_FOR_BUILD",
            RoleSuffix::ForTarget => "_FOR_TARGET",
            RoleSuffix::Plain | RoleSuffix::Salt => "",
        }
    }
}

#[cfg(test)]
pub mod fake {
    use super::*;
    use crate::options::{driver, linker};

    /// The arguments of a gcc call, already read.
    pub fn of_driver(words: &str) -> Vec<Arg<'static>> {
        args(words, Parser::for_driver(driver::GCC))
    }

    /// The arguments of a GNU ld call, already read.
    pub fn of_linker(words: &str) -> Vec<Arg<'static>> {
        args(words, Parser::for_linker(linker::BFD))
    }

    fn args(words: &str, parser: Parser) -> Vec<Arg<'static>> {
        let words = words.split_whitespace();
        let mut args: Vec<_> = words
            .map(|word| Arg::new(word.as_bytes().to_vec(), Origin::User(1)))
            .collect();
        read(&mut args, parser);
        args
    }
}
