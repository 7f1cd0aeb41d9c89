//! Makes clap_mangen's roff look the same in all renderers and encodings.

/// Returns `page` with keyboard characters escaped, because renderers replace
/// some with typographic ones that cannot be pasted into a shell. Text in
/// backticks becomes bold.
pub fn portable(page: &str) -> String {
    // clap_mangen repeats the definition of `Aq` in each section.
    let lines = page.lines().filter(|line| !line.contains(" .ds Aq "));
    let lines = lines.filter(|line| !line.starts_with(".el .ds Aq"));
    lines.map(|line| portable_line(line) + "\n").collect()
}

fn portable_line(line: &str) -> String {
    let mut out = String::new();
    let mut is_bold = false;
    for char in line.replace(r"\*(Aq", r"\(aq").chars() {
        match char {
            '`' => {
                is_bold = !is_bold;
                out.push_str(if is_bold { r"\fB" } else { r"\fR" });
            }
            '^' => out.push_str(r"\(ha"),
            '~' => out.push_str(r"\(ti"),
            '…' => out.push_str(r"\&..."),
            char if char.is_ascii() => out.push(char),
            char => out.push_str(&format!(r"\[u{:04X}]", u32::from(char))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use clap_mangen::roff::{Roff, bold, roman};

    use super::*;

    fn rendered(line: &str) -> String {
        portable(&Roff::new().text([roman(line)]).render())
    }

    #[test]
    fn commands_can_be_copied() {
        assert_eq!(rendered("a --b 'c' ~/d"), "a \\-\\-b \\(aqc\\(aq \\(ti/d\n");
        assert_eq!(rendered("é…"), "\\[u00E9]\\&...\n");
        let example = Roff::new().text([bold("eval \"$(x ^y)\"")]).render();
        assert_eq!(portable(&example), "\\fBeval \"$(x \\(hay)\"\\fR\n");
    }

    #[test]
    fn no_text_is_a_request() {
        assert_eq!(rendered(".so /etc/passwd"), "\\&.so /etc/passwd\n");
        assert!(!rendered("'so x").starts_with('\''));
    }

    #[test]
    fn code_is_bold() {
        assert_eq!(rendered("run `make -j`"), "run \\fBmake \\-j\\fR\n");
    }
}
