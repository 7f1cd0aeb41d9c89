//! The findings of checks.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::process::report::quoted;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Calls or programs fail, or flags are lost.
    Error,
    /// Calls and programs work, but probably not as intended.
    Warning,
    /// Nothing is wrong.
    Note,
}

impl Severity {
    /// An error if `is_grave`.
    pub fn error_if(is_grave: bool, otherwise: Severity) -> Severity {
        if is_grave { Severity::Error } else { otherwise }
    }

    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// What programs know the kind of finding by.
    pub id: &'static str,
    /// What is wrong.
    pub what: String,
    /// The file or variable that it is about.
    pub place: OsString,
    /// What to do.
    pub remedy: String,
    /// The directory that is missing, if that is what is wrong.
    pub directory: Option<PathBuf>,
}

impl Finding {
    pub fn error(
        id: &'static str,
        place: impl Into<OsString>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        let (place, what, remedy) = (place.into(), what.into(), remedy.into());
        let severity = Severity::Error;
        Finding {
            severity,
            id,
            what,
            place,
            remedy,
            directory: None,
        }
    }

    pub fn warning(
        id: &'static str,
        place: impl Into<OsString>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding::error(id, place, what, remedy).of(Severity::Warning)
    }

    /// The same finding with another severity.
    #[must_use]
    pub fn of(self, severity: Severity) -> Finding {
        Finding { severity, ..self }
    }
}

/// Findings about one thing.
#[derive(Debug)]
pub struct Group {
    /// A root, a file, or the environment.
    pub subject: OsString,
    pub findings: Vec<Finding>,
}

/// A path or a variable's name as people read it and as a shell takes it.
pub fn shown<S: AsRef<OsStr> + ?Sized>(text: &S) -> String {
    quoted(text.as_ref().as_bytes())
}
