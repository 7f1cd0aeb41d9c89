//! Decides whether a library directory is part of the build. Programs are
//! installed and the build is removed, so such a directory gets no rpath.

use alloc::vec::Vec;

use crate::machine::symlinks::resolve;
use crate::machine::world::World;
use crate::model::environment::Environment;
use crate::model::explanation::BuildPart;
use crate::text::path::{directory, without_slashes};

/// The directory that `cc-wrapper run` was started in.
const BUILD_TOP: &str = "CC_WRAPPER_BUILD_TOP";

/// Variables that name directories of the build.
const VARIABLES: [&str; 7] = [
    "DESTDIR",
    "NIX_BUILD_TOP",
    BUILD_TOP,
    "TMPDIR",
    "TMP",
    "TEMP",
    "TEMPDIR",
];

/// Files that mark a directory in which a project is configured or built.
const MARKS: [&[u8]; 6] = [
    b"Makefile",
    b"makefile",
    b"GNUmakefile",
    b"config.status",
    b"CMakeCache.txt",
    b"build.ninja",
];

/// Files that mark the sources of a project.
const SOURCES: [&[u8]; 3] = [b"configure", b"CMakeLists.txt", b"meson.build"];

/// The directories of the build that a link belongs to.
pub struct BuildTree<'a> {
    /// Without symlinks, as the kernel knows it.
    current: Option<Vec<u8>>,
    /// The directories of [`VARIABLES`]: as given, and resolved.
    tops: Vec<(&'static str, &'a [u8], Vec<u8>)>,
    home: &'a [u8],
    world: &'a dyn World,
}

impl<'a> BuildTree<'a> {
    pub fn new(environment: &Environment<'a>, world: &'a dyn World) -> BuildTree<'a> {
        let mut tops = Vec::new();
        for name in VARIABLES {
            let value = environment.get_nonempty(name.as_bytes()).unwrap_or(b"");
            let value = without_slashes(value);
            if value.is_empty() {
                continue;
            }
            if let Some(real) = resolve(value, world, |_| false).filter(|real| !real.is_empty()) {
                tops.push((name, value, real));
            }
        }
        BuildTree {
            current: world.current_directory(),
            tops,
            home: without_slashes(environment.get(b"HOME").unwrap_or_default()),
            world,
        }
    }

    /// Why a directory that the caller names is part of the build. `None` if it
    /// is not. `path` is the same directory without `..`, and `real` without
    /// symlinks.
    pub fn part(&self, directory: &[u8], path: &[u8], real: &[u8]) -> Option<BuildPart> {
        if !directory.starts_with(b"/") {
            return Some(BuildPart::Relative);
        }
        let mut components = path.split(|&b| b == b'/');
        if components.any(|component| component == b".libs") {
            return Some(BuildPart::Libtool);
        }
        let below =
            |(_, given, top): &&(&str, &[u8], Vec<u8>)| is_in(path, given) || is_in(real, top);
        if let Some((name, ..)) = self.tops.iter().find(below) {
            return Some(BuildPart::Below(name));
        }
        let current = self.current.as_deref()?;
        if real != current && is_in(current, real) {
            return Some(BuildPart::AroundCurrent);
        }
        if self.is_installed(real, current) {
            return None;
        }
        if is_in(real, current) {
            return Some(BuildPart::InCurrent);
        }
        self.marked(common(real, current))
    }

    /// Whether a directory is the library directory of a prefix that is not the
    /// current directory or around it: the prefix has an `include`, and no
    /// project was configured in it.
    fn is_installed(&self, real: &[u8], current: &[u8]) -> bool {
        let has = |prefix: &[u8], name: &[u8]| self.world.has_entry(&[prefix, b"/", name].concat());
        let is_prefix = |prefix: &[u8]| {
            !is_in(current, prefix)
                && has(prefix, b"include")
                && !MARKS.iter().chain(&SOURCES).any(|mark| has(prefix, mark))
        };
        // Debian's lib/TRIPLE is one further down.
        let parent = directory(real);
        is_prefix(parent) || is_prefix(directory(parent))
    }

    /// Whether a directory is somebody's home, or contains homes.
    fn is_home(&self, path: &[u8]) -> bool {
        is_in(self.home, path) || matches!(directory(path), b"/home") || path == b"/root"
    }

    /// Whether a directory that contains both the library directory and the
    /// current one belongs to a project. The home directory does not, whatever
    /// it contains.
    fn marked(&self, common: &[u8]) -> Option<BuildPart> {
        let mut top = common;
        while !top.is_empty() && !self.is_home(top) {
            let is_marked = |mark: &&&[u8]| self.world.has_entry(&[top, b"/", mark].concat());
            if let Some(mark) = MARKS.iter().find(is_marked) {
                return Some(BuildPart::Project {
                    top: top.to_vec(),
                    mark,
                });
            }
            let end = top.iter().rposition(|&b| b == b'/').unwrap_or(0);
            top = &top[..end];
        }
        None
    }
}

/// Whether `path` is `directory` or below it.
pub fn is_in(path: &[u8], directory: &[u8]) -> bool {
    let rest = path.strip_prefix(directory);
    !directory.is_empty() && rest.is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
}

/// The last directory that contains both paths, without a slash at its end.
fn common<'p>(a: &'p [u8], b: &[u8]) -> &'p [u8] {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let end = a[..same].iter().rposition(|&b| b == b'/').unwrap_or(0);
    &a[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::world::fake::Machine;

    fn part(variables: &[&'static str], directory: &str) -> Option<BuildPart> {
        let mut world = Machine::new()
            .file("/src/pkg/Makefile", "")
            .file("/home/you/Makefile", "")
            .file("/src/pkg/progs/in/include/in.h", "")
            .file("/src/pkg/progs/in/configure", "")
            .file("/src/pkg/include/pkg.h", "")
            .file("/src/pkg/progs/z/include", "")
            .file("/src/pkg/y/include", "")
            .link("/alias", "/src/pkg");
        world.current_directory = match variables.first() {
            Some(&"HOME=/home/you") => b"/home/you/app".to_vec(),
            _ => b"/src/pkg/progs".to_vec(),
        };
        let environment = Environment::new(variables.iter().map(|v| v.as_bytes()));
        let real = resolve(directory.as_bytes(), &world, |_| false).unwrap();
        let tree = BuildTree::new(&environment, &world);
        match directory.contains("..") {
            true => tree.part(directory.as_bytes(), &real, &real),
            false => tree.part(directory.as_bytes(), directory.as_bytes(), &real),
        }
    }

    #[test]
    fn directories_of_the_build_are_recognised() {
        let project = BuildPart::Project {
            top: b"/src/pkg".to_vec(),
            mark: b"Makefile",
        };
        for (directory, want) in [
            ("../lib", BuildPart::Relative),
            (".", BuildPart::Relative),
            ("/opt/z/.libs", BuildPart::Libtool),
            ("/src/pkg/progs", BuildPart::InCurrent),
            ("/src/pkg/progs/a", BuildPart::InCurrent),
            ("/src/pkg", BuildPart::AroundCurrent),
            ("/alias/progs/a", BuildPart::InCurrent),
            ("/src/pkg/progs/in/lib", BuildPart::InCurrent),
            ("/src/pkg/lib", project.clone()),
            ("/alias/lib", project),
        ] {
            assert_eq!(part(&[], directory), Some(want), "{directory}");
        }
        for outside in [
            "/opt/z/lib",
            "/src/pkg-1/lib",
            "/src/other/lib",
            "/libs",
            // Prefixes of dependencies.
            "/src/pkg/progs/z/lib",
            "/src/pkg/progs/z/lib/x86_64-linux-gnu",
            "/src/pkg/y/lib",
        ] {
            assert_eq!(part(&[], outside), None, "{outside}");
        }
    }

    #[test]
    fn variables_name_directories_of_the_build() {
        for name in VARIABLES {
            let variable: &'static str = format!("{name}=/stage/").leak();
            let below = Some(BuildPart::Below(name));
            assert_eq!(part(&[variable], "/stage/opt/z/lib"), below);
            assert_eq!(part(&[variable], "/stages/lib"), None);
            assert_eq!(part(&[variable], "/stage/../opt/z/lib"), None);
        }
        for nothing in ["DESTDIR=", "DESTDIR=/", "TMPDIR=//"] {
            assert_eq!(part(&[nothing], "/opt/z/lib"), None, "{nothing}");
        }
    }

    #[test]
    fn a_home_directory_is_not_a_project() {
        assert_eq!(part(&["HOME=/home/you"], "/home/you/z/lib"), None);
    }

    use std::format;
}
