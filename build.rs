//! Makes our own entry point the program's, where that can work: in release
//! builds of a static executable that is not relocated, on the architectures
//! that src/early/ knows. Elsewhere the program starts through libc.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(early_start, panics_early)");
    // For the test that a panic before libc is not the end.
    let panics = "CC_WRAPPER_PANIC_EARLY";
    println!("cargo:rerun-if-env-changed={panics}");
    if env::var_os(panics).is_some() {
        println!("cargo:rustc-cfg=panics_early");
    }
    if starts_early() {
        println!("cargo:rustc-cfg=early_start");
        println!("cargo:rustc-link-arg-bins=-Wl,-e,cc_wrapper_start");
        // A part of the data that is made read-only in the end is one part
        // more for the kernel to map, at every call.
        println!("cargo:rustc-link-arg-bins=-Wl,-z,norelro");
    }
}

fn starts_early() -> bool {
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let features = variable("CARGO_CFG_TARGET_FEATURE");
    let flags = variable("CARGO_ENCODED_RUSTFLAGS");
    variable("PROFILE") == "release"
        && variable("CARGO_CFG_TARGET_OS") == "linux"
        && matches!(
            variable("CARGO_CFG_TARGET_ARCH").as_str(),
            "x86_64" | "aarch64"
        )
        && variable("CARGO_CFG_TARGET_POINTER_WIDTH") == "64"
        && features.split(',').any(|feature| feature == "crt-static")
        && flags
            .split('\x1f')
            .any(|flag| flag.ends_with("relocation-model=static"))
}
