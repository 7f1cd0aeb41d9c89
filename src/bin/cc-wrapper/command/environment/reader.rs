//! Whether anybody reads the variables.

use std::env;
use std::ffi::OsStr;
use std::path::Path;

use crate::command::error::warn;
use crate::command::own;

/// Warns if no compiler on PATH is wrapped, as then nothing comes of
/// NIX_CFLAGS_COMPILE.
pub fn check() {
    let path = env::var_os("PATH").unwrap_or_default();
    let named = env::var("CC").unwrap_or_default();
    let named = named.split_whitespace().next();
    let compilers = named.into_iter().chain(["cc", "gcc", "clang"]);
    let mut programs =
        compilers.filter_map(|name| which::which_in(OsStr::new(name), Some(&path), "/").ok());
    if !programs.any(|program| own::is_wrapper(&program) || is_of_nixpkgs(&program)) {
        warn(
            "no compiler on PATH is wrapped, and others do not read NIX_CFLAGS_COMPILE \
             and NIX_LDFLAGS; give a wrapped root with --toolchain",
        );
    }
}

fn is_of_nixpkgs(program: &Path) -> bool {
    let root = program.parent().and_then(Path::parent);
    root.is_some_and(|root| root.join("nix-support/cc-cflags").exists())
}
