//! default.nix in builds and shells, with tests/nix/nixpkgs in place of
//! nixpkgs. nix/tests.nix has the requirements on the programs that it builds.

mod common;

use common::nix::{Nix, copy_sources};
use common::{command, interpreter, release_binary, run, run_alone, runpath, tool};
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/nix/greet");

#[test]
fn the_package_is_a_static_program_that_starts_early() {
    let Some(nix) = Nix::new() else { return };
    let mut build = nix.building_the_package("nix-build");
    let out = run(build.arg("--no-out-link"));
    let binary = Path::new(out.trim_end()).join("bin/cc-wrapper");
    assert!(run(command(&binary).arg("--version")).starts_with("cc-wrapper "));

    let readelf = |what| run(command("readelf").args(["--wide", what]).arg(&binary));
    let headers = readelf("--program-headers");
    assert!(headers.contains("Elf file type is EXEC"), "{headers}");
    assert!(!headers.contains("INTERP"), "{headers}");
    if cfg!(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    )) {
        let entry = headers.split_once("Entry point 0x").unwrap().1;
        let entry = entry.split_whitespace().next().unwrap();
        let symbols = readelf("--symbols");
        let start = symbols
            .lines()
            .find(|line| line.ends_with(" cc_wrapper_start"));
        assert!(start.unwrap().contains(entry), "{headers}\n{start:?}");
    }
}

#[test]
fn the_package_has_man_pages_and_completions() {
    let Some(nix) = Nix::new() else { return };
    let mut build = nix.command("nix-build");
    let out = run(build.arg("--no-out-link"));
    let out = Path::new(out.trim_end());
    has_man_pages_and_completions(out, &out.join("bin/cc-wrapper"));
}

/// Programs for another machine cannot run here.
#[test]
fn a_package_for_another_machine_has_them_too() {
    let Some(nix) = Nix::new() else { return };
    let expression = r#"
        let
          pkgs = import <nixpkgs> { };
          hostPlatform = pkgs.hostPlatform // { system = "sparc64-linux"; };
          package = pkgs.callPackage ./nix/package.nix {
            stdenv = pkgs.stdenv // { inherit hostPlatform; };
          };
        in
        package.overrideAttrs {
          installPhase = ''
            mkdir -p $out/bin
            touch $out/bin/cc-wrapper
            runHook postInstall
          '';
        }"#;
    let mut build = nix.command("nix-build");
    let out = run(build.args(["--no-out-link", "-E", expression]));
    has_man_pages_and_completions(Path::new(out.trim_end()), release_binary());
}

/// Checks that the files are where man and the shells look for them, with the
/// content that `program` prints.
fn has_man_pages_and_completions(package: &Path, program: &Path) {
    for (file, args) in [
        ("man/man1/cc-wrapper.1", &["man"][..]),
        ("man/man1/cc-wrapper-wrap.1", &["man", "wrap"]),
        (
            "bash-completion/completions/cc-wrapper",
            &["completions", "bash"],
        ),
        ("zsh/site-functions/_cc-wrapper", &["completions", "zsh"]),
        (
            "fish/vendor_completions.d/cc-wrapper.fish",
            &["completions", "fish"],
        ),
    ] {
        let text = fs::read_to_string(package.join("share").join(file)).unwrap();
        assert_eq!(text, run(command(program).args(args)), "{file}");
    }
}

#[test]
fn the_source_is_the_same_behind_a_symlink() {
    let Some(nix) = Nix::new() else { return };
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("link");
    symlink(env!("CARGO_MANIFEST_DIR"), &link).unwrap();
    let source_by = |directory: &str| {
        let expression = format!(
            "let overlays = [ (import {directory}/nix/overlay.nix) ]; in \
             (import <nixpkgs> {{ inherit overlays; }}).cc-wrapper.src"
        );
        let mut build = nix.command("nix-build");
        run(build.args(["--no-out-link", "-E", &expression]))
    };
    let source = source_by(link.to_str().unwrap());
    assert_eq!(source, source_by("./."));
    let mut entries: Vec<_> = fs::read_dir(source.trim_end())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    entries.sort();
    let build = ["Cargo.lock", "Cargo.toml", "benches", "build.rs", "src"];
    assert_eq!(entries, [&[".cargo"], &build[..]].concat());
}

#[test]
fn packages_build_with_the_wrapped_stdenv() {
    let Some(nix) = Nix::new() else { return };
    for attribute in [
        "app",
        "fromScratch",
        "halves",
        "overrides",
        "copied",
        "files",
        "filesFromScratch",
    ] {
        nix.build(".", &format!("tests.{attribute}"));
    }
}

#[test]
fn packages_build_with_a_wrapped_clang() {
    let (Some(nix), Some(_)) = (Nix::new(), tool("clang")) else {
        return;
    };
    nix.build(".", "tests.clang");
    nix.build(".", "tests.clangFromScratch");
}

#[test]
fn compilers_from_scratch_have_what_theirs_have() {
    let Some(nix) = Nix::new() else { return };
    nix.build("tests/nix/scratch.nix", "cross");
    if tool("gnatmake").is_some() {
        nix.build("tests/nix/scratch.nix", "gnat");
    }
}

#[test]
fn each_role_has_its_own_flags() {
    let Some(nix) = Nix::new() else { return };
    nix.build("tests/nix/cross.nix", "out");
}

#[test]
fn hooks_fill_the_variables() {
    let Some(nix) = Nix::new() else { return };
    for attribute in ["all", "cc", "strict"] {
        nix.build("tests/nix/hooks.nix", attribute);
    }
}

#[test]
fn a_shell_has_the_wrapped_compiler() {
    let Some(nix) = Nix::new() else { return };
    let dir = tempfile::tempdir().unwrap();
    for options in [&[][..], &["--pure"]] {
        in_shell(&nix, dir.path(), options);
    }
}

#[test]
fn an_ordinary_user_has_builds_and_shells() {
    // Who runs the tests is one, or can become one.
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let Some(nix) = Nix::of_nobody(dir.path()) else {
        return;
    };
    nix.build(".", "tests.app");
    in_shell(&nix, dir.path(), &["--pure"]);
}

/// Builds a program in a shell, in `dir`.
fn in_shell(nix: &Nix, dir: &Path, options: &[&str]) {
    let app = dir.join("app");
    let script = format!(
        "cp {SOURCES}/main.c {dir} && cd {dir} && gcc main.c -lgreet -o app && \
         echo \"$NIX_CFLAGS_COMPILE|$NIX_LDFLAGS\" && readlink -f $(type -P gcc)",
        dir = dir.display()
    );
    let mut shell = nix.command("nix-shell");
    let said = run(shell
        .args(options)
        .args(["tests/nix/shell.nix", "--run", &script]));

    let mut lines = said.lines();
    assert_eq!(lines.next(), Some("the hook ran"), "{said}");
    let (cflags, ldflags) = lines.next().unwrap().split_once('|').unwrap();
    let greet = cflags
        .split_whitespace()
        .find(|word| word.contains("-libgreet-1/"));
    let greet = Path::new(greet.expect("libgreet's headers"))
        .parent()
        .unwrap();
    assert!(
        ldflags.contains(&format!("-L{}/lib", greet.display())),
        "{said}"
    );
    assert!(lines.next().unwrap().ends_with("/bin/cc-wrapper"), "{said}");

    assert_eq!(run_alone(&app), "hello from libgreet\n");
    assert!(runpath(&app).contains(&greet.join("lib")));
    assert!(interpreter(&app).starts_with(greet.parent().unwrap()));
    fs::remove_file(app).unwrap();
}

#[test]
fn a_compiler_that_is_not_a_wrapper_is_an_error() {
    let Some(nix) = Nix::new() else { return };
    for (expression, line) in [
        (
            "c.wrapCC pkgs.coreutils",
            "wrapCC takes a wrapped compiler, such as stdenv.cc (for one that is not wrapped there is wrapCCFrom), and coreutils-9 is none",
        ),
        (
            "c.wrapCC pkgs.gcc-unwrapped",
            "wrapCC takes a wrapped compiler",
        ),
        ("c.wrapCC pkgs.bintools", "wrapCC takes a wrapped compiler"),
        ("c.wrapCC null", "and a null is none"),
        ("c.wrapCC \"/bin/gcc\"", "and /bin/gcc is none"),
        (
            "c.wrapCC { cc = 1; bintools = 2; }",
            "and a set without a name is none",
        ),
        (
            "c.wrapBintools { bintools = 1; }",
            "and a set without a name is none",
        ),
        (
            "c.wrapBintools pkgs.gcc",
            "wrapBintools takes wrapped binutils, such as stdenv.cc.bintools, and gcc-wrapper-12 is none",
        ),
        (
            "c.wrapCCFrom { cc = pkgs.gcc; inherit (pkgs) bintools; }",
            "wrapCCFrom takes a compiler that is not wrapped, and gcc-wrapper-12 is none",
        ),
        (
            "c.wrapCCFrom { cc = pkgs.gcc-unwrapped; bintools = pkgs.crossGcc.bintools; }",
            "wrapCCFrom: gcc-12 is for ",
        ),
        (
            "c.wrapCCFrom { cc = pkgs.coreutils; inherit (pkgs) bintools; }",
            "cc-wrapper: there is no gcc or clang in ",
        ),
        (
            "c.wrapBintoolsFrom { bintools = pkgs.coreutils; }",
            "cc-wrapper: there is no ld in ",
        ),
    ] {
        let mut build = nix.command("nix-build");
        let expression = format!(
            "let pkgs = import <nixpkgs> {{ }}; c = import ./. {{ inherit pkgs; }}; in {expression}"
        );
        let output = build
            .args(["--no-out-link", "-E", &expression])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && said.contains(line),
            "{expression}\n{said}"
        );
    }
}

#[test]
fn the_overlay_leaves_the_stdenv() {
    let Some(nix) = Nix::new() else { return };
    let expression = "let \
        plain = import <nixpkgs> { }; \
        pkgs = import <nixpkgs> { overlays = [ (import ./. { }).overlay ]; }; \
        in assert pkgs.stdenv.outPath == plain.stdenv.outPath; pkgs.ccWrapperStdenv.cc";
    let mut build = nix.command("nix-build");
    let cc = PathBuf::from(run(build.args(["--no-out-link", "-E", expression])).trim_end());
    let gcc = fs::canonicalize(cc.join("bin/gcc")).unwrap();
    assert_eq!(gcc.file_name().unwrap(), "cc-wrapper");
}

#[test]
fn the_flake_has_what_default_nix_has() {
    let Some(nix) = Nix::new() else { return };
    // Nix copies a flake's directory, and ours holds much more.
    let dir = tempfile::tempdir().unwrap();
    let (source, nixpkgs) = (dir.path().join("source"), dir.path().join("nixpkgs"));
    copy_sources(&source);
    copy_sources(&nixpkgs);
    let system = format!("{}-linux", std::env::consts::ARCH);
    let outputs = "import ./tests/nix/nixpkgs { inherit system; }";
    let outputs = format!(
        "{{ outputs = _: {{ legacyPackages = builtins.listToAttrs (map \
         (system: {{ name = system; value = {outputs}; }}) \
         [ \"x86_64-linux\" \"aarch64-linux\" ]); }}; }}"
    );
    fs::write(nixpkgs.join("flake.nix"), outputs).unwrap();
    let nixpkgs = format!("path:{}", nixpkgs.display());
    let flake = |arguments: &[&str]| {
        let mut flake = nix.command("nix");
        flake.current_dir(&source).args(arguments);
        flake.args([
            "--impure",
            "--no-write-lock-file",
            "--override-input",
            "nixpkgs",
            &nixpkgs,
        ]);
        run(&mut flake)
    };
    flake(&["flake", "check", "--no-build"]);
    let name = flake(&[
        "eval",
        "--raw",
        &format!(".#devShells.{system}.default.name"),
    ]);
    assert_eq!(name, "nix-shell");
    flake(&["eval", &format!(".#legacyPackages.{system}.stdenv.cc.name")]);
}
