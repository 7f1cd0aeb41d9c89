//! A hook to run, and what came of it (§10).

use alloc::vec::Vec;

use crate::model::argument::Export;

/// A hook, ready to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook<'a> {
    /// Absolute path of the file.
    pub path: Vec<u8>,
    /// A file of functions to load before it, if there is one.
    pub functions: Vec<u8>,
    /// The bash to run it with; `None`: the one on PATH.
    pub shell: Option<&'a [u8]>,
    /// PATH while it runs; `None`: as the tool will have it.
    pub search_path: Option<&'a [u8]>,
    /// `$0`
    pub executable: &'a [u8],
    /// `$@`: the caller's arguments.
    pub args: &'a [&'a [u8]],
    /// Shell variables, which it can read.
    pub variables: Vec<(&'static str, Vec<u8>)>,
    /// Each of its steps is shown (§9).
    pub trace: bool,
    /// The call is not made: it has no input and no output.
    pub explains: bool,
}

/// What a hook left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// `extraBefore`, `params` and `extraAfter`, as they are now.
    pub arrays: [Vec<Vec<u8>>; 3],
    /// Exported variables that it set or took out.
    pub environment: Vec<Export>,
}

/// Why a hook did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It ended with this status.
    Status(u8),
    /// It ended with success, but without telling what it changed.
    Silent,
    /// It could not be run.
    NotRun {
        /// The shell that was to run it, if it was found, and why it did not.
        source: Vec<u8>,
        /// What to do.
        remedy: Option<&'static str>,
    },
}
