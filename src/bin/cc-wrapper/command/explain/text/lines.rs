//! Lays out words and notes for the width of the screen.

use std::collections::BTreeSet;

use crate::support::terminal::{Kind, Screen};

/// The largest column for the origins.
const WIDEST: usize = 44;

/// The length of the longest heading of a note.
const HEADING: usize = 12;

/// A line: a word and its origin.
pub struct Row {
    pub indent: &'static str,
    pub kind: Kind,
    pub word: String,
    pub why: String,
}

/// The output, line by line.
pub struct Lines<'s> {
    pub out: String,
    pub screen: &'s Screen,
    /// The reason for variables that are read without a role marker.
    pub needs_none: &'static str,
}

impl Lines<'_> {
    /// Appends rows with all origins in one column. An origin that does not fit
    /// gets a line of its own.
    pub fn table(&mut self, rows: &[Row]) {
        let width = |row: &Row| row.indent.len() + row.word.chars().count();
        let column = self.column(rows);
        for row in rows {
            let (word, why) = (
                self.screen.paint(row.kind, &row.word),
                self.screen.paint(Kind::DropReason, &row.why),
            );
            let place = column.max(width(row) + 2);
            let end = place + row.why.chars().count();
            let line = match self.screen.width {
                Some(width) if width < end => format!("{}{word}\n      {why}\n", row.indent),
                _ => {
                    let gap = place - width(row);
                    format!("{}{word}{:gap$}{why}\n", row.indent, "")
                }
            };
            self.out.push_str(&line);
        }
    }

    /// Returns the column in which most rows fit on one line each.
    fn column(&self, rows: &[Row]) -> usize {
        let behind = |row: &Row| row.indent.len() + row.word.chars().count() + 2;
        let fits = |row: &Row, column: usize| {
            let end = column.max(behind(row)) + row.why.chars().count();
            self.screen.width.is_none_or(|width| end <= width)
        };
        let columns = rows.iter().filter(|row| fits(row, 0)).map(behind);
        let columns: BTreeSet<usize> = columns.filter(|column| *column <= WIDEST + 2).collect();
        let fitting = |column| rows.iter().filter(|row| fits(row, column)).count();
        let columns = columns.into_iter();
        let best = columns.max_by_key(|column| (fitting(*column), *column));
        best.unwrap_or(2)
    }

    /// Appends a note after a heading.
    pub fn add(&mut self, heading: &str, text: &str) {
        let gap = HEADING.saturating_sub(heading.len()) + 1;
        let heading = self.screen.paint(Kind::Heading, heading);
        let text = filled(&self.screen.shown(text), self.screen.width);
        self.out.push_str(&format!("{heading}{:gap$}{text}\n", ""));
    }
}

/// Returns a note's text, wrapped to this width after its heading. Words are
/// not split.
fn filled(text: &str, width: Option<usize>) -> String {
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(HEADING + 1));
    let mut lines: Vec<String> = Vec::new();
    let length = |text: &str| text.chars().count();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if length(line) + 1 + length(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines.join(&format!("\n{:1$}", "", HEADING + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(width: Option<usize>) -> String {
        let screen = Screen {
            width,
            colours: false,
            ascii: false,
        };
        let row = |word: &str, why: &str| Row {
            indent: "  ",
            kind: Kind::Plain,
            word: word.into(),
            why: why.into(),
        };
        let mut lines = Lines {
            out: String::new(),
            screen: &screen,
            needs_none: "",
        };
        lines.table(&[row("-c", "your argument 1"), row("-DX=long", "a rule")]);
        lines.out
    }

    #[test]
    fn a_note_takes_the_lines_that_it_needs() {
        let text = "/a/path/ld, which becomes /usr/bin/ld";
        assert_eq!(filled(text, None), text);
        assert_eq!(filled(text, Some(13 + 37)), text);
        let indent = " ".repeat(13);
        let narrow = format!("/a/path/ld, which\n{indent}becomes\n{indent}/usr/bin/ld");
        assert_eq!(filled(text, Some(13 + 17)), narrow);
        assert_eq!(
            filled("a /usr/bin/ld", Some(5)),
            format!("a\n{indent}/usr/bin/ld")
        );
    }

    #[test]
    fn origins_are_in_one_column_or_on_separate_lines() {
        let wide = "  -c        your argument 1\n  -DX=long  a rule\n";
        assert_eq!(table(None), wide);
        assert_eq!(table(Some(27)), wide);
        // The word and its origin do not fit side by side.
        let narrow = "  -c  your argument 1\n  -DX=long  a rule\n";
        assert_eq!(table(Some(26)), narrow);
        let narrow = "  -c\n      your argument 1\n  -DX=long  a rule\n";
        assert_eq!(table(Some(18)), narrow);
        let narrow = "  -c\n      your argument 1\n  -DX=long\n      a rule\n";
        assert_eq!(table(Some(10)), narrow);
    }
}
