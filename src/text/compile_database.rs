//! A line of the compilation database: a JSON object for one translation unit.

use alloc::vec::Vec;

use crate::text::json::{Reader, Result, Value};
use crate::text::{Bytes, json};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    pub directory: Bytes<'a>,
    /// Like `output`, absolute or relative to the directory.
    pub file: Bytes<'a>,
    /// `None` if the call has no output, as with `-fsyntax-only`.
    pub output: Option<Bytes<'a>>,
    /// The command line, including the program.
    pub arguments: Vec<Bytes<'a>>,
}

impl<'a> Entry<'a> {
    /// Parses a line. Unknown keys are skipped.
    ///
    /// # Errors
    /// The line is not such an object, or it is truncated.
    pub fn read(line: &'a [u8]) -> Result<Entry<'a>> {
        let (mut directory, mut file, mut output) = (None, None, None);
        let mut arguments = Vec::new();
        let mut reader = Reader::new(line);
        reader.object(|reader, key| {
            match key {
                b"directory" => directory = Some(reader.string()?),
                b"file" => file = Some(reader.string()?),
                b"output" => output = Some(reader.string()?),
                b"arguments" => {
                    arguments.clear();
                    reader.array(|reader| {
                        arguments.push(reader.string()?);
                        Ok(())
                    })?;
                }
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        reader.end()?;
        match (directory, file) {
            (Some(directory), Some(file)) if !arguments.is_empty() => Ok(Entry {
                directory,
                file,
                output,
                arguments,
            }),
            _ => Err(reader.error("directory, file or arguments missing")),
        }
    }

    /// Appends the entry as a line, with a newline.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.to_json().write_line(out);
        out.push(b'\n');
    }

    /// The entry as a JSON object. Without an output, it has no key `output`.
    pub fn to_json(&self) -> Value<'_> {
        fn text(bytes: &[u8]) -> Value<'_> {
            json::string(bytes)
        }
        let output = self
            .output
            .as_deref()
            .map(|output| ("output", text(output)));
        let arguments = self.arguments.iter().map(|argument| text(argument));
        json::object(
            [
                Some(("directory", text(&self.directory))),
                Some(("file", text(&self.file))),
                output,
                Some(("arguments", json::array(arguments))),
            ]
            .into_iter()
            .flatten(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::Cow;
    use alloc::string::String;
    use alloc::vec;
    use proptest::prelude::*;

    fn borrowed(text: &str) -> Bytes<'_> {
        Cow::Borrowed(text.as_bytes())
    }

    #[test]
    fn an_entry_is_a_line() {
        let mut entry = Entry {
            directory: borrowed("/src"),
            file: borrowed("a.c"),
            output: Some(borrowed("a.o")),
            arguments: vec![borrowed("cc"), borrowed("-DX=\"é\n\"")],
        };
        let written = |entry: &Entry| {
            let mut out = vec![];
            entry.write(&mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            written(&entry),
            "{\"directory\": \"/src\", \"file\": \"a.c\", \"output\": \"a.o\", \
             \"arguments\": [\"cc\", \"-DX=\\\"é\\u000a\\\"\"]}\n"
        );
        entry.output = None;
        entry.arguments.truncate(1);
        assert_eq!(
            written(&entry),
            "{\"directory\": \"/src\", \"file\": \"a.c\", \"arguments\": [\"cc\"]}\n"
        );
    }

    #[test]
    fn a_truncated_line_is_an_error() {
        let whole = br#"{"directory": "/", "later": [1], "file": "a", "arguments": ["cc"]}"#;
        assert!(Entry::read(whole).is_ok());
        for end in 0..whole.len() {
            assert!(Entry::read(&whole[..end]).is_err(), "{end}");
        }
        for line in [
            r#"{"file": "a", "arguments": ["cc"]}"#,
            r#"{"directory": "/", "arguments": ["cc"]}"#,
            r#"{"directory": "/", "file": "a", "arguments": []}"#,
            r#"{"directory": "/", "file": "a", "arguments": "cc"}"#,
            r#"{"directory": "/", "file": "a", "arguments": ["cc"]} {"#,
            r#"["/", "a"]"#,
        ] {
            assert!(Entry::read(line.as_bytes()).is_err(), "{line}");
        }
    }

    fn word() -> impl Strategy<Value = Bytes<'static>> {
        prop::collection::vec(1u8.., 0..20).prop_map(Cow::Owned)
    }

    prop_compose! {
        fn entry()(
            directory in word(),
            file in word(),
            output in prop::option::of(word()),
            arguments in prop::collection::vec(word(), 1..5),
        ) -> Entry<'static> {
            Entry { directory, file, output, arguments }
        }
    }

    proptest! {
        #[test]
        fn a_written_entry_is_read_back(entry in entry()) {
            let (mut line, mut block) = (vec![], vec![]);
            entry.write(&mut line);
            entry.to_json().write(&mut block);
            prop_assert_eq!(line.iter().filter(|&&b| b == b'\n').count(), 1);
            prop_assert!(core::str::from_utf8(&line).is_ok());
            prop_assert_eq!(&Entry::read(&line).unwrap(), &entry);
            prop_assert_eq!(&Entry::read(&block).unwrap(), &entry);
        }
    }
}
