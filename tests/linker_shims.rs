//! Linkers that are not in the wrapped root: a linker shim adds the flags.

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{command, run, run_alone, runpath, tool, wrap, wrapped, write};
use tempfile::TempDir;

const LINKERS: [&str; 4] = ["bfd", "gold", "lld", "mold"];

/// A wrapped root, libgreet in a prefix, and a program that needs it.
struct Place {
    dir: TempDir,
    root: PathBuf,
}

impl Place {
    fn new() -> Place {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        wrap(&root, ["--no-check"]);
        let place = Place { dir, root };
        write(
            &place.path("greet.c"),
            "const char *greet(void) { return \"hello\"; }\n",
        );
        let main = "#include <stdio.h>\nconst char *greet(void);\nint main(void) { puts(greet()); return 0; }\n";
        write(&place.path("main.c"), main);
        fs::create_dir_all(place.path("greet/lib")).unwrap();
        run(command("cc")
            .args(["-shared", "-fPIC", "greet.c", "-o", "greet/lib/libgreet.so"])
            .current_dir(place.dir.path()));
        run(command("cc")
            .args(["-c", "main.c"])
            .current_dir(place.dir.path()));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn driver(&self, name: &str) -> Command {
        let driver = self.root.join("bin").join(name);
        let mut driver = wrapped(&self.root, &[&self.path("greet")], driver);
        driver
            .current_dir(self.dir.path())
            .args(["main.o", "-lgreet", "-o", "main"]);
        driver
    }

    /// Runs a link, which must succeed and use this linker.
    fn links(&self, driver: &mut Command, by: &Path) {
        let _ = fs::remove_file(self.path("main"));
        let output = driver.env("NIX_DEBUG", "1").output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{driver:?}: {told}");
        let runs = format!("extra flags before to {}:", by.display());
        assert!(
            told.contains(&runs),
            "{driver:?}: not by {}: {told}",
            by.display()
        );
        assert_eq!(
            runpath(&self.path("main")),
            [self.path("greet/lib")],
            "{driver:?}"
        );
        assert_eq!(run_alone(&self.path("main")), "hello\n");
    }

    /// Creates a directory with only this linker, like the one of rustc.
    fn private(&self, linker: &str) -> Option<PathBuf> {
        let program = tool(&format!("ld.{linker}"))?;
        let directory = self.path(&format!("private {linker}"));
        fs::create_dir_all(&directory).unwrap();
        let link = directory.join(format!("ld.{linker}"));
        if !link.is_symlink() {
            symlink(program, &link).unwrap();
        }
        Some(link)
    }
}

fn drivers() -> impl Iterator<Item = &'static str> {
    ["gcc", "clang"]
        .into_iter()
        .filter(|driver| tool(driver).is_some())
}

#[test]
fn a_linker_in_a_directory_of_the_callers() {
    let place = Place::new();
    for driver in drivers() {
        for linker in LINKERS {
            let Some(program) = place.private(linker) else {
                continue;
            };
            let directory = program.parent().unwrap().display().to_string();
            let fuse = format!("-fuse-ld={linker}");
            let slashed = format!("{directory}/");
            for prefix in [
                &["-B", &directory][..],
                &["-B", &slashed],
                &["--prefix", &directory],
            ] {
                let joined = match prefix[0] {
                    "--prefix" => vec![format!("--prefix={directory}")],
                    _ => prefix.iter().map(|word| word.to_string()).collect(),
                };
                place.links(place.driver(driver).arg(&fuse).args(joined), &program);
            }
        }
        // The plain name too, as `-B` is meant for.
        let plain = place.path("plain");
        fs::create_dir_all(&plain).unwrap();
        let _ = symlink(which::which("ld.bfd").unwrap(), plain.join("ld"));
        place.links(
            place.driver(driver).arg("-B").arg(&plain),
            &plain.join("ld"),
        );
    }
}

#[test]
fn a_linker_named_by_its_path() {
    let place = Place::new();
    if tool("clang").is_none() {
        return;
    }
    for linker in LINKERS {
        let Some(program) = place.private(linker) else {
            continue;
        };
        let path = format!("--ld-path={}", program.display());
        place.links(place.driver("clang").arg(path), &program);
        let relative = format!("--ld-path=private {linker}/ld.{linker}");
        place.links(place.driver("clang").arg(relative), &program);
    }
    if let Some(mold) = tool("mold") {
        // Under a name that no linker shim has.
        let path = format!("--ld-path={}", mold.display());
        place.links(place.driver("clang").arg(path), &mold);
    }
    let lost = place
        .driver("clang")
        .arg("--ld-path=/no/such/ld.lld")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&lost.stderr);
    assert!(told.contains("invalid linker name"), "{told}");
    run(place.driver("clang").arg("-fuse-ld=ld"));
    assert_eq!(runpath(&place.path("main")), [place.path("greet/lib")]);
}

#[test]
fn a_linker_that_the_root_does_not_have() {
    let place = Place::new();
    // As if they had been installed since.
    let toolchain = place.root.join("nix-support/toolchain.json");
    let mut text: serde_json::Value =
        serde_json::from_slice(&fs::read(&toolchain).unwrap()).unwrap();
    let tools = text["tools"].as_object_mut().unwrap();
    tools.retain(|name, _| !name.starts_with("ld."));
    fs::write(&toolchain, text.to_string()).unwrap();
    for entry in fs::read_dir(place.root.join("bin")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().starts_with("ld.") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    for driver in drivers() {
        for linker in LINKERS {
            let Some(program) = tool(&format!("ld.{linker}")) else {
                continue;
            };
            let mut driver = place.driver(driver);
            let output = driver
                .arg(format!("-fuse-ld={linker}"))
                .env("NIX_DEBUG", "1")
                .output()
                .unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{driver:?} {told}");
            let line = format!("/ld.{linker}:");
            assert!(
                told.lines()
                    .any(|l| l.starts_with("extra flags before to ") && l.ends_with(&line)),
                "{program:?} {told}"
            );
            assert_eq!(runpath(&place.path("main")), [place.path("greet/lib")]);
        }
    }
}

#[test]
fn a_linker_that_the_driver_would_not_run_is_not_run() {
    let place = Place::new();
    fs::create_dir_all(place.path("src/ld")).unwrap();
    write(&place.path("text/ld"), "no program\n");
    fs::create_dir(place.path("dir")).unwrap();
    symlink("/bin/false", place.path("dirld")).unwrap();
    for driver in drivers() {
        for prefix in ["src", "text", "dir", "none"] {
            let mut driver = place.driver(driver);
            run(driver.arg("-B").arg(prefix));
            assert_eq!(runpath(&place.path("main")), [place.path("greet/lib")]);
        }
    }
}

#[test]
fn drivers_of_drivers_run_the_linker_that_was_chosen() {
    let place = Place::new();
    let Some(mold) = place.private("mold") else {
        return;
    };
    for driver in drivers() {
        // Another root, whose compiler is this root's.
        let outer = place.path(&format!("outer {driver}"));
        let inner = place.root.join("bin").join(driver).display().to_string();
        let store = place.dir.path().display();
        let text = format!(
            r#"{{"version": 1, "suffixSalt": "outer", "roleMarkers": "optional", "store": ["{store}"],
                "tools": {{"{driver}": {{"role": "cc", "program": "{inner}"}},
                           "ld": {{"role": "ld", "program": "/usr/bin/ld"}}}}}}"#
        );
        write(&outer.join("nix-support/toolchain.json"), &text);
        for (directory, name) in [
            ("bin", driver),
            ("bin", "ld"),
            ("linkers", "ld.mold"),
            ("linkers", "real-ld"),
        ] {
            fs::create_dir_all(outer.join(directory)).unwrap();
            symlink(
                env!("CARGO_BIN_EXE_cc-wrapper"),
                outer.join(directory).join(name),
            )
            .unwrap();
        }
        let mut call = place.driver(driver);
        let mut outer_call = Command::new(outer.join("bin").join(driver));
        outer_call
            .args(call.get_args())
            .current_dir(place.dir.path())
            .env_clear();
        for (name, value) in call.get_envs() {
            outer_call.env(name, value.unwrap());
        }
        let directory = mold.parent().unwrap();
        place.links(
            outer_call.arg("-fuse-ld=mold").arg("-B").arg(directory),
            &mold,
        );
        run(call.arg("-v"));
    }
}

#[test]
fn programs_run_by_the_linker_do_not_see_the_shims() {
    let place = Place::new();
    // A linker that links something else besides.
    let directory = place.path("calls");
    fs::create_dir(&directory).unwrap();
    let nested = place.root.join("bin/gcc").display().to_string();
    let text = format!(
        "#!/bin/sh\nset -e\nenv > {0}\n/usr/bin/gcc nested.c -o nested1\n{nested} nested.c -o nested2\nexec ld.bfd \"$@\"\n",
        place.path("env").display()
    );
    write(&directory.join("ld.lld"), &text);
    fs::set_permissions(directory.join("ld.lld"), fs::Permissions::from_mode(0o755)).unwrap();
    write(&place.path("nested.c"), "int main(void) { return 0; }\n");
    let mut gcc = place.driver("gcc");
    run(gcc.arg("-fuse-ld=lld").arg("-B").arg(&directory));
    let environment = fs::read_to_string(place.path("env")).unwrap();
    assert!(!environment.contains("CC_WRAPPER_LINKER="), "{environment}");
    let mut lines = environment.lines();
    let path = lines
        .find(|line| line.starts_with("COMPILER_PATH="))
        .unwrap();
    assert!(!path.contains("/linkers"), "{path}");
    assert_eq!(runpath(&place.path("main")), [place.path("greet/lib")]);
}

#[test]
fn a_linker_of_another_wrapped_root_is_left_to_that() {
    let place = Place::new();
    let other = place.path("other");
    wrap(&other, ["--no-check"]);
    for driver in drivers() {
        let mut call = place.driver(driver);
        call.arg("-B").arg(other.join("bin")).env("NIX_DEBUG", "1");
        let output = call.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        assert!(!told.contains("/linkers/"), "{told}");
        assert_eq!(runpath(&place.path("main")), [place.path("greet/lib")]);
    }
}

#[test]
fn compiler_path_and_gccs_own_names() {
    let place = Place::new();
    let Some(mold) = place.private("mold") else {
        return;
    };
    // Not the plain name, because Debian's clang gets a -B with the root's linkers.
    let toolchain = place.root.join("nix-support/toolchain.json");
    let text = fs::read_to_string(&toolchain).unwrap();
    fs::write(&toolchain, text.replace("\"ld.mold\"", "\"ld.other\"")).unwrap();
    fs::remove_file(place.root.join("bin/ld.mold")).unwrap();
    for driver in drivers() {
        let mut call = place.driver(driver);
        call.env("COMPILER_PATH", mold.parent().unwrap());
        place.links(call.arg("-fuse-ld=mold"), &mold);
    }
    for name in ["real-ld", "collect-ld"] {
        let directory = place.path(name);
        fs::create_dir(&directory).unwrap();
        symlink(which::which("ld.bfd").unwrap(), directory.join(name)).unwrap();
        let mut call = place.driver("gcc");
        place.links(call.arg("-B").arg(&directory), &directory.join(name));
    }
}

#[test]
fn calls_whose_linker_is_wrapped_stay_as_they_are() {
    let place = Place::new();
    for driver in drivers() {
        for option in ["-O1", "-fuse-ld=bfd"] {
            let mut driver = place.driver(driver);
            let output = driver.arg(option).env("NIX_DEBUG", "1").output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{told}");
            assert!(!told.contains("/linkers/"), "{told}");
        }
    }
}

#[test]
fn a_shim_that_no_driver_runs_is_an_error() {
    let place = Place::new();
    let output = command(place.root.join("linkers/ld.mold"))
        .output()
        .unwrap();
    let line = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        (output.status.code(), line.lines().count()),
        (Some(1), 1),
        "{line}"
    );
}
