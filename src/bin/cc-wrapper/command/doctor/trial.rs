//! Running a program to see whether it runs.

use std::io::{self, Read, Seek};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::process::anonymous_file;

/// No compiler thinks about its version for this long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Variables that make more of a wrapped call than a call.
const LOUD: [&str; 5] = [
    "CC_WRAPPER_COMPDB",
    "CC_WRAPPER_DEPTH",
    "CC_WRAPPER_LAUNCHER",
    "CC_WRAPPER_STATS",
    "NIX_DEBUG",
];

pub struct Trial {
    /// `None`: it went on and on, and was ended.
    pub status: Option<ExitStatus>,
    /// What it said on standard error.
    pub said: String,
}

/// Runs `program --version`.
///
/// # Errors
/// The kernel does not run it.
pub fn of(program: &Path) -> io::Result<Trial> {
    let mut said = anonymous_file::create()?;
    let mut command = Command::new(program);
    for name in LOUD {
        command.env_remove(name);
    }
    command
        .arg("--version")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said.try_clone()?)
        // What it runs in turn is ended with it.
        .process_group(0);
    let mut child = command.spawn()?;
    let end = Instant::now() + PATIENCE;
    let mut status = child.try_wait()?;
    while status.is_none() && Instant::now() < end {
        thread::sleep(Duration::from_millis(2));
        status = child.try_wait()?;
    }
    if status.is_none() {
        // All of it may have ended by now.
        let _ = killpg(Pid::from_raw(child.id() as i32), Signal::SIGKILL);
        child.wait()?;
    }
    let mut text = Vec::new();
    said.rewind()?;
    said.take(1 << 16).read_to_end(&mut text)?;
    Ok(Trial {
        status,
        said: String::from_utf8_lossy(&text).into_owned(),
    })
}

/// Programs to try.
#[cfg(test)]
pub mod tests {
    use super::*;
    use std::fs;

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
        let trial = of(&path).unwrap();
        assert_eq!(trial.status.and_then(|status| status.code()), Some(3));
        assert_eq!(trial.said, "--version\n");
        lay(&path, b"");
        assert!(of(&path).is_err());
    }
}
