//! The explanation as text for people.

mod lines;
mod linker;
mod notes;

use self::lines::{Lines, Row};
use super::Explained;
use super::words::{FURTHER_UP, Words};
use crate::process::record;
use crate::support::show::shown;
use crate::support::terminal::{Kind, Screen};
use cc_wrapper::model::argument::{Arg, Export, Origin};
use cc_wrapper::model::compile_record::Record;
use cc_wrapper::model::event::Event;
use cc_wrapper::model::explanation::{DropReason, Explanation};
use cc_wrapper::model::plan::ResponseFile;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub use self::linker::{UNKNOWN_LIBRARIES, UNKNOWN_LIBRARY};

/// The variable that pkg-config gets.
const PKG_CONFIG_PATH: &str = "PKG_CONFIG_PATH";

/// Returns the whole explanation.
pub fn text(explained: &Explained, screen: &Screen) -> Vec<u8> {
    let Explained {
        call, plan, linker, ..
    } = explained;
    let notes: Vec<&Explanation> = plan.explanations().collect();
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
            Some(_) => "this root needs no role marker",
            None => "no role marker is needed",
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
        why: format!("role {}, by {from}", call.kind.name()),
    };
    let mut rows = vec![program];
    rows.extend(arguments(explained, &words, screen));
    lines.table(&rows);
    lines.out.push('\n');
    let start = lines.out.len();
    let mut prints_hardening = true;
    for note in &notes {
        if let Explanation::Hardening { .. } = note {
            // If the driver links by itself, both report hardening; print it
            // once.
            if !std::mem::take(&mut prints_hardening) {
                continue;
            }
        }
        lines.note(note, &words);
    }
    for event in &plan.events {
        if let Event::ForeignTarget { .. } | Event::NotANumber { .. } = event {
            let text = String::from_utf8_lossy(&event.text()).into_owned();
            lines.add("warning", text.trim_start_matches("warning: "));
        }
    }
    for warning in &explained.warnings {
        lines.add("warning", warning);
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

/// Returns all arguments in order. Dropped ones are where they would have been.
fn arguments(explained: &Explained, words: &Words, screen: &Screen) -> Vec<Row> {
    let command = &explained.plan.command;
    let mut dropped: Vec<(&Arg, DropReason)> = dropped(words.notes.iter().copied()).collect();
    let gone = |(arg, why): (&Arg, DropReason)| Row {
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

/// Returns the dropped arguments: the caller's in order, then others.
pub fn dropped<'n>(
    notes: impl Iterator<Item = &'n Explanation>,
) -> impl Iterator<Item = (&'n Arg<'n>, DropReason)> {
    let dropped = notes.filter_map(|note| match note {
        Explanation::Dropped { args, why } => Some(args.iter().map(|arg| (arg, *why))),
        _ => None,
    });
    let mut dropped: Vec<_> = dropped.flatten().collect();
    dropped.sort_by_key(|(arg, _)| place(arg).unwrap_or(usize::MAX));
    dropped.into_iter()
}

/// Returns why the call would not be recorded.
pub fn refusal(record: &Record) -> Option<String> {
    record::refusal(Path::new(OsStr::from_bytes(record.database)))
}

/// Returns the number of the caller's argument that it comes from.
fn place(arg: &Arg) -> Option<usize> {
    match arg.origin {
        Origin::User(n) | Origin::ResponseFile(n) => Some(n),
        _ => None,
    }
}

impl Lines<'_> {
    /// Prints the steps between the plan and the tool, such as a launcher.
    fn ways(&mut self, explained: &Explained) {
        let plan = explained.plan;
        let is_path = |(name, _): &&Export| name == PKG_CONFIG_PATH.as_bytes();
        if let Some((_, Some(path))) = plan.environment.iter().find(is_path) {
            let path = match &path[..] {
                [] => "no further directories".into(),
                path => self.screen.word(path),
            };
            self.add("looks in", &format!("{path} ({PKG_CONFIG_PATH})"));
        }
        if let Some(launcher) = plan.launcher {
            let launcher = shown(OsStr::from_bytes(launcher));
            let text = format!("{launcher} (CC_WRAPPER_LAUNCHER)");
            self.add("run by", &text);
        }
        if plan.response_file == ResponseFile::Always {
            self.add("arguments", "go through a response file");
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
            self.add("compdb", &text);
        }
        for note in plan.explanations() {
            if let Explanation::NoRecord(why) = note {
                self.add("compdb", &format!("nothing: {why}"));
            }
        }
        if let Some(hook) = &plan.post_link {
            let text = format!("{}, after the link", self.screen.word(&hook.path));
            self.add("hook", &text);
        }
    }
}
