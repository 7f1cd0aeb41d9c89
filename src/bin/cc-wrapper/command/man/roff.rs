//! The language of man pages: as little of it as each roff knows.

/// A page in the making.
#[derive(Default)]
pub struct Roff {
    text: String,
    /// A section begins with a paragraph by itself.
    is_at_head: bool,
}

impl Roff {
    /// Begins the page `name`. It bears no date: the same sources give the
    /// same page.
    pub fn page(name: &str, source: &str) -> Roff {
        let mut roff = Roff::default();
        let words = [&name.to_uppercase(), "1", "", source, "cc-wrapper"];
        let words = words.map(|word| format!(" \"{}\"", escaped(word)));
        roff.line(&format!(".TH{}", words.concat()));
        // Names and paths stay whole.
        roff.line(".nh");
        roff.line(".ad l");
        roff
    }

    pub fn section(&mut self, name: &str) {
        self.line(&format!(".SH \"{}\"", escaped(name)));
        self.is_at_head = true;
    }

    /// A paragraph of text that is roff already.
    pub fn paragraph(&mut self, text: &str) {
        self.begin();
        self.line(text);
    }

    /// What goes on in the same paragraph, on a line of its own.
    pub fn next_line(&mut self, text: &str) {
        self.line(".br");
        self.line(text);
    }

    /// What `tag` is, both roff already.
    pub fn item(&mut self, tag: &str, text: &str) {
        self.is_at_head = false;
        self.line(".TP");
        self.line(tag);
        self.line(text);
    }

    /// A line as it is to be typed, and what it is for.
    pub fn example(&mut self, line: &str, what: &str) {
        self.begin();
        self.line(".nf");
        self.line(&bold(line));
        self.line(".fi");
        if !what.is_empty() {
            self.line(".RS 4");
            self.line(&prose(what));
            self.line(".RE");
        }
    }

    fn begin(&mut self) {
        if !self.is_at_head {
            self.line(".PP");
        }
        self.is_at_head = false;
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    pub fn into_text(self) -> String {
        self.text
    }
}

/// Plain words, with what is in backticks in bold.
pub fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(i, part)| match i % 2 {
        0 => escaped(part),
        _ => bold(part),
    });
    let text: String = parts.collect();
    if text.starts_with('.') {
        return format!("\\&{text}");
    }
    text
}

pub fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", escaped(text))
}

pub fn italic(text: &str) -> String {
    format!("\\fI{}\\fR", escaped(text))
}

/// As it looks on the page, and as it can be copied from there: roffs make
/// typographic characters of those of a keyboard.
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '\'' => out.push_str("\\(aq"),
            '"' => out.push_str("\\(dq"),
            '`' => out.push_str("\\(ga"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            '…' => out.push_str("\\&..."),
            char if char.is_ascii() => out.push(char),
            char => out.push_str(&format!("\\[u{:04X}]", u32::from(char))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_can_be_copied() {
        assert_eq!(
            escaped("a --b 'c' ~/d \\"),
            "a \\-\\-b \\(aqc\\(aq \\(ti/d \\e"
        );
        assert_eq!(escaped("é…"), "\\[u00E9]\\&...");
    }

    #[test]
    fn no_text_is_a_request() {
        assert_eq!(prose(".so /etc/passwd"), "\\&.so /etc/passwd");
        assert!(!prose("'so x").starts_with('\''));
        assert_eq!(prose("run `make -j`"), "run \\fBmake \\-j\\fR");
    }

    #[test]
    fn an_example_keeps_its_line() {
        let mut roff = Roff::default();
        roff.example("cc x.c", "a program");
        let text = ".PP\n.nf\n\\fBcc x.c\\fR\n.fi\n.RS 4\na program\n.RE\n";
        assert_eq!(roff.into_text(), text);
    }
}
