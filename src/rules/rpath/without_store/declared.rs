//! The library directories that the environment and the root declare, in
//! contrast to those that the caller of the tool names.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::cell::OnceCell;

use crate::machine::symlinks::resolve;
use crate::machine::world::World;
use crate::options::Parser;
use crate::options::meaning::Meaning;
use crate::planning::context::Context;
use crate::planning::list_text::Text;
use crate::text::path::{directory, entries};
use crate::text::words::words;

/// Lists of linker options.
const LINKER: [&str; 3] = ["NIX_LDFLAGS_BEFORE", "NIX_LDFLAGS", "NIX_LDFLAGS_AFTER"];

/// Lists of driver options.
const DRIVER: [&str; 4] = [
    "NIX_CFLAGS_LINK",
    "NIX_CXXSTDLIB_LINK",
    "NIX_CFLAGS_COMPILE",
    "NIX_CFLAGS_COMPILE_BEFORE",
];

/// Library directories to which the build will be installed.
pub const INSTALL_LIBRARIES: &[u8] = b"CC_WRAPPER_INSTALL_LIBRARIES";

/// Declared directories.
pub struct Declared<'a> {
    /// As they are spelled.
    directories: BTreeSet<Vec<u8>>,
    /// Without symlinks.
    real: OnceCell<BTreeSet<Vec<u8>>>,
    world: &'a dyn World,
}

impl<'a> Declared<'a> {
    /// Reads the variables of the call, which include the flag files' text, and
    /// the prefix that the build is installed to.
    pub fn new(context: &mut Context<'_, 'a>) -> Declared<'a> {
        let mut directories = BTreeSet::new();
        let call = context.call;
        for name in LINKER {
            let list = context.variables.list(name);
            add(call.linker_parser(), list, &mut directories);
        }
        for name in DRIVER {
            let list = context.variables.list(name);
            add(call.driver_parser(), list, &mut directories);
            let passed = call.driver_parser().uses(words(list.bytes()));
            for value in passed.filter_map(|used| match used.meaning {
                Meaning::LinkerList | Meaning::LinkerArgument => used.value,
                _ => None,
            }) {
                let words = value.split(|&b| b == b',');
                add_words(call.linker_parser(), words, &mut directories);
            }
        }
        let installed = call.environment.get(INSTALL_LIBRARIES).unwrap_or_default();
        let installed = entries(installed).filter(|entry| entry.starts_with(b"/"));
        directories.extend(installed.map(<[u8]>::to_vec));
        Declared {
            directories,
            real: OnceCell::new(),
            world: context.world,
        }
    }

    /// Whether a directory is declared in this spelling.
    pub fn is_spelled(&self, directory: &[u8]) -> bool {
        self.directories.contains(directory)
    }

    /// Whether a directory without symlinks is declared in any spelling.
    pub fn has(&self, real: &[u8]) -> bool {
        let reals = || {
            let directories = self.directories.iter();
            let real = directories.filter_map(|d| resolve(d, self.world, |_| false));
            real.collect()
        };
        !self.directories.is_empty() && self.real.get_or_init(reals).contains(real)
    }
}

/// Adds the directories of `-L` and `-B`, and those of library files.
fn add(parser: Parser, list: &Text, directories: &mut BTreeSet<Vec<u8>>) {
    add_words(parser, words(list.bytes()), directories);
}

fn add_words<'w>(
    parser: Parser,
    words: impl Iterator<Item = &'w [u8]>,
    directories: &mut BTreeSet<Vec<u8>>,
) {
    for used in parser.uses(words) {
        let found = match used.meaning {
            Meaning::LibraryDirectory | Meaning::Prefix => used.value,
            Meaning::Input => Some(directory(used.argument)),
            _ => None,
        };
        directories.extend(found.filter(|d| !d.is_empty()).map(<[u8]>::to_vec));
    }
}
