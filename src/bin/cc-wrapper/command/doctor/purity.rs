//! What says which paths are pure, and which become rpaths.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::finding::{Finding, bytes};
use super::variables::Variables;

pub fn check(variables: &Variables) -> Vec<Finding> {
    let store = variables.get("NIX_STORE");
    let mut findings = Vec::new();
    if variables.get("NIX_ENFORCE_PURITY") == Some(b"1") && store.is_none() {
        findings.push(
            Finding::error(
                "purity-without-store",
                "NIX_ENFORCE_PURITY",
                "is 1, but NIX_STORE is not set: nothing is enforced",
                "export NIX_STORE=/nix/store, or unset NIX_ENFORCE_PURITY",
            )
            .into_warning(),
        );
    }
    if let Some(store) = store.filter(|store| !Path::new(OsStr::from_bytes(store)).is_dir()) {
        findings.push(
            Finding::error(
                "absent-store",
                "NIX_STORE",
                format!(
                    "is {}, which is no directory: no library gets an rpath",
                    bytes(store)
                ),
                "unset it, or name the directory that your libraries lie below",
            )
            .into_warning(),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purity_needs_a_store_that_is_there() {
        let ids = |variables: &[&str]| {
            let found = check(&Variables::new(variables)).into_iter();
            found.map(|finding| finding.id).collect::<Vec<_>>()
        };
        let pure = "NIX_ENFORCE_PURITY=1";
        assert_eq!(ids(&[pure]), ["purity-without-store"]);
        assert_eq!(ids(&[pure, "NIX_STORE=/usr"]), [""; 0]);
        assert_eq!(ids(&["NIX_ENFORCE_PURITY=0"]), [""; 0]);
        assert_eq!(ids(&["NIX_STORE=/none"]), ["absent-store"]);
    }
}
