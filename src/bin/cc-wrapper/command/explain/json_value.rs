//! JSON in the making.

use cc_wrapper::text::json::write_utf8_string;

pub enum Value {
    Null,
    Bool(bool),
    Number(usize),
    /// Bytes that are no UTF-8 are written as lone surrogates.
    Text(Vec<u8>),
    List(Vec<Value>),
    /// In this order.
    Object(Vec<(Vec<u8>, Value)>),
}

/// An object with these keys.
pub fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    let entries = entries.into_iter();
    Value::Object(
        entries
            .map(|(key, value)| (key.as_bytes().to_vec(), value))
            .collect(),
    )
}

pub fn text(text: impl AsRef<[u8]>) -> Value {
    Value::Text(text.as_ref().to_vec())
}

pub fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::List(items.into_iter().collect())
}

pub fn optional(value: Option<Value>) -> Value {
    value.unwrap_or(Value::Null)
}

impl Value {
    /// Appends it. Lists and objects that hold others have a line for each.
    pub fn write(&self, out: &mut Vec<u8>, indent: usize) {
        match self {
            Value::Null => out.extend_from_slice(b"null"),
            Value::Bool(true) => out.extend_from_slice(b"true"),
            Value::Bool(false) => out.extend_from_slice(b"false"),
            Value::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Value::Text(text) => write_utf8_string(out, text),
            Value::List(items) => {
                let items = items.iter().map(|item| (None, item));
                self.lines(out, indent, [b'[', b']'], items);
            }
            Value::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| (Some(&key[..]), value));
                self.lines(out, indent, [b'{', b'}'], entries);
            }
        }
    }

    fn lines<'v>(
        &self,
        out: &mut Vec<u8>,
        indent: usize,
        [open, close]: [u8; 2],
        items: impl Iterator<Item = (Option<&'v [u8]>, &'v Value)>,
    ) {
        let is_flat = self.is_flat();
        let line = |out: &mut Vec<u8>, indent: usize| {
            if !is_flat {
                out.push(b'\n');
                out.resize(out.len() + 2 * indent, b' ');
            }
        };
        out.push(open);
        for (n, (key, item)) in items.enumerate() {
            if n > 0 {
                out.extend_from_slice(if is_flat { b", " } else { b"," });
            }
            line(out, indent + 1);
            if let Some(key) = key {
                write_utf8_string(out, key);
                out.extend_from_slice(b": ");
            }
            item.write(out, indent + 1);
        }
        line(out, indent);
        out.push(close);
    }

    /// Whether it goes on one line.
    fn is_flat(&self) -> bool {
        let is_leaf = |value: &Value| !matches!(value, Value::List(_) | Value::Object(_));
        match self {
            Value::List(items) => items.iter().all(is_leaf),
            // An argument and its origin belong together.
            Value::Object(entries) => entries.iter().all(|(key, value)| match value {
                Value::Object(_) => key == b"origin",
                value => is_leaf(value),
            }),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_in_lines() {
        let value = object([
            ("a", list([text("x"), text(b"\xff")])),
            ("b", list([object([("c", Value::Null)])])),
            ("d", Value::Number(7)),
        ]);
        let mut out = Vec::new();
        value.write(&mut out, 0);
        let want =
            "{\n  \"a\": [\"x\", \"\\udcff\"],\n  \"b\": [\n    {\"c\": null}\n  ],\n  \"d\": 7\n}";
        assert_eq!(String::from_utf8(out).unwrap(), want);
    }
}
