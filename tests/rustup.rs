//! `cc-wrapper rustup` on copies of the real toolchain's linkers, in all states
//! that updates, nixpkgs' rustup, home-manager and interrupted runs leave.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{command, interpreter, run, run_alone, runpath, rust_toolchain, strace, tool, write};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");

/// The linker's part of a toolchain, and a library that a link needs.
struct Place {
    top: TempDir,
    root: PathBuf,
}

impl Place {
    /// `None` if there is not a Rust toolchain that contains a linker.
    fn new() -> Option<Place> {
        Place::called("toolchain")
    }

    fn called(name: &str) -> Option<Place> {
        let (real, target) = rust_toolchain::real()?;
        let top = tempfile::tempdir().unwrap();
        let base = top.path().canonicalize().unwrap();
        let root = base.join(name);
        let place = Place { top, root };
        rust_toolchain::copy(&real, &target, &place.root);
        let source = base.join("greet.c");
        write(&source, "int greet(void) { return 42; }\n");
        let main = "int greet(void);\nint main(void) { return greet() != 42; }\n";
        write(&base.join("main.c"), main);
        fs::create_dir(base.join("greet")).unwrap();
        let mut cc = command("cc");
        cc.args(["-shared", "-fPIC", "-o"]);
        run(cc.arg(base.join("greet/libgreet.so")).arg(source));
        Some(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.top.path().canonicalize().unwrap().join(name)
    }

    /// Returns a path in `lib/rustlib/TARGET/bin`.
    fn bin(&self, name: &str) -> PathBuf {
        let mut targets = fs::read_dir(self.root.join("lib/rustlib")).unwrap();
        targets
            .next()
            .unwrap()
            .unwrap()
            .path()
            .join("bin")
            .join(name)
    }

    fn launcher(&self) -> PathBuf {
        self.bin("gcc-ld/ld.lld")
    }

    fn original(&self) -> PathBuf {
        self.bin("gcc-ld-unwrapped/ld.lld")
    }

    fn rustup(&self, options: &[&str]) -> Command {
        let mut rustup = command(BINARY);
        rustup
            .arg("rustup")
            .arg("--toolchain")
            .arg(&self.root)
            .args(options)
            .env("TMPDIR", self.top.path());
        rustup
    }

    fn tree(&self) -> BTreeMap<PathBuf, String> {
        tree(&self.root)
    }

    /// Replaces the linker like an update: by a similar but different ELF file.
    fn update(&self) -> Vec<u8> {
        let mut text = fs::read(self.bin("gcc-ld/ld64.lld")).unwrap();
        text.extend_from_slice(b"updated");
        let _ = fs::remove_file(self.launcher());
        fs::write(self.launcher(), &text).unwrap();
        fs::set_permissions(self.launcher(), fs::Permissions::from_mode(0o751)).unwrap();
        text
    }

    /// Changes the toolchain as nixpkgs' rustup does after an installation.
    fn shim(&self) {
        fs::create_dir(self.bin("gcc-ld-unwrapped")).unwrap();
        fs::rename(self.launcher(), self.original()).unwrap();
        let script = format!(
            "#!/usr/bin/env bash\nset -eu -o pipefail +o posix\nshopt -s nullglob\n\
             export PROG=\"{}\"\n\"/nix/store/gone-rustup-1.28/nix-support/ld-wrapper.sh\" $@",
            self.original().display()
        );
        write(&self.launcher(), &script);
        fs::set_permissions(self.launcher(), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Returns a link by an unwrapped driver through the launcher, as rustc
    /// does it.
    fn link(&self) -> Command {
        let mut cc = command("cc");
        let lib = self.path("greet");
        cc.arg(format!("-B{}", self.bin("gcc-ld").display()))
            .args(["-fuse-ld=lld", "main.c", "-lgreet", "-o", "main"])
            .env("NIX_LDFLAGS", format!("-L{}", lib.display()))
            .current_dir(self.path(""));
        cc
    }

    /// Asserts that the launcher is wrapped, runs, and has this one original.
    #[track_caller]
    fn is_wrapped(&self, original: &[u8]) {
        let told = run(&mut self.rustup(&["--check"]));
        assert!(told.ends_with(": wrapped\n"), "{told}");
        assert!(is_ours(&self.launcher()));
        assert!(fs::read(self.original()).unwrap() == original);
        let files: Vec<_> = self.tree().into_keys().collect();
        let kept = files.iter().filter(|path| path.ends_with("ld.lld"));
        assert_eq!(kept.count(), 2, "{files:?}");
        let is_temporary = |path: &&PathBuf| path.to_string_lossy().contains("/.");
        assert_eq!(files.iter().find(is_temporary), None);
        run(&mut self.link());
        let main = self.path("main");
        assert_eq!(runpath(&main), [self.path("greet")]);
        run_alone(&main);
        let before = self.tree();
        let told = run(&mut self.rustup(&[]));
        assert!(told.ends_with(": wrapped already\n"), "{told}");
        assert_eq!(self.tree(), before);
    }

    /// Asserts that the launcher is as it was installed or updated.
    #[track_caller]
    fn is_undone(&self, original: &[u8]) {
        run(&mut self.rustup(&["--undo"]));
        assert!(fs::read(self.launcher()).unwrap() == original);
        for name in ["gcc-ld-unwrapped", "nix-support"] {
            assert!(fs::symlink_metadata(self.bin(name)).is_err(), "{name}");
        }
        let told = run(&mut self.rustup(&["--undo"]));
        assert!(told.ends_with(": not wrapped\n"), "{told}");
    }

    /// Asserts that the command is refused with one line that contains all of
    /// `parts`, and changes nothing.
    #[track_caller]
    fn refused(&self, options: &[&str], parts: &[&str]) {
        let before = self.tree();
        refused(&mut self.rustup(options), parts);
        assert_eq!(self.tree(), before);
    }

    /// Asserts that `--check` prints this and fails.
    #[track_caller]
    fn checked(&self, state: &str) {
        let before = self.tree();
        let output = self.rustup(&["--check"]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(
            told.ends_with(&format!("gcc-ld/ld.lld: {state}\n")),
            "{told}"
        );
        assert_eq!(self.tree(), before);
    }
}

#[track_caller]
fn refused(command: &mut Command, parts: &[&str]) {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    for part in parts {
        assert!(stderr.contains(part), "{part} in {stderr}");
    }
    assert!(output.stdout.is_empty());
}

fn is_ours(path: &Path) -> bool {
    fs::read(path).unwrap() == fs::read(BINARY).unwrap()
}

/// Returns everything below a directory, by relative path: kinds, modes and
/// contents.
fn tree(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut pending = vec![root.to_path_buf()];
    while let Some(path) = pending.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let what = if metadata.is_symlink() {
            format!("-> {}", fs::read_link(&path).unwrap().display())
        } else if metadata.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            pending.extend(entries.map(|entry| entry.unwrap().path()));
            String::new()
        } else {
            let text = fs::read(&path).unwrap();
            let sum = text.iter().step_by(1 + text.len() / 100_000);
            let sum = sum.fold(0_u64, |sum, b| sum.wrapping_mul(31) + u64::from(*b));
            format!("{} {sum}", text.len())
        };
        let mode = metadata.permissions().mode();
        let place = path.strip_prefix(root).unwrap().to_path_buf();
        found.insert(Path::new("/").join(place), format!("{mode:o} {what}"));
    }
    found
}

#[test]
fn a_fresh_toolchain_is_wrapped_and_unwrapped() {
    let Some(place) = Place::new() else { return };
    let before = place.tree();
    let original = fs::read(place.launcher()).unwrap();
    let inode = |path: &Path| fs::metadata(path).unwrap().ino();
    let first = inode(&place.launcher());
    place.checked("not wrapped");
    let dry = run(&mut place.rustup(&["--dry-run"]));
    assert_eq!(place.tree(), before);
    let told = run(&mut place.rustup(&[]));
    let (dry, told) = (
        dry.split_once('\n').unwrap(),
        told.split_once('\n').unwrap(),
    );
    assert_eq!(dry.0.replace("would wrap", "wrapped"), told.0);
    assert_eq!(dry.1, told.1);
    for part in ["create", "write", "keep", "replace"] {
        assert!(told.1.contains(&format!("  {part} ")), "{part} in {told:?}");
    }
    place.is_wrapped(&original);
    // The very file, with all that belongs to it.
    assert_eq!(inode(&place.original()), first);
    let wrapped = place.tree();
    run(&mut place.rustup(&["--undo", "--dry-run"]));
    assert_eq!(place.tree(), wrapped);
    place.is_undone(&original);
    assert_eq!(inode(&place.launcher()), first);
    assert_eq!(place.tree(), before);
}

#[test]
fn rustc_links_through_it_with_a_plain_driver() {
    let Some(place) = Place::new() else { return };
    let (real, target) = rust_toolchain::real().unwrap();
    let library = format!("lib/rustlib/{target}/lib");
    symlink(real.join(&library), place.root.join(&library)).unwrap();
    let source = place.path("main.rs");
    write(
        &source,
        "extern \"C\" { fn greet() -> i32; }\nfn main() { println!(\"{}\", unsafe { greet() }); }\n",
    );
    for wrapped in [false, true] {
        if wrapped {
            run(&mut place.rustup(&[]));
        }
        let lib = place.path("greet").display().to_string();
        let mut rustc = command("rustc");
        rustc
            .arg("--sysroot")
            .arg(&place.root)
            .arg(&source)
            .args(["-lgreet", "-Clinker=cc", "-Clink-arg=-fuse-ld=lld"])
            .arg(format!("-Clink-arg=-B{}", place.bin("gcc-ld").display()))
            .args(["-L", &lib, "-o"])
            .arg(place.path("main"));
        run(&mut rustc);
        let expected = if wrapped {
            vec![PathBuf::from(lib)]
        } else {
            vec![]
        };
        assert_eq!(runpath(&place.path("main")), expected);
    }
    assert_eq!(run_alone(&place.path("main")), "42\n");
}

#[test]
fn other_launchers_stay_as_they_are() {
    let Some(place) = Place::new() else { return };
    let names = ["ld64.lld", "lld-link", "wasm-ld"];
    let files = || names.map(|name| fs::read(place.bin("gcc-ld").join(name)).unwrap());
    let before = files();
    run(&mut place.rustup(&[]));
    assert!(files() == before);
    run(command(place.bin("gcc-ld/wasm-ld")).arg("--version"));
}

#[test]
fn an_older_cc_wrapper_is_replaced() {
    let Some(place) = Place::new() else { return };
    let original = fs::read(place.launcher()).unwrap();
    run(&mut place.rustup(&[]));
    let mut ours = fs::read(place.launcher()).unwrap();
    ours.extend_from_slice(b"older");
    fs::write(place.launcher(), ours).unwrap();
    write(&place.bin("nix-support/toolchain.json"), "{");
    run(&mut place.rustup(&[]));
    place.is_wrapped(&original);
    place.is_undone(&original);
}

#[test]
fn an_update_puts_a_fresh_linker_in_place() {
    let Some(place) = Place::new() else { return };
    run(&mut place.rustup(&[]));
    let fresh = place.update();
    place.checked("not wrapped since it was updated");
    run(&mut place.rustup(&[]));
    place.is_wrapped(&fresh);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.original()), 0o751);
    place.is_undone(&fresh);
    assert_eq!(mode(&place.launcher()), 0o751);

    // Undone without having been wrapped again.
    run(&mut place.rustup(&[]));
    let fresh = place.update();
    place.is_undone(&fresh);
}

#[test]
fn what_nixpkgs_rustup_left_behind_is_repaired() {
    // The directory that it cannot create: empty, and with an old original.
    for old in [false, true] {
        let Some(place) = Place::new() else { return };
        fs::create_dir(place.bin("gcc-ld-unwrapped")).unwrap();
        if old {
            fs::copy(place.launcher(), place.original()).unwrap();
        }
        let fresh = place.update();
        run(&mut place.rustup(&[]));
        place.is_wrapped(&fresh);
        place.is_undone(&fresh);
    }

    let place = Place::new().unwrap();
    let original = fs::read(place.launcher()).unwrap();
    place.shim();
    place.checked("the script of nixpkgs' rustup");
    let before = place.tree();
    run(&mut place.rustup(&["--undo"]));
    assert_eq!(place.tree(), before, "it is not ours");
    run(&mut place.rustup(&[]));
    place.is_wrapped(&original);
    place.is_undone(&original);

    // It was stopped halfway, before and after it opened the script.
    for left in [None, Some("")] {
        let place = Place::new().unwrap();
        place.shim();
        fs::remove_file(place.launcher()).unwrap();
        if let Some(text) = left {
            write(&place.launcher(), text);
        }
        run(&mut place.rustup(&[]));
        place.is_wrapped(&original);
        place.is_undone(&original);
    }
}

#[test]
fn a_lost_original_is_restored_from_a_copy() {
    let Some(place) = Place::new() else { return };
    let original = fs::read(place.launcher()).unwrap();
    place.shim();
    fs::remove_dir_all(place.bin("gcc-ld-unwrapped")).unwrap();
    place.checked("the script of nixpkgs' rustup, and the original is lost");
    let told = run(&mut place.rustup(&[]));
    assert!(
        told.contains(", from a copy under another name\n"),
        "{told}"
    );
    place.is_wrapped(&original);
    fs::remove_file(place.original()).unwrap();
    place.checked("wrapped, but the original is lost");
    place.is_undone(&original);

    run(&mut place.rustup(&[]));
    fs::remove_file(place.original()).unwrap();
    for name in ["ld64.lld", "lld-link", "wasm-ld"] {
        fs::remove_file(place.bin("gcc-ld").join(name)).unwrap();
    }
    for options in [&[][..], &["--undo"]] {
        place.refused(
            options,
            &["gcc-ld/ld.lld is lost", "rustup toolchain install"],
        );
    }
}

/// Truncates a program as an interrupted write does; it is still an ELF file.
fn cut_off(path: &Path) {
    let text = fs::read("/bin/sh").unwrap();
    let mode = fs::metadata(path).unwrap().permissions();
    fs::remove_file(path).unwrap();
    fs::write(path, &text[..5000]).unwrap();
    fs::set_permissions(path, mode).unwrap();
}

#[test]
fn the_working_one_of_launcher_and_original_is_kept() {
    let Some(place) = Place::new() else { return };
    let original = fs::read(place.launcher()).unwrap();
    let likes = ["ld64.lld", "lld-link", "wasm-ld"];

    // Through an update that was cut off.
    run(&mut place.rustup(&[]));
    cut_off(&place.launcher());
    let parts = ["with --undo", "rustup toolchain install --force"];
    place.refused(&[], &parts);
    place.is_undone(&original);

    // The original, whose likes are whole.
    run(&mut place.rustup(&[]));
    cut_off(&place.original());
    let told = run(&mut place.rustup(&["--undo", "--dry-run"]));
    assert!(
        told.contains(", from a copy under another name\n"),
        "{told}"
    );
    place.is_undone(&original);
    run(&mut place.rustup(&[]));
    cut_off(&place.original());
    run(&mut place.rustup(&[]));
    place.is_wrapped(&original);

    // Both, and then one of the likes.
    cut_off(&place.launcher());
    cut_off(&place.original());
    cut_off(&place.bin("gcc-ld/ld64.lld"));
    place.is_undone(&original);

    // Nothing is left that runs.
    run(&mut place.rustup(&[]));
    for name in likes {
        let _ = fs::remove_file(place.bin("gcc-ld").join(name));
    }
    let whole = fs::read(place.original()).unwrap();
    cut_off(&place.original());
    let parts = [
        "gcc-ld-unwrapped/ld.lld does not run: ",
        "rustup toolchain install --force",
    ];
    place.refused(&[], &parts);
    place.refused(&["--undo"], &parts);
    let ours = fs::read(place.launcher()).unwrap();
    cut_off(&place.launcher());
    let parts = [&parts[..], &["gcc-ld/ld.lld does not run: "]].concat();
    place.refused(&["--undo"], &parts);
    fs::write(place.launcher(), ours).unwrap();
    fs::write(place.original(), whole).unwrap();
    place.is_wrapped(&original);

    // Whole, but without the linker: nothing that it could be blamed for.
    fs::copy(place.original(), place.bin("gcc-ld/wasm-ld")).unwrap();
    fs::rename(place.bin("rust-lld"), place.path("rust-lld")).unwrap();
    place.is_undone(&original);
}

#[test]
fn a_check_reports_what_the_launcher_would_run() {
    let Some(place) = Place::new() else { return };
    let original = fs::read(place.launcher()).unwrap();
    run(&mut place.rustup(&[]));
    let path = place.bin("nix-support/toolchain.json");
    let text = fs::read_to_string(&path).unwrap();

    // Another linker of that name is on PATH.
    write(&place.path("path/ld.lld"), "#!/bin/sh\necho other\n");
    let all = fs::Permissions::from_mode(0o755);
    fs::set_permissions(place.path("path/ld.lld"), all).unwrap();
    let version = || {
        let mut version = command(place.launcher());
        version.arg("--version").env("PATH", place.path("path"));
        version
    };
    fs::rename(place.bin("nix-support"), place.path("kept")).unwrap();
    refused(
        &mut version(),
        &["gcc-ld/ld.lld", "run `cc-wrapper rustup`"],
    );
    place.checked("wrapped, but nix-support/toolchain.json is missing");
    run(&mut place.rustup(&[]));
    assert!(run(&mut version()).contains("LLD"));
    place.is_wrapped(&original);

    let other = format!("\"{}\"", place.path("path/ld.lld").display());
    for (from, to, state) in [
        ("true", "false", "has been changed"),
        ("\"ld\"", "\"strip\"", "has been changed"),
        (
            "\"gcc-ld-unwrapped/ld.lld\"",
            &other,
            "names another linker",
        ),
        ("gcc-ld-unwrapped", "gone", "names another linker"),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        fs::write(&path, &changed).unwrap();
        place.checked(&format!("wrapped, but nix-support/toolchain.json {state}"));
        run(&mut place.rustup(&[]));
        place.is_wrapped(&original);
        fs::write(&path, &changed).unwrap();
        place.is_undone(&original);
        run(&mut place.rustup(&[]));
    }
    for cut in ["", "{", &text[..text.len() / 2]] {
        fs::write(&path, cut).unwrap();
        place.checked("wrapped, but nix-support/toolchain.json is missing");
        place.is_undone(&original);
        run(&mut place.rustup(&[]));
    }

    let mut ours = fs::read(place.launcher()).unwrap();
    ours.extend_from_slice(b"older");
    fs::write(place.launcher(), ours).unwrap();
    let told = run(&mut place.rustup(&["--check"]));
    assert!(
        told.contains(": wrapped, by another version of cc-wrapper"),
        "{told}"
    );
}

#[test]
fn a_foreign_description_is_not_touched() {
    let Some(place) = Place::new() else { return };
    let path = place.bin("nix-support/toolchain.json");
    let original = fs::read(place.launcher()).unwrap();
    let parts = [
        "toolchain.json is not written by cc-wrapper",
        "move it away",
    ];
    write(&path, "{\"mine\":1}");
    place.refused(&[], &parts);
    fs::remove_file(&path).unwrap();
    run(&mut place.rustup(&[]));
    write(&path, "{\"mine\":1}");
    place.checked("wrapped, but nix-support/toolchain.json is not written by cc-wrapper");
    place.refused(&[], &parts);
    run(&mut place.rustup(&["--undo"]));
    assert!(fs::read(place.launcher()).unwrap() == original);
    assert_eq!(fs::read(&path).unwrap(), b"{\"mine\":1}");
    fs::remove_file(&path).unwrap();
    symlink(place.path("main.c"), &path).unwrap();
    place.refused(&[], &["toolchain.json is a link to"]);
}

#[test]
fn a_launcher_that_may_not_be_run_is_replaced() {
    let Some(place) = Place::new() else { return };
    let original = fs::read(place.launcher()).unwrap();
    run(&mut place.rustup(&[]));
    let wrapped = place.tree();
    for mode in [0o644, 0o744] {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(place.launcher(), mode).unwrap();
        run(&mut place.rustup(&[]));
        assert_eq!(place.tree(), wrapped);
    }
    place.is_wrapped(&original);
}

#[test]
fn another_path_changes_nothing() {
    let Some(place) = Place::new() else { return };
    let nowhere = |options: &[&str]| {
        let mut rustup = place.rustup(options);
        rustup.env("PATH", place.path("none"));
        run(&mut rustup)
    };
    for first in [true, false] {
        match first {
            true => run(&mut place.rustup(&[])),
            false => nowhere(&[]),
        };
        let wrapped = place.tree();
        for told in [nowhere(&[]), run(&mut place.rustup(&[]))] {
            assert!(told.ends_with(": wrapped already\n"), "{told}");
        }
        assert_eq!(place.tree(), wrapped);
        nowhere(&["--check"]);
        nowhere(&["--undo"]);
    }
}

#[test]
fn dangling_links_are_cleared_away() {
    let link = |path: PathBuf| {
        let _ = fs::remove_file(&path);
        let _ = fs::remove_dir_all(&path);
        symlink("/nix/store/gone/x", path).unwrap();
    };
    type Make = fn(&Place, &dyn Fn(PathBuf));
    let states: [(&str, Make); 6] = [
        ("launcher", |place, link| link(place.launcher())),
        ("launcher with its original", |place, link| {
            place.shim();
            link(place.launcher());
        }),
        ("original", |place, link| {
            fs::create_dir(place.bin("gcc-ld-unwrapped")).unwrap();
            link(place.original());
        }),
        ("originals", |place, link| {
            link(place.bin("gcc-ld-unwrapped"))
        }),
        ("launchers", |place, link| {
            place.shim();
            link(place.bin("gcc-ld"));
        }),
        ("what says what it is", |place, link| {
            link(place.bin("nix-support"))
        }),
    ];
    for (state, make) in states {
        let Some(place) = Place::new() else { return };
        let original = fs::read(place.launcher()).unwrap();
        make(&place, &link);
        println!("{state}");
        let output = place.rustup(&["--check"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        run(&mut place.rustup(&[]));
        place.is_wrapped(&original);
        place.is_undone(&original);
    }
}

#[test]
fn a_toolchain_may_be_moved_and_have_spaces_in_its_path() {
    let Some(mut place) = Place::called("my toolchain") else {
        return;
    };
    let original = fs::read(place.launcher()).unwrap();
    run(&mut place.rustup(&[]));
    place.is_wrapped(&original);
    let moved = place.path("moved to").join("another place");
    fs::create_dir(moved.parent().unwrap()).unwrap();
    fs::rename(&place.root, &moved).unwrap();
    place.root = moved;
    place.is_wrapped(&original);
    // By way of a link, as `rustup toolchain link` makes one.
    symlink(&place.root, place.path("link")).unwrap();
    place.root = place.path("link");
    run(&mut place.link());
    assert_eq!(runpath(&place.path("main")), [place.path("greet")]);
    place.root = fs::canonicalize(&place.root).unwrap();
    place.is_undone(&original);
}

#[test]
fn other_files_in_the_way_are_not_touched() {
    let Some(place) = Place::new() else { return };
    for directory in [place.bin("gcc-ld"), place.bin("").join(".")] {
        let directory = fs::canonicalize(directory).unwrap();
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o555)).unwrap();
        place.refused(&[], &["is not writable", &directory.display().to_string()]);
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
    }
    run(&mut place.rustup(&[]));
    for name in ["gcc-ld-unwrapped", "nix-support"] {
        fs::set_permissions(place.bin(name), fs::Permissions::from_mode(0o555)).unwrap();
        place.refused(&["--undo"], &[name, "is not writable"]);
        fs::set_permissions(place.bin(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    run(&mut place.rustup(&["--undo"]));

    fs::rename(place.launcher(), place.path("kept")).unwrap();
    write(&place.launcher(), "#!/bin/sh\nexec my-linker \"$@\"\n");
    let parts = ["gcc-ld/ld.lld is neither a program nor", "move it away"];
    place.refused(&[], &parts);
    fs::remove_file(place.launcher()).unwrap();
    symlink("/bin/true", place.launcher()).unwrap();
    place.refused(&[], &["gcc-ld/ld.lld is a link to /bin/true"]);
    fs::remove_file(place.launcher()).unwrap();
    fs::rename(place.path("kept"), place.launcher()).unwrap();

    write(&place.bin("nix-support"), "mine");
    place.refused(&[], &["nix-support is neither", "move it away"]);
    fs::remove_file(place.bin("nix-support")).unwrap();
    fs::create_dir_all(place.original()).unwrap();
    place.refused(&[], &["gcc-ld-unwrapped/ld.lld is not a file"]);
    fs::remove_dir_all(place.bin("gcc-ld-unwrapped")).unwrap();
    symlink(place.top.path(), place.bin("gcc-ld-unwrapped")).unwrap();
    place.refused(&[], &["gcc-ld-unwrapped is a link to"]);
    fs::remove_file(place.bin("gcc-ld-unwrapped")).unwrap();

    // Nor what would not run.
    fs::rename(place.bin("rust-lld"), place.path("rust-lld")).unwrap();
    place.refused(&[], &["gcc-ld/ld.lld does not run: "]);
}

#[test]
fn what_is_no_toolchain_is_refused() {
    let Some(place) = Place::new() else { return };
    let given = |path: &Path| {
        let mut rustup = command(BINARY);
        rustup.args(["rustup", "--toolchain"]).arg(path);
        rustup
    };
    refused(&mut given(&place.path("none")), &["cannot read", "/none"]);
    refused(
        &mut given(&place.path("greet")),
        &["greet is not a Rust toolchain: it has no lib/rustlib"],
    );
    fs::create_dir_all(place.path("plain/lib/rustlib")).unwrap();
    let told = run(&mut given(&place.path("plain")));
    assert!(told.ends_with("contains no linker to wrap\n"), "{told}");
}

#[test]
fn a_run_that_fails_for_one_does_the_others() {
    let (Some(good), Some(bad)) = (Place::new(), Place::new()) else {
        return;
    };
    let original = fs::read(good.launcher()).unwrap();
    fs::remove_file(bad.bin("rust-lld")).unwrap();
    let before = bad.tree();
    let mut rustup = bad.rustup(&["--toolchain"]);
    let output = rustup.arg(&good.root).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("wrapped "));
    assert_eq!(bad.tree(), before);
    good.is_wrapped(&original);
}

/// Returns a run with these options and its temporary files beside the
/// toolchain.
fn traced(place: &Place, options: &[&str]) -> Command {
    let mut rustup = place.rustup(options);
    rustup.env("TMPDIR", place.top.path());
    rustup
}

/// Kills the run at each system call in turn. After each kill the toolchain
/// must work as before, and the next run must succeed as usual.
fn interrupted(options: &[&str], make: fn(&Place), runs: bool) {
    if tool("strace").is_none() {
        return;
    }
    let Some(whole) = Place::new() else { return };
    make(&whole);
    let calls = strace::calls(&traced(&whole, options), &whole.path("trace"));
    assert!(
        calls.iter().any(|(call, _)| call.starts_with("rename")),
        "{calls:?}"
    );
    run(&mut whole.rustup(&[]));
    let original = fs::read(whole.original()).unwrap();
    let expected = whole.tree();
    for (n, call) in calls.iter().enumerate() {
        let place = Place::new().unwrap();
        make(&place);
        strace::killed(&traced(&place, options), &place.path("trace"), call);
        if runs {
            run(place.link().arg("-Lgreet"));
        }
        if n % 2 == 0 {
            run(&mut place.rustup(options));
        }
        run(&mut place.rustup(&[]));
        assert_eq!(place.tree(), expected, "{call:?}");
        place.is_undone(&original);
    }
    println!("killed at {calls:?}");
}

#[test]
fn a_fresh_toolchain_interrupted_at_each_step() {
    interrupted(&[], |_| (), true);
}

#[test]
fn an_updated_toolchain_interrupted_at_each_step() {
    let updated = |place: &Place| {
        run(&mut place.rustup(&[]));
        place.update();
    };
    interrupted(&[], updated, true);
}

#[test]
fn a_script_of_nixpkgs_interrupted_at_each_step() {
    interrupted(&[], Place::shim, false);
}

#[test]
fn a_lost_launcher_interrupted_at_each_step() {
    let lost = |place: &Place| {
        fs::remove_file(place.launcher()).unwrap();
        symlink("/gone", place.launcher()).unwrap();
    };
    interrupted(&[], lost, false);
}

#[test]
fn an_undoing_interrupted_at_each_step() {
    let wrapped = |place: &Place| {
        run(&mut place.rustup(&[]));
    };
    interrupted(&["--undo"], wrapped, true);
}

/// After a power failure, renamed files are complete, and no later step is on
/// the disk without the earlier ones.
#[test]
fn each_step_is_on_the_disk_before_the_next() {
    if tool("strace").is_none() {
        return;
    }
    let Some(place) = Place::new() else { return };
    let calls = "trace=mkdir,mkdirat,link,linkat,rename,renameat,renameat2,fsync";
    // The second time without hard links, as on FAT.
    let without_links = ["-e", "inject=link,linkat:error=EPERM"];
    for inject in [&[][..], &without_links] {
        let options = [&["-y", "-e", calls], inject].concat();
        let rustup = traced(&place, &[]);
        run(&mut strace::traced(&rustup, &place.path("trace"), &options));
        let trace = fs::read_to_string(place.path("trace")).unwrap();
        let lines: Vec<_> = trace
            .lines()
            .filter(|line| !line.starts_with("link"))
            .collect();
        let quoted = |line: &str, n: usize| line.split('"').nth(n).unwrap().to_owned();
        let synced = |line: Option<&&str>, path: &str| {
            let line = line.unwrap();
            assert!(line.starts_with("fsync("), "{line}\n{trace}");
            assert!(line.contains(&format!("<{path}>) = 0")), "{line}\n{trace}");
        };
        let parent = |path: &str| Path::new(path).parent().unwrap().display().to_string();
        let mut renamed = 0;
        for (n, line) in lines.iter().enumerate() {
            if line.starts_with("rename") {
                let (from, to) = (quoted(line, 1), quoted(line, 3));
                synced(lines.get(n - 1), &from);
                synced(lines.get(n + 1), &parent(&to));
                renamed += 1;
            } else if line.starts_with("mkdir") {
                let made = quoted(line, 1);
                if made.starts_with(place.root.to_str().unwrap()) {
                    synced(lines.get(n + 1), &parent(&made));
                }
            }
        }
        assert_eq!(renamed, 3, "{trace}");
        run(&mut place.rustup(&["--undo"]));
    }
}

#[test]
fn two_at_once_do_not_meet() {
    let Some(place) = Place::new() else { return };
    let original = fs::read(place.launcher()).unwrap();
    for _ in 0..5 {
        let started: Vec<_> = [&[][..], &["--undo"], &[], &["--undo"], &[]]
            .iter()
            .map(|options| place.rustup(options).stdout(Stdio::null()).spawn().unwrap())
            .collect();
        for mut child in started {
            assert!(child.wait().unwrap().success());
        }
        run(&mut place.rustup(&[]));
        place.is_wrapped(&original);
    }
}

/// Flags that an outer wrapped driver has added are neither added again nor
/// lost.
#[test]
fn a_wrapped_driver_may_run_it() {
    let Some(place) = Place::new() else { return };
    run(&mut place.rustup(&[]));
    common::wrap(&place.path("wrapped"), [] as [&str; 0]);
    // An object that may be linked once only.
    write(
        &place.path("once.c"),
        "int once;\nint twice(void) { return 1; }\n",
    );
    let mut cc = command("cc");
    run(cc.args(["-c", "once.c"]).current_dir(place.path("")));
    let lib = place.path("greet");
    let flags = format!("-L{} {}", lib.display(), place.path("once.o").display());
    let drivers = [PathBuf::from("cc"), place.path("wrapped/bin/cc")];
    for driver in drivers {
        let mut cc = command(&driver);
        cc.args(place.link().get_args())
            .env("NIX_LDFLAGS", &flags)
            .current_dir(place.path(""));
        run(&mut cc);
        assert_eq!(runpath(&place.path("main")), [lib.as_path()], "{driver:?}");
        run_alone(&place.path("main"));
    }
    // As nixpkgs' driver leaves it, of the same salt and of another.
    for salt in ["x86_64_unknown_linux_gnu", "other"] {
        let mut cc = place.link();
        cc.arg(format!("-L{}", lib.display()))
            .arg(place.path("once.o"))
            .env("NIX_LDFLAGS", &flags)
            .env(format!("NIX_LINK_TYPE_{salt}"), "dynamic");
        run(&mut cc);
        assert_eq!(runpath(&place.path("main")), [lib.as_path()]);
    }
}

#[test]
fn rustup_is_asked_which_toolchain() {
    let Some(rustup) = tool("rustup") else { return };
    let Some(place) = Place::new() else { return };
    let (_, target) = rust_toolchain::real().unwrap();
    let home = place.path("home");
    let name = format!("stable-{target}");
    let installed = home.join("toolchains").join(&name);
    fs::create_dir_all(installed.parent().unwrap()).unwrap();
    let linked = place.path("linked");
    fs::rename(&place.root, &linked).unwrap();
    let (real, target) = rust_toolchain::real().unwrap();
    rust_toolchain::copy(&real, &target, &installed);
    let link = home.join("toolchains/mine");
    symlink(&linked, &link).unwrap();
    symlink("/nix/store/gone", home.join("toolchains/gone")).unwrap();
    let call = |options: &[&str], active: &str| {
        let mut call = command(BINARY);
        call.arg("rustup").args(options).env("RUSTUP_HOME", &home);
        call.env("RUSTUP_TOOLCHAIN", active);
        call
    };
    let installed = installed.canonicalize().unwrap().display().to_string();
    let linked = linked.display().to_string();
    let dry = ["--dry-run", "--toolchain", "mine", "--toolchain", &name];
    for (options, active, expected) in [
        (&dry[..1], &name[..], vec![&installed]),
        (&dry[..3], &name, vec![&linked]),
        (&dry[..], "mine", vec![&linked, &installed]),
        (&["--dry-run", "--all"], "mine", vec![&installed]),
    ] {
        let told = run(&mut call(options, active));
        let first = told
            .lines()
            .filter_map(|line| line.strip_prefix("would wrap "));
        assert_eq!(first.collect::<Vec<_>>(), expected, "{told}");
        let alone = told
            .lines()
            .filter(|line| line.contains(" is a link, so it is not changed"));
        let is_all = options.contains(&"--all");
        assert_eq!(alone.count(), if is_all { 2 } else { 0 }, "{told}");
    }
    let parts = ["the active toolchain", "mine is a link to", "--toolchain /"];
    refused(&mut call(&[], "mine"), &parts);
    let parts = [
        "rustup does not print the path of nope: ",
        "--toolchain PATH",
    ];
    refused(&mut call(&["--toolchain", "nope"], &name), &parts);
    let parts = ["no rustup on PATH", "--toolchain PATH"];
    let elsewhere = place.path("");
    refused(call(&[], &name).env("PATH", elsewhere), &parts);
    drop(rustup);
}

/// As on NixOS, where the interpreter of its programs does not exist.
fn without_interpreter() -> Option<Place> {
    tool("patchelf")?;
    let place = Place::new()?;
    let mut programs = vec![place.root.join("bin/rustc"), place.bin("rust-lld")];
    for name in ["ld.lld", "ld64.lld", "lld-link", "wasm-ld"] {
        programs.push(place.bin("gcc-ld").join(name));
    }
    let mut patchelf = command("patchelf");
    run(patchelf
        .args(["--set-interpreter", "/none/ld.so"])
        .args(programs));
    // A library that no rpath leads to.
    let mut cc = command("cc");
    cc.args(["-shared", "-lgreet", "-Lgreet", "-Wl,--no-as-needed", "-o"]);
    let library = place.root.join("lib/libneeding.so");
    run(cc
        .arg(library)
        .args(["greet.c", "-lgreet"])
        .current_dir(place.path("")));
    Some(place)
}

#[test]
fn a_toolchain_that_cannot_start_is_refused_or_patched() {
    let Some(place) = without_interpreter() else {
        return;
    };
    let ways = [
        "gcc-ld/ld.lld, /none/ld.so, does not exist",
        "nix-ld",
        "--patchelf",
    ];
    place.refused(&[], &ways);
    place.refused(&["--patchelf"], &["NIX_CC", "--dynamic-linker"]);
    let with = ["--patchelf", "--dynamic-linker", "/none/ld.so"];
    place.refused(
        &with,
        &["/none/ld.so does not exist, but --dynamic-linker names it"],
    );
    let loader = interpreter(Path::new("/bin/sh"));
    let loader = loader.to_str().unwrap();
    let with = ["--patchelf", "--dynamic-linker", loader];
    let needs = ["lib/libneeding.so needs libgreet.so", "--library-dir"];
    place.refused(&with, &needs);
    refused(
        place.rustup(&with).env("PATH", place.top.path()),
        &["no patchelf on PATH"],
    );

    let greet = place.path("greet").display().to_string();
    let with = [&with[..], &["--library-dir", &greet]].concat();
    let before = place.tree();
    let dry = run(place.rustup(&with).arg("--dry-run"));
    assert_eq!(place.tree(), before);
    let told = run(&mut place.rustup(&with));
    assert_eq!(dry.replace("would wrap", "wrapped"), told);
    let patched = told.lines().filter(|line| line.starts_with("  patch "));
    assert_eq!(patched.count(), 7, "{told}");
    assert_eq!(
        runpath(&place.root.join("lib/libneeding.so")),
        [place.path("greet")]
    );
    run(command(place.root.join("bin/rustc")).arg("--version"));
    let original = fs::read(place.original()).unwrap();
    place.is_wrapped(&original);
    // Then all of it is as it should be.
    let told = run(&mut place.rustup(&with));
    assert!(told.ends_with(": wrapped already\n"), "{told}");
    place.is_undone(&original);
}

#[test]
fn a_shell_sets_the_interpreter_to_patch_with() {
    let Some(place) = without_interpreter() else {
        return;
    };
    let loader = interpreter(Path::new("/bin/sh"));
    let support = place.path("cc/nix-support");
    write(
        &support.join("dynamic-linker"),
        &format!("{}\n", loader.display()),
    );
    for (ldflags, cc_ldflags) in [("-L", ""), ("", "-L")] {
        let greet = place.path("greet").display().to_string();
        let flags = |flag: &str| match flag {
            "" => String::new(),
            flag => format!("-lx {flag}{greet} -rpath /x"),
        };
        write(&support.join("cc-ldflags"), &flags(cc_ldflags));
        let mut rustup = place.rustup(&["--patchelf", "--dry-run"]);
        rustup.env("NIX_CC", place.path("cc"));
        run(rustup.env("NIX_LDFLAGS", flags(ldflags)));
    }
    let mut rustup = place.rustup(&["--patchelf"]);
    run(rustup.env("NIX_CC", place.path("cc")));
    place.is_wrapped(&fs::read(place.original()).unwrap());
    assert_eq!(interpreter(&place.root.join("bin/rustc")), loader);
}

#[test]
fn a_patching_that_was_interrupted_goes_on() {
    if tool("strace").is_none() {
        return;
    }
    let loader = interpreter(Path::new("/bin/sh"));
    let with = |place: &Place| {
        let greet = place.path("greet").display().to_string();
        let loader = loader.display().to_string();
        let options = [
            "--patchelf",
            "--dynamic-linker",
            &loader,
            "--library-dir",
            &greet,
        ];
        options.map(str::to_owned)
    };
    let Some(whole) = without_interpreter() else {
        return;
    };
    let options = with(&whole);
    let run_of = traced(&whole, &options.each_ref().map(|option| &option[..]));
    let calls = strace::calls(&run_of, &whole.path("trace"));
    let calls: Vec<_> = calls
        .iter()
        .filter(|(call, _)| call.starts_with("rename"))
        .collect();
    assert!(calls.len() > 8, "{calls:?}");
    for call in calls {
        let place = without_interpreter().unwrap();
        let options = with(&place);
        let options = options.each_ref().map(|option| &option[..]);
        strace::killed(&traced(&place, &options), &place.path("trace"), call);
        run(&mut place.rustup(&options));
        place.is_wrapped(&fs::read(place.original()).unwrap());
        assert_eq!(
            runpath(&place.root.join("lib/libneeding.so")),
            [place.path("greet")]
        );
    }
}
