//! Where pkg-config and CMake look: lists with colons between directories.

use super::directory;
use super::finding::Finding;
use super::variables::Variables;

const VARIABLES: [&str; 7] = [
    "PKG_CONFIG_PATH",
    "PKG_CONFIG_PATH_FOR_BUILD",
    "PKG_CONFIG_PATH_FOR_TARGET",
    "CMAKE_PREFIX_PATH",
    "CMAKE_INCLUDE_PATH",
    "CMAKE_LIBRARY_PATH",
    "CMAKE_FRAMEWORK_PATH",
];

pub fn check(variables: &Variables) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in VARIABLES {
        let directories = variables.directories(name).into_iter();
        let absent = directories.filter(|directory| !directory.is_dir());
        findings.extend(absent.map(|path| directory::absent(name, "", &path)));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_that_do_not_exist_are_named() {
        for name in ["PKG_CONFIG_PATH", "CMAKE_PREFIX_PATH"] {
            let variables = Variables::new(&[format!("{name}=/usr::/none/x")]);
            let [finding] = check(&variables).try_into().unwrap();
            assert_eq!(finding.place, name);
            assert_eq!(finding.what, "names /none/x, which does not exist");
        }
    }
}
