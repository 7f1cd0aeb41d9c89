//! Calls with real tools that are no ordinary link: questions, links that make
//! an object file, assembly, other targets and other linkers. The flags that
//! are added must not break them or change their results.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{command, run, run_alone, runpath, tool, wrap, write};
use tempfile::TempDir;

const LINKERS: [&str; 4] = ["ld.bfd", "ld.gold", "ld.lld", "ld.mold"];

/// A wrapped root, and a prefix with a static and a shared libalpha.
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
        write(&place.path("alpha.c"), "int alpha(void) { return 1; }\n");
        write(&place.path("beta.c"), "int beta(void) { return 2; }\n");
        write(
            &place.path("main.c"),
            "int alpha(void);\nint main(void) { return alpha() - 1; }\n",
        );
        fs::create_dir_all(place.path("opt/lib")).unwrap();
        place.plain(&["cc", "-fPIC", "-c", "alpha.c", "beta.c", "main.c"]);
        place.plain(&["ar", "rc", "opt/lib/libalpha.a", "alpha.o"]);
        place.plain(&["cc", "-shared", "alpha.o", "-o", "opt/lib/libalpha.so"]);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs a tool that is not wrapped.
    fn plain(&self, words: &[&str]) -> String {
        run(command(words[0])
            .args(&words[1..])
            .current_dir(self.dir.path()))
    }

    /// Returns a call of a tool of the root.
    fn call(&self, words: &[&str]) -> Command {
        let bin = self.root.join("bin");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let mut call = command(bin.join(words[0]));
        call.args(&words[1..])
            .current_dir(self.dir.path())
            .env("PATH", path);
        call
    }

    fn lib(&self) -> String {
        format!("-L{}", self.path("opt/lib").display())
    }

    /// The linkers of the root.
    fn linkers(&self) -> impl Iterator<Item = &'static str> {
        LINKERS
            .into_iter()
            .filter(|linker| tool(linker).is_some() && self.root.join("bin").join(linker).exists())
    }

    fn defines(&self, object: &str, symbol: &str) -> bool {
        let symbols = self.plain(&["nm", "--defined-only", object]);
        symbols.lines().any(|line| line.ends_with(symbol))
    }
}

fn succeed(call: &mut Command) -> Output {
    let output = call.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{call:?}: {told}");
    output
}

fn exists(tool: &str) -> bool {
    common::tool(tool).is_some()
}

#[test]
fn an_object_file_gets_no_libraries() {
    let place = Place::new();
    let flags = format!(
        "{} -Bstatic -lalpha --whole-archive {}",
        place.lib(),
        place.path("opt/lib/libalpha.a").display()
    );
    for variable in ["NIX_LDFLAGS", "NIX_LDFLAGS_AFTER", "NIX_LDFLAGS_BEFORE"] {
        for linker in place.linkers() {
            // gold knows no long name.
            let long = (linker != "ld.gold").then_some("--relocatable");
            for option in ["-r"].into_iter().chain(long) {
                let mut call = place.call(&[linker, option, "beta.o", "-o", "r.o"]);
                succeed(
                    call.env(variable, &flags)
                        .env("NIX_DYNAMIC_LINKER", "/lib/ld.so")
                        .env("NIX_SET_BUILD_ID", "1")
                        .env("NIX_HARDENING_ENABLE", "relro bindnow"),
                );
                assert!(place.defines("r.o", "beta"), "{linker}");
                assert!(!place.defines("r.o", "alpha"), "{linker} {variable}");
                let sections = place.plain(&["readelf", "-SW", "r.o"]);
                assert!(!sections.contains(".interp"), "{linker}: {sections}");
                assert!(!sections.contains("build-id"), "{linker}: {sections}");
            }
        }
    }
    // The caller's libraries are found in declared directories.
    for linker in place.linkers() {
        let words = [
            linker,
            "-r",
            "beta.o",
            "--whole-archive",
            "-l:libalpha.a",
            "-o",
            "r.o",
        ];
        succeed(place.call(&words).env("NIX_LDFLAGS", place.lib()));
        assert!(place.defines("r.o", "alpha"), "{linker}");
    }
}

#[test]
fn drivers_that_make_an_object_file_pass_no_libraries() {
    let place = Place::new();
    let object = place.path("alpha.o").display().to_string();
    for driver in ["gcc", "clang"].into_iter().filter(|driver| exists(driver)) {
        for option in ["-r", "-Wl,-r", "-Wl,--relocatable"] {
            for (linker, program) in [
                ("-DX", "ld"),
                ("-fuse-ld=gold", "ld.gold"),
                ("-fuse-ld=lld", "ld.lld"),
            ] {
                if !exists(program) {
                    continue;
                }
                // gold knows no long name.
                if option.ends_with("--relocatable") && linker.ends_with("gold") {
                    continue;
                }
                let words = [driver, "-nostdlib", option, linker, "beta.o", "-o", "r.o"];
                // gcc and clang pass -pie beside `-Wl,-r` by default.
                let mut call = place.call(&words);
                call.arg("-no-pie");
                for variable in ["NIX_CFLAGS_LINK", "NIX_LDFLAGS", "NIX_LDFLAGS_AFTER"] {
                    call.env(variable, format!("{} {object}", place.lib()));
                }
                succeed(call.env("NIX_HARDENING_ENABLE", "relro"));
                assert!(place.defines("r.o", "beta"), "{words:?}");
                assert!(!place.defines("r.o", "alpha"), "{words:?}");
            }
        }
    }
}

#[test]
fn embedded_data_holds_no_library() {
    let place = Place::new();
    write(&place.path("data.txt"), "12345678");
    let size = |file: &str| {
        let sections = place.plain(&["size", "-A", file]);
        let data = sections.lines().find(|line| line.starts_with(".data"));
        data.unwrap().split_whitespace().nth(1).unwrap().to_owned()
    };
    for words in [
        &["ld.bfd", "-r", "-b", "binary", "data.txt", "-o", "d.o"][..],
        &["ld.bfd", "-r", "--format=binary", "data.txt", "-o", "d.o"],
        &[
            "ld.lld",
            "-m",
            "elf_x86_64",
            "-r",
            "--format=binary",
            "data.txt",
            "-o",
            "d.o",
        ],
        &["ld.bfd", "-b", "binary", "data.txt", "-e", "0", "-o", "d.o"],
    ] {
        if !exists(words[0]) {
            continue;
        }
        let flags = format!("{} -lalpha", place.lib());
        succeed(place.call(words).env("NIX_LDFLAGS", flags));
        assert_eq!(size("d.o"), "8", "{words:?}");
    }
}

#[test]
fn questions_to_linkers_link_nothing() {
    let place = Place::new();
    let flags = format!("{} -lalpha", place.lib());
    for linker in place.linkers() {
        for option in ["-v", "-V", "--verbose", "--version", "--help"] {
            let plain = command(tool(linker).unwrap())
                .arg(option)
                .current_dir(place.dir.path())
                .output()
                .unwrap();
            let mut call = place.call(&[linker, option]);
            let wrapped = call.env("NIX_LDFLAGS", &flags).output().unwrap();
            assert_eq!(plain.status, wrapped.status, "{linker} {option}");
            assert_eq!(
                plain.stdout.len(),
                wrapped.stdout.len(),
                "{linker} {option}"
            );
            assert!(!place.path("a.out").exists(), "{linker} {option}");
        }
    }
    for driver in ["gcc", "clang"].into_iter().filter(|driver| exists(driver)) {
        for words in [&["-v"][..], &["-v", "-O2"], &["-Wl,--version"], &["-Wl,-v"]] {
            let mut call = place.call(&[driver]);
            let wrapped = call
                .args(words)
                .env("NIX_LDFLAGS", &flags)
                .output()
                .unwrap();
            let plain = command(driver)
                .args(words)
                .current_dir(place.dir.path())
                .output()
                .unwrap();
            assert_eq!(plain.status, wrapped.status, "{driver} {words:?}");
            assert!(!place.path("a.out").exists(), "{driver} {words:?}");
        }
    }
}

#[test]
fn clang_does_not_complain_about_unused_options() {
    let place = Place::new();
    if !exists("clang") {
        return;
    }
    write(&place.path("f.s"), ".globl f\nf: ret\n");
    place.plain(&["clang", "-E", "beta.c", "-o", "p.i"]);
    place.plain(&["clang", "-S", "-emit-llvm", "beta.c", "-o", "q.ll"]);
    let include = format!("-isystem {}", place.path("opt/include").display());
    for words in [
        &["f.s"][..],
        &["-x", "assembler", "f.s"],
        &["p.i"],
        &["q.ll"],
        &["--", "f.s"],
    ] {
        let mut call = place.call(&["clang", "-Werror", "-c", "-o", "x.o"]);
        succeed(
            call.args(words)
                .env("NIX_CFLAGS_COMPILE", &include)
                .env("NIX_CFLAGS_COMPILE_BEFORE", "-DBEFORE")
                .env("NIX_HARDENING_ENABLE", "stackprotector fortify pic"),
        );
    }
    // Unused options of the caller's are still reported.
    let mut call = place.call(&["clang", "-Werror", "-c", "f.s", "-DCALLER", "-o", "x.o"]);
    let output = call.env("NIX_CFLAGS_COMPILE", include).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && told.contains("CALLER"),
        "{told}"
    );
}

#[test]
fn clangs_inner_assembler_gets_no_flags() {
    let place = Place::new();
    if !exists("clang") {
        return;
    }
    write(&place.path("f.s"), ".globl f\nf: ret\n");
    let words = [
        "clang",
        "-cc1as",
        "-triple",
        "x86_64-pc-linux-gnu",
        "-filetype",
        "obj",
    ];
    let mut call = place.call(&words);
    call.args(["-o", "x.o", "f.s"]);
    succeed(
        call.env("NIX_CFLAGS_COMPILE", "-isystem /opt/include")
            .env("NIX_LDFLAGS", "-lalpha")
            .env("NIX_HARDENING_ENABLE", "fortify pic"),
    );
}

#[test]
fn other_targets_get_no_hardening_that_they_lack() {
    let place = Place::new();
    if !exists("clang") {
        return;
    }
    let source = "int g;\nint f(char *p) { char b[64]; for (int i = 0; i < 64; i++) b[i] = p[i] ^ 1; return b[g & 63]; }\n";
    write(&place.path("f.c"), source);
    let flags = "pacret pic stackclashprotection fortify3 fortify shadowstack format zerocallusedregs \
                 strictflexarrays3 stackprotector nostrictaliasing strictoverflow trivialautovarinit";
    let mut tested = 0;
    for target in [
        "bpf",
        "wasm32",
        "wasm32-wasi",
        "aarch64-linux-gnu",
        "arm-linux-gnueabihf",
        "riscv64-unknown-elf",
        "riscv64-linux-gnu",
        "powerpc64le-linux-gnu",
        "s390x-linux-gnu",
        "msp430",
        "x86_64-pc-windows-msvc",
        "x86_64-w64-mingw32",
        "x86_64-apple-darwin",
        "i686-linux-gnu",
        "x86_64-unknown-none",
        "x86_64-pc-linux-gnu",
    ] {
        let compile = |mut driver: Command| {
            let target = format!("--target={target}");
            driver.args([&target, "-Werror", "-O1", "-c", "f.c", "-o", "f.o"]);
            driver.current_dir(place.dir.path());
            driver
        };
        if !compile(command("clang")).output().unwrap().status.success() {
            continue;
        }
        tested += 1;
        let mut call = compile(place.call(&["clang"]));
        succeed(call.env("NIX_HARDENING_ENABLE", flags));
    }
    assert!(tested > 8, "{tested}");
    let mut explain = command(env!("CARGO_BIN_EXE_cc-wrapper"));
    let clang = place.root.join("bin/clang");
    explain.arg("explain").arg("--").arg(clang);
    explain
        .args(["--target=bpf", "-c", "f.c"])
        .env("NIX_HARDENING_ENABLE", "shadowstack pic");
    let told = run(&mut explain);
    assert!(
        told.contains("the call's target does not support it"),
        "{told}"
    );
}

#[test]
fn declared_system_headers_do_not_break_those_of_cxx() {
    let place = Place::new();
    write(
        &place.path("x.cc"),
        "#include <cstdlib>\n#include <cmath>\nint main() { return std::abs(0); }\n",
    );
    for driver in ["g++", "clang++"]
        .into_iter()
        .filter(|driver| exists(driver))
    {
        for flags in [
            "-isystem /usr/include",
            "-isystem /usr/include/",
            "-isystem /usr/lib/../include -DX",
            "-isystem/usr/include",
            "-I/usr/include",
        ] {
            for variable in ["NIX_CFLAGS_COMPILE", "NIX_CFLAGS_COMPILE_BEFORE"] {
                let mut call = place.call(&[driver, "-c", "x.cc", "-o", "x.o"]);
                succeed(call.env(variable, flags));
            }
        }
    }
    if !exists("g++") {
        return;
    }
    let mut call = place.call(&["g++", "-c", "x.cc", "-o", "x.o"]);
    call.env("NIX_CFLAGS_COMPILE", "-isystem /usr/include")
        .env("NIX_DEBUG", "7");
    let output = succeed(&mut call);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("dropped -isystem /usr/include: "), "{told}");
}

#[test]
fn linkers_of_other_formats_get_no_options_for_elf() {
    let place = Place::new();
    if !exists("clang") || !exists("wasm-ld") {
        return;
    }
    write(&place.path("w.c"), "int twice(int a) { return a * 2; }\n");
    let wasm_ld = format!("--ld-path={}", tool("wasm-ld").unwrap().display());
    for words in [
        &["--target=wasm32", "w.c"][..],
        &["-target", "wasm32", "w.c"],
        &["--target=wasm32", &wasm_ld, "w.c"],
    ] {
        let mut call = place.call(&["clang", "-nostdlib", "-Wl,--no-entry"]);
        call.args(words)
            .args(["-Wl,--export=twice", "-o", "w.wasm"]);
        succeed(
            call.env(
                "NIX_HARDENING_ENABLE",
                "relro bindnow stackprotector pic fortify",
            )
            .env("NIX_SET_BUILD_ID", "1")
            .env("NIX_DYNAMIC_LINKER", "/lib64/ld-linux-x86-64.so.2")
            .env(
                "NIX_LDFLAGS",
                format!("{} -rpath /opt/x/lib -z defs", place.lib()),
            )
            .env("NIX_LDFLAGS_AFTER", "--hash-style=gnu"),
        );
        let wasm = fs::read(place.path("w.wasm")).unwrap();
        assert!(wasm.starts_with(b"\0asm"));
        fs::remove_file(place.path("w.wasm")).unwrap();
    }
    // lld for Windows says what it does not know.
    if exists("lld-link") {
        let words = [
            "clang",
            "--target=x86_64-pc-windows-msvc",
            "-fuse-ld=lld",
            "-nostdlib",
        ];
        let mut call = place.call(&words);
        call.args(["w.c", "-shared", "-Wl,/noentry", "-o", "w.dll"]);
        let output = succeed(
            call.env("NIX_HARDENING_ENABLE", "relro bindnow pic")
                .env("NIX_SET_BUILD_ID", "1"),
        );
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!told.contains("unknown"), "{told}");
    }
}

#[test]
fn compilers_find_declared_libraries_by_name() {
    let place = Place::new();
    let drivers = ["gcc", "g++", "clang"];
    for driver in drivers.into_iter().filter(|driver| exists(driver)) {
        for name in ["libalpha.so", "libalpha.a"] {
            let question = format!("-print-file-name={name}");
            let mut call = place.call(&[driver, &question]);
            let answer = run(call.env("NIX_LDFLAGS", place.lib()));
            let found = fs::canonicalize(answer.trim()).unwrap();
            assert_eq!(
                found,
                fs::canonicalize(place.path("opt/lib").join(name)).unwrap()
            );
        }
        // Other files are the compiler's own.
        for name in ["libc.so", "crt1.o", "include", "libgcc.a", "libno-such.so"] {
            let question = format!("-print-file-name={name}");
            let mut call = place.call(&[driver, &question]);
            let answer = run(call.env("NIX_LDFLAGS", place.lib()));
            assert_eq!(answer, place.plain(&[driver, &question]), "{driver}");
        }
    }
}

#[test]
fn programs_linked_below_mold_run_find_their_libraries() {
    let place = Place::new();
    let Some(mold) = tool("mold") else {
        return;
    };
    let lib = place.path("opt/lib");
    for driver in ["gcc", "clang"].into_iter().filter(|driver| exists(driver)) {
        for linker in ["", "-fuse-ld=lld", "-fuse-ld=gold", "-fuse-ld=mold"] {
            let _ = fs::remove_file(place.path("main"));
            let mut call = place.call(&[driver]);
            let wrapped = call.get_program().to_owned();
            let mut below = command(&mold);
            below.arg("-run").arg(wrapped);
            below.args(["main.o", "-lalpha", "-o", "main"]);
            below.args([linker].iter().filter(|linker| !linker.is_empty()));
            below.current_dir(place.dir.path());
            below.env(
                "PATH",
                call.get_envs()
                    .find(|(name, _)| *name == "PATH")
                    .unwrap()
                    .1
                    .unwrap(),
            );
            below
                .env("NIX_LDFLAGS", place.lib())
                .env("NIX_SET_BUILD_ID", "1");
            succeed(&mut below);
            assert_eq!(
                runpath(&place.path("main")),
                [lib.as_path()],
                "{driver} {linker}"
            );
            run_alone(&place.path("main"));
            let comment = place.plain(&["readelf", "-p", ".comment", "main"]);
            assert!(comment.contains("mold"), "{driver} {linker}: {comment}");
            call.arg("unused");
        }
    }
}

#[test]
fn the_compilers_own_hardening_is_not_given_twice() {
    let place = Place::new();
    let file: &Path = &place.path("f.c");
    write(file, "int f(void) { return 0; }\n");
    let mut call = place.call(&["gcc", "-fhardened", "-Werror", "-O2", "-c", "f.c"]);
    call.env("NIX_DEBUG", "1");
    call.env(
        "NIX_HARDENING_ENABLE",
        "fortify3 trivialautovarinit stackprotector format",
    );
    let output = call.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    for flag in ["_FORTIFY_SOURCE", "auto-var-init", "stack-protector"] {
        assert!(
            !told.contains(&format!("  -{flag}")) && !told.contains(&format!("{flag}=")),
            "{told}"
        );
    }
    assert!(told.contains("-Wformat"), "{told}");
    // gcc knows the option from version 14 on.
    let is_known = !told.contains("unrecognized");
    assert_eq!(output.status.success(), is_known, "{told}");
}
