//! Sandboxes and old kernels refuse system calls. What a refused call was for
//! is missing then; the rest works.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{command, recorder, release_binary, tool, write};
use tempfile::TempDir;

/// A system call that a sandbox refuses.
#[derive(Clone, Copy, Debug)]
struct Refused {
    number: i64,
    /// The place and the value of an argument, if only that is refused.
    argument: Option<(u32, u32)>,
    error: i32,
}

/// The calls that the wrapper can do without.
fn optional() -> Vec<(&'static str, Refused)> {
    let seals = libc::F_ADD_SEALS as u32;
    let calls = [
        ("prctl", libc::SYS_prctl, None),
        ("prlimit64", libc::SYS_prlimit64, None),
        ("flock", libc::SYS_flock, None),
        ("memfd_create", libc::SYS_memfd_create, None),
        ("fcntl(F_ADD_SEALS)", libc::SYS_fcntl, Some((1, seals))),
        ("statx", libc::SYS_statx, None),
        ("signalfd4", libc::SYS_signalfd4, None),
    ];
    let errors = [libc::EPERM, libc::ENOSYS, libc::ENOLCK];
    let all = calls.into_iter().flat_map(|(name, number, argument)| {
        errors.map(|error| {
            let refused = Refused {
                number,
                argument,
                error,
            };
            (name, refused)
        })
    });
    // Only locks fail with ENOLCK.
    all.filter(|(name, refused)| *name == "flock" || refused.error != libc::ENOLCK)
        .collect()
}

/// Makes the kernel refuse a system call to this process and its children.
fn refuse(refused: Refused) -> io::Result<()> {
    // Places in the kernel's `struct seccomp_data`.
    const NUMBER: u32 = 0;
    const ARGUMENTS: u32 = 16;
    let step = |code: u32, k: u32, jt: u8, jf: u8| libc::sock_filter {
        code: code as u16,
        jt,
        jf,
        k,
    };
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    let answer = libc::BPF_RET | libc::BPF_K;
    let (place, value) = match refused.argument {
        Some((n, value)) => (ARGUMENTS + 8 * n, value),
        None => (NUMBER, refused.number as u32),
    };
    let error = libc::SECCOMP_RET_ERRNO | refused.error as u32;
    let mut steps = [
        step(load, NUMBER, 0, 0),
        step(equal, refused.number as u32, 0, 3),
        step(load, place, 0, 0),
        step(equal, value, 0, 1),
        step(answer, error, 0, 0),
        step(answer, libc::SECCOMP_RET_ALLOW, 0, 0),
    ];
    let program = libc::sock_fprog {
        len: steps.len() as u16,
        filter: steps.as_mut_ptr(),
    };
    // SAFETY: the kernel reads the program, which lives until the end.
    let done = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) == 0
    };
    if done {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// A root whose `gcc` is a script that prints its arguments, and whose `cc`
/// records them.
struct Root {
    directory: TempDir,
}

impl Root {
    fn new(binary: &Path) -> Root {
        let root = Root {
            directory: tempfile::tempdir().unwrap(),
        };
        let recorder = recorder::compile(root.directory.path());
        let script = root.path("script");
        write(
            &script,
            "#!/bin/sh\nprintf '[%s]' \"$@\"\ncase $1 in @*) cat \"${1#@}\"; esac\n",
        );
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let toolchain = format!(
            r#"{{"version": 1, "suffixSalt": "s", "tools": {{
                "gcc": {{"role": "cc", "program": "{}"}},
                "cc": {{"role": "cc", "program": "{}"}}}}}}"#,
            script.display(),
            recorder.display()
        );
        write(&root.path("nix-support/toolchain.json"), &toolchain);
        for directory in ["bin", "tmp"] {
            fs::create_dir(root.path(directory)).unwrap();
        }
        for tool in ["gcc", "cc"] {
            symlink(binary, root.path("bin").join(tool)).unwrap();
        }
        root
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Returns what a call leaves behind in a sandbox.
    fn call(&self, name: &str, variables: &[(&str, &str)], refused: Option<Refused>) -> Outcome {
        let mut call: Command = command(self.path("bin").join(name));
        call.args(["-c", "a b.c"])
            .current_dir(self.directory.path())
            .env("TMPDIR", self.path("tmp"))
            .env("CCV_OUT", self.path("record"))
            .envs(variables.iter().copied());
        if let Some(refused) = refused {
            // SAFETY: the closure makes system calls only.
            unsafe { call.pre_exec(move || refuse(refused)) };
        }
        let output = call.output().unwrap();
        let record = recorder::take(&self.path("record"));
        let database = self.path("compile.db");
        let lines = fs::read_to_string(&database).unwrap_or_default();
        let _ = fs::remove_file(database);
        let counted = fs::read_to_string(self.path("calls")).unwrap();
        write(&self.path("calls"), "");
        let left = fs::read_dir(self.path("tmp")).unwrap().count();
        Outcome {
            status: output.status.code(),
            // The name of a response file is another each time.
            printed: String::from_utf8_lossy(&output.stdout)
                .rsplit_once("-c")
                .map(|(_, rest)| rest.to_owned()),
            complaint: String::from_utf8_lossy(&output.stderr).into_owned(),
            argv: record.map(|record| record.argv),
            database: lines,
            counted: counted.lines().count(),
            left,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    status: Option<i32>,
    printed: Option<String>,
    complaint: String,
    argv: Option<Vec<Vec<u8>>>,
    database: String,
    counted: usize,
    left: usize,
}

#[test]
fn a_refused_call_costs_only_what_it_was_for() {
    if tool("gcc").is_none() || tool("bash").is_none() {
        return;
    }
    for binary in [
        Path::new(env!("CARGO_BIN_EXE_cc-wrapper")),
        release_binary(),
    ] {
        let root = Root::new(binary);
        write(&root.path("calls"), "");
        let calls = root.path("calls").display().to_string();
        let database = root.path("compile.db").display().to_string();
        let by_file = ("NIX_CC_USE_RESPONSE_FILE", "1");
        let kinds = [
            ("a plain call", "cc", &[][..]),
            ("a response file", "cc", &[by_file]),
            ("a response file with a name", "gcc", &[by_file]),
            (
                "a call that is waited for",
                "gcc",
                &[("CC_WRAPPER_STATS", &calls)],
            ),
            ("a record", "cc", &[("CC_WRAPPER_COMPDB", &database)]),
            ("a hook", "cc", &[]),
        ];
        for (kind, name, variables) in kinds {
            if kind == "a hook" {
                let hook = root.path("nix-support/cc-wrapper-hook");
                write(&hook, "params+=(-DHOOK)\n");
            }
            let expected = root.call(name, variables, None);
            assert_eq!(expected.status, Some(0), "{kind}: {expected:?}");
            assert!(expected.argv.is_some() || expected.printed.is_some());
            assert_eq!(expected.database.is_empty(), kind != "a record");
            assert_eq!(expected.counted, usize::from(kind.contains("waited")));
            for (call, refused) in optional() {
                let outcome = root.call(name, variables, Some(refused));
                assert_eq!(outcome, expected, "{kind} without {call}: {refused:?}");
            }
        }
    }
}
