//! Where pkg-config looks.

use super::finding::{shown, Finding};
use super::gone;
use super::variables::Variables;

const VARIABLES: [&str; 3] = [
    "PKG_CONFIG_PATH",
    "PKG_CONFIG_PATH_FOR_BUILD",
    "PKG_CONFIG_PATH_FOR_TARGET",
];

pub fn check(variables: &Variables) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in VARIABLES {
        let directories = variables.directories(name).into_iter();
        for directory in directories.filter(|directory| !directory.is_dir()) {
            let what = format!("names {}, which does not exist", shown(&directory));
            let remedy = gone::remedy(&directory, "take it out, or install what should be there");
            findings.push(Finding::error("absent-directory", name, what, remedy).into_warning());
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_that_do_not_exist_are_named() {
        let variables = Variables::new(&["PKG_CONFIG_PATH=/usr::/none/pkgconfig"]);
        let [finding] = check(&variables).try_into().unwrap();
        assert_eq!(finding.what, "names /none/pkgconfig, which does not exist");
    }
}
