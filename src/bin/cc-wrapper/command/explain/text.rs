//! The explanation for people.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cc_wrapper::environment::Half;
use cc_wrapper::event::Event;
use cc_wrapper::note::{NoRpath, Note, Stand, Why, NO_LIBRARIES};
use cc_wrapper::plan::{Arg, Export, Origin, ResponseFile, Suffix};
use cc_wrapper::translation_unit::Record;

use super::linker::{Added, Before, Below, Wrapped};
use super::words::{Words, FURTHER_UP, THIS_CALL};
use super::Explained;
use crate::command::paths::shown;
use crate::command::screen::{Kind, Screen};
use crate::record;

/// Origins stand in one column, unless it would be further right than this.
const WIDEST: usize = 44;

/// What pkg-config is handed on.
const PKG_CONFIG_PATH: &str = "PKG_CONFIG_PATH";

/// Headings of notes are no longer.
const HEADING: usize = 12;

/// Of a directory, where the driver does not tell its own libraries.
pub const UNKNOWN_LIBRARY: &str =
    "it holds none of the libraries that you name; the driver's own may make it one";
/// Of the whole link, likewise.
pub const UNKNOWN_LIBRARIES: &str = "you name no library; the driver's own may make one";

/// All of it, in lines.
pub fn text(explained: &Explained, screen: &Screen) -> Vec<u8> {
    let Explained {
        call, plan, linker, ..
    } = explained;
    let notes: Vec<&Note> = plan.notes().collect();
    let words = Words {
        args: call.args,
        salt: &call.toolchain.suffix_salt,
        notes: &notes,
        collector: FURTHER_UP,
    };
    let mut lines = Lines {
        out: String::new(),
        screen,
        needs_none: match call.root {
            Some(_) => "this root needs none",
            None => "none is needed",
        },
    };
    let from = match call.root {
        Some(root) => screen.word(&[root, b"/nix-support/toolchain.json"].concat()),
        None => format!("the next {} on PATH", screen.word(&call.tool.name)),
    };
    let program = Row {
        indent: "",
        kind: Kind::Heading,
        word: screen.word(&plan.program),
        why: format!("role {}, by {from}", call.role.name()),
    };
    let mut rows = vec![program];
    rows.extend(arguments(explained, &words, screen));
    lines.table(&rows);
    lines.out.push('\n');
    let start = lines.out.len();
    let mut tells_hardening = true;
    for note in &notes {
        if let Note::Hardening { .. } = note {
            // A driver that does its linker's work tells it twice.
            if !std::mem::take(&mut tells_hardening) {
                continue;
            }
        }
        lines.note(note, &words);
    }
    for event in &plan.events {
        if let Event::ForeignTarget { .. } | Event::NotANumber { .. } = event {
            let text = String::from_utf8_lossy(&event.text()).into_owned();
            lines.says("warning", text.trim_start_matches("warning: "));
        }
    }
    for warning in &explained.warnings {
        lines.says("warning", warning);
    }
    lines.ways(explained);
    if let Some(linker) = linker {
        lines.linker(linker, &words);
    }
    if lines.out.len() == start {
        lines.out.pop();
    }
    lines.out.into_bytes()
}

/// A line: a word, and why it is there.
struct Row {
    indent: &'static str,
    kind: Kind,
    word: String,
    why: String,
}

/// All arguments in order, the dropped ones where they would have stood.
fn arguments(explained: &Explained, words: &Words, screen: &Screen) -> Vec<Row> {
    let command = &explained.plan.command;
    let mut dropped: Vec<(&Arg, Why)> = dropped(words.notes.iter().copied()).collect();
    let gone = |(arg, why): (&Arg, Why)| Row {
        indent: "- ",
        kind: Kind::Dropped,
        word: screen.word(arg),
        why: format!("{}, dropped: {}", words.origin(arg), why.text()),
    };
    let kept = |arg: &Arg| Row {
        indent: "  ",
        kind: match arg.origin {
            Origin::User(_) | Origin::ResponseFile(_) => Kind::Plain,
            _ => Kind::Added,
        },
        word: screen.word(arg),
        why: words.origin(arg),
    };
    let mut rows: Vec<Row> = command.before.iter().map(kept).collect();
    for arg in &command.params {
        while let Some(first) = dropped.first().filter(|(dropped, _)| {
            place(dropped).is_some_and(|n| place(arg).is_some_and(|other| n < other))
        }) {
            rows.push(gone(*first));
            dropped.remove(0);
        }
        rows.push(kept(arg));
    }
    let (users, others): (Vec<_>, Vec<_>) = dropped
        .into_iter()
        .partition(|(arg, _)| place(arg).is_some());
    rows.extend(users.into_iter().map(gone));
    rows.extend(command.after.iter().map(kept));
    rows.extend(others.into_iter().map(gone));
    rows
}

/// What was dropped: the caller's in order, then others.
pub fn dropped<'n>(
    notes: impl Iterator<Item = &'n Note>,
) -> impl Iterator<Item = (&'n Arg<'n>, Why)> {
    let dropped = notes.filter_map(|note| match note {
        Note::Dropped { args, why } => Some(args.iter().map(|arg| (arg, *why))),
        _ => None,
    });
    let mut dropped: Vec<_> = dropped.flatten().collect();
    dropped.sort_by_key(|(arg, _)| place(arg).unwrap_or(usize::MAX));
    dropped.into_iter()
}

/// Why the call would not be recorded.
pub fn refusal(record: &Record) -> Option<String> {
    record::refusal(Path::new(OsStr::from_bytes(record.database)))
}

/// Which of the caller's arguments it comes from.
fn place(arg: &Arg) -> Option<usize> {
    match arg.origin {
        Origin::User(n) | Origin::ResponseFile(n) => Some(n),
        _ => None,
    }
}

struct Lines<'s> {
    out: String,
    screen: &'s Screen,
    /// Of role markers, where none is set.
    needs_none: &'static str,
}

impl Lines<'_> {
    /// Rows with what they say in one column where it fits, or else in a line
    /// of its own.
    fn table(&mut self, rows: &[Row]) {
        let width = |row: &Row| row.indent.len() + row.word.chars().count();
        let column = self.column(rows);
        for row in rows {
            let (word, why) = (
                self.screen.paint(row.kind, &row.word),
                self.screen.paint(Kind::Why, &row.why),
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

    /// Behind the longest word with which most rows stay one line each.
    fn column(&self, rows: &[Row]) -> usize {
        let behind = |row: &Row| row.indent.len() + row.word.chars().count() + 2;
        let fits = |row: &Row, column: usize| {
            let end = column.max(behind(row)) + row.why.chars().count();
            self.screen.width.map_or(true, |width| end <= width)
        };
        let columns = rows.iter().filter(|row| fits(row, 0)).map(behind);
        let columns: BTreeSet<usize> = columns.filter(|column| *column <= WIDEST + 2).collect();
        let fitting = |column| rows.iter().filter(|row| fits(row, column)).count();
        let columns = columns.into_iter();
        let best = columns.max_by_key(|column| (fitting(*column), *column));
        best.unwrap_or(2)
    }

    fn says(&mut self, heading: &str, text: &str) {
        let gap = HEADING.saturating_sub(heading.len()) + 1;
        let heading = self.screen.paint(Kind::Heading, heading);
        let text = filled(&self.screen.shown(text), self.screen.width);
        self.out.push_str(&format!("{heading}{:gap$}{text}\n", ""));
    }

    fn note(&mut self, note: &Note, words: &Words) {
        let name = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match note {
            Note::Roles {
                half,
                markers,
                served,
                required,
            } => {
                for suffix in served {
                    let marker = markers.iter().find(|m| m.suffix == *suffix && m.is_set);
                    let why = match marker {
                        Some(marker) => format!("{} is set", name(&marker.name)),
                        None => format!("no role marker is set ({})", self.needs_none),
                    };
                    self.says(
                        "serves",
                        &format!("{}: {why}", variables_of(*half, *suffix)),
                    );
                }
                let missing: Vec<_> = markers.iter().filter(|_| *required).collect();
                for marker in missing.iter().filter(|marker| !marker.is_set) {
                    let text = format!(
                        "{}: set {}=1",
                        variables_of(*half, marker.suffix),
                        name(&marker.name)
                    );
                    self.says("serves not", &text);
                }
            }
            Note::Unread {
                variable,
                marker,
                keeps_plain,
            } => {
                let mut text = format!(
                    "{}, though it is set: set {}=1",
                    name(variable),
                    name(marker)
                );
                if let Some(plain) = keeps_plain {
                    text += &format!(", and {}=1 to keep what is read now", name(plain));
                }
                self.says("not read", &text);
            }
            Note::Inherited { mark } => {
                let text = format!("collected by a wrapper further up: {} is set", name(mark));
                self.says("variables", &text);
            }
            Note::Hardening {
                asked,
                off,
                overrides_default,
            } => {
                for flags in asked.chunk_by(|a, b| a.origin == b.origin) {
                    let by = words.asker(&flags[0].origin);
                    let flags: Vec<String> =
                        flags.iter().map(|flag| self.screen.word(flag)).collect();
                    self.says("hardening", &format!("{} ({by})", flags.join(" ")));
                }
                if *overrides_default {
                    let text =
                        "none: NIX_HARDENING_ENABLE is set to nothing, so the default is off";
                    self.says("hardening", text);
                }
                for (flag, why) in off {
                    let text = format!("{} is off: {}", self.screen.word(flag), name(&why.text()));
                    self.says("hardening", &text);
                }
            }
            Note::NoLinking(why) => self.says("link", &format!("no: {why}")),
            Note::LinkType { name, inherited } => {
                let by = match inherited {
                    true => ", as a wrapper further up has found out",
                    false => "",
                };
                self.says("link", &format!("yes, {name}{by}"));
            }
            Note::LinksBy(program) => {
                let program = self.screen.word(program);
                let text = format!("yes, by {program}: explain that for what the linker gets");
                self.says("link", &text);
            }
            Note::NoRpath { directory, why } => {
                let text = format!("{}: {}", self.screen.word(directory), name(&why.text()));
                self.says("no rpath", &text);
            }
            Note::NoLibraries => self.says("no rpath", NO_LIBRARIES),
            Note::NoRpaths(why) => self.says("no rpath", why),
            Note::Hook(path) => {
                let text = format!("{}, which has just been run", self.screen.word(path));
                self.says("hook", &text);
            }
            Note::Nothing(why) => self.says("nothing in", why),
            // Told with what would be recorded.
            Note::NoRecord(_) | Note::Dropped { .. } | Note::Linker { .. } => {}
        }
    }

    /// What stands between the plan and the tool.
    fn ways(&mut self, explained: &Explained) {
        let plan = explained.plan;
        let is_path = |(name, _): &&Export| name == PKG_CONFIG_PATH.as_bytes();
        if let Some((_, Some(path))) = plan.environment.iter().find(is_path) {
            let path = match &path[..] {
                [] => "nowhere besides".into(),
                path => self.screen.word(path),
            };
            self.says("looks in", &format!("{path} ({PKG_CONFIG_PATH})"));
        }
        if let Some(launcher) = plan.launcher {
            let launcher = shown(OsStr::from_bytes(launcher));
            let text = format!("{launcher} (CC_WRAPPER_LAUNCHER)");
            self.says("run by", &text);
        }
        if plan.response_file == ResponseFile::Always {
            self.says("arguments", "go through a response file");
        }
        if let Some(record) = &plan.record {
            let units: Vec<String> = record
                .units
                .iter()
                .map(|unit| self.screen.word(&unit.file))
                .collect();
            let database = self.screen.word(record.database);
            let text = match refusal(record) {
                Some(why) => format!("nothing in {database}: {why}"),
                None => format!("{} would be recorded in {database}", units.join(" ")),
            };
            self.says("compdb", &text);
        }
        for note in plan.notes() {
            if let Note::NoRecord(why) = note {
                self.says("compdb", &format!("nothing: {why}"));
            }
        }
        if let Some(hook) = &plan.post_link {
            let text = format!("{}, after the link", self.screen.word(&hook.path));
            self.says("hook", &text);
        }
    }

    fn linker(&mut self, linker: &Below, drivers: &Words) {
        let path = self.screen.word(&linker.path);
        let path = match &linker.missing {
            Some(missing) => format!("{path}, as there is no {}", self.screen.word(missing)),
            None => path,
        };
        match (&linker.before, &linker.stand) {
            (Before::Ours(Wrapped::Fails(why)), _) => {
                let why = String::from_utf8_lossy(why);
                self.says("linker", &format!("{path}, which fails: {why}"));
            }
            (Before::Ours(Wrapped::Adds(added)), stand) => {
                self.added(&path, stand, added, drivers);
            }
            (Before::Bash(root), _) => {
                let root = self.screen.word(root.as_os_str().as_bytes());
                let what = "nixpkgs' wrapper in bash; what it adds is not known here";
                let text = format!("{path}: {what} (cc-wrapper adopt {root} --in-place)");
                self.says("linker", &text);
            }
            (Before::Absent, _) => self.says("linker", &format!("{path}: there is none")),
            (Before::Nothing, Stand::PassedByDriver) => {
                let text = "no wrapper stands before it, so this call carries its flags";
                self.says("linker", &format!("{path}: {text}"));
            }
            (Before::Nothing, _) => {
                let text = "no wrapper stands before it: no rpath, no NIX_LDFLAGS_AFTER";
                self.says("linker", &format!("{path}: {text}"));
            }
        }
    }

    fn added(&mut self, path: &str, stand: &Stand, added: &Added, drivers: &Words) {
        let words = Words {
            args: &[],
            collector: THIS_CALL,
            ..*drivers
        };
        let program = self.screen.word(&added.program);
        let what = match stand {
            Stand::FrontEnd(_) => "a front end of",
            _ => "which becomes",
        };
        let is_empty = added.before.is_empty() && added.after.is_empty();
        let nothing = added.notes.iter().find_map(|note| match note {
            Note::Nothing(why) => Some(*why),
            _ => None,
        });
        let adds = match (nothing, is_empty, added.is_exact) {
            (Some(why), ..) => format!("and adds nothing: {why}"),
            (_, true, true) => "and adds nothing".into(),
            (_, true, false) => {
                "and adds nothing (but the driver does not tell its own flags)".into()
            }
            (_, false, true) => "and adds this:".into(),
            (_, false, false) => {
                "and adds this (but the driver does not tell its own flags):".into()
            }
        };
        self.says("linker", &format!("{path}, {what} {program}, {adds}"));
        let row = |arg: &Arg| Row {
            indent: "  ",
            kind: Kind::Added,
            word: self.screen.word(arg),
            why: words.origin(arg),
        };
        let rows: Vec<Row> = added.before.iter().chain(&added.after).map(row).collect();
        self.table(&rows);
        for note in &added.notes {
            match note {
                // Nobody asks for the driver's own directories.
                Note::NoRpath { directory, .. } if !added.named.contains(directory) => {}
                Note::NoRpath {
                    directory,
                    why: NoRpath::NoLibrary,
                } if !added.is_exact => {
                    let text = format!("{}: {UNKNOWN_LIBRARY}", self.screen.word(directory));
                    self.says("no rpath", &text);
                }
                Note::NoLibraries if !added.is_exact => self.says("no rpath", UNKNOWN_LIBRARIES),
                Note::NoRpath { .. } | Note::NoRpaths(_) | Note::NoLibraries | Note::Hook(_) => {
                    self.note(note, &words)
                }
                Note::Hardening { off, .. } => {
                    let off = Note::Hardening {
                        asked: Vec::new(),
                        off: off.clone(),
                        overrides_default: false,
                    };
                    self.note(&off, &words);
                }
                _ => {}
            }
        }
        for (arg, why) in dropped(added.notes.iter()) {
            let text = format!("{}: {}", self.screen.word(arg), why.text());
            self.says("ld drops", &text);
        }
    }
}

/// A note's text, on as many lines behind its heading as this width needs. No
/// word is cut.
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

/// The variables of a role that a call reads by its own half's markers.
fn variables_of(half: Half, suffix: Suffix) -> String {
    let suffix = suffix.name();
    match half {
        Half::Compiler => format!("NIX_CFLAGS_COMPILE{suffix} and its kin"),
        Half::Linker => format!("NIX_LDFLAGS{suffix} and its kin"),
        Half::PkgConfig => format!("PKG_CONFIG_PATH{suffix}"),
    }
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
    fn origins_stand_in_a_column_or_in_lines_of_their_own() {
        let wide = "  -c        your argument 1\n  -DX=long  a rule\n";
        assert_eq!(table(None), wide);
        assert_eq!(table(Some(27)), wide);
        // One in the column would push the other out of it.
        let narrow = "  -c  your argument 1\n  -DX=long  a rule\n";
        assert_eq!(table(Some(26)), narrow);
        let narrow = "  -c\n      your argument 1\n  -DX=long  a rule\n";
        assert_eq!(table(Some(18)), narrow);
        let narrow = "  -c\n      your argument 1\n  -DX=long\n      a rule\n";
        assert_eq!(table(Some(10)), narrow);
    }
}
