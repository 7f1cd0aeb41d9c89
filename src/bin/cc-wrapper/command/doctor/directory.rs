//! What is wrong with a directory that a variable or a file names.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::finding::{Finding, Place, shown};
use super::gone;

/// `named` is how the place names it, an option before it.
pub fn absent(place: impl Into<Place>, option: &str, path: &Path) -> Finding {
    let named = match option {
        "" => shown(path),
        option => format!("{option} {}", shown(path)),
    };
    let place = place.into();
    let finding = |id, what: String, remedy: &str| Finding {
        directory: Some(path.to_path_buf()),
        ..Finding::error(id, place, what, remedy).into_warning()
    };
    if is_for_a_shell(path) {
        return finding(
            "unexpanded",
            format!("names {named}, which nothing expands"),
            "write the whole path, or let the shell expand it before it is set",
        );
    }
    if path.is_relative() {
        return finding(
            "relative-directory",
            format!("names {named}, which counts from where each call is made, and is not here"),
            "name it by an absolute path",
        );
    }
    finding(
        "absent-directory",
        format!("names {named}, which does not exist"),
        &gone::remedy(path, "take it out, or install what should be there"),
    )
}

/// A directory is told of where it is first named; who else names it comes
/// along.
pub fn told_once(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<(Finding, Vec<String>)> = Vec::new();
    for finding in findings {
        let is_same = |(first, _): &&mut (Finding, Vec<String>)| {
            first.directory.is_some() && first.directory == finding.directory
        };
        match kept.iter_mut().find(is_same) {
            Some((first, others)) => {
                let name = finding.place.shown();
                if first.place != finding.place && !others.contains(&name) {
                    others.push(name);
                }
            }
            None => kept.push((finding, Vec::new())),
        }
    }
    let tell = |(mut finding, others): (Finding, Vec<String>)| {
        let verb = if others.len() == 1 { "names" } else { "name" };
        if !others.is_empty() {
            let others = others.join(" and ");
            finding.what = format!("{}, and {others} {verb} it too", finding.what);
        }
        finding
    };
    kept.into_iter().map(tell).collect()
}

/// Whether it was meant to be expanded: a path has no `$` otherwise.
fn is_for_a_shell(path: &Path) -> bool {
    let text = path.as_os_str().as_bytes();
    text.starts_with(b"~") || text.contains(&b'$') || text.contains(&b'`')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_has_its_reason() {
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
    fn a_directory_is_told_of_once() {
        let absent = |place: &str, path: &str| absent(place, "", Path::new(path));
        let all = ["A", "A", "B", "C", "B"].map(|place| absent(place, "/none"));
        let [first, other] = told_once([&all[..], &[absent("B", "/other")]].concat())
            .try_into()
            .unwrap();
        let told = "names /none, which does not exist, and B and C name it too";
        assert_eq!((first.place, &*first.what), (Place::from("A"), told));
        assert_eq!(other.what, "names /other, which does not exist");
    }
}
