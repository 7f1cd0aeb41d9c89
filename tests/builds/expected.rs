//! Reads `tests/builds/expected.txt`, which describes its format.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The files that a package installs.
pub struct Expected {
    pub files: Vec<File>,
}

pub struct File {
    /// Relative to the prefix, without the version after ".so".
    pub name: String,
    pub runpath: String,
    /// How the program starts.
    pub arguments: Option<Vec<String>>,
}

impl Expected {
    pub fn read(package: &str) -> Expected {
        let text = include_str!("expected.txt");
        let mut files = Vec::new();
        let mut section = "";
        for line in text.lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix('[') {
                section = name.strip_suffix(']').unwrap();
            } else if section == package {
                files.push(File::parse(line));
            }
        }
        assert!(!files.is_empty(), "expected.txt has no section [{package}]");
        Expected { files }
    }

    pub fn file(&self, name: &str) -> Option<&File> {
        self.files.iter().find(|file| file.name == name)
    }
}

impl File {
    fn parse(line: &str) -> File {
        let mut words = line.split_whitespace().map(str::to_owned);
        let name = words.next().unwrap();
        let runpath = words.next().unwrap_or_else(|| panic!("{line}: no RUNPATH"));
        let arguments: Vec<String> = words.collect();
        let started = arguments.first().is_some_and(|first| first != "-");
        File {
            name,
            runpath,
            arguments: started.then(|| arguments.into_iter().filter(|a| a != "=").collect()),
        }
    }

    /// Returns true if the entries are the expected ones. `prefix` is the directory
    /// of a package.
    pub fn accepts(&self, found: &[String], prefix: impl Fn(&str) -> PathBuf) -> bool {
        let mut found = found.iter();
        let mut next = found.next();
        let expected = self.runpath.split(':').filter(|entry| *entry != "-");
        for entry in expected {
            let (entry, optional) = match entry.strip_suffix('?') {
                Some(entry) => (entry, true),
                None => (entry, false),
            };
            let entry = match entry
                .strip_prefix('{')
                .and_then(|rest| rest.split_once('}'))
            {
                Some((name, rest)) => format!("{}{rest}", prefix(name).display()),
                None => entry.to_owned(),
            };
            if next == Some(&entry) {
                next = found.next();
            } else if !optional {
                return false;
            }
        }
        next.is_none()
    }
}

/// Returns the installed programs and shared libraries with their names in
/// `expected.txt`. Symlinks and object files are none.
pub fn elf_files(prefix: &Path) -> BTreeMap<String, PathBuf> {
    let mut files = BTreeMap::new();
    let mut directories = vec![prefix.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.symlink_metadata().unwrap().file_type();
            if kind.is_dir() {
                directories.push(path);
            } else if kind.is_file() && is_linked(&path) {
                let name = path.strip_prefix(prefix).unwrap().to_str().unwrap();
                let name = match name.split_once(".so") {
                    Some((name, _)) => format!("{name}.so"),
                    None => name.to_owned(),
                };
                files.insert(name, path);
            }
        }
    }
    files
}

/// Returns true for an ELF file that is no object file.
fn is_linked(path: &Path) -> bool {
    let mut start = [0; 18];
    let mut file = fs::File::open(path).unwrap();
    let (executable, shared) = (2, 3);
    file.read_exact(&mut start).is_ok()
        && start.starts_with(b"\x7fELF")
        && [executable, shared].contains(&u16::from_ne_bytes([start[16], start[17]]))
}
