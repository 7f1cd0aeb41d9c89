//! The words of a list variable.

/// Splits a list variable at spaces, tabs and newlines. Nothing else is
/// special: no quotes, no globbing.
pub fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    words_at(text).map(|(_, word)| word)
}

/// The words, each with its place in the text.
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
