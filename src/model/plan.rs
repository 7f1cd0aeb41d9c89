//! A plan (docs/glossary.md): the result of all rules, as data.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::model::argument::Command;
use crate::model::argument::Export;
use crate::model::compile_record::Record;
use crate::model::event::Event;
use crate::model::explanation::Explanation;
use crate::model::hook::Hook;
use crate::model::statistics::Statistics;
use crate::text::Bytes;

/// What to run for a call. Execution, NIX_DEBUG, `cc-wrapper explain` and the
/// tests use the same plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan<'a> {
    /// Path of the real tool. Also its `argv[0]`.
    pub program: Bytes<'a>,
    pub command: Command<'a>,
    /// Environment variables to set or remove. All others are passed on
    /// unchanged.
    pub environment: Vec<Export>,
    /// A command line, in shell syntax, that runs the tool.
    pub launcher: Option<&'a [u8]>,
    /// The messages about the call, in order.
    pub events: Vec<Event>,
    pub response_file: ResponseFile,
    /// The level of NIX_DEBUG (§9).
    pub debug: i64,
    /// A hook to run after the tool has succeeded (§10).
    pub post_link: Option<Box<Hook<'a>>>,
    /// The entries to add to the compilation database before the tool runs.
    pub record: Option<Box<Record<'a>>>,
    /// How to count the call when it has ended.
    pub statistics: Option<Statistics<'a>>,
}

impl Plan<'_> {
    /// The notes for `cc-wrapper explain` among the events.
    pub fn explanations(&self) -> impl Iterator<Item = &Explanation> {
        self.events.iter().filter_map(|event| match event {
            Event::Explanation(note) => Some(note),
            _ => None,
        })
    }
}

/// Whether the arguments go into a response file (§5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseFile {
    Always,
    /// Only if the kernel does not accept a command line of this length.
    WhenNeeded,
    Never,
}
