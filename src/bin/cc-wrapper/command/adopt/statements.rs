//! Splits a shell script into its top-level statements.

use super::lines::trim;

/// A statement and the offset of its end.
#[derive(Debug, PartialEq, Eq)]
pub struct Statement<'t> {
    /// The trimmed lines, without comments and blank lines.
    pub lines: Vec<&'t [u8]>,
    pub end: usize,
}

/// The top-level statements of `text`, in order. Leaves out an unfinished
/// statement at the end.
pub fn statements(text: &[u8]) -> Vec<Statement<'_>> {
    let mut found = Vec::new();
    let mut lines = Vec::new();
    let mut depth = 0;
    let mut end = 0;
    for line in text.split_inclusive(|&b| b == b'\n') {
        end += line.len();
        let line = trim(line);
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        lines.push(line);
        depth += change(line);
        if depth <= 0 {
            depth = 0;
            let lines = std::mem::take(&mut lines);
            found.push(Statement { lines, end });
        }
    }
    found
}

/// How a line changes the nesting depth.
fn change(line: &[u8]) -> i32 {
    let begins = [&b"if "[..], b"while ", b"for ", b"case "];
    let ends = [&b"fi"[..], b"done", b"esac"];
    let opens = begins.iter().any(|word| line.starts_with(word));
    let closes = ends.iter().any(|word| {
        let before = line.strip_suffix(*word);
        before.is_some_and(|before| matches!(before, [] | [.., b' ' | b';']))
    });
    i32::from(opens) - i32::from(closes)
}

/// Whether `text` has only blank lines and comments.
pub fn is_blank(text: &[u8]) -> bool {
    let mut lines = text.split(|&b| b == b'\n').map(trim);
    lines.all(|line| line.is_empty() || line.starts_with(b"#"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_includes_nested_statements() {
        let text =
            b"a=1\n\n# x\nif b; then\n  for c in d; do\n    e\n  done\nfi\nif f; then g; fi\nh";
        let statements = statements(text);
        let firsts: Vec<_> = statements.iter().map(|s| s.lines[0]).collect();
        let expected = [&b"a=1"[..], b"if b; then", b"if f; then g; fi", b"h"];
        assert_eq!(firsts, expected);
        assert_eq!(statements[1].lines.len(), 5);
        assert_eq!(&text[..statements[0].end], b"a=1\n");
        assert_eq!(statements[3].end, text.len());
    }

    #[test]
    fn unfinished_statements_are_left_out() {
        assert_eq!(statements(b"a\nif b; then\nc\n").len(), 1);
        assert!(is_blank(b"\n # x\n") && !is_blank(b"x"));
    }
}
