//! What a call becomes, as data.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::model::environment::Environment;
use crate::model::event::Event;
use crate::model::explanation::Note;
use crate::model::statistics::Statistics;
use crate::model::toolchain::Bytes;
use crate::rules::compile_record::Record;
use crate::rules::driver_link;
use crate::rules::hooks::Hook;

/// A decided call. `exec`, NIX_DEBUG and the tests read the same plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan<'a> {
    /// Path of the real tool; also its `argv[0]`.
    pub program: Bytes<'a>,
    pub command: Command<'a>,
    /// Variables of the tool; all others are handed on as they are.
    pub environment: Vec<Export>,
    /// A command line that is to run the tool, as a shell reads it.
    pub launcher: Option<&'a [u8]>,
    /// What is to be told about it, in order.
    pub events: Vec<Event>,
    pub response_file: ResponseFile,
    /// The level asked for by NIX_DEBUG (§9).
    pub debug: i64,
    /// To be run after the tool has succeeded (§10).
    pub post_link: Option<Box<Hook<'a>>>,
    /// What goes into the compile database before the tool runs.
    pub record: Option<Box<Record<'a>>>,
    /// How the call is counted after it.
    pub statistics: Option<Statistics<'a>>,
}

impl Plan<'_> {
    /// Of a driver's call that links: what of it the linker will see. Not what
    /// the driver adds of its own.
    pub fn linkers_view(&self, environment: &Environment) -> Vec<Vec<u8>> {
        driver_link::linkers_view(&self.command, environment)
    }

    /// The notes among the events.
    pub fn notes(&self) -> impl Iterator<Item = &Note> {
        self.events.iter().filter_map(|event| match event {
            Event::Note(note) => Some(note),
            _ => None,
        })
    }
}

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
    Variable(&'static str, Suffix),
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
pub enum Suffix {
    /// `_FOR_BUILD`
    ForBuild,
    /// Nothing.
    Plain,
    /// `_FOR_TARGET`
    ForTarget,
    /// The toolchain's own, inherited from a wrapper that ran before.
    Salt,
}

/// Whether all arguments go through a response file (§5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseFile {
    Always,
    /// Only when they would not fit what the kernel takes.
    WhenNeeded,
    Never,
}
