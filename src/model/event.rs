//! Messages about a planned call (docs/behaviour.md#9-nix_debug).

use alloc::vec::Vec;

use crate::model::explanation::Explanation;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A path was removed from the arguments (§6).
    SkippedImpure(Vec<u8>),
    /// A flag was removed because of NIX_ENFORCE_NO_NATIVE (§2.5).
    SkippedNative(Vec<u8>),
    /// The result of §4: the names of the disabled and the enabled hardening
    /// flags.
    Hardening {
        disabled: Vec<&'static str>,
        enabled: Vec<&'static str>,
    },
    /// A clang call names a target other than the toolchain's (§2.9).
    ForeignTarget { given: Vec<u8>, default: Vec<u8> },
    /// A variable's value is not a number. It is treated as 1.
    NotANumber { variable: Vec<u8>, value: Vec<u8> },
    /// A variable has none of the values that it may have. It is ignored.
    UnknownValue {
        variable: &'static str,
        value: Vec<u8>,
        known: &'static [&'static str],
    },
    /// A call for another machine names a directory of this one.
    HostDirectory { option: Vec<u8>, directory: Vec<u8> },
    /// The program will not find a library that a library of the link needs.
    IndirectLibrary {
        /// The file name of the missing library, and where it is.
        name: Vec<u8>,
        directory: Vec<u8>,
        /// The path of the library that needs it.
        needed_by: Vec<u8>,
        /// A DT_RPATH would not help, because that library has a DT_RUNPATH.
        has_run_path: bool,
    },
    /// A step of the trace.
    Trace(Vec<u8>),
    /// A note for `cc-wrapper explain`. Also a step of the trace.
    Explanation(Explanation),
}

/// The lowest NIX_DEBUG level that shows an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Always shown.
    Warning,
    /// Shown from level 1 on.
    Debug,
    /// Shown from level 7 on.
    Trace,
}

impl Event {
    pub fn level(&self) -> Level {
        match self {
            Event::SkippedNative(_)
            | Event::ForeignTarget { .. }
            | Event::NotANumber { .. }
            | Event::UnknownValue { .. }
            | Event::HostDirectory { .. }
            | Event::IndirectLibrary { .. } => Level::Warning,
            Event::SkippedImpure(_) | Event::Hardening { .. } => Level::Debug,
            Event::Trace(_) | Event::Explanation(_) => Level::Trace,
        }
    }

    /// The message, one or more lines, without a newline at the end.
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
                b", the target of this wrapped compiler: the added flags may be wrong for it; \
                  use the unwrapped compiler, or set NIX_CC_WRAPPER_SUPPRESS_TARGET_WARNING=1",
            ]
            .concat(),
            Event::NotANumber { variable, value } => [
                b"warning: ",
                &variable[..],
                b"=",
                value,
                b" is not a number, so 1 is used; set it to a number",
            ]
            .concat(),
            Event::UnknownValue {
                variable,
                value,
                known,
            } => [
                b"warning: ",
                variable.as_bytes(),
                b"=",
                value,
                b" is ignored; set it to one of: ",
                known.join(", ").as_bytes(),
            ]
            .concat(),
            Event::HostDirectory { option, directory } => [
                b"warning: ",
                &option[..],
                b" names ",
                directory,
                b", a directory of this machine, but the call is for another; leave it out",
            ]
            .concat(),
            Event::IndirectLibrary {
                name,
                directory,
                needed_by,
                has_run_path,
            } => {
                let remedy: &[u8] = match has_run_path {
                    true => b"link that library again with an rpath",
                    false => b"use CC_WRAPPER_RPATH=rpath",
                };
                [
                    b"warning: the program will not find ",
                    &name[..],
                    b" in ",
                    directory,
                    b", which ",
                    needed_by,
                    b" needs; link the program with it too, behind --no-as-needed, or ",
                    remedy,
                ]
                .concat()
            }
            Event::Trace(text) => [b"+ ", &text[..]].concat(),
            Event::Explanation(note) => [&b"+ "[..], &note.text()].concat(),
        }
    }
}
