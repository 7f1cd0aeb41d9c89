//! What is told of the entries of a RUNPATH.

use std::path::Path;

use super::run_path::Entry;
use crate::command::doctor::finding::{Finding, bytes, shown};
use crate::command::doctor::gone;

pub fn check(file: &Path, entries: &[Entry], is_of_use: impl Fn(&Path) -> bool) -> Vec<Finding> {
    let warning = |id, what: String, remedy: &str| {
        Some(Finding::error(id, file, what, remedy).into_warning())
    };
    let finding = |entry: &Entry| match entry {
        Entry::Relative(spelled) => warning(
            "relative-run-path",
            format!(
                "looks for libraries in {}, seen from wherever it is run",
                bytes(spelled)
            ),
            "write it from $ORIGIN, or take it out: patchelf --set-rpath",
        ),
        Entry::Opaque(spelled) => Some(
            Finding::error(
                "unknown-run-path",
                file,
                format!(
                    "looks for libraries in {}, which only the loader understands",
                    bytes(spelled)
                ),
                "there is nothing to do",
            )
            .into_note(),
        ),
        Entry::Directory(path) if !path.is_dir() => warning(
            "absent-run-path",
            format!(
                "looks for libraries in {}, which does not exist",
                shown(path)
            ),
            &gone::remedy(path, "link it again without that, or patchelf --set-rpath"),
        ),
        Entry::Directory(path) if !is_of_use(path) => warning(
            "useless-run-path",
            format!(
                "looks for libraries in {}, which has none of those it needs",
                shown(path)
            ),
            "link it again without that, unless it is for dlopen",
        ),
        Entry::Directory(_) => None,
    };
    entries.iter().filter_map(finding).collect()
}
