//! Notes that explain a plan. They are recorded only for `cc-wrapper explain`
//! and for NIX_DEBUG from 7 on. The words are defined in docs/glossary.md, the
//! sections (§) in docs/behaviour.md.

use alloc::vec::Vec;

use crate::model::argument::{Arg, RoleSuffix};
use crate::model::half::WrapperHalf;
use crate::model::rpath_source::RpathSource;

/// The reason for [`Explanation::NoRpaths`] if the link has no libraries.
pub const NO_LIBRARIES: &str = "the link names no library";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explanation {
    /// The roles that the toolchain serves (§1).
    Roles {
        half: WrapperHalf,
        /// The toolchain's markers, each set or unset.
        markers: Vec<Marker>,
        served: Vec<RoleSuffix>,
        /// Without a marker, no variable is read.
        required: bool,
    },
    /// A variable is set, but the toolchain does not serve its role.
    Unread {
        variable: Vec<u8>,
        marker: Vec<u8>,
        /// No marker is set yet, so the plain variables are read. If `marker`
        /// is set, they stay so only if this marker is set too. `None` if some
        /// marker is set already.
        keeps_plain: Option<Vec<u8>>,
    },
    /// A wrapper above has already collected the variables and set this mark.
    Inherited { mark: Vec<u8> },
    /// The words of NIX_HARDENING_ENABLE, and those without effect.
    Hardening {
        asked: Vec<Arg<'static>>,
        off: Vec<(Vec<u8>, DisabledReason)>,
        /// The toolchain has default flags, but the variable is set and empty.
        overrides_default: bool,
    },
    /// Arguments that are not passed to the tool.
    Dropped {
        args: Vec<Arg<'static>>,
        why: DropReason,
    },
    /// The call does not link, for this reason.
    NoLinking(&'static str),
    LinkType {
        name: &'static str,
        /// The link type was inherited from a wrapper above.
        inherited: bool,
    },
    /// The call runs this wrapped program, which links.
    LinksBy(Vec<u8>),
    /// The linker that the driver will run.
    Linker {
        path: Vec<u8>,
        handling: LinkerHandling,
    },
    /// A library directory that gets an rpath.
    Rpath {
        directory: Vec<u8>,
        source: RpathSource,
    },
    /// A library directory that gets no rpath.
    NoRpath { directory: Vec<u8>, why: NoRpath },
    /// No library directory gets an rpath, for this reason.
    NoRpaths(&'static str),
    /// The link has no library, so it needs no rpath.
    NoLibraries,
    /// The call adds nothing to the compilation database, for this reason.
    NoRecord(&'static str),
    /// The hook with this path was run.
    Hook(Vec<u8>),
    /// No flags are added, for this reason.
    Nothing(&'static str),
}

/// A variable that makes a toolchain serve a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    pub name: Vec<u8>,
    pub suffix: RoleSuffix,
    pub is_set: bool,
}

/// Why a requested hardening flag is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisabledReason {
    /// The tool does not support it.
    Unsupported,
    /// This stronger flag implies it.
    Stronger(&'static str),
    /// There is no hardening flag with this name.
    Unknown,
    /// The target that the call names does not support it.
    Target,
    /// The caller's `-fhardened` does it.
    Hardened,
}

/// Why an argument was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// The path is impure (§6).
    Impure,
    /// NIX_ENFORCE_NO_NATIVE (§2.5).
    Native,
    /// A static-pie program must not have an rpath.
    StaticPie,
    /// The link makes an object file or embeds data (§3.5).
    PartialLink,
    /// The linker makes no ELF files (§2.8).
    OtherFormat,
    /// It hides the C library's headers from those of the C++ library (§2.8).
    SystemIncludes,
    /// The call gets no flags.
    NothingPutIn,
    /// The tool does not know the option.
    Unknown,
    /// `--` without operands.
    Empty,
    /// An empty rpath, or one that contradicts the policy for rpaths.
    Rpath,
    /// The hook with this name dropped it.
    Hook(&'static str),
}

/// How the flags reach the linker that a driver will run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkerHandling {
    /// The linker is the toolchain's own wrapper.
    Own,
    /// The driver runs the linker shim, which adds the flags and becomes this
    /// linker.
    Shim(Vec<u8>),
    /// The linker is not wrapped. The driver's command line has the flags.
    PassedByDriver,
    /// The linker is not wrapped and gets no flags.
    LeftAlone,
}

/// Why a library directory gets no rpath.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRpath {
    /// The directory is outside of the store, which consists of these prefixes.
    NotInStore {
        source: StoreSource,
        store: Vec<Vec<u8>>,
    },
    /// The loader searches the directory by itself, and no store is set.
    Searched,
    /// The directory's symlinks form a loop.
    Endless,
    /// The directory contains none of the link's libraries.
    NoLibrary,
    /// The linker takes the libraries from an earlier directory, or static ones
    /// from this.
    NotTaken,
    /// The path has a colon or a dollar sign, which the loader would interpret.
    Unwritable,
    /// The directory belongs to the build.
    InBuild(BuildPart),
    /// The program is for another machine, which has no such directory.
    OtherMachine,
    /// The compiler's own directory.
    Compilers,
    /// A directory named `stubs`: its libraries are only for linking.
    Stubs,
    /// A pattern of `rpathExclude` in toolchain.json matches the directory.
    Excluded,
    /// `-rpath` gives the directory already.
    Given,
}

/// Why a directory belongs to the build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildPart {
    Relative,
    /// libtool keeps uninstalled libraries in `.libs`.
    Libtool,
    /// The directory is below the one that this variable names.
    Below(&'static str),
    InCurrent,
    AroundCurrent,
    /// This directory contains the library directory and the current one, and
    /// has a file of this name.
    Project {
        top: Vec<u8>,
        mark: &'static [u8],
    },
}

impl BuildPart {
    /// The reason as text.
    pub fn text(&self) -> Vec<u8> {
        match self {
            BuildPart::Relative => b"its path is relative".to_vec(),
            BuildPart::Libtool => b"libtool keeps uninstalled libraries in .libs".to_vec(),
            BuildPart::Below(name) => [b"it is below ", name.as_bytes()].concat(),
            BuildPart::InCurrent => b"it is in the current directory".to_vec(),
            BuildPart::AroundCurrent => b"it contains the current directory".to_vec(),
            BuildPart::Project { top, mark } => {
                [b"it is below ", &top[..], b", which has a ", mark].concat()
            }
        }
    }
}

impl NoRpath {
    /// The reason as text.
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
            NoRpath::Endless => b"its symlinks form a loop".to_vec(),
            NoRpath::NoLibrary => b"it holds no library of this link".to_vec(),
            NoRpath::NotTaken => b"the link takes no shared library from it".to_vec(),
            NoRpath::Unwritable => b"an rpath cannot have a colon or a dollar sign".to_vec(),
            NoRpath::InBuild(part) => [&b"it is part of the build: "[..], &part.text()].concat(),
            NoRpath::OtherMachine => b"the program is for another machine".to_vec(),
            NoRpath::Compilers => b"the compiler searches it by itself".to_vec(),
            NoRpath::Stubs => b"its libraries are only for linking".to_vec(),
            NoRpath::Excluded => b"rpathExclude of toolchain.json has it".to_vec(),
            NoRpath::Given => b"-rpath gives it already".to_vec(),
        }
    }
}

/// Where the definition of the store comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreSource {
    /// The variable NIX_STORE.
    Variable,
    Toolchain,
}

impl DropReason {
    /// The reason's name in JSON output.
    pub fn name(self) -> &'static str {
        match self {
            DropReason::Impure => "impure",
            DropReason::Native => "native",
            DropReason::StaticPie => "static-pie",
            DropReason::PartialLink => "partial-link",
            DropReason::OtherFormat => "other-format",
            DropReason::SystemIncludes => "system-includes",
            DropReason::NothingPutIn => "nothing-put-in",
            DropReason::Unknown => "unknown-to-tool",
            DropReason::Empty => "empty",
            DropReason::Rpath => "rpath",
            DropReason::Hook(_) => "hook",
        }
    }

    /// The reason as text.
    pub fn text(self) -> &'static str {
        match self {
            DropReason::Impure => {
                "NIX_ENFORCE_PURITY is 1, and it lies outside NIX_STORE and the build"
            }
            DropReason::Native => "NIX_ENFORCE_NO_NATIVE is 1",
            DropReason::StaticPie => "a static-pie program must have no rpath",
            DropReason::PartialLink => {
                "the link makes an object file or embeds data, so it gets only -L"
            }
            DropReason::OtherFormat => "the linker makes no ELF files, so it gets only -L and -l",
            DropReason::SystemIncludes => {
                "the compiler searches it anyway, and earlier it breaks #include_next of C++ headers"
            }
            DropReason::NothingPutIn => "this call gets no flags",
            DropReason::Unknown => "the tool does not know it",
            DropReason::Empty => "no operand follows it",
            DropReason::Rpath => {
                "an empty rpath is the current directory; the policy rpath needs old dynamic tags"
            }
            DropReason::Hook(_) => "a hook took it out",
        }
    }
}

impl DisabledReason {
    /// The reason as text.
    pub fn text(self) -> Vec<u8> {
        match self {
            DisabledReason::Unsupported => b"the tool does not support it".to_vec(),
            DisabledReason::Stronger(name) => [name.as_bytes(), b" implies it"].concat(),
            DisabledReason::Unknown => b"no hardening flag has this name".to_vec(),
            DisabledReason::Target => b"the call's target does not support it".to_vec(),
            DisabledReason::Hardened => b"-fhardened sets it".to_vec(),
        }
    }
}

impl Explanation {
    /// The note as text for the trace (NIX_DEBUG=7), without a newline.
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
                LinkerHandling::Shim(_) => [b"linker shim ", &path[..]].concat(),
                LinkerHandling::PassedByDriver => {
                    b"the linker is not wrapped: the driver passes its flags".to_vec()
                }
                LinkerHandling::LeftAlone => [b"linker left alone: ", &path[..]].concat(),
            },
            Explanation::Rpath { directory, source } => {
                [b"rpath ", &directory[..], b": ", source.name().as_bytes()].concat()
            }
            Explanation::NoRpath { directory, why } => {
                [b"no rpath for ", &directory[..], b": ", &why.text()].concat()
            }
            Explanation::NoLibraries => [b"no rpaths: ", NO_LIBRARIES.as_bytes()].concat(),
            Explanation::NoRpaths(why) => [b"no rpaths: ", why.as_bytes()].concat(),
            Explanation::NoRecord(why) => [b"not recorded: ", why.as_bytes()].concat(),
            Explanation::Hook(path) => [b"hook ", &path[..]].concat(),
            Explanation::Nothing(why) => [b"no flags are added: ", why.as_bytes()].concat(),
        }
    }
}
