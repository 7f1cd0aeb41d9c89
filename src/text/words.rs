//! The words of list variables.

/// Splits a list variable at spaces, tabs and newlines. Quotes and globs have
/// no special meaning.
pub fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    words_at(text).map(|(_, word)| word)
}

/// Like [`words`], with the position of each word in the text.
pub fn words_at(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut next = 0;
    text.split(|b| matches!(b, b' ' | b'\t' | b'\n'))
        .map(move |word| {
            let start = next;
            next += word.len() + 1;
            (start, word)
        })
        .filter(|(_, word)| !word.is_empty())
}
