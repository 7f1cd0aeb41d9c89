//! Decides which hardening flags the target of a call supports. `wrap` tests the hardening flags
//! for the compiler's default target only, but one clang serves all targets.

use alloc::vec::Vec;

use crate::model::call::Call;
use crate::model::explanation::DisabledReason;
use crate::model::toolchain::{Family, RoleMarkers};

/// The hardening flags that gcc's `-fhardened` sets itself. gcc warns if one of
/// them is given too.
const HARDENED: [&str; 7] = [
    "fortify",
    "fortify3",
    "glibcxxassertions",
    "shadowstack",
    "stackclashprotection",
    "stackprotector",
    "trivialautovarinit",
];

/// The hardening flags that some targets do not support.
const NOT_EVERYWHERE: [&str; 6] = [
    "pacret",
    "pic",
    "shadowstack",
    "stackclashprotection",
    "stackprotector",
    "zerocallusedregs",
];

/// The hardening flags that this call must not get. `target` is the target that
/// the caller names, `hardened` whether the caller gives `-fhardened`.
pub fn without(
    call: &Call,
    target: Option<&[u8]>,
    hardened: bool,
) -> Vec<(&'static str, DisabledReason)> {
    let mut off = Vec::new();
    if hardened {
        off.extend(HARDENED.map(|name| (name, DisabledReason::Hardened)));
    }
    let is_asked = call.toolchain.role_markers == RoleMarkers::Optional;
    if let Some(target) = target.filter(|_| is_asked && call.family() == Family::Clang) {
        if !is_same_machine(target, &call.toolchain.suffix_salt) {
            let unsupported = NOT_EVERYWHERE.iter().filter(|name| !supports(target, name));
            off.extend(unsupported.map(|name| (*name, DisabledReason::Target)));
        }
    }
    off
}

/// Whether the target is the root's own, for which `wrap` has tested the flags.
/// The salt usually is the root's target.
fn is_same_machine(target: &[u8], salt: &[u8]) -> bool {
    let is_linux = |triple: &[u8]| contains(triple, b"linux");
    let rest = salt.strip_prefix(architecture(target));
    rest.is_some_and(|rest| rest.starts_with(b"_") && is_linux(rest) == is_linux(target))
}

/// Whether clang supports a flag of `NOT_EVERYWHERE` for a target triple, or
/// ignores it without a warning.
fn supports(target: &[u8], flag: &str) -> bool {
    let is = |names: &[&str]| {
        let architecture = architecture(target);
        names
            .iter()
            .any(|name| architecture.starts_with(name.as_bytes()))
    };
    let is_x86 = is(&["x86_64", "amd64", "i386", "i486", "i586", "i686"]);
    let is_arm64 = is(&["aarch64", "arm64"]);
    match flag {
        "pacret" => is_arm64,
        "pic" => is_elf(target) || contains(target, b"-gnu") || contains(target, b"-apple-"),
        "shadowstack" => is_x86,
        "stackclashprotection" => {
            let knows = is_x86 || is(&["powerpc64", "ppc64", "s390x", "systemz"]);
            knows && contains(target, b"linux")
        }
        // Without an operating system, nothing defines what the code refers to.
        "stackprotector" => !is(&["amdgcn", "avr", "bpf", "msp430", "nvptx", "spir", "wasm"]),
        _ => is_x86 || is_arm64,
    }
}

/// Whether programs for a target are ELF files. `target` is a triple, or a
/// tool's name that begins with one.
pub fn is_elf(target: &[u8]) -> bool {
    const OTHERS: [&[u8]; 7] = [
        b"-apple-",
        b"-cygwin",
        b"-darwin",
        b"-macos",
        b"-mingw",
        b"-uefi",
        b"-windows",
    ];
    !target.starts_with(b"wasm") && !OTHERS.iter().any(|part| contains(target, part))
}

/// Whether a linker of this file name makes ELF files. mingw's linkers have
/// names that begin with their target.
pub fn makes_elf(linker: &[u8]) -> bool {
    const OTHERS: [&[u8]; 4] = [b"ld64", b"lld-link", b"wasm-ld", b"wasm-component-ld"];
    is_elf(linker) && !OTHERS.iter().any(|part| contains(linker, part))
}

fn architecture(target: &[u8]) -> &[u8] {
    target.split(|&b| b == b'-').next().unwrap_or_default()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_support_different_flags() {
        for (target, want) in [
            (
                "x86_64-linux-gnu",
                "pic shadowstack stackclashprotection stackprotector zerocallusedregs",
            ),
            (
                "x86_64-unknown-none",
                "pic shadowstack stackprotector zerocallusedregs",
            ),
            (
                "aarch64-linux-gnu",
                "pacret pic stackprotector zerocallusedregs",
            ),
            ("riscv64-unknown-elf", "pic stackprotector"),
            ("s390x-linux-gnu", "pic stackclashprotection stackprotector"),
            ("bpf", "pic"),
            ("wasm32-wasi", ""),
            (
                "x86_64-pc-windows-msvc",
                "shadowstack stackprotector zerocallusedregs",
            ),
        ] {
            let supported: Vec<&str> = NOT_EVERYWHERE
                .into_iter()
                .filter(|flag| supports(target.as_bytes(), flag))
                .collect();
            assert_eq!(supported.join(" "), want, "{target}");
        }
    }

    #[test]
    fn the_roots_own_target_is_recognised() {
        let is_same =
            |target: &str, salt: &str| is_same_machine(target.as_bytes(), salt.as_bytes());
        assert!(is_same("x86_64-pc-linux-gnu", "x86_64_linux_gnu"));
        assert!(is_same("aarch64-linux-gnu", "aarch64_unknown_linux_gnu"));
        assert!(!is_same("aarch64-linux-gnu", "x86_64_linux_gnu"));
        assert!(!is_same("x86_64-unknown-none", "x86_64_linux_gnu"));
        assert!(!is_same("bpf", "x86_64_linux_gnu"));
    }

    #[test]
    fn formats_are_known_by_targets_and_linkers() {
        for name in [
            "wasm32",
            "x86_64-w64-mingw32-gcc",
            "arm64-apple-macos",
            "x86_64-pc-windows-gnu",
        ] {
            assert!(!is_elf(name.as_bytes()), "{name}");
        }
        for name in [
            "x86_64-linux-gnu-gcc",
            "gcc",
            "clang",
            "bpf",
            "riscv64-unknown-elf",
        ] {
            assert!(is_elf(name.as_bytes()), "{name}");
        }
        for name in [
            "wasm-ld",
            "ld64.lld-14",
            "lld-link",
            "x86_64-w64-mingw32-ld",
        ] {
            assert!(!makes_elf(name.as_bytes()), "{name}");
        }
        for name in ["ld", "ld.lld", "mold", "ld.gold"] {
            assert!(makes_elf(name.as_bytes()), "{name}");
        }
    }
}
