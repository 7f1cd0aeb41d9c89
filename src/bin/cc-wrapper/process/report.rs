//! Prints a call's messages to standard error (docs/behaviour.md#9-nix_debug).

use std::borrow::Cow;
use std::io;
use std::io::Write;

use cc_wrapper::model::event::{Event, Level};
use cc_wrapper::model::message::Message;
use cc_wrapper::model::plan::Plan;
use cc_wrapper::model::system_error::words;
use log::{LevelFilter, debug, log};
use nix::errno::Errno;

/// Prints the events that this level of NIX_DEBUG includes, byte for byte.
pub fn events(events: &[Event], debug: i64) {
    if debug < 1 && events.is_empty() {
        return;
    }
    start(debug);
    for event in events {
        let level = match event.level() {
            Level::Warning => log::Level::Warn,
            Level::Debug => log::Level::Debug,
            Level::Trace => log::Level::Trace,
        };
        log!(level, "{}", as_text(&event.text()));
    }
}

/// Prints the arguments in three blocks, one argument a line, quoted so that
/// bash reads back the same bytes.
pub fn arguments(plan: &Plan) {
    if plan.debug < 1 {
        return;
    }
    for (title, args) in [
        ("extra flags before to", &plan.command.before),
        ("original flags to", &plan.command.params),
        ("extra flags after to", &plan.command.after),
    ] {
        debug!("{title} {}:", as_text(&plan.program));
        for arg in args {
            debug!("  {}", as_text(quoted(arg).as_bytes()));
        }
    }
}

fn start(debug: i64) {
    let level = match debug {
        7.. => LevelFilter::Trace,
        1.. => LevelFilter::Debug,
        _ => LevelFilter::Warn,
    };
    let logger = env_logger::Builder::new()
        .filter_level(level)
        .format(|out, record| {
            let text = record.args().to_string();
            let mut line: Vec<u8> = text.chars().map(|c| c as u8).collect();
            line.push(b'\n');
            out.write_all(&line)
        })
        .try_init();
    debug_assert!(logger.is_ok() || log::max_level() >= level);
}

/// Turns bytes into text for the logger: each byte becomes the character with
/// its number. The logger's format turns it back.
fn as_text(bytes: &[u8]) -> String {
    bytes.iter().map(|&b| char::from(b)).collect()
}

/// Prints on one line why a call of `tool` fails. Bytes are printed unchanged,
/// except for line ends.
pub fn error(tool: &str, message: &Message) {
    line(tool, "", message);
}

/// Like [`error`], for problems that do not stop the call.
pub fn warning(tool: &str, message: &Message) {
    line(tool, "warning: ", message);
}

fn line(tool: &str, kind: &str, message: &Message) {
    let text = message.text();
    let mut line = [
        b"cc-wrapper: ",
        tool.as_bytes(),
        b": ",
        kind.as_bytes(),
        &text,
    ]
    .concat();
    for b in &mut line {
        if *b == b'\n' {
            *b = b' ';
        }
    }
    line.push(b'\n');
    print(&line);
}

/// Returns the system's reason for an error, in the same words as the early
/// start.
pub fn why(error: &io::Error) -> String {
    match error.raw_os_error().or_else(|| number_of(error.kind())) {
        Some(number) => words(number).into_owned(),
        None => error.to_string(),
    }
}

/// The system's number for an error that tempfile has wrapped: only the kind is
/// left of it.
fn number_of(kind: io::ErrorKind) -> Option<i32> {
    let number = match kind {
        io::ErrorKind::NotFound => Errno::ENOENT,
        io::ErrorKind::NotADirectory => Errno::ENOTDIR,
        io::ErrorKind::PermissionDenied => Errno::EACCES,
        io::ErrorKind::ReadOnlyFilesystem => Errno::EROFS,
        io::ErrorKind::StorageFull => Errno::ENOSPC,
        io::ErrorKind::QuotaExceeded => Errno::EDQUOT,
        _ => return None,
    };
    Some(number as i32)
}

fn print(text: &[u8]) {
    // If standard error cannot be written, there is nowhere to report that.
    let _ = std::io::stderr().write_all(text);
}

/// Returns `word` in a form that bash reads back byte for byte: unchanged if it
/// needs no quotes, else in `'…'`, or in `$'…'` if it has control characters or
/// is not UTF-8.
pub fn quoted(word: &[u8]) -> String {
    match std::str::from_utf8(word) {
        Ok(text) if !text.chars().any(char::is_control) => {
            // bash expands braces and history.
            let is_special = |c| matches!(c, '{' | '}' | '!' | '^');
            let plain = if may_be_assigned(text) {
                Cow::Borrowed(text)
            } else {
                Cow::Owned(text.replace('=', "-"))
            };
            match shell_words::quote(&plain) {
                Cow::Borrowed(_) if !text.contains(is_special) => text.to_owned(),
                Cow::Borrowed(_) => format!("'{text}'"),
                Cow::Owned(_) => shell_words::quote(text).into_owned(),
            }
        }
        _ => escaped(word, |c| !c.is_control()),
    }
}

/// Returns the word in `$'…'`. Characters for which `can_be_shown` is true are
/// not escaped.
pub fn escaped(word: &[u8], can_be_shown: impl Fn(char) -> bool) -> String {
    let mut out = String::from("$'");
    for chunk in word.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\'' | '\\' => out.extend(['\\', c]),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                c if can_be_shown(c) => out.push(c),
                c => escape(&mut out, c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        escape(&mut out, chunk.invalid());
    }
    out.push('\'');
    out
}

fn escape(out: &mut String, bytes: &[u8]) {
    for b in bytes {
        // bash reads two digits at most, even if more hexadecimal digits
        // follow.
        out.push_str(&format!("\\x{b:02x}"));
    }
}

/// Returns whether a shell could read a `=` in the word as an assignment, or,
/// in zsh, as a command's path.
fn may_be_assigned(word: &str) -> bool {
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    word.split_once('=')
        .is_some_and(|(before, _)| is_name(before.trim_end_matches('+')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn bash_reads_the_same_bytes_back() {
        let every_byte: Vec<u8> = (1..=255).collect();
        let words = [
            &every_byte[..],
            b"",
            b"caf\xe9",
            b"caf\xe91f",
            "café\n\t'\\".as_bytes(),
            b"a b",
            b"$(x)`!{1,2}",
            b"~",
            b"#",
        ];
        let lines = words.map(quoted).join(" ");
        // Words with control characters stay on one line too.
        assert!(!lines.contains(char::is_control), "{lines}");
        let script = format!("printf '%s\\0' {lines}");
        let output = Command::new("bash").args(["-c", &script]).output().unwrap();
        let want = words.map(|word| [word, b"\0"].concat()).concat();
        assert_eq!(output.stdout, want, "{lines}");
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted(b"-O2"), "-O2");
        assert_eq!(quoted(b""), "''");
        assert_eq!(quoted(b"-DX=a b"), "'-DX=a b'");
        assert_eq!(quoted(b"-std=c99"), "-std=c99");
        assert_eq!(quoted(b"CC=gcc"), "'CC=gcc'");
        assert_eq!(quoted(b"=gcc"), "'=gcc'");
        assert_eq!(quoted(b"-DX=$"), "'-DX=$'");
        assert_eq!(quoted("é".as_bytes()), "é");
        assert_eq!(quoted(b"-Wl,{a,b}"), "'-Wl,{a,b}'");
        assert_eq!(quoted(b"a\tb'\xff"), r"$'a\tb\'\xff'");
        assert_eq!(quoted(b"\xc3\xa9\n\x1b1\xe92\\"), r"$'é\n\x1b1\xe92\\'");
    }
}
