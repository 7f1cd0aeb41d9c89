//! Finds programs on PATH.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::process::search::is_program;
use crate::support::error::{Error, Result};
use crate::support::paths::absolute;
use crate::support::self_binary;
use crate::support::show::shown;

/// Directories to search for programs.
#[derive(Debug)]
pub struct Search {
    directories: Vec<PathBuf>,
    /// The sorted file names in each directory.
    names: OnceCell<Vec<Vec<OsString>>>,
}

/// A program and its file name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub name: OsString,
    pub program: PathBuf,
}

/// A link to a compiler cache under a compiler's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    pub program: PathBuf,
    pub cache: &'static str,
}

impl Search {
    /// Searches the value of a PATH variable. Leaves out the `bin` directories
    /// of roots, and relative directories, because a root must not depend on the
    /// current directory.
    pub fn along(path: &OsStr) -> Search {
        let directories = env::split_paths(path)
            .filter(|directory| directory.is_absolute() && !self_binary::is_wrapped_bin(directory));
        Search::of(directories.collect())
    }

    /// Searches one directory.
    pub fn within(directory: &Path) -> Search {
        Search::of(vec![directory.to_path_buf()])
    }

    fn of(directories: Vec<PathBuf>) -> Search {
        Search {
            directories,
            names: OnceCell::new(),
        }
    }

    /// The directories as a value for PATH.
    pub fn path(&self) -> OsString {
        // Cannot fail, because the directories come from a PATH and so contain
        // no colon.
        env::join_paths(&self.directories).unwrap_or_default()
    }

    /// The programs whose names `wanted` accepts (the first one of each name),
    /// and the caches that were skipped. Wrappers are skipped too.
    pub fn all(&self, wanted: impl Fn(&[u8]) -> bool) -> (Vec<Found>, Vec<Cache>) {
        let (mut found, mut caches, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        let read = || self.directories.iter().map(|dir| names(dir)).collect();
        let names = self.names.get_or_init(read);
        for (directory, names) in self.directories.iter().zip(names) {
            for name in names {
                if !wanted(name.as_bytes()) || seen.contains(name) {
                    continue;
                }
                let program = directory.join(name);
                if !is_program(&program) || self_binary::is_wrapper(&program) {
                    continue;
                }
                if let Some(cache) = self_binary::cache(&program) {
                    caches.push(Cache { program, cache });
                    continue;
                }
                seen.insert(name);
                found.push(Found {
                    name: name.clone(),
                    program,
                });
            }
        }
        (found, caches)
    }

    /// The program for an option's value `given`, a path or a name on PATH, and
    /// the caches that were skipped.
    ///
    /// # Errors
    /// There is no such program, or the path leads to a wrapper or a cache. The
    /// message names `option`.
    pub fn named(&self, given: &OsStr, option: &str) -> Result<(PathBuf, Vec<Cache>)> {
        let called = shown(given);
        if given.as_bytes().contains(&b'/') {
            let program = absolute(Path::new(given))?;
            if !is_program(&program) {
                return Err(Error::new(format!("{option} {called}"))
                    .because("no such program")
                    .remedy("give a name on PATH or the path of an executable"));
            }
            if self_binary::is_wrapper(&program) {
                return Err(Error::new(format!("{option} {called} is itself a wrapper"))
                    .remedy("give the program that it runs"));
            }
            if let Some(cache) = self_binary::cache(&program) {
                return Err(Error::new(format!("{option} {called} is {cache}"))
                    .remedy("give the compiler that it runs"));
            }
            return Ok((program, Vec::new()));
        }
        let mut caches = Vec::new();
        for directory in &self.directories {
            let program = directory.join(given);
            if !is_program(&program) || self_binary::is_wrapper(&program) {
                continue;
            }
            match self_binary::cache(&program) {
                Some(cache) => caches.push(Cache { program, cache }),
                None => return Ok((program, caches)),
            }
        }
        Err(Error::new(format!("{option} {called}"))
            .because("not found on PATH")
            .remedy("install it, or give its path"))
    }
}

fn names(directory: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn program(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn search(directories: &[PathBuf]) -> Search {
        Search::along(&env::join_paths(directories).unwrap())
    }

    #[test]
    fn the_first_program_that_is_no_wrapper_or_cache_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let [root, caches, a, b] = ["root/bin", "caches", "a", "b"].map(|d| dir.path().join(d));
        program(&root.join("gcc"));
        program(&dir.path().join("root").join(self_binary::TOOLCHAIN));
        program(&caches.join("ccache"));
        symlink("ccache", caches.join("gcc")).unwrap();
        program(&a.join("gcc"));
        program(&b.join("gcc"));
        fs::write(a.join("clang"), "").unwrap();
        program(&b.join("clang"));

        let search = search(&[
            root,
            "relative".into(),
            caches.clone(),
            a.clone(),
            b.clone(),
        ]);
        let (found, skipped) = search.all(|name| name != b"ccache");
        let found: Vec<_> = found.into_iter().map(|found| found.program).collect();
        assert_eq!(found, [a.join("gcc"), b.join("clang")]);
        assert_eq!(skipped[0].program, caches.join("gcc"));

        let (named, skipped) = search.named(OsStr::new("gcc"), "--cc").unwrap();
        assert_eq!(named, a.join("gcc"));
        assert_eq!(skipped.len(), 1);
    }

    #[test]
    fn paths_of_caches_and_wrappers_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        program(&dir.path().join("distcc"));
        symlink("distcc", dir.path().join("cc")).unwrap();
        let search = search(&[]);
        let refusal = |path: PathBuf| {
            let error = search.named(path.as_os_str(), "--cc").unwrap_err();
            error.line().to_owned()
        };
        assert!(refusal(dir.path().join("cc")).contains("is distcc"));
        assert!(refusal(dir.path().join("none")).contains("no such program"));
        assert!(refusal(env::current_exe().unwrap()).contains("itself a wrapper"));
        let error = search.named(OsStr::new("gcc"), "--cc").unwrap_err();
        assert!(error.line().contains("not found on PATH"));
    }
}
