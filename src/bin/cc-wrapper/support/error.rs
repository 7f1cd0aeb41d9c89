//! What a command tells of its failure.

use crate::support::show::shown;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;

/// What stopped a command: one line, then what a tool said about it, in the
/// tool's own words.
#[derive(Debug)]
pub struct Error {
    line: String,
    said: Vec<u8>,
    status: u8,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// `line` says what, where, and what to do.
    pub fn new(line: impl Into<String>) -> Error {
        Error {
            line: line.into(),
            said: Vec::new(),
            status: 1,
        }
    }

    /// Sets what the process exits with.
    #[must_use]
    pub fn exiting(mut self, status: u8) -> Error {
        self.status = status;
        self
    }

    /// What the process exits with.
    pub fn status(&self) -> u8 {
        self.status
    }

    /// Adds the words of the tool that failed.
    #[must_use]
    pub fn saying(mut self, said: &[u8]) -> Error {
        self.said = said.to_vec();
        if self.said.last().is_some_and(|last| *last != b'\n') {
            self.said.push(b'\n');
        }
        self
    }

    /// The line.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// To standard error.
    pub fn print(&self) {
        let mut text = format!("cc-wrapper: {}\n", plain(&self.line)).into_bytes();
        text.extend_from_slice(&self.said);
        let _ = io::stderr().write_all(&text);
    }
}

/// Tells on one line what does not stop a command.
pub fn warn(line: &str) {
    let text = format!("cc-wrapper: warning: {}\n", plain(line));
    let _ = io::stderr().write_all(text.as_bytes());
}

/// One line, without signs that do more than be read.
fn plain(line: &str) -> String {
    let mut out = String::new();
    for c in line.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Turns what the system refused into "cannot `what` `path`: why".
pub fn cannot<'a, E: Display>(what: &'a str, path: &'a Path) -> impl FnOnce(E) -> Error + 'a {
    move |why| Error::new(format!("cannot {what} {}: {why}", shown(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tool_said_ends_its_line() {
        assert_eq!(Error::new("x").saying(b"no").said, b"no\n");
        assert_eq!(Error::new("x").saying(b"no\n").said, b"no\n");
        assert_eq!(Error::new("x").saying(b"").said, b"");
    }

    #[test]
    fn a_line_moves_no_terminal() {
        assert_eq!(plain("é\n\x1b[31m"), "é\\n\\u{1b}[31m");
    }

    #[test]
    fn a_refusal_names_what_and_where() {
        let error = cannot("read", Path::new("/x"))("denied");
        assert_eq!(error.line(), "cannot read /x: denied");
    }
}
