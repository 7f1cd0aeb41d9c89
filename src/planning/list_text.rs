//! The text of a list variable, with the origin of each part.

use alloc::vec::Vec;

use crate::model::argument::{Arg, Origin};
use crate::text::words::words;
use crate::text::words::words_at;

/// The exported text of `V_salt`. It includes the separating spaces, because
/// other programs read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    bytes: Vec<u8>,
    /// The end of each part, in ascending order, and the part's origin.
    parts: Vec<(usize, Origin)>,
}

impl Text {
    pub fn new(text: &[u8], origin: Origin) -> Text {
        Text {
            bytes: text.to_vec(),
            parts: Vec::from([(text.len(), origin)]),
        }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The origin of the first part.
    pub fn origin(&self) -> Option<&Origin> {
        let mut parts = self.parts.iter();
        parts.find_map(|(end, origin)| (*end > 0).then_some(origin))
    }

    pub fn append(&mut self, text: &[u8], origin: Origin) {
        self.bytes.extend_from_slice(text);
        self.parts.push((self.bytes.len(), origin));
    }

    /// Appends a space and `other`.
    pub fn append_all(&mut self, other: &Text) {
        self.bytes.push(b' ');
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&other.bytes);
        let parts = other.parts.iter();
        self.parts
            .extend(parts.map(|(end, origin)| (start + end, origin.clone())));
    }

    /// Inserts `text` and a space at the beginning.
    pub fn prepend(&mut self, text: &[u8], origin: Origin) {
        let mut whole = Text::new(text, origin);
        whole.append_all(self);
        *self = whole;
    }

    /// The words of the text as arguments. A word has the origin of the part in
    /// which it begins.
    pub fn args<'a>(&self) -> Vec<Arg<'a>> {
        let mut args = Vec::with_capacity(words(&self.bytes).count());
        let mut parts = self.parts.iter();
        let mut part = parts.next();
        for (start, word) in words_at(&self.bytes) {
            while part.is_some_and(|(end, _)| *end <= start) {
                part = parts.next();
            }
            let origin = part.map_or(Origin::Rule("variable"), |(_, origin)| origin.clone());
            args.push(Arg::new(word.to_vec(), origin));
        }
        args
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::words::words;
    use alloc::vec;

    #[test]
    fn quotes_and_globs_have_no_special_meaning() {
        let list: Vec<_> = words(b" -DA=\"x y\"\t*\n'?'\r ").collect();
        assert_eq!(list, [&b"-DA=\"x"[..], b"y\"", b"*", b"'?'\r"]);
    }

    #[test]
    fn a_word_has_the_origin_of_the_part_it_begins_in() {
        let mut text = Text::new(b"-a -b", Origin::User(1));
        text.append(b"c  -d", Origin::User(2));
        text.prepend(b"-x", Origin::User(3));
        let mut more = Text::new(b"", Origin::User(4));
        more.append(b"-e", Origin::User(5));
        text.append_all(&more);
        assert_eq!(text.bytes(), b"-x -a -bc  -d -e");
        let origins: Vec<_> = text.args().into_iter().map(|arg| arg.origin).collect();
        assert_eq!(
            origins,
            vec![3, 1, 1, 2, 5]
                .into_iter()
                .map(Origin::User)
                .collect::<Vec<_>>()
        );
    }
}
