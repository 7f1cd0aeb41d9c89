//! The roles that a toolchain serves (docs/behaviour.md#1-roles-and-variables).

use alloc::vec::Vec;

use crate::model::argument::RoleSuffix;
use crate::model::environment::Environment;
use crate::model::explanation::{Explanation, Marker};
use crate::model::half::WrapperHalf;
use crate::model::toolchain::{RoleMarkers, Toolchain};
use crate::planning::log::Log;

/// For each role: the middle part of its marker's name, and its variables'
/// suffix.
const MARKERS: [(&[u8], RoleSuffix); 3] = [
    (b"BUILD_", RoleSuffix::ForBuild),
    (b"HOST_", RoleSuffix::Plain),
    (b"TARGET_", RoleSuffix::ForTarget),
];

/// The beginning of the names of a half's markers.
fn prefix(half: WrapperHalf) -> &'static [u8] {
    match half {
        WrapperHalf::Compiler => b"NIX_CC_WRAPPER_TARGET_",
        WrapperHalf::PkgConfig => b"NIX_PKG_CONFIG_WRAPPER_TARGET_",
        WrapperHalf::Linker => b"NIX_BINTOOLS_WRAPPER_TARGET_",
    }
}

/// The suffixes of the served roles. Variables are collected in this order.
pub fn roles(
    environment: &Environment,
    toolchain: &Toolchain,
    half: WrapperHalf,
    log: &mut Log,
) -> Vec<RoleSuffix> {
    let served = served(environment, toolchain, half);
    log.explain(|| Explanation::Roles {
        half,
        markers: markers(half, toolchain, environment),
        served: served.clone(),
        required: toolchain.role_markers == RoleMarkers::Required,
    });
    served
}

/// The half's markers, each set or unset.
fn markers(half: WrapperHalf, toolchain: &Toolchain, environment: &Environment) -> Vec<Marker> {
    let markers = MARKERS.iter().map(|(role, suffix)| {
        let name = [prefix(half), role, &toolchain.suffix_salt].concat();
        Marker {
            is_set: environment.get_nonempty(&name).is_some(),
            name,
            suffix: *suffix,
        }
    });
    markers.collect()
}

/// The name of the marker for the role with this suffix.
pub fn marker(half: WrapperHalf, salt: &[u8], suffix: RoleSuffix) -> Vec<u8> {
    let role = MARKERS.iter().find(|(_, of_role)| *of_role == suffix);
    [prefix(half), role.map_or(b"", |(role, _)| role), salt].concat()
}

fn served(environment: &Environment, toolchain: &Toolchain, half: WrapperHalf) -> Vec<RoleSuffix> {
    let half = prefix(half);
    let mut served: Vec<RoleSuffix> = MARKERS
        .iter()
        .filter(|(role, _)| {
            let marker = environment.get_joined([half, role, &toolchain.suffix_salt]);
            marker.is_some_and(|value| !value.is_empty())
        })
        .map(|(_, suffix)| *suffix)
        .collect();
    if served.is_empty() && toolchain.role_markers == RoleMarkers::Optional {
        served.push(RoleSuffix::Plain);
    }
    served
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::Event;
    use crate::model::half::WrapperHalf;
    use alloc::borrow::Cow;

    fn roles_with(
        variables: &[&'static str],
        markers: RoleMarkers,
        half: WrapperHalf,
    ) -> Vec<RoleSuffix> {
        let toolchain = Toolchain {
            suffix_salt: Cow::Borrowed(b"s"),
            role_markers: markers,
            ..Toolchain::default()
        };
        let environment = Environment::new(variables.iter().map(|v| v.as_bytes()));
        served(&environment, &toolchain, half)
    }

    #[test]
    fn markers_select_the_roles_in_a_fixed_order() {
        let markers = [
            "NIX_CC_WRAPPER_TARGET_TARGET_s=1",
            "NIX_CC_WRAPPER_TARGET_HOST_s=",
            "NIX_CC_WRAPPER_TARGET_BUILD_s=x",
            "NIX_CC_WRAPPER_TARGET_HOST_other=1",
            "NIX_BINTOOLS_WRAPPER_TARGET_HOST_s=1",
        ];
        let required = RoleMarkers::Required;
        assert_eq!(
            roles_with(&markers, required, WrapperHalf::Compiler),
            [RoleSuffix::ForBuild, RoleSuffix::ForTarget]
        );
        assert_eq!(
            roles_with(&markers, required, WrapperHalf::Linker),
            [RoleSuffix::Plain]
        );
        assert_eq!(roles_with(&[], required, WrapperHalf::Linker), []);
    }

    #[test]
    fn plain_variables_are_read_without_markers_if_markers_are_optional() {
        let optional = RoleMarkers::Optional;
        assert_eq!(
            roles_with(&[], optional, WrapperHalf::Compiler),
            [RoleSuffix::Plain]
        );
        let build = ["NIX_CC_WRAPPER_TARGET_BUILD_s=1"];
        assert_eq!(
            roles_with(&build, optional, WrapperHalf::Compiler),
            [RoleSuffix::ForBuild]
        );
    }

    #[test]
    fn missing_markers_are_explained() {
        let toolchain = Toolchain {
            suffix_salt: Cow::Borrowed(b"s"),
            ..Toolchain::default()
        };
        let environment = Environment::new([&b"NIX_CC_WRAPPER_TARGET_HOST_s=1"[..]]);
        let mut log = Log {
            explains: true,
            ..Log::default()
        };
        roles(&environment, &toolchain, WrapperHalf::Compiler, &mut log);
        let [Event::Explanation(Explanation::Roles { markers, .. })] = &log.events[..] else {
            panic!("{log:?}");
        };
        let set: Vec<bool> = markers.iter().map(|marker| marker.is_set).collect();
        assert_eq!(set, [false, true, false]);
        assert_eq!(markers[0].name, b"NIX_CC_WRAPPER_TARGET_BUILD_s");
        let named = marker(WrapperHalf::Linker, b"s", RoleSuffix::ForTarget);
        assert_eq!(named, b"NIX_BINTOOLS_WRAPPER_TARGET_TARGET_s");
    }
}
