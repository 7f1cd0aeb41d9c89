//! `cc-wrapper doctor`: one thing after the other is broken, and named.

mod common;

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::look_alike::{Dialect, LookAlike};
use common::{command, run, tool, wrap, wrapped, write};
use serde_json::Value;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");

/// A wrapped root, and room beside it.
struct Patient {
    dir: TempDir,
    root: PathBuf,
}

impl Patient {
    /// `None`: this machine has no gcc.
    fn new() -> Option<Patient> {
        tool("gcc")?;
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap().join("root");
        wrap(&root, ["--cc", "gcc", "--no-check"]);
        Some(Patient { dir, root })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    fn support(&self, name: &str) -> PathBuf {
        self.root.join("nix-support").join(name)
    }

    /// In an environment where the root comes first.
    fn doctor(&self) -> Command {
        let mut doctor = wrapped(&self.root, &[], BINARY);
        for name in ["NIX_CFLAGS_COMPILE", "NIX_LDFLAGS"] {
            doctor.env_remove(name);
        }
        doctor.arg("doctor");
        doctor
    }

    /// Has this replaced in toolchain.json.
    fn change(&self, old: &str, new: &str) {
        let path = self.support("toolchain.json");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{text}");
        fs::write(path, text.replacen(old, new, 1)).unwrap();
    }

    /// Builds a program against libanswer.so in `lib`, with these flags.
    fn build(&self, flags: &[&str]) -> PathBuf {
        let source = |name: &str, text: &str| write(&self.path(name), text);
        source("answer.c", "int answer(void) { return 42; }\n");
        source(
            "main.c",
            "int answer(void); int main(void) { return answer() != 42; }\n",
        );
        fs::create_dir_all(self.path("lib")).unwrap();
        let library = ["-shared", "-fPIC", "answer.c", "-o", "lib/libanswer.so"];
        let program = [
            "main.c",
            "-Llib",
            "-lanswer",
            "-o",
            "main",
            "-Wl,--enable-new-dtags",
        ];
        for args in [library.to_vec(), [&program[..], flags].concat()] {
            run(command("gcc").current_dir(self.path("")).args(args));
        }
        self.path("main")
    }
}

/// Written by another process: one that is started meanwhile for another test
/// would keep it open, and what is open for writing does not run.
fn program_of(path: &Path, text: &[u8]) {
    let draft = path.with_extension("draft");
    fs::write(&draft, text).unwrap();
    run(command("install").args(["-m", "755"]).arg(draft).arg(path));
}

/// Status and both outputs.
fn output(command: &mut Command) -> (i32, String) {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    (output.status.code().unwrap(), text)
}

fn findings(command: &mut Command) -> (i32, Vec<Value>) {
    let (status, text) = output(command.arg("--json"));
    let told: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
    assert_eq!(told["ok"], status == 0);
    (status, told["findings"].as_array().unwrap().clone())
}

/// Asserts that there is a finding of this severity, id and place, whose remedy
/// has this part.
fn assert_finds(command: &mut Command, severity: &str, id: &str, place: &str, remedy: &str) {
    let (status, found) = findings(command);
    let is_it = |finding: &&Value| finding["id"] == id && finding["where"] == place;
    let finding = found.iter().find(is_it);
    let finding = finding.unwrap_or_else(|| panic!("{id} {place}: {found:#?}"));
    assert_eq!(finding["severity"], severity);
    let told = finding["remedy"].as_str().unwrap();
    assert!(told.contains(remedy), "{told}");
    assert_eq!(status, i32::from(severity == "error"), "{found:#?}");
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn on_a_healthy_machine_all_is_well() {
    let Some(patient) = Patient::new() else {
        return;
    };
    let expected = format!(
        "{}\nenvironment\nno problems found\n",
        patient.root.display()
    );
    assert_eq!(output(&mut patient.doctor()), (0, expected.clone()));
    for name in ["", "bin", "bin/gcc"] {
        let mut doctor = patient.doctor();
        assert_eq!(output(doctor.arg(patient.root.join(name))).1, expected);
    }
    // By another binary than the root's own.
    let other = patient.path("other");
    fs::copy(BINARY, &other).unwrap();
    let binary = fs::OpenOptions::new()
        .append(true)
        .open(patient.root.join("bin/cc-wrapper"));
    binary.unwrap().write_all(b"\0").unwrap();
    let place = patient.root.join("bin/cc-wrapper");
    assert_finds(
        &mut patient.doctor(),
        "note",
        "other-binary",
        shown(&place),
        "again",
    );
}

#[test]
fn what_is_broken_in_a_root_is_named() {
    let Some(patient) = Patient::new() else {
        return;
    };
    let gcc = patient.root.join("bin/gcc");
    let json = patient.support("toolchain.json");
    let whole = fs::read_to_string(&json).unwrap();
    let told: Value = serde_json::from_str(&whole).unwrap();
    let program = told["tools"]["gcc"]["program"].as_str().unwrap().to_owned();
    let of_gcc = format!("\"gcc\": {{\"role\": \"cc\", \"program\": \"{program}\"");
    for (new, id, remedy) in [
        ("/none/gcc", "absent-program", "install it"),
        (
            "/nix/store/none-gcc/bin/gcc",
            "absent-program",
            "was garbage-collected",
        ),
        ("/etc/passwd", "not-executable", "make it executable"),
        (shown(&gcc), "loop", "the real program"),
    ] {
        patient.change(&of_gcc, &of_gcc.replace(&program, new));
        assert_finds(&mut patient.doctor(), "error", id, shown(&gcc), remedy);
        fs::write(&json, &whole).unwrap();
    }
    let mode = |mode| fs::set_permissions(&json, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o666);
    let doctor = &mut patient.doctor();
    assert_finds(doctor, "error", "distrusted", shown(&json), "chmod o-w");
    mode(0o644);
    // Programs that do not do a compiler's work.
    let bad = patient.path("bad");
    for (text, id, remedy) in [
        (
            &b"#!/nix/store/gone/bin/bash\n"[..],
            "absent-interpreter",
            "was garbage-collected",
        ),
        (b"#!/none/sh\n", "absent-interpreter", "first line"),
        (b"#!/bin/sh\nexec none-gcc\n", "does-not-run", "again"),
        (b"#!/bin/sh\nexec gcc \"$@\"\n", "loop", "the real program"),
        (b"", "does-not-run", "again"),
        (&fs::read("/bin/sh").unwrap()[..5000], "unreadable", "again"),
    ] {
        program_of(&bad, text);
        patient.change(&of_gcc, &of_gcc.replace(&program, shown(&bad)));
        assert_finds(&mut patient.doctor(), "error", id, shown(&gcc), remedy);
        fs::write(&json, &whole).unwrap();
    }
    // It runs the real one.
    let text = format!("#!/bin/sh\nexec {program} \"$@\"\n");
    program_of(&bad, text.as_bytes());
    patient.change(&of_gcc, &of_gcc.replace(&program, shown(&bad)));
    assert_eq!(findings(&mut patient.doctor()), (0, vec![]));
    fs::write(&json, &whole).unwrap();

    fs::write(&json, &whole[..20]).unwrap();
    assert_finds(
        patient.doctor().arg(&patient.root),
        "error",
        "broken-toolchain",
        shown(&json),
        "correct it",
    );
    fs::write(&json, &whole).unwrap();

    // Each is put right again before the next.
    let undo = |path: &Path| fs::remove_file(path).unwrap();
    let stray = patient.root.join("bin/f77");
    symlink("cc-wrapper", &stray).unwrap();
    assert_finds(
        &mut patient.doctor(),
        "error",
        "unlisted",
        shown(&stray),
        "remove the link",
    );
    undo(&stray);
    symlink("/none", &stray).unwrap();
    assert_finds(
        &mut patient.doctor(),
        "error",
        "dangling-link",
        shown(&stray),
        "again",
    );
    undo(&stray);
    let file = patient.support("dynamic-linker");
    write(&file, "/none/ld.so\n");
    assert_finds(
        &mut patient.doctor(),
        "error",
        "absent-interpreter",
        shown(&file),
        "name one",
    );
    undo(&file);
    let file = patient.support("cc-cflags");
    write(&file, "-I/none/include\n");
    assert_finds(
        &mut patient.doctor(),
        "warning",
        "absent-directory",
        shown(&file),
        "remove it",
    );
    undo(&file);
    let hook = patient.support("cc-wrapper-hook");
    write(&hook, "if true; then\nfi\n");
    assert_finds(
        &mut patient.doctor(),
        "error",
        "broken-hook",
        shown(&hook),
        "correct it",
    );
    write(&hook, ":\n");
    patient.change(
        "\"suffixSalt\"",
        "\"shell\": \"/none/bash\", \"suffixSalt\"",
    );
    assert_finds(
        &mut patient.doctor(),
        "error",
        "no-bash",
        shown(&hook),
        "install bash",
    );
    undo(&hook);
    undo(&gcc);
    symlink(&program, &gcc).unwrap();
    assert_finds(
        &mut patient.doctor(),
        "error",
        "bypassed",
        shown(&gcc),
        "again",
    );
}

#[test]
fn a_tool_that_is_gone_is_named() {
    let Some(patient) = Patient::new() else {
        return;
    };
    for name in ["gcc", "ld"] {
        let place = patient.root.join("bin").join(name);
        let away = patient.path(name);
        fs::rename(&place, &away).unwrap();
        assert_finds(
            &mut patient.doctor(),
            "error",
            "absent-tool",
            shown(&place),
            "wrap or adopt the toolchain again",
        );
        fs::rename(&away, &place).unwrap();
    }
}

#[test]
fn a_program_that_lacks_a_library_is_named() {
    let Some(patient) = Patient::new() else {
        return;
    };
    let program = patient.build(&[]);
    let gcc = patient.root.join("bin/gcc");
    let text = fs::read_to_string(patient.support("toolchain.json")).unwrap();
    let told: Value = serde_json::from_str(&text).unwrap();
    let real = told["tools"]["gcc"]["program"].as_str().unwrap();
    let of_gcc = format!("\"gcc\": {{\"role\": \"cc\", \"program\": \"{real}\"");
    patient.change(&of_gcc, &of_gcc.replace(real, shown(&program)));
    assert_finds(
        &mut patient.doctor(),
        "error",
        "missing-library",
        shown(&gcc),
        "install that library",
    );
}

#[test]
fn a_cache_is_well_unless_it_leads_back() {
    let Some(patient) = Patient::new() else {
        return;
    };
    let Some(ccache) = tool("ccache") else { return };
    let cached = patient.path("cached");
    fs::create_dir(&cached).unwrap();
    symlink(&ccache, cached.join("gcc")).unwrap();
    let gcc = patient.root.join("bin/gcc");
    let text = fs::read_to_string(patient.support("toolchain.json")).unwrap();
    let told: Value = serde_json::from_str(&text).unwrap();
    let real = told["tools"]["gcc"]["program"].as_str().unwrap();
    let of_gcc = format!("\"gcc\": {{\"role\": \"cc\", \"program\": \"{real}\"");
    let runs = |program: &Path| of_gcc.replace(real, shown(program));
    patient.change(&of_gcc, &runs(&cached.join("gcc")));
    assert_finds(
        &mut patient.doctor(),
        "error",
        "loop",
        shown(&gcc),
        "the real program",
    );
    let mut doctor = patient.doctor();
    doctor.env("PATH", env::var_os("PATH").unwrap());
    let (status, found) = findings(doctor.arg(&patient.root));
    assert_eq!(status, 0, "{found:#?}");
    patient.change(&runs(&cached.join("gcc")), &runs(&ccache));
    assert_finds(
        &mut patient.doctor(),
        "error",
        "cache",
        shown(&gcc),
        "CC_WRAPPER_LAUNCHER",
    );
}

#[test]
fn linkers_that_go_round_the_root_are_named() {
    let Some(patient) = Patient::new() else {
        return;
    };
    let linker = patient.path("path/ld.mold");
    fs::create_dir(patient.path("path")).unwrap();
    symlink("/bin/true", &linker).unwrap();
    let doctor = || {
        let mut path = vec![patient.root.join("bin"), patient.path("path")];
        path.extend(env::split_paths(&env::var_os("PATH").unwrap()));
        let mut doctor = patient.doctor();
        doctor.env("PATH", env::join_paths(path).unwrap());
        doctor
    };
    assert_eq!(findings(&mut doctor()), (0, vec![]));
    fs::remove_file(patient.root.join("linkers/ld.mold")).unwrap();
    // What the root lists is found in it first, unless this says otherwise.
    let mut by_variable = doctor();
    by_variable.env("COMPILER_PATH", patient.path("path"));
    assert_finds(
        &mut by_variable,
        "warning",
        "goes-round",
        shown(&linker),
        "again",
    );
}

#[test]
fn what_comes_before_the_root_is_named() {
    let Some(patient) = Patient::new() else {
        return;
    };
    let other = patient.path("other");
    fs::create_dir(&other).unwrap();
    symlink("/bin/true", other.join("ld")).unwrap();
    let path = env::join_paths([&other, &patient.root.join("bin")]).unwrap();
    let mut doctor = patient.doctor();
    assert_finds(
        doctor.env("PATH", path),
        "warning",
        "before-on-path",
        shown(&other),
        "PATH=",
    );
}

#[test]
fn a_cache_may_come_before_the_root() {
    let Some(patient) = Patient::new() else {
        return;
    };
    let Some(ccache) = tool("ccache") else { return };
    let cached = patient.path("cached");
    fs::create_dir(&cached).unwrap();
    for name in ["cc", "gcc"] {
        symlink(&ccache, cached.join(name)).unwrap();
    }
    let path = |directories: &[&Path]| {
        let own = env::var_os("PATH").unwrap();
        let own: Vec<PathBuf> = env::split_paths(&own).collect();
        let directories = directories.iter().map(PathBuf::from);
        env::join_paths(directories.chain(own)).unwrap()
    };
    let bin = patient.root.join("bin");
    let mut doctor = patient.doctor();
    let well = format!(
        "{}\nenvironment\nno problems found\n",
        patient.root.display()
    );
    assert_eq!(
        output(doctor.env("PATH", path(&[&cached, &bin]))),
        (0, well)
    );
    let mut doctor = patient.doctor();
    doctor.env("PATH", path(&[&cached]));
    assert_eq!(findings(&mut doctor).1[0]["id"], "no-toolchain");
}

#[test]
fn a_cache_that_does_not_see_the_variables_is_named() {
    let Some(patient) = Patient::new() else {
        return;
    };
    let Some(ccache) = tool("ccache") else { return };
    let cached = patient.path("cached");
    fs::create_dir(&cached).unwrap();
    let gcc = patient.root.join("bin/gcc");
    let (gcc, at) = (shown(&gcc), shown(&cached));
    symlink(&ccache, cached.join("gcc")).unwrap();
    let sccache = patient.path("sccache");
    fs::copy("/bin/sh", &sccache).unwrap();
    let sccache = format!("{} {gcc}", sccache.display());
    let own = env::var("PATH").unwrap();
    let path = format!("{at}:{}/bin:{own}", patient.root.display());
    let cc = format!("ccache {gcc}");
    let front = [
        (at, ("PATH", &*path), "CCACHE_COMPILERCHECK"),
        ("CC", ("CC", &*cc), "CCACHE_COMPILERCHECK"),
        ("CC", ("CC", &sccache), "SCCACHE_C_CUSTOM_CACHE_BUSTER"),
    ];
    let ids = |doctor: &mut Command| {
        let found = findings(doctor).1.into_iter();
        let ids = found.map(|finding| finding["id"].as_str().unwrap().to_owned());
        ids.filter(|id| id == "blind-cache").count()
    };
    for (place, (name, value), remedy) in front {
        let doctor = || {
            let mut doctor = patient.doctor();
            doctor.env(name, value).env("CCACHE_DIR", patient.path("c"));
            doctor
        };
        for flags in ["NIX_CFLAGS_COMPILE", "NIX_HARDENING_ENABLE"] {
            let mut doctor = doctor();
            doctor.env(flags, "pic");
            assert_finds(&mut doctor, "error", "blind-cache", place, remedy);
        }
        // What env exports helps, but sccache only until flags change.
        let mut env = command(patient.root.join("bin/cc-wrapper"));
        env.args(["env", "--shell", "json"]);
        let set = run(env.env("NIX_CFLAGS_COMPILE", "-DX"));
        let set: Value = serde_json::from_str(&set).unwrap();
        for (flags, is_blind) in [("-DX", false), ("-DY", remedy.starts_with('S'))] {
            let mut doctor = doctor();
            for name in ["CCACHE_COMPILERCHECK", "SCCACHE_C_CUSTOM_CACHE_BUSTER"] {
                doctor.env(name, set[name].as_str().unwrap());
            }
            doctor.env("NIX_CFLAGS_COMPILE", flags);
            assert_eq!(ids(&mut doctor), usize::from(is_blind), "{place} {flags}");
        }
        // There is nothing to see.
        assert_eq!(ids(&mut doctor()), 0, "{place}");
        assert_eq!(ids(doctor().env("NIX_LDFLAGS", "-L/usr/lib")), 0, "{place}");
    }
    let doctor = |cc: &str, name: &str, value: &str| {
        let mut doctor = patient.doctor();
        doctor.env("CC", cc).env("NIX_CFLAGS_COMPILE", "-DX");
        doctor.env(name, value);
        doctor
    };
    let place = "CMAKE_C_COMPILER_LAUNCHER";
    let mut launched = doctor(gcc, place, "ccache");
    let remedy = "CC_WRAPPER_LAUNCHER=ccache";
    assert_finds(&mut launched, "error", "blind-cache", place, remedy);
    assert_eq!(ids(&mut doctor(gcc, place, "")), 0);
    // ccache's configuration counts.
    let conf = patient.path("conf");
    let name = "CCACHE_CONFIGPATH";
    for (check, is_blind) in [("content", true), ("/x digest %compiler%", false)] {
        write(&conf, &format!("compiler_check = {check}\n"));
        let mut doctor = doctor(&cc, name, shown(&conf));
        assert_eq!(ids(&mut doctor), usize::from(is_blind), "{check}");
    }
}

/// A build that needs a library in its own prefix.
struct Build {
    patient: Patient,
    prefix: PathBuf,
}

impl Build {
    fn new() -> Option<Build> {
        let patient = Patient::new()?;
        tool("gcc")?;
        let prefix = patient.path("answer");
        write(&prefix.join("include/answer.h"), "int answer(void);\n");
        let source = patient.path("answer.c");
        write(&source, "int answer(void) { return 42; }\n");
        fs::create_dir(prefix.join("lib")).unwrap();
        let library = prefix.join("lib/libanswer.so");
        run(command("gcc")
            .args(["-shared", "-fPIC", "-o"])
            .args([&library, &source]));
        write(
            &patient.path("src/main.c"),
            "#include <answer.h>\nint main(void) { return answer() != 42; }\n",
        );
        Some(Build { patient, prefix })
    }

    /// Runs a command with the prefix.
    fn inside(&self, args: &[&str]) -> Command {
        let mut inside = command(self.patient.root.join("bin/cc-wrapper"));
        inside.args(["run", "-q", "--with"]).arg(&self.prefix);
        inside.arg("--").args(args);
        inside.current_dir(self.patient.path("src"));
        inside
    }

    fn is_lost(&self, file: &str) {
        let build = self.patient.path("src/build");
        let doctor = || {
            let mut doctor = self.patient.doctor();
            doctor.arg(&build);
            doctor
        };
        let (file, with) = (build.join(file), format!("--with {}", shown(&self.prefix)));
        assert_finds(
            &mut doctor(),
            "error",
            "lost-environment",
            shown(&file),
            &with,
        );
        // What run and env set, and a root of its own.
        let inside = self.inside(&[env!("CARGO_BIN_EXE_cc-wrapper"), "doctor", shown(&build)]);
        let well = format!("{}\nno problems found\n", build.display());
        let mut inside = inside;
        assert_eq!(output(&mut inside), (0, well.clone()));
        let root = self.patient.root.join("nix-support");
        let include = format!("-isystem {}/include\n", self.prefix.display());
        write(&root.join("cc-cflags"), &include);
        let library = format!("-L{}/lib\n", self.prefix.display());
        write(&root.join("libc-ldflags"), &library);
        assert_eq!(output(&mut doctor()), (0, well));
        fs::remove_file(root.join("cc-cflags")).unwrap();
        fs::remove_file(root.join("libc-ldflags")).unwrap();
        // The compiler is gone.
        let (bin, away) = (self.patient.root.join("bin"), self.patient.path("away"));
        fs::rename(&bin, &away).unwrap();
        let remedy = "configure the build again";
        assert_finds(
            &mut doctor(),
            "error",
            "lost-environment",
            shown(&file),
            remedy,
        );
        fs::rename(&away, &bin).unwrap();
    }
}

const CMAKE_LISTS: &str = "cmake_minimum_required(VERSION 3.13)\nproject(app C)\n\
    find_library(ANSWER answer REQUIRED)\nfind_path(INCLUDE answer.h REQUIRED)\n\
    add_executable(main main.c)\ntarget_include_directories(main PRIVATE ${INCLUDE})\n\
    target_link_libraries(main ${ANSWER})\n";

#[test]
fn a_cmake_build_that_has_lost_its_environment_is_named() {
    let (Some(_), Some(_)) = (tool("cmake"), tool("make")) else {
        return;
    };
    let Some(build) = Build::new() else { return };
    let source = build.patient.path("src");
    write(&source.join("CMakeLists.txt"), CMAKE_LISTS);
    run(&mut build.inside(&["cmake", "-B", "build"]));
    build.is_lost("CMakeCache.txt");

    // Builds that were told where the library is.
    let well = |name: &str, compiler: &Path| {
        let mut cmake = command("cmake");
        cmake.args(["-B", name, "-G", "Unix Makefiles"]);
        cmake.arg(format!("-DCMAKE_PREFIX_PATH={}", build.prefix.display()));
        cmake.arg(format!("-DCMAKE_C_COMPILER={}", compiler.display()));
        run(cmake.current_dir(&source));
        let mut doctor = build.patient.doctor();
        let (status, said) = output(doctor.arg(source.join(name)));
        assert_eq!(status, 0, "{said}");
    };
    well("plain", &which::which("gcc").unwrap());
    well("wrapped", &build.patient.root.join("bin/gcc"));

    // A cache that the build has in front of the compiler.
    if tool("ccache").is_some() {
        let launcher = "-DCMAKE_C_COMPILER_LAUNCHER=ccache";
        run(&mut build.inside(&["cmake", "-B", "cached", launcher]));
        let cached = source.join("cached");
        let mut doctor = build.patient.doctor();
        doctor.arg(&cached);
        doctor.env("NIX_HARDENING_ENABLE", "pic");
        let file = cached.join("CMakeCache.txt");
        let remedy = "CC_WRAPPER_LAUNCHER=ccache";
        assert_finds(&mut doctor, "error", "blind-cache", shown(&file), remedy);
    }
}

#[test]
fn a_meson_build_that_has_lost_its_environment_is_named() {
    let (Some(_), Some(_)) = (tool("meson"), tool("ninja")) else {
        return;
    };
    let Some(build) = Build::new() else { return };
    write(
        &build.patient.path("src/meson.build"),
        "project('app', 'c')\nc = meson.get_compiler('c')\n\
         executable('main', 'main.c', dependencies: c.find_library('answer'))\n",
    );
    run(&mut build.inside(&["meson", "setup", "build"]));
    build.is_lost("build.ninja");
}

#[test]
fn a_configured_build_that_has_lost_its_environment_is_named() {
    let Some(build) = Build::new() else { return };
    let at = build.patient.path("src/build");
    let (root, prefix) = (build.patient.root.display(), build.prefix.display());
    let cc = format!("{root}/bin/gcc");
    let status = |cc: &str, libraries: &str| {
        let text = format!(
            "#! /bin/bash\nS[\"LIBS\"]=\"-lm {libraries}\"\nS[\"CC\"]=\"{cc}\"\nS[\"X\"]=\"-L. -lx\"\n"
        );
        write(&at.join("config.status"), &text);
    };
    status(&cc, "-lanswer");
    // automake's record of what make compiled.
    let dependencies =
        format!("main.o: ../main.c \\\n {prefix}/include/answer.h\n{prefix}/include/answer.h:\n");
    write(&at.join("part/.deps/main.Po"), &dependencies);
    build.is_lost("config.status");
    // It shows nothing before the first make, but the library is not found.
    fs::remove_dir_all(at.join("part")).unwrap();
    let doctor = || {
        let mut doctor = build.patient.doctor();
        doctor.arg(&at);
        doctor
    };
    let file = at.join("config.status");
    let (id, file) = ("lost-environment", shown(&file));
    assert_finds(&mut doctor(), "error", id, file, "--with PREFIX");
    status(&cc, &format!("-L{prefix}/lib -lanswer"));
    assert_eq!(output(&mut doctor()).0, 0);
    // A bare name that was the root's.
    status("gcc", "");
    write(
        &at.join("config.log"),
        &format!("PATH: {root}/bin/\nPATH: /usr/bin/\n"),
    );
    let mut other = doctor();
    other.env("PATH", "/usr/bin:/bin");
    let remedy = format!("PATH={root}/bin:$PATH");
    assert_finds(&mut other, "error", id, file, &remedy);
    assert_eq!(output(&mut doctor()).0, 0);
    write(&at.join("config.log"), "PATH: /usr/bin/\n");
    assert_eq!(output(other.env("PATH", "/usr/bin:/bin")).0, 0);
}

#[test]
fn a_root_that_comes_too_late_is_examined() {
    let Some(patient) = Patient::new() else {
        return;
    };
    let bin = patient.root.join("bin");
    let first = patient.path("first");
    fs::create_dir(&first).unwrap();
    for name in ["cc", "gcc"] {
        symlink("/bin/true", first.join(name)).unwrap();
    }
    let path = env::join_paths([&first, &bin]).unwrap();
    let remedy = format!("PATH={}:$PATH", bin.display());
    let late = || {
        let mut doctor = patient.doctor();
        doctor.env("PATH", &path);
        doctor
    };
    let place = shown(&first);
    assert_finds(&mut late(), "error", "before-on-path", place, &remedy);
    let mut by_nix = late();
    by_nix.env("NIX_CC", &patient.root);
    assert_finds(&mut by_nix, "error", "before-on-path", place, &remedy);
    let mut by_nix = late();
    by_nix.env("NIX_CC", &patient.root).env("PATH", &first);
    assert_finds(&mut by_nix, "error", "not-on-path", shown(&bin), &remedy);
    let mut by_name = late();
    by_name.env("CC", bin.join("gcc"));
    assert_finds(&mut by_name, "warning", "before-on-path", place, &remedy);
}

#[test]
fn a_cross_root_is_well_alone_and_beside_another() {
    let Some(patient) = Patient::new() else {
        return;
    };
    patient.change("\"optional\"", "\"required\"");
    let cross = patient.path("cross");
    write(
        &cross.join("nix-support/toolchain.json"),
        r#"{"version": 1, "suffixSalt": "avr",
            "tools": {"avr-gcc": {"role": "cc", "program": "/bin/true"}}}"#,
    );
    fs::create_dir(cross.join("bin")).unwrap();
    symlink(BINARY, cross.join("bin/avr-gcc")).unwrap();
    let own = env::var_os("PATH").unwrap();
    let own: Vec<PathBuf> = env::split_paths(&own).collect();
    let mut alone = command(BINARY);
    let path = env::join_paths([cross.join("bin")].iter().chain(&own)).unwrap();
    alone.arg("doctor").env("PATH", path);
    let well = |root: &Path| format!("{}\nenvironment\nno problems found\n", root.display());
    assert_eq!(output(&mut alone), (0, well(&cross)));

    let marker = "NIX_CC_WRAPPER_TARGET_HOST_avr";
    let beside = |directories: &[PathBuf]| {
        let mut doctor = patient.doctor();
        let path = env::join_paths(directories.iter().chain(&own)).unwrap();
        doctor.env("PATH", path).env(marker, "1");
        doctor.env("NIX_CFLAGS_COMPILE", "-DX");
        doctor
    };
    let bin = patient.root.join("bin");
    let mut both = beside(&[bin.clone(), cross.join("bin")]);
    assert_eq!(output(&mut both), (0, well(&patient.root)));
    assert_finds(
        &mut beside(&[bin]),
        "error",
        "marker-of-other-salt",
        marker,
        "export NIX_CC_WRAPPER_TARGET_HOST_",
    );
}

#[test]
fn what_is_wrong_with_the_environment_is_named() {
    let Some(patient) = Patient::new() else {
        return;
    };
    for (variable, severity, id, remedy) in [
        (
            "NIX_CFLAGS_COMPILE=-I/none/x",
            "warning",
            "absent-directory",
            "remove it",
        ),
        (
            "NIX_LDFLAGS_FOR_BUILD=-L /none/x",
            "warning",
            "absent-directory",
            "remove it",
        ),
        (
            "NIX_CFLAGS_COMPILE=\"-DX=1 2\"",
            "warning",
            "quoted",
            "remove them",
        ),
        (
            "PKG_CONFIG_PATH=/none",
            "warning",
            "absent-directory",
            "remove it",
        ),
        (
            "CMAKE_PREFIX_PATH=/usr:/none",
            "warning",
            "absent-directory",
            "remove it",
        ),
        (
            "NIX_LDFLAGS=-L~/lib",
            "warning",
            "unexpanded",
            "write the whole path",
        ),
        (
            "NIX_CFLAGS_COMPILE=-Inone/x",
            "warning",
            "relative-directory",
            "absolute path",
        ),
        (
            "NIX_LDFLAGS=-Wl,-rpath,/usr",
            "error",
            "for-a-compiler",
            "takes it: -rpath /usr",
        ),
        (
            "NIX_ENFORCE_PURITY=1",
            "warning",
            "purity-without-store",
            "export NIX_STORE",
        ),
        ("NIX_STORE=/none", "warning", "absent-store", "unset it"),
        (
            "NIX_DYNAMIC_LINKER=/none",
            "error",
            "absent-interpreter",
            "name one",
        ),
        (
            "CC_WRAPPER_LAUNCHER=no-such-launcher",
            "error",
            "launcher",
            "install it",
        ),
        (
            "CC_WRAPPER_COMPDB=/none/db",
            "warning",
            "compdb",
            "name a file",
        ),
        ("CC=gcc-none -m32", "error", "absent-program", "unset it"),
        ("CXX=/none/g++", "error", "absent-program", "unset it"),
        ("LD=/etc/passwd", "error", "not-executable", "unset it"),
    ] {
        let (name, value) = variable.split_once('=').unwrap();
        assert_finds(
            patient.doctor().env(name, value),
            severity,
            id,
            name,
            remedy,
        );
    }
}

#[test]
fn a_variable_that_names_a_tool_past_the_root_is_named() {
    let Some(patient) = Patient::new() else {
        return;
    };
    let bin = patient.root.join("bin");
    let own = |name: &str| bin.join(name).display().to_string();
    let past = |name: &str| tool(name).map(|path| path.display().to_string());
    for (variable, name, severity) in [
        ("CC", "gcc", "error"),
        ("CXX", "g++", "error"),
        ("LD", "ld", "warning"),
        ("PKG_CONFIG", "pkg-config", "warning"),
    ] {
        let Some(past) = past(name) else { continue };
        let is_served = bin.join(name).exists();
        let remedy = match is_served {
            true => format!("export {variable}={}", own(name)),
            false => "wrap the toolchain again".to_owned(),
        };
        // A compiler for C is meant for C++ too.
        if !is_served && variable != "CXX" {
            let found = findings(patient.doctor().env(variable, &past));
            assert_eq!(found, (0, vec![]), "{variable}");
            continue;
        }
        let id = "goes-round";
        for paths in [vec![], vec![&bin]] {
            let mut doctor = patient.doctor();
            doctor.env(variable, &past).args(paths);
            assert_finds(&mut doctor, severity, id, variable, &remedy);
        }
        // It is not what builds should come to.
        let mut unused = patient.doctor();
        unused.env("PATH", env::var_os("PATH").unwrap());
        let (status, found) = findings(unused.env(variable, &past).arg(&bin));
        assert!(status == 0 && found.iter().all(|finding| finding["id"] != id));
    }
    let cross = patient.path("avr-gcc");
    symlink("/bin/true", &cross).unwrap();
    let other = patient.path("other");
    wrap(&other, ["--cc", "gcc", "--no-check"]);
    for value in [
        "gcc -m32".to_owned(),
        own("gcc"),
        shown(&cross).to_owned(),
        format!("{} -m32", other.join("bin/gcc").display()),
    ] {
        let mut doctor = patient.doctor();
        let found = findings(doctor.env("CC", &value).env("LD", "ld"));
        assert_eq!(found, (0, vec![]), "{value}");
    }
}

#[test]
fn a_marker_that_does_not_match_is_named_with_the_right_one() {
    let Some(patient) = Patient::new() else {
        return;
    };
    patient.change("\"optional\"", "\"required\"");
    let text = fs::read(patient.support("toolchain.json")).unwrap();
    let toolchain: Value = serde_json::from_slice(&text).unwrap();
    let salt = toolchain["suffixSalt"].as_str().unwrap();
    let mut doctor = patient.doctor();
    doctor.env("NIX_CFLAGS_COMPILE", "-DX");
    let right = format!("export NIX_CC_WRAPPER_TARGET_HOST_{salt}=1");
    assert_finds(
        &mut doctor,
        "error",
        "no-marker",
        "NIX_CFLAGS_COMPILE",
        &right,
    );
    let marker = "NIX_CC_WRAPPER_TARGET_HOST_other";
    let mut doctor = patient.doctor();
    assert_finds(
        doctor.env(marker, "1"),
        "error",
        "marker-of-other-salt",
        marker,
        &right,
    );
    let mut doctor = patient.doctor();
    doctor.env("NIX_CFLAGS_COMPILE", "-DX");
    doctor.env(format!("NIX_CC_WRAPPER_TARGET_BUILD_{salt}"), "1");
    assert_finds(
        &mut doctor,
        "warning",
        "marker-of-other-role",
        "NIX_CFLAGS_COMPILE",
        &right,
    );
    let mut doctor = patient.doctor();
    doctor.env("NIX_CFLAGS_COMPILE", "-DX");
    doctor.env(format!("NIX_CC_WRAPPER_TARGET_HOST_{salt}"), "1");
    assert_eq!(findings(&mut doctor), (0, vec![]));
}

#[test]
fn programs_that_do_not_find_their_libraries_are_named() {
    let Some(patient) = Patient::new() else {
        return;
    };
    let doctor = |program: &Path| {
        let mut doctor = command(BINARY);
        doctor.arg("doctor").arg(program);
        doctor
    };
    let lib = format!("-Wl,-rpath,{}", patient.path("lib").display());
    for flag in [&lib, "-Wl,-rpath,$ORIGIN/lib"] {
        let program = patient.build(&[flag]);
        let (status, text) = output(&mut doctor(&program));
        assert_eq!(status, 0, "{text}");
        // That libc is the system's goes without saying.
        let well = format!("{}\nno problems found\n", program.display());
        assert_eq!(text, well);
        let library = patient.path("lib/libanswer.so");
        fs::remove_file(&library).unwrap();
        let mut doctor = doctor(&program);
        assert_finds(
            &mut doctor,
            "error",
            "missing-library",
            shown(&program),
            "-LDIR",
        );
    }
    let program = patient.build(&[]);
    assert_finds(
        &mut doctor(&program),
        "error",
        "missing-library",
        shown(&program),
        "-LDIR",
    );
    let mut by_variable = doctor(&program);
    by_variable.env("LD_LIBRARY_PATH", patient.path("lib"));
    assert_finds(
        &mut by_variable,
        "warning",
        "only-by-variable",
        shown(&program),
        "-LDIR",
    );
    for (severity, directory, id) in [
        ("warning", "/none", "absent-run-path"),
        ("note", shown(patient.dir.path()), "useless-run-path"),
        ("warning", "lib", "relative-run-path"),
    ] {
        let program = patient.build(&[&lib, &format!("-Wl,-rpath,{directory}")]);
        assert_finds(&mut doctor(&program), severity, id, shown(&program), "");
    }
    // doctor does not run a loader that anybody may have made.
    let loader = patient.path("ld.so");
    fs::write(&loader, "").unwrap();
    let program = patient.build(&[&lib, &format!("-Wl,-dynamic-linker,{}", loader.display())]);
    let list: Vec<String> = (0..2000).map(|n| format!("/none/{n}")).collect();
    let mut long_list = doctor(&program);
    long_list.env("LD_LIBRARY_PATH", list.join(":"));
    assert_finds(
        &mut long_list,
        "warning",
        "too-much",
        shown(&program),
        "LD_DEBUG",
    );
    let program = patient.build(&[&lib, "-Wl,-dynamic-linker,/none/ld.so"]);
    let mut doctor = doctor(&program);
    assert_finds(
        &mut doctor,
        "error",
        "absent-interpreter",
        shown(&program),
        "patchelf",
    );
}

#[test]
fn files_of_other_kinds_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let doctor = |path: &Path| {
        let mut doctor = command(BINARY);
        doctor.arg("doctor").arg(path);
        doctor
    };
    write(&path("text"), "no program\n");
    let text = path("text");
    assert_finds(
        &mut doctor(&text),
        "error",
        "no-elf",
        shown(&text),
        "name a program",
    );
    let (program, foreign) = (fs::read("/bin/sh").unwrap(), path("foreign"));
    let mut machine = program.clone();
    // 65C816, which is not what runs this.
    machine[18..20].copy_from_slice(&[1, 1]);
    fs::write(&foreign, machine).unwrap();
    assert_finds(
        &mut doctor(&foreign),
        "warning",
        "foreign-machine",
        shown(&foreign),
        "there",
    );
    fs::write(&foreign, &program[..80]).unwrap();
    assert_finds(
        &mut doctor(&foreign),
        "error",
        "unreadable",
        shown(&foreign),
        "again",
    );
    assert_finds(
        &mut doctor(dir.path()),
        "error",
        "no-root",
        shown(dir.path()),
        "wrap NEW",
    );
    let none = path("none");
    assert_finds(
        &mut doctor(&none),
        "error",
        "absent",
        shown(&none),
        "name a wrapped root",
    );
    let bytes = dir.path().join(OsStr::from_bytes(b"caf\xe9"));
    fs::write(&bytes, "").unwrap();
    let (status, told) = output(&mut doctor(&bytes));
    assert_eq!(status, 1);
    assert!(told.contains("/caf\\xe9'\n  error: is neither"), "{told}");
    let (_, told) = output(doctor(&bytes).arg("--json"));
    assert!(told.contains("/caf\\udce9\""), "{told}");
    let spaced = path("a b");
    fs::write(&spaced, "").unwrap();
    let (_, found) = findings(&mut doctor(&spaced));
    assert_eq!(found[0]["where"], shown(&spaced));
    assert_eq!(found[0]["subject"], shown(&spaced));
}

#[test]
fn without_a_toolchain_there_is_a_way_to_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut doctor = command(BINARY);
    doctor.arg("doctor").env("PATH", dir.path());
    assert_finds(
        &mut doctor,
        "error",
        "no-toolchain",
        "PATH",
        "cc-wrapper wrap DIR",
    );
    write(&dir.path().join("nix-support/orig-cc"), "/none\n");
    let mut doctor = command(BINARY);
    doctor.arg("doctor").env("PATH", dir.path());
    doctor.env("NIX_CC", dir.path());
    let (_, found) = findings(&mut doctor);
    assert!(
        found[0]["remedy"]
            .as_str()
            .unwrap()
            .contains("adopt --out DIR")
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let pipe = reader.stdin.take().unwrap();
    reader.wait().unwrap();
    let mut doctor = command(BINARY);
    doctor.args(["doctor", "/bin/sh"]).stdout(pipe);
    let output = doctor.stderr(Stdio::piped()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stderr, b"");
}

#[test]
fn an_adopted_root_is_well() {
    for dialect in [Dialect::Of2024, Dialect::Of2026] {
        let top = tempfile::tempdir().unwrap();
        let top = top.path().canonicalize().unwrap();
        let wrapper = LookAlike::of_machine(&top, dialect, "gcc");
        wrapper.lay();
        let doctor = |root: &Path| {
            let mut doctor = wrapped(root, &[], BINARY);
            doctor
                .env_remove("NIX_CFLAGS_COMPILE")
                .env_remove("NIX_LDFLAGS");
            doctor.arg("doctor").arg(root);
            doctor
        };
        let cc = &wrapper.cc;
        assert_finds(
            &mut doctor(cc),
            "error",
            "not-adopted",
            shown(cc),
            "cc-wrapper adopt",
        );
        let new = top.join("new");
        run(command(BINARY).arg("adopt").arg(cc).arg("--out").arg(&new));
        assert_eq!(findings(&mut doctor(&new)), (0, vec![]));
        let adopt = |half: &Path| run(command(BINARY).arg("adopt").arg(half).arg("--in-place"));
        adopt(cc);
        let linkers = &wrapper.bintools;
        assert_finds(
            &mut doctor(cc),
            "note",
            "not-adopted",
            shown(linkers),
            "--in-place",
        );
        adopt(linkers);
        assert_eq!(findings(&mut doctor(cc)), (0, vec![]));

        let mut of_linkers = doctor(&wrapper.bintools);
        of_linkers.env("NIX_LDFLAGS", "-L/usr");
        let marker = format!("NIX_BINTOOLS_WRAPPER_TARGET_HOST_{}=1", wrapper.salt);
        assert_finds(
            &mut of_linkers,
            "error",
            "no-marker",
            "NIX_LDFLAGS",
            &marker,
        );
    }
}

/// All files that are installed in a prefix.
#[test]
fn a_prefix() {
    let Some(_) = tool("gcc") else { return };
    let dir = tempfile::tempdir().unwrap();
    let prefix = dir.path().canonicalize().unwrap();
    let path = |name: &str| prefix.join(name);
    let gcc = |arguments: &[&str]| {
        run(command("gcc").args(arguments).current_dir(&prefix));
    };
    write(&path("f.c"), "int f(void) { return 0; }\n");
    write(
        &path("m.c"),
        "int f(void);\nint main(void) { return f(); }\n",
    );
    for name in ["bin", "lib/part"] {
        fs::create_dir_all(path(name)).unwrap();
    }
    symlink("lib", path("lib64")).unwrap();
    let rpath = "-Wl,-rpath,$ORIGIN/../lib";
    gcc(&["-shared", "-fPIC", "f.c", "-o", "lib/libf.so"]);
    gcc(&["m.c", "lib/libf.so", "-Wl,-soname,m", "-o", "bin/m"]);
    gcc(&[
        "-shared",
        "-fPIC",
        "m.c",
        "-Llib",
        "-lf",
        "-o",
        "lib/part/plugin.so",
    ]);
    let mut doctor = command(BINARY);
    doctor.arg("doctor").arg(&prefix);
    let (status, told) = output(&mut doctor);
    assert_eq!(status, 1, "{told}");
    let missing = |name: &str| format!("error: {} needs libf.so", path(name).display());
    assert!(!told.contains(&missing("lib/libf.so")), "{told}");
    assert_eq!(
        told.matches(&missing("lib/part/plugin.so")).count(),
        1,
        "{told}"
    );

    gcc(&["m.c", "-Llib", "-lf", rpath, "-o", "bin/m"]);
    fs::remove_file(path("lib/part/plugin.so")).unwrap();
    let (status, told) = output(&mut doctor);
    assert_eq!(
        (status, &*told),
        (0, &*format!("{}\nno problems found\n", prefix.display()))
    );
}
