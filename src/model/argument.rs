//! Arguments, and where each comes from.

use alloc::vec::Vec;

use crate::text::Bytes;

/// A variable's name and the value to set; `None`: to take it out.
pub type Export = (Vec<u8>, Option<Vec<u8>>);

/// All arguments behind the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command<'a> {
    /// Put before the caller's arguments.
    pub before: Vec<Arg<'a>>,
    /// The caller's arguments, response files expanded, less what was dropped.
    pub params: Vec<Arg<'a>>,
    /// Put behind the caller's arguments.
    pub after: Vec<Arg<'a>>,
}

impl<'a> Command<'a> {
    /// In order.
    pub fn args(&self) -> impl Iterator<Item = &Arg<'a>> + Clone {
        self.before.iter().chain(&self.params).chain(&self.after)
    }
}

/// One argument, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arg<'a> {
    pub bytes: Bytes<'a>,
    pub origin: Origin,
}

impl<'a> Arg<'a> {
    pub fn new(bytes: impl Into<Bytes<'a>>, origin: Origin) -> Arg<'a> {
        Arg {
            bytes: bytes.into(),
            origin,
        }
    }

    /// The same, borrowing from nothing.
    pub fn into_owned(self) -> Arg<'static> {
        Arg::new(self.bytes.into_owned(), self.origin)
    }

    /// `text`, put in by the rule of that name.
    pub fn rule(text: &'static str, rule: &'static str) -> Arg<'a> {
        Arg::new(text.as_bytes(), Origin::Rule(rule))
    }
}

impl core::ops::Deref for Arg<'_> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Where an argument comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The caller's nth argument, counted from 1.
    User(usize),
    /// A word of the response file that is the caller's nth argument.
    ResponseFile(usize),
    Variable(&'static str, RoleSuffix),
    /// A file in `nix-support/`: of flags, or a hook.
    FlagFile(&'static str),
    /// A hardening flag of §4.
    Hardening(&'static str),
    /// An rpath, for the library of this file name.
    Rpath(Vec<u8>),
    /// Anything else that the rules of a wrapped call put in.
    Rule(&'static str),
}

/// What follows a variable's base name in the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleSuffix {
    /// `_FOR_BUILD`
    ForBuild,
    /// Nothing.
    Plain,
    /// `_FOR_TARGET`
    ForTarget,
    /// The toolchain's own, inherited from a wrapper that ran before.
    Salt,
}

impl RoleSuffix {
    /// The suffix of a variable as setup hooks write it. `Salt` has none
    /// that is the same for all toolchains.
    pub fn name(self) -> &'static str {
        match self {
            RoleSuffix::ForBuild => "_FOR_BUILD",
            RoleSuffix::ForTarget => "_FOR_TARGET",
            RoleSuffix::Plain | RoleSuffix::Salt => "",
        }
    }
}
