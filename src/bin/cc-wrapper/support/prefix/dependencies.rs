//! Finds the prefixes: those on the command line, and those that they
//! propagate.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::support::error::{Error, Result, cannot};
use crate::support::foreign_file;
use crate::support::paths::{
    absolute, canonical, has_colon, has_white_space, plain, without_parents,
};
use crate::support::show::shown;

/// The file that lists dependencies that a package's users need too.
const PROPAGATED: &str = "nix-support/propagated-build-inputs";

/// A directory with one of these is a package's prefix.
const PARTS: [&str; 7] = [
    "include",
    "lib",
    "lib64",
    "bin",
    "share",
    "Library/Frameworks",
    PROPAGATED,
];

/// No package needs more.
const MOST: usize = 1024;

/// The system's prefixes. Passed with `-isystem`, their headers would come
/// before those of the C++ library, whose `#include_next` then fails.
const SYSTEMS: [&str; 2] = ["/", "/usr"];

/// Returns the absolute prefixes without duplicates in stdenv's order: a
/// package, then what it propagates, then the next package.
///
/// # Errors
/// Fails if a prefix does not exist, is empty, or has a path that a list cannot
/// hold.
pub fn follow(given: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for given in given {
        let prefix = without_parents(&absolute(given)?);
        let called = shown(given);
        match fs::metadata(&prefix) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                return Err(Error::new(format!("{called} does not exist"))
                    .remedy("give the directory that a dependency is installed to"));
            }
            Err(why) => return Err(cannot("read", given)(why)),
            Ok(is) if !is.is_dir() => {
                return Err(Error::new(format!("{called} is not a directory"))
                    .remedy("give the one that holds include and lib"));
            }
            Ok(_) => {}
        }
        if !PARTS.iter().any(|part| prefix.join(part).exists()) {
            return Err(Error::new(format!(
                "{called} holds none of include, lib, bin and share"
            ))
            .remedy("give the directory that holds them"));
        }
        if is_systems(&prefix) {
            return Err(
                Error::new(format!("{called} is searched by all compilers anyway"))
                    .remedy("leave it out"),
            );
        }
        add(prefix, &mut found)?;
    }
    Ok(found)
}

fn is_systems(prefix: &Path) -> bool {
    SYSTEMS.contains(&canonical(prefix).to_str().unwrap_or_default())
}

/// Tokens that the dynamic loader replaces in an rpath.
const TOKENS: [&str; 3] = ["ORIGIN", "LIB", "PLATFORM"];

/// Returns the token in `path` as loaders read it; `$LIBRARY`, for example,
/// begins with `$LIB`.
fn token(path: &Path) -> Option<&'static str> {
    let mut parts = path.as_os_str().as_bytes().split(|&b| b == b'$');
    parts.next();
    parts.find_map(|part| {
        let is_this = |token: &&&str| {
            let token = token.as_bytes();
            part.starts_with(token) || part.starts_with(&[b"{", token, b"}"].concat())
        };
        TOKENS.iter().find(is_this).copied()
    })
}

/// Returns what is in `path` that lists of flags and directories cannot hold, and
/// the reason. `None` if nothing is.
pub fn unlistable(path: &Path) -> Option<(String, &'static str)> {
    let lists = "which lists of flags and directories cannot hold";
    if has_white_space(path) {
        Some(("white space".to_owned(), lists))
    } else if has_colon(path) {
        Some(("a colon".to_owned(), lists))
    } else {
        let why = "for which dynamic loaders put something else";
        token(path).map(|token| (format!("${token}"), why))
    }
}

/// Adds a prefix and, after it, those that it propagates.
fn add(prefix: PathBuf, found: &mut Vec<PathBuf>) -> Result<()> {
    let mut pending = vec![prefix];
    while let Some(prefix) = pending.pop() {
        if found.contains(&prefix) {
            continue;
        }
        if let Some((what, why)) = unlistable(&prefix) {
            let error = Error::about(&prefix, format!("has {what} in its path, {why}"));
            return Err(error.remedy("install it elsewhere, or give a symlink to it"));
        }
        if found.len() == MOST {
            let what = format!("is one of more than {MOST} packages that these need");
            return Err(Error::about(&prefix, what).remedy(format!("correct {PROPAGATED}")));
        }
        pending.extend(propagated(&prefix)?.into_iter().rev());
        found.push(prefix);
    }
    Ok(())
}

fn propagated(prefix: &Path) -> Result<Vec<PathBuf>> {
    let list = prefix.join(PROPAGATED);
    let text = match foreign_file::read(&list) {
        Ok(text) => text,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(cannot("read", &list)(why)),
    };
    let mut paths = Vec::new();
    let words = text.split(u8::is_ascii_whitespace);
    for word in words.filter(|word| !word.is_empty()) {
        let path = plain(Path::new(OsStr::from_bytes(word)));
        if !path.is_absolute() || !path.exists() {
            let what = format!("does not exist, but {} names it", shown(&list));
            return Err(Error::about(&path, what).remedy("install it, or correct that file"));
        }
        // stdenv also accepts scripts, which tools cannot search, and has no
        // system prefixes.
        if path.is_dir() && !is_systems(&path) {
            paths.push(path);
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_the_loader_are_found() {
        for (path, expected) in [
            ("/a/$ORIGIN/b", Some("ORIGIN")),
            ("/a/x${LIB}", Some("LIB")),
            ("/$$PLATFORMS", Some("PLATFORM")),
            ("/a/$lib/${LIB", None),
            ("/LIB/$", None),
        ] {
            assert_eq!(token(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn packages_come_before_what_they_propagate_without_duplicates() {
        let dir = tempfile::tempdir().unwrap();
        let [a, b, c] = ["a", "b", "c"].map(|name| dir.path().join(name));
        for prefix in [&a, &b, &c] {
            fs::create_dir_all(prefix.join("nix-support")).unwrap();
            fs::create_dir(prefix.join("lib")).unwrap();
        }
        // A cycle works too.
        fs::write(
            a.join(PROPAGATED),
            format!(" {}\n{}/ ", c.display(), a.display()),
        )
        .unwrap();
        fs::write(c.join(PROPAGATED), format!("{}\n", a.display())).unwrap();
        let given = [a, b, c];
        let found = follow(&given).unwrap();
        let [a, b, c] = given;
        assert_eq!(found, [a, c, b]);
    }

    #[test]
    fn a_long_chain_of_packages_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let prefix = |n: usize| dir.path().join(n.to_string());
        for n in 0..=MOST {
            let support = prefix(n).join("nix-support");
            fs::create_dir_all(&support).unwrap();
            let next = prefix(n + 1).display().to_string();
            let next = if n < MOST { next } else { String::new() };
            fs::write(prefix(n).join(PROPAGATED), next).unwrap();
        }
        assert_eq!(follow(&[prefix(1)]).unwrap().len(), MOST);
        let error = follow(&[prefix(0)]).unwrap_err();
        assert!(error.line().contains("more than 1024 packages"));
    }
}
