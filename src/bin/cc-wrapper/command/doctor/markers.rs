//! Whether a root's tools read NIX_CFLAGS_COMPILE, NIX_LDFLAGS and related
//! variables: role markers, and the mark of a wrapped call.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use cc_wrapper::model::argument::RoleSuffix;
use cc_wrapper::model::half::WrapperHalf as Which;
use cc_wrapper::model::toolchain::ToolKind;
use cc_wrapper::planning::log::Log;
use cc_wrapper::planning::roles::roles;
use cc_wrapper::rules::collect::flag_lists;

use super::finding::{Finding, Severity};
use super::leads::Leads;
use super::root::{Half, Root};
use super::variables::Variables;
use crate::process::report::quoted;

const LISTS: &str = "NIX_CFLAGS_COMPILE, NIX_LDFLAGS and related variables";

/// What keeps a root's tools from reading the variables.
pub fn check(root: &Root, variables: &Variables, leads: &Leads) -> Vec<Finding> {
    let mut findings = Vec::new();
    let has_compilers = root.compilers.has(ToolKind::is_compiler);
    if has_compilers {
        findings.extend(half(&root.compilers, Which::Compiler, variables, leads));
    }
    let linkers = root.linkers();
    if linkers.has(|role| role == ToolKind::Ld) {
        let mut found = half(linkers, Which::Linker, variables, leads);
        if has_compilers {
            // Compilers, which start most links, pass the linker's variables on.
            found = found.map(|finding| finding.of(Severity::Warning));
        }
        findings.extend(found);
    }
    findings
}

fn half(half: &Half, which: Which, variables: &Variables, leads: &Leads) -> Option<Finding> {
    let salt = half.salt();
    let (wrapper, tools) = match which {
        Which::Compiler => ("NIX_CC_WRAPPER", "compilers"),
        Which::Linker => ("NIX_BINTOOLS_WRAPPER", "linkers, called by themselves,"),
        Which::PkgConfig => ("NIX_PKG_CONFIG_WRAPPER", "pkg-config"),
    };
    let mark = format!("{wrapper}_FLAGS_SET_{salt}");
    if variables.get(&mark).is_some() {
        let what = format!(
            "is set, as within a wrapped call: this root's {tools} read neither {LISTS} nor flag files"
        );
        let remedy = format!("unset {mark}");
        return Some(Finding::warning("already-collected", mark, what, remedy));
    }
    let of_role = |role| format!("{wrapper}_TARGET_{role}_");
    let marker = |role| format!("{}{salt}", of_role(role));
    let environment = variables.environment();
    let served = roles(&environment, half.toolchain, which, &mut Log::default());
    if served.contains(&RoleSuffix::Plain) {
        return None;
    }
    let list = plain_list(which, variables);
    let export = format!("export {}=1", marker("HOST"));
    if !served.is_empty() {
        // Where another root has the role of lists without a suffix, this is a
        // cross build.
        let host = of_role("HOST");
        let mut names = variables.all().map(|(name, _)| name);
        if names.any(|name| name.starts_with(host.as_bytes())) {
            return None;
        }
        let mut set = ["BUILD", "TARGET"].map(marker).to_vec();
        set.retain(|name| variables.get(name).is_some());
        let set = set.join(" and ");
        let what = format!(
            "is set, but this root's {tools} do not read it: of the markers only {set} is set"
        );
        let id = "marker-of-other-role";
        return Some(Finding::warning(id, list?, what, export));
    }
    let mut is_others = false;
    for role in ["HOST", "BUILD", "TARGET"] {
        let of_role = of_role(role);
        for (name, _) in variables.all() {
            let Some(other) = name.strip_prefix(of_role.as_bytes()) else {
                continue;
            };
            // In a cross build, each root has its own marker.
            if leads.reach_salt(other) {
                is_others = true;
                continue;
            }
            let other = quoted(other);
            let what = format!(
                "is set for the salt {other}, but this root's is {salt}: its {tools} ignore {LISTS}"
            );
            let (id, remedy) = ("marker-of-other-salt", format!("export {}=1", marker(role)));
            return Some(Finding::error(id, OsStr::from_bytes(name), what, remedy));
        }
    }
    let list = list.filter(|_| !is_others)?;
    let what = format!("is set, but this root's {tools} read it only if a role marker is set");
    Some(Finding::error("no-marker", list, what, export))
}

/// The first variable without a suffix that is set and that this half reads.
fn plain_list(which: Which, variables: &Variables) -> Option<&'static str> {
    // A compiler collects the linker's too.
    let linkers = (which == Which::Compiler).then(|| flag_lists(Which::Linker));
    let mut lists = flag_lists(which).chain(linkers.into_iter().flatten());
    lists.find(|list| variables.get(list).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::finding::Severity;
    use crate::command::doctor::root::{self, tests::lay};

    fn found(keys: &str, variables: &[&str]) -> Vec<Finding> {
        let dir = lay(keys);
        let variables = Variables::new(variables);
        let leads = Leads::of(&variables);
        root::read(dir.path(), |root| check(root, &variables, &leads))
    }

    #[test]
    fn a_marker_of_another_salt_names_the_right_one() {
        let other = [
            "NIX_CC_WRAPPER_TARGET_HOST_x=1",
            "NIX_BINTOOLS_WRAPPER_TARGET_BUILD_x=1",
        ];
        let [compilers, linkers] = found("", &other).try_into().unwrap();
        assert_eq!(compilers.severity, Severity::Error);
        assert_eq!(compilers.place, "NIX_CC_WRAPPER_TARGET_HOST_x");
        assert_eq!(compilers.remedy, "export NIX_CC_WRAPPER_TARGET_HOST_s=1");
        assert_eq!(linkers.severity, Severity::Warning);
        assert_eq!(
            linkers.remedy,
            "export NIX_BINTOOLS_WRAPPER_TARGET_BUILD_s=1"
        );
    }

    #[test]
    fn without_a_marker_what_is_set_is_for_nobody() {
        let ids = |variables: &[&str]| {
            let found = found("", variables).into_iter();
            found.map(|finding| finding.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(&["NIX_CFLAGS_COMPILE=-DX"]), ["no-marker"]);
        assert_eq!(ids(&["NIX_LDFLAGS=-Lx"]), ["no-marker", "no-marker"]);
        assert_eq!(ids(&[]), [""; 0]);
        let marked = "NIX_CC_WRAPPER_TARGET_HOST_s=1";
        assert_eq!(ids(&["NIX_CFLAGS_COMPILE=-DX", marked]), [""; 0]);
        let collected = "NIX_CC_WRAPPER_FLAGS_SET_s=1";
        assert_eq!(ids(&[marked, collected]), ["already-collected"]);
    }

    #[test]
    fn a_marker_for_another_role_leaves_what_is_set_to_nobody() {
        let build = "NIX_CC_WRAPPER_TARGET_BUILD_s=1";
        for keys in ["", r#""roleMarkers": "optional","#] {
            for list in ["NIX_CFLAGS_COMPILE", "NIX_LDFLAGS"] {
                let set = format!("{list}=-Lx");
                let linkers = "NIX_BINTOOLS_WRAPPER_TARGET_HOST_s=1";
                let [finding] = found(keys, &[&set, build, linkers]).try_into().unwrap();
                assert_eq!(finding.id, "marker-of-other-role");
                assert_eq!(finding.severity, Severity::Warning);
                assert_eq!(finding.place, list);
                let told = "only NIX_CC_WRAPPER_TARGET_BUILD_s is set";
                assert!(finding.what.ends_with(told), "{}", finding.what);
                assert_eq!(finding.remedy, "export NIX_CC_WRAPPER_TARGET_HOST_s=1");
            }
            // A cross build's native compiler.
            let cross = "NIX_CC_WRAPPER_TARGET_HOST_x=1";
            let set = "NIX_CFLAGS_COMPILE=-DX";
            assert_eq!(found(keys, &[set, build, cross]), []);
            assert_eq!(
                found(keys, &["NIX_CFLAGS_COMPILE_FOR_BUILD=-DX", build]),
                []
            );
        }
    }

    #[test]
    fn a_root_may_need_no_marker() {
        let variables = ["NIX_CFLAGS_COMPILE=-DX", "NIX_CC_WRAPPER_TARGET_HOST_x=1"];
        assert_eq!(found(r#""roleMarkers": "optional","#, &variables), []);
    }
}
