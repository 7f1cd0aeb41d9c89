//! Splits a shell script into simple commands. It supports the syntax that
//! wrappers' scripts use.

/// A simple command. Words keep their quotes. `((…))`, `[[ … ]]` and `NAME=(…)`
/// are one word each.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    pub line: usize,
    pub words: Vec<String>,
}

struct Lexer<'t> {
    rest: std::iter::Peekable<std::str::Chars<'t>>,
    line: usize,
    /// The line where the current command begins.
    began: usize,
    word: String,
    words: Vec<String>,
    commands: Vec<Command>,
    /// The number of commands before the place where a `case` label may begin.
    /// A label ends with `)`; the commands from there on are removed then.
    label: usize,
    /// How many brackets and quotes are open.
    depth: usize,
}

/// nixpkgs' scripts nest less deep. The limit protects the stack.
const DEEPEST: usize = 64;

/// The commands in order, without comments and `case` labels.
///
/// # Errors
/// The number of the line where an unclosed quote or bracket begins, or one that
/// is nested too deep.
pub fn commands(text: &str) -> Result<Vec<Command>, usize> {
    let mut lexer = Lexer {
        rest: text.chars().peekable(),
        line: 1,
        began: 1,
        word: String::new(),
        words: Vec::new(),
        commands: Vec::new(),
        label: 0,
        depth: 0,
    };
    while let Some(c) = lexer.next() {
        lexer.take(c)?;
    }
    lexer.end_command();
    Ok(lexer.commands)
}

impl Lexer<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.next();
        self.line += usize::from(c == Some('\n'));
        c
    }

    fn take(&mut self, c: char) -> Result<(), usize> {
        match c {
            '\n' => {
                self.end_command();
                self.label = self.commands.len();
            }
            ' ' | '\t' => self.end_word()?,
            '#' if self.word.is_empty() => while self.rest.next_if(|c| *c != '\n').is_some() {},
            ';' => {
                self.end_command();
                if self.rest.next_if_eq(&';').is_some() {
                    self.label = self.commands.len();
                }
            }
            '&' if !self.word.ends_with('>') => self.end_command(),
            '|' => self.end_command(),
            ')' => {
                self.commands.truncate(self.label);
                self.word.clear();
                self.words.clear();
            }
            '(' => {
                self.begin();
                self.word.push('(');
                self.nested(')')?;
            }
            c => {
                self.begin();
                self.plain(c)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self) {
        if self.word.is_empty() && self.words.is_empty() {
            self.began = self.line;
        }
    }

    /// Reads the part of a word that begins with `c`, including quoted and
    /// nested text.
    fn plain(&mut self, c: char) -> Result<(), usize> {
        if c == '\\' {
            match self.next() {
                Some('\n') | None => {}
                Some(next) => self.word.extend(['\\', next]),
            }
            return Ok(());
        }
        self.word.push(c);
        match c {
            '\'' => self.nested('\''),
            '"' => self.nested('"'),
            '$' => match self.rest.next_if(|c| matches!(c, '(' | '{')) {
                Some('(') => {
                    self.word.push('(');
                    self.nested(')')
                }
                Some(_) => {
                    self.word.push('{');
                    self.nested('}')
                }
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Reads up to and including `end`.
    fn nested(&mut self, end: char) -> Result<(), usize> {
        let began = self.line;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(began);
        }
        while let Some(c) = self.next() {
            if c == end {
                self.word.push(c);
                self.depth -= 1;
                return Ok(());
            }
            let is_comment =
                c == '#' && end == ')' && self.word.ends_with(|c: char| c.is_whitespace());
            match c {
                _ if end == '\'' => self.word.push(c),
                _ if is_comment => while self.rest.next_if(|c| *c != '\n').is_some() {},
                '(' if end == ')' => {
                    self.word.push(c);
                    self.nested(')')?;
                }
                '\'' if end == '"' => self.word.push(c),
                c => self.plain(c)?,
            }
        }
        Err(began)
    }

    fn end_word(&mut self) -> Result<(), usize> {
        if self.word == "[[" {
            let began = self.line;
            self.word.push(' ');
            while !self.word.ends_with(" ]]") {
                let c = self.next().ok_or(began)?;
                self.plain(c)?;
            }
        }
        if !self.word.is_empty() {
            self.words.push(std::mem::take(&mut self.word));
        }
        Ok(())
    }

    fn end_command(&mut self) {
        if !self.word.is_empty() {
            self.words.push(std::mem::take(&mut self.word));
        }
        if !self.words.is_empty() {
            self.commands.push(Command {
                line: self.began,
                words: std::mem::take(&mut self.words),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(usize, String)> {
        let commands = commands(text).unwrap().into_iter();
        commands.map(|c| (c.line, c.words.join("|"))).collect()
    }

    #[test]
    fn text_is_split_into_commands() {
        let text = "#! x\na=1 b+=(c \\\n 'd e' # f\n)\nif [[ a && ( b || \"]]\" ) ]]; then g \"$(h \"i\" | j)\" && k >&2; fi\n";
        let expected = [
            (2, "a=1|b+=(c  'd e' \n)"),
            (5, "if|[[ a && ( b || \"]]\" ) ]]"),
            (5, "then|g|\"$(h \"i\" | j)\""),
            (5, "k|>&2"),
            (5, "fi"),
        ];
        assert_eq!(
            words(text),
            expected.map(|(line, text)| (line, text.to_owned()))
        );
    }

    #[test]
    fn case_labels_are_left_out() {
        let text =
            "case \"$p\" in\n  -a | -b) c=1 ;;\n  -x)\n    d ;; # e\n  *) f;;\nesac\ng() { h; }\n";
        let firsts: Vec<_> = words(text).into_iter().map(|(_, words)| words).collect();
        let expected = ["case|\"$p\"|in", "c=1", "d", "f", "esac", "g()|{|h", "}"];
        assert_eq!(firsts, expected);
        assert_eq!(commands("a\nb 'c\n"), Err(2));
    }

    #[test]
    fn deep_nesting_is_an_error() {
        for begin in ["(", "$(", "\"${", "\"$(", "x=("] {
            let text = format!("a\n{}", begin.repeat(500_000));
            assert_eq!(commands(&text), Err(2), "{begin}");
        }
        let text = format!("{}{}", "(".repeat(DEEPEST), ")".repeat(DEEPEST));
        assert!(commands(&text).is_ok());
    }
}
