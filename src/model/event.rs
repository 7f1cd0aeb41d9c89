//! What a plan has to say for itself (§9).

use alloc::vec::Vec;

use crate::model::explanation::Explanation;

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
    Explanation(Explanation),
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
            Event::Trace(_) | Event::Explanation(_) => Level::Trace,
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
            Event::Explanation(note) => [&b"+ "[..], &note.text()].concat(),
        }
    }
}
