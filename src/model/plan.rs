//! What a call becomes, as data.

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
    /// The notes among the events.
    pub fn explanations(&self) -> impl Iterator<Item = &Explanation> {
        self.events.iter().filter_map(|event| match event {
            Event::Explanation(note) => Some(note),
            _ => None,
        })
    }
}

/// Whether all arguments go through a response file (§5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseFile {
    Always,
    /// Only when they would not fit what the kernel takes.
    WhenNeeded,
    Never,
}
