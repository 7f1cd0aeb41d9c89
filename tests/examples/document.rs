//! The fenced blocks of a page.

use std::fs;
use std::path::Path;

/// A fenced block.
#[derive(Debug)]
pub struct Block {
    /// `README.md:12`, for error messages.
    pub place: String,
    pub language: String,
    pub text: String,
}

/// A command of a `console` block, without its `$ `.
#[derive(Debug)]
pub struct Example<'t> {
    pub command: &'t str,
    /// The output that the page shows. If empty, any output is accepted.
    pub shown: String,
}

/// Returns the blocks of a page, given by its path in the repository.
pub fn blocks(page: &str) -> Vec<Block> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(Block {
                    place: format!("{page}:{}", number + 1),
                    language: language.to_owned(),
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.text = block.text.clone() + line + "\n",
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{page}: a block without an end");
    blocks
}

impl Block {
    pub fn examples(&self) -> Vec<Example<'_>> {
        let mut examples: Vec<Example> = Vec::new();
        for line in self.text.lines() {
            match (line.strip_prefix("$ "), examples.last_mut()) {
                (Some(command), _) => examples.push(Example {
                    command,
                    shown: String::new(),
                }),
                (None, Some(last)) => last.shown = last.shown.clone() + line + "\n",
                (None, None) => panic!("{}: output before a command: {line}", self.place),
            }
        }
        examples
    }
}
