//! `cc-wrapper compdb FILE`: makes a `compile_commands.json` of recorded calls.

mod arguments;
pub mod database;
mod paths;
mod records;
pub mod write;

use self::database::Database;
use crate::support::error::{Result, warn};
use crate::support::output;
use crate::support::show::shown;
use cc_wrapper::text::compile_database::Entry;
use cc_wrapper::text::json::array;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

pub use arguments::{Arguments, HELP};

/// Runs the command.
///
/// # Errors
/// Fails if the file has no records, or the result cannot be written.
pub fn run(arguments: &Arguments) -> Result<()> {
    let text = records::read(&arguments.file)?;
    let mut database = Database::default();
    for entry in records::entries(&text, &arguments.file)? {
        database.add(entry);
    }
    let text = json(database.entries());
    match &arguments.output {
        Some(output) => write::to_file(&text, output, &arguments.file),
        None => output::to_stdout(&text),
    }
}

/// Returns a JSON array of all entries.
fn json<'e, 'a: 'e>(entries: impl Iterator<Item = &'e Entry<'a>>) -> Vec<u8> {
    let mut first_lossy = None;
    let entries = entries.map(|entry| {
        let text = utf8(entry);
        if text != *entry {
            first_lossy.get_or_insert(entry);
        }
        text
    });
    let entries: Vec<Entry> = entries.collect();
    let mut out = Vec::new();
    array(entries.iter().map(Entry::to_json)).write(&mut out);
    if let Some(entry) = first_lossy {
        warn(&format!(
            "{} in {} has bytes that are not UTF-8, which JSON cannot hold, so they became U+FFFD; \
             rename such files, or your tools will not find them",
            shown(OsStr::from_bytes(&entry.file)),
            shown(OsStr::from_bytes(&entry.directory)),
        ));
    }
    out
}

/// Returns the entry with lone surrogates replaced, because most JSON parsers
/// reject them.
fn utf8<'e>(entry: &'e Entry) -> Entry<'e> {
    let text = |bytes: &'e [u8]| match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(_) => Cow::Borrowed(bytes),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    };
    Entry {
        directory: text(&entry.directory),
        file: text(&entry.file),
        output: entry.output.as_deref().map(text),
        arguments: entry.arguments.iter().map(|word| text(word)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_database_is_an_empty_array() {
        assert_eq!(json([].iter()), b"[]\n");
    }

    #[test]
    fn the_result_is_utf8() {
        let entry = Entry {
            directory: Cow::Borrowed(b"/"),
            file: Cow::Borrowed(b"caf\xe9.c"),
            output: None,
            arguments: vec![Cow::Borrowed(b"cc")],
        };
        let text = String::from_utf8(json([entry].iter())).unwrap();
        let expected = "[\n  {\n    \"directory\": \"/\",\n    \"file\": \"caf\u{fffd}.c\",\n    \
                        \"arguments\": [\"cc\"]\n  }\n]\n";
        assert_eq!(text, expected);
    }
}
