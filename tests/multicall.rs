//! The binary under the names of tools: it always finds and runs the right
//! tool.

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{command, copy_program, greet, run, run_alone, runpath, write};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");

/// A directory with `libgreet` in its own prefix and a program that uses it.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        greet::lay(place.0.path());
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        write(&self.path(name), text);
        self.path(name)
    }

    fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.file(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn link(&self, name: &str, target: impl AsRef<Path>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        symlink(target, self.path(name)).unwrap();
    }

    fn copy(&self, name: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        copy_program(Path::new(BINARY), &self.path(name));
    }

    /// Creates a root whose toolchain.json gives `program` as `gcc`.
    fn root(&self, name: &str, program: &Path) -> PathBuf {
        self.link(&format!("{name}/bin/gcc"), BINARY);
        let program = program.display();
        let text = format!(
            r#"{{"version": 1, "suffixSalt": "s", "roleMarkers": "optional",
                "tools": {{"gcc": {{"role": "cc", "program": "{program}"}}}}}}"#
        );
        self.file(&format!("{name}/nix-support/toolchain.json"), &text);
        self.path(name).join("bin/gcc")
    }

    /// Returns a command with these directories first on PATH, and the flags
    /// for a dependency on libgreet.
    fn command(&self, program: impl AsRef<Path>, directories: &[&str]) -> Command {
        let mut path: Vec<PathBuf> = directories.iter().map(|name| self.path(name)).collect();
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
        let mut command = command(program.as_ref());
        command
            .current_dir(self.0.path())
            .env("PATH", std::env::join_paths(path).unwrap())
            .env(
                "NIX_CFLAGS_COMPILE",
                format!("-isystem {}", self.path("greet/include").display()),
            )
            .env(
                "NIX_LDFLAGS",
                format!("-L{} -lgreet", self.path("greet/lib").display()),
            );
        command
    }

    fn builds_and_runs(&self, compiler: &mut Command) {
        run(compiler.args(["main.c", "-o", "main"]));
        assert_eq!(runpath(&self.path("main")), [self.path("greet/lib")]);
        assert_eq!(run_alone(&self.path("main")), "hello\n");
    }
}

fn error(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "one line: {text}");
    text
}

#[test]
fn a_bare_link_wraps_the_next_on_path() {
    let place = Place::new();
    place.link("bin/cc", BINARY);
    place.builds_and_runs(&mut place.command("cc", &["bin"]));
}

#[test]
fn a_bare_link_is_enough_with_a_prefix_of_the_users_own_choice() {
    let place = Place::new();
    place.link("bin/cc", BINARY);
    let mut compiler = place.command("cc", &["bin"]);
    compiler.env_remove("NIX_LDFLAGS");
    let directory = format!("-L{}", place.path("greet/lib").display());
    run(compiler.args(["main.c", "-o", "main", &directory, "-Wl,-lgreet"]));
    assert_eq!(run_alone(&place.path("main")), "hello\n");
}

#[test]
fn every_kind_of_driver_has_a_built_in_toolchain() {
    let place = Place::new();
    for name in ["gcc", "g++", "c++", "clang", "clang++", "cpp", "gfortran"] {
        let Some(real) = common::tool(name) else {
            continue;
        };
        place.link(&format!("bin/{name}"), BINARY);
        let wrapped = run(place.command(name, &["bin"]).arg("--version"));
        assert_eq!(wrapped, run(command(real).arg("--version")), "{name}");
    }
}

#[test]
fn a_bare_linker_adds_its_flags() {
    let place = Place::new();
    place.link("bin/ld", BINARY);
    run(command("cc")
        .current_dir(place.0.path())
        .args(["-Igreet/include", "-c", "main.c"]));
    run(place
        .command("ld", &["bin"])
        .args(["-shared", "main.o", "-o", "libmain.so"]));
    assert_eq!(
        runpath(&place.path("libmain.so")),
        [place.path("greet/lib")]
    );
}

#[test]
fn bare_driver_and_linker_on_one_path_add_an_rpath_once() {
    let place = Place::new();
    place.link("bin/cc", BINARY);
    place.link("bin/ld", BINARY);
    place.builds_and_runs(&mut place.command("cc", &["bin"]));
}

#[test]
fn copies_and_links_on_one_path_lead_to_the_real_tool() {
    let place = Place::new();
    place.copy("one/cc");
    place.copy("two/cc");
    place.link("three/cc", "../one/cc");
    place.link("four/cc", "cc");
    let directories = ["one", "four", "two", "three"];
    place.builds_and_runs(&mut place.command("cc", &directories));
    place.builds_and_runs(&mut place.command(place.path("two/cc"), &directories));
}

#[test]
fn without_a_real_tool_there_is_an_error() {
    let place = Place::new();
    place.copy("one/cc");
    place.copy("two/cc");
    let path = std::env::join_paths([place.path("one"), place.path("two")]).unwrap();
    for name in ["one/cc", "two/cc"] {
        let output = command(place.path(name))
            .env("PATH", &path)
            .arg("-v")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(127));
        assert!(error(&output).contains("no other cc on PATH"));
    }
}

#[test]
fn a_root_whose_program_is_itself_ends_with_an_error() {
    let place = Place::new();
    let gcc = place.root("root", &place.path("root/bin/gcc"));
    let output = place.command(gcc, &[]).arg("-v").output().unwrap();
    assert_eq!(output.status.code(), Some(40));
    let error = error(&output);
    assert!(
        error.contains("root/bin/gcc is cc-wrapper itself"),
        "{error}"
    );
    assert!(error.contains("root/nix-support/toolchain.json"), "{error}");
}

#[test]
fn two_roots_that_call_each_other_end_with_an_error() {
    let place = Place::new();
    let one = place.root("one", &place.path("two/bin/gcc"));
    place.root("two", &one);
    let output = place.command(one, &[]).arg("-v").output().unwrap();
    assert_eq!(output.status.code(), Some(40));
    assert!(error(&output).contains("is cc-wrapper itself"));
}

#[test]
fn a_launcher_that_calls_us_back_ends_with_an_error() {
    let place = Place::new();
    let script = place.script("launcher/gcc", "#!/bin/sh\nexec gcc \"$@\"\n");
    let gcc = place.root("root", &script);
    let output = place
        .command(gcc, &["root/bin"])
        .arg("-v")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(40));
    assert!(error(&output).contains("launcher/gcc"));
}

#[test]
fn a_root_whose_program_is_a_bare_link_reaches_the_real_tool() {
    let place = Place::new();
    place.link("bin/gcc", BINARY);
    let gcc = place.root("root", &place.path("bin/gcc"));
    let version = run(place.command(gcc, &["bin"]).arg("--version"));
    assert!(version.contains("Free Software Foundation"), "{version}");
}

#[test]
fn a_cc_that_links_into_the_linker_half_belongs_to_it() {
    let place = Place::new();
    let json = |tool: &str, role: &str, program: &str| {
        format!(
            r#"{{"version": 1, "suffixSalt": "s", "roleMarkers": "optional", "bintools": "{}",
                "tools": {{"{tool}": {{"role": "{role}", "program": "{program}"}}}}}}"#,
            place.path("linker").display()
        )
    };
    let ld = common::tool("ld").unwrap();
    let gcc = common::tool("gcc").unwrap();
    place.link("linker/bin/ld", BINARY);
    place.file(
        "linker/nix-support/toolchain.json",
        &json("ld", "ld", ld.to_str().unwrap()),
    );
    place.link("compiler/bin/gcc", BINARY);
    place.link("compiler/bin/ld", "../../linker/bin/ld");
    place.file(
        "compiler/nix-support/toolchain.json",
        &json("gcc", "cc", gcc.to_str().unwrap()),
    );
    let mut compiler = place.command("gcc", &["compiler/bin"]);
    place.builds_and_runs(compiler.env("NIX_STORE", place.0.path()));
}

#[test]
fn a_link_named_after_a_tool_without_flags_is_an_error() {
    let place = Place::new();
    place.link("bin/ar", BINARY);
    let output = place
        .command("ar", &["bin"])
        .args(["rcs", "x.a"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(error(&output).contains("no flags for ar"));
}
