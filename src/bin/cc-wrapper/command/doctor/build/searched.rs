//! The directories that a compiler searches now.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::command::doctor::files::path;
use crate::process::launcher::split;
use crate::support::paths::canonical;
use crate::support::trial;

/// Resolved directories.
#[derive(Default)]
pub struct Searched {
    pub directories: BTreeSet<PathBuf>,
}

impl Searched {
    /// Asks a compiler in the current environment. `None`: it does not answer.
    pub fn by(compiler: &Path) -> Option<Searched> {
        let ask = |args: &[&str]| {
            let trial = trial::run(trial::quiet(compiler).args(args)).ok()?;
            let is_answer = trial.status.is_some_and(|status| status.success());
            is_answer.then_some(trial)
        };
        let mut searched = Searched::default();
        let c = ask(&["-E", "-v", "-x", "c", "/dev/null"])?;
        let cxx = ask(&["-E", "-v", "-x", "c++", "/dev/null"]);
        for trial in [Some(c), cxx].into_iter().flatten() {
            searched.headers(&trial.err);
        }
        searched.options(&ask(&["-###", "-x", "c", "/dev/null", "-o", "/dev/null"])?.err);
        let own = ask(&["-print-search-dirs"])?.out;
        let own = own.split(|&b| b == b'\n');
        for list in own.filter_map(|line| line.strip_prefix(b"libraries: =")) {
            list.split(|&b| b == b':')
                .for_each(|name| searched.add(name));
        }
        Some(searched)
    }

    pub fn extend(&mut self, other: Searched) {
        self.directories.extend(other.directories);
    }

    /// Whether one of the directories has the library of `-lNAME`.
    pub fn has_library(&self, name: &[u8]) -> bool {
        let mut directories = self.directories.iter();
        directories.any(|directory| {
            [&b".so"[..], b".a"].iter().any(|end| {
                let file = [b"lib", name, *end].concat();
                directory.join(path(&file)).exists()
            })
        })
    }

    fn add(&mut self, directory: &[u8]) {
        let directory = path(directory);
        if directory.is_absolute() {
            self.directories.insert(canonical(directory));
        }
    }

    /// The list that `-v` prints: one directory a line, after a space.
    fn headers(&mut self, text: &[u8]) {
        let lines = text.split(|&b| b == b'\n');
        let lines = lines.skip_while(|line| !line.starts_with(b"#include"));
        for line in lines.take_while(|line| !line.starts_with(b"End of search list")) {
            if let Some(directory) = line.strip_prefix(b" ") {
                self.add(directory);
            }
        }
    }

    /// `-L` in the commands that `-###` prints.
    fn options(&mut self, text: &[u8]) {
        for line in text.split(|&b| b == b'\n') {
            for word in split(line).unwrap_or_default() {
                if let Some(directory) = word.as_bytes().strip_prefix(b"-L") {
                    self.add(directory);
                }
            }
        }
    }
}
