//! Commands beside the files of other users: what those own is neither changed
//! nor taken over, and nothing that they hold makes a command wait.

mod common;

use std::fs;
use std::fs::{File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::look_alike::{Dialect, LookAlike};
use common::running::Running;
use common::{command, copy_program, run, rust_toolchain, skipped, tool, write};
use nix::fcntl::{Flock, FlockArg};
use nix::sys::stat::Mode;
use nix::unistd::{geteuid, mkfifo};
use tempfile::TempDir;

const VICTIM: u32 = 2001;
const OTHER: u32 = 2002;

/// A directory that every user can write, as /tmp.
struct Shared(TempDir);

impl Shared {
    fn new() -> Shared {
        let shared = Shared(tempfile::tempdir().unwrap());
        set_mode(shared.0.path(), 0o755);
        let binary = Path::new(env!("CARGO_BIN_EXE_cc-wrapper"));
        copy_program(binary, &shared.binary());
        fs::create_dir(shared.path("")).unwrap();
        set_mode(&shared.path(""), 0o1777);
        shared
    }

    /// `None` if this process cannot be other users, or has no gcc.
    fn with_users() -> Option<Shared> {
        tool("gcc")?;
        if !geteuid().is_root() {
            skipped("only root can be other users");
            return None;
        }
        Some(Shared::new())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("tmp").join(name)
    }

    fn binary(&self) -> PathBuf {
        self.0.path().join("cc-wrapper")
    }

    fn cc_wrapper(&self, name: &str) -> Command {
        let mut wrap = command(self.binary());
        wrap.env("HOME", "/").env_remove("TMPDIR").arg(name);
        wrap.current_dir(self.path(""));
        wrap
    }

    fn wrap(&self) -> Command {
        let mut wrap = self.cc_wrapper("wrap");
        wrap.args(["tc", "--cc", "gcc", "--no-check"]);
        wrap
    }

    /// Makes a directory, or a file if there is text for it.
    fn lay(&self, name: &str, text: Option<&str>, owner: u32, mode: u32) -> PathBuf {
        let path = self.path(name);
        match text {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::create_dir(&path).unwrap(),
        }
        chown(&path, Some(owner), Some(owner)).unwrap();
        set_mode(&path, mode);
        path
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn own_all(path: &Path, owner: u32) {
    run(command("chown").arg("-Rh").arg(owner.to_string()).arg(path));
}

/// Runs a command that must not take long.
#[track_caller]
fn soon(command: &mut Command) -> Output {
    let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Running::group(piped);
    let end = Instant::now() + Duration::from_secs(20);
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < end, "{command:?} hangs");
        sleep(Duration::from_millis(10));
    }
    child.output().unwrap()
}

/// Runs a command that must succeed, and returns both of its outputs.
#[track_caller]
fn done(command: &mut Command) -> String {
    let output = soon(command);
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8(told).unwrap();
    assert!(output.status.success(), "{told}");
    told
}

/// Asserts that the command is refused with one line that contains all of
/// `parts`.
#[track_caller]
fn refused(command: &mut Command, parts: &[&str]) {
    let output = soon(command);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    for part in parts {
        assert!(told.contains(part), "{part} in {told}");
    }
}

#[test]
fn only_staging_of_ones_own_is_removed() {
    let Some(shared) = Shared::with_users() else {
        return;
    };
    let theirs = shared.lay(".tc.cc-wrapper-AAAAAA", None, OTHER, 0o755);
    let inner = shared.lay(".tc.cc-wrapper-AAAAAA/root", None, OTHER, 0o500);
    let ours = shared.lay(".tc.cc-wrapper-BBBBBB", None, 0, 0o700);
    fs::create_dir(ours.join("root")).unwrap();
    // What others could move to such a name.
    let moved = shared.lay(".tc.cc-wrapper-CCCCCC", None, 0, 0o700);
    write(&moved.join("thesis"), "");
    done(&mut shared.wrap());
    assert!(!ours.exists());
    assert!(moved.join("thesis").exists());
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!((mode(&theirs), mode(&inner)), (0o755, 0o500));
}

/// Swaps two paths without end.
const SWAP: &str = "
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int count, char **path) {
    for (;;) syscall(SYS_renameat2, AT_FDCWD, path[1], AT_FDCWD, path[2], 2);
}
";

/// The directory that is being removed is replaced by a symlink to a victim's
/// directory and back, again and again.
#[test]
fn no_mode_is_changed_through_a_symlink_that_comes_meanwhile() {
    let Some(shared) = Shared::with_users() else {
        return;
    };
    let base = shared.lay(".tc.cc-wrapper-AAAAAA", None, OTHER, 0o755);
    let (inner, elsewhere) = (base.join("x"), shared.path("elsewhere"));
    let home = shared.lay("home", None, VICTIM, 0o755);
    let key = shared.lay("home/key", Some("secret"), VICTIM, 0o600);
    for directory in [&inner, &elsewhere] {
        fs::create_dir(directory).unwrap();
    }
    for n in 0..3000 {
        let name = format!("y{n:04}");
        fs::create_dir(inner.join(&name)).unwrap();
        symlink(&key, elsewhere.join(&name)).unwrap();
        set_mode(&inner.join(&name), 0o077);
    }
    let link = base.with_extension("link");
    symlink(&elsewhere, &link).unwrap();
    for path in [&base, &elsewhere, &link] {
        own_all(path, OTHER);
    }
    let swap = shared.0.path().join("swap");
    write(&swap.with_extension("c"), SWAP);
    let mut gcc = command("gcc");
    gcc.arg("-o").arg(&swap).arg(swap.with_extension("c"));
    run(&mut gcc);
    let mut swapping = command(swap);
    swapping.args([&inner, &link]).current_dir("/");
    let _swapping = Running::alone(swapping.uid(OTHER).gid(OTHER));
    for _ in 0..4 {
        done(shared.wrap().uid(VICTIM).gid(VICTIM));
        assert_eq!(fs::metadata(&key).unwrap().mode() & 0o777, 0o600);
    }
    assert!(home.exists() && base.exists());
}

#[test]
fn nobody_else_can_hold_the_lock() {
    let Some(shared) = Shared::with_users() else {
        return;
    };
    let Some(flock) = tool("flock") else { return };
    let lock = |path: &Path| {
        let mut holder = command(&flock);
        holder.arg("--exclusive").arg(path).args(["sh", "-c"]);
        holder.arg(format!("touch {}; sleep 60", shared.path("held").display()));
        let holder = Running::group(holder.uid(OTHER).gid(OTHER));
        while !shared.path("held").exists() {
            sleep(Duration::from_millis(5));
        }
        fs::remove_file(shared.path("held")).unwrap();
        holder
    };
    {
        let _holder = lock(&shared.path(""));
        let told = done(shared.wrap().uid(VICTIM).gid(VICTIM));
        assert!(!told.contains("lock"), "{told}");
    }
    // The names of locks can be guessed.
    let name = format!(".tc.cc-wrapper-lock-{VICTIM}");
    let theirs = shared.lay(&name, Some(""), OTHER, 0o666);
    let _holder = lock(&theirs);
    let told = done(shared.wrap().uid(VICTIM).gid(VICTIM));
    assert!(told.contains("is not a lock file of yours"), "{told}");
    assert!(theirs.exists());
}

#[test]
fn a_root_of_another_user_is_not_taken_over() {
    let Some(shared) = Shared::with_users() else {
        return;
    };
    done(shared.wrap().uid(OTHER).gid(OTHER));
    let hook = shared.lay("tc/nix-support/cc-wrapper-hook", Some(""), OTHER, 0o644);
    let inode = || fs::metadata(shared.path("tc")).unwrap().ino();
    let before = inode();
    refused(
        &mut shared.wrap(),
        &["tmp/tc belongs to user 2002", "run as user 0", "owner"],
    );
    refused(
        shared.wrap().uid(VICTIM).gid(VICTIM),
        &["tmp/tc belongs to user 2002", "run as user 2001"],
    );
    assert_eq!(inode(), before);
    // Their own they may wrap again.
    let told = done(shared.wrap().uid(OTHER).gid(OTHER));
    assert!(told.contains("kept          cc-wrapper-hook\n"), "{told}");
    // A single file in a root of one's own.
    own_all(&shared.path("tc"), 0);
    chown(&hook, Some(OTHER), None).unwrap();
    let what = "nix-support/cc-wrapper-hook belongs to user 2002";
    refused(&mut shared.wrap(), &[what]);
    chown(&hook, Some(0), None).unwrap();
    set_mode(&hook, 0o666);
    let what = "cc-wrapper-hook can be written by every user; ";
    refused(&mut shared.wrap(), &[what]);
    set_mode(&hook, 0o644);
    let told = done(&mut shared.wrap());
    assert!(told.contains("kept          cc-wrapper-hook\n"), "{told}");
    // An empty directory's owner could have given it any mode.
    shared.lay("empty", None, OTHER, 0o777);
    let mut wrap = shared.cc_wrapper("wrap");
    wrap.args(["empty", "--cc", "gcc", "--no-check"]);
    refused(&mut wrap, &["tmp/empty belongs to user 2002"]);
}

#[test]
fn a_wrapper_of_another_user_is_not_adopted() {
    let Some(shared) = Shared::with_users() else {
        return;
    };
    let wrapper = LookAlike::of_machine(&shared.path(""), Dialect::Of2026, "gcc");
    wrapper.lay();
    let adopt = |to: &[&str]| {
        let mut adopt = shared.cc_wrapper("adopt");
        adopt.arg(&wrapper.cc).args(to);
        adopt
    };
    own_all(&wrapper.bintools, OTHER);
    refused(&mut adopt(&["--out", "new"]), &["belongs to user 2002"]);
    own_all(&wrapper.bintools, 0);
    let flags = wrapper.cc.join("nix-support/cc-cflags");
    write(&flags, "-DX");
    own_all(&flags, OTHER);
    for to in [&["--out", "new"][..], &["--in-place"]] {
        let what = "nix-support/cc-cflags belongs to user 2002";
        refused(&mut adopt(to), &[what]);
    }
    own_all(&wrapper.cc, 0);
    done(&mut adopt(&["--out", "new"]));
    own_all(&shared.path("new"), OTHER);
    refused(
        &mut adopt(&["--out", "new"]),
        &["tmp/new belongs to user 2002"],
    );
}

#[test]
fn a_rust_toolchain_of_another_user_is_neither_changed_nor_run() {
    let Some(shared) = Shared::with_users() else {
        return;
    };
    let Some((real, target)) = rust_toolchain::real() else {
        return;
    };
    let root = shared.path("toolchain");
    rust_toolchain::copy(&real, &target, &root);
    let rustup = |options: &[&str]| {
        let mut rustup = shared.cc_wrapper("rustup");
        rustup.arg("--toolchain").arg(&root).args(options);
        rustup
    };
    let launcher = root.join(format!("lib/rustlib/{target}/bin/gcc-ld/ld.lld"));
    let before = fs::read(&launcher).unwrap();
    for theirs in [&root, &launcher, launcher.parent().unwrap()] {
        chown(theirs, Some(OTHER), None).unwrap();
        for options in [&[][..], &["--undo"], &["--check"], &["--dry-run"]] {
            refused(&mut rustup(options), &["belongs to user 2002"]);
        }
        chown(theirs, Some(0), None).unwrap();
    }
    assert!(fs::read(&launcher).unwrap() == before);
    let bin = root.join(format!("lib/rustlib/{target}/bin"));
    set_mode(&bin, 0o777);
    refused(&mut rustup(&[]), &["/bin can be written by every user"]);
    set_mode(&bin, 0o755);
    // A directory that others can read they can lock.
    let bin = File::open(bin).unwrap();
    let _lock = Flock::lock(bin, FlockArg::LockExclusive).unwrap();
    done(&mut rustup(&[]));
    // Only temporary files of one's own are removed.
    let mine = launcher.with_file_name(".cc-wrapper-aaaaaa");
    let theirs = launcher.with_file_name(".cc-wrapper-bbbbbb");
    for (file, owner) in [(&mine, 0), (&theirs, OTHER)] {
        fs::write(file, "").unwrap();
        chown(file, Some(owner), None).unwrap();
    }
    done(&mut rustup(&[]));
    assert!(!mine.exists() && theirs.exists());
}

/// Creates a FIFO, a socket and, as root, a device in a directory.
fn lay_special(directory: &Path) -> Vec<PathBuf> {
    let paths = ["cc-wrapper-hook", "libc-cflags", "other"].map(|name| directory.join(name));
    mkfifo(&paths[0], Mode::S_IRWXU).unwrap();
    UnixListener::bind(&paths[1]).unwrap();
    let mut made = paths[..2].to_vec();
    let mut mknod = command("mknod");
    mknod.arg(&paths[2]).args(["c", "1", "3"]);
    if mknod.output().unwrap().status.success() {
        made.push(paths[2].clone());
    }
    made
}

#[test]
fn special_files_in_a_root_are_named_and_left_out() {
    if tool("gcc").is_none() {
        return;
    }
    let shared = Shared::new();
    done(&mut shared.wrap());
    let support = shared.path("tc/nix-support");
    let special = lay_special(&support);
    write(&support.join("ld-wrapper-hook"), "");
    fs::create_dir(support.join("d")).unwrap();
    mkfifo(&support.join("d/fifo"), Mode::S_IRWXU).unwrap();
    symlink("ld-wrapper-hook", support.join("link")).unwrap();
    let told = done(&mut shared.wrap());
    for what in [
        "kept          d ld-wrapper-hook link\n",
        "left out      ",
        "nix-support/cc-wrapper-hook (a FIFO)\n",
        "nix-support/d/fifo (a FIFO)\n",
        "nix-support/libc-cflags (a socket)\n",
    ] {
        assert!(told.contains(what), "{what} in {told}");
    }
    assert_eq!(told.contains("other (a device)"), special.len() == 3);
    assert!(
        special
            .iter()
            .all(|path| fs::symlink_metadata(path).is_err())
    );
    assert!(fs::read_dir(support.join("d")).unwrap().next().is_none());
}

#[test]
fn special_files_in_a_wrapper_are_named_and_left_out() {
    if tool("gcc").is_none() {
        return;
    }
    let shared = Shared::new();
    let wrapper = LookAlike::of_machine(&shared.path(""), Dialect::Of2026, "gcc");
    wrapper.lay();
    let support = wrapper.cc.join("nix-support");
    for name in ["cc-wrapper-hook", "libc-cflags"] {
        let _ = fs::remove_file(support.join(name));
    }
    lay_special(&support);
    mkfifo(&wrapper.cc.join("bin/fifo"), Mode::S_IRWXU).unwrap();
    mkfifo(&wrapper.cc.join("fifo"), Mode::S_IRWXU).unwrap();
    let mut adopt = shared.cc_wrapper("adopt");
    let told = done(adopt.arg(&wrapper.cc).args(["--out", "new"]));
    for what in [
        "nix-support/cc-wrapper-hook (a FIFO)\n",
        "nix-support/libc-cflags (a socket)\n",
        "bin/fifo (a FIFO)\n",
        "cc-wrapper-1/fifo (a FIFO)\n",
    ] {
        assert!(told.contains(what), "{what} in {told}");
    }
    for name in ["nix-support/cc-wrapper-hook", "bin/fifo", "fifo"] {
        let path = shared.path("new").join(name);
        assert!(fs::symlink_metadata(&path).is_err(), "{name}");
    }
    // A FIFO that the description would be read from.
    fs::remove_file(support.join("add-hardening.sh")).unwrap();
    mkfifo(&support.join("add-hardening.sh"), Mode::S_IRWXU).unwrap();
    let mut adopt = shared.cc_wrapper("adopt");
    adopt.arg(&wrapper.cc).arg("--in-place");
    refused(&mut adopt, &["add-hardening.sh", "not a regular file"]);
}
