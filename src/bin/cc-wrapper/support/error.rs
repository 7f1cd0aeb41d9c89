//! Errors and warnings of the commands.

use std::ffi::OsStr;
use std::io;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cc_wrapper::model::message::Message;

use crate::process::report::why;
use crate::support::show::shown;

/// The error that ended a command: one line, then the output of the tool that
/// failed, unchanged.
#[derive(Debug)]
pub struct Error {
    /// Boxed to keep `Result` small.
    message: Box<Message>,
    output: Vec<u8>,
    status: u8,
}

pub type Result<T> = std::result::Result<T, Error>;

impl From<Message> for Error {
    fn from(message: Message) -> Error {
        Error {
            message: Box::new(message),
            output: Vec::new(),
            status: 1,
        }
    }
}

impl Error {
    /// Creates an error without a path, or with one that `what` contains.
    pub fn new(what: impl AsRef<[u8]>) -> Error {
        Message::new(what).into()
    }

    /// Creates an error whose line is `PLACE WHAT`.
    pub fn about<P: AsRef<OsStr> + ?Sized>(place: &P, what: impl AsRef<[u8]>) -> Error {
        Message::about(place.as_ref().as_bytes(), what).into()
    }

    /// Adds the reason, in the words of the system or tool that failed.
    #[must_use]
    pub fn because(mut self, source: impl AsRef<[u8]>) -> Error {
        *self.message = self.message.because(source);
        self
    }

    /// Adds what the user can do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl AsRef<[u8]>) -> Error {
        *self.message = self.message.remedy(remedy);
        self
    }

    /// Sets the exit status of the process.
    #[must_use]
    pub fn exiting(mut self, status: u8) -> Error {
        self.status = status;
        self
    }

    /// Returns the exit status of the process.
    pub fn status(&self) -> u8 {
        self.status
    }

    /// Adds the output of the tool that failed.
    #[must_use]
    pub fn with_output(mut self, output: &[u8]) -> Error {
        self.output = output.to_vec();
        if self.output.last().is_some_and(|last| *last != b'\n') {
            self.output.push(b'\n');
        }
        self
    }

    /// Returns the line as readable text, without a line end.
    pub fn line(&self) -> String {
        let show = |place: &[u8]| shown(OsStr::from_bytes(place)).into_bytes();
        String::from_utf8_lossy(&self.message.text_with(show)).into_owned()
    }

    /// Prints the error to standard error.
    pub fn print(&self) {
        let mut text = format!("cc-wrapper: {}\n", plain(&self.line())).into_bytes();
        text.extend_from_slice(&self.output);
        let _ = io::stderr().write_all(&text);
    }
}

/// Prints a warning on one line of standard error.
pub fn warn(line: &str) {
    let text = format!("cc-wrapper: warning: {}\n", plain(line));
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Prints what a command waits for on one line of standard error.
pub fn note(line: &str) {
    let text = format!("cc-wrapper: {}\n", plain(line));
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Returns `line` on one line, without control characters that could affect a
/// terminal.
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

/// Returns a function that turns an I/O error into "cannot `what` `path`:
/// reason".
pub fn cannot<'a, E: Into<io::Error>>(
    what: &'a str,
    path: &'a Path,
) -> impl FnOnce(E) -> Error + 'a {
    move |error| {
        let message = Message::at(format!("cannot {what}"), path.as_os_str().as_bytes());
        message.because(why(&error.into())).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tools_output_ends_with_a_line_end() {
        assert_eq!(Error::new("x").with_output(b"no").output, b"no\n");
        assert_eq!(Error::new("x").with_output(b"no\n").output, b"no\n");
        assert_eq!(Error::new("x").with_output(b"").output, b"");
    }

    #[test]
    fn a_line_has_no_control_characters() {
        assert_eq!(plain("é\n\x1b[31m"), "é\\n\\u{1b}[31m");
    }

    #[test]
    fn a_refusal_names_what_and_where() {
        let denied = io::Error::from(nix::errno::Errno::EACCES);
        let error = cannot("read", Path::new("/x"))(denied);
        assert_eq!(error.line(), "cannot read /x: permission denied");
        let error = Error::about(OsStr::from_bytes(b"/caf\xe9"), "is not a directory");
        let error = error.remedy("give one");
        assert_eq!(error.line(), r"$'/caf\xe9' is not a directory; give one");
    }
}
