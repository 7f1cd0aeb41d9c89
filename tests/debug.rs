//! NIX_DEBUG: the output of a wrapped call about itself.

mod common;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use common::{command, write};

/// Returns standard error of a call with these variables.
fn told(variables: &[(&str, &str)]) -> String {
    let variables = variables.iter().map(|(name, value)| (name, value.as_ref()));
    let args = ["-c", "-DX=a b", "-I/usr/include", ""].map(OsStr::new);
    String::from_utf8(told_bytes(variables, &args)).unwrap()
}

fn told_bytes<'a>(
    variables: impl Iterator<Item = (&'a &'a str, &'a OsStr)>,
    args: &[&OsStr],
) -> Vec<u8> {
    let root = tempfile::tempdir().unwrap();
    let text = r#"{"version": 1, "suffixSalt": "s", "roleMarkers": "optional",
        "tools": {"gcc": {"role": "cc", "program": "/bin/true"}}}"#;
    write(&root.path().join("nix-support/toolchain.json"), text);
    write(
        &root.path().join("nix-support/libc-cflags"),
        "-idirafter /a",
    );
    fs::create_dir(root.path().join("bin")).unwrap();
    let gcc = root.path().join("bin/gcc");
    symlink(env!("CARGO_BIN_EXE_cc-wrapper"), &gcc).unwrap();
    let mut gcc = command(gcc);
    gcc.args(args).envs(variables);
    let output = gcc.output().unwrap();
    assert!(output.status.success());
    output.stderr
}

#[test]
fn it_is_silent_unless_asked() {
    assert_eq!(told(&[]), "");
    assert_eq!(told(&[("NIX_DEBUG", "0")]), "");
    assert_eq!(told(&[("NIX_DEBUG", "")]), "");
}

#[test]
fn at_1_it_prints_flags_and_paths() {
    let text = told(&[
        ("NIX_DEBUG", "1"),
        ("NIX_HARDENING_ENABLE", "pic fortify"),
        ("NIX_ENFORCE_PURITY", "1"),
        ("NIX_STORE", "/nix/store"),
    ]);
    let expected = "\
skipping impure path /usr/include
HARDENING: disabled flags: pacret stackclashprotection fortify3 shadowstack libcxxhardeningfast format \
zerocallusedregs strictflexarrays3 strictflexarrays1 libcxxhardeningextensive stackprotector \
glibcxxassertions nostrictaliasing strictoverflow trivialautovarinit
HARDENING: enabling pic
HARDENING: enabling fortify
extra flags before to /bin/true:
  -fPIC
  -O2
  -U_FORTIFY_SOURCE
original flags to /bin/true:
  -c
  '-DX=a b'
  ''
extra flags after to /bin/true:
  -U_FORTIFY_SOURCE
  -D_FORTIFY_SOURCE=2
  -idirafter
  /a
";
    assert_eq!(text, expected);
}

#[test]
fn at_7_it_prints_every_step() {
    let text = told(&[("NIX_DEBUG", "7"), ("NIX_CFLAGS_COMPILE", "-DY")]);
    for step in [
        "+ gcc has the role cc",
        "+ NIX_CFLAGS_COMPILE_s=-idirafter /a -DY",
        "+ no linking: -c",
        "original flags to",
    ] {
        assert!(text.contains(step), "{step} is not in: {text}");
    }
}

/// An é in Latin-1 is not UTF-8.
#[test]
fn every_byte_of_an_argument_is_printed() {
    let raw = OsStr::from_bytes;
    let args = [raw(b"-c"), raw(b"-DX=caf\xe9"), raw("-DY=é\n2".as_bytes())];
    let variables = [
        ("NIX_DEBUG", OsStr::new("7")),
        ("NIX_CFLAGS_COMPILE", raw(b"-DZ=\xe9")),
    ];
    let text = told_bytes(variables.iter().map(|(name, value)| (name, *value)), &args);
    for line in [
        &b"  $'-DX=caf\\xe9'\n"[..],
        "  $'-DY=é\\n2'\n".as_bytes(),
        b"  $'-DZ=\\xe9'\n",
        b"+ NIX_CFLAGS_COMPILE_s=-idirafter /a -DZ=\xe9\n",
    ] {
        let is_told = text.windows(line.len()).any(|part| part == line);
        let (line, text) = (line.escape_ascii(), text.escape_ascii());
        assert!(is_told, "{line} is not in: {text}");
    }
}
