//! Decides which library directories belong to the store and therefore get an
//! rpath (docs/behaviour.md#3-linkers-role-ld, step 8).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::machine::symlinks::resolve;
use crate::machine::world::World;
use crate::model::environment::Environment;
use crate::model::explanation::{NoRpath, StoreSource};
use crate::model::toolchain::Toolchain;
use crate::text::Bytes;
use crate::text::path::without_slashes;

pub struct Store<'a> {
    /// Path prefixes of the store. Empty: every absolute directory.
    prefixes: Vec<&'a [u8]>,
    source: StoreSource,
    /// Resolved directories that get no rpath.
    excluded: &'a [Bytes<'a>],
    world: &'a dyn World,
}

impl<'a> Store<'a> {
    /// The store is NIX_STORE. If that is unset, it is the toolchain's `store`.
    /// If that is empty, it is every absolute directory, as in nixpkgs.
    pub fn new(
        environment: &Environment<'a>,
        toolchain: &'a Toolchain<'a>,
        world: &'a dyn World,
    ) -> Store<'a> {
        match environment.get_nonempty(b"NIX_STORE") {
            Some(prefix) => Store {
                prefixes: Vec::from([without_slashes(prefix)]),
                source: StoreSource::Variable,
                excluded: &[],
                world,
            },
            None => Store {
                prefixes: toolchain
                    .store
                    .iter()
                    .map(|prefix| without_slashes(prefix))
                    .collect(),
                source: StoreSource::Toolchain,
                excluded: match toolchain.store[..] {
                    [] => &toolchain.system_library_directories,
                    _ => &[],
                },
                world,
            },
        }
    }

    /// Returns the directory's path in the store, or `None` if it is not in the
    /// store. A directory outside of the store is resolved until a symlink
    /// leads into the store. A path in the store is never resolved, because
    /// programs must use the path by which a package knows itself.
    pub fn locate<'d>(&self, directory: &'d [u8]) -> Option<Bytes<'d>> {
        let located = self.spelled(directory)?;
        (self.holds(&located) && !self.is_excluded(&located)).then_some(located)
    }

    /// The path by which programs should know a directory. If no store is
    /// named: the absolute path without dots, in which only symlinks before a
    /// `..` are resolved. `None` if symlinks form a loop.
    pub fn spelled<'d>(&self, directory: &'d [u8]) -> Option<Bytes<'d>> {
        if self.holds(directory) && !has_dots(directory) {
            return Some(Cow::Borrowed(directory));
        }
        resolve(directory, self.world, |path| self.holds(path)).map(Cow::Owned)
    }

    /// Why [`Store::locate`] returns `None` for a directory.
    pub fn why_not(&self, directory: &[u8]) -> NoRpath {
        match resolve(directory, self.world, |path| self.holds(path)) {
            None => NoRpath::Endless,
            Some(located) if self.holds(&located) => NoRpath::Searched,
            Some(_) => NoRpath::NotInStore {
                source: self.source,
                store: self.prefixes.iter().map(|prefix| prefix.to_vec()).collect(),
            },
        }
    }

    /// Whether the store is defined by a variable or the toolchain.
    pub fn is_named(&self) -> bool {
        !self.prefixes.is_empty()
    }

    fn is_excluded(&self, directory: &[u8]) -> bool {
        !self.excluded.is_empty()
            && resolve(directory, self.world, |_| false).is_some_and(|real| self.excludes(&real))
    }

    /// Whether the loader, or each compiler, searches a directory by itself.
    /// `real` has no symlinks.
    pub fn excludes(&self, real: &[u8]) -> bool {
        self.excluded.iter().any(|excluded| **excluded == *real)
    }

    /// Whether an absolute path begins with a prefix of the store.
    pub fn holds(&self, path: &[u8]) -> bool {
        if self.prefixes.is_empty() {
            return path.starts_with(b"/");
        }
        self.prefixes.iter().any(|prefix| {
            path.strip_prefix(*prefix)
                .is_some_and(|rest| rest.starts_with(b"/"))
        })
    }
}

/// Whether a path may contain `.`, `..` or repeated slashes.
fn has_dots(path: &[u8]) -> bool {
    path.windows(2)
        .any(|pair| matches!(pair, [b'/' | b'.', b'/' | b'.']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::world::fake::Machine;

    fn locate(
        world: &Machine,
        store: Option<&str>,
        excluded: &[&'static str],
        directory: &str,
    ) -> Option<Vec<u8>> {
        let toolchain = Toolchain {
            system_library_directories: excluded
                .iter()
                .map(|d| Cow::Borrowed(d.as_bytes()))
                .collect(),
            ..Toolchain::default()
        };
        let variable = store.map(|store| [b"NIX_STORE=", store.as_bytes()].concat());
        let environment = Environment::new(variable.iter().map(|v| &v[..]));
        let store = Store::new(&environment, &toolchain, world);
        store.locate(directory.as_bytes()).map(Cow::into_owned)
    }

    #[test]
    fn directories_without_rpath_have_a_reason() {
        let world = Machine::new()
            .link("/loop", "/loop")
            .link("/own", "/usr/lib");
        let toolchain = Toolchain {
            system_library_directories: Vec::from([Cow::Borrowed(&b"/usr/lib"[..])]),
            ..Toolchain::default()
        };
        let why = |variables: &[&'static [u8]], directory: &str| {
            let environment = Environment::new(variables.iter().copied());
            let store = Store::new(&environment, &toolchain, &world);
            assert_eq!(store.locate(directory.as_bytes()), None);
            alloc::string::String::from_utf8(store.why_not(directory.as_bytes()).text()).unwrap()
        };
        assert_eq!(
            why(&[b"NIX_STORE=/s/"], "/opt"),
            "it is not in the store: NIX_STORE is /s"
        );
        assert_eq!(why(&[], "/own"), "the loader searches it anyway");
        assert_eq!(why(&[b"NIX_STORE=/s"], "/loop"), "its symlinks form a loop");
    }

    #[test]
    fn the_store_contains_all_paths_with_its_prefix() {
        let world = Machine::new();
        let s = |directory| locate(&world, Some("/s"), &[], directory);
        assert_eq!(s("/s/a/lib").unwrap(), b"/s/a/lib");
        assert_eq!(s("/s/a//lib/.").unwrap(), b"/s/a/lib");
        assert_eq!(s("/s/a/share/../lib").unwrap(), b"/s/a/lib");
        assert_eq!(s("/other/../s/a/lib").unwrap(), b"/s/a/lib");
        for outside in [
            "/s",
            "/store/lib",
            "/usr/lib",
            "/s/a/../../usr/lib",
            "lib",
            "",
        ] {
            assert_eq!(s(outside), None, "{outside}");
        }
    }

    #[test]
    fn symlinks_are_followed_until_they_enter_the_store() {
        let world = Machine::new()
            .link("/home/dep", "../s/pkg")
            .link("/cwd/result", "/home/dep")
            .link("/s/pkg", "/s/pkg-2.0")
            .link("/s/pkg-2.0/lib", "lib64");
        let s = |directory| locate(&world, Some("/s"), &[], directory);
        assert_eq!(s("/home/dep/lib").unwrap(), b"/s/pkg/lib");
        assert_eq!(s("result/lib").unwrap(), b"/s/pkg/lib");
        assert_eq!(s("./result/./lib//").unwrap(), b"/s/pkg/lib");
    }

    #[test]
    fn dotdot_after_a_symlink_is_the_parent_of_its_target() {
        let world = Machine::new().link("/s/a/lib", "/s/b/lib");
        assert_eq!(
            locate(&world, Some("/s"), &[], "/s/a/lib/../lib64").unwrap(),
            b"/s/b/lib64"
        );
    }

    #[test]
    fn symlink_loops_are_not_in_the_store() {
        let world = Machine::new().link("/a", "/b").link("/b", "/a");
        assert_eq!(locate(&world, Some("/s"), &[], "/a/lib"), None);
    }

    #[test]
    fn without_a_store_all_directories_count_except_excluded_ones() {
        let world = Machine::new()
            .link("/lib", "usr/lib")
            .link("/opt/z", "/opt/z-1");
        let excluded = ["/usr/lib/triple"];
        assert_eq!(
            locate(&world, None, &excluded, "/opt/z/lib").unwrap(),
            b"/opt/z/lib"
        );
        assert_eq!(
            locate(&world, None, &excluded, "build").unwrap(),
            b"/cwd/build"
        );
        assert_eq!(locate(&world, None, &excluded, "/lib/triple"), None);
        assert_eq!(
            locate(&world, None, &[], "/lib/triple").unwrap(),
            b"/lib/triple"
        );
        assert_eq!(
            locate(&world, Some("/usr"), &excluded, "/lib/../lib/triple").unwrap(),
            b"/usr/lib/triple"
        );
    }
}
