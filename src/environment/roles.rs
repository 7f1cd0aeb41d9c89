//! Which of its roles a toolchain serves.

use alloc::vec::Vec;

use super::Environment;
use crate::plan::Suffix;
use crate::toolchain::{RoleMarkers, Toolchain};

/// The half of a toolchain that a call enters by. Its markers decide, for the
/// other half's variables too: in nixpkgs a compiler call collects both with
/// its own. pkg-config, which has markers of its own, is a half here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    Compiler,
    Linker,
    PkgConfig,
}

impl Suffix {
    /// The suffix of a variable as setup hooks write it. `Salt` has none
    /// that is the same for all toolchains.
    pub fn name(self) -> &'static str {
        match self {
            Suffix::ForBuild => "_FOR_BUILD",
            Suffix::ForTarget => "_FOR_TARGET",
            Suffix::Plain | Suffix::Salt => "",
        }
    }
}

/// The suffixes of the served roles, in the order in which they count.
pub fn roles(environment: &Environment, toolchain: &Toolchain, half: Half) -> Vec<Suffix> {
    let half: &[u8] = match half {
        Half::Compiler => b"NIX_CC_WRAPPER_TARGET_",
        Half::Linker => b"NIX_BINTOOLS_WRAPPER_TARGET_",
        Half::PkgConfig => b"NIX_PKG_CONFIG_WRAPPER_TARGET_",
    };
    let markers = [
        (&b"BUILD_"[..], Suffix::ForBuild),
        (b"HOST_", Suffix::Plain),
        (b"TARGET_", Suffix::ForTarget),
    ];
    let mut served: Vec<Suffix> = markers
        .into_iter()
        .filter(|(role, _)| {
            let marker = environment.get_joined([half, role, &toolchain.suffix_salt]);
            marker.is_some_and(|value| !value.is_empty())
        })
        .map(|(_, suffix)| suffix)
        .collect();
    if served.is_empty() && toolchain.role_markers == RoleMarkers::Optional {
        served.push(Suffix::Plain);
    }
    served
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::Cow;

    fn served(variables: &[&'static str], markers: RoleMarkers, half: Half) -> Vec<Suffix> {
        let toolchain = Toolchain {
            suffix_salt: Cow::Borrowed(b"s"),
            role_markers: markers,
            ..Toolchain::default()
        };
        let environment = Environment::new(variables.iter().map(|v| v.as_bytes()));
        roles(&environment, &toolchain, half)
    }

    #[test]
    fn markers_decide_and_their_order_is_fixed() {
        let markers = [
            "NIX_CC_WRAPPER_TARGET_TARGET_s=1",
            "NIX_CC_WRAPPER_TARGET_HOST_s=",
            "NIX_CC_WRAPPER_TARGET_BUILD_s=x",
            "NIX_CC_WRAPPER_TARGET_HOST_other=1",
            "NIX_BINTOOLS_WRAPPER_TARGET_HOST_s=1",
        ];
        let required = RoleMarkers::Required;
        assert_eq!(
            served(&markers, required, Half::Compiler),
            [Suffix::ForBuild, Suffix::ForTarget]
        );
        assert_eq!(served(&markers, required, Half::Linker), [Suffix::Plain]);
        assert_eq!(served(&[], required, Half::Linker), []);
    }

    #[test]
    fn without_markers_a_root_may_serve_the_plain_variables() {
        let optional = RoleMarkers::Optional;
        assert_eq!(served(&[], optional, Half::Compiler), [Suffix::Plain]);
        let build = ["NIX_CC_WRAPPER_TARGET_BUILD_s=1"];
        assert_eq!(served(&build, optional, Half::Compiler), [Suffix::ForBuild]);
    }
}
