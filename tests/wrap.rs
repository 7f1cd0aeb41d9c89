//! `cc-wrapper wrap`: roots for the compilers of this machine.

mod common;

use common::running::Running;
use common::{command, interpreter, run, run_alone, runpath, tool, wrapped, write};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const GCC: [&str; 2] = ["--cc", "gcc"];
const UNCHECKED: [&str; 3] = ["--cc", "gcc", "--no-check"];

fn wrap_command<I>(dir: &Path, options: I) -> Command
where
    I: IntoIterator,
    I::Item: AsRef<OsStr>,
{
    let mut command = command(env!("CARGO_BIN_EXE_cc-wrapper"));
    command.arg("wrap").arg(dir).args(options);
    command
}

/// Runs `wrap` and returns its summary.
fn wrap<I>(dir: &Path, options: I) -> String
where
    I: IntoIterator,
    I::Item: AsRef<OsStr>,
{
    run(&mut wrap_command(dir, options))
}

/// Returns the first line on standard error of a command that must fail.
fn refusal(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(text(&output.stdout), "");
    text(&output.stderr).lines().next().unwrap().to_owned()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn toolchain(root: &Path) -> serde_json::Value {
    let text = fs::read(root.join("nix-support/toolchain.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn program(root: &Path, tool: &str) -> PathBuf {
    let toolchain = toolchain(root);
    let program = &toolchain["tools"][tool]["program"];
    PathBuf::from(program.as_str().unwrap_or_else(|| panic!("{tool}")))
}

fn names(directory: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

fn script(path: &Path, text: &str) {
    write(path, &format!("#!/bin/sh\n{text}\n"));
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Creates a prefix with a library that returns 42, without any wrapper.
fn library(prefix: &Path) {
    write(&prefix.join("include/answer.h"), "int answer(void);\n");
    write(
        &prefix.join("answer.c"),
        "int answer(void) { return 42; }\n",
    );
    fs::create_dir_all(prefix.join("lib")).unwrap();
    run(command("gcc").current_dir(prefix).args([
        "-shared",
        "-fPIC",
        "answer.c",
        "-o",
        "lib/libanswer.so",
    ]));
}

/// Compiles and links a program with the library in `prefix`, with the root's
/// compiler, and runs it.
fn build_and_run(root: &Path, compiler: &str, prefix: &Path, build: &Path, flags: &[&str]) {
    let source = "#include <answer.h>\nint main(void) { return answer() != 42; }\n";
    write(&build.join("main.c"), source);
    let mut link = wrapped(root, &[prefix], compiler);
    link.args(["main.c", "-lanswer", "-o", "main"]).args(flags);
    run(link.current_dir(build));
    run_alone(&build.join("main"));
    assert_eq!(runpath(&build.join("main")), [prefix.join("lib")]);
}

fn gcc() -> bool {
    tool("gcc").is_some()
}

#[test]
fn all_compilers_on_path_are_wrapped() {
    if !gcc() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("new/root");
    let summary = wrap(&root, [""; 0]);
    assert!(summary.contains("compiled, linked, ran"), "{summary}");
    assert!(summary.lines().count() <= 9, "{summary}");
    assert_eq!(names(&temp.path().join("new")), ["root"]);

    let toolchain = toolchain(&root);
    assert_eq!(toolchain["roleMarkers"], "optional");
    for (name, tool) in toolchain["tools"].as_object().unwrap() {
        assert!(Path::new(tool["program"].as_str().unwrap()).is_absolute());
        let link = fs::read_link(root.join("bin").join(name)).unwrap();
        assert_eq!(link, Path::new("cc-wrapper"), "{name}");
    }
    for name in ["cc", "gcc", "ld"] {
        assert!(toolchain["tools"][name].is_object(), "{name}");
    }
    assert!(root.join("bin/ar").is_symlink());

    let prefix = temp.path().join("dep");
    library(&prefix);
    build_and_run(&root, "gcc", &prefix, &temp.path().join("build"), &[]);
}

#[test]
fn a_root_can_be_wrapped_again_also_from_within() {
    if !gcc() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("root");
    wrap(&root, GCC);
    let first = toolchain(&root);
    wrap(&root, GCC);
    assert_eq!(toolchain(&root), first);

    let mut path = vec![root.join("bin")];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap()));
    let path = env::join_paths(path).unwrap();
    run(wrap_command(&root, GCC).env("PATH", &path));
    assert_eq!(toolchain(&root), first);
    // By the root's own copy of the binary.
    let mut own = command(root.join("bin/cc-wrapper"));
    run(own.arg("wrap").arg(&root).args(GCC).env("PATH", &path));
    assert_eq!(toolchain(&root), first);
    assert_eq!(names(temp.path()), ["root"]);
}

#[test]
fn files_that_packages_added_to_a_root_stay() {
    if !gcc() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("root");
    wrap(&root, ["--cc", "gcc", "--no-check", "--cflags", "-DOLD"]);
    write(&root.join("nix-support/libc-cflags"), "-DKEPT=7\n");
    let summary = wrap(&root, GCC);
    assert!(summary.contains("kept          libc-cflags"), "{summary}");
    assert!(!root.join("nix-support/cc-cflags").exists());
    write(&temp.path().join("x.c"), "int kept = KEPT;\n");
    run(command(root.join("bin/gcc"))
        .args(["-c", "x.c"])
        .current_dir(temp.path()));
}

#[test]
fn a_directory_of_something_else_is_not_touched() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("dir");
    write(&dir.join("precious"), "x");
    let line = refusal(&mut wrap_command(&dir, UNCHECKED));
    assert!(line.contains("neither empty nor a wrapped root"), "{line}");
    assert_eq!(names(&dir), ["precious"]);
    assert_eq!(names(temp.path()), ["dir"]);
}

#[test]
fn a_failure_leaves_nothing_behind() {
    if !gcc() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let broken = temp.path().join("broken");
    script(&broken, "echo no such luck >&2; exit 1");
    let dir = temp.path().join("a/b/root");
    let mut attempt = wrap_command(&dir, ["--cc".as_ref(), broken.as_os_str()]);
    let output = attempt.output().unwrap();
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        told.contains("broken does not answer as a compiler"),
        "{told}"
    );
    assert!(told.ends_with("\nno such luck\n"), "{told}");
    assert_eq!(names(temp.path()), ["broken"]);

    // The check comes last.
    let root = temp.path().join("root");
    wrap(&root, UNCHECKED);
    let before = toolchain(&root);
    let options = ["--cc", "gcc", "--ldflags", "-lno-such-library"];
    let line = refusal(&mut wrap_command(&root, options));
    assert!(
        line.contains("check of the new root failed: cannot link"),
        "{line}"
    );
    assert_eq!(toolchain(&root), before);
    assert!(!root.join("nix-support/libc-ldflags").exists());
    assert_eq!(names(temp.path()), ["broken", "root"]);
}

#[test]
fn options_end_up_in_the_root() {
    if !gcc() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("root");
    let store = temp.path().join("store");
    let plain = temp.path().join("plain");
    write(&plain.join("x.c"), "int main(void) { return 0; }\n");
    run(command("gcc").arg("x.c").current_dir(&plain));
    let loader = interpreter(&plain.join("a.out"));

    let mut wrap = wrap_command(&root, GCC);
    // Spelled otherwise than the directories in it.
    wrap.arg("--store")
        .arg(format!("{}//", store.join(".").display()));
    wrap.arg("--dynamic-linker").arg(&loader);
    wrap.args(["--hardening", "pic relro", "--salt", "my_salt"]);
    wrap.args(["--cflags", "-DFROM_WRAP=1", "--ldflags", "-z now"]);
    run(&mut wrap);

    let toolchain = toolchain(&root);
    assert_eq!(toolchain["suffixSalt"], "my_salt");
    assert_eq!(toolchain["store"][0], store.to_str().unwrap());
    assert_eq!(
        toolchain["defaultHardening"].to_string(),
        r#"["pic","relro"]"#
    );
    let tools = toolchain["tools"].as_object().unwrap();
    assert!(!tools.contains_key("g++") && !tools.contains_key("clang"));
    assert_eq!(tools["cc"]["program"], tools["gcc"]["program"]);
    let support = root.join("nix-support");
    let file = |name: &str| fs::read_to_string(support.join(name)).unwrap();
    assert_eq!(file("cc-cflags"), "-DFROM_WRAP=1\n");
    assert_eq!(file("libc-ldflags"), "-z now\n");
    assert_eq!(file("dynamic-linker"), format!("{}\n", loader.display()));
    assert_eq!(file("ld-set-dynamic-linker"), "");

    // Only what lies in the store becomes an rpath.
    let (inside, outside) = (store.join("dep"), temp.path().join("dep"));
    library(&inside);
    library(&outside);
    let build = temp.path().join("build");
    build_and_run(&root, "gcc", &inside, &build, &["-DX=FROM_WRAP"]);
    let mut link = wrapped(&root, &[&outside], "gcc");
    run(link
        .args(["main.c", "-lanswer", "-o", "other"])
        .current_dir(&build));
    assert!(runpath(&build.join("other")).is_empty());
}

/// Returns `program` with nothing in the environment but a PATH with the root,
/// as under sudo.
fn with_only_path(root: &Path, program: &str) -> Command {
    let mut command = Command::new("/usr/bin/env");
    let path = format!("PATH={}/bin:/usr/bin:/bin", root.display());
    command.args(["-i", &path, program]);
    command
}

/// A root with the library of `answer`, which another prefix needs.
struct Remembering {
    temp: tempfile::TempDir,
    root: PathBuf,
    answer: PathBuf,
}

impl Remembering {
    fn new() -> Option<Remembering> {
        tool("gcc")?;
        let temp = tempfile::tempdir().unwrap();
        let path = |name: &str| temp.path().join(name);
        let (root, answer, outer) = (path("root"), path("answer"), path("outer"));
        library(&answer);
        let module = format!(
            "Name: answer\nDescription: x\nVersion: 4.2\nCflags: -I{0}/include\nLibs: -L{0}/lib -lanswer\n",
            answer.display()
        );
        write(&answer.join("lib/pkgconfig/answer.pc"), &module);
        write(&outer.join("include/outer.h"), "#include <answer.h>\n");
        let propagated = outer.join("nix-support/propagated-build-inputs");
        write(&propagated, answer.to_str().unwrap());
        wrap(
            &root,
            [&GCC[..], &["--with", outer.to_str().unwrap()]].concat(),
        );
        Some(Remembering { temp, root, answer })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }
}

#[test]
fn a_root_remembers_its_dependencies() {
    let Some(place) = Remembering::new() else {
        return;
    };
    let (root, answer) = (&place.root, &place.answer);
    let build = place.path("build");
    let source = "#include <outer.h>\nint main(void) { return answer() != 42; }\n";
    write(&build.join("main.c"), source);
    let mut link = with_only_path(root, "cc");
    run(link
        .args(["main.c", "-lanswer", "-o", "main"])
        .current_dir(&build));
    run_alone(&build.join("main"));
    assert_eq!(runpath(&build.join("main")), [answer.join("lib")]);
    if tool("pkg-config").is_some() {
        let mut asked = with_only_path(root, "pkg-config");
        assert_eq!(run(asked.args(["--modversion", "answer"])), "4.2\n");
        // The caller's directories come first.
        write(
            &place.path("mine/answer.pc"),
            "Name: answer\nDescription: x\nVersion: 1\n",
        );
        let mut asked = with_only_path(root, "env");
        asked.arg(format!("PKG_CONFIG_PATH={}", place.path("mine").display()));
        asked.args(["pkg-config", "--modversion", "answer"]);
        assert_eq!(run(&mut asked), "1\n");
    }

    // CMake looks for files by itself.
    let mut env = command(root.join("bin/cc-wrapper"));
    let set = run(env.args(["env", "--shell", "json"]));
    let set: serde_json::Value = serde_json::from_str(&set).unwrap();
    let (at, outer) = (answer.display(), place.path("outer"));
    let outer = outer.display();
    assert_eq!(set["CMAKE_PREFIX_PATH"], format!("{outer}:{at}"));
    assert_eq!(
        set["CMAKE_INCLUDE_PATH"],
        format!("{outer}/include:{at}/include")
    );
    assert_eq!(set["CMAKE_LIBRARY_PATH"], format!("{at}/lib"));
    assert!(set.get("NIX_CFLAGS_COMPILE").is_none(), "{set}");

    // Wrapped again, it says which dependencies it loses.
    let with = ["--with", answer.to_str().unwrap(), "--cflags", "-DX=1"];
    let said = wrap(root, [&UNCHECKED[..], &with].concat());
    assert!(
        said.contains(&format!(
            "left out      {outer} (to keep it, give it with --with)"
        )),
        "{said}"
    );
    let flags = fs::read_to_string(root.join("nix-support/cc-cflags")).unwrap();
    assert_eq!(flags, format!("-DX=1 -isystem {at}/include\n"));
    assert_eq!(
        toolchain(root)["with"],
        serde_json::json!([answer.to_str()])
    );
    wrap(root, UNCHECKED);
    assert!(!root.join("nix-support/cc-cflags").exists());
    let mut asked = with_only_path(root, "cc");
    asked.args(["-c", "main.c"]).current_dir(&build);
    assert!(!asked.output().unwrap().status.success());
}

#[test]
fn libtool_links_again_with_a_roots_dependencies() {
    let (Some(_), Some(_)) = (tool("libtool"), tool("make")) else {
        return;
    };
    let Some(place) = Remembering::new() else {
        return;
    };
    let build = place.path("build");
    write(&build.join("own.c"), "int own(void) { return 1; }\n");
    write(
        &build.join("use.c"),
        "#include <answer.h>\nint own(void);\nint use(void) { return answer() + own(); }\n",
    );
    let prefix = place.path("prefix");
    let makefile = "all:\n\
        \tlibtool --tag=CC --mode=compile cc -c own.c\n\
        \tlibtool --tag=CC --mode=compile cc -c use.c\n\
        \tlibtool --tag=CC --mode=link cc -o libown.la own.lo -rpath $(prefix)/lib\n\
        \tlibtool --tag=CC --mode=link cc -o libuse.la use.lo libown.la -lanswer -rpath $(prefix)/lib\n\
        install:\n\
        \tmkdir -p $(prefix)/lib\n\
        \tlibtool --mode=install install -c libown.la libuse.la $(prefix)/lib\n";
    let makefile = makefile.replace("$(prefix)", prefix.to_str().unwrap());
    write(&build.join("Makefile"), &makefile);
    run(with_only_path(&place.root, "make").current_dir(&build));
    run(with_only_path(&place.root, "make")
        .arg("install")
        .current_dir(&build));
    let path = runpath(&prefix.join("lib/libuse.so.0"));
    assert!(path.contains(&place.answer.join("lib")), "{path:?}");
}

#[test]
fn cmake_builds_outside_as_it_was_configured_inside() {
    let (Some(_), Some(_)) = (tool("cmake"), tool("make")) else {
        return;
    };
    let Some(place) = Remembering::new() else {
        return;
    };
    let build = place.path("build");
    write(
        &build.join("CMakeLists.txt"),
        "cmake_minimum_required(VERSION 3.13)\nproject(app C)\n\
         find_library(ANSWER answer REQUIRED)\nfind_path(INCLUDE answer.h REQUIRED)\n\
         add_executable(main main.c)\ntarget_include_directories(main PRIVATE ${INCLUDE})\n\
         target_link_libraries(main ${ANSWER})\n",
    );
    let source = "#include <answer.h>\nint main(void) { return answer() != 42; }\n";
    write(&build.join("main.c"), source);
    let mut configure = command(place.root.join("bin/cc-wrapper"));
    configure.args(["run", "-q", "--", "cmake", "."]);
    run(configure.current_dir(&build));
    run(with_only_path(&place.root, "make").current_dir(&build));
    run_alone(&build.join("main"));
}

#[test]
fn values_that_cannot_work_are_an_error_of_one_line() {
    if !gcc() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("root");
    for (options, expected) in [
        (
            &["--hardening", "pie"][..],
            "no flag is called pie; there are bindnow",
        ),
        (&["--store", "deps"], "--store deps"),
        (&["--store", "/a/../b"], "--store /a/../b"),
        (
            &["--cc", "no-such-gcc"],
            "--cc no-such-gcc: not found on PATH",
        ),
        (&["--cc", "ld"], "is not a compiler"),
        (&["--ld", "/no/ld"], "--ld /no/ld: no such program"),
        (&["--bintools", "/no"], "--bintools /no is not a directory"),
        (&["--with", "/no/prefix"], "/no/prefix does not exist"),
        (&["--cc", "cat"], "cat does not answer as a compiler"),
        (&["--cc", "true"], "true is neither gcc nor clang"),
    ] {
        let line = refusal(&mut wrap_command(&dir, options));
        assert!(line.contains(expected), "{line}");
    }
    let line = refusal(&mut wrap_command(&temp.path().join("a:b/root"), GCC));
    assert!(line.contains("cannot be on PATH"), "{line}");
    let copy = temp.path().join("cc");
    fs::copy(env!("CARGO_BIN_EXE_cc-wrapper"), &copy).unwrap();
    let mut wrap = wrap_command(&dir, ["--cc".as_ref(), copy.as_os_str()]);
    let line = refusal(&mut wrap);
    assert!(line.contains("is itself a wrapper"), "{line}");
    assert_eq!(names(temp.path()), ["cc"]);
}

#[test]
fn a_program_that_is_named_twice_counts_once() {
    let Some(gcc) = tool("gcc") else {
        return;
    };
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("root");
    let mut wrap = wrap_command(&root, ["--cc", "gcc", "--cc", "gcc", "--no-check"]);
    run(wrap.arg("--cc").arg(gcc));
    let tools = toolchain(&root);
    let tools = tools["tools"].as_object().unwrap().keys();
    let compilers: Vec<_> = tools.filter(|name| name.ends_with("cc")).collect();
    assert_eq!(compilers, ["cc", "gcc"]);

    let other = temp.path().join("gcc");
    script(&other, "exit 1");
    let mut wrap = wrap_command(&root, UNCHECKED);
    let line = refusal(wrap.arg("--cc").arg(&other));
    assert!(line.contains("two programs called gcc"), "{line}");
}

#[test]
fn gnatmake_comes_with_what_it_runs() {
    if !gcc() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let (root, programs) = (temp.path().join("root"), temp.path().join("programs"));
    let gnatmake = programs.join("gnatmake-12");
    script(&gnatmake, "exit 1");
    script(&programs.join("gnatbind-12"), "exit 1");
    let wrap = || {
        let mut wrap = wrap_command(&root, UNCHECKED);
        wrap.arg("--cc").arg(&gnatmake);
        wrap
    };
    let line = refusal(&mut wrap());
    assert!(
        line.contains("gnatmake-12 runs gnatlink-12, which is not beside it"),
        "{line}"
    );
    script(&programs.join("gnatlink-12"), "exit 1");
    run(&mut wrap());
    assert_eq!(program(&root, "gnatlink-12"), programs.join("gnatlink-12"));
}

/// Creates a compiler that reports its first start and then is slow.
fn slow_compiler(directory: &Path) -> PathBuf {
    let slow = directory.join("slow-gcc");
    let gcc = tool("gcc").unwrap();
    let asked = directory.join("asked");
    let text = format!(
        "test -e {asked} || {{ : > {asked}; sleep 0.2; }}\nexec {gcc} \"$@\"",
        asked = asked.display(),
        gcc = gcc.display()
    );
    script(&slow, &text);
    slow
}

/// Runs `wrap` until `is_ready` is true for its process, then sends `signal` to
/// the process or its group.
fn signalled(
    wrap: &mut Command,
    is_ready: impl Fn(u32) -> bool,
    signal: &str,
    to_group: bool,
) -> Output {
    let mut wrap = Running::group(wrap.stdout(Stdio::piped()).stderr(Stdio::piped()));
    while !is_ready(wrap.id()) && wrap.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(5));
    }
    let group = if to_group { "-" } else { "" };
    let kill = format!("kill -s {signal} -- {group}{}", wrap.id());
    run(command("sh").args(["-c", &kill]));
    wrap.output().unwrap()
}

#[test]
fn a_signal_ends_a_wrap_that_leaves_nothing_behind() {
    if !gcc() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let slow = slow_compiler(temp.path());
    let dir = temp.path().join("new/root");
    let options = ["--cc".as_ref(), slow.as_os_str()];
    let asked = temp.path().join("asked");
    // Whoever starts the tests may have them ignore the others.
    for to_group in [false, true] {
        let _ = fs::remove_file(&asked);
        let mut wrap = wrap_command(&dir, options);
        let output = signalled(&mut wrap, |_| asked.exists(), "TERM", to_group);
        assert_eq!(output.status.code(), Some(143), "{output:?}");
        let told = text(&output.stderr);
        assert_eq!(
            told,
            "cc-wrapper: interrupted by SIGTERM; nothing was changed\n"
        );
        assert_eq!(names(temp.path()), ["asked", "slow-gcc"]);
    }
    // As nohup has it.
    fs::remove_file(&asked).unwrap();
    let mut ignoring = command("sh");
    ignoring.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]);
    ignoring.arg(env!("CARGO_BIN_EXE_cc-wrapper"));
    ignoring.arg("wrap").arg(&dir).args(options);
    let output = signalled(&mut ignoring, |_| asked.exists(), "HUP", true);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(names(&temp.path().join("new")), ["root"]);
}

/// Creates a compiler that hangs and ignores SIGTERM.
fn stuck_compiler(directory: &Path) -> PathBuf {
    let stuck = directory.join("stuck-gcc");
    let asked = directory.join("asked");
    let text = format!(
        "trap '' TERM INT\n: > {}\nwhile kill -0 $PPID; do sleep 0.1; done",
        asked.display()
    );
    script(&stuck, &text);
    stuck
}

#[test]
fn a_wrap_that_waits_for_another_one_says_so_and_can_be_ended() {
    let temp = tempfile::tempdir().unwrap();
    let place = temp.path().join("place");
    fs::create_dir(&place).unwrap();
    let stuck = stuck_compiler(temp.path());
    let root = place.join("root");
    let options = ["--cc".as_ref(), stuck.as_os_str()];
    let mut first = wrap_command(&root, options);
    let first = Running::group(first.stdout(Stdio::null()).stderr(Stdio::null()));
    while !temp.path().join("asked").exists() {
        thread::sleep(Duration::from_millis(5));
    }
    let staged = names(&place);
    let errors = temp.path().join("errors");
    let mut second = wrap_command(&root, UNCHECKED);
    second.stderr(fs::File::create(&errors).unwrap());
    let mut second = Running::group(&mut second);
    let told = || fs::read_to_string(&errors).unwrap();
    while told().is_empty() && second.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(5));
    }
    let expected = format!(", held by process {}\n", first.id());
    assert!(told().contains("waiting for /") && told().ends_with(&expected));
    let id = Pid::from_raw(second.id().try_into().unwrap());
    kill(id, Signal::SIGTERM).unwrap();
    let status = second.wait().unwrap();
    assert_eq!(status.code(), Some(143), "{}", told());
    assert_eq!(told().lines().count(), 2, "{}", told());
    assert_eq!(names(&place), staged);
    // What is left of a run that is killed is taken over.
    drop(first);
    if gcc() {
        wrap(&root, UNCHECKED);
        assert_eq!(names(&place), ["root"]);
    }
}

#[test]
fn a_signal_ends_a_wrap_that_is_blocked() {
    let temp = tempfile::tempdir().unwrap();
    let stuck = stuck_compiler(temp.path());
    let dir = temp.path().join("new/root");
    let asked = temp.path().join("asked");
    let options = ["--cc".as_ref(), stuck.as_os_str()];
    let mut wrap = wrap_command(&dir, options);
    let output = signalled(&mut wrap, |_| asked.exists(), "TERM", false);
    assert_eq!(output.status.code(), Some(143), "{output:?}");
    assert_eq!(
        text(&output.stderr),
        "cc-wrapper: interrupted by SIGTERM; nothing was changed\n"
    );
    assert!(!temp.path().join("new").exists());

    // A later signal does not wait for anything to be tidied up.
    fs::remove_file(&asked).unwrap();
    let mut wrap = wrap_command(&dir, options);
    let mut wrap = Running::group(wrap.stdout(Stdio::null()).stderr(Stdio::null()));
    while !asked.exists() {
        thread::sleep(Duration::from_millis(5));
    }
    let process = Pid::from_raw(i32::try_from(wrap.id()).unwrap());
    let mut signal = Signal::SIGINT;
    let status = loop {
        if let Some(status) = wrap.try_wait().unwrap() {
            break status;
        }
        kill(process, signal).unwrap();
        signal = Signal::SIGTERM;
        thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.signal(), Some(15));
}

#[test]
fn an_ordinary_user_wraps_a_directory_that_is_read_only() {
    if !gcc() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let binary = temp.path().join("cc-wrapper");
    fs::copy(env!("CARGO_BIN_EXE_cc-wrapper"), &binary).unwrap();
    let root = temp.path().join("root");
    fs::create_dir(&root).unwrap();
    let nobody = (fs::metadata("/proc/self").unwrap().uid() == 0).then_some(65534);
    for path in [temp.path(), &root] {
        chown(path, nobody, nobody).unwrap();
    }
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    mode(&root, 0o555).unwrap();
    // Empty, and then wrapped.
    for _ in 0..2 {
        let mut wrap = command(&binary);
        wrap.arg("wrap").arg(&root).args(UNCHECKED);
        wrap.current_dir("/").env("HOME", "/");
        if let Some(id) = nobody {
            wrap.uid(id).gid(id);
        }
        run(&mut wrap);
        assert_eq!(fs::metadata(&root).unwrap().mode() & 0o777, 0o555);
        assert!(root.join("bin/gcc").exists());
        assert_eq!(names(temp.path()), ["cc-wrapper", "root"]);
        mode(&root.join("bin"), 0o555).unwrap();
        mode(&root.join("nix-support"), 0o555).unwrap();
    }
    for directory in ["", "bin", "nix-support"] {
        mode(&root.join(directory), 0o755).unwrap();
    }
}

#[test]
fn a_root_works_wherever_it_is_moved() {
    if !gcc() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("root");
    wrap(&root, UNCHECKED);
    let prefix = temp.path().join("dep");
    library(&prefix);
    for name in [&b"moved"[..], b"with space", b"n\xf6t text"] {
        let moved = temp.path().join(OsStr::from_bytes(name));
        fs::rename(&root, &moved).unwrap();
        build_and_run(&moved, "gcc", &prefix, &temp.path().join("build"), &[]);
        fs::rename(&moved, &root).unwrap();
    }
}

#[test]
fn names_of_any_bytes_are_kept() {
    if !gcc() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let programs = temp.path().join(OsStr::from_bytes(b"pr\xf6grams of mine"));
    let store = temp.path().join(OsStr::from_bytes(b"st\xf6re"));
    fs::create_dir(&programs).unwrap();
    symlink(tool("gcc").unwrap(), programs.join("gcc")).unwrap();
    for name in [&b"r\xf6\xf6t"[..], b"a  root"] {
        let root = temp.path().join(OsStr::from_bytes(name));
        let mut wrap = wrap_command(&root, [""; 0]);
        wrap.arg("--cc").arg(programs.join("gcc"));
        let summary = wrap.arg("--store").arg(&store).output().unwrap();
        assert!(summary.status.success(), "{}", text(&summary.stderr));
        assert!(summary.stdout.windows(name.len()).any(|part| part == name));
        let json = fs::read(root.join("nix-support/toolchain.json")).unwrap();
        let toolchain = cc_wrapper::model::toolchain::Toolchain::parse(&json).unwrap();
        assert_eq!(toolchain.store, [store.as_os_str().as_bytes()]);
        let gcc = Command::new(root.join("bin/gcc"))
            .arg("-c")
            .env("NIX_DEBUG", "1")
            .output()
            .unwrap();
        let program = programs.join("gcc");
        let program = program.as_os_str().as_bytes();
        let debug = gcc.stderr;
        assert!(debug.windows(program.len()).any(|part| part == program));
    }
    assert_eq!(names(temp.path()).len(), 3);
}

#[test]
fn a_running_build_never_sees_half_a_root() {
    if !gcc() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("root");
    wrap(&root, UNCHECKED);
    write(&temp.path().join("x.c"), "int x;\n");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let builds: Vec<_> = (0..2)
            .map(|n| {
                let (root, temp, done) = (&root, temp.path(), &done);
                scope.spawn(move || {
                    let mut count = 0;
                    while !done.load(Ordering::Relaxed) {
                        let mut compile = command(root.join("bin/gcc"));
                        compile.args(["-c", "x.c", "-o"]).arg(format!("x{n}.o"));
                        run(compile.current_dir(temp));
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        let wraps = (0..5).map(|_| wrap_command(&root, UNCHECKED).output().unwrap());
        let failed = wraps.filter(|wrap| !wrap.status.success()).count();
        done.store(true, Ordering::Relaxed);
        for build in builds {
            assert!(build.join().unwrap() > 0);
        }
        assert_eq!(failed, 0);
    });
    assert_eq!(names(temp.path()), ["root", "x.c", "x0.o", "x1.o"]);
}

#[test]
fn clang_runs_the_roots_linker() {
    if tool("clang").is_none() || !gcc() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("root");
    wrap(&root, ["--cc", "clang", "--cc", "gcc"]);
    let toolchain = toolchain(&root);
    assert_eq!(toolchain["compiler"], "clang");
    assert_eq!(toolchain["tools"]["gcc"]["compiler"], "gcc");
    assert_eq!(program(&root, "cc"), program(&root, "clang"));
    // The path that it hands to its linker's command line.
    let mut ask = wrapped(&root, &[], "clang");
    let output = ask.args(["-###", "-x", "c", "/dev/null"]).output().unwrap();
    let ld = format!(
        "\"{}\"",
        root.canonicalize().unwrap().join("bin/ld").display()
    );
    assert!(text(&output.stderr).contains(&ld), "{output:?}");
    let prefix = temp.path().join("dep");
    library(&prefix);
    build_and_run(&root, "clang", &prefix, &temp.path().join("build"), &[]);
    // Also where the path is no text.
    let root = temp.path().join(OsStr::from_bytes(b"r\xf6\xf6t"));
    let mut wrap = wrap_command(&root, ["--cc", "clang"]);
    let output = wrap.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn ld_runs_the_linker_that_is_asked_for() {
    let Some(lld) = tool("ld.lld") else {
        return;
    };
    if !gcc() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("root");
    wrap(&root, ["--cc", "gcc", "--ld", "ld.lld"]);
    assert_eq!(program(&root, "ld"), lld);
    let version = run(command(root.join("bin/ld")).arg("--version"));
    assert!(version.contains("LLD"), "{version}");
}

#[test]
fn binutils_come_from_the_directory_that_is_asked_for() {
    let Some(ld) = tool("ld") else {
        return;
    };
    if !gcc() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let (root, bintools) = (temp.path().join("root"), temp.path().join("bintools"));
    fs::create_dir(&bintools).unwrap();
    symlink(ld, bintools.join("ld")).unwrap();
    symlink(tool("as").unwrap(), bintools.join("as")).unwrap();
    let mut wrap = wrap_command(&root, GCC);
    run(wrap.arg("--bintools").arg(&bintools));
    assert_eq!(program(&root, "ld"), bintools.join("ld"));
    // The machine's pkg-config is no part of them.
    let mut names = names(&root.join("bin"));
    names.retain(|name| !name.to_string_lossy().contains("pkg"));
    assert_eq!(names, ["as", "cc", "cc-wrapper", "gcc", "ld"]);
}

#[test]
fn a_compiler_cache_is_passed_over() {
    let Some(gcc) = tool("gcc") else {
        return;
    };
    let temp = tempfile::tempdir().unwrap();
    let caches = temp.path().join("caches");
    script(&caches.join("ccache"), "exit 1");
    symlink("ccache", caches.join("gcc")).unwrap();
    let mut path = vec![caches];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap()));
    let root = temp.path().join("root");
    let summary = run(wrap_command(&root, UNCHECKED).env("PATH", env::join_paths(path).unwrap()));
    assert!(summary.contains("caches/gcc (it is ccache)"), "{summary}");
    assert_eq!(program(&root, "gcc"), gcc);
}

/// Creates a compiler for a target that is never this machine's.
fn cross_compiler(programs: &Path, target: &str) {
    let gcc = tool("gcc").unwrap();
    let answers = format!(
        "case $1 in -dumpmachine) echo {target};; *) exec {} \"$@\";; esac",
        gcc.display()
    );
    script(&programs.join(format!("{target}-gcc")), &answers);
    for name in ["ld", "ar"] {
        let program = programs.join(format!("{target}-{name}"));
        symlink(tool(name).unwrap(), program).unwrap();
    }
}

#[test]
fn a_root_is_for_one_target_and_leaves_the_hosts_names_alone() {
    if !gcc() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let programs = temp.path().join("programs");
    cross_compiler(&programs, "sparc-linux-gnu");
    cross_compiler(&programs, "alpha-linux-gnu");
    let mut path = vec![programs.clone()];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap()));
    let path = env::join_paths(path).unwrap();
    let unchecked = |options: &[&str]| {
        let mut wrap = wrap_command(&temp.path().join("root"), options);
        wrap.arg("--no-check").env("PATH", &path);
        wrap
    };

    let summary = run(&mut unchecked(&[]));
    let hint =
        "sparc-linux-gnu-gcc for sparc-linux-gnu: cc-wrapper wrap OTHER --cc sparc-linux-gnu-gcc";
    assert!(summary.contains(hint), "{summary}");
    let two = ["--cc", "sparc-linux-gnu-gcc", "--cc", "alpha-linux-gnu-gcc"];
    let line = refusal(&mut unchecked(&two));
    assert!(line.ends_with("wrap each in a root of its own"), "{line}");

    run(&mut unchecked(&["--cc", "sparc-linux-gnu-gcc"]));
    let root = temp.path().join("root");
    let ld = programs.join("sparc-linux-gnu-ld");
    assert_eq!(program(&root, "sparc-linux-gnu-ld"), ld);
    for name in ["sparc-linux-gnu-gcc", "sparc-linux-gnu-ar"] {
        assert!(root.join("bin").join(name).exists(), "{name}");
    }
    for name in ["cc", "gcc", "ld", "ar", "alpha-linux-gnu-ld"] {
        assert!(!root.join("bin").join(name).exists(), "{name}");
    }
    // A root with private names can be wrapped again.
    run(&mut unchecked(&["--cc", "alpha-linux-gnu-gcc"]));
    assert_eq!(toolchain(&root)["suffixSalt"], "alpha_linux_gnu");
}

#[test]
fn variables_of_the_surrounding_build_do_not_affect_the_root() {
    if !gcc() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let mut wrap = wrap_command(&temp.path().join("root"), GCC);
    for name in ["NIX_CFLAGS_COMPILE", "NIX_LDFLAGS", "NIX_CFLAGS_LINK"] {
        wrap.env(name, "-no-such-flag");
    }
    wrap.env("NIX_DONT_SET_RPATH", "1")
        .env("GCC_EXEC_PREFIX", "/no/");
    run(&mut wrap);
}

#[test]
fn help_comes_with_examples() {
    let help = run(command(env!("CARGO_BIN_EXE_cc-wrapper")).args(["wrap", "--help"]));
    assert!(
        help.contains("Examples:\n  cc-wrapper wrap ~/wrapped"),
        "{help}"
    );
    assert!(help.contains("does not remember options"), "{help}");
    let version = run(command(env!("CARGO_BIN_EXE_cc-wrapper")).arg("--version"));
    assert_eq!(
        version,
        format!("cc-wrapper {}\n", env!("CARGO_PKG_VERSION"))
    );
    let mut wrong = command(env!("CARGO_BIN_EXE_cc-wrapper"));
    let output = wrong.args(["wrap", "--no-such"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stderr).lines().count(), 1);
}
