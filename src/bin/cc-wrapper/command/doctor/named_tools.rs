//! Programs that variables name.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cc_wrapper::environment::words;

use super::finding::{shown, Finding};
use super::gone;
use super::variables::Variables;
use crate::command::own;

/// Those that `cc-wrapper env` sets, and others that builds run.
const VARIABLES: [&str; 6] = ["CC", "CXX", "CPP", "FC", "LD", "PKG_CONFIG"];

pub fn check(variables: &Variables) -> Vec<Finding> {
    let finding = |name: &str| {
        let program = words(variables.get(name)?).next()?;
        let program = Path::new(OsStr::from_bytes(program));
        // What is no path may be found on PATH, and quotes may be about it.
        // A root's link to nothing is told of as such.
        let is_told = program.is_symlink() && own::root_of(program).is_some();
        if !program.is_absolute() || program.exists() || is_told {
            return None;
        }
        let what = format!("names {}, which does not exist", shown(program));
        let remedy = "unset it, or set it anew, as cc-wrapper env does";
        let remedy = gone::remedy(program, remedy);
        Some(Finding::error("absent-program", name, what, remedy))
    };
    VARIABLES.into_iter().filter_map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_do_not_exist_are_named() {
        let variables = Variables::new(&["CC=/none/cc -m32", "CXX=/bin/sh", "LD=none", "FC= "]);
        let [finding] = check(&variables).try_into().unwrap();
        assert_eq!(finding.place, "CC");
        assert_eq!(finding.what, "names /none/cc, which does not exist");
    }
}
