//! Names of tools: an optional target, what it is, an optional version.

use cc_wrapper::toolchain::Role;

/// What a name says that its program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Compiler(Role),
    Gnat,
    Linker,
    /// Gets no flags.
    Plain,
}

/// A name, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolName<'a> {
    pub prefix: Option<&'a str>,
    pub base: &'static str,
    pub version: Option<&'a str>,
    pub kind: Kind,
}

/// A base that ends in another one stands before it.
const BASES: &[(&str, Kind)] = &[
    ("gcc-ar", Kind::Plain),
    ("gcc-nm", Kind::Plain),
    ("gcc-ranlib", Kind::Plain),
    ("llvm-addr2line", Kind::Plain),
    ("llvm-ar", Kind::Plain),
    ("llvm-as", Kind::Plain),
    ("llvm-cxxfilt", Kind::Plain),
    ("llvm-dwp", Kind::Plain),
    ("llvm-lib", Kind::Plain),
    ("llvm-nm", Kind::Plain),
    ("llvm-objcopy", Kind::Plain),
    ("llvm-objdump", Kind::Plain),
    ("llvm-ranlib", Kind::Plain),
    ("llvm-readelf", Kind::Plain),
    ("llvm-size", Kind::Plain),
    ("llvm-strings", Kind::Plain),
    ("llvm-strip", Kind::Plain),
    ("clang-cpp", Kind::Compiler(Role::Cpp)),
    ("gcc", Kind::Compiler(Role::Cc)),
    ("clang", Kind::Compiler(Role::Cc)),
    ("cc", Kind::Compiler(Role::Cc)),
    ("g++", Kind::Compiler(Role::Cxx)),
    ("clang++", Kind::Compiler(Role::Cxx)),
    ("c++", Kind::Compiler(Role::Cxx)),
    ("cpp", Kind::Compiler(Role::Cpp)),
    ("gfortran", Kind::Compiler(Role::Fortran)),
    ("f77", Kind::Compiler(Role::Fortran)),
    ("f95", Kind::Compiler(Role::Fortran)),
    ("gnatbind", Kind::Gnat),
    ("gnatchop", Kind::Gnat),
    ("gnatclean", Kind::Gnat),
    ("gnatlink", Kind::Gnat),
    ("gnatls", Kind::Gnat),
    ("gnatmake", Kind::Gnat),
    ("gnat", Kind::Plain),
    ("gnatkr", Kind::Plain),
    ("gnatname", Kind::Plain),
    ("gnatprep", Kind::Plain),
    ("ld", Kind::Linker),
    ("ld.bfd", Kind::Linker),
    ("ld.gold", Kind::Linker),
    ("ld.lld", Kind::Linker),
    ("ld.mold", Kind::Linker),
    ("lld", Kind::Plain),
    ("mold", Kind::Plain),
    ("gold", Kind::Plain),
    ("addr2line", Kind::Plain),
    ("ar", Kind::Plain),
    ("as", Kind::Plain),
    ("c++filt", Kind::Plain),
    ("dwp", Kind::Plain),
    ("elfedit", Kind::Plain),
    ("gprof", Kind::Plain),
    ("nm", Kind::Plain),
    ("objcopy", Kind::Plain),
    ("objdump", Kind::Plain),
    ("ranlib", Kind::Plain),
    ("readelf", Kind::Plain),
    ("size", Kind::Plain),
    ("strings", Kind::Plain),
    ("strip", Kind::Plain),
];

impl<'a> ToolName<'a> {
    /// `None`: not the name of a tool that is wrapped.
    pub fn parse(name: &'a str) -> Option<ToolName<'a>> {
        let (unversioned, version) = split_version(name);
        BASES.iter().find_map(|&(base, kind)| {
            let before = unversioned.strip_suffix(base)?;
            let prefix = match before {
                "" => None,
                _ => Some(
                    before
                        .strip_suffix('-')
                        .filter(|prefix| !prefix.is_empty())?,
                ),
            };
            Some(ToolName {
                prefix,
                base,
                version,
                kind,
            })
        })
    }

    /// Neither target nor version.
    pub fn is_bare(&self) -> bool {
        self.prefix.is_none() && self.version.is_none()
    }

    /// One program serves all targets, so no prefix is needed.
    pub fn serves_all_targets(&self) -> bool {
        self.base.starts_with("llvm-") || self.base.ends_with("lld") || self.base.ends_with("mold")
    }

    /// gnat's programs work on gcc's behalf, unlike those of binutils.
    pub fn is_of_gnat(&self) -> bool {
        self.base.starts_with("gnat")
    }
}

fn split_version(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once('-') {
        Some((before, version))
            if version.starts_with(|c: char| c.is_ascii_digit())
                && version.bytes().all(|b| b.is_ascii_digit() || b == b'.') =>
        {
            (before, Some(version))
        }
        _ => (name, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_target_base_and_version() {
        for (name, prefix, base, version, kind) in [
            ("gcc", None, "gcc", None, Kind::Compiler(Role::Cc)),
            ("gcc-12", None, "gcc", Some("12"), Kind::Compiler(Role::Cc)),
            (
                "x86_64-linux-gnu-g++-4.9",
                Some("x86_64-linux-gnu"),
                "g++",
                Some("4.9"),
                Kind::Compiler(Role::Cxx),
            ),
            (
                "c89-gcc",
                Some("c89"),
                "gcc",
                None,
                Kind::Compiler(Role::Cc),
            ),
            (
                "clang++-14",
                None,
                "clang++",
                Some("14"),
                Kind::Compiler(Role::Cxx),
            ),
            (
                "clang-cpp-14",
                None,
                "clang-cpp",
                Some("14"),
                Kind::Compiler(Role::Cpp),
            ),
            (
                "avr-gcc-ar-12",
                Some("avr"),
                "gcc-ar",
                Some("12"),
                Kind::Plain,
            ),
            ("ld.lld-14", None, "ld.lld", Some("14"), Kind::Linker),
            ("gnatmake-12", None, "gnatmake", Some("12"), Kind::Gnat),
            ("c++filt", None, "c++filt", None, Kind::Plain),
        ] {
            let expected = ToolName {
                prefix,
                base,
                version,
                kind,
            };
            assert_eq!(ToolName::parse(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn other_names_are_left_alone() {
        for name in [
            "tcc",
            "gccgo",
            "-gcc",
            "gcc-",
            "gcc-twelve",
            "old",
            "gcc12",
            "ccache",
            "",
        ] {
            assert_eq!(ToolName::parse(name), None, "{name}");
        }
    }

    #[test]
    fn no_base_hides_a_longer_one() {
        for (n, (base, _)) in BASES.iter().enumerate() {
            for (longer, _) in &BASES[n + 1..] {
                assert!(!longer.ends_with(&format!("-{base}")), "{base} {longer}");
            }
        }
    }
}
