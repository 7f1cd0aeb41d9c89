//! Keeps an added rpath when a build system removes its own at installation.
//!
//! CMake writes the directories of the libraries into the programs that it
//! builds. When it installs a program, it replaces this text as a whole, by
//! nothing unless the project says otherwise; what stands behind it then
//! begins with an empty entry, which is the current directory. What stands
//! before it stays. Meson removes each directory that it added, but only in the
//! same spelling.

use alloc::vec::Vec;

use crate::machine::world::World;
use crate::text::path;

/// A build system that changes the rpath of what it installs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildSystem {
    CMake,
    Meson,
}

/// The build system that runs a link in the current directory.
pub fn build_system(world: &dyn World) -> Option<BuildSystem> {
    if world.has_entry(b"CMakeFiles") {
        Some(BuildSystem::CMake)
    } else if world.has_entry(b"meson-private") {
        Some(BuildSystem::Meson)
    } else {
        None
    }
}

/// The text that replaces CMake's rpath, one of `given`, when `output` is
/// installed. Empty if that is not known.
pub fn installed_rpath(given: &[&[u8]], output: &[u8], world: &dyn World) -> Vec<u8> {
    let script = b"cmake_install.cmake";
    let directory = path::directory(output);
    let beside = [directory, b"/", script].concat();
    for path in [&beside[..], script] {
        let text = match path {
            [b'/', ..] if directory.is_empty() => continue,
            path => world.read(path).unwrap_or_default(),
        };
        if let Some(new) = given.iter().find_map(|given| replacement(&text, given)) {
            return new.to_vec();
        }
    }
    Vec::new()
}

/// The value of NEW_RPATH behind an OLD_RPATH with this value.
fn replacement<'t>(script: &'t [u8], old: &[u8]) -> Option<&'t [u8]> {
    let old = [b"OLD_RPATH \"", old, b"\""].concat();
    let at = find(script, &old)?;
    let rest = &script[at + old.len()..];
    let name = b"NEW_RPATH \"";
    let value = &rest[find(rest, name)? + name.len()..];
    let end = value.iter().position(|&b| b == b'"')?;
    Some(&value[..end])
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::world::fake::Machine;

    #[test]
    fn the_replacement_is_read_from_cmakes_script() {
        let script = "file(RPATH_CHANGE\n FILE \"$ENV{DESTDIR}/p/bin/app\"\n\
            OLD_RPATH \"/b:/dep/lib:\"\n NEW_RPATH \"/dep/lib\")";
        let world = Machine::new().file("/cwd/app/cmake_install.cmake", script);
        let new = |given: &[&[u8]], output: &str| installed_rpath(given, output.as_bytes(), &world);
        assert_eq!(new(&[b"/x", b"/b:/dep/lib:"], "app/app"), b"/dep/lib");
        assert_eq!(new(&[b"/b:/dep/lib:"], "app"), b"");
        assert_eq!(new(&[b"/b"], "app/app"), b"");
        let here = Machine::new().file("/cwd/cmake_install.cmake", script);
        assert_eq!(
            installed_rpath(&[b"/b:/dep/lib:"], b"../bin/app", &here),
            b"/dep/lib"
        );
    }
}
