//! What a command's `--help` says below its options, and its man page in
//! sections of their own.

/// One of a command, in each `arguments` beside what clap is told.
pub struct Help {
    /// Command lines, and what they are for. One without a word belongs to the
    /// next.
    pub examples: &'static [(&'static str, &'static str)],
    /// Paragraphs: what there is to know besides.
    pub notes: &'static [&'static str],
    /// Commands that one may look for here.
    pub related: &'static [&'static str],
    /// What it exits with, and when.
    pub statuses: &'static [(&'static str, &'static str)],
}

/// The statuses of a command that does something or fails.
pub const STATUSES: &[(&str, &str)] = &[
    ("0", "It is done."),
    ("1", "It is not; standard error says why."),
    USAGE,
];

/// The status of all that were called wrongly.
pub const USAGE: (&str, &str) = ("2", "The command line makes no sense.");

impl Help {
    /// The end of `--help`.
    pub fn text(&self) -> String {
        let mut text = String::from("Examples:\n");
        for (line, what) in self.examples {
            text.extend(["  ", line, "\n"]);
            if !what.is_empty() {
                text.extend(["      ", what, "\n"]);
            }
        }
        for note in self.notes {
            text.extend(["\n", note, "\n"]);
        }
        text.truncate(text.trim_end().len());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_come_before_notes() {
        let help = Help {
            examples: &[("make it", ""), ("use it", "what for")],
            notes: &["One.", "Two."],
            related: &[],
            statuses: STATUSES,
        };
        let text = "Examples:\n  make it\n  use it\n      what for\n\nOne.\n\nTwo.";
        assert_eq!(help.text(), text);
    }
}
