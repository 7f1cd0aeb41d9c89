//! Lists of flags as in NIX_CFLAGS_COMPILE.

/// Words separated by white space.
#[derive(Debug, Default)]
pub struct Flags(pub Vec<u8>);

impl Flags {
    pub fn words(&self) -> impl Iterator<Item = &[u8]> {
        let is_space = |b: &u8| matches!(b, b' ' | b'\t' | b'\n');
        self.0.split(is_space).filter(|word| !word.is_empty())
    }

    /// Appends the words, unless they are already there in this order without
    /// others between them.
    pub fn add(&mut self, words: &[&[u8]]) {
        let present: Vec<&[u8]> = self.words().collect();
        if present.windows(words.len()).any(|there| there == words) {
            return;
        }
        for word in words {
            if !self.0.is_empty() {
                self.0.push(b' ');
            }
            self.0.extend_from_slice(word);
        }
    }
}
