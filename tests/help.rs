//! What the program tells of itself when it is asked, and when it is asked
//! wrongly.

mod common;

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Output;

use common::command;

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");

fn told(args: &[&str]) -> Output {
    command(BINARY).args(args).output().unwrap()
}

#[test]
fn a_mistake_is_told_on_one_line_with_what_may_be_meant() {
    for (args, expected) in [
        (&["explian", "--", "gcc"][..], "did you mean 'explain'?"),
        (&["doctr"], "did you mean 'doctor'?"),
        (&["help", "rusttup"], "did you mean 'rustup'?"),
        (&["env", "--tolchain", "x"], "did you mean '--toolchain'?"),
        (&["env", "--shell", "fsh", "x"], "did you mean 'fish'?"),
        (
            &["wrap", "d", "--json"],
            "an option of 'explain' and 'doctor'",
        ),
        (&["gcc", "-c", "main.c"], "cc-wrapper explain -- gcc …"),
        (
            &["aarch64-linux-gnu-g++-12"],
            "ROOT/bin/aarch64-linux-gnu-g++-12",
        ),
        (&["wrap"], "(see cc-wrapper wrap --help)"),
    ] {
        let output = told(args);
        let line = String::from_utf8(output.stderr).unwrap();
        assert!(line.contains(expected), "{args:?}: {line}");
        assert!(
            line.starts_with("cc-wrapper: ") && line.ends_with(" --help)\n"),
            "{line}"
        );
        assert_eq!(line.lines().count(), 1, "{line}");
        assert_eq!(
            (output.status.code(), &output.stdout[..]),
            (Some(2), &b""[..])
        );
    }
}

#[test]
fn what_nobody_can_read_is_an_error() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    for args in [&["--help"][..], &["--version"]] {
        let mut asked = command(BINARY);
        let device = File::options().write(true).open(full).unwrap();
        let output = asked.args(args).stdout(device).output().unwrap();
        let line = String::from_utf8(output.stderr).unwrap();
        assert!(line.contains("cannot write to standard output"), "{line}");
        assert_eq!((output.status.code(), line.lines().count()), (Some(1), 1));

        // Who has read enough is not bothered.
        let (reader, writer) = UnixStream::pair().unwrap();
        drop(reader);
        let output = command(BINARY)
            .args(args)
            .stdout(OwnedFd::from(writer))
            .output()
            .unwrap();
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{output:?}"
        );
    }
}
