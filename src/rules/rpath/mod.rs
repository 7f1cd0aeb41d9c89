//! Adds an rpath for each library directory in the store that contains a
//! library of the link (docs/behaviour.md#3-linkers-role-ld, step 8).

pub mod library_search;
pub mod store;
pub mod without_store;

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::machine::world::World;
use crate::model::event::Event;
use crate::model::explanation::{Explanation, NoRpath};
use crate::model::rpath_source::RpathSource;
use crate::model::toolchain::RpathPolicy;
use crate::planning::context::Context;
use crate::planning::log::Log;
use crate::rules::rpath::library_search::LibrarySearch;
use crate::rules::rpath::store::Store;

/// If there are more names than this, the directory is listed instead of
/// looking each name up.
const ASK_AT_MOST: usize = 4;

/// A directory that gets an rpath.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rpath {
    pub directory: Vec<u8>,
    /// The file name of the first library found in the directory.
    pub library: Vec<u8>,
    pub source: RpathSource,
}

/// Overrides the policy of the toolchain.
const POLICY: &str = "CC_WRAPPER_RPATH";

/// How programs of this call find their libraries.
pub fn policy(context: &mut Context) -> RpathPolicy {
    let call = context.call;
    let Some(name) = call.environment.get_nonempty(POLICY.as_bytes()) else {
        return call.toolchain.rpath;
    };
    RpathPolicy::parse(name).unwrap_or_else(|| {
        context.log.push(Event::UnknownValue {
            variable: POLICY,
            value: name.to_vec(),
            known: &RpathPolicy::NAMES,
        });
        call.toolchain.rpath
    })
}

/// Returns the rpaths for a named store in the order of the link's directories. Every directory
/// that contains one of the libraries gets an rpath, because the first one may
/// belong to this build and not exist at run time.
pub fn rpaths(
    search: &LibrarySearch,
    store: &Store,
    world: &dyn World,
    log: &mut Log,
) -> Vec<Rpath> {
    let mut rpaths: Vec<Rpath> = Vec::new();
    let mut seen: BTreeSet<&[u8]> = BTreeSet::new();
    let mut added: BTreeSet<Vec<u8>> = BTreeSet::new();
    if search.names.is_empty() {
        log.explain(|| Explanation::NoLibraries);
        return rpaths;
    }
    let mut finder = Finder::new(search, world);
    for directory in &search.directories {
        if !seen.insert(directory) {
            continue;
        }
        let Some(located) = store.locate(directory) else {
            log.explain(|| Explanation::NoRpath {
                directory: directory.to_vec(),
                why: store.why_not(directory),
            });
            continue;
        };
        if added.contains(&*located) {
            continue;
        }
        match finder.find(directory) {
            Some(library) => {
                added.insert(located.to_vec());
                rpaths.push(Rpath {
                    directory: located.into_owned(),
                    library,
                    source: RpathSource::Store,
                });
            }
            None => log.explain(|| Explanation::NoRpath {
                directory: directory.to_vec(),
                why: NoRpath::NoLibrary,
            }),
        }
    }
    rpaths
}

/// Looks for libraries in several directories.
struct Finder<'s> {
    /// The libraries' names, in the order of the command.
    names: Vec<&'s [u8]>,
    search: &'s LibrarySearch<'s>,
    /// The index of the name to look up first: the one after the last match.
    /// Libraries are usually in the order of their directories.
    guess: usize,
    world: &'s dyn World,
}

impl<'s> Finder<'s> {
    fn new(search: &'s LibrarySearch<'s>, world: &'s dyn World) -> Finder<'s> {
        let mut names = alloc::vec![&b""[..]; search.names.len()];
        for (name, place) in &search.names {
            names[*place] = name;
        }
        Finder {
            names,
            search,
            guess: 0,
            world,
        }
    }

    /// Returns the name of a library in the directory. The path is used as it
    /// is spelled, because the linker does the same.
    fn find(&mut self, directory: &[u8]) -> Option<Vec<u8>> {
        let is_there = |name: &[u8]| self.world.has_entry(&[directory, b"/", name].concat());
        if self.names.len() <= ASK_AT_MOST {
            let found = self.names.iter().find(|name| is_there(name));
            return found.map(|name| name.to_vec());
        }
        if let Some(name) = self.names.get(self.guess).filter(|name| is_there(name)) {
            self.guess += 1;
            return Some(name.to_vec());
        }
        let mut found = None;
        self.world.list(directory, &mut |entry| {
            found = self.search.names.get_key_value(entry);
            found.is_some()
        });
        let (name, place) = found?;
        self.guess = place + 1;
        Some(name.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::world::fake::Machine;
    use crate::model::environment::Environment;
    use crate::model::toolchain::Toolchain;
    use crate::options::Parser;
    use crate::options::linker::BFD;

    fn found(world: &Machine, words: &'static str) -> Vec<(Vec<u8>, Vec<u8>)> {
        let toolchain = Toolchain::default();
        let environment = Environment::new([&b"NIX_STORE=/s"[..]]);
        let store = Store::new(&environment, &toolchain, world);
        let search = LibrarySearch::parse(
            words.split(' ').map(str::as_bytes),
            Parser::for_linker(BFD),
            &store,
        );
        let rpaths = rpaths(&search, &store, world, &mut Log::default());
        rpaths
            .into_iter()
            .map(|r| (r.directory, r.library))
            .collect()
    }

    fn machine() -> Machine {
        Machine::new()
            .file("/s/a/lib/liba.so", "")
            .file("/s/b/lib/libb.a", "")
            .link("/s/c/lib/liba.so", "/gone")
            .file("/usr/lib/liba.so", "")
            .link("/cwd/dep", "/s/a")
    }

    #[test]
    fn each_directory_with_a_library_gets_one_rpath_in_order() {
        let want = [
            (b"/s/c/lib".to_vec(), b"liba.so".to_vec()),
            (b"/s/a/lib".to_vec(), b"liba.so".to_vec()),
        ];
        let few = "-L/s/b/lib -L/usr/lib -L/s/c/lib -Ldep/lib -L/s/a/lib -L/s/a/./lib -la -lb";
        assert_eq!(found(&machine(), few), want);
        for many in [
            "-L/s/b/lib -L/s/c/lib -L/s/a/lib -l1 -l2 -l3 -l4 -l5 -la",
            "-L/s/b/lib -L/s/c/lib -L/s/a/lib -la -l1 -l2 -l3 -l4 -l5",
        ] {
            assert_eq!(found(&machine(), many), want);
        }
    }

    #[test]
    fn a_link_without_libraries_gets_no_rpath() {
        assert_eq!(found(&machine(), "-L/s/a/lib"), []);
        assert_eq!(found(&machine(), "-L/s/a/lib -lm"), []);
    }
}
