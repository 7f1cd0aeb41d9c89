//! §9: what a call tells on standard error.

use std::borrow::Cow;
use std::io::Write;

use cc_wrapper::model::argument::Arg;
use cc_wrapper::model::event::{Event, Level};
use cc_wrapper::model::plan::Plan;
use log::{LevelFilter, debug, trace, warn};

/// Tells events, as far as the level of NIX_DEBUG asks for them.
pub fn events(events: &[Event], debug: i64) {
    if debug < 1 && events.is_empty() {
        return;
    }
    start(debug);
    for event in events {
        let text = event.text();
        let text = String::from_utf8_lossy(&text);
        match event.level() {
            Level::Warning => warn!("{text}"),
            Level::Debug => debug!("{text}"),
            Level::Trace => trace!("{text}"),
        }
    }
}

/// Tells the arguments, a line each, in three blocks.
pub fn arguments(plan: &Plan) {
    if plan.debug >= 1 {
        let program = String::from_utf8_lossy(&plan.program);
        block("extra flags before to", &program, &plan.command.before);
        block("original flags to", &program, &plan.command.params);
        block("extra flags after to", &program, &plan.command.after);
    }
}

/// One line, whatever the text; its bytes come out as they are, but for line
/// ends.
pub fn error(tool: &str, text: &[u8]) {
    let mut line = [b"cc-wrapper: ", tool.as_bytes(), b": ", text].concat();
    for b in &mut line {
        if *b == b'\n' {
            *b = b' ';
        }
    }
    line.push(b'\n');
    // Nothing can be done if nobody listens.
    let _ = std::io::stderr().write_all(&line);
}

fn start(debug: i64) {
    let level = match debug {
        7.. => LevelFilter::Trace,
        1.. => LevelFilter::Debug,
        _ => LevelFilter::Warn,
    };
    let logger = env_logger::Builder::new()
        .filter_level(level)
        .format(|out, record| writeln!(out, "{}", record.args()))
        .try_init();
    debug_assert!(logger.is_ok() || log::max_level() >= level);
}

fn block(title: &str, program: &str, args: &[Arg]) {
    debug!("{title} {program}:");
    for arg in args {
        debug!("  {}", quoted(arg));
    }
}

/// A word that bash reads as these bytes.
pub fn quoted(word: &[u8]) -> String {
    match std::str::from_utf8(word) {
        Ok(text) if !text.chars().any(char::is_control) => {
            // Braces and history are bash's own.
            let is_special = |c| matches!(c, '{' | '}' | '!' | '^');
            let plain = match may_be_assigned(text) {
                true => Cow::Borrowed(text),
                false => Cow::Owned(text.replace('=', "-")),
            };
            match shell_words::quote(&plain) {
                Cow::Borrowed(_) if !text.contains(is_special) => text.to_owned(),
                Cow::Borrowed(_) => format!("'{text}'"),
                Cow::Owned(_) => shell_words::quote(text).into_owned(),
            }
        }
        _ => {
            let escaped: String = word
                .iter()
                .map(|&b| match b {
                    b'\'' | b'\\' => Cow::Owned(format!("\\{}", char::from(b))),
                    b' '..=b'~' => Cow::Owned(char::from(b).to_string()),
                    _ => Cow::Owned(format!("\\x{b:02x}")),
                })
                .collect();
            format!("$'{escaped}'")
        }
    }
}

/// Whether a shell may take the `=` of a word for an assignment, or for zsh's
/// path of a command.
fn may_be_assigned(word: &str) -> bool {
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    word.split_once('=')
        .is_some_and(|(before, _)| is_name(before.trim_end_matches('+')))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(quoted(b"a\tb'\xff"), r"$'a\x09b\'\xff'");
    }
}
