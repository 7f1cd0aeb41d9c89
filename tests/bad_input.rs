//! Wrapped calls with wrong input print one line with what failed and where, or
//! do the right thing. They never panic and never lose a byte.

mod common;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Output};

use common::{command, write};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");

/// A root with a `gcc` that prints its arguments, each in brackets.
struct Root(TempDir);

impl Root {
    fn new() -> Root {
        let root = Root(tempfile::tempdir().unwrap());
        root.script("real", "#!/bin/sh\nprintf '[%s]' \"$@\"\n");
        root.toolchain("real");
        fs::create_dir(root.path("bin")).unwrap();
        for tool in ["gcc", "ld"] {
            symlink(BINARY, root.path("bin").join(tool)).unwrap();
        }
        root
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn script(&self, name: &str, text: &str) {
        write(&self.path(name), text);
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn toolchain(&self, program: &str) {
        let program = self.path(program).display().to_string();
        let text = format!(
            r#"{{"version": 1, "suffixSalt": "s",
                "tools": {{"gcc": {{"role": "cc", "program": "{program}"}},
                           "ld": {{"role": "ld", "program": "{program}"}}}}}}"#
        );
        write(&self.path("nix-support/toolchain.json"), &text);
    }

    fn gcc(&self) -> Command {
        self.tool("gcc")
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = command(self.path("bin").join(name));
        command
            .env("NIX_CC_WRAPPER_TARGET_HOST_s", "1")
            .current_dir(self.0.path());
        command
    }
}

/// Asserts that the call fails with this status and one line that contains all
/// of `parts`.
#[track_caller]
fn fails(command: &mut Command, status: i32, parts: &[&str]) {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    told(&output, parts);
    assert!(output.stdout.is_empty(), "the real tool was called");
}

/// Asserts that the call succeeds after such a line.
#[track_caller]
fn warns(command: &mut Command, parts: &[&str]) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    told(&output, parts);
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn told(output: &Output, parts: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(text.lines().count(), 1, "one line: {text}");
    for part in parts {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

/// Returns whether the tests run as root, who may read anything.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[test]
fn broken_toolchain() {
    let root = Root::new();
    let file = root.path("nix-support/toolchain.json");
    for (text, what) in [
        (
            "{\"version\": 1,\n \"tools\": {",
            "toolchain.json: line 2, column",
        ),
        ("", "toolchain.json: line 1, column 1: expected an object"),
        ("{\"version\": 9}", "unknown version"),
        ("{\"version\": 1}", "lists no tool 'gcc'"),
        (
            "{\"version\": 1, \"tools\": {\"gcc\": {\"role\": \"as\", \"program\": \"/x\"}}}",
            "role 'as'",
        ),
        (
            "{\"version\": 1, \"tools\": {\"gcc\": {\"role\": \"cc\", \"program\": \"gcc\"}}}",
            "must be a path",
        ),
    ] {
        fs::write(&file, text).unwrap();
        fails(
            &mut root.gcc(),
            1,
            &["cc-wrapper: gcc: ", file.to_str().unwrap(), what],
        );
    }
}

#[test]
fn unreadable_toolchain() {
    let root = Root::new();
    let file = root.path("nix-support/toolchain.json");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    fails(
        &mut root.gcc(),
        1,
        &["cannot read", file.to_str().unwrap(), "not a regular file"],
    );
    fs::remove_dir(&file).unwrap();
    if !is_root() {
        root.toolchain("real");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
        fails(
            &mut root.gcc(),
            1,
            &["cannot read", file.to_str().unwrap(), "permission denied"],
        );
    }
}

#[test]
fn system_errors_have_messages() {
    let root = Root::new();
    let file = root.path("nix-support/cc-cflags");
    symlink("cc-cflags", &file).unwrap();
    fails(
        root.gcc().arg("-c"),
        1,
        &["cc-cflags: too many symbolic links; make it"],
    );
    fs::remove_file(&file).unwrap();
    fs::remove_file(root.path("real")).unwrap();
    symlink("real", root.path("real")).unwrap();
    fails(&mut root.gcc(), 126, &["/real: too many symbolic links"]);
}

#[test]
fn a_program_that_cannot_be_run() {
    let root = Root::new();
    root.toolchain("gone");
    fails(
        &mut root.gcc(),
        127,
        &["cc-wrapper: gcc: ", "/gone: no such file"],
    );
    root.toolchain("nix-support/toolchain.json");
    fails(
        &mut root.gcc(),
        126,
        &["/nix-support/toolchain.json: not executable"],
    );
    root.script("broken", "#!/no/such/interpreter\n");
    root.toolchain("broken");
    fails(
        &mut root.gcc(),
        127,
        &["/broken: its interpreter does not exist"],
    );
}

#[test]
fn a_flag_file_that_cannot_be_read() {
    let root = Root::new();
    let file = root.path("nix-support/cc-cflags");
    fs::create_dir(&file).unwrap();
    fails(
        root.gcc().arg("-c"),
        1,
        &["cannot read", file.to_str().unwrap()],
    );
    fs::remove_dir(&file).unwrap();
    assert_eq!(
        common::run(root.gcc().arg("-c")),
        "[-c]",
        "an absent one is no error"
    );
}

#[test]
fn a_response_file_that_includes_itself() {
    let root = Root::new();
    write(&root.path("a.rsp"), "-c @b.rsp");
    write(&root.path("b.rsp"), "-g @a.rsp");
    fails(
        root.gcc().arg("@a.rsp"),
        1,
        &["response file a.rsp: it includes itself"],
    );
    fails(
        root.tool("ld").arg("@b.rsp"),
        1,
        &["response file b.rsp: it includes itself"],
    );
}

#[test]
fn an_argument_that_is_not_a_response_file_stays() {
    let root = Root::new();
    let args = ["@none", "@", "@/", "@nix-support"];
    let printed = common::run(root.gcc().arg("-c").args(args));
    assert_eq!(printed, "[-c][@none][@][@/][@nix-support]");
}

#[test]
fn a_variable_that_is_no_number() {
    let root = Root::new();
    // At 1 the blocks follow.
    let output = root
        .gcc()
        .arg("-c")
        .env("NIX_DEBUG", "abc")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.starts_with("warning: NIX_DEBUG=abc is not a number, so 1 is used"),
        "{text}"
    );
    assert!(text.contains("original flags to"), "{text}");
    let printed = warns(
        root.tool("ld")
            .env("NIX_BINTOOLS_WRAPPER_TARGET_HOST_s", "1")
            .env("NIX_SET_BUILD_ID", "yes"),
        &["NIX_SET_BUILD_ID=yes"],
    );
    assert_eq!(printed, "[--build-id=sha1]");
}

#[test]
fn contradicting_single_variables() {
    let root = Root::new();
    let text = fs::read_to_string(root.path("nix-support/toolchain.json")).unwrap();
    let darwin = r#""darwin": {"minVersion": "11.3", "minVersionVariable": "MACOSX_DEPLOYMENT_TARGET",
        "platform": "macos", "platformForCC": "macos", "sdkVersion": "14", "fallbackSdk": "/sdk"}}"#;
    let text = format!("{},{darwin}", text.strip_suffix('}').unwrap());
    write(&root.path("nix-support/toolchain.json"), &text);
    let mut gcc = root.gcc();
    gcc.env("NIX_CC_WRAPPER_TARGET_BUILD_s", "1")
        .env("MACOSX_DEPLOYMENT_TARGET", "12.0")
        .env("MACOSX_DEPLOYMENT_TARGET_FOR_BUILD", "13.0");
    fails(
        &mut gcc,
        1,
        &[
            "MACOSX_DEPLOYMENT_TARGET=12.0",
            "MACOSX_DEPLOYMENT_TARGET_FOR_BUILD=13.0",
        ],
    );
}

#[test]
fn bytes_that_are_not_utf8_are_unchanged() {
    let root = Root::new();
    let raw = OsStr::from_bytes(b"-DX=\xff\xfe");
    let flag = OsStr::from_bytes(b"-DY=\x80 -DZ='*'");
    write(&root.path("a.rsp"), "");
    fs::write(root.path("a.rsp"), b"-DR=\xfd").unwrap();
    for response_file in ["0", "1"] {
        let mut gcc = root.gcc();
        gcc.args([OsStr::new("-c"), raw, OsStr::new("@a.rsp")])
            .env("NIX_CFLAGS_COMPILE", flag)
            .env("NIX_DEBUG", "7")
            .env("NIX_CC_USE_RESPONSE_FILE", response_file);
        if response_file == "1" {
            root.script("real", "#!/bin/sh\ncat \"${1#@}\"\n");
        }
        let output = gcc.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let want: &[u8] = match response_file {
            "0" => b"[-c][-DX=\xff\xfe][-DR=\xfd][-DY=\x80][-DZ='*']",
            _ => b"-c\n\"-DX=\xff\xfe\"\n\"-DR=\xfd\"\n\"-DY=\x80\"\n\"-DZ='*'\"\n",
        };
        assert_eq!(
            output.stdout.escape_ascii().to_string(),
            want.escape_ascii().to_string()
        );
    }
}

#[test]
fn a_root_in_a_directory_that_is_not_utf8() {
    let top = tempfile::tempdir().unwrap();
    let place = top.path().join(OsStr::from_bytes(b"r\xffoot dir"));
    let root = Root::new();
    fs::rename(root.0.path(), &place).unwrap();
    fs::create_dir(root.0.path()).unwrap();
    root.script("real", "#!/bin/sh\necho \"$PATH\"\n");
    let output = command(place.join("bin/gcc")).arg("-c").output().unwrap();
    let expected = [place.as_os_str().as_bytes(), b"/bin:"].concat();
    assert!(output.stdout.starts_with(&expected), "{output:?}");
}

#[test]
fn a_call_does_not_wait_for_the_reader_of_a_pipe_to_count_it() {
    let root = Root::new();
    let pipe = root.path("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let mut gcc = command("timeout");
    gcc.args(["--signal=KILL", "20"]).arg(root.path("bin/gcc"));
    gcc.env("CC_WRAPPER_STATS", &pipe)
        .env("NIX_CC_WRAPPER_TARGET_HOST_s", "1");
    let output = gcc.args(["-c", "x.c"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("cannot count the call in"), "{told}");
}
