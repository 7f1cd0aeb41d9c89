//! Resolves symlinks, completely or up to a given directory.

use alloc::vec::Vec;

use crate::machine::world::World;

/// The kernel's limit of symlinks in one path.
pub const SYMLINKS: usize = 40;

/// Returns `path`, which is absolute, without `.`, `..` and repeated slashes.
/// Symlinks are resolved, except where `stop` returns true. `..` after a
/// symlink is the parent of the symlink's target, so such a symlink is always
/// resolved. `None` if there are too many symlinks.
pub fn resolve(path: &[u8], world: &dyn World, stop: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    let mut done = Vec::new();
    let mut pending = Vec::new();
    push_components(&mut pending, path);
    if !path.starts_with(b"/") {
        push_components(&mut pending, &world.current_directory()?);
    }
    let mut symlinks = 0;
    while let Some(component) = pending.pop() {
        if component == b".." {
            let target = if stop(&done) {
                world.read_link(&done)
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
                if let Some(target) = world.read_link(&done) {
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

/// Replaces the symlink `done` by its target.
fn follow(done: &mut Vec<u8>, pending: &mut Vec<Vec<u8>>, target: &[u8]) {
    if target.starts_with(b"/") {
        done.clear();
    } else {
        parent(done);
    }
    push_components(pending, target);
}

/// Pushes the components of a path onto the stack, the first one on top.
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
