//! Finds the prefixes: those on the command line, and those that they
//! propagate.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::support::error::{Error, Result, cannot};
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
                return Err(Error::new(format!("{called} is not there"))
                    .remedy("give the directory that a dependency is installed to"));
            }
            Err(why) => return Err(cannot("read", given)(why)),
            Ok(is) if !is.is_dir() => {
                return Err(Error::new(format!("{called} is no directory"))
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

fn add(prefix: PathBuf, found: &mut Vec<PathBuf>) -> Result<()> {
    if found.contains(&prefix) {
        return Ok(());
    }
    let lists = "which lists of flags and directories cannot hold";
    let (what, why) = match () {
        () if has_white_space(&prefix) => ("white space".to_owned(), lists),
        () if has_colon(&prefix) => ("a colon".to_owned(), lists),
        () => match token(&prefix) {
            Some(token) => (
                format!("${token}"),
                "for which dynamic loaders put something else",
            ),
            None => {
                found.push(prefix.clone());
                return propagated(&prefix, found);
            }
        },
    };
    Err(
        Error::about(&prefix, format!("has {what} in its path, {why}"))
            .remedy("install it elsewhere, or give a symlink to it"),
    )
}

fn propagated(prefix: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let list = prefix.join(PROPAGATED);
    let text = match fs::read(&list) {
        Ok(text) => text,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(why) => return Err(cannot("read", &list)(why)),
    };
    for word in text.split(u8::is_ascii_whitespace) {
        if word.is_empty() {
            continue;
        }
        let path = plain(Path::new(&OsString::from_vec(word.to_vec())));
        if !path.is_absolute() || !path.exists() {
            return Err(Error::about(
                &path,
                format!("is not there, but {} names it", shown(&list)),
            )
            .remedy("install it, or correct that file"));
        }
        // stdenv also accepts scripts, which tools cannot search, and has no
        // system prefixes.
        if path.is_dir() && !is_systems(&path) {
            add(path, found)?;
        }
    }
    Ok(())
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
}
