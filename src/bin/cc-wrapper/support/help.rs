//! Help texts for which clap has no place. `--help` shows them below the
//! options, and the man page in sections of their own.

/// The help texts of one command. Each command defines them in its
/// `arguments.rs`.
pub struct Help {
    /// Example command lines and what each does. An empty text marks a first
    /// step: the text of the next line describes both.
    pub examples: &'static [(&'static str, &'static str)],
    /// Further paragraphs.
    pub notes: &'static [&'static str],
    /// Related commands, for SEE ALSO.
    pub related: &'static [&'static str],
    /// Exit statuses and their meanings.
    pub statuses: &'static [(&'static str, &'static str)],
}

/// The exit statuses of most commands.
pub const STATUSES: &[(&str, &str)] = &[
    ("0", "Success."),
    ("1", "Failure; standard error says why."),
    USAGE,
];

/// The exit status of all commands for a wrong command line.
pub const USAGE: (&str, &str) = ("2", "The command line is wrong; standard error says why.");

impl Help {
    /// Returns the text that `--help` shows below the options.
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
