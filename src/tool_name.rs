//! Names of tools: `x86_64-linux-gnu-gcc-12`.

use crate::toolchain::{Family, Role};

/// A tool's name, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolName<'n> {
    /// Target triple with its dash, or nothing.
    pub prefix: &'n [u8],
    /// `gcc`
    pub base: &'n [u8],
    /// Dash and version, or nothing.
    pub version: &'n [u8],
}

/// Names of the tools whose role is known, longer ones before those that
/// they end in.
const KNOWN: [(&str, Role); 27] = [
    ("clang-cpp", Role::Cpp),
    ("cpp", Role::Cpp),
    ("clang++", Role::Cxx),
    ("g++", Role::Cxx),
    ("c++", Role::Cxx),
    ("clang", Role::Cc),
    ("gcc", Role::Cc),
    ("cc", Role::Cc),
    ("c89", Role::Cc),
    ("c99", Role::Cc),
    ("gfortran", Role::Fortran),
    ("f77", Role::Fortran),
    ("f95", Role::Fortran),
    ("ld.bfd", Role::Ld),
    ("ld.gold", Role::Ld),
    ("ld.lld", Role::Ld),
    ("ld.mold", Role::Ld),
    ("ld", Role::Ld),
    ("gold", Role::Ld),
    ("mold", Role::Ld),
    ("gnatbind", Role::Gnat),
    ("gnatchop", Role::Gnat),
    ("gnatclean", Role::Gnat),
    ("gnatlink", Role::Gnat),
    ("gnatls", Role::Gnat),
    ("gnatmake", Role::Gnat),
    ("strip", Role::Strip),
];

impl<'n> ToolName<'n> {
    pub fn of(name: &'n [u8]) -> ToolName<'n> {
        let stem = match name.iter().rposition(|&b| b == b'-') {
            Some(dash) if is_version(&name[dash + 1..]) => &name[..dash],
            _ => name,
        };
        let version = &name[stem.len()..];
        let known = KNOWN.iter().find_map(|(base, _)| {
            let prefix = stem.strip_suffix(base.as_bytes())?;
            (prefix.is_empty() || prefix.ends_with(b"-")).then_some(prefix)
        });
        let prefix = known.unwrap_or(b"");
        ToolName {
            prefix,
            base: &stem[prefix.len()..],
            version,
        }
    }

    /// What a tool of this name is taken for where nothing else tells.
    pub fn role(&self) -> Option<Role> {
        let known = KNOWN.iter().find(|(base, _)| base.as_bytes() == self.base);
        known.map(|(_, role)| *role)
    }

    pub fn family(&self) -> Family {
        if self.base.starts_with(b"clang") {
            Family::Clang
        } else {
            Family::Gcc
        }
    }
}

/// `12`, `12.2`
fn is_version(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_digit)
        && text.iter().all(|b| b.is_ascii_digit() || *b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_apart() {
        for (name, prefix, base, version) in [
            ("gcc", "", "gcc", ""),
            ("x86_64-linux-gnu-gcc-12", "x86_64-linux-gnu-", "gcc", "-12"),
            ("clang++-14.0", "", "clang++", "-14.0"),
            ("clang-cpp-14", "", "clang-cpp", "-14"),
            ("arm-none-eabi-ld.bfd", "arm-none-eabi-", "ld.bfd", ""),
            ("gcc-ar-12", "", "gcc-ar", "-12"),
            ("cc-wrapper", "", "cc-wrapper", ""),
            ("mygcc", "", "mygcc", ""),
        ] {
            let want = ToolName {
                prefix: prefix.as_bytes(),
                base: base.as_bytes(),
                version: version.as_bytes(),
            };
            assert_eq!(ToolName::of(name.as_bytes()), want, "{name}");
        }
    }

    #[test]
    fn a_known_name_has_a_role() {
        assert_eq!(
            ToolName::of(b"aarch64-linux-gnu-g++-13").role(),
            Some(Role::Cxx)
        );
        assert_eq!(ToolName::of(b"cc-wrapper").role(), None);
        assert_eq!(ToolName::of(b"gcc-ar").role(), None);
        assert_eq!(ToolName::of(b"clang-14").family(), Family::Clang);
    }
}
