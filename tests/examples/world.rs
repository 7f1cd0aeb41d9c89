//! A user's machine as on the pages: libraries in /opt, the home /home/you.
//! This machine's own files in those places stay visible.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use super::shell::Shell;
use crate::common::look_alike::{Dialect, LookAlike};
use crate::common::{command, run, rust_toolchain, skipped, tool, write};

/// Runs a command with the directories `home` and `opt` of $1 as /home and
/// /opt, in a mount namespace that ends with the command.
const IN_PLACE: &str = r#"
set -euo pipefail
state=$1
shift
for place in home opt; do
    for entry in "/$place"/*; do
        shown=$state/$place/${entry##*/}
        if [[ ! -d $entry || -e $shown ]]; then continue; fi
        mkdir "$shown"
        mount --rbind "$entry" "$shown"
    done
    mount --rbind "$state/$place" "/$place"
done
exec "$@"
"#;

/// The files of a machine.
pub struct World(TempDir);

impl World {
    /// `None` if this machine cannot create one.
    pub fn new() -> Option<World> {
        for name in ["unshare", "mount", "gcc", "g++", "make"] {
            tool(name)?;
        }
        static MODEL: OnceLock<Option<World>> = OnceLock::new();
        let model = MODEL.get_or_init(World::lay).as_ref()?;
        let world = World(tempfile::tempdir().unwrap());
        run(command("cp")
            .arg("--archive")
            .args([model.path("home"), model.path("opt")])
            .arg(world.0.path()));
        world.nix();
        world.rust();
        Some(world)
    }

    fn lay() -> Option<World> {
        let world = World(tempfile::tempdir().unwrap());
        for (name, short, version) in [
            ("zlib", "z", "1.3.1"),
            ("libpng", "png", "1.6.43"),
            ("zlib-ng", "z-ng", "2.2.4"),
        ] {
            world.library(name, short, version);
        }
        let bin = world.path("home/you/.cargo/bin");
        fs::create_dir_all(&bin).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_cc-wrapper"), bin.join("cc-wrapper")).unwrap();

        let can_mount = world.command("true").output().unwrap();
        if !can_mount.status.success() {
            let why = String::from_utf8_lossy(&can_mount.stderr);
            skipped(&format!("no mount namespace: {why}"));
            return None;
        }
        run(world
            .command("cc-wrapper")
            .args(["wrap", "--no-check", "/home/you/toolchain"]));
        Some(world)
    }

    /// Creates `/opt/NAME` with a header, a shared library and a pkg-config
    /// file.
    fn library(&self, name: &str, short: &str, version: &str) {
        let prefix = self.path("opt").join(name);
        let function = name.replace('-', "");
        let declared = format!("const char *{function}Version(void);\n");
        write(&prefix.join(format!("include/{name}.h")), &declared);
        let module = format!(
            "Name: {name}\nDescription: {name}\nVersion: {version}\n\
             Cflags: -I/opt/{name}/include\nLibs: -L/opt/{name}/lib -l{short}\n"
        );
        write(&prefix.join(format!("lib/pkgconfig/{name}.pc")), &module);
        let source = self.path("library.c");
        let text = format!("const char *{function}Version(void) {{ return \"{version}\"; }}\n");
        write(&source, &text);
        let file = format!("lib{short}.so");
        run(command("gcc")
            .args(["-shared", "-fPIC", &format!("-Wl,-soname,{file}.1"), "-o"])
            .arg(prefix.join("lib").join(format!("{file}.1")))
            .arg(&source));
        std::os::unix::fs::symlink(format!("{file}.1"), prefix.join("lib").join(file)).unwrap();
    }

    /// Creates the sources that the examples build, without other files.
    pub fn project(&self) {
        let project = self.path("home/you/project");
        let _ = fs::remove_dir_all(&project);
        for (name, text) in [
            ("main.c", MAIN),
            ("hello.cpp", HELLO),
            ("part.c", "int part(void) { return 0; }\n"),
            ("deflate.c", DEFLATE),
            ("Makefile", MAKEFILE),
            ("CMakeLists.txt", CMAKE),
            ("meson.build", MESON),
            ("Cargo.toml", CARGO),
            ("src/main.rs", RUST),
        ] {
            write(&project.join(name), text);
        }
    }

    /// Creates an imitation of nixpkgs' wrapper, shown as in `/nix/store`.
    fn nix(&self) {
        let store = self.path("nix/store");
        fs::create_dir_all(&store).unwrap();
        let mut wrapper = LookAlike::of_machine(&store, Dialect::Of2026, "gcc");
        wrapper.cc = store.join("0zv4-gcc-wrapper-13.2.0");
        wrapper.salt = "x86_64_unknown_linux_gnu".to_owned();
        wrapper.lay();
    }

    /// Creates a toolchain as rustup installs it.
    fn rust(&self) {
        let Some((real, target)) = rust_toolchain::real() else {
            return;
        };
        let name = "stable-x86_64-unknown-linux-gnu";
        let rustup = self.path("home/you/.rustup");
        rust_toolchain::copy(&real, &target, &rustup.join("toolchains").join(name));
        let settings = format!("version = \"12\"\ndefault_toolchain = \"{name}\"\n");
        write(&rustup.join("settings.toml"), &settings);
    }

    /// Returns the outside path of a file of the machine.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Returns a command on that machine, in the home directory.
    pub fn command(&self, program: &str) -> Command {
        let mut path = vec![PathBuf::from("/home/you/.cargo/bin")];
        path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        let mut command = command("unshare");
        command
            .args(["--map-root-user", "--mount", "bash", "-c", IN_PLACE, "bash"])
            .arg(self.0.path())
            .args(["env", "--chdir=/home/you", "HOME=/home/you"])
            .arg(program)
            .env("PATH", env::join_paths(path).unwrap())
            .env("LC_ALL", "C.UTF-8")
            .env("NIX_CC", self.path("nix/store/0zv4-gcc-wrapper-13.2.0"))
            .env("CARGO_INSTALL_ROOT", "/home/you/.cargo")
            .env("GITHUB_ENV", "/home/you/github")
            .env("SOURCES", env!("CARGO_MANIFEST_DIR"))
            .env(
                "TARGET",
                Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap(),
            )
            .stdin(Stdio::null());
        // Those of who runs the tests.
        for (name, default) in [("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")] {
            let home = env::var_os("HOME").unwrap_or_default();
            let value = env::var_os(name).unwrap_or(Path::new(&home).join(default).into());
            command.env(name, value);
        }
        command
    }

    /// Returns a shell on that machine.
    pub fn shell(&self) -> Shell {
        // Not all lies in sight under its own name.
        Shell::new(self.command("bash"), self.0.path(), "")
    }
}

const MAIN: &str = r#"#include <stdio.h>
#include <zlib.h>

int part(void);
int main(void) { puts(zlibVersion()); return part(); }
"#;

const HELLO: &str = r#"#include <iostream>
int main() { std::cout << "hello\n"; }
"#;

const DEFLATE: &str = r#"#include <stdio.h>
#include <zlib-ng.h>
int main(void) { return puts(zlibngVersion()) < 0; }
"#;

const MAKEFILE: &str = "main: main.o part.o\n\t$(CC) $^ -lz -o $@\n";

const CMAKE: &str = "cmake_minimum_required(VERSION 3.16)
project(main C)
find_library(ZLIB z REQUIRED)
add_executable(main main.c part.c)
target_link_libraries(main ${ZLIB})
install(TARGETS main)
";

const MESON: &str = "project('main', 'c')
zlib = meson.get_compiler('c').find_library('z')
executable('main', 'main.c', 'part.c', dependencies: zlib)
";

const CARGO: &str = "[package]
name = \"main\"
version = \"1.0.0\"
edition = \"2021\"
";

const RUST: &str = r#"use std::ffi::{c_char, CStr};

#[link(name = "z")]
extern "C" {
    fn zlibVersion() -> *const c_char;
}

fn main() {
    println!("{:?}", unsafe { CStr::from_ptr(zlibVersion()) });
}
"#;
