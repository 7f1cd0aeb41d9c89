//! A root for another machine: a real cross compiler, its linker and pkg-config,
//! with a sysroot. qemu runs what they make.

mod common;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{command, run, runpath, tool, wrap};
use tempfile::TempDir;

const CC: &str = "aarch64-linux-gnu-gcc";

struct Place(TempDir);

impl Place {
    /// A sysroot with libz in opt/z and libs in usr/lib, a prefix of this
    /// machine, and a root with these options.
    fn new(options: &[&str]) -> Option<Place> {
        tool(CC)?;
        let place = Place(tempfile::tempdir().unwrap());
        for (at, name) in [
            ("sysroot/opt/z/lib", "z"),
            ("sysroot/usr/lib", "s"),
            ("here/lib", "h"),
        ] {
            place.library(at, name);
        }
        let options = options
            .iter()
            .map(|o| o.replace("@", place.0.path().to_str().unwrap()));
        let options: Vec<String> = options.collect();
        let all = ["--no-check", "--cc", CC].into_iter();
        wrap(
            &place.path("root"),
            all.chain(options.iter().map(String::as_str)),
        );
        Some(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn library(&self, at: &str, name: &str) {
        let directory = self.path(at);
        fs::create_dir_all(&directory).unwrap();
        let mut gcc = command(CC);
        gcc.args(["-shared", "-x", "c", "-", "-fPIC", "-o"]);
        gcc.arg(directory.join(format!("lib{name}.so")));
        let source = self.path("lib.c");
        fs::write(&source, format!("int {name}(void) {{ return 0; }}\n")).unwrap();
        run(gcc.stdin(fs::File::open(source).unwrap()));
    }

    /// A link of a program that calls `name` with the root's compiler.
    fn link(&self, name: &str, root: &Path) -> Command {
        let text = format!("int {name}(void);\nint main(void) {{ return {name}(); }}\n");
        fs::write(self.path("main.c"), text).unwrap();
        let mut gcc = Command::new(root.join("bin").join(CC));
        gcc.current_dir(self.0.path()).env_remove("NIX_STORE");
        gcc.args(["main.c", "-o", "main"]).arg(format!("-l{name}"));
        gcc
    }

    fn declare(&self, directory: &str) -> String {
        format!("-L{}", self.path(directory).display())
    }

    fn recorded(&self, link: &mut Command) -> Vec<String> {
        run(link);
        let entries = runpath(&self.path("main"));
        entries
            .iter()
            .map(|entry| entry.display().to_string())
            .collect()
    }
}

/// The standard error of a call that fails.
fn error(call: &mut Command) -> String {
    let output = call.output().unwrap();
    assert!(!output.status.success(), "{call:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_program_records_no_directory_of_this_machine() {
    let Some(place) = Place::new(&[]) else { return };
    let mut link = place.link("h", &place.path("root"));
    link.env("NIX_LDFLAGS", place.declare("here/lib"));
    assert_eq!(place.recorded(&mut link), [""; 0]);
    let mut link = place.link("h", &place.path("root"));
    link.arg(place.declare("here/lib"));
    assert_eq!(place.recorded(&mut link), [""; 0]);
}

#[test]
fn a_directory_in_the_sysroot_is_recorded_as_the_other_machine_sees_it() {
    let Some(place) = Place::new(&["--sysroot", "@/sysroot"]) else {
        return;
    };
    let mut link = place.link("z", &place.path("root"));
    link.env("NIX_LDFLAGS", place.declare("sysroot/opt/z/lib"));
    assert_eq!(place.recorded(&mut link), ["/opt/z/lib"]);
    let mut link = place.link("s", &place.path("root"));
    link.arg(place.declare("sysroot/usr/lib"));
    assert_eq!(place.recorded(&mut link), [""; 0]);
    let mut link = place.link("z", &place.path("root"));
    link.arg("-L=/opt/z/lib");
    assert_eq!(place.recorded(&mut link), ["/opt/z/lib"]);
    if tool("qemu-aarch64").is_some() {
        // The C library of the cross compiler, and libz in the sysroot.
        let libraries = place.path("sysroot/opt/z/lib");
        let mut qemu = Command::new("qemu-aarch64");
        qemu.args(["-L", "/usr/aarch64-linux-gnu", "-E"]);
        qemu.arg(format!("LD_LIBRARY_PATH={}", libraries.display()));
        run(qemu.arg(place.path("main")));
    }
}

#[test]
fn the_driver_the_linker_and_pkg_config_use_the_sysroot() {
    let Some(place) = Place::new(&["--sysroot", "@/sysroot"]) else {
        return;
    };
    let sysroot = place.path("sysroot");
    let root = place.path("root");
    let printed = run(Command::new(root.join("bin").join(CC)).arg("-print-sysroot"));
    assert_eq!(Path::new(printed.trim()), sysroot);
    let own = run(Command::new(root.join("bin").join(CC)).args(["--sysroot=/x", "-print-sysroot"]));
    assert_eq!(own.trim(), "/x");
    let mut ld = Command::new(root.join("bin/aarch64-linux-gnu-ld"));
    ld.args(["--verbose", "-o", "out", "-shared", "-L=/opt/z/lib", "-lz"]);
    let text = run(ld.current_dir(place.0.path()));
    let library = sysroot.join("opt/z/lib/libz.so").display().to_string();
    assert!(text.contains(&library), "{text}");

    let Some(_) = tool("pkg-config") else { return };
    let pc = sysroot.join("usr/lib/pkgconfig");
    fs::create_dir_all(&pc).unwrap();
    let text = "Name: q\nDescription: q\nVersion: 1\nCflags: -I/opt/q/include\n";
    fs::write(pc.join("q.pc"), text).unwrap();
    let mut names = fs::read_dir(root.join("bin"))
        .unwrap()
        .map(|e| e.unwrap().file_name());
    let name = names.find(|name| name.to_string_lossy().ends_with("pkg-config"));
    let Some(name) = name else { return };
    let ask = |variable: &str| {
        let mut call = Command::new(root.join("bin").join(&name));
        for unset in [
            "PKG_CONFIG_PATH",
            "PKG_CONFIG_LIBDIR",
            "PKG_CONFIG_SYSROOT_DIR",
        ] {
            call.env_remove(unset);
        }
        if !variable.is_empty() {
            call.env(variable, OsStr::new("/nothing"));
        }
        call.args(["--cflags", "q"]);
        call
    };
    let want = format!("-I{}/opt/q/include", sysroot.display());
    assert_eq!(run(&mut ask("")).trim(), want);
    error(&mut ask("PKG_CONFIG_LIBDIR"));
}

#[test]
fn a_sysroot_in_the_root_moves_with_it() {
    let Some(place) = Place::new(&["--sysroot", "@/root/sysroot"]) else {
        return;
    };
    let moved = place.path("moved");
    fs::rename(place.path("root"), &moved).unwrap();
    fs::rename(place.path("sysroot"), moved.join("sysroot")).unwrap();
    let mut link = place.link("z", &moved);
    link.env("NIX_LDFLAGS", place.declare("moved/sysroot/opt/z/lib"));
    assert_eq!(place.recorded(&mut link), ["/opt/z/lib"]);
}

#[test]
fn directories_of_this_machine_are_refused() {
    let Some(place) = Place::new(&[]) else { return };
    let root = place.path("root");
    for (option, directory) in [
        ("-I", "/usr/include"),
        ("-isystem", "/usr/include"),
        ("-L", "/usr/lib"),
        ("-L", "/usr/lib/../lib/"),
    ] {
        for joined in [true, false] {
            let mut call = Command::new(root.join("bin").join(CC));
            match joined {
                true => call.arg(format!("{option}{directory}")),
                false => call.args([option, directory]),
            };
            let text = error(call.args(["-c", "-x", "c", "/dev/null"]));
            assert!(
                text.contains(&format!("{option} names {directory}")),
                "{text}"
            );
            assert_eq!(text.lines().count(), 1, "{text}");
        }
    }
    for option in ["-Wl,-L/usr/lib", "-Wl,-L,/usr/lib", "-B/usr/lib"] {
        let mut call = Command::new(root.join("bin").join(CC));
        let text = error(call.args([option, "-c", "-x", "c", "/dev/null"]));
        assert!(text.contains("names /usr/lib"), "{text}");
    }
    let mut ld = Command::new(root.join("bin/aarch64-linux-gnu-ld"));
    let text = error(ld.args(["-L/usr/lib", "-o", "x", "main.o"]));
    assert!(text.contains("-L names /usr/lib"), "{text}");
    let mut call = Command::new(root.join("bin").join(CC));
    call.args(["-I/opt/other/include", "-c", "-x", "c", "/dev/null", "-o"]);
    run(call.arg(place.path("x.o")));
}

#[test]
fn directories_of_this_machine_can_be_allowed() {
    let Some(place) = Place::new(&["--allow-host-directories"]) else {
        return;
    };
    let mut call = Command::new(place.path("root/bin").join(CC));
    call.args(["-I/usr/include", "-c", "-x", "c", "/dev/null", "-o"]);
    let output = call.arg(place.path("x.o")).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && text.contains("-I names /usr/include"),
        "{text}"
    );
}
