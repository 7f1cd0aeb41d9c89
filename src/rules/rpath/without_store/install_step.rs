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

/// How CMake changes a program's rpath when it installs the program.
#[derive(Debug, PartialEq, Eq)]
pub struct Replacement {
    pub old: Vec<u8>,
    pub new: Vec<u8>,
}

/// CMake's scripts are shorter, in bytes. More is not read.
const LONGEST_SCRIPT: usize = 1 << 20;

/// The replacement of one of the rpaths `given`, as CMake's script for the
/// installation has it. The script is in one of `directories`, which are
/// relative to the current one or absolute. `None`: not known.
pub fn replacement(
    given: &[&[u8]],
    directories: &[&[u8]],
    world: &dyn World,
) -> Option<Replacement> {
    directories.iter().find_map(|directory| {
        let path = match *directory {
            b"" => b"cmake_install.cmake".to_vec(),
            directory => [directory, &b"/cmake_install.cmake"[..]].concat(),
        };
        let mut found = None;
        world.read_parts(&path, &mut |part| {
            let script = part(0, LONGEST_SCRIPT);
            found = given.iter().find_map(|old| {
                let new = new_rpath(&script, old)?.to_vec();
                let old = old.to_vec();
                Some(Replacement { old, new })
            });
        });
        found
    })
}

/// The value of NEW_RPATH behind an OLD_RPATH with this value.
fn new_rpath<'t>(script: &'t [u8], old: &[u8]) -> Option<&'t [u8]> {
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
        let new = |given: &[&[u8]], directory: &str| {
            let found = replacement(given, &[b"", directory.as_bytes()], &world);
            found.map(|found| found.new)
        };
        let both = [&b"/x"[..], b"/b:/dep/lib:"];
        assert_eq!(new(&both, "app").unwrap(), b"/dep/lib");
        assert_eq!(new(&both, "/cwd/app").unwrap(), b"/dep/lib");
        assert_eq!(new(&both, "lib"), None);
        assert_eq!(new(&[b"/b"], "app"), None);
    }
}
