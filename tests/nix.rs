//! default.nix, with tests/nix/nixpkgs for nixpkgs.

mod common;

use common::nix::Nix;
use common::{command, run};
use std::path::Path;

#[test]
fn the_package_is_a_static_program_that_starts_early() {
    let Some(nix) = Nix::new() else { return };
    let mut build = nix.building_the_package("nix-build");
    let out = run(build.arg("--no-out-link"));
    let binary = Path::new(out.trim_end()).join("bin/cc-wrapper");
    assert!(run(command(&binary).arg("--version")).starts_with("cc-wrapper "));

    let readelf = |what| run(command("readelf").args(["--wide", what]).arg(&binary));
    let headers = readelf("--program-headers");
    assert!(headers.contains("Elf file type is EXEC"), "{headers}");
    assert!(!headers.contains("INTERP"), "{headers}");
    if cfg!(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    )) {
        let entry = headers.split_once("Entry point 0x").unwrap().1;
        let entry = entry.split_whitespace().next().unwrap();
        let symbols = readelf("--symbols");
        let start = symbols
            .lines()
            .find(|line| line.ends_with(" cc_wrapper_start"));
        assert!(start.unwrap().contains(entry), "{headers}\n{start:?}");
    }
}
