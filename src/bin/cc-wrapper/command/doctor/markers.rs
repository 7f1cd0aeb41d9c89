//! Whether anything of what the variables say is put into calls.

use cc_wrapper::environment::{flag_lists, roles, Half as Which};
use cc_wrapper::event::Log;
use cc_wrapper::toolchain::{Role, RoleMarkers};

use super::finding::{bytes, Finding};
use super::root::{Half, Root};
use super::variables::Variables;

const ROLES: [&str; 3] = ["HOST", "BUILD", "TARGET"];

pub fn check(root: &Root, variables: &Variables) -> Vec<Finding> {
    let mut findings = Vec::new();
    if root.compilers.has(Role::is_compiler) {
        findings.extend(half(&root.compilers, Which::Compiler, variables));
    }
    let linkers = root.linkers();
    if linkers.has(|role| role == Role::Ld) {
        let found = half(linkers, Which::Linker, variables);
        // Most links are a compiler's, which sees to the linker's variables.
        match root.compilers.has(Role::is_compiler) {
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
    let toolchain = half.toolchain;
    if toolchain.role_markers == RoleMarkers::Optional
        || !roles(
            &variables.environment(),
            toolchain,
            which,
            &mut Log::default(),
        )
        .is_empty()
    {
        return None;
    }
    let begin = format!("{wrapper}_TARGET_");
    for role in ROLES {
        let of_role = format!("{begin}{role}_");
        let is_other = |(name, _): &(&[u8], &[u8])| name.starts_with(of_role.as_bytes());
        if let Some((name, _)) = variables.all().find(is_other) {
            let other = bytes(&name[of_role.len()..]);
            return Some(Finding::error(
                "marker-of-other-salt",
                bytes(name),
                format!("is set for the salt {other}, but this root's is {salt}: its {tools} get nothing of NIX_CFLAGS_COMPILE, NIX_LDFLAGS and their kin"),
                format!("export {of_role}{salt}=1"),
            ));
        }
    }
    let list = flag_lists(which).find(|list| variables.get(list).is_some())?;
    Some(Finding::error(
        "no-marker",
        list,
        format!("is set, but this root's {tools} take it only where a role is marked"),
        format!("export {begin}HOST_{salt}=1"),
    ))
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
        assert_eq!(ids(&["NIX_LDFLAGS=-Lx"]), ["no-marker"]);
        assert_eq!(ids(&[]), [""; 0]);
        let marked = "NIX_CC_WRAPPER_TARGET_BUILD_s=1";
        assert_eq!(ids(&["NIX_CFLAGS_COMPILE=-DX", marked]), [""; 0]);
        let collected = "NIX_CC_WRAPPER_FLAGS_SET_s=1";
        assert_eq!(ids(&[marked, collected]), ["already-collected"]);
    }

    #[test]
    fn a_root_may_need_no_marker() {
        let variables = ["NIX_CFLAGS_COMPILE=-DX", "NIX_CC_WRAPPER_TARGET_HOST_x=1"];
        assert_eq!(found(r#""roleMarkers": "optional","#, &variables), []);
    }
}
