//! What names on PATH lead to.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::machine::world::World;
use cc_wrapper::text::words::words;

use super::variables::Variables;
use crate::process::os::Os;
use crate::support::self_binary;

/// Variables that name compilers.
const COMPILERS: [&str; 2] = ["CC", "CXX"];

pub struct OnPath {
    pub directories: Vec<PathBuf>,
}

impl OnPath {
    pub fn of(variables: &Variables) -> OnPath {
        OnPath {
            directories: variables.directories("PATH"),
        }
    }

    /// The places of a name that calls could come to. What does not run in a
    /// root, a link to nothing or a file that may not be executed, is passed
    /// over by calls, but meant.
    pub fn all<'p>(&'p self, name: &'p OsStr) -> impl Iterator<Item = PathBuf> + 'p {
        let places = self.directories.iter().map(move |path| path.join(name));
        places.filter(|place| {
            let place_bytes = place.as_os_str().as_bytes();
            let is_meant = || Os.has_entry(place_bytes) && self_binary::root_of(place).is_some();
            Os.is_executable(place_bytes) || is_meant()
        })
    }

    /// Where calls come to. A compiler cache runs the next of its name, so it
    /// is looked past where there is one.
    pub fn first(&self, name: &OsStr) -> Option<PathBuf> {
        let mut all = self.all(name);
        let real = all.find(|place| self_binary::cache(place).is_none());
        real.or_else(|| self.all(name).next())
    }

    /// Where calls by this word come to.
    pub fn place(&self, word: &[u8]) -> Option<PathBuf> {
        let word = Path::new(OsStr::from_bytes(word));
        if !word.as_os_str().as_bytes().contains(&b'/') {
            return self.first(word.as_os_str());
        }
        let behind = self_binary::cache(word).and_then(|_| self.first(word.file_name()?));
        Some(behind.unwrap_or_else(|| word.to_path_buf()))
    }

    /// The compilers that variables name.
    pub fn compilers(&self, variables: &Variables) -> Vec<PathBuf> {
        let values = COMPILERS.iter().filter_map(|name| variables.get(name));
        let places = values.filter_map(|value| self.place(program(value)?));
        places.collect()
    }
}

/// The word of a variable's value that is the program, behind a cache.
pub fn program(value: &[u8]) -> Option<&[u8]> {
    words(value).find(|word| !is_cache(word))
}

/// Whether a word names a compiler cache.
pub fn is_cache(word: &[u8]) -> bool {
    let name = Path::new(OsStr::from_bytes(word)).file_name();
    name.is_some_and(self_binary::is_cache)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_cache_is_looked_past() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for name in ["a", "b"] {
            std::fs::create_dir(path(name)).unwrap();
        }
        std::fs::copy("/bin/sh", path("a/ccache")).unwrap();
        symlink("ccache", path("a/cc")).unwrap();
        let strings = |cc: &str| {
            let (a, b) = (path("a"), path("b"));
            [
                format!("PATH={}:{}", a.display(), b.display()),
                format!("CC={cc}"),
            ]
        };
        let first = || OnPath::of(&Variables::new(&strings(""))).first(OsStr::new("cc"));
        assert_eq!(first(), Some(path("a/cc")));
        symlink("/bin/sh", path("b/cc")).unwrap();
        assert_eq!(first(), Some(path("b/cc")));
        for (cc, expected) in [
            ("ccache cc -m32", path("b/cc")),
            ("/x/cc", "/x/cc".into()),
            ("cc", path("b/cc")),
            (path("a/cc").to_str().unwrap(), path("b/cc")),
        ] {
            let variables = Variables::new(&strings(cc));
            let found = OnPath::of(&variables).compilers(&variables);
            assert_eq!(found, [expected], "{cc}");
        }
    }
}
