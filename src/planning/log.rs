//! The events of a call while it is planned.

use alloc::vec::Vec;

use crate::model::argument::Arg;
use crate::model::event::Event;
use crate::model::explanation::{DropReason, Explanation};

/// The events of a call. Trace steps are recorded only if NIX_DEBUG is 7 or
/// more.
#[derive(Debug, Default)]
pub struct Log {
    /// The level of NIX_DEBUG.
    pub debug: i64,
    /// Record explanations, regardless of NIX_DEBUG.
    pub explains: bool,
    pub events: Vec<Event>,
}

impl Log {
    pub fn push(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Whether trace steps are recorded.
    pub fn traces(&self) -> bool {
        self.debug >= 7
    }

    /// Records a trace step, whose text is the concatenation of `parts`.
    pub fn trace(&mut self, parts: &[&[u8]]) {
        if self.traces() {
            self.events.push(Event::Trace(parts.concat()));
        }
    }

    /// Whether explanations are recorded.
    pub fn is_explaining(&self) -> bool {
        self.explains || self.traces()
    }

    /// Records an explanation. The closure runs only if explanations are
    /// recorded.
    pub fn explain(&mut self, explanation: impl FnOnce() -> Explanation) {
        if self.is_explaining() {
            self.events.push(Event::Explanation(explanation()));
        }
    }

    /// Runs `drop`, which may remove arguments, and records the removed ones.
    pub fn dropping<'a, R>(
        &mut self,
        args: &mut Vec<Arg<'a>>,
        why: DropReason,
        drop: impl FnOnce(&mut Vec<Arg<'a>>, &mut Log) -> R,
    ) -> R {
        if !self.is_explaining() {
            return drop(args, self);
        }
        let before = args.clone();
        let result = drop(args, self);
        self.explain_dropped(before, args, why);
        result
    }

    /// Records the arguments of `before` that are not in `kept`.
    pub fn explain_dropped(&mut self, before: Vec<Arg>, kept: &[Arg], why: DropReason) {
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
            self.explain(|| Explanation::Dropped { args: dropped, why });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::argument::Origin;

    /// The recorded words after every `b` is dropped.
    fn dropped(log: &mut Log) -> Vec<(Vec<u8>, Origin)> {
        let words = [&b"a"[..], b"b", b"a", b"b"].into_iter().enumerate();
        let mut args = words
            .map(|(n, word)| Arg::new(word, Origin::User(n + 1)))
            .collect();
        log.dropping(&mut args, DropReason::Native, |args, _| {
            args.retain(|arg| **arg != *b"b");
        });
        assert_eq!(args.len(), 2);
        let notes = log.events.iter().filter_map(|event| match event {
            Event::Explanation(Explanation::Dropped { args, .. }) => Some(args.clone()),
            _ => None,
        });
        let words = notes.flatten().map(|arg| (arg.to_vec(), arg.origin));
        words.collect()
    }

    #[test]
    fn dropped_arguments_are_recorded_if_explanations_are() {
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
