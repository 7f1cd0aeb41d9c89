//! Shared code of the tests that run real compilers.

// Each test program uses its own part of this.
#![allow(dead_code)]

pub mod bare_root;
pub mod greet;
pub mod help;
pub mod look_alike;
pub mod nix;
pub mod recorder;
pub mod running;
pub mod rust_toolchain;
pub mod skip;
pub mod strace;
pub mod terminal;

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

pub use skip::{skipped, tool};

/// Returns a package's upstream sources, unpacked by `tests/sources`.
pub fn sources(name: &str) -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let path = target.join("test-sources").join(name);
    if path.exists() {
        return Some(path);
    }
    skipped(&format!("no sources of {name}: run tests/sources"));
    None
}

/// Creates a wrapped root in `dir`.
pub fn wrap<I>(dir: &Path, options: I)
where
    I: IntoIterator,
    I::Item: AsRef<OsStr>,
{
    let mut wrap = command(env!("CARGO_BIN_EXE_cc-wrapper"));
    run(wrap.arg("wrap").arg(dir).args(options));
}

/// Returns a command without the variables that affect builds, whatever shell
/// the tests were started from.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let kept = ["PATH", "HOME", "TMPDIR", "CARGO_HOME", "RUSTUP_HOME"];
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C");
    for name in kept.into_iter().chain(["RUSTUP_TOOLCHAIN"]) {
        if let Some(value) = env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// The same, with the wrapped tools of `root` first on PATH, and the variables
/// for `prefixes` as nixpkgs sets them for dependencies.
pub fn wrapped(root: &Path, prefixes: &[&Path], program: impl AsRef<OsStr>) -> Command {
    let mut path = vec![root.join("bin")];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let flags = |flag: &str, dir: &str| {
        let words = prefixes
            .iter()
            .map(|p| format!("{flag}{}", p.join(dir).display()));
        words.collect::<Vec<_>>().join(" ")
    };

    let mut command = command(program);
    command
        .env("PATH", env::join_paths(path).unwrap())
        .env("NIX_CFLAGS_COMPILE", flags("-isystem ", "include"))
        .env("NIX_LDFLAGS", flags("-L", "lib"));
    command
}

/// Runs a command that must succeed, and returns its standard output.
pub fn run(command: &mut Command) -> String {
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => panic!("{command:?}: {error}"),
    };
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{command:?}\n{}\n--- output\n{stdout}\n--- errors\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr),
    );
    stdout.into_owned()
}

/// Splits a line into words like a shell.
pub fn shell_words(line: &[u8]) -> Vec<Vec<u8>> {
    let mut bash = Command::new("bash");
    bash.args(["-c", "eval \"set -- $1\"; printf '%s\\0' \"$@\"", "bash"]);
    let output = bash.arg(OsStr::from_bytes(line)).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let words = output.stdout.strip_suffix(b"\0").unwrap_or_default();
    words.split(|&b| b == 0).map(<[u8]>::to_vec).collect()
}

/// Runs a program with an empty environment, so that it finds only libraries
/// that are recorded in it.
pub fn run_alone(program: &Path) -> String {
    run(Command::new(program).env_clear())
}

/// Returns the directories in which a program or library looks for its
/// libraries.
pub fn runpath(binary: &Path) -> Vec<PathBuf> {
    let listing = readelf(binary, "--dynamic");
    let line = listing
        .lines()
        .find(|line| line.contains("(RUNPATH)") || line.contains("(RPATH)"));
    line.map_or(Vec::new(), |line| {
        env::split_paths(bracketed(line)).collect()
    })
}

/// Returns the dynamic linker that a program requests.
pub fn interpreter(program: &Path) -> PathBuf {
    let listing = readelf(program, "--program-headers");
    let line = listing.lines().find(|line| line.contains("interpreter:"));
    let text = line.expect("a dynamically linked program");
    let (_, path) = text.trim_end_matches(']').split_once(": ").unwrap();
    PathBuf::from(path)
}

fn readelf(binary: &Path, what: &str) -> String {
    run(command("readelf").arg("--wide").arg(what).arg(binary))
}

/// Returns the text in brackets: `b` for `a [b]`.
fn bracketed(line: &str) -> &str {
    let (_, rest) = line.split_once('[').unwrap();
    rest.trim_end().trim_end_matches(']')
}

/// Writes a file and creates the directories above it.
pub fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Copies a program that is run soon. Another process does it: a test on another
/// thread that starts a program would inherit a descriptor of this one that is
/// open for writing, and the copy could not be run meanwhile (ETXTBSY).
pub fn copy_program(from: &Path, to: &Path) {
    run(Command::new("cp").arg(from).arg(to));
}

/// Returns the release build. It starts differently from the debug build, which
/// the other tests run. The variable `CC_WRAPPER_TEST_RELEASE` is the path of
/// another build to take instead, as `.ci/run` does.
pub fn release_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match env::var_os("CC_WRAPPER_TEST_RELEASE") {
        Some(binary) => fs::canonicalize(binary).unwrap(),
        None => build("release"),
    })
}

/// Returns the build of the profile `checked`: as the release build, with debug
/// assertions, and compiled in less time.
pub fn checked_binary() -> PathBuf {
    build("checked")
}

fn build(profile: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    run(cargo
        .args(["build", "--locked", "--bin", "cc-wrapper"])
        .args(["--profile", profile])
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target));
    target.join(profile).join("cc-wrapper")
}
