//! Target triples. Compilers spell the same target in different ways.

use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStrExt;

/// A target triple, spelled as by a compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Triple(String);

/// Beginnings of architecture names. A tool name's prefix is a target only if it
/// begins with one of them.
const ARCHITECTURES: &[&str] = &[
    "aarch64",
    "alpha",
    "amd64",
    "arc",
    "arm",
    "avr",
    "bpf",
    "csky",
    "hppa",
    "i386",
    "i486",
    "i586",
    "i686",
    "ia64",
    "loongarch",
    "m68k",
    "microblaze",
    "mips",
    "msp430",
    "nios2",
    "or1k",
    "powerpc",
    "ppc",
    "riscv",
    "s390",
    "sh4",
    "sparc",
    "thumb",
    "wasm",
    "x86_64",
    "xtensa",
];

impl Triple {
    pub fn new(text: &str) -> Triple {
        Triple(text.to_owned())
    }

    /// This machine's triple. The libc and ABI are guessed from the dynamic
    /// loaders in /lib and /lib64.
    pub fn of_machine() -> Triple {
        let arch = std::env::consts::ARCH;
        let has_loader = |begin: &str| {
            let entries = |directory| fs::read_dir(directory).into_iter().flatten().flatten();
            let mut entries = entries("/lib").chain(entries("/lib64"));
            entries.any(|entry| entry.file_name().as_bytes().starts_with(begin.as_bytes()))
        };
        let libc = if !has_loader("ld-linux") && has_loader("ld-musl-") {
            "musl"
        } else {
            "gnu"
        };
        let abi = match arch {
            "arm" if has_loader("ld-linux-armhf") || has_loader("ld-musl-armhf") => "eabihf",
            "arm" => "eabi",
            _ => "",
        };
        Triple(format!("{arch}-linux-{libc}{abi}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the prefix of a tool's name may be a target.
    pub fn plausible(prefix: &[u8]) -> bool {
        let mut architectures = ARCHITECTURES.iter();
        architectures.any(|arch| prefix.starts_with(arch.as_bytes()))
    }

    /// Whether both are the same target, ignoring the vendor field.
    pub fn same(&self, other: impl AsRef<[u8]>) -> bool {
        essence(&self.0) == essence(&String::from_utf8_lossy(other.as_ref()))
    }

    /// The salt (docs/glossary.md): the suffix of this target's own variables.
    pub fn salt(&self) -> String {
        self.0.replace(['-', '.'], "_")
    }

    /// Whether programs for this target may run on this machine.
    pub fn is_native(&self) -> bool {
        self.is_linux() && essence(&self.0).0 == architecture(std::env::consts::ARCH)
    }

    pub fn is_linux(&self) -> bool {
        self.0.split('-').skip(1).any(|part| part == "linux")
    }
}

impl fmt::Display for Triple {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The normalised architecture and system, without the vendor.
fn essence(triple: &str) -> (String, String) {
    let mut parts = triple.split('-');
    let arch = architecture(parts.next().unwrap_or_default());
    let mut rest: Vec<&str> = parts.collect();
    if rest.len() == 3 || (rest.len() == 2 && rest[1] == "linux") {
        rest.remove(0);
    }
    if rest == ["linux"] {
        rest.push("gnu");
    }
    (arch, rest.join("-"))
}

fn architecture(name: &str) -> String {
    match name {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        "ppc64le" => "powerpc64le",
        "ppc64" => "powerpc64",
        "ppc" => "powerpc",
        "x86" | "i386" | "i486" | "i586" | "i686" => "i686",
        _ => name,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendor_is_ignored() {
        for (a, b, same) in [
            ("x86_64-linux-gnu", "x86_64-pc-linux-gnu", true),
            ("x86_64-linux-gnu", "x86_64-redhat-linux", true),
            ("ppc64le-redhat-linux", "powerpc64le-linux-gnu", true),
            ("i386-linux-gnu", "i686-pc-linux-gnu", true),
            ("x86_64-linux-gnu", "x86_64-linux-musl", false),
            ("x86_64-linux-gnu", "x86_64-linux-gnux32", false),
            ("x86_64-linux-gnu", "aarch64-linux-gnu", false),
            ("arm-none-eabi", "arm-none-eabi", true),
            ("arm-none-eabi", "arm-linux-gnueabi", false),
            ("x86_64-linux-gnu", "c89", false),
        ] {
            assert_eq!(Triple::new(a).same(b), same, "{a} {b}");
        }
    }

    #[test]
    fn the_machines_triple_is_native() {
        assert!(!cfg!(target_os = "linux") || Triple::of_machine().is_native());
    }

    #[test]
    fn a_salt_has_only_characters_of_variable_names() {
        let triple = Triple::new("x86_64-pc-solaris2.11");
        assert_eq!(triple.salt(), "x86_64_pc_solaris2_11");
    }

    #[test]
    fn a_target_begins_with_an_architecture() {
        assert!(Triple::plausible(b"riscv64-unknown-elf"));
        assert!(!Triple::plausible(b"c89"));
        assert!(!Triple::plausible(b"protoc-gen"));
    }
}
