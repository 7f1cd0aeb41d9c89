//! Checks that a wrapped compiler will read the variables.

use std::env;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::process::search;
use crate::support::error::warn;
use crate::support::self_binary;

/// Warns if the compiler that CC names is not wrapped or, if CC is not set, no
/// compiler on PATH is. NIX_CFLAGS_COMPILE has no effect then.
pub fn check() {
    let path = env::var_os("PATH").unwrap_or_default();
    let find = |name: &OsStr| search::programs(name, &path).next();
    let cc = env::var_os("CC").unwrap_or_default();
    let (programs, what) = match compiler_in(&cc, find) {
        Some(program) => (
            vec![program],
            "the compiler that CC names is not wrapped, and does",
        ),
        None => (
            ["cc", "gcc", "clang"]
                .iter()
                .filter_map(|name| find(OsStr::new(name)))
                .collect(),
            "no compiler on PATH is wrapped, and others do",
        ),
    };
    if !programs
        .iter()
        .any(|program| self_binary::is_wrapper(program) || is_of_nixpkgs(program))
    {
        warn(&format!(
            "{what} not read NIX_CFLAGS_COMPILE and NIX_LDFLAGS; \
             give a wrapped root with --toolchain"
        ));
    }
}

/// Returns the wrapped C and C++ compilers that come first on PATH.
pub fn compilers() -> Vec<PathBuf> {
    let names = ["cc", "gcc", "clang", "c++", "g++", "clang++"];
    let first = names.iter().filter_map(search::program);
    first
        .filter(|program| self_binary::is_wrapper(program))
        .collect()
}

/// Returns the compiler in the value of CC, which may have a compiler cache
/// before it and options after it.
fn compiler_in(value: &OsStr, find: impl Fn(&OsStr) -> Option<PathBuf>) -> Option<PathBuf> {
    let words = value.as_bytes().split(u8::is_ascii_whitespace);
    let words = words.filter(|word| !word.is_empty()).map(OsStr::from_bytes);
    let mut programs = words.map_while(find);
    programs.find(|program| self_binary::cache(program).is_none())
}

fn is_of_nixpkgs(program: &Path) -> bool {
    let root = program.parent().and_then(Path::parent);
    root.is_some_and(|root| root.join("nix-support/cc-cflags").exists())
}
