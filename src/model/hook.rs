//! Hooks and their results (docs/behaviour.md#10-hooks).

use alloc::vec::Vec;

use crate::model::argument::Export;

/// A hook that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook<'a> {
    /// Absolute path of the file.
    pub path: Vec<u8>,
    /// A file of functions to source first. Empty if there is none.
    pub functions: Vec<u8>,
    /// The bash that runs the hook. `None`: the one on PATH.
    pub shell: Option<&'a [u8]>,
    /// PATH while the hook runs. `None`: the PATH that the tool gets.
    pub search_path: Option<&'a [u8]>,
    /// `$0`
    pub executable: &'a [u8],
    /// `$@`: the caller's arguments.
    pub args: &'a [&'a [u8]],
    /// Shell variables that the hook can read.
    pub variables: Vec<(&'static str, Vec<u8>)>,
    /// Print each command of the hook (`set -x`) (§9).
    pub trace: bool,
    /// The call is only explained: the hook gets no input and its output is
    /// discarded.
    pub explains: bool,
}

/// The changes that a hook made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The arrays `extraBefore`, `params` and `extraAfter` after the hook.
    pub arrays: [Vec<Vec<u8>>; 3],
    /// Environment variables that the hook set or removed.
    pub environment: Vec<Export>,
}

/// Why a hook failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It exited with this status.
    Status(u8),
    /// It exited with status 0, but did not report its changes.
    Silent,
    /// It could not be started.
    NotRun {
        /// The shell, if it was found, and the reason.
        source: Vec<u8>,
        /// What the user can do.
        remedy: Option<&'static str>,
    },
}
