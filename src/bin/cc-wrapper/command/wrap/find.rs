//! What lies on PATH.

use crate::support::error::{Error, Result};
use crate::support::paths::absolute;
use crate::support::self_binary;
use crate::support::show::shown;
use std::cell::OnceCell;
use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::{env, fs};

use nix::unistd::{AccessFlags, access};

/// Directories to look for programs in, wrapped roots' own left out.
#[derive(Debug)]
pub struct Search {
    directories: Vec<PathBuf>,
    /// Of each directory, sorted.
    names: OnceCell<Vec<Vec<OsString>>>,
}

/// A program and the name it is found under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub name: OsString,
    pub program: PathBuf,
}

/// A compiler cache that stands where a compiler was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    pub program: PathBuf,
    pub cache: &'static str,
}

impl Search {
    /// Along `path`. Relative directories are left out, since a root outlives
    /// the current one.
    pub fn along(path: &OsStr) -> Search {
        let directories = env::split_paths(path)
            .filter(|directory| directory.is_absolute() && !self_binary::is_wrapped_bin(directory));
        Search::of(directories.collect())
    }

    pub fn within(directory: &Path) -> Search {
        Search::of(vec![directory.to_path_buf()])
    }

    fn of(directories: Vec<PathBuf>) -> Search {
        Search {
            directories,
            names: OnceCell::new(),
        }
    }

    /// A value for PATH.
    pub fn path(&self) -> OsString {
        // None of them holds a colon: they come out of one PATH.
        env::join_paths(&self.directories).unwrap_or_default()
    }

    /// The programs whose names `wanted` takes, the first of each name, and
    /// the caches that were passed over.
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

    /// The program that the user means by `given`: a path, or a name to look
    /// for. `option` is where it was given.
    pub fn named(&self, given: &OsStr, option: &str) -> Result<(PathBuf, Vec<Cache>)> {
        let called = shown(given);
        if given.as_bytes().contains(&b'/') {
            let program = absolute(Path::new(given))?;
            if !is_program(&program) {
                return Err(Error::new(format!("{option} {called}: no such program"))
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
        let hits = which::which_in_all(given, Some(self.path()), "/");
        for program in hits.into_iter().flatten() {
            if self_binary::is_wrapper(&program) {
                continue;
            }
            match self_binary::cache(&program) {
                Some(cache) => caches.push(Cache { program, cache }),
                None => return Ok((program, caches)),
            }
        }
        Err(Error::new(format!("{option} {called}: not found on PATH")).remedy("give its path"))
    }
}

/// Whether `path` can be run.
pub fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|is| is.is_file()) && access(path, AccessFlags::X_OK).is_ok()
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
    fn the_first_program_of_a_name_counts_and_no_wrapper_or_cache() {
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
    fn what_cannot_be_wrapped_is_refused_by_its_path() {
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
