//! The parts of an error or warning. Both text and JSON are made from them.

use alloc::vec;
use alloc::vec::Vec;

use crate::text::json;
use crate::text::json::Value;

/// What failed, where, why, and what to do. All parts are bytes, because paths
/// and arguments need not be UTF-8.
///
/// As text it is one line: `cannot read PLACE: SOURCE; REMEDY` or
/// `PLACE lists no tool 'cc'; REMEDY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What failed, without the place: `cannot read`, or `lists no tool 'cc'`.
    pub what: Vec<u8>,
    /// The file, variable or option that the message is about.
    pub place: Option<Vec<u8>>,
    /// The position of `place` in the text.
    pub order: Order,
    /// The reason, as the system, a parser or another program reports it.
    pub source: Option<Vec<u8>>,
    /// What the user can do.
    pub remedy: Option<Vec<u8>>,
}

/// The position of the place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `PLACE lists no tool 'cc'`
    PlaceFirst,
    /// `cannot read PLACE`
    PlaceLast,
}

impl Message {
    /// A message without a place.
    pub fn new(what: impl AsRef<[u8]>) -> Message {
        Message {
            what: what.as_ref().to_vec(),
            place: None,
            order: Order::PlaceFirst,
            source: None,
            remedy: None,
        }
    }

    /// `PLACE WHAT`
    pub fn about(place: impl AsRef<[u8]>, what: impl AsRef<[u8]>) -> Message {
        Message {
            place: Some(place.as_ref().to_vec()),
            ..Message::new(what)
        }
    }

    /// `WHAT PLACE`
    pub fn at(what: impl AsRef<[u8]>, place: impl AsRef<[u8]>) -> Message {
        Message {
            order: Order::PlaceLast,
            ..Message::about(place, what)
        }
    }

    #[must_use]
    pub fn because(mut self, source: impl AsRef<[u8]>) -> Message {
        self.source = Some(source.as_ref().to_vec());
        self
    }

    #[must_use]
    pub fn remedy(mut self, remedy: impl AsRef<[u8]>) -> Message {
        self.remedy = Some(remedy.as_ref().to_vec());
        self
    }

    /// The message as text, without a newline. Bytes are not escaped.
    pub fn text(&self) -> Vec<u8> {
        self.text_with(<[u8]>::to_vec)
    }

    /// The message as text, without a newline, with the place converted by
    /// `show`.
    pub fn text_with(&self, show: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
        let mut text = match (self.place.as_deref().map(show), self.order) {
            (None, _) => self.what.clone(),
            (Some(place), Order::PlaceFirst) => [&place, &b" "[..], &self.what].concat(),
            (Some(place), Order::PlaceLast) => [&self.what, &b" "[..], &place].concat(),
        };
        for (separator, part) in [(b": ", &self.source), (b"; ", &self.remedy)] {
            if let Some(part) = part {
                text.extend_from_slice(separator);
                text.extend_from_slice(part);
            }
        }
        text
    }

    /// A JSON object with the keys `what`, `where`, `source` and `remedy`.
    /// Missing parts are null.
    pub fn to_json(&self) -> Value<'_> {
        let optional = |text: &'_ Option<Vec<u8>>| match text {
            Some(text) => json::string(text.clone()),
            None => Value::Null,
        };
        json::object(vec![
            ("what", json::string(&self.what[..])),
            ("where", optional(&self.place)),
            ("source", optional(&self.source)),
            ("remedy", optional(&self.remedy)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_json_come_from_the_same_parts() {
        let message = Message::at("cannot read", b"/caf\xe9")
            .because("line 3: expected a string; not a number")
            .remedy("correct it");
        assert_eq!(
            message.text(),
            b"cannot read /caf\xe9: line 3: expected a string; not a number; correct it"
        );
        let mut out = vec![];
        message.to_json().write_line(&mut out);
        assert_eq!(
            core::str::from_utf8(&out).unwrap(),
            r#"{"what": "cannot read", "where": "/caf\udce9", "source": "line 3: expected a string; not a number", "remedy": "correct it"}"#
        );
        assert_eq!(Message::about("X", "is not set").text(), b"X is not set");
        assert_eq!(Message::new("no").remedy("yes").text(), b"no; yes");
        let shown = message.text_with(|_| b"'/x'".to_vec());
        assert!(shown.starts_with(b"cannot read '/x': line 3"));
    }
}
