//! clap's usage as a man page has it.

use std::mem;

use super::roff::{bold, escaped, italic};

/// `wrap [OPTIONS] <DIR>`: words in bold; in italics and without its brackets
/// what stands for a word.
pub fn synopsis(usage: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let mut closing = Vec::new();
    let mut chars = usage.chars().peekable();
    while let Some(char) = chars.next() {
        if char.is_ascii_alphanumeric() || char == '-' {
            word.push(char);
            continue;
        }
        out.push_str(&set(&mem::take(&mut word)));
        match char {
            // A choice of options: `<--out <NEW>|--in-place>`.
            '<' if chars.peek() == Some(&'-') => {
                out.push('(');
                closing.push(")");
            }
            '<' => closing.push(""),
            '>' => out.push_str(closing.pop().unwrap_or_default()),
            '|' => out.push_str(" | "),
            char => out.push_str(&escaped(&char.to_string())),
        }
    }
    out + &set(&word)
}

fn set(word: &str) -> String {
    match word {
        "" => String::new(),
        _ if word.bytes().all(|byte| byte.is_ascii_uppercase()) => italic(word),
        _ => bold(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_for_what_can_be_left_out_or_chosen() {
        for (usage, expected) in [
            ("x [OPTIONS] <DIR>", r"\fBx\fR [\fIOPTIONS\fR] \fIDIR\fR"),
            (
                "x <--out <NEW>|-i> [DIR]",
                r"\fBx\fR (\fB\-\-out\fR \fINEW\fR | \fB\-i\fR) [\fIDIR\fR]",
            ),
            (
                "x [--] <TOOL> [ARGS]...",
                r"\fBx\fR [\fB\-\-\fR] \fITOOL\fR [\fIARGS\fR]...",
            ),
        ] {
            assert_eq!(synopsis(usage), expected);
        }
    }
}
