//! Following symlinks, as far as one wants to.

use alloc::vec::Vec;

use crate::machine::world::World;

/// As many symlinks as the kernel follows on one path.
pub const SYMLINKS: usize = 40;

/// The absolute path without `.`, `..` and doubled slashes, and without
/// symlinks where `stop` does not hold. `..` behind a symlink leads to
/// the parent of what that points at, so there even a kept one is
/// resolved.
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
