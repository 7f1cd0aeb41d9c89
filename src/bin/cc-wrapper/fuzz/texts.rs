//! Formats that the library and calls read.

use std::os::unix::ffi::OsStrExt;
use std::str;

use cc_wrapper::model::argument::Origin;
use cc_wrapper::model::tool_name::ToolName;
use cc_wrapper::model::toolchain::Toolchain;
use cc_wrapper::planning::list_text::Text;
use cc_wrapper::text::compile_database::Entry;
use cc_wrapper::text::json::{self, Reader, Value};
use cc_wrapper::text::words::words;

use crate::command::compdb::database::Database;
use crate::process::launcher::split;

pub const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "null",
    "true",
    "false",
    "0",
    "18446744073709551615",
    "\\u0000",
    "\\ud83d\\ude00",
    "\\udc80",
    "\\ud800",
    "\\n",
    "\"a\":",
    "é",
];

pub const RECORDS: &[&str] = &[
    "\n",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"directory\":",
    "\"file\":",
    "\"output\":",
    "\"arguments\":",
    "\"/d\"",
    "\"a.c\"",
    "\"../\"",
    "\"./\"",
];

pub const TOOL_NAMES: &[&str] = &[
    "-",
    "-12",
    "gcc",
    "g++",
    "clang",
    "cc",
    "ld",
    "ld.lld",
    "llvm-",
    "ar",
    "x86_64-linux-gnu-",
    "pkg-config",
    "cc-wrapper",
];

pub const TOOLCHAIN: &[&str] = &[
    "\"version\": 1,",
    "\"tools\": {",
    "\"gcc\": {",
    "\"role\": \"cc\"",
    "\"program\": \"/x/gcc\"",
    "\"compiler\": \"clang\"",
    "\"bintools\": null",
    "\"hardeningUnsupported\": []",
    "\"darwin\": {",
    "\"store\": [\"/s\"]",
    "\"defaultHardening\": null",
    "}",
    "{",
    "[",
    "]",
    ",",
    "\\udcff",
];

/// The reader accepts what is JSON, within its limits, and reads back what the
/// writer writes.
pub fn json(input: &[u8]) {
    let mut reader = Reader::new(input);
    let accepted = reader.skip().and_then(|()| reader.end());
    let theirs = serde_json::from_slice::<serde_json::Value>(input);
    if let Err(error) = &accepted {
        let lines = input.iter().filter(|&&b| b == b'\n').count() + 1;
        assert!(error.line <= lines, "{error}");
        assert!(error.column <= input.len() + 1, "{error}");
        let brackets = input.iter().filter(|b| b"[{".contains(b)).count();
        let is_limit = error.what.starts_with("a NUL") || brackets > 64;
        assert!(theirs.is_err() || is_limit, "{error}");
    }
    let mut reader = Reader::new(input);
    let Ok(value) = value(&mut reader).and_then(|value| reader.end().map(|()| value)) else {
        return;
    };
    assert_eq!(accepted, Ok(()));
    let (mut line, mut block) = (Vec::new(), Vec::new());
    value.write_line(&mut line);
    value.write(&mut block);
    assert!(!line.contains(&b'\n'));
    for text in [&line, &block] {
        assert_eq!(self::value(&mut Reader::new(text)).as_ref(), Ok(&value));
    }
    if let Some(expected) = as_theirs(&value) {
        for text in [&line, &block] {
            let read: serde_json::Value = serde_json::from_slice(text).unwrap();
            assert_eq!(read, expected);
        }
        // Only this reader knows escaped bytes, and numbers that begin with 0.
        let has = |test: fn(&[u8]) -> bool| input.windows(3).any(test);
        let is_extended = has(|part| part.eq_ignore_ascii_case(b"\\ud"))
            || has(|part| part[0] == b'0' && part[1].is_ascii_digit());
        if str::from_utf8(input).is_ok() && !is_extended && input.len() > 2 {
            assert_eq!(theirs.ok(), Some(expected));
        }
    }
}

/// Reads a value whose numbers are whole.
fn value<'a>(reader: &mut Reader<'a>) -> json::Result<Value<'a>> {
    Ok(reader.optional(not_null)?.unwrap_or(Value::Null))
}

fn not_null<'a>(reader: &mut Reader<'a>) -> json::Result<Value<'a>> {
    // A value of another type does not move the reader.
    match reader.string() {
        Err(error) if error.what == "expected a string" => {}
        text => return text.map(Value::String),
    }
    match reader.boolean() {
        Err(error) if error.what == "expected true or false" => {}
        boolean => return boolean.map(Value::Bool),
    }
    if let Ok(number) = reader.unsigned() {
        return Ok(Value::Number(number));
    }
    let mut items = Vec::new();
    let array = reader.array(|reader| {
        items.push(value(reader)?);
        Ok(())
    });
    match array {
        Err(error) if error.what == "expected an array" => {}
        array => return array.map(|()| Value::Array(items)),
    }
    let mut entries = Vec::new();
    reader.object(|reader, key| {
        entries.push((key.to_vec().into(), value(reader)?));
        Ok(())
    })?;
    Ok(Value::Object(entries))
}

/// The same value in another library. `None` if it has bytes that are not
/// UTF-8.
fn as_theirs(value: &Value) -> Option<serde_json::Value> {
    let text = |text: &[u8]| str::from_utf8(text).map(str::to_owned).ok();
    Some(match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => (*number).into(),
        Value::String(string) => text(string)?.into(),
        Value::Array(items) => items.iter().map(as_theirs).collect::<Option<_>>()?,
        Value::Object(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, value)| Some((text(key)?, as_theirs(value)?)));
            serde_json::Value::Object(entries.collect::<Option<_>>()?)
        }
    })
}

/// A toolchain that is read is the same after it was written and read again.
pub fn toolchain(input: &[u8]) {
    if let Ok(toolchain) = Toolchain::parse(input) {
        let text = toolchain.to_json();
        assert_eq!(Toolchain::parse(&text).as_ref(), Ok(&toolchain));
    }
}

/// Words of list variables and their origins are those of the parts that the
/// list was made of.
pub fn lists(input: &[u8]) {
    let mut list = Text::default();
    // Each byte of the list with its origin.
    let mut expected: Vec<(u8, Option<Origin>)> = Vec::new();
    // A call prepends a few parts only.
    for (n, part) in input.splitn(64, |&b| b == 0).enumerate() {
        let origin = Origin::User(n);
        let mut bytes: Vec<_> = part.iter().map(|&b| (b, Some(origin.clone()))).collect();
        match part.first().map(|b| b % 3) {
            Some(0) => {
                list.prepend(part, origin);
                bytes.push((b' ', None));
                expected.splice(..0, bytes);
            }
            Some(1) => {
                list.append_all(&Text::new(part, origin));
                expected.push((b' ', None));
                expected.append(&mut bytes);
            }
            _ => {
                list.append(part, origin);
                expected.append(&mut bytes);
            }
        }
    }
    let bytes: Vec<u8> = expected.iter().map(|(b, _)| *b).collect();
    assert_eq!(list.bytes(), bytes);
    assert_eq!(list.is_empty(), bytes.is_empty());
    let is_space = |(b, _): &(u8, Option<Origin>)| b" \t\n".contains(b);
    let expected = expected.split(is_space).filter(|word| !word.is_empty());
    let expected: Vec<_> = expected
        .map(|word| {
            let bytes: Vec<u8> = word.iter().map(|(b, _)| *b).collect();
            (bytes, word[0].1.clone().unwrap())
        })
        .collect();
    let args = list.args().into_iter();
    let args: Vec<_> = args
        .map(|arg| (arg.bytes.into_owned(), arg.origin))
        .collect();
    assert_eq!(args, expected);
    assert!(words(&bytes).eq(expected.iter().map(|(word, _)| &word[..])));
}

/// The parts of a tool's name make up the name.
pub fn tool_names(input: &[u8]) {
    for name in input.split(|&b| b == b'\n') {
        let Some(tool) = ToolName::parse(name) else {
            continue;
        };
        let whole = [tool.prefix, tool.base.as_bytes(), tool.version].concat();
        assert_eq!(whole, name);
        assert_eq!(tool.target().is_none(), tool.prefix.is_empty());
        assert_eq!(tool.is_bare(), tool.base.as_bytes() == name);
    }
}

/// The launcher's words are the same after they were quoted and split again.
pub fn launcher(input: &[u8]) {
    let Some(words) = split(input) else {
        return;
    };
    let quoted = words.iter().map(|word| {
        let quotes = word.as_bytes().split(|&b| b == b'\'');
        [
            b"'",
            &quotes.collect::<Vec<_>>().join(&b"'\\''"[..])[..],
            b"'",
        ]
        .concat()
    });
    let line = quoted.collect::<Vec<_>>().join(&b' ');
    assert_eq!(split(&line), Some(words));
}

/// Records are the same after they were written and read again, and the
/// database of a database's records is the same.
pub fn compile_records(input: &[u8]) {
    let lines = input.split(|&b| b == b'\n');
    let entries: Vec<Entry> = lines.filter_map(|line| Entry::read(line).ok()).collect();
    for entry in &entries {
        let mut line = Vec::new();
        entry.write(&mut line);
        assert_eq!(line.iter().position(|&b| b == b'\n'), Some(line.len() - 1));
        assert_eq!(Entry::read(&line).as_ref(), Ok(entry));
    }
    let database = database(&entries);
    let kept: Vec<Entry> = database.entries().cloned().collect();
    assert!(kept.iter().all(|entry| entries.contains(entry)));
    assert_eq!(kept.is_empty(), entries.is_empty());
    assert!(self::database(&kept).entries().eq(&kept));
}

fn database<'a>(entries: &[Entry<'a>]) -> Database<'a> {
    let mut database = Database::default();
    for entry in entries {
        database.add(entry.clone());
    }
    database
}
