//! What an explanation of a call needs to know besides its plan. Noted only if
//! somebody asks: `cc-wrapper explain`, or NIX_DEBUG from 7 on.

use alloc::vec::Vec;

use crate::model::argument::{Arg, RoleSuffix};
use crate::model::half::WrapperHalf;

/// What a link without libraries has no rpaths for.
pub const NO_LIBRARIES: &str = "the link names no library";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explanation {
    /// Which of its roles the toolchain serves (§1).
    Roles {
        half: WrapperHalf,
        /// The variables that decide, and whether each is set.
        markers: Vec<Marker>,
        served: Vec<RoleSuffix>,
        /// Without a marker no variable is read.
        required: bool,
    },
    /// A variable is set, but the toolchain does not serve its role.
    Unread {
        variable: Vec<u8>,
        marker: Vec<u8>,
        /// The marker without which the plain variables would not be read
        /// any more. `None`: that is decided already.
        keeps_plain: Option<Vec<u8>>,
    },
    /// A wrapper further up has collected the variables, as this mark says.
    Inherited { mark: Vec<u8> },
    /// The words of NIX_HARDENING_ENABLE, and those of them without effect.
    Hardening {
        asked: Vec<Arg<'static>>,
        off: Vec<(Vec<u8>, DisabledReason)>,
        /// The toolchain would have flags of its own, but the variable is set,
        /// and to nothing.
        overrides_default: bool,
    },
    /// Arguments that the tool does not get.
    Dropped {
        args: Vec<Arg<'static>>,
        why: DropReason,
    },
    /// The call does not link, and why.
    NoLinking(&'static str),
    LinkType {
        name: &'static str,
        /// It was found out by a wrapper further up.
        inherited: bool,
    },
    /// The call links by another wrapped one, of this program.
    LinksBy(Vec<u8>),
    /// The linker that a driver will run.
    Linker {
        path: Vec<u8>,
        handling: LinkerHandling,
    },
    /// A library directory is no rpath.
    NoRpath { directory: Vec<u8>, why: NoRpath },
    /// No library directory becomes an rpath.
    NoRpaths(&'static str),
    /// No library is linked, which would make one.
    NoLibraries,
    /// The call leaves nothing in the compile database, and why.
    NoRecord(&'static str),
    /// A hook of this path was run.
    Hook(Vec<u8>),
    /// Nothing is put in, and why.
    Nothing(&'static str),
}

/// A variable that makes a toolchain serve a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    pub name: Vec<u8>,
    pub suffix: RoleSuffix,
    pub is_set: bool,
}

/// Why a hardening flag that was asked for is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisabledReason {
    /// The tool does not know it.
    Unsupported,
    /// A stronger one implies it.
    Stronger(&'static str),
    /// There is no such flag.
    Unknown,
}

/// Why an argument was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// §6
    Impure,
    /// §2.5
    Native,
    /// A static-pie program must have no rpath.
    StaticPie,
    /// Nothing was to be put in.
    NothingPutIn,
    /// The tool does not know it.
    Unknown,
    /// It says nothing: `--` without operands.
    Empty,
    /// By the hook of this name.
    Hook(&'static str),
}

/// How the toolchain stands to the linker that a driver will run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkerHandling {
    /// It is the toolchain's own.
    Own,
    /// It is a front end, which becomes this one.
    Shim(Vec<u8>),
    /// No wrapper stands before it: the driver call carries the flags.
    PassedByDriver,
    /// No wrapper stands before it, and it gets no flags.
    LeftAlone,
}

/// Why a library directory is no rpath.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRpath {
    /// It lies in none of these, which are the store.
    NotInStore {
        source: StoreSource,
        store: Vec<Vec<u8>>,
    },
    /// The loader searches it, and no store is named.
    Searched,
    /// Its symlinks lead round in a circle.
    Endless,
    /// No library of the link lies there.
    NoLibrary,
}

impl NoRpath {
    /// The reason in words.
    pub fn text(&self) -> Vec<u8> {
        match self {
            NoRpath::NotInStore { source, store } => {
                let source: &[u8] = match source {
                    StoreSource::Variable => b"NIX_STORE is ",
                    StoreSource::Toolchain => b"\"store\" of toolchain.json is ",
                };
                [b"it is not in the store: ", source, &store.join(&b' ')].concat()
            }
            NoRpath::Searched => b"the loader searches it anyway".to_vec(),
            NoRpath::Endless => b"its symlinks have no end".to_vec(),
            NoRpath::NoLibrary => b"it holds no library of this link".to_vec(),
        }
    }
}

/// Who says what the store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreSource {
    /// NIX_STORE
    Variable,
    Toolchain,
}

impl DropReason {
    /// The name of the reason, for programs.
    pub fn name(self) -> &'static str {
        match self {
            DropReason::Impure => "impure",
            DropReason::Native => "native",
            DropReason::StaticPie => "static-pie",
            DropReason::NothingPutIn => "nothing-put-in",
            DropReason::Unknown => "unknown-to-tool",
            DropReason::Empty => "empty",
            DropReason::Hook(_) => "hook",
        }
    }

    /// The reason in words.
    pub fn text(self) -> &'static str {
        match self {
            DropReason::Impure => {
                "NIX_ENFORCE_PURITY is 1, and it lies outside NIX_STORE and the build"
            }
            DropReason::Native => "NIX_ENFORCE_NO_NATIVE is 1",
            DropReason::StaticPie => "a static-pie program must have no rpath",
            DropReason::NothingPutIn => "nothing is put into this call",
            DropReason::Unknown => "the tool does not know it",
            DropReason::Empty => "no operand stands behind it",
            DropReason::Hook(_) => "a hook took it out",
        }
    }
}

impl DisabledReason {
    /// The reason in words.
    pub fn text(self) -> Vec<u8> {
        match self {
            DisabledReason::Unsupported => b"the tool does not support it".to_vec(),
            DisabledReason::Stronger(name) => [name.as_bytes(), b" implies it"].concat(),
            DisabledReason::Unknown => b"no hardening flag has this name".to_vec(),
        }
    }
}

impl Explanation {
    /// The note as a step of NIX_DEBUG=7, without a line's end.
    pub fn text(&self) -> Vec<u8> {
        match self {
            Explanation::Roles { served, .. } => {
                let mut text = b"roles served:".to_vec();
                for suffix in served {
                    let name = match suffix.name() {
                        "" => "plain",
                        name => name,
                    };
                    text.push(b' ');
                    text.extend_from_slice(name.as_bytes());
                }
                text
            }
            Explanation::Unread {
                variable, marker, ..
            } => [&variable[..], b" is not read: ", marker, b" is not set"].concat(),
            Explanation::Inherited { mark } => {
                [&mark[..], b" is set: the variables were collected before"].concat()
            }
            Explanation::Hardening { off, .. } => {
                let mut text = b"hardening without effect:".to_vec();
                for (name, why) in off {
                    text.push(b' ');
                    text.extend_from_slice(name);
                    text.extend_from_slice(b" (");
                    text.extend_from_slice(&why.text());
                    text.push(b')');
                }
                text
            }
            Explanation::Dropped { args, why } => {
                let words: Vec<&[u8]> = args.iter().map(|arg| &arg[..]).collect();
                let why = why.text().as_bytes();
                [b"dropped ", &words.join(&b' ')[..], b": ", why].concat()
            }
            Explanation::NoLinking(why) => [b"no linking: ", why.as_bytes()].concat(),
            Explanation::LinkType { name, .. } => [b"link type ", name.as_bytes()].concat(),
            Explanation::LinksBy(program) => [b"links by ", &program[..]].concat(),
            Explanation::Linker { path, handling } => match handling {
                LinkerHandling::Own => [b"linker ", &path[..]].concat(),
                LinkerHandling::Shim(_) => [b"front end ", &path[..]].concat(),
                LinkerHandling::PassedByDriver => {
                    b"no wrapped linker will see this link: its flags are passed".to_vec()
                }
                LinkerHandling::LeftAlone => [b"linker left alone: ", &path[..]].concat(),
            },
            Explanation::NoRpath { directory, why } => {
                [b"no rpath for ", &directory[..], b": ", &why.text()].concat()
            }
            Explanation::NoLibraries => [b"no rpaths: ", NO_LIBRARIES.as_bytes()].concat(),
            Explanation::NoRpaths(why) => [b"no rpaths: ", why.as_bytes()].concat(),
            Explanation::NoRecord(why) => [b"not recorded: ", why.as_bytes()].concat(),
            Explanation::Hook(path) => [b"hook ", &path[..]].concat(),
            Explanation::Nothing(why) => [b"nothing is put in: ", why.as_bytes()].concat(),
        }
    }
}
