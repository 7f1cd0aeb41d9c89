//! What a plan has to say for itself (§9).

use alloc::vec::Vec;

use crate::model::explanation::{Note, Why};
use crate::model::plan::Arg;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A path was left out of the arguments (§6).
    SkippedImpure(Vec<u8>),
    /// A flag was left out because of NIX_ENFORCE_NO_NATIVE (§2.5).
    SkippedNative(Vec<u8>),
    /// The outcome of §4: names of flags that are off, and that are put in.
    Hardening {
        disabled: Vec<&'static str>,
        enabled: Vec<&'static str>,
    },
    /// clang was asked for a target that is not the toolchain's (§2.9).
    ForeignTarget { given: Vec<u8>, default: Vec<u8> },
    /// A variable that holds no number, and is taken as 1.
    NotANumber { variable: Vec<u8>, value: Vec<u8> },
    /// A step on the way.
    Trace(Vec<u8>),
    /// What an explanation needs, likewise a step on the way.
    Note(Note),
}

/// From which NIX_DEBUG on an event is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Always.
    Warning,
    /// From 1.
    Debug,
    /// From 7.
    Trace,
}

impl Event {
    pub fn level(&self) -> Level {
        match self {
            Event::SkippedNative(_) | Event::ForeignTarget { .. } | Event::NotANumber { .. } => {
                Level::Warning
            }
            Event::SkippedImpure(_) | Event::Hardening { .. } => Level::Debug,
            Event::Trace(_) | Event::Note(_) => Level::Trace,
        }
    }

    /// The event in words: a line or more, without the last line's end.
    pub fn text(&self) -> Vec<u8> {
        match self {
            Event::SkippedImpure(path) => [b"skipping impure path ", &path[..]].concat(),
            Event::SkippedNative(flag) => {
                let why = b" because NIX_ENFORCE_NO_NATIVE is set";
                [b"warning: Skipping impure flag ", &flag[..], why].concat()
            }
            Event::Hardening { disabled, enabled } => {
                let mut text = b"HARDENING: disabled flags:".to_vec();
                for name in disabled {
                    text.push(b' ');
                    text.extend_from_slice(name.as_bytes());
                }
                for name in enabled {
                    text.extend_from_slice(b"\nHARDENING: enabling ");
                    text.extend_from_slice(name.as_bytes());
                }
                text
            }
            Event::ForeignTarget { given, default } => [
                b"warning: target ",
                &given[..],
                b" is not ",
                default,
                b", for which this compiler is wrapped: the flags put in may not fit it; \
                  use the unwrapped compiler, or set NIX_CC_WRAPPER_SUPPRESS_TARGET_WARNING=1",
            ]
            .concat(),
            Event::NotANumber { variable, value } => [
                b"warning: ",
                &variable[..],
                b"=",
                value,
                b" is no number and taken as 1; set it to a number",
            ]
            .concat(),
            Event::Trace(text) => [b"+ ", &text[..]].concat(),
            Event::Note(note) => [&b"+ "[..], &note.text()].concat(),
        }
    }
}

/// The events of one call. Steps are noted only if NIX_DEBUG asks for them.
#[derive(Debug, Default)]
pub struct Log {
    /// The level asked for by NIX_DEBUG.
    pub debug: i64,
    /// The plan is to be explained: notes are taken, whatever NIX_DEBUG says.
    pub explains: bool,
    pub events: Vec<Event>,
}

impl Log {
    pub fn push(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Whether steps are noted.
    pub fn traces(&self) -> bool {
        self.debug >= 7
    }

    /// Notes a step: `parts` are its text.
    pub fn trace(&mut self, parts: &[&[u8]]) {
        if self.traces() {
            self.events.push(Event::Trace(parts.concat()));
        }
    }

    /// Whether notes are taken.
    pub fn takes_notes(&self) -> bool {
        self.explains || self.traces()
    }

    /// Takes a note, which is made only if somebody asks for it.
    pub fn note(&mut self, note: impl FnOnce() -> Note) {
        if self.takes_notes() {
            self.events.push(Event::Note(note()));
        }
    }

    /// Runs what may drop some of these arguments, and notes which.
    pub fn dropping<'a, R>(
        &mut self,
        args: &mut Vec<Arg<'a>>,
        why: Why,
        drop: impl FnOnce(&mut Vec<Arg<'a>>, &mut Log) -> R,
    ) -> R {
        if !self.takes_notes() {
            return drop(args, self);
        }
        let before = args.clone();
        let result = drop(args, self);
        self.note_dropped(before, args, why);
        result
    }

    /// Notes those of `before` that are not among `kept`.
    pub fn note_dropped(&mut self, before: Vec<Arg>, kept: &[Arg], why: Why) {
        let mut kept: Vec<&Arg> = kept.iter().collect();
        let mut dropped = Vec::new();
        for arg in before {
            match kept.iter().position(|kept| **kept == arg) {
                Some(place) => {
                    kept.remove(place);
                }
                None => dropped.push(arg.into_owned()),
            }
        }
        if !dropped.is_empty() {
            self.note(|| Note::Dropped { args: dropped, why });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::Origin;

    /// The words that are noted when every `b` is dropped.
    fn dropped(log: &mut Log) -> Vec<(Vec<u8>, Origin)> {
        let words = [&b"a"[..], b"b", b"a", b"b"].into_iter().enumerate();
        let mut args = words
            .map(|(n, word)| Arg::new(word, Origin::User(n + 1)))
            .collect();
        log.dropping(&mut args, Why::Native, |args, _| {
            args.retain(|arg| **arg != *b"b");
        });
        assert_eq!(args.len(), 2);
        let notes = log.events.iter().filter_map(|event| match event {
            Event::Note(Note::Dropped { args, .. }) => Some(args.clone()),
            _ => None,
        });
        let words = notes.flatten().map(|arg| (arg.to_vec(), arg.origin));
        words.collect()
    }

    #[test]
    fn what_is_dropped_is_noted_if_somebody_asks() {
        assert_eq!(dropped(&mut Log::default()), []);
        let mut explains = Log {
            explains: true,
            ..Log::default()
        };
        let want = [2, 4].map(|n| (b"b".to_vec(), Origin::User(n)));
        assert_eq!(dropped(&mut explains), want);
        let mut traces = Log {
            debug: 7,
            ..Log::default()
        };
        assert_eq!(dropped(&mut traces), want);
        assert_eq!(
            traces.events[0].text(),
            b"+ dropped b b: NIX_ENFORCE_NO_NATIVE is 1"
        );
    }
}
