//! No other user's files decide what a call runs (docs/security.md).

mod common;

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::copy_program;
use common::running::Running;
use common::skip::{skipped, tool};
use nix::sys::stat::Mode;
use nix::unistd::{Uid, mkfifo};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");

/// The users of the tests. Files belong to one of them or to root.
const CALLER: u32 = 2001;
const STRANGER: u32 = 2002;

/// A directory that all users can read, with a tool of each user.
struct Place {
    top: TempDir,
}

impl Place {
    /// `None` if the test cannot act as several users: it is skipped.
    fn new() -> Option<Place> {
        if !Uid::effective().is_root() {
            skipped("only root can act as other users");
            return None;
        }
        tool("setpriv")?;
        // The caller must be able to reach it.
        let top = tempfile::tempdir_in("/var/tmp").unwrap();
        fs::set_permissions(top.path(), Permissions::from_mode(0o755)).unwrap();
        let place = Place { top };
        copy_program(Path::new(BINARY), &place.path("cc-wrapper"));
        place.script("real", "echo right");
        place.script("evil", "echo evil");
        Some(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.top.path().join(name)
    }

    fn script(&self, name: &str, text: &str) {
        let text_file = self.path("script");
        fs::write(&text_file, format!("#!/bin/sh\n{text}\n")).unwrap();
        copy_program(&text_file, &self.path(name));
        fs::set_permissions(self.path(name), Permissions::from_mode(0o755)).unwrap();
    }

    fn directory(&self, name: &str, user: u32, mode: u32) {
        let path = self.path(name);
        if !path.exists() {
            DirBuilder::new().mode(0o755).create(&path).unwrap();
        }
        chown(&path, Some(user), Some(user)).unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn file(&self, name: &str, user: u32, mode: u32, text: &str) {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        chown(&path, Some(user), Some(user)).unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn link(&self, name: &str, user: u32, target: impl AsRef<Path>) {
        let path = self.path(name);
        symlink(target, &path).unwrap();
        std::os::unix::fs::lchown(path, Some(user), Some(user)).unwrap();
    }

    fn toolchain(&self, root: &str, user: u32, program: &str, more: &str) {
        self.directory(&format!("{root}/nix-support"), user, 0o755);
        let program = self.path(program);
        let tool = format!(r#"{{"role": "cc", "program": "{}"}}"#, program.display());
        let text = format!(
            r#"{{"version": 1, "suffixSalt": "s", "roleMarkers": "optional", {more}
                "tools": {{"gcc": {tool}, "cc-wrapper": {tool}}}}}"#
        );
        let file = format!("{root}/nix-support/toolchain.json");
        self.file(&file, user, 0o644, &text);
    }

    /// A root whose gcc runs `program`.
    fn root(&self, root: &str, user: u32, program: &str) -> PathBuf {
        self.directory(root, user, 0o755);
        self.directory(&format!("{root}/bin"), user, 0o755);
        self.link(&format!("{root}/bin/gcc"), user, self.path("cc-wrapper"));
        self.toolchain(root, user, program, "");
        self.path(root).join("bin/gcc")
    }

    /// The output of `program -c x.c` as the caller. It must end soon.
    fn call(&self, program: &Path) -> Output {
        let id = CALLER.to_string();
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", &id, "--regid", &id, "--clear-groups"])
            .arg(program)
            .args(["-c", "x.c"])
            .current_dir("/")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let start = Instant::now();
        let output = Running::alone(&mut command).output().unwrap();
        assert!(start.elapsed() < Duration::from_secs(20), "{program:?}");
        output
    }

    fn runs(&self, program: &Path) {
        let Output { stdout, stderr, .. } = self.call(program);
        assert_eq!(String::from_utf8_lossy(&stderr), "");
        assert_eq!(String::from_utf8_lossy(&stdout), "right\n");
    }

    /// The call fails with one line that contains `why`.
    fn refuses(&self, program: &Path, why: &str) {
        let output = self.call(program);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(output.stdout.is_empty(), "{:?}", output.stdout);
        assert!(error.contains(why), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn a_root_above_a_directory_that_is_not_a_roots_is_not_read() {
    let Some(place) = Place::new() else { return };
    let gcc = place.root("root", 0, "real");
    place.directory("tmp", 0, 0o1777);
    place.directory("tmp/tools", CALLER, 0o755);
    place.link("tmp/tools/gcc", CALLER, gcc);
    place.toolchain("tmp", STRANGER, "evil", "");
    place.runs(&place.path("tmp/tools/gcc"));

    let file = place.path("tmp/nix-support/toolchain.json");
    fs::remove_file(&file).unwrap();
    mkfifo(&file, Mode::from_bits_truncate(0o644)).unwrap();
    place.runs(&place.path("tmp/tools/gcc"));
}

#[test]
fn cc_wrapper_is_never_a_tool() {
    let Some(place) = Place::new() else { return };
    place.root("root", CALLER, "evil");
    copy_program(Path::new(BINARY), &place.path("root/bin/cc-wrapper"));
    let output = place.call(&place.path("root/bin/cc-wrapper"));
    assert!(!output.status.success());
    assert!(output.stdout.is_empty(), "{:?}", output.stdout);
}

#[test]
fn a_root_of_another_user_is_refused() {
    let Some(place) = Place::new() else { return };
    let gcc = place.root("root", 0, "real");
    place.directory("tmp", 0, 0o1777);
    place.directory("tmp/bin", CALLER, 0o755);
    place.link("tmp/bin/gcc", CALLER, gcc);
    place.runs(&place.path("tmp/bin/gcc"));

    place.toolchain("tmp", STRANGER, "evil", "");
    let file = place.path("tmp/nix-support/toolchain.json");
    let why = format!("cannot trust {}: user 2002 owns it", file.display());
    place.refuses(&place.path("tmp/bin/gcc"), &why);
    fs::remove_file(&file).unwrap();
    mkfifo(&file, Mode::from_bits_truncate(0o644)).unwrap();
    let why = "it is not a regular file";
    place.refuses(&place.path("tmp/bin/gcc"), why);
}

#[test]
fn a_root_that_all_users_may_write_is_refused() {
    let Some(place) = Place::new() else { return };
    let gcc = place.root("root", CALLER, "real");
    let refuses = |name: &str| {
        let path = place.path(name);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        fs::set_permissions(&path, Permissions::from_mode(mode | 0o002)).unwrap();
        let why = format!("cannot trust {}: all users can write", path.display());
        place.refuses(&gcc, &why);
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        place.runs(&gcc);
    };
    refuses("root");
    refuses("root/nix-support");
    refuses("root/nix-support/toolchain.json");
    place.file("root/nix-support/cc-cflags", 0, 0o644, "-O2\n");
    refuses("root/nix-support/cc-cflags");
    place.directory("linker", CALLER, 0o755);
    place.directory("linker/nix-support", CALLER, 0o755);
    let half = format!(r#""bintools": "{}","#, place.path("linker").display());
    place.toolchain("root", CALLER, "real", &half);
    refuses("linker");
    refuses("linker/nix-support");
}

#[test]
fn a_hook_of_another_user_is_refused() {
    let Some(place) = Place::new() else { return };
    let gcc = place.root("root", CALLER, "real");
    let hook = "root/nix-support/cc-wrapper-hook";
    place.file(hook, CALLER, 0o644, "true\n");
    place.runs(&gcc);
    for name in [hook, "root/nix-support/utils.bash"] {
        place.file(name, STRANGER, 0o644, "echo evil\n");
        let why = format!("{name}: user 2002 owns it");
        place.refuses(&gcc, &why);
        place.file(name, CALLER, 0o646, "echo evil\n");
        place.refuses(&gcc, "all users can write");
        fs::remove_file(place.path(name)).unwrap();
        place.file(hook, CALLER, 0o644, "true\n");
    }
    place.runs(&gcc);
}

#[test]
fn the_owner_of_the_called_link_is_believed() {
    let Some(place) = Place::new() else { return };
    // A site's software often belongs to a user of its own.
    let gcc = place.root("root", STRANGER, "real");
    place.runs(&gcc);
    place.link("gcc", CALLER, gcc);
    place.runs(&place.path("gcc"));
}

#[test]
fn a_program_with_more_rights_than_its_caller_refuses() {
    let Some(place) = Place::new() else { return };
    place.directory("root", 0, 0o755);
    place.directory("root/bin", 0, 0o755);
    place.toolchain("root", 0, "real", "");
    let gcc = place.path("root/bin/gcc");
    copy_program(Path::new(BINARY), &gcc);
    place.runs(&gcc);
    fs::set_permissions(&gcc, Permissions::from_mode(0o4755)).unwrap();
    place.refuses(&gcc, "has more rights than its caller");
}
