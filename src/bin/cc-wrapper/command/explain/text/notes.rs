//! Prints the notes that the planning of the call has left.

use cc_wrapper::model::argument::RoleSuffix;
use cc_wrapper::model::explanation::{Explanation, NO_LIBRARIES};
use cc_wrapper::model::half::WrapperHalf;

use super::lines::Lines;
use crate::command::explain::words::Words;

impl Lines<'_> {
    pub fn note(&mut self, note: &Explanation, words: &Words) {
        let name = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match note {
            Explanation::Roles {
                half,
                markers,
                served,
                required,
            } => {
                for suffix in served {
                    let marker = markers.iter().find(|m| m.suffix == *suffix && m.is_set);
                    let why = match marker {
                        Some(marker) => format!("{} is set", name(&marker.name)),
                        None => self.needs_none.to_owned(),
                    };
                    self.add("reads", &format!("{}: {why}", variables_of(*half, *suffix)));
                }
                let missing: Vec<_> = markers.iter().filter(|_| *required).collect();
                for marker in missing.iter().filter(|marker| !marker.is_set) {
                    let text = format!(
                        "{}: set {}=1",
                        variables_of(*half, marker.suffix),
                        name(&marker.name)
                    );
                    self.add("ignores", &text);
                }
            }
            Explanation::Unread {
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
                self.add("not read", &text);
            }
            Explanation::Inherited { mark } => {
                let text = format!("collected by a wrapper further up: {} is set", name(mark));
                self.add("variables", &text);
            }
            Explanation::Hardening {
                asked,
                off,
                overrides_default,
            } => {
                for flags in asked.chunk_by(|a, b| a.origin == b.origin) {
                    let by = words.asker(&flags[0].origin);
                    let flags: Vec<String> =
                        flags.iter().map(|flag| self.screen.word(flag)).collect();
                    self.add("hardening", &format!("{} ({by})", flags.join(" ")));
                }
                if *overrides_default {
                    let text =
                        "none: NIX_HARDENING_ENABLE is set to nothing, so the default is off";
                    self.add("hardening", text);
                }
                for (flag, why) in off {
                    let text = format!("{} is off: {}", self.screen.word(flag), name(&why.text()));
                    self.add("hardening", &text);
                }
            }
            Explanation::NoLinking(why) => self.add("link", &format!("no: {why}")),
            Explanation::LinkType { name, inherited } => {
                let by = if *inherited {
                    ", found out by a wrapper further up"
                } else {
                    ""
                };
                self.add("link", &format!("yes, {name}{by}"));
            }
            Explanation::LinksBy(program) => {
                let program = self.screen.word(program);
                let text =
                    format!("yes, by {program}; explain that program to see the linker's flags");
                self.add("link", &text);
            }
            Explanation::NoRpath { directory, why } => {
                let text = format!("{}: {}", self.screen.word(directory), name(&why.text()));
                self.add("no rpath", &text);
            }
            Explanation::NoLibraries => self.add("no rpath", NO_LIBRARIES),
            Explanation::NoRpaths(why) => self.add("no rpath", why),
            Explanation::Hook(path) => {
                let text = format!("{}, which has just been run", self.screen.word(path));
                self.add("hook", &text);
            }
            Explanation::Nothing(why) => self.add("nothing in", why),
            // These are printed elsewhere, for example with the records.
            Explanation::NoRecord(_)
            | Explanation::Dropped { .. }
            | Explanation::Linker { .. }
            | Explanation::Rpath { .. } => {}
        }
    }
}

/// Returns the variables of a role that a call reads because of the markers of
/// its own half.
fn variables_of(half: WrapperHalf, suffix: RoleSuffix) -> String {
    let suffix = suffix.name();
    match half {
        WrapperHalf::Compiler => format!("NIX_CFLAGS_COMPILE{suffix} and related variables"),
        WrapperHalf::Linker => format!("NIX_LDFLAGS{suffix} and related variables"),
        WrapperHalf::PkgConfig => format!("PKG_CONFIG_PATH{suffix}"),
    }
}
