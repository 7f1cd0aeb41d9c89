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
pub enum Replacement {
    Unknown,
    Nothing,
    Text { old: Vec<u8>, new: Vec<u8> },
}

/// CMake's scripts are shorter, in bytes. More is not read.
const LONGEST_SCRIPT: usize = 1 << 20;

/// The replacement of one of the rpaths `given`, as CMake's script for the
/// installation has it. The script is in the directory `configured`, if that is
/// known, or else perhaps in one of the others. They are relative to the current
/// directory or absolute.
pub fn replacement(
    given: &[&[u8]],
    configured: Option<&[u8]>,
    others: [&[u8]; 2],
    world: &dyn World,
) -> Replacement {
    let mut found = Replacement::Unknown;
    for directory in configured.into_iter().chain(others) {
        let path = match directory {
            b"" => b"cmake_install.cmake".to_vec(),
            directory => [directory, &b"/cmake_install.cmake"[..]].concat(),
        };
        world.read_parts(&path, &mut |part| {
            let script = part(0, LONGEST_SCRIPT);
            if configured.is_some() {
                found = Replacement::Nothing;
            }
            for old in given {
                if let Some(new) = new_rpath(&script, old) {
                    let (old, new) = (old.to_vec(), new.to_vec());
                    found = Replacement::Text { old, new };
                    return;
                }
            }
        });
        if found != Replacement::Unknown {
            break;
        }
    }
    found
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
        let new = |given: &[&[u8]], configured, directory: &str| {
            replacement(given, configured, [b"", directory.as_bytes()], &world)
        };
        let both = [&b"/x"[..], b"/b:/dep/lib:"];
        let text = || Replacement::Text {
            old: both[1].to_vec(),
            new: b"/dep/lib".to_vec(),
        };
        assert_eq!(new(&both, None, "app"), text());
        assert_eq!(new(&both, Some(b"/cwd/app"), "bin"), text());
        assert_eq!(new(&both, None, "lib"), Replacement::Unknown);
        assert_eq!(new(&[b"/b"], None, "app"), Replacement::Unknown);
        assert_eq!(new(&[b"/b"], Some(b"app"), "x"), Replacement::Nothing);
    }
}
