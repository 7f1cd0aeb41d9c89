//! Tests that this machine lacks something for: they say so, are skipped, and
//! `tests/zz_skipped.rs` counts them at the end of `cargo test`.

use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};
use std::thread;

/// The path of a program that this machine may lack. A test that gets `None`
/// returns: it is skipped.
pub fn tool(name: &str) -> Option<PathBuf> {
    let path = which::which(name).ok();
    if path.is_none() {
        record(&format!("{name} is not installed"), package_of(name));
    }
    path
}

/// Says that the running test, or a part of it, is skipped. Fails instead with
/// `CC_WRAPPER_TESTS=strict`, which `.ci/run` sets because it has prepared the
/// machine.
pub fn skipped(why: &str) {
    record(why, "");
}

/// The same, where a Debian package is missing.
pub fn without_package(package: &str) {
    record(&format!("{package} is not installed"), package);
}

fn record(why: &str, package: &str) {
    let thread = thread::current();
    let test = thread.name().unwrap_or("test");
    let line = format!("skipped: {test}: {why}");
    if env::var_os("CC_WRAPPER_TESTS").is_some_and(|value| value == "strict") {
        panic!("{line}");
    }
    // Past the test harness, which keeps what a passing test prints.
    let _ = writeln!(io::stderr(), "{line}");

    let binary = env::current_exe().unwrap();
    let binary = binary.file_name().unwrap().to_string_lossy();
    let file = records();
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let file = File::options().append(true).create(true).open(file);
    // In one write, because other tests write too.
    let line = format!("{binary} {test}\t{package}\t{}\n", why.replace('\n', " "));
    file.unwrap().write_all(line.as_bytes()).unwrap();
}

/// The file of what is skipped in this run of `cargo test`: a line has the
/// test, the Debian package (or nothing) and the reason, between tabs. Other
/// runs write other files beside it.
pub fn records() -> PathBuf {
    // A process number comes again, but not with the same start.
    let cargo = parent_id();
    let stat = fs::read_to_string(format!("/proc/{cargo}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let start = fields.split(' ').nth(19).unwrap_or_default();
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("skipped")
        .join(format!("{cargo}-{start}"))
}

/// The Debian package that has a program.
fn package_of(program: &str) -> &str {
    match program {
        "aarch64-linux-gnu-gcc" => "gcc-aarch64-linux-gnu",
        "as" | "ld" | "ld.bfd" | "ld.gold" | "nm" | "objdump" | "readelf" => "binutils",
        "c++" => "g++",
        "clang++" => "clang",
        "distccd" => "distcc",
        "dpkg-query" => "dpkg",
        "gnatmake" => "gnat",
        "groff" => "groff-base",
        "ld.lld" => "lld",
        "ld.mold" => "mold",
        "libtool" => "libtool-bin",
        "man" => "man-db",
        "ninja" => "ninja-build",
        "nix-build" => "nix-bin",
        "qemu-aarch64" => "qemu-user",
        "script" => "bsdutils",
        "setpriv" | "unshare" => "util-linux",
        other => other,
    }
}
