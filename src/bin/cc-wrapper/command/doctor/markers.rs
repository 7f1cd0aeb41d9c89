//! Whether anything of what the variables say is put into calls.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use cc_wrapper::model::argument::RoleSuffix;
use cc_wrapper::model::half::WrapperHalf as Which;
use cc_wrapper::model::toolchain::ToolKind;
use cc_wrapper::planning::log::Log;
use cc_wrapper::planning::roles::roles;
use cc_wrapper::rules::collect::flag_lists;

use super::finding::{Finding, bytes};
use super::others;
use super::root::{Half, Root};
use super::variables::Variables;

const ROLES: [&str; 3] = ["HOST", "BUILD", "TARGET"];

pub fn check(root: &Root, variables: &Variables) -> Vec<Finding> {
    let mut findings = Vec::new();
    if root.compilers.has(ToolKind::is_compiler) {
        findings.extend(half(&root.compilers, Which::Compiler, variables));
    }
    let linkers = root.linkers();
    if linkers.has(|role| role == ToolKind::Ld) {
        let found = half(linkers, Which::Linker, variables);
        // Most links are a compiler's, which sees to the linker's variables.
        match root.compilers.has(ToolKind::is_compiler) {
            true => findings.extend(found.into_iter().map(Finding::into_warning)),
            false => findings.extend(found),
        }
    }
    findings
}

fn half(half: &Half, which: Which, variables: &Variables) -> Option<Finding> {
    let salt = half.salt();
    let (wrapper, tools) = match which {
        Which::Compiler => ("NIX_CC_WRAPPER", "compilers"),
        Which::Linker => ("NIX_BINTOOLS_WRAPPER", "linkers, called by themselves,"),
        Which::PkgConfig => ("NIX_PKG_CONFIG_WRAPPER", "pkg-config"),
    };
    let mark = format!("{wrapper}_FLAGS_SET_{salt}");
    if variables.get(&mark).is_some() {
        return Some(already_collected(&mark, tools));
    }
    let environment = variables.environment();
    let served = roles(&environment, half.toolchain, which, &mut Log::default());
    let begin = format!("{wrapper}_TARGET_");
    if !served.is_empty() {
        return (!served.contains(&RoleSuffix::Plain))
            .then(|| other_role(which, &begin, &salt, tools, variables))
            .flatten();
    }
    let mut is_others = false;
    for role in ROLES {
        let of_role = format!("{begin}{role}_");
        for (name, _) in variables.all() {
            let Some(other) = name.strip_prefix(of_role.as_bytes()) else {
                continue;
            };
            // Each half of a cross build has its own.
            if others::are_served(other, variables) {
                is_others = true;
                continue;
            }
            let other = bytes(other);
            return Some(Finding::error(
                "marker-of-other-salt",
                OsStr::from_bytes(name),
                format!(
                    "is set for the salt {other}, but this root's is {salt}: its {tools} get nothing of NIX_CFLAGS_COMPILE, NIX_LDFLAGS and their kin"
                ),
                format!("export {of_role}{salt}=1"),
            ));
        }
    }
    if is_others {
        return None;
    }
    let list = plain_list(which, variables)?;
    Some(Finding::error(
        "no-marker",
        list,
        format!("is set, but this root's {tools} take it only where a role is marked"),
        format!("export {begin}HOST_{salt}=1"),
    ))
}

/// This root serves roles, but not the one that lists without a suffix belong
/// to. Where another root does, that is a cross build.
fn other_role(
    which: Which,
    begin: &str,
    salt: &str,
    tools: &str,
    variables: &Variables,
) -> Option<Finding> {
    let host = format!("{begin}HOST_");
    let mut all = variables.all();
    if all.any(|(name, _)| name.starts_with(host.as_bytes())) {
        return None;
    }
    let list = plain_list(which, variables)?;
    let markers = ["BUILD", "TARGET"].map(|role| format!("{begin}{role}_{salt}"));
    let markers = markers.iter().filter(|name| variables.get(name).is_some());
    let markers: Vec<&str> = markers.map(String::as_str).collect();
    let finding = Finding::error(
        "marker-of-other-role",
        list,
        format!(
            "is set, but this root's {tools} do not take it: of the markers only {} is set",
            markers.join(" and ")
        ),
        format!("export {host}{salt}=1"),
    );
    Some(finding.into_warning())
}

/// A list without a suffix that calls of this half take.
fn plain_list(which: Which, variables: &Variables) -> Option<&'static str> {
    // A compiler collects the linker's too.
    let others = match which {
        Which::Compiler => Some(flag_lists(Which::Linker)),
        _ => None,
    };
    let mut lists = flag_lists(which).chain(others.into_iter().flatten());
    lists.find(|list| variables.get(list).is_some())
}

fn already_collected(mark: &str, tools: &str) -> Finding {
    Finding::error(
        "already-collected",
        mark,
        format!("is set, as within a wrapped call: this root's {tools} read neither NIX_CFLAGS_COMPILE, NIX_LDFLAGS and their kin nor flag files"),
        format!("unset {mark}"),
    )
    .into_warning()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::finding::Severity;
    use crate::command::doctor::root::{self, tests::lay};

    fn found(keys: &str, variables: &[&str]) -> Vec<Finding> {
        let dir = lay(keys);
        root::read(dir.path(), |root| check(root, &Variables::new(variables)))
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
