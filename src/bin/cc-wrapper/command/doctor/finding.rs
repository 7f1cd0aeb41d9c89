//! What a check found.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::process::report::quoted;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Calls or programs fail, or flags get lost.
    Error,
    /// It works, but hardly as it was meant to.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// A path or the name of a variable, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(pub Vec<u8>);

impl Place {
    /// For a person to read, and for a shell.
    pub fn shown(&self) -> String {
        bytes(&self.0)
    }
}

impl<T: AsRef<OsStr> + ?Sized> From<&T> for Place {
    fn from(text: &T) -> Place {
        Place(text.as_ref().as_bytes().to_vec())
    }
}

impl From<String> for Place {
    fn from(text: String) -> Place {
        Place(text.into_bytes())
    }
}

impl From<PathBuf> for Place {
    fn from(path: PathBuf) -> Place {
        Place(path.into_os_string().into_vec())
    }
}

#[cfg(test)]
impl<T: AsRef<OsStr> + ?Sized> PartialEq<&T> for Place {
    fn eq(&self, other: &&T) -> bool {
        self.0 == other.as_ref().as_bytes()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// The same for all findings of a kind, for programs to know it by.
    pub id: &'static str,
    /// What is wrong.
    pub what: String,
    /// The file or variable that it is about.
    pub place: Place,
    /// What to do.
    pub remedy: String,
    /// The directory that is not there, if that is it.
    pub directory: Option<PathBuf>,
}

impl Finding {
    pub fn error(
        id: &'static str,
        place: impl Into<Place>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding {
            severity: Severity::Error,
            id,
            what: what.into(),
            place: place.into(),
            remedy: remedy.into(),
            directory: None,
        }
    }

    /// The same, less grave.
    #[must_use]
    pub fn into_warning(mut self) -> Finding {
        self.severity = Severity::Warning;
        self
    }

    #[must_use]
    pub fn into_note(mut self) -> Finding {
        self.severity = Severity::Note;
        self
    }
}

/// Findings about one thing.
#[derive(Debug)]
pub struct Group {
    /// A root, a file, or the environment.
    pub subject: Place,
    pub findings: Vec<Finding>,
}

/// A path for a person to read, and for a shell.
pub fn shown(path: &Path) -> String {
    bytes(path.as_os_str().as_bytes())
}

/// The same for a variable's name or value.
pub fn bytes(text: &[u8]) -> String {
    quoted(text)
}
