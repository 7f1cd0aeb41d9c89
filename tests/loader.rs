//! `cc-wrapper doctor FILE` reports that a program does not start if and only
//! if this machine's loader does not start it.

mod common;

use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::bare_root::BareRoot;
use common::{command, interpreter, run, tool, write};
use serde_json::Value;
use tempfile::TempDir;

const NEW: &str = "-Wl,--enable-new-dtags";
const OLD: &str = "-Wl,--disable-new-dtags";

type Change = dyn Fn(&mut Vec<u8>);

/// A directory to build in, with subdirectories `lib` and `other`.
struct Bench(TempDir);

impl Bench {
    /// `None` if this machine has no gcc.
    fn new() -> Option<Bench> {
        tool("gcc")?;
        let bench = Bench(tempfile::tempdir().unwrap());
        write(&bench.path("lib.c"), "int answer(void) { return 42; }\n");
        write(&bench.path("main.c"), "int main(void) { return 0; }\n");
        write(
            &bench.path("open.c"),
            "#include <dlfcn.h>\nint main(int n, char **args) {\n\
             (void)n; return dlopen(args[1], RTLD_NOW) ? 0 : 127; }\n",
        );
        for name in ["lib", "other"] {
            fs::create_dir(bench.path(name)).unwrap();
        }
        Some(bench)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    fn gcc(&self, source: &str, to: &str, flags: &[&str]) -> PathBuf {
        let mut gcc = command("gcc");
        gcc.current_dir(self.path(""))
            .args([source, "-o", to, "-Wl,--no-as-needed"]);
        // A directory stands for its place.
        let place = self.0.path().canonicalize().unwrap();
        let place = place.to_str().unwrap();
        gcc.args(flags.iter().map(|flag| flag.replace('@', place)));
        run(&mut gcc);
        self.path(to)
    }

    fn library(&self, to: &str, flags: &[&str]) -> PathBuf {
        self.gcc("lib.c", to, &[&["-shared", "-fPIC"], flags].concat())
    }

    fn program(&self, flags: &[&str]) -> PathBuf {
        self.gcc("main.c", "main", flags)
    }

    /// libmid.so needs libend.so but has no rpath to it.
    fn chain(&self) {
        self.library("lib/libend.so", &[]);
        self.library("lib/libmid.so", &["-Llib", "-l:libend.so", NEW]);
    }
}

fn doctor(file: &Path) -> Command {
    let mut doctor = command(env!("CARGO_BIN_EXE_cc-wrapper"));
    doctor.args(["doctor", "--json"]).arg(file);
    doctor
}

fn findings(doctor: &mut Command) -> Vec<Value> {
    let output = doctor.output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    told["findings"].as_array().unwrap().clone()
}

fn starts(program: &mut Command) -> bool {
    let mut program = program.stderr(Stdio::null()).spawn().unwrap();
    program.wait().unwrap().success()
}

/// Asserts whether the program starts, and that doctor agrees. Returns doctor's
/// errors.
#[track_caller]
fn agree(program: &Path, is_to_start: bool) -> Vec<Value> {
    assert_eq!(starts(&mut command(program)), is_to_start);
    let mut findings = findings(&mut doctor(program));
    findings.retain(|finding| finding["severity"] == "error");
    assert_eq!(findings.is_empty(), is_to_start, "{findings:#?}");
    findings
}

#[track_caller]
fn assert_error(errors: &[Value], id: &str, what: &str, remedy: &str) {
    let [error] = errors else {
        panic!("{errors:#?}")
    };
    assert_eq!(error["id"], id);
    assert_eq!(error["what"], what);
    let told = error["remedy"].as_str().unwrap();
    assert!(told.contains(remedy), "{told}");
}

#[test]
fn a_runpath_applies_to_its_file_and_an_rpath_to_dependencies_too() {
    let Some(bench) = Bench::new() else { return };
    bench.chain();
    let lib = bench.path("lib");
    let path = ["-Llib", "-l:libmid.so", "-Wl,-rpath,@/lib"];
    let with = |flags: &[&str]| bench.program(&[&path[..], flags].concat());

    let what = format!(
        "loads libmid.so, which needs libend.so, which is not found: {} is in the RUNPATH of the program, which does not serve its libraries",
        lib.display()
    );
    let remedy = format!(
        "run patchelf --add-rpath {0} {0}/libmid.so, or link {0}/libmid.so again",
        lib.display()
    );
    let errors = agree(&with(&[NEW]), false);
    assert_error(&errors, "missing-library", &what, &remedy);
    agree(&with(&[OLD]), true);
    // Loaded already when it is needed the second time.
    agree(&with(&["-l:libend.so", NEW]), true);

    // One that has a RUNPATH heeds no RPATH.
    let to_none = ["-Llib", "-l:libend.so", NEW, "-Wl,-rpath,@/other"];
    bench.library("lib/libmid.so", &to_none);
    let errors = agree(&with(&[OLD]), false);
    let what = "loads libmid.so, which needs libend.so, which is not found";
    let told = errors[0]["what"].as_str().unwrap();
    assert!(told.starts_with(what), "{told}");
    fs::rename(lib.join("libend.so"), bench.path("other/libend.so")).unwrap();
    agree(&with(&[OLD]), true);
    fs::remove_file(bench.path("other/libend.so")).unwrap();
    let remedy = format!("link {}/libmid.so again with -LDIR", lib.display());
    let errors = agree(&with(&[NEW]), false);
    assert_error(&errors, "missing-library", what, &remedy);
}

#[test]
fn a_library_that_is_already_loaded_is_not_searched() {
    let Some(bench) = Bench::new() else { return };
    bench.chain();
    bench.library("lib/libother.so", &[]);
    let flags = ["-Llib", "-l:libmid.so", "-l:libother.so"];
    let program = bench.program(&[&flags[..], &[NEW, "-Wl,-rpath,@/lib"]].concat());
    agree(&program, false);
    // It goes by its soname, too.
    bench.library("lib/libother.so", &["-Wl,-soname,libend.so"]);
    agree(&program, true);

    let cycle = ["-Llib", NEW, "-Wl,-rpath,$ORIGIN"];
    bench.library("lib/libb.so", &[]);
    bench.library("lib/liba.so", &[&cycle[..], &["-l:libb.so"]].concat());
    bench.library("lib/libb.so", &[&cycle[..], &["-l:liba.so"]].concat());
    let program = bench.program(&["-Llib", "-l:liba.so", NEW, "-Wl,-rpath,@/lib"]);
    agree(&program, true);
    bench.library(
        "lib/libb.so",
        &[&cycle[..], &["-l:liba.so", "-l:libend.so"]].concat(),
    );
    agree(&program, true);
    fs::remove_file(bench.path("lib/libend.so")).unwrap();
    let what = "loads liba.so, which needs libb.so, which needs libend.so, which is not found";
    assert_error(&agree(&program, false), "missing-library", what, "-LDIR");
}

#[test]
fn a_broken_file_ends_the_search_and_one_for_another_machine_does_not() {
    let Some(bench) = Bench::new() else { return };
    let whole = fs::read(bench.library("lib/libend.so", &[])).unwrap();
    let path = "-Wl,-rpath,@/other:@/lib";
    let program = bench.program(&["-Llib", "-l:libend.so", NEW, path]);
    agree(&program, true);
    let first = bench.path("other/libend.so");
    let with = |change: &Change| {
        let mut text = whole.clone();
        change(&mut text);
        fs::write(&first, text).unwrap();
    };
    let passed_over: [&Change; 2] = [&|text| text[4] = 3 - text[4], &|text| text[18] ^= 1];
    for change in passed_over {
        with(change);
        agree(&program, true);
    }
    let broken: [&Change; 5] = [
        &|text| text.clear(),
        &|text| *text = b"INPUT(libend.so.1)\n".to_vec(),
        &|text| *text = vec![b'#'; 9999],
        &|text| text.truncate(5000),
        &|text| (text[16], text[17]) = (1, 0),
    ];
    // The reason is the loader's own.
    let asserts = || {
        let place = first.display();
        let output = command(&program).env("LC_ALL", "C").output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        let why = match told.trim_end().split_once(&format!(" {place}: ")) {
            Some((_, why)) => format!("is broken: {why}"),
            // It crashes.
            None => "cannot be read as an ELF file: it is cut off".to_owned(),
        };
        let what = format!("needs libend.so, and the loader finds {place} for it, which {why}");
        let errors = agree(&program, false);
        assert_error(&errors, "broken-library", &what, "remove ");
    };
    for change in broken {
        with(change);
        asserts();
    }
    fs::remove_file(&first).unwrap();
    fs::create_dir(&first).unwrap();
    asserts();
    fs::remove_dir(&first).unwrap();
    symlink("none", &first).unwrap();
    agree(&program, true);
}

#[test]
fn a_library_may_be_in_a_directory_for_this_processor() {
    let Some(bench) = Bench::new() else { return };
    let library = bench.library("lib/libend.so", &[]);
    let program = bench.program(&["-Llib", "-l:libend.so", NEW, "-Wl,-rpath,@/lib"]);
    let names = ["x86-64-v4", "x86-64-v3", "x86-64-v2", "none"];
    for name in names {
        let place = bench.path("lib/glibc-hwcaps").join(name);
        fs::create_dir_all(&place).unwrap();
        fs::rename(&library, place.join("libend.so")).unwrap();
        // Which of them count is for the processor and the loader to say.
        agree(&program, starts(&mut command(&program)));
        let found = findings(&mut doctor(&program));
        let is_useless = |finding: &Value| finding["id"] == "useless-run-path";
        let is_there = starts(&mut command(&program));
        assert!(!(is_there && found.iter().any(is_useless)), "{found:#?}");
        fs::rename(place.join("libend.so"), &library).unwrap();
    }
}

#[test]
fn a_library_without_a_version_that_is_needed_is_reported() {
    let Some(bench) = Bench::new() else { return };
    write(
        &bench.path("call.c"),
        "int answer(void); int main(void) { return answer() != 42; }\n",
    );
    let library = |version: &str| {
        write(
            &bench.path("map"),
            &format!("{version} {{ global: answer; }};\n"),
        );
        bench.library("lib/libend.so", &["-Wl,--version-script=@/map"]);
    };
    library("V1");
    let program = bench.gcc(
        "call.c",
        "call",
        &["-Llib", "-l:libend.so", "-Wl,-rpath,@/lib"],
    );
    agree(&program, true);
    library("V2");
    let (library, program) = (bench.path("lib/libend.so"), program);
    let what = format!(
        "loads {}, which lacks the version V1 that {} needs",
        library.display(),
        program.display()
    );
    assert_error(
        &agree(&program, false),
        "missing-version",
        &what,
        "newer version",
    );
}

/// doctor runs only the machine's own loader, and not for files with audit
/// libraries, because loaders run their code even when they only list.
#[test]
fn nothing_of_an_examined_file_is_run() {
    let Some(bench) = Bench::new() else { return };
    let ran = bench.path("ran");
    let text = "#include <fcntl.h>\n#include <stdlib.h>\n\
                unsigned la_version(unsigned version) {\n\
                creat(RAN, 0644); return version; }\n\
                __attribute__((constructor)) static void run(void) { creat(RAN, 0644); }\n";
    write(
        &bench.path("lib.c"),
        &text.replace("RAN", &format!("{ran:?}")),
    );
    let library = bench.library("lib/libend.so", &[]);
    let flags = ["-Llib", "-l:libend.so", NEW, "-Wl,-rpath,@/lib"];
    let plain = bench.program(&flags);
    assert_eq!(findings(&mut doctor(&plain)), [] as [Value; 0]);
    for option in [
        "-Wl,--audit=@/lib/libend.so",
        "-Wl,--depaudit=@/lib/libend.so",
    ] {
        let program = bench.program(&[&flags[..], &[option]].concat());
        assert_eq!(findings(&mut doctor(&program)), [] as [Value; 0]);
        assert!(!ran.exists(), "{option}");
        fs::rename(&library, bench.path("away")).unwrap();
        let found = findings(&mut doctor(&program));
        assert!(
            found.iter().any(|it| it["id"] == "missing-library"),
            "{found:#?}"
        );
        fs::rename(bench.path("away"), &library).unwrap();
    }
    let script = format!("#!/bin/sh\ntouch {}\n", ran.display());
    write(&bench.path("ld-linux-none.so"), &script);
    run(command("chmod")
        .arg("755")
        .arg(bench.path("ld-linux-none.so")));
    let program = bench.program(&["-Wl,-dynamic-linker,@/ld-linux-none.so"]);
    findings(&mut doctor(&program));
    assert!(!ran.exists());
    let plain = bench.program(&flags);
    assert!(starts(&mut command(&plain)) && ran.exists());
}

/// Without the loader's help, doctor reports the same missing libraries.
#[test]
fn a_loader_of_unknown_origin_is_not_asked() {
    let Some(bench) = Bench::new() else { return };
    bench.chain();
    let own = interpreter(&bench.program(&[]));
    fs::copy(own, bench.path("ld.so")).unwrap();
    let path = [
        "-Llib",
        "-l:libmid.so",
        "-Wl,-rpath,@/lib",
        "-Wl,-dynamic-linker,@/ld.so",
    ];
    let with = |flags: &[&str]| bench.program(&[&path[..], flags].concat());
    agree(&with(&[OLD]), true);
    let errors = agree(&with(&[NEW]), false);
    let what = errors[0]["what"].as_str().unwrap();
    let expected = "loads libmid.so, which needs libend.so, which is not found: ";
    assert!(what.starts_with(expected), "{what}");
    fs::write(bench.path("lib/libend.so"), "").unwrap();
    let place = bench.path("lib/libend.so");
    let what = format!(
        "loads libmid.so, which needs libend.so, and the loader finds {} for it, which is not an ELF file",
        place.display()
    );
    assert_error(
        &agree(&with(&[OLD]), false),
        "broken-library",
        &what,
        "remove ",
    );
}

#[test]
fn a_program_may_need_no_libraries() {
    let Some(bench) = Bench::new() else { return };
    agree(&bench.program(&["-Wl,-z,nodefaultlib"]), false);
}

#[test]
fn origin_is_the_directory_of_the_program_or_the_library() {
    let Some(bench) = Bench::new() else { return };
    bench.library("lib/libend.so", &[]);
    let flags = ["-Llib", "-l:libend.so", NEW];
    let program = bench.program(&[&flags[..], &["-Wl,-rpath,$ORIGIN/lib"]].concat());
    let link = bench.path("other/link");
    symlink(program, &link).unwrap();
    agree(&link, true);

    bench.library(
        "lib/libmid.so",
        &[&flags[..], &["-Wl,-rpath,$ORIGIN"]].concat(),
    );
    let link = bench.path("other/libmid.so");
    symlink("../lib/libmid.so", &link).unwrap();
    let open = bench.gcc("open.c", "open", &[]);
    for (library, expected) in [(&bench.path("lib/libmid.so"), true), (&link, false)] {
        assert_eq!(starts(command(&open).arg(library)), expected);
        let found = findings(&mut doctor(library));
        let is_error = |finding: &Value| finding["severity"] == "error";
        assert_eq!(!found.iter().any(is_error), expected, "{found:#?}");
    }
}

#[test]
fn libraries_found_only_by_ld_library_path_are_reported() {
    let Some(bench) = Bench::new() else { return };
    bench.chain();
    let program = bench.program(&["-Llib", "-l:libmid.so", NEW, "-Wl,-rpath,@/lib"]);
    let set = ("LD_LIBRARY_PATH", bench.path("lib"));
    assert!(starts(command(&program).env(set.0, &set.1)));
    let found = findings(doctor(&program).env(set.0, &set.1));
    let finding = |id: &str| found.iter().find(|finding| finding["id"] == id).unwrap();
    let finding = finding("only-by-variable");
    assert_eq!(finding["severity"], "warning");
    let what =
        "loads libmid.so, which needs libend.so, which is found only through LD_LIBRARY_PATH";
    assert_eq!(finding["what"], what);
    let is_error = |finding: &Value| finding["severity"] == "error";
    assert!(!found.iter().any(is_error), "{found:#?}");
}

/// NixOS has a shim or a stub at the path where programs expect the loader.
#[test]
fn nix_lds_own_search_path_is_used() {
    let Some(bench) = Bench::new() else { return };
    let Some(root) = BareRoot::with(&["libc6"], &["dash"]) else {
        return;
    };
    let program = bench.program(&[]);
    let loader = interpreter(&program);
    let (at, store) = (root.path(loader.to_str().unwrap()), root.path("/nix/store"));
    let [shim, stub] = ["x-nix-ld-2.0/libexec/nix-ld", "x-stub-ld"];
    let glibc = "x-glibc/lib/ld.so";
    for name in [shim, stub, glibc] {
        let place = store.join(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(&loader, place).unwrap();
    }
    // One that others can write is not run, but known to search its own directory.
    let loader = store.join(glibc);
    let mode = |mode| fs::set_permissions(&loader, Permissions::from_mode(mode)).unwrap();
    mode(0o777);
    fs::copy(&program, root.path("/opt/main")).unwrap();
    let binary = root.path("/usr/local/bin/cc-wrapper");
    fs::copy(env!("CARGO_BIN_EXE_cc-wrapper"), binary).unwrap();
    let links_to = |name: &str| {
        fs::remove_file(&at).unwrap();
        symlink(Path::new("/nix/store").join(name), &at).unwrap();
    };
    let told = |variables: &[&str]| {
        let mut doctor = root.command(variables, "/usr/local/bin/cc-wrapper");
        let output = doctor.args(["doctor", "/opt/main"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    links_to(shim);
    let by_glibc = "NIX_LD=/nix/store/x-glibc/lib/ld.so";
    let own = "NIX_LD_LIBRARY_PATH=/opt/lib";
    let lost = "error: needs libc.so.6, which is not found";
    let well = "/opt/main\nno problems found\n";
    assert!(told(&[by_glibc]).contains(lost), "{}", told(&[by_glibc]));
    let libc = root.path("/opt/lib/libc.so.6");
    fs::create_dir_all(libc.parent().unwrap()).unwrap();
    fs::copy(bench.gcc("lib.c", "libc.so.6", &["-shared"]), &libc).unwrap();
    assert!(told(&[by_glibc, own]).contains(well));
    fs::rename(&libc, store.join("x-glibc/lib/libc.so.6")).unwrap();
    assert!(told(&[by_glibc]).contains(well));
    let ill =
        "is nix-ld, whose loader /run/current-system/sw/share/nix-ld/lib/ld.so does not exist";
    assert!(told(&[]).contains(ill), "{}", told(&[]));
    let default = root.path("/run/current-system/sw/share/nix-ld/lib");
    fs::create_dir_all(&default).unwrap();
    symlink("/nix/store/x-glibc/lib/ld.so", default.join("ld.so")).unwrap();
    assert!(told(&[]).contains(well));
    fs::remove_file(store.join("x-glibc/lib/libc.so.6")).unwrap();
    assert!(told(&[]).contains(lost), "{}", told(&[]));
    // This one says itself where it searches.
    mode(0o755);
    assert!(told(&[]).contains(well), "{}", told(&[]));
    links_to(stub);
    let ill = "is NixOS's stub, which starts nothing; enable nix-ld";
    assert!(told(&[]).contains(ill), "{}", told(&[]));
}
