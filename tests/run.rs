//! `cc-wrapper run`: the command finds the dependencies, ends as without it,
//! and its calls are counted.

mod common;

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use common::running::Running;
use common::{command, run, run_alone, runpath, tool, wrap, write};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");

/// A project that needs `libgreet`, which is in its own prefix.
struct Place(TempDir);

impl Place {
    fn new() -> Option<Place> {
        tool("gcc")?;
        let place = Place(tempfile::tempdir().unwrap());
        place.file("greet/include/greet.h", "const char *greet(void);\n");
        let source = place.file("greet.c", "const char *greet(void) { return \"hello\"; }\n");
        fs::create_dir(place.path("greet/lib")).unwrap();
        run(command("gcc")
            .args(["-shared", "-fPIC", "-o"])
            .args([place.path("greet/lib/libgreet.so"), source]));
        let main = "#include <greet.h>\n#include <stdio.h>\nint part(void);\n\
                    int main(void) { puts(greet()); return part(); }\n";
        place.file("main.c", main);
        place.file("part.c", "int part(void) { return 0; }\n");
        place.file(
            "Makefile",
            "main: main.o part.o\n\t$(CC) main.o part.o -o main -lgreet\n\
             %.o: %.c\n\t$(CC) -c $< -o $@\n",
        );
        fs::create_dir(place.path("tmp")).unwrap();
        Some(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        write(&self.path(name), text);
        self.path(name)
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.file(name, &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Creates a root with one tool.
    fn root(&self, name: &str, tool: &str, role: &str, program: &str) {
        let tool_is = format!(r#"{{"{tool}": {{"role": "{role}", "program": "{program}"}}}}"#);
        let text = format!(r#"{{"version": 1, "suffixSalt": "s", "tools": {tool_is}}}"#);
        self.file(&format!("{name}/nix-support/toolchain.json"), &text);
        fs::create_dir(self.path(name).join("bin")).unwrap();
        let link = self.path(name).join("bin").join(tool);
        std::os::unix::fs::symlink(BINARY, link).unwrap();
    }

    fn run(&self, args: &[&str]) -> Command {
        let mut command = command(BINARY);
        command
            .args(["run", "--toolchain"])
            .arg(root())
            .args(["--with", "greet"])
            .args(args)
            .env("TMPDIR", self.path("tmp"))
            .current_dir(self.0.path());
        command
    }

    fn sh(&self, script: &str) -> Output {
        let output = self.run(&["--", "sh", "-c", script]).output().unwrap();
        assert!(self.left().is_empty(), "{:?}", self.left());
        output
    }

    /// Returns the files that are left in the directory for temporary files.
    fn left(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("tmp")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

/// Returns a wrapped root that the tests share.
fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("run-root");
        let _ = fs::remove_dir_all(&dir);
        wrap(&dir, ["--cc", "gcc", "--no-check"]);
        dir
    })
}

fn last_line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    text.lines().last().unwrap_or_default().to_owned()
}

/// Returns the summary line at the end, without the times.
#[track_caller]
fn counts(output: &Output, expected: &str) {
    let line = last_line(output);
    let start = format!("cc-wrapper: {expected}; ");
    assert!(line.starts_with(&start), "{line}");
    assert!(line.ends_with("s in the tools"), "{line}");
}

#[test]
fn a_build_finds_its_dependencies_and_is_counted() {
    let Some(place) = Place::new() else { return };
    let Some(_) = tool("make") else { return };
    let output = place.run(&["--", "make", "-j2"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(run_alone(&place.path("main")), "hello\n");
    assert_eq!(runpath(&place.path("main")), [place.path("greet/lib")]);
    counts(&output, "2 compiles, 1 link, none failed");

    // Nothing is called.
    let output = place.run(&["--", "make", "-s"]).output().unwrap();
    assert_eq!(last_line(&output), "cc-wrapper: no wrapped tool was called");
    assert!(place.left().is_empty());
}

#[test]
fn each_call_is_counted_once_and_as_what_it_is() {
    let Some(place) = Place::new() else { return };
    place.file("bad.c", "int main(void) { return none; }\n");
    for (script, expected) in [
        (
            "cc main.c part.c -o main -lgreet",
            "1 compile, 1 link, none failed",
        ),
        ("cc -c main.c part.c", "1 compile, 0 links, none failed"),
        (
            "cc -c -x c - -o x.o </dev/null",
            "1 compile, 0 links, none failed",
        ),
        (
            "cc -c part.c && ld -r part.o -o x.o",
            "1 compile, 1 link, none failed",
        ),
        ("cc -c bad.c; cc -c part.c", "2 compiles, 0 links, 1 failed"),
        ("cc part.c -o x", "1 compile, 1 link, 1 failed"),
        (
            "cc --version; cc -E main.c; cc --none",
            "0 compiles, 0 links, none failed",
        ),
        (
            "cc -'###' main.c; cc --version main.c; cc -print-search-dirs main.c",
            "0 compiles, 0 links, none failed",
        ),
        (
            "ld --help; ld --version; ld -v; ld -V; ld -m elf_x86_64 -v; ld -verbose",
            "0 compiles, 0 links, none failed",
        ),
        (
            "cc -c part.c && ld -v -r part.o && echo part.o >rsp && ld -r @rsp",
            "1 compile, 2 links, none failed",
        ),
        (
            "echo 'int main(void) { return 0; }' | cc -xc - -o x",
            "1 compile, 1 link, none failed",
        ),
        ("cc -c @x.rsp", "1 compile, 0 links, 1 failed"),
    ] {
        place.file("x.rsp", "bad.c");
        counts(&place.sh(script), expected);
    }
    // Refused before there is a compiler.
    place.file("x.rsp", "@x.rsp");
    counts(&place.sh("cc -c @x.rsp"), "0 compiles, 0 links, 1 failed");
}

#[test]
fn the_tools_time_is_not_the_wrappers() {
    let Some(place) = Place::new() else { return };
    place.program("slow", "sleep 0.3");
    place.root("slow-root", "cc", "cc", "../slow");
    let output = place.sh("$PWD/slow-root/bin/cc -c x.c");
    let line = last_line(&output);
    let words: Vec<&str> = line.split(' ').collect();
    let seconds = |pair: &[&str]| {
        let number: f64 = pair[0].parse().ok()?;
        let units = [("s", 1.0), ("ms", 0.001)];
        let (_, unit) = units.into_iter().find(|(unit, _)| pair[1] == *unit)?;
        Some(number * unit)
    };
    let times: Vec<f64> = words.windows(2).filter_map(seconds).collect();
    let [wrapper, tools] = times[..] else {
        panic!("{line}")
    };
    assert!(wrapper < 0.25 && tools >= 0.3, "{line}");
}

/// gnatmake runs the real compiler and the wrapped gnatlink; gnatlink runs the
/// wrapped compiler.
#[test]
fn work_of_gnats_tools_is_counted_once() {
    let (Some(place), Some(_)) = (Place::new(), tool("gnatmake")) else {
        return;
    };
    let ada = place.path("ada");
    wrap(&ada, ["--cc", "gcc", "--cc", "gnatmake", "--no-check"]);
    place.file(
        "hello.adb",
        "with Part;\nprocedure Hello is\nbegin\n  Part;\nend Hello;\n",
    );
    place.file("part.adb", "procedure Part is\nbegin\n  null;\nend Part;\n");
    place.file("bad.adb", "procedure Bad is\nbegin\n  None;\nend Bad;\n");
    for (script, expected) in [
        (
            "gnatmake hello.adb && ./hello",
            "1 compile, 1 link, none failed",
        ),
        (
            "gnatmake -f -c hello.adb",
            "1 compile, 0 links, none failed",
        ),
        // The binder's output is compiled.
        (
            "gnatbind -x hello.ali && gnatlink hello.ali",
            "1 compile, 1 link, none failed",
        ),
        (
            "gnatbind -x hello.ali && gnatlink hello.ali -lnone",
            "1 compile, 1 link, 1 failed",
        ),
        (
            "gnatmake -f hello.adb -largs -lnone",
            "1 compile, 1 link, 1 failed",
        ),
        ("gnatmake bad.adb", "1 compile, 1 link, 1 failed"),
        ("gnatmake --version", "0 compiles, 0 links, none failed"),
    ] {
        let mut run = command(BINARY);
        run.args(["run", "--toolchain"])
            .arg(&ada)
            .args(["--", "sh", "-c", script]);
        let output = run.current_dir(place.0.path()).output().unwrap();
        let is_failure = expected.ends_with("1 failed");
        assert_eq!(output.status.success(), !is_failure, "{script}: {output:?}");
        counts(&output, expected);
    }
}

/// As the go command runs gccgo.
#[test]
fn calls_below_a_tool_that_compiles_nothing_are_counted() {
    let Some(place) = Place::new() else { return };
    // By its path: a wrapped compiler has its own root before all others.
    let script = "cc() { CC \"$@\"; }; cc -c main.c; cc -c part.c; \
                  cc main.o part.o -lgreet; cc -c none.c";
    let cc = root().join("bin/cc").display().to_string();
    place.program("build", &script.replace("CC", &cc));
    place.root("go-root", "go", "go", "../build");
    let output = place.sh("$PWD/go-root/bin/go build");
    counts(&output, "3 compiles, 1 link, 1 failed");
    // One that does.
    place.root("cc-root", "cc", "cc", "../build");
    let output = place.sh("$PWD/cc-root/bin/cc -c x.c");
    counts(&output, "1 compile, 0 links, 1 failed");
}

#[test]
fn a_tool_that_cannot_be_run_has_failed() {
    let Some(place) = Place::new() else { return };
    place.root("gone", "cc", "cc", "/none/cc");
    let output = place.sh("$PWD/gone/bin/cc --version");
    counts(&output, "0 compiles, 0 links, 1 failed");
}

#[test]
fn quiet_prints_nothing_and_counts_nothing() {
    let Some(place) = Place::new() else { return };
    let script = "echo ${CC_WRAPPER_STATS-unset}; cc -c main.c";
    let output = run(&mut place.run(&["--quiet", "--", "sh", "-c", script]));
    assert_eq!(output, "unset\n");
}

#[test]
fn a_run_in_a_run_is_counted_by_both() {
    let Some(place) = Place::new() else { return };
    for (options, lines) in [("", 2), ("--quiet", 1)] {
        let script = format!("cc -c main.c; {BINARY} run {options} -- cc part.o main.o -lgreet");
        let output = place.sh(&["cc -c part.c; ", &script].concat());
        assert!(output.status.success(), "{output:?}");
        counts(&output, "2 compiles, 1 link, none failed");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.lines().count(), lines, "{said}");
        if lines == 2 {
            let inner = "cc-wrapper: 0 compiles, 1 link, none failed; ";
            assert!(said.starts_with(inner), "{said}");
        }
    }
    // Whoever counted has gone, or cannot be told.
    for (file, lines) in [("tmp/gone", 1), ("tmp", 2)] {
        let mut run = place.run(&["--", "cc", "-c", "part.c"]);
        let output = run.env("CC_WRAPPER_STATS", place.path(file)).output();
        let output = output.unwrap();
        counts(&output, "1 compile, 0 links, none failed");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.lines().count(), lines, "{said}");
    }
}

#[test]
fn calls_know_the_directory_of_the_build_and_where_it_is_installed() {
    let Some(place) = Place::new() else { return };
    let top = fs::canonicalize(place.0.path()).unwrap();
    fs::create_dir(place.path("sub")).unwrap();
    let print = "echo $CC_WRAPPER_BUILD_TOP $CC_WRAPPER_INSTALL_LIBRARIES";
    let (inner, outer) = (
        format!("cd sub && {BINARY} run -q -- sh -c '{print}'"),
        format!("cd / && {BINARY} run -q --prefix /opt/x -- sh -c '{print}'"),
    );
    for (script, expected) in [
        (print, format!("{}\n", top.display())),
        (&inner, format!("{}\n", top.display())),
        (&outer, "/ /opt/x/lib\n".to_owned()),
    ] {
        let output = place.sh(script);
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said, expected, "{script}: {output:?}");
    }
}

#[test]
fn an_empty_tmpdir_counts_as_unset() {
    let Some(place) = Place::new() else { return };
    let mut run = place.run(&["--", "sh", "-c", "echo $CC_WRAPPER_STATS"]);
    let output = run.env("TMPDIR", "").output().unwrap();
    let file = String::from_utf8(output.stdout).unwrap();
    assert!(file.starts_with("/tmp/cc-wrapper-run-"), "{file}");
}

#[test]
fn it_ends_as_the_command_did() {
    let Some(place) = Place::new() else { return };
    assert_eq!(place.sh("exit 7").status.code(), Some(7));
    assert_eq!(place.sh("kill -TERM $$").status.signal(), Some(15));
    assert_eq!(place.sh("kill -SEGV $$").status.signal(), Some(11));
    let file = place.file("file", "#!/bin/sh\n");
    let absent = place.path("none");
    for (program, status, part) in [
        ("no-such-program", 127, "no-such-program: not found on PATH"),
        (absent.to_str().unwrap(), 127, "none: no such program"),
        (file.to_str().unwrap(), 126, "cannot run "),
    ] {
        let output = place.run(&["--", program]).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{output:?}");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(part), "{text}");
        assert!(place.left().is_empty());
    }
}

#[test]
fn a_signal_reaches_the_command() {
    let Some(place) = Place::new() else { return };
    let script = "trap 'cc -c part.c; exit 9' TERM; echo ready; while :; do sleep 0.05; done";
    let mut run = place.run(&["--", "sh", "-c", script]);
    let mut run = Running::group(run.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let mut ready = [0; 6];
    run.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
    let process = i32::try_from(run.id()).unwrap();
    // SAFETY: no memory is touched.
    assert_eq!(unsafe { libc::kill(process, libc::SIGTERM) }, 0);
    let output = run.output().unwrap();
    assert_eq!(output.status.code(), Some(9));
    counts(&output, "1 compile, 0 links, none failed");
    assert!(place.left().is_empty());
}

#[test]
fn compiles_are_recorded_where_it_is_asked_for() {
    let Some(place) = Place::new() else { return };
    let script = "mkdir sub && cd sub && cc -c ../main.c";
    run(&mut place.run(&["--compdb", "records", "-q", "--", "sh", "-c", script]));
    let entries = run(command(BINARY).args(["compdb"]).arg(place.path("records")));
    let entries: serde_json::Value = serde_json::from_str(&entries).unwrap();
    assert_eq!(entries.as_array().unwrap().len(), 1);
    assert_eq!(entries[0]["file"], "../main.c");
}

#[test]
fn bad_input_is_one_line() {
    let Some(place) = Place::new() else { return };
    for (args, part) in [
        (&["--with", "none", "--", "true"][..], "none does not exist"),
        (
            &["--with", "main.c", "--", "true"],
            "main.c is not a directory",
        ),
        (
            &["--compdb", "none/x", "--", "true"],
            "none is not a directory",
        ),
        (
            &["--compdb", "tmp", "--", "true"],
            "--compdb tmp: it is a directory",
        ),
        (&["--"], "<COMMAND>"),
        (&[], "<COMMAND>"),
    ] {
        let output = place.run(args).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{part}");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(part), "{text}");
    }
    let mut run = place.run(&["--", "true"]);
    let output = run.env("TMPDIR", "/none").output().unwrap();
    assert!(last_line(&output).contains("cannot count calls in /none"));
    // Without root and prefixes, a command is only counted.
    let mut run = command(BINARY);
    let output = run.args(["run", "true"]).output().unwrap();
    assert_eq!(last_line(&output), "cc-wrapper: no wrapped tool was called");
}

#[test]
fn a_count_that_cannot_be_written_does_not_stop_a_call() {
    let Some(place) = Place::new() else { return };
    let mut cc = command(root().join("bin/cc"));
    cc.args(["-c", "part.c"]).current_dir(place.0.path());
    let output = cc
        .env("CC_WRAPPER_STATS", place.path("tmp"))
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(
        last_line(&output).contains("cannot count the call in "),
        "{output:?}"
    );
    // Those who counted have gone.
    let output = cc
        .env("CC_WRAPPER_STATS", place.path("tmp/gone"))
        .output()
        .unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    assert!(place.left().is_empty());
}
