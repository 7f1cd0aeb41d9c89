//! Prints the linker that a driver runs, and the flags that it will get.

use std::os::unix::ffi::OsStrExt;

use cc_wrapper::model::argument::Arg;
use cc_wrapper::model::explanation::{Explanation, LinkerHandling, NoRpath};

use super::dropped;
use super::lines::{Lines, Row};
use crate::command::explain::linker::{Added, Before, Below, Wrapped};
use crate::command::explain::words::{THIS_CALL, Words};
use crate::support::terminal::Kind;

/// Reason for a directory without rpath, if the driver's own libraries are
/// unknown.
pub const UNKNOWN_LIBRARY: &str =
    "it holds none of the libraries that you name; the driver's own may make it one";
/// The same for a link without libraries on the command line.
pub const UNKNOWN_LIBRARIES: &str = "you name no library; the driver's own may make one";

impl Lines<'_> {
    pub fn linker(&mut self, linker: &Below, drivers: &Words) {
        let path = self.screen.word(&linker.path);
        let path = match &linker.missing {
            Some(missing) => format!(
                "{path}, because {} does not exist",
                self.screen.word(missing)
            ),
            None => path,
        };
        match (&linker.before, &linker.handling) {
            (Before::Ours(Wrapped::Fails(why)), _) => {
                let why = String::from_utf8_lossy(why);
                self.add("linker", &format!("{path}, which fails: {why}"));
            }
            (Before::Ours(Wrapped::Adds(added)), handling) => {
                self.added(&path, handling, added, drivers);
            }
            (Before::Bash(root), _) => {
                let root = self.screen.word(root.as_os_str().as_bytes());
                let what = "nixpkgs' wrapper in bash; what it adds is not known here";
                let text = format!("{path}: {what} (cc-wrapper adopt {root} --in-place)");
                self.add("linker", &text);
            }
            (Before::Absent, _) => self.add("linker", &format!("{path}: does not exist")),
            (Before::Nothing, LinkerHandling::PassedByDriver) => {
                let text = "it is not wrapped, so this call passes its flags";
                self.add("linker", &format!("{path}: {text}"));
            }
            (Before::Nothing, _) => {
                let text = "it is not wrapped: no rpath, no NIX_LDFLAGS_AFTER";
                self.add("linker", &format!("{path}: {text}"));
            }
        }
    }

    fn added(&mut self, path: &str, handling: &LinkerHandling, added: &Added, drivers: &Words) {
        let words = Words {
            args: &[],
            collector: THIS_CALL,
            ..*drivers
        };
        let program = self.screen.word(&added.program);
        let what = match handling {
            LinkerHandling::Shim(_) => "a linker shim for",
            _ => "which becomes",
        };
        let is_empty = added.before.is_empty() && added.after.is_empty();
        let nothing = added.notes.iter().find_map(|note| match note {
            Explanation::Nothing(why) => Some(*why),
            _ => None,
        });
        let adds = match (nothing, is_empty, added.is_exact) {
            (Some(why), ..) => format!("and adds nothing: {why}"),
            (_, true, true) => "and adds nothing".into(),
            (_, true, false) => {
                "and adds nothing (without the driver's own flags, which are unknown)".into()
            }
            (_, false, true) => "and adds this:".into(),
            (_, false, false) => {
                "and adds this (without the driver's own flags, which are unknown):".into()
            }
        };
        self.add("linker", &format!("{path}, {what} {program}, {adds}"));
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
                // Skip the driver's own directories, which users do not ask
                // about.
                Explanation::NoRpath { directory, .. } if !added.named.contains(directory) => {}
                Explanation::NoRpath {
                    directory,
                    why: NoRpath::NoLibrary,
                } if !added.is_exact => {
                    let text = format!("{}: {UNKNOWN_LIBRARY}", self.screen.word(directory));
                    self.add("no rpath", &text);
                }
                Explanation::NoLibraries if !added.is_exact => {
                    self.add("no rpath", UNKNOWN_LIBRARIES)
                }
                Explanation::NoRpath { .. }
                | Explanation::NoRpaths(_)
                | Explanation::NoLibraries
                | Explanation::Hook(_) => self.note(note, &words),
                Explanation::Hardening { off, .. } => {
                    let off = Explanation::Hardening {
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
            self.add("ld drops", &text);
        }
    }
}
