//! Running a program for a limited time.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::process::anonymous_file;

/// No compiler takes this long to print its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a program without a status failed.
pub const TOO_LONG: &str = "it does not answer within 10 seconds, or prints too much";

/// Variables that make a wrapped call do more than run its tool.
const LOUD: [&str; 5] = [
    "CC_WRAPPER_COMPDB",
    "CC_WRAPPER_DEPTH",
    "CC_WRAPPER_LAUNCHER",
    "CC_WRAPPER_STATS",
    "NIX_DEBUG",
];

/// No version or list is longer, in bytes.
const MOST_OUTPUT: u64 = 4 << 20;

pub struct Trial {
    /// `None`: it took too long or printed too much, and was ended.
    pub status: Option<ExitStatus>,
    pub out: Vec<u8>,
    pub err: Vec<u8>,
}

/// Runs `program --version`.
///
/// # Errors
/// The kernel does not run it.
pub fn version(program: &Path) -> io::Result<Trial> {
    run(quiet(program).arg("--version"))
}

/// Returns a command that says things in English, and no more than its tool.
pub fn quiet(program: &Path) -> Command {
    let mut command = Command::new(program);
    for name in LOUD {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C");
    command
}

/// Runs a command to its end, or ends it together with what it has started.
///
/// # Errors
/// The kernel does not run it.
pub fn run(command: &mut Command) -> io::Result<Trial> {
    let (out, err) = (anonymous_file::create()?, anonymous_file::create()?);
    command.stdin(Stdio::null()).process_group(0);
    command.stdout(out.try_clone()?).stderr(err.try_clone()?);
    let mut child = command.spawn()?;
    let end = Instant::now() + PATIENCE;
    let size = |file: &File| file.metadata().map_or(0, |file| file.len());
    let mut status = child.try_wait()?;
    while status.is_none() && Instant::now() < end && size(&out).max(size(&err)) < MOST_OUTPUT {
        thread::sleep(Duration::from_millis(2));
        status = child.try_wait()?;
    }
    if status.is_none() {
        // All of it may have ended by now.
        let _ = killpg(Pid::from_raw(child.id() as i32), Signal::SIGKILL);
        child.wait()?;
    }
    // What is not dead yet may still write, and so move the offset that all share.
    let read = |file: File| {
        let mut text = vec![0; size(&file).min(MOST_OUTPUT) as usize];
        file.read_exact_at(&mut text, 0).map(|()| text)
    };
    Ok(Trial {
        status,
        out: read(out)?,
        err: read(err)?,
    })
}

/// Programs to try.
#[cfg(test)]
pub mod tests {
    use std::fs;

    use super::*;

    /// Written by another process: one that this starts meanwhile for another
    /// test would keep it open, and what is open for writing does not run.
    pub fn lay(path: &Path, text: &[u8]) {
        let draft = path.with_extension("draft");
        fs::write(&draft, text).unwrap();
        let mut install = Command::new("install");
        let status = install.args(["-m", "755"]).arg(&draft).arg(path).status();
        assert!(status.unwrap().success());
    }

    #[test]
    fn a_program_ends_and_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        lay(&path, b"#!/bin/sh\necho $1 $CC_WRAPPER_DEPTH >&2; exit 3\n");
        let trial = version(&path).unwrap();
        assert_eq!(trial.status.and_then(|status| status.code()), Some(3));
        assert_eq!(trial.err, b"--version\n");
        lay(&path, b"");
        assert!(version(&path).is_err());
    }

    #[test]
    fn a_program_that_prints_without_end_is_ended() {
        let trial = run(Command::new("sh").args(["-c", "yes & yes"])).unwrap();
        assert!(trial.status.is_none());
        assert_eq!(trial.out.len(), MOST_OUTPUT as usize);
    }
}
