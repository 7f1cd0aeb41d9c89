//! Computes the variables as nixpkgs' setup hooks do: new flags go after the
//! existing value, unless it has them already.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::root::Root;
use crate::support::prefix::directories::Directories;
use crate::support::prefix::flags::Flags;

/// A variable's name and its complete new value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    pub name: Vec<u8>,
    pub value: Vec<u8>,
}

impl Variable {
    /// Returns the name, for messages. The paths in the value are the user's.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }
}

const COMPILE: &str = "NIX_CFLAGS_COMPILE";
const LINK: &str = "NIX_LDFLAGS";

/// The PATH that shells use if PATH is not set.
const DEFAULT_PATH: &[u8] = b"/usr/bin:/bin";

/// Returns the variables that the dependencies and the root set. `own` are the
/// dependencies that the root's tools find by themselves. `current` is the
/// current environment.
pub fn compute(
    dependencies: &[Directories],
    own: &[Directories],
    root: Option<&Root>,
    current: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> Vec<Variable> {
    let mut compile = Flags(current(COMPILE).unwrap_or_default());
    let mut link = Flags(current(LINK).unwrap_or_default());
    let list = |name: &str| List(current(name).unwrap_or_default());
    let mut pkg_config = list("PKG_CONFIG_PATH");
    let mut prefixes = list("CMAKE_PREFIX_PATH");
    for dependency in dependencies {
        dependency.add_flags(&mut compile, &mut link);
        for directory in &dependency.pkg_config {
            pkg_config.add(bytes(directory));
        }
        prefixes.add(bytes(&dependency.prefix));
    }

    // CMake looks for files of the root's own dependencies too, which only its
    // tools find by themselves.
    let (mut own_compile, mut own_link) = (Flags::default(), Flags::default());
    for dependency in own {
        dependency.add_flags(&mut own_compile, &mut own_link);
        prefixes.add(bytes(&dependency.prefix));
    }

    // CMake's setup hook reads the directories from the flags, including flags
    // that were there before.
    let words: Vec<Vec<u8>> = [&compile, &link, &own_compile, &own_link]
        .into_iter()
        .flat_map(|flags| flags.words().map(<[u8]>::to_vec))
        .collect();
    let mut searched = [
        ("CMAKE_INCLUDE_PATH", ["-isystem", "-I"]),
        ("CMAKE_LIBRARY_PATH", ["-L", "-L"]),
        ("CMAKE_FRAMEWORK_PATH", ["-iframework", "-F"]),
    ]
    .map(|(name, options)| (name, options, list(name)));
    for (_, options, list) in &mut searched {
        for directory in values(&words, options) {
            list.add(directory);
        }
    }

    let given = [
        (COMPILE, compile.0),
        (LINK, link.0),
        ("PKG_CONFIG_PATH", pkg_config.0),
    ];
    let of_cmake = [("CMAKE_PREFIX_PATH", prefixes.0)].into_iter();
    let of_cmake = of_cmake.chain(searched.map(|(name, _, list)| (name, list.0)));
    let has_given = !dependencies.is_empty();
    let mut variables: Vec<Variable> = given
        .into_iter()
        .filter(|_| has_given)
        .chain(of_cmake.filter(|_| has_given || !own.is_empty()))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| variable(name, value))
        .collect();
    if let Some(root) = root {
        variables.extend(of_root(root, current));
    }
    variables
}

fn of_root(root: &Root, current: &dyn Fn(&str) -> Option<Vec<u8>>) -> Vec<Variable> {
    let tools = root.tools.iter();
    let mut variables: Vec<Variable> = tools
        .map(|(name, value)| variable(name, value.clone()))
        .collect();
    let markers = root.markers.iter().map(|name| Variable {
        name: name.clone(),
        value: b"1".to_vec(),
    });
    variables.extend(markers);
    let path = current("PATH").unwrap_or_else(|| DEFAULT_PATH.to_vec());
    let bin = bytes(&root.bin);
    let is_other = |entry: &&[u8]| without_slashes(entry) != without_slashes(bin);
    let others = path.split(|&b| b == b':').filter(is_other);
    let entries: Vec<&[u8]> = [bin].into_iter().chain(others).collect();
    variables.push(variable("PATH", entries.join(&b':')));
    variables
}

fn without_slashes(mut entry: &[u8]) -> &[u8] {
    while let [rest @ .., b'/'] = entry {
        entry = rest;
    }
    entry
}

fn variable(name: &str, value: Vec<u8>) -> Variable {
    Variable {
        name: name.as_bytes().to_vec(),
        value,
    }
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

/// Directories separated by colons.
struct List(Vec<u8>);

impl List {
    fn add(&mut self, directory: &[u8]) {
        if self.0.split(|&b| b == b':').any(|entry| entry == directory) {
            return;
        }
        if !self.0.is_empty() {
            self.0.push(b':');
        }
        self.0.extend_from_slice(directory);
    }
}

/// Returns the absolute directories that are values of `options`, either in the
/// same word or in the next.
fn values<'w>(words: &'w [Vec<u8>], options: &[&str]) -> Vec<&'w [u8]> {
    let mut values = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        for option in options {
            let value = match word.strip_prefix(option.as_bytes()) {
                Some([]) => words.next().map(Vec::as_slice),
                value => value,
            };
            if let Some(value) = value {
                if value.starts_with(b"/") && !value.contains(&b':') {
                    values.push(value);
                }
                break;
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(prefix: &str) -> Directories {
        let dir = |name: &str| Path::new(prefix).join(name);
        Directories {
            prefix: prefix.into(),
            include: Some(dir("include")),
            frameworks: None,
            libraries: vec![dir("lib64"), dir("lib")],
            pkg_config: vec![dir("lib/pkgconfig")],
        }
    }

    fn text(variables: &[Variable]) -> Vec<String> {
        let line = |v: &Variable| format!("{}={}", v.shown(), String::from_utf8_lossy(&v.value));
        variables.iter().map(line).collect()
    }

    #[test]
    fn an_empty_environment_gets_what_the_hooks_export() {
        let variables = compute(&[dependency("/a"), dependency("/b")], &[], None, &|_| None);
        assert_eq!(
            text(&variables),
            [
                "NIX_CFLAGS_COMPILE=-isystem /a/include -isystem /b/include",
                "NIX_LDFLAGS=-L/a/lib64 -L/a/lib -L/b/lib64 -L/b/lib",
                "PKG_CONFIG_PATH=/a/lib/pkgconfig:/b/lib/pkgconfig",
                "CMAKE_PREFIX_PATH=/a:/b",
                "CMAKE_INCLUDE_PATH=/a/include:/b/include",
                "CMAKE_LIBRARY_PATH=/a/lib64:/a/lib:/b/lib64:/b/lib",
            ]
        );
    }

    #[test]
    fn only_cmake_needs_variables_for_a_roots_own_dependencies() {
        let own = [dependency("/own")];
        assert_eq!(
            text(&compute(&[], &own, None, &|_| None)),
            [
                "CMAKE_PREFIX_PATH=/own",
                "CMAKE_INCLUDE_PATH=/own/include",
                "CMAKE_LIBRARY_PATH=/own/lib64:/own/lib",
            ]
        );
        let both = text(&compute(&[dependency("/a")], &own, None, &|_| None));
        assert_eq!(both[0], "NIX_CFLAGS_COMPILE=-isystem /a/include");
        assert_eq!(both[3], "CMAKE_PREFIX_PATH=/a:/own");
    }

    #[test]
    fn existing_flags_are_kept_and_not_added_again() {
        let current = |name: &str| {
            let value = match name {
                "NIX_CFLAGS_COMPILE" => "-g  -isystem /a/include\t-I/i -isystem",
                "NIX_LDFLAGS" => " -L/a/lib -L rel ",
                "PKG_CONFIG_PATH" => "/x:",
                "CMAKE_PREFIX_PATH" => "/a",
                "PATH" => "/bin:/r/bin:/r/bin//:",
                _ => return None,
            };
            Some(value.as_bytes().to_vec())
        };
        let root = Root {
            bin: "/r/bin".into(),
            tools: vec![("CC", b"/r/bin/cc".to_vec())],
            markers: vec![b"NIX_M_s".to_vec()],
            ..Root::default()
        };
        let variables = compute(&[dependency("/a")], &[], Some(&root), &current);
        assert_eq!(
            text(&variables),
            [
                "NIX_CFLAGS_COMPILE=-g  -isystem /a/include\t-I/i -isystem",
                "NIX_LDFLAGS= -L/a/lib -L rel  -L/a/lib64",
                "PKG_CONFIG_PATH=/x::/a/lib/pkgconfig",
                "CMAKE_PREFIX_PATH=/a",
                "CMAKE_INCLUDE_PATH=/a/include:/i",
                "CMAKE_LIBRARY_PATH=/a/lib:/a/lib64",
                "CC=/r/bin/cc",
                "NIX_M_s=1",
                "PATH=/r/bin:/bin:",
            ]
        );
        let again = |name: &str| {
            let set = variables.iter().find(|v| v.name == name.as_bytes());
            set.map(|v| v.value.clone()).or_else(|| current(name))
        };
        assert_eq!(
            compute(&[dependency("/a")], &[], Some(&root), &again),
            variables
        );
    }
}
