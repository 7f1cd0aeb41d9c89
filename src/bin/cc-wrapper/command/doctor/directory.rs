//! Directories that variables and flag files name, and that do not exist.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::collected_paths;
use super::finding::{Finding, shown};

/// A directory that does not exist. `option` is what stands before it at
/// `place`, if anything.
pub fn absent(place: impl Into<OsString>, option: &str, path: &Path) -> Finding {
    let named = format!("{option} {}", shown(path));
    let named = named.trim_start();
    let (id, why, remedy) = if is_for_a_shell(path) {
        let remedy = "write the whole path, or let the shell expand it before it is set";
        ("unexpanded", "which nothing expands", remedy.to_owned())
    } else if path.is_relative() {
        let why = "which each call sees from its own directory, and is not here";
        let remedy = "name it by an absolute path";
        ("relative-directory", why, remedy.to_owned())
    } else {
        let remedy = collected_paths::remedy(path, "remove it, or install what should be there");
        ("absent-directory", "which does not exist", remedy)
    };
    let mut finding = Finding::warning(id, place, format!("names {named}, {why}"), remedy);
    finding.directory = Some(path.to_path_buf());
    finding
}

/// Findings in which each directory is reported once, with all places that name
/// it.
pub fn merged(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<(Finding, Vec<String>)> = Vec::new();
    for finding in findings {
        let is_same = |(first, _): &&mut (Finding, Vec<String>)| {
            first.directory.is_some() && first.directory == finding.directory
        };
        let Some((first, others)) = kept.iter_mut().find(is_same) else {
            kept.push((finding, Vec::new()));
            continue;
        };
        let name = shown(&finding.place);
        if first.place != finding.place && !others.contains(&name) {
            others.push(name);
        }
    }
    for (finding, others) in &mut kept {
        if !others.is_empty() {
            let verb = if others.len() == 1 { "names" } else { "name" };
            let others = others.join(" and ");
            finding.what = format!("{}, and {others} {verb} it too", finding.what);
        }
    }
    kept.into_iter().map(|(finding, _)| finding).collect()
}

/// Whether a shell was meant to expand a path.
fn is_for_a_shell(path: &Path) -> bool {
    let text = path.as_os_str().as_bytes();
    text.starts_with(b"~") || text.contains(&b'$') || text.contains(&b'`')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_directory_has_its_reason() {
        for (path, id) in [
            ("/none", "absent-directory"),
            ("none/x", "relative-directory"),
            ("~/lib", "unexpanded"),
            ("$PWD/lib", "unexpanded"),
            ("/x/${y}", "unexpanded"),
        ] {
            assert_eq!(absent("X", "-L", Path::new(path)).id, id, "{path}");
        }
        let told = absent("X", "", Path::new("/none")).what;
        assert_eq!(told, "names /none, which does not exist");
    }

    #[test]
    fn a_directory_is_reported_once() {
        let absent = |place: &str, path: &str| absent(place, "", Path::new(path));
        let all = ["A", "A", "B", "C", "B"].map(|place| absent(place, "/none"));
        let [first, other] = merged([&all[..], &[absent("B", "/other")]].concat())
            .try_into()
            .unwrap();
        let told = "names /none, which does not exist, and B and C name it too";
        assert_eq!((first.place, &*first.what), (OsString::from("A"), told));
        assert_eq!(other.what, "names /other, which does not exist");
    }
}
