//! The abilities of standard output: width, colours and characters.

use std::io::IsTerminal;
use std::os::fd::AsRawFd;
use std::{env, io};

use crate::process::report::{escaped, quoted};

pub struct Screen {
    /// The width in columns. `None`: not a terminal, so lines are not wrapped.
    pub width: Option<usize>,
    pub colours: bool,
    /// Characters beyond ASCII are escaped.
    pub ascii: bool,
}

/// The kind of a piece of text; it decides the colour.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Added by the wrapper.
    Added,
    Dropped,
    /// A reason.
    DropReason,
    Heading,
    Plain,
    Error,
    Warning,
    Note,
}

impl Screen {
    pub fn of_stdout() -> Screen {
        let is_terminal = io::stdout().is_terminal();
        Screen {
            width: width_of_stdout().filter(|&width| is_terminal && width > 0),
            colours: is_terminal
                && !is_set("NO_COLOR")
                && env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb"),
            ascii: is_terminal && !is_utf8(),
        }
    }

    /// Returns a word quoted for a shell, with characters that cannot be shown
    /// escaped.
    pub fn word(&self, word: &[u8]) -> String {
        let text = quoted(word);
        if !self.ascii || text.is_ascii() {
            return text;
        }
        escaped(word, |c| matches!(c, ' '..='~'))
    }

    /// Returns a sentence, with characters that cannot be shown escaped.
    pub fn shown(&self, text: &str) -> String {
        let mut out = String::new();
        for c in text.chars() {
            if c.is_control() || self.ascii && !c.is_ascii() {
                for b in c.to_string().bytes() {
                    out.push_str(&format!("\\x{b:02x}"));
                }
            } else {
                out.push(c);
            }
        }
        out
    }

    pub fn paint(&self, kind: Kind, text: &str) -> String {
        let code = match kind {
            Kind::Added => "32",
            Kind::Dropped | Kind::Error => "31",
            Kind::Warning => "33",
            Kind::Note => "36",
            Kind::DropReason => "2",
            Kind::Heading => "1",
            Kind::Plain => "",
        };
        if self.colours && !code.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Returns the terminal's width in columns, or 0 if it is unknown.
#[allow(unsafe_code)]
fn width_of_stdout() -> Option<usize> {
    nix::ioctl_read_bad!(window_size, nix::libc::TIOCGWINSZ, nix::libc::winsize);

    let mut size = nix::libc::winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the kernel writes a structure of this type.
    unsafe { window_size(io::stdout().as_raw_fd(), &mut size) }.ok()?;
    Some(size.ws_col.into())
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// Returns whether the locale's encoding is UTF-8. Without a locale it is
/// ASCII.
fn is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter();
    let locale = locale
        .filter_map(env::var_os)
        .find(|value| !value.is_empty());
    let locale = locale.unwrap_or_default().to_string_lossy().to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_without_utf8_gets_ascii() {
        let screen = |ascii| Screen {
            width: None,
            colours: false,
            ascii,
        };
        assert_eq!(screen(false).word("é'".as_bytes()), r"'é'\'''");
        assert_eq!(screen(true).word("é'".as_bytes()), r"$'\xc3\xa9\''");
        assert_eq!(screen(true).word(b"-DX=1"), "-DX=1");
        assert_eq!(screen(true).shown("é\n"), r"\xc3\xa9\x0a");
        assert_eq!(screen(false).shown("é\x1b"), r"é\x1b");
    }

    #[test]
    fn colours_are_asked_for() {
        let mut screen = Screen {
            width: None,
            colours: true,
            ascii: false,
        };
        assert_eq!(screen.paint(Kind::Added, "x"), "\x1b[32mx\x1b[0m");
        assert_eq!(screen.paint(Kind::Plain, "x"), "x");
        screen.colours = false;
        assert_eq!(screen.paint(Kind::Added, "x"), "x");
    }
}
