//! The environment variables.

use std::env;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use cc_wrapper::model::environment::Environment;

use crate::process::os;

/// Strings `NAME=VALUE`.
pub struct Variables(Vec<Vec<u8>>);

impl Variables {
    /// Those of this process.
    pub fn own() -> Variables {
        Variables(os::variables())
    }

    #[cfg(test)]
    pub fn new<S: AsRef<str>>(strings: &[S]) -> Variables {
        let bytes = |string: &S| string.as_ref().as_bytes().to_vec();
        Variables(strings.iter().map(bytes).collect())
    }

    /// The environment as calls see it.
    pub fn environment(&self) -> Environment<'_> {
        Environment::new(self.0.iter().map(|string| &string[..]))
    }

    /// The strings of variables whose names do not begin with `start`.
    pub fn environment_without(&self, start: &str) -> Vec<&[u8]> {
        let strings = self.0.iter().map(|string| &string[..]);
        strings
            .filter(|string| !string.starts_with(start.as_bytes()))
            .collect()
    }

    /// Names and values of all that are set and not empty.
    pub fn all(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let pairs = self.0.iter().filter_map(|string| {
            let at = string.iter().position(|byte| *byte == b'=')?;
            Some((&string[..at], &string[at + 1..]))
        });
        pairs.filter(|(_, value)| !value.is_empty())
    }

    /// The value of a variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let mut all = self.all();
        all.find_map(|(n, value)| (n == name.as_bytes()).then_some(value))
    }

    /// The directories that a list like PATH names.
    pub fn directories(&self, name: &str) -> Vec<PathBuf> {
        let list = self.get(name).unwrap_or_default();
        let paths = env::split_paths(OsStr::from_bytes(list));
        paths.filter(|path| !path.as_os_str().is_empty()).collect()
    }
}
