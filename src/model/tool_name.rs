//! Names of tools, such as `x86_64-linux-gnu-gcc-12`.

use crate::model::toolchain::{Family, ToolKind};

/// The parts of a known tool's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolName<'n> {
    /// Target triple with the dash after it, or empty.
    pub prefix: &'n [u8],
    /// The name without target and version, such as `gcc`.
    pub base: &'static str,
    /// Version with the dash before it, or empty.
    pub version: &'n [u8],
    /// The kind of tool to assume if no root lists the name. `None` for tools
    /// that get no flags.
    pub kind: Option<ToolKind>,
}

const BASES: [(Option<ToolKind>, &[&str]); 8] = [
    (Some(ToolKind::Cc), &["gcc", "clang", "cc", "c89", "c99"]),
    (Some(ToolKind::Cxx), &["g++", "clang++", "c++"]),
    (Some(ToolKind::Cpp), &["cpp", "clang-cpp"]),
    (Some(ToolKind::Fortran), &["gfortran", "f77", "f95"]),
    (
        Some(ToolKind::Ld),
        &["ld", "ld.bfd", "ld.gold", "ld.lld", "ld.mold"],
    ),
    (
        Some(ToolKind::Gnat),
        &[
            "gnatbind",
            "gnatchop",
            "gnatclean",
            "gnatlink",
            "gnatls",
            "gnatmake",
        ],
    ),
    (Some(ToolKind::PkgConfig), &["pkg-config", "pkgconf"]),
    (
        None,
        &[
            "addr2line",
            "ar",
            "as",
            "c++filt",
            "dwp",
            "elfedit",
            "gcc-ar",
            "gcc-nm",
            "gcc-ranlib",
            "gnat",
            "gnatkr",
            "gnatname",
            "gnatprep",
            "gold",
            "gprof",
            "lld",
            "llvm-addr2line",
            "llvm-ar",
            "llvm-as",
            "llvm-cxxfilt",
            "llvm-dwp",
            "llvm-lib",
            "llvm-nm",
            "llvm-objcopy",
            "llvm-objdump",
            "llvm-ranlib",
            "llvm-readelf",
            "llvm-size",
            "llvm-strings",
            "llvm-strip",
            "mold",
            "nm",
            "objcopy",
            "objdump",
            "ranlib",
            "readelf",
            "size",
            "strings",
            "strip",
        ],
    ),
];

/// The bare names of all tools of this kind. `None`: of the tools that get no
/// flags.
pub fn names(kind: Option<ToolKind>) -> impl Iterator<Item = &'static str> {
    let of_role = move |(r, _): &&(Option<ToolKind>, &[&str])| *r == kind;
    BASES
        .iter()
        .filter(of_role)
        .flat_map(|(_, names)| names.iter().copied())
}

impl<'n> ToolName<'n> {
    /// Splits a tool's name. `None` if the tool is unknown.
    pub fn parse(name: &'n [u8]) -> Option<ToolName<'n>> {
        let stem = match name.iter().rposition(|&b| b == b'-') {
            Some(dash) if is_version(&name[dash + 1..]) => &name[..dash],
            _ => name,
        };
        let fits = |kind, base: &'static str| {
            let prefix = stem.strip_suffix(base.as_bytes())?;
            matches!(prefix, [] | [_, .., b'-']).then_some(ToolName {
                prefix,
                base,
                version: &name[stem.len()..],
                kind,
            })
        };
        BASES
            .iter()
            .flat_map(|(kind, bases)| bases.iter().filter_map(|base| fits(*kind, base)))
            // `gcc-ar` is not the `ar` of a target `gcc`.
            .max_by_key(|name| name.base.len())
    }

    /// The target triple, without the dash.
    pub fn target(&self) -> Option<&'n [u8]> {
        self.prefix.strip_suffix(b"-")
    }

    /// Whether the name has neither target nor version.
    pub fn is_bare(&self) -> bool {
        self.prefix.is_empty() && self.version.is_empty()
    }

    pub fn family(&self) -> Family {
        if self.base.starts_with("clang") {
            Family::Clang
        } else {
            Family::Gcc
        }
    }

    /// Whether one program serves all targets, so that no prefix is needed.
    pub fn serves_all_targets(&self) -> bool {
        self.base.starts_with("llvm-") || self.base.ends_with("lld") || self.base.ends_with("mold")
    }

    /// Whether the tool belongs to GNAT. Its tools run gcc, unlike those of
    /// binutils.
    pub fn is_of_gnat(&self) -> bool {
        self.base.starts_with("gnat")
    }
}

/// Whether `text` is a version, such as `12` or `12.2`.
fn is_version(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_digit)
        && text.iter().all(|b| b.is_ascii_digit() || *b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_target_base_version_and_has_a_role() {
        for (name, prefix, base, version, kind) in [
            ("gcc", "", "gcc", "", Some(ToolKind::Cc)),
            ("gcc-12", "", "gcc", "-12", Some(ToolKind::Cc)),
            (
                "x86_64-linux-gnu-g++-4.9",
                "x86_64-linux-gnu-",
                "g++",
                "-4.9",
                Some(ToolKind::Cxx),
            ),
            ("c89-gcc", "c89-", "gcc", "", Some(ToolKind::Cc)),
            ("clang++-14.0", "", "clang++", "-14.0", Some(ToolKind::Cxx)),
            ("clang-cpp-14", "", "clang-cpp", "-14", Some(ToolKind::Cpp)),
            ("avr-gcc-ar-12", "avr-", "gcc-ar", "-12", None),
            (
                "arm-none-eabi-ld.bfd",
                "arm-none-eabi-",
                "ld.bfd",
                "",
                Some(ToolKind::Ld),
            ),
            ("ld.mold", "", "ld.mold", "", Some(ToolKind::Ld)),
            ("mold", "", "mold", "", None),
            ("llvm-strip", "", "llvm-strip", "", None),
            ("gnatmake-12", "", "gnatmake", "-12", Some(ToolKind::Gnat)),
            ("c++filt", "", "c++filt", "", None),
        ] {
            let want = ToolName {
                prefix: prefix.as_bytes(),
                base,
                version: version.as_bytes(),
                kind,
            };
            assert_eq!(ToolName::parse(name.as_bytes()), Some(want), "{name}");
        }
    }

    #[test]
    fn unknown_names_are_not_parsed() {
        for name in [
            "",
            "-gcc",
            "cc-wrapper",
            "ccache",
            "gcc-",
            "gcc-twelve",
            "gcc12",
            "gccgo",
            "mygcc",
            "old",
            "tcc",
        ] {
            assert_eq!(ToolName::parse(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn a_target_prefix_need_not_be_utf8() {
        let target = |name| ToolName::parse(name).and_then(|name| name.target());
        assert_eq!(target(b"\xff-gcc-12"), Some(&b"\xff"[..]));
        assert_eq!(target(b"gcc-12"), None);
    }

    #[test]
    fn clang_drivers_are_recognised_by_name() {
        let family = |name| ToolName::parse(name).map(|name| name.family());
        assert_eq!(family(b"clang++-14"), Some(Family::Clang));
        assert_eq!(family(b"cc"), Some(Family::Gcc));
    }
}
