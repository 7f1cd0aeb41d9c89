//! Rust programs linked by a wrapped compiler driver. Only NIX_LDFLAGS says
//! where the library that they use is.

mod common;

use common::{command, run, run_alone, runpath, tool, wrap, wrapped, write};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const MAIN: &str = r#"
extern "C" { fn greet() -> i32; }
fn main() { println!("greet says {}", unsafe { greet() }); }
"#;

/// A wrapped root, and a library in a separate store.
struct World {
    dir: TempDir,
    prefix: PathBuf,
}

impl World {
    fn new() -> World {
        let dir = TempDir::new().unwrap();
        let store = dir.path().join("store");
        let prefix = store.join("aaa-greet-1.0");
        let world = World { dir, prefix };
        wrap(&world.path("root"), [OsStr::new("--store"), store.as_ref()]);

        let source = world.path("greet.c");
        write(&source, "int greet(void) { return 42; }\n");
        let library = world.prefix.join("lib/libgreet.so");
        std::fs::create_dir_all(library.parent().unwrap()).unwrap();
        run(command("cc")
            .arg("-shared")
            .arg("-fPIC")
            .arg(source)
            .arg("-o")
            .arg(library));
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn linker(&self) -> String {
        self.path("root/bin/cc").to_str().unwrap().to_owned()
    }

    /// The wrapped tools are not on PATH: rustc gets its linker by path.
    fn command(&self, program: &str) -> Command {
        let mut command = wrapped(&self.path("root"), &[&self.prefix], program);
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command
    }

    /// Has rustc link the program with this driver, which must succeed.
    fn links(&self, driver: &str, options: &[&str], how: &str) -> PathBuf {
        let source = self.path("main.rs");
        write(&source, MAIN);
        let program = self.path("main");
        let driver = self.path("root/bin").join(driver);
        let mut rustc = self.command("rustc");
        rustc
            .arg(format!("-Clinker={}", driver.display()))
            .args(options)
            .arg("-lgreet");
        run(rustc.arg(&source).arg("-o").arg(&program));
        self.check(&program, how);
        program
    }

    fn check(&self, program: &Path, how: &str) {
        let path = runpath(program);
        assert!(path.contains(&self.prefix.join("lib")), "{how}: {path:?}");
        assert_eq!(run_alone(program), "greet says 42\n", "{how}");
    }
}

/// Newer compilers contain a linker that the driver uses instead of the `ld` on
/// PATH, unless an option says otherwise.
fn linker_features() -> Vec<&'static [&'static str]> {
    let off: &[&str] = &["-Clinker-features=-lld"];
    let asked = command("rustc").args(off).arg("--print=cfg").output();
    match asked {
        Ok(output) if output.status.success() => vec![&[], off],
        _ => vec![&[]],
    }
}

#[test]
fn rustc_links_with_a_wrapped_driver() {
    let (Some(_), Some(_)) = (tool("rustc"), tool("cc")) else {
        return;
    };
    let world = World::new();
    for driver in ["cc", "clang"] {
        if tool(driver).is_none() {
            continue;
        }
        for features in linker_features() {
            let how = format!("{driver}: {features:?}");
            world.links(driver, features, &how);
        }
        // rustc's own, as it has `cc` alone run it by default.
        let Some(directory) = own_linkers() else {
            continue;
        };
        let prefix = format!("-Clink-arg=-B{}", directory.display());
        let how = format!("{driver}: rust-lld");
        let program = world.links(driver, &["-Clink-arg=-fuse-ld=lld", &prefix], &how);
        let comment = run(command("readelf").args(["-p", ".comment"]).arg(&program));
        assert!(comment.contains("LLD"), "{comment}");
    }
}

/// Returns the directory of rustc's own linkers.
fn own_linkers() -> Option<PathBuf> {
    let libraries = run(command("rustc").args(["--print", "target-libdir"]));
    let directory = Path::new(libraries.trim()).with_file_name("bin/gcc-ld");
    directory.join("ld.lld").exists().then_some(directory)
}

#[test]
fn rustc_links_with_the_given_linker() {
    let (Some(_), Some(_)) = (tool("rustc"), tool("cc")) else {
        return;
    };
    let world = World::new();
    for driver in ["cc", "clang"] {
        for linker in ["bfd", "gold", "lld", "mold"] {
            let name = format!("ld.{linker}");
            if tool(driver).is_none() || tool(&name).is_none() {
                continue;
            }
            let option = format!("-Clink-arg=-fuse-ld={linker}");
            world.links(driver, &[&option], &format!("{driver}: {linker}"));
        }
    }
}

/// Creates a project like `-sys` crates: its build script, itself linked by the
/// wrapped driver, names the required library.
fn project(world: &World) -> PathBuf {
    let dir = world.path("project");
    write(
        &dir.join("Cargo.toml"),
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    write(
        &dir.join("build.rs"),
        r#"fn main() { println!("cargo:rustc-link-lib=greet"); }"#,
    );
    write(&dir.join("src/main.rs"), MAIN);
    dir
}

#[test]
fn cargo_links_with_a_wrapped_driver() {
    let (Some(_), Some(_)) = (tool("cargo"), tool("cc")) else {
        return;
    };
    let world = World::new();
    let project = project(&world);
    let target = world.path("target");

    for features in linker_features() {
        let _ = std::fs::remove_dir_all(&target);
        let mut cargo = world.command("cargo");
        cargo
            .args(["build", "--offline"])
            .current_dir(&project)
            .env("CARGO_TARGET_DIR", &target)
            .env(linker_variable(), world.linker())
            .env("RUSTFLAGS", features.join(" "));
        run(&mut cargo);
        world.check(&target.join("debug/app"), &format!("{features:?}"));
    }
}

/// Returns the variable that sets cargo's linker for this machine.
fn linker_variable() -> String {
    let about = run(command("rustc").arg("-vV"));
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.expect("rustc names its host").to_uppercase();
    format!("CARGO_TARGET_{}_LINKER", host.replace('-', "_"))
}
