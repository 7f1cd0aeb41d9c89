//! Which library directories count as the store, and so for rpath (§3.8).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::environment::Environment;
use crate::toolchain::{Bytes, Toolchain};
use crate::world::World;

/// As many symlinks as the kernel follows on one path.
const SYMLINKS: usize = 40;

pub struct Store<'a> {
    /// Empty: every absolute directory.
    prefixes: Vec<&'a [u8]>,
    /// Resolved directories that do not count.
    excluded: &'a [Bytes<'a>],
    world: &'a dyn World,
}

impl<'a> Store<'a> {
    /// NIX_STORE; while that is unset, what the toolchain says; and if it
    /// says nothing, every absolute directory, as in nixpkgs.
    pub fn new(
        environment: &Environment<'a>,
        toolchain: &'a Toolchain<'a>,
        world: &'a dyn World,
    ) -> Store<'a> {
        match environment.get_nonempty(b"NIX_STORE") {
            Some(prefix) => Store {
                prefixes: Vec::from([prefix]),
                excluded: &[],
                world,
            },
            None => Store {
                prefixes: toolchain.store.iter().map(|prefix| &**prefix).collect(),
                excluded: match toolchain.store[..] {
                    [] => &toolchain.system_library_directories,
                    _ => &[],
                },
                world,
            },
        }
    }

    /// The directory under the name that it has in the store; `None` if it is
    /// not there. A directory outside is followed through its symlinks until
    /// they lead into the store; one inside is never resolved, since what a
    /// package calls its own path is what has to be found at run time.
    pub fn locate<'d>(&self, directory: &'d [u8]) -> Option<Bytes<'d>> {
        let located = if self.holds(directory) && !has_dots(directory) {
            Cow::Borrowed(directory)
        } else {
            Cow::Owned(self.walk(directory, |path| self.holds(path))?)
        };
        (self.holds(&located) && !self.is_excluded(&located)).then_some(located)
    }

    /// Whether somebody said what the store is.
    pub fn is_named(&self) -> bool {
        !self.prefixes.is_empty()
    }

    fn is_excluded(&self, directory: &[u8]) -> bool {
        !self.excluded.is_empty()
            && self
                .walk(directory, |_| false)
                .is_some_and(|real| self.excluded.iter().any(|excluded| **excluded == real))
    }

    /// Whether an absolute path is spelled below the store.
    pub fn holds(&self, path: &[u8]) -> bool {
        if self.prefixes.is_empty() {
            return path.starts_with(b"/");
        }
        self.prefixes.iter().any(|prefix| {
            path.strip_prefix(*prefix)
                .is_some_and(|rest| rest.starts_with(b"/"))
        })
    }

    /// The absolute path without `.`, `..` and doubled slashes, and without
    /// symlinks where `stop` does not hold. `..` behind a symlink leads to
    /// the parent of what that points at, so there even a kept one is
    /// resolved.
    fn walk(&self, path: &[u8], stop: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
        let mut done = Vec::new();
        let mut pending = Vec::new();
        push_components(&mut pending, path);
        if !path.starts_with(b"/") {
            push_components(&mut pending, &self.world.current_directory()?);
        }
        let mut symlinks = 0;
        while let Some(component) = pending.pop() {
            if component == b".." {
                let target = if stop(&done) {
                    self.world.read_link(&done)
                } else {
                    None
                };
                match target {
                    Some(target) => {
                        symlinks += 1;
                        pending.push(component);
                        follow(&mut done, &mut pending, &target);
                    }
                    None => parent(&mut done),
                }
            } else {
                done.push(b'/');
                done.extend_from_slice(&component);
                if !stop(&done) {
                    if let Some(target) = self.world.read_link(&done) {
                        symlinks += 1;
                        follow(&mut done, &mut pending, &target);
                    }
                }
            }
            if symlinks > SYMLINKS {
                return None;
            }
        }
        Some(done)
    }
}

/// Whether a path may spell a directory in a roundabout way.
fn has_dots(path: &[u8]) -> bool {
    path.windows(2)
        .any(|pair| matches!(pair, [b'/' | b'.', b'/' | b'.']))
}

/// Goes on at `target`, which the symlink `done` holds.
fn follow(done: &mut Vec<u8>, pending: &mut Vec<Vec<u8>>, target: &[u8]) {
    if target.starts_with(b"/") {
        done.clear();
    } else {
        parent(done);
    }
    push_components(pending, target);
}

/// Puts a path's components on top of the stack, the first one uppermost.
fn push_components(pending: &mut Vec<Vec<u8>>, path: &[u8]) {
    let components = path.split(|&b| b == b'/');
    pending.extend(
        components
            .rev()
            .filter(|component| !component.is_empty() && **component != *b".")
            .map(<[u8]>::to_vec),
    );
}

fn parent(path: &mut Vec<u8>) {
    let end = path.iter().rposition(|&b| b == b'/').unwrap_or(0);
    path.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::fake::Machine;

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
    fn the_store_is_what_lies_below_its_prefix() {
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
    fn a_symlink_into_the_store_is_followed_up_to_it() {
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
    fn behind_a_symlink_dotdot_is_its_targets_parent() {
        let world = Machine::new().link("/s/a/lib", "/s/b/lib");
        assert_eq!(
            locate(&world, Some("/s"), &[], "/s/a/lib/../lib64").unwrap(),
            b"/s/b/lib64"
        );
    }

    #[test]
    fn symlinks_in_a_circle_lead_nowhere() {
        let world = Machine::new().link("/a", "/b").link("/b", "/a");
        assert_eq!(locate(&world, Some("/s"), &[], "/a/lib"), None);
    }

    #[test]
    fn without_a_store_all_count_but_the_excluded() {
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
