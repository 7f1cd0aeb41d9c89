//! Reads and writes the JSON of `toolchain.json` and of compilation databases.
//!
//! Every wrapped call first reads its toolchain. Therefore the reader borrows
//! from the text, allocates only for strings with escapes, and skips values
//! that are not needed.
//!
//! Strings are bytes, because paths need not be UTF-8. The reader accepts other
//! bytes between the quotes. The writer always writes UTF-8: it replaces any
//! other byte by a lone surrogate, `\udc80` to `\udcff`, like Python's
//! `surrogateescape`. The reader converts these back.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::text::Bytes;

/// The deepest nesting that is accepted. The limit protects the stack.
const DEPTH: usize = 64;

/// A syntax or type error, with its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Line, starting at 1.
    pub line: usize,
    /// Column in bytes, starting at 1.
    pub column: usize,
    pub what: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Error { line, column, what } = self;
        write!(f, "line {line}, column {column}: {what}")
    }
}

pub type Result<T> = core::result::Result<T, Error>;

/// A cursor in a JSON text. Each method reads one value and moves the cursor
/// after it.
pub struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        Reader {
            text,
            at: 0,
            depth: 0,
        }
    }

    /// Reads an object. `entry` is called for each key and must read the value.
    pub fn object(&mut self, mut entry: impl FnMut(&mut Self, &[u8]) -> Result<()>) -> Result<()> {
        self.list(b'{', b'}', "an object", |reader| {
            let key = reader.string()?;
            reader.expect(b':', "':' after a key")?;
            entry(reader, &key)
        })
    }

    /// Reads an array. `element` is called for each element and must read it.
    pub fn array(&mut self, mut element: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.list(b'[', b']', "an array", |reader| element(reader))
    }

    /// Reads `null` or, with `value`, another value.
    pub fn optional<T>(&mut self, value: impl FnOnce(&mut Self) -> Result<T>) -> Result<Option<T>> {
        if self.peek() == Some(b'n') {
            self.word("null")?;
            return Ok(None);
        }
        value(self).map(Some)
    }

    pub fn boolean(&mut self) -> Result<bool> {
        match self.peek() {
            Some(b't') => self.word("true").map(|()| true),
            Some(b'f') => self.word("false").map(|()| false),
            _ => Err(self.error("expected true or false")),
        }
    }

    /// Reads a number without sign, fraction or exponent.
    pub fn unsigned(&mut self) -> Result<u64> {
        self.skip_space();
        let start = self.at;
        while matches!(self.text.get(self.at), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        let digits = &self.text[start..self.at];
        let more = matches!(self.text.get(self.at), Some(b'.' | b'e' | b'E'));
        let value = digits.iter().try_fold(0u64, |value, digit| {
            value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        });
        let value = value.filter(|_| !digits.is_empty());
        match value {
            Some(value) if !more => Ok(value),
            _ => {
                self.at = start;
                Err(self.error("expected a whole number"))
            }
        }
    }

    pub fn string(&mut self) -> Result<Cow<'a, [u8]>> {
        if self.peek() != Some(b'"') {
            return Err(self.error("expected a string"));
        }
        self.at += 1;
        let start = self.at;
        let mut owned: Option<Vec<u8>> = None;
        loop {
            let run = self.at;
            while !matches!(self.text.get(self.at), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            if let Some(owned) = &mut owned {
                owned.extend_from_slice(&self.text[run..self.at]);
            }
            match self.text.get(self.at) {
                Some(b'"') => {
                    let end = self.at;
                    self.at += 1;
                    return Ok(match owned {
                        Some(owned) => Cow::Owned(owned),
                        None => Cow::Borrowed(&self.text[start..end]),
                    });
                }
                Some(b'\\') => {
                    let mut text = owned.unwrap_or_else(|| self.text[start..self.at].to_vec());
                    self.escape(&mut text)?;
                    owned = Some(text);
                }
                Some(_) => return Err(self.error("control character in a string")),
                None => return Err(self.error("a string does not end")),
            }
        }
    }

    /// Skips a value of any type.
    pub fn skip(&mut self) -> Result<()> {
        match self.peek() {
            Some(b'{') => self.object(|reader, _| reader.skip()),
            Some(b'[') => self.array(|reader| reader.skip()),
            Some(b'"') => self.string().map(drop),
            Some(b't' | b'f') => self.boolean().map(drop),
            Some(b'n') => self.word("null"),
            Some(b'-' | b'0'..=b'9') => {
                while matches!(
                    self.text.get(self.at),
                    Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
                ) {
                    self.at += 1;
                }
                Ok(())
            }
            _ => Err(self.error("expected a value")),
        }
    }

    /// Checks that only white space follows.
    pub fn end(&mut self) -> Result<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.error("unexpected text after the end")),
        }
    }

    /// An error at the cursor's position.
    pub fn error(&self, what: &str) -> Error {
        let before = &self.text[..self.at.min(self.text.len())];
        let line_start = before
            .iter()
            .rposition(|&b| b == b'\n')
            .map_or(0, |n| n + 1);
        Error {
            line: before.iter().filter(|&&b| b == b'\n').count() + 1,
            column: before.len() - line_start + 1,
            what: what.to_string(),
        }
    }

    fn list(
        &mut self,
        open: u8,
        close: u8,
        what: &str,
        mut item: impl FnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        self.expect(open, what)?;
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.error("nested too deep"));
        }
        if self.peek() == Some(close) {
            self.at += 1;
        } else {
            loop {
                item(self)?;
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b) if b == close => {
                        self.at += 1;
                        break;
                    }
                    _ => {
                        let close = char::from(close);
                        return Err(self.error(&format!("expected ',' or '{close}'")));
                    }
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<()> {
        let byte = match self.text.get(self.at + 1) {
            Some(b @ (b'"' | b'\\' | b'/')) => *b,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode(text),
            _ => return Err(self.error("unknown escape in a string")),
        };
        text.push(byte);
        self.at += 2;
        Ok(())
    }

    fn unicode(&mut self, text: &mut Vec<u8>) -> Result<()> {
        let high = self.code_unit()?;
        let scalar = if (0xd800..0xdc00).contains(&high) {
            let low = self.code_unit()?;
            if !(0xdc00..0xe000).contains(&low) {
                return Err(self.error("half of a surrogate pair"));
            }
            0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
        } else {
            high
        };
        if let Some(byte) = escaped_byte(scalar) {
            text.push(byte);
            return Ok(());
        }
        let Some(c) = char::from_u32(scalar) else {
            return Err(self.error("half of a surrogate pair"));
        };
        if c == '\0' {
            return Err(self.error("a NUL, which no path or argument can hold"));
        }
        text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn code_unit(&mut self) -> Result<u32> {
        let digits = self
            .text
            .get(self.at..self.at + 6)
            .and_then(|escape| escape.strip_prefix(b"\\u"))
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| core::str::from_utf8(digits).ok());
        let Some(unit) = digits.and_then(|d| u32::from_str_radix(d, 16).ok()) else {
            return Err(self.error("expected \\u and four hexadecimal digits"));
        };
        self.at += 6;
        Ok(unit)
    }

    fn word(&mut self, word: &str) -> Result<()> {
        self.skip_space();
        if self.text[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(());
        }
        Err(self.error(&format!("expected {word}")))
    }

    fn expect(&mut self, byte: u8, what: &str) -> Result<()> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.error(&format!("expected {what}")))
    }

    fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }
}

/// The lone surrogate for byte 0. The byte's value is added to it.
const SURROGATE: u32 = 0xdc00;

/// The byte that a lone surrogate represents.
fn escaped_byte(unit: u32) -> Option<u8> {
    let byte = u8::try_from(unit.checked_sub(SURROGATE)?).ok()?;
    (!byte.is_ascii()).then_some(byte)
}

/// A JSON value for writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Number(u64),
    /// Bytes that are not UTF-8 are written as lone surrogates.
    String(Bytes<'a>),
    Array(Vec<Value<'a>>),
    /// The entries are written in this order.
    Object(Vec<(Bytes<'a>, Value<'a>)>),
}

/// A string value.
pub fn string<'a>(text: impl Into<Bytes<'a>>) -> Value<'a> {
    Value::String(text.into())
}

pub fn array<'a>(items: impl IntoIterator<Item = Value<'a>>) -> Value<'a> {
    Value::Array(items.into_iter().collect())
}

/// An object value with these entries.
pub fn object<'a>(entries: impl IntoIterator<Item = (&'a str, Value<'a>)>) -> Value<'a> {
    let entries = entries.into_iter();
    Value::Object(
        entries
            .map(|(key, value)| (Cow::Borrowed(key.as_bytes()), value))
            .collect(),
    )
}

impl<'a> Value<'a> {
    /// The value, or null if there is none.
    pub fn optional(value: Option<Value<'a>>) -> Value<'a> {
        value.unwrap_or(Value::Null)
    }

    /// Appends the value on one line, without a newline.
    pub fn write_line(&self, out: &mut Vec<u8>) {
        self.write_part(out, None);
    }

    /// Appends the value as a document of several lines, with a newline at the
    /// end. Each entry of an object has its own line. Arrays of objects, and
    /// objects inside of an object, continue on further lines. An object in an
    /// array stays on one line if it contains no array.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.write_part(out, Some(0));
        out.push(b'\n');
    }

    /// `indent` is the depth of the value's lines. `None`: everything goes on
    /// one line.
    fn write_part(&self, out: &mut Vec<u8>, indent: Option<usize>) {
        match self {
            Value::Null => out.extend_from_slice(b"null"),
            Value::Bool(true) => out.extend_from_slice(b"true"),
            Value::Bool(false) => out.extend_from_slice(b"false"),
            Value::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Value::String(text) => write_string(out, text),
            Value::Array(items) => {
                let deeper = indent.map(|indent| indent + 1);
                list(out, *b"[]", indent, items, |out, item| {
                    item.write_part(out, deeper.filter(|_| !item.fits_in_array()));
                });
            }
            Value::Object(entries) => {
                let deeper = indent.map(|indent| indent + 1);
                list(out, *b"{}", indent, entries, |out, (key, value)| {
                    write_string(out, key);
                    out.extend_from_slice(b": ");
                    value.write_part(out, deeper.filter(|_| !value.fits_in_object()));
                });
            }
        }
    }

    /// Whether the value stays on one line as an element of an array.
    fn fits_in_array(&self) -> bool {
        match self {
            Value::Array(items) => items.iter().all(Value::is_leaf),
            Value::Object(entries) => entries.iter().all(|(_, value)| match value {
                Value::Array(_) => false,
                value => value.fits_in_array(),
            }),
            _ => true,
        }
    }

    /// Whether the value stays on one line as an entry of an object.
    fn fits_in_object(&self) -> bool {
        match self {
            Value::Array(items) => items.iter().all(Value::is_leaf),
            Value::Object(entries) => entries.iter().all(|(_, value)| value.is_leaf()),
            _ => true,
        }
    }

    fn is_leaf(&self) -> bool {
        !matches!(self, Value::Array(_) | Value::Object(_))
    }
}

/// Appends `items` between brackets. With `indent`, each item has its own line,
/// otherwise all are on one line.
fn list<T>(
    out: &mut Vec<u8>,
    [open, close]: [u8; 2],
    indent: Option<usize>,
    items: &[T],
    mut item: impl FnMut(&mut Vec<u8>, &T),
) {
    let indent = indent.filter(|_| !items.is_empty());
    let line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.resize(out.len() + 2 * depth, b' ');
    };
    out.push(open);
    for (n, value) in items.iter().enumerate() {
        match indent {
            Some(indent) => {
                out.extend_from_slice(if n > 0 { b"," } else { b"" });
                line(out, indent + 1);
            }
            None => out.extend_from_slice(if n > 0 { b", " } else { b"" }),
        }
        item(out, value);
    }
    if let Some(indent) = indent {
        line(out, indent);
    }
    out.push(close);
}

/// Appends `bytes` as a JSON string. [`Reader::string`] returns the same bytes.
/// Bytes that are not UTF-8 become lone surrogates.
pub fn write_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    for chunk in bytes.utf8_chunks() {
        write_text(out, chunk.valid().as_bytes());
        for &b in chunk.invalid() {
            let unit = SURROGATE + u32::from(b);
            out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
        }
    }
    out.push(b'"');
}

fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    for &b in text {
        match b {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', b]),
            0..=0x1f => out.extend_from_slice(format!("\\u{b:04x}").as_bytes()),
            _ => out.push(b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    fn string(text: &[u8]) -> Result<Vec<u8>> {
        let mut reader = Reader::new(text);
        let value = reader.string()?.into_owned();
        reader.end()?;
        Ok(value)
    }

    #[test]
    fn strings_lose_their_escapes() {
        assert_eq!(
            string(br#" "a\"\\\/\n\t\u00e9\ud83d\ude00z" "#).unwrap(),
            "a\"\\/\n\t\u{e9}\u{1f600}z".as_bytes()
        );
        assert_eq!(string(b"\"/opt/caf\xe9\"").unwrap(), b"/opt/caf\xe9");
    }

    #[test]
    fn broken_strings_are_errors() {
        for text in [
            &br#""abc"#[..],
            br#""\x""#,
            br#""\u12""#,
            br#""\ud800x""#,
            br#""\udc00""#,
            br#""\udc7f""#,
            br#""\udd00""#,
            br#""a\u0000b""#,
            b"\"a\nb\"",
            b"7",
            b"",
            b"\"\\",
        ] {
            assert!(string(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_written_as_lone_surrogates() {
        let mut text = vec![];
        write_string(&mut text, b"caf\xe9 \xc3\xa9\xf0\x9f");
        assert_eq!(text, "\"caf\\udce9 é\\udcf0\\udc9f\"".as_bytes());
    }

    #[test]
    fn a_document_has_one_line_for_each_entry() {
        let entry = |name: &'static [u8], value| (Cow::Borrowed(name), value);
        let origin = object([("kind", super::string(&b"user"[..]))]);
        let value = Value::Object(vec![
            entry(
                b"a",
                array([super::string(&b"x"[..]), super::string(&b"\xff"[..])]),
            ),
            entry(
                b"b",
                array([object([("c", Value::Null), ("origin", origin)])]),
            ),
            entry(b"d", Value::Number(7)),
            entry(b"e", object([("f", object([("g", Value::Bool(true))]))])),
            entry(b"h", array([object([("i", array([Value::Null]))])])),
            entry(b"j", array([])),
        ]);
        let (mut document, mut line) = (vec![], vec![]);
        value.write(&mut document);
        value.write_line(&mut line);
        let want = r#"{
  "a": ["x", "\udcff"],
  "b": [
    {"c": null, "origin": {"kind": "user"}}
  ],
  "d": 7,
  "e": {
    "f": {"g": true}
  },
  "h": [
    {
      "i": [null]
    }
  ],
  "j": []
}
"#;
        assert_eq!(core::str::from_utf8(&document).unwrap(), want);
        let line = core::str::from_utf8(&line).unwrap();
        let joined: Vec<&str> = want.lines().map(str::trim).collect();
        let joined = joined.join(" ").replace("{ ", "{").replace(" }", "}");
        assert_eq!(line, joined.replace("[ ", "[").replace(" ]", "]"));
    }

    #[test]
    fn an_error_names_line_and_column() {
        let mut reader = Reader::new(b"{\n  \"a\": 1,\n  \"b\" 2\n}");
        let error = reader.object(|r, _| r.skip()).unwrap_err();
        assert_eq!((error.line, error.column), (3, 7));
        assert_eq!(
            error.to_string(),
            "line 3, column 7: expected ':' after a key"
        );
    }

    #[test]
    fn values_can_be_skipped() {
        let text = br#"{"x": [1, -2.5e3, {"y": null}, [], {}], "z": true}"#;
        let mut seen = vec![];
        let mut reader = Reader::new(text);
        reader
            .object(|r, key| {
                seen.push(key.to_vec());
                r.skip()
            })
            .unwrap();
        reader.end().unwrap();
        assert_eq!(seen, [b"x", b"z"]);
    }

    #[test]
    fn deep_nesting_is_refused() {
        let text = vec![b'['; 100_000];
        assert!(Reader::new(&text).skip().is_err());
    }

    proptest! {
        #[test]
        fn a_written_string_is_read_back(bytes in prop::collection::vec(1u8.., 0..50)) {
            let mut text = vec![];
            write_string(&mut text, &bytes);
            prop_assert_eq!(string(&text).unwrap(), bytes);
            prop_assert!(core::str::from_utf8(&text).is_ok());
        }

        #[test]
        fn no_text_panics(text: Vec<u8>) {
            let _ = Reader::new(&text).skip();
        }
    }
}
