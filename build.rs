//! Decides how this package's programs are linked and what their entry point
//! is.
//!
//! On the Linux architectures that src/early/ supports, programs are static and
//! not relocated: this script sets `static_program`, and `.cargo/static-rustc`
//! adds the linker flags. Release builds there start at our own entry point.
//! All other builds start through libc and the dynamic loader.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(static_program, early_start)");
    if !is_static() {
        return;
    }
    println!("cargo:rustc-cfg=static_program");
    if variable("PROFILE") == "release" {
        println!("cargo:rustc-cfg=early_start");
        println!("cargo:rustc-link-arg-bins=-Wl,-e,cc_wrapper_start");
        // A RELRO segment is one more mapping for the kernel to set up in each
        // call.
        println!("cargo:rustc-link-arg-bins=-Wl,-z,norelro");
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

/// Returns whether `.cargo/static-rustc` should link programs statically:
/// src/early/ supports the platform, the user's RUSTFLAGS do not decide it, and
/// a static libc exists.
fn is_static() -> bool {
    let known = variable("CARGO_CFG_TARGET_OS") == "linux"
        && matches!(
            variable("CARGO_CFG_TARGET_ARCH").as_str(),
            "x86_64" | "aarch64"
        )
        && variable("CARGO_CFG_TARGET_POINTER_WIDTH") == "64";
    // `cargo clippy` and `cargo install --git` do not run rustc through
    // `.cargo/static-rustc`.
    let wrapper = PathBuf::from(variable("RUSTC_WORKSPACE_WRAPPER"));
    let flags = variable("CARGO_ENCODED_RUSTFLAGS");
    let asked = ["crt-static", "relocation-model"];
    if !known
        || !wrapper.ends_with(".cargo/static-rustc")
        || asked.iter().any(|flag| flags.contains(flag))
    {
        return false;
    }
    // For musl targets, rustc brings the static libc.
    if variable("CARGO_CFG_TARGET_ENV") != "gnu" || links_statically() {
        return true;
    }
    println!(
        "cargo:warning=no static libc is installed, so this build starts through the dynamic \
         loader and costs each call more time; for a static one install libc6-dev (Debian), \
         glibc-static (Fedora) or glibc.static (Nix), run `touch build.rs` and build again"
    );
    false
}

/// Returns whether an empty program links with the flags that rustc passes for
/// static programs.
fn links_statically() -> bool {
    let directory = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    let source = directory.join("empty.c");
    fs::write(&source, "int main(void) { return 0; }\n").unwrap();
    let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let status = Command::new(linker)
        .args(["-static", "-no-pie", "-o"])
        .arg(directory.join("empty"))
        .args([&source, Path::new("-lgcc_eh")])
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}
