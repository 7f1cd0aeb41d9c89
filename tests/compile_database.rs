//! CC_WRAPPER_COMPDB records real compiles, and `cc-wrapper compdb` makes a
//! compilation database of the records.

mod common;

use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::Duration;

use cc_wrapper::text::compile_database::Entry;
use common::running::Running;
use common::{command, run, tool, wrap, wrapped, write};
use nix::fcntl::{Flock, FlockArg};
use serde_json::Value;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");

fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile-database");
        let _ = fs::remove_dir_all(&root);
        wrap(&root, ["--no-check"]);
        root
    })
}

/// A directory with sources, and the records of what is compiled in it.
struct Project {
    _temp: TempDir,
    dir: PathBuf,
}

impl Project {
    fn new() -> Project {
        let temp = tempfile::tempdir().unwrap();
        // As the system tells a current directory.
        let dir = fs::canonicalize(temp.path()).unwrap();
        let project = Project { _temp: temp, dir };
        project.source("a.c", "int a;\n");
        project.source("b.c", "int main(void) { return 0; }\n");
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn database(&self) -> PathBuf {
        self.path("compile.db")
    }

    fn source(&self, name: &str, text: &str) {
        write(&self.path(name), text);
    }

    fn tool(&self, name: &str, words: &str) -> Command {
        let mut command = wrapped(root(), &[], name);
        command
            .env("CC_WRAPPER_COMPDB", self.database())
            .args(words.split_whitespace())
            .current_dir(&self.dir);
        command
    }

    fn gcc(&self, words: &str) {
        run(&mut self.tool("gcc", words));
    }

    fn text(&self) -> Vec<u8> {
        fs::read(self.database()).unwrap_or_default()
    }

    /// Returns file, output and arguments of each record. Records must be
    /// valid.
    fn records(&self) -> Vec<(String, String, Vec<String>)> {
        let text = self.text();
        let lines = text.split_inclusive(|&b| b == b'\n');
        let utf8 = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let records = lines.map(|line| {
            assert_eq!(line.last(), Some(&b'\n'));
            let entry = Entry::read(line).unwrap();
            let arguments = entry.arguments.iter().map(|word| utf8(word)).collect();
            let output = utf8(entry.output.as_deref().unwrap_or_default());
            (utf8(&entry.file), output, arguments)
        });
        records.collect()
    }

    /// Returns `FILE OUTPUT` of each record.
    fn units(&self) -> Vec<String> {
        let units = self.records().into_iter();
        units
            .map(|(file, output, _)| [file, output].join(" "))
            .collect()
    }

    fn compdb(&self) -> Command {
        let mut compdb = command(BINARY);
        compdb.arg("compdb").arg(self.database());
        compdb
    }

    /// Returns the output of `compdb`, which must print no warning.
    fn json(&self) -> Vec<Value> {
        let output = self.compdb().output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(stderr(&output), "");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Asserts that the call succeeds after one line that contains all of
    /// `parts`.
    #[track_caller]
    fn warns(&self, command: &mut Command, parts: &[&str]) -> Output {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        told(&output, parts);
        output
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn told(output: &Output, parts: &[&str]) {
    let text = stderr(output);
    assert_eq!(text.lines().count(), 1, "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

/// Asserts that the command fails with one line that contains all of `parts`,
/// and prints nothing else.
#[track_caller]
fn fails(command: &mut Command, parts: &[&str]) {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    told(&output, parts);
}

fn all_that_was_run(compiler: &str) {
    let Some(_) = tool(compiler) else { return };
    let project = Project::new();
    let mut call = project.tool(compiler, "-c a.c -DX=1");
    run(call.env("NIX_CFLAGS_COMPILE", "-isystem /opt/foo"));
    run(&mut project.tool(compiler, "b.c a.o -o app"));
    run(&mut project.tool(compiler, "-fsyntax-only a.c"));
    run(&mut project.tool(compiler, "-E -c a.c"));
    run(&mut project.tool(compiler, "-### -c a.c"));

    assert_eq!(project.units(), ["a.c a.o", "b.c app", "a.c "]);
    let arguments = &project.records()[0].2;
    let program = Path::new(&arguments[0]);
    assert!(program.is_absolute() && !program.starts_with(root()));
    let words = arguments.join(" ");
    assert!(words.contains(" -c a.c -DX=1 "), "{words}");
    assert!(words.contains(" -isystem /opt/foo"), "{words}");
    // Run again, it does the same.
    fs::remove_file(project.path("a.o")).unwrap();
    run(command(program)
        .args(&arguments[1..])
        .current_dir(&project.dir));
    assert!(project.path("a.o").exists());
}

#[test]
fn all_calls_are_recorded_gcc() {
    all_that_was_run("gcc");
}

#[test]
fn all_calls_are_recorded_clang() {
    all_that_was_run("clang");
}

/// Each output file has the name in its record.
#[test]
fn outputs_are_where_the_record_says() {
    for compiler in ["gcc", "clang"] {
        let Some(_) = tool(compiler) else { continue };
        for words in [
            "-c a.c b.c",
            "-c sub/x.y.c",
            "-c -x c sub/c.txt",
            "-S a.c",
            "a.c b.c",
            "a.c b.c -oapp",
            "sub/a.h",
            "-c sub/a.h",
            "-x c-header sub/c.txt",
            "-c --output=x.o a.c",
        ] {
            let project = Project::new();
            for name in ["sub/x.y.c", "sub/c.txt", "sub/a.h"] {
                project.source(name, "int x;\n");
            }
            run(&mut project.tool(compiler, words));
            let records = project.records();
            assert!(!records.is_empty(), "{compiler} {words}");
            for (file, output, _) in records {
                let how = format!("{compiler} {words}: {file} → {output}");
                assert!(project.path(&output).is_file(), "{how}");
            }
        }
    }
}

#[test]
fn other_languages_are_recorded() {
    for (compiler, file, text) in [
        ("g++", "m.cc", "int main() {}\n"),
        ("gfortran", "m.f90", "end program\n"),
        ("gcc", "m.S", ".globl f\nf:\n"),
    ] {
        let Some(_) = tool(compiler) else { continue };
        let project = Project::new();
        project.source(file, text);
        run(&mut project.tool(compiler, &format!("-c {file}")));
        assert_eq!(project.units(), [format!("{file} m.o")]);
    }
}

#[test]
fn other_calls_than_compiles_are_not_recorded() {
    let Some(_) = tool("gcc") else { return };
    let project = Project::new();
    for (tool, words) in [
        ("gcc", "-E a.c"),
        ("gcc", "-MM a.c"),
        ("gcc", "--version"),
        ("cpp", "a.c"),
        ("ld", "--version"),
    ] {
        run(&mut project.tool(tool, words));
    }
    project.gcc("-c -x c /dev/null -o -x");
    run(project.tool("gcc", "b.c").env("CC_WRAPPER_COMPDB", ""));
    assert_eq!(project.units(), ["/dev/null -x"]);
}

#[test]
fn a_failed_compile_is_recorded() {
    let Some(_) = tool("gcc") else { return };
    let project = Project::new();
    project.source("bad.c", "this is no C\n");
    for words in ["-c bad.c", "-c absent.c"] {
        let output = project.tool("gcc", words).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
    }
    assert_eq!(project.units(), ["bad.c bad.o", "absent.c absent.o"]);
}

#[test]
fn response_files_are_expanded() {
    let Some(_) = tool("gcc") else { return };
    let project = Project::new();
    project.source("args", "-c \"a.c\" -DX='1 2'\n");
    project.gcc("@args");
    let (file, _, arguments) = project.records().remove(0);
    assert_eq!(file, "a.c");
    assert!(arguments.contains(&"-DX=1 2".to_owned()), "{arguments:?}");

    // Also where the compiler gets one.
    run(project
        .tool("gcc", "-c b.c")
        .env("NIX_CC_USE_RESPONSE_FILE", "1"));
    let arguments = &project.records()[1].2;
    assert!(arguments.contains(&"b.c".to_owned()), "{arguments:?}");
}

#[test]
fn the_last_record_of_an_output_counts() {
    let Some(_) = tool("gcc") else { return };
    let project = Project::new();
    for words in ["-c a.c -DOLD", "a.c b.c -o app", "-c ./a.c -o ../x/a.o"] {
        let _ = project.tool("gcc", words).output().unwrap();
    }
    project.gcc("-c a.c -DNEW");
    project.gcc("b.c a.c -o ./app");
    let entries = project.json();
    let field = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
    let units: Vec<_> = entries
        .iter()
        .map(|entry| [field(entry, "file"), field(entry, "output")].join(" "))
        .collect();
    // Where two are of one file, the path of the output decides.
    let name = project.dir.file_name().unwrap().to_str().unwrap();
    let mut expected = [
        (format!("{name}/a.o"), "a.c a.o"),
        (format!("{name}/app"), "a.c ./app"),
        ("x/a.o".to_owned(), "./a.c ../x/a.o"),
    ];
    expected.sort();
    let expected: Vec<_> = expected.iter().map(|(_, unit)| *unit).collect();
    assert_eq!(units, [&expected[..], &["b.c ./app"]].concat());
    let of_a = entries.iter().find(|entry| entry["output"] == "a.o");
    let arguments = of_a.unwrap()["arguments"].as_array().unwrap();
    assert!(arguments.contains(&"-DNEW".into()), "{arguments:?}");
    for entry in &entries {
        assert_eq!(entry["directory"], project.dir.to_str().unwrap());
    }
}

#[test]
fn the_order_of_the_records_does_not_matter() {
    let Some(_) = tool("gcc") else { return };
    let project = Project::new();
    project.gcc("-c a.c b.c");
    project.gcc("-fsyntax-only b.c");
    project.gcc("-c a.c -o z.o");
    let first = run(&mut project.compdb());
    let text = project.text();
    let mut lines: Vec<_> = text.split_inclusive(|&b| b == b'\n').collect();
    for _ in 0..lines.len() {
        lines.rotate_left(1);
        fs::write(project.database(), lines.concat()).unwrap();
        assert_eq!(run(&mut project.compdb()), first);
    }
}

/// `make -j` in many directories at once loses or tears no record.
#[test]
fn parallel_compiles() {
    let (Some(_), Some(_)) = (tool("gcc"), tool("make")) else {
        return;
    };
    let project = Project::new();
    let mut makefile = "all:".to_owned();
    for n in 0..200 {
        write!(makefile, " {n}.o").unwrap();
    }
    makefile.push('\n');
    for n in 0..200 {
        let dir = n % 20;
        project.source(&format!("{dir}/{n}.c"), "int x;\n");
        // Longer than what a file system writes at once.
        let define = "x".repeat(20 * n);
        writeln!(
            makefile,
            "{n}.o:\n\t@cd {dir} && gcc -c {n}.c -DX={define} -o {n}.o"
        )
        .unwrap();
    }
    project.source("Makefile", &makefile);
    let output = project.tool("make", "-j 32").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(stderr(&output), "");

    let mut outputs: Vec<_> = project.records().into_iter().map(|r| r.1).collect();
    outputs.sort();
    outputs.dedup();
    assert_eq!(outputs.len(), 200);
    let entries = project.json();
    assert_eq!(entries.len(), 200);
    for entry in entries {
        let path = Path::new(entry["directory"].as_str().unwrap());
        let file = path.join(entry["file"].as_str().unwrap());
        assert!(file.is_file(), "{entry}");
    }
}

#[test]
fn a_database_that_cannot_be_written_stops_no_compile() {
    let Some(_) = tool("gcc") else { return };
    let project = Project::new();
    fs::create_dir(project.path("dir")).unwrap();
    for (database, why) in [
        ("dir", "is a directory"),
        ("absent/compile.db", "no such file"),
        ("a.c/compile.db", "not a directory"),
        ("/dev/full", "not a regular file"),
    ] {
        let mut gcc = project.tool("gcc", "-c b.c");
        gcc.env("CC_WRAPPER_COMPDB", database);
        let parts = ["gcc: warning: ", database, why, "CC_WRAPPER_COMPDB"];
        project.warns(&mut gcc, &parts);
        fs::remove_file(project.path("b.o")).unwrap();
    }
    assert!(!project.path("absent").exists());
}

/// The disk is full in the middle of a record.
#[test]
fn an_incomplete_record_is_removed() {
    let Some(_) = tool("gcc") else { return };
    let project = Project::new();
    project.gcc("-c a.c");
    let before = project.text();
    let script = format!(
        "trap '' XFSZ; ulimit -f {}; exec gcc -fsyntax-only b.c -DX={}",
        before.len() / 512 + 1,
        "x".repeat(2000)
    );
    let mut sh = project.tool("sh", "-c");
    project.warns(sh.arg(script), &["file too large"]);
    assert_eq!(project.text(), before);
}

#[test]
fn a_killed_writers_line_is_skipped() {
    let Some(_) = tool("gcc") else { return };
    let project = Project::new();
    project.gcc("-c a.c");
    let mut text = project.text();
    text.extend_from_slice(br#"{"directory": "/x", "fi"#);
    fs::write(project.database(), &text).unwrap();
    project.gcc("-c b.c");

    let place = format!("{}:2:", project.database().display());
    let output = project.warns(&mut project.compdb(), &[&place]);
    let entries: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(entries.len(), 2);
}

#[test]
fn compdb_with_input_that_is_wrong() {
    let project = Project::new();
    let name = project.database();
    let name = name.to_str().unwrap();
    fails(&mut project.compdb(), &[name, "no such file"]);
    fs::write(name, "").unwrap();
    assert_eq!(run(&mut project.compdb()), "[]\n");
    fs::write(name, b"all:\n\tcc -c x.c\n\xff\n").unwrap();
    fails(
        &mut project.compdb(),
        &[name, "line 1", "CC_WRAPPER_COMPDB"],
    );
    fs::remove_file(name).unwrap();
    fs::create_dir(name).unwrap();
    fails(&mut project.compdb(), &[name, "is a directory"]);
}

#[test]
fn compdb_writes_a_file_whole() {
    let Some(_) = tool("gcc") else { return };
    let project = Project::new();
    project.gcc("-c a.c");
    let expected = run(&mut project.compdb());
    let link = project.path("compile_commands.json");
    let target = project.path("build/compile_commands.json");
    let to = |output: &OsStr| {
        let mut compdb = project.compdb();
        compdb.current_dir(&project.dir).arg("-o").arg(output);
        compdb
    };

    project.source("build/compile_commands.json", "old");
    symlink(&target, &link).unwrap();
    assert_eq!(run(&mut to("compile_commands.json".as_ref())), "");
    assert!(link.is_symlink(), "a link to the build directory stays");
    assert_eq!(fs::read_to_string(&target).unwrap(), expected);
    let names = fs::read_dir(project.path("build")).unwrap();
    assert_eq!(names.count(), 1, "nothing else is left");

    run(&mut to("new.json".as_ref()));
    let mode = |name: &str| {
        fs::metadata(project.path(name))
            .unwrap()
            .permissions()
            .mode()
    };
    assert_eq!(mode("new.json"), mode("a.c"), "as any file is created");
    assert_eq!(run(&mut to("/dev/stdout".as_ref())), expected);

    fails(&mut to("compile.db".as_ref()), &["is the file of records"]);
    fails(
        &mut to("absent/x.json".as_ref()),
        &["absent/x.json", "no such file"],
    );
    fails(&mut to("build".as_ref()), &["build", "is a directory"]);
    fails(&mut to("/dev/full".as_ref()), &["/dev/full", "no space"]);
    assert_eq!(project.units().len(), 1);
}

#[test]
fn bytes_that_are_no_utf8_are_kept() {
    let Some(_) = tool("gcc") else { return };
    let project = Project::new();
    let name = OsStr::from_bytes(b"caf\xe9.c");
    let define = OsStr::from_bytes(b"-DX=\"\xff\"");
    fs::write(project.dir.join(name), "int x;\n").unwrap();
    let mut gcc = project.tool("gcc", "-c");
    run(gcc.arg(name).arg(define));

    let text = project.text();
    assert!(std::str::from_utf8(&text).is_ok());
    let entry = Entry::read(&text).unwrap();
    assert_eq!(*entry.file, *b"caf\xe9.c");
    assert_eq!(entry.output.as_deref(), Some(&b"caf\xe9.o"[..]));
    let words = entry.arguments.iter();
    let words: Vec<OsString> = words.map(|w| OsStr::from_bytes(w).into()).collect();
    assert!(words.contains(&define.into()), "{words:?}");

    let output = project.warns(&mut project.compdb(), &[r"$'caf\xe9.c'", "not UTF-8"]);
    let entries: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(entries[0]["file"], "caf\u{fffd}.c");
}

/// Readers and writers wait for each other.
#[test]
fn only_one_at_a_time_writes() {
    let Some(_) = tool("gcc") else { return };
    let project = Project::new();
    project.gcc("-c a.c");
    let file = fs::File::open(project.database()).unwrap();
    let file = Flock::lock(file, FlockArg::LockExclusive).unwrap();
    let mut gcc = Running::alone(&mut project.tool("gcc", "-c b.c"));
    sleep(Duration::from_millis(200));
    assert_eq!(project.units().len(), 1);
    assert!(gcc.try_wait().unwrap().is_none(), "it did not wait");
    drop(file);
    assert!(gcc.wait().unwrap().success());
    assert_eq!(project.units().len(), 2);
}

#[test]
fn what_waits_for_a_lock_says_so() {
    let Some(_) = tool("gcc") else { return };
    let project = Project::new();
    project.gcc("-c a.c");
    let file = fs::File::open(project.database()).unwrap();
    let file = Flock::lock(file, FlockArg::LockExclusive).unwrap();
    let errors = project.path("errors");
    for mut command in [project.compdb(), project.tool("gcc", "-c b.c")] {
        command.stderr(fs::File::create(&errors).unwrap());
        let mut waiting = Running::alone(command.stdout(Stdio::null()));
        let told = || fs::read_to_string(&errors).unwrap();
        while told().is_empty() && waiting.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(10));
        }
        assert!(told().contains("waiting for the process that locks"));
    }
    drop(file);
}

/// The recorded arguments are the compiler's own: with those that a hook added,
/// and without the launcher's.
#[test]
fn hooks_are_recorded_and_launchers_are_not() {
    let (Some(_), Some(_)) = (tool("gcc"), tool("bash")) else {
        return;
    };
    let project = Project::new();
    let root = project.path("root");
    wrap(&root, ["--no-check"]);
    let hook = root.join("nix-support/cc-wrapper-hook");
    write(&hook, "extraAfter+=(-DHOOKED)\n");
    let mut gcc = wrapped(&root, &[], "gcc");
    gcc.env("CC_WRAPPER_COMPDB", project.database())
        .env("CC_WRAPPER_LAUNCHER", "env LAUNCHED=1")
        .args(["-c", "a.c"])
        .current_dir(&project.dir);
    run(&mut gcc);
    let (file, _, arguments) = project.records().remove(0);
    assert_eq!(file, "a.c");
    assert!(arguments[0].ends_with("gcc"), "{arguments:?}");
    assert_eq!(arguments.last().unwrap(), "-DHOOKED");
}

/// A link outside of any root, with the release build, which starts before
/// libc.
#[test]
fn the_release_program_records_too() {
    let Some(_) = tool("gcc") else { return };
    let project = Project::new();
    symlink(common::release_binary(), project.path("gcc")).unwrap();
    let mut gcc = command(project.path("gcc"));
    gcc.env("CC_WRAPPER_COMPDB", "compile.db")
        .args(["-c", "a.c"])
        .current_dir(&project.dir);
    run(&mut gcc);
    assert_eq!(project.units(), ["a.c a.o"]);
}

/// Only NIX_CFLAGS_COMPILE says where the header is.
#[test]
fn clangd_finds_what_the_compiler_found() {
    let (Some(clangd), Some(_)) = (tool("clangd"), tool("gcc")) else {
        return;
    };
    let project = Project::new();
    let prefix = project.path("opt");
    project.source("opt/include/far_away.h", "#define FAR_AWAY 1\n");
    project.source("src/main.c", "#include <far_away.h>\nint x = FAR_AWAY;\n");
    let mut gcc = wrapped(root(), &[&prefix], "gcc");
    gcc.env("CC_WRAPPER_COMPDB", project.database())
        .args(["-c", "main.c"])
        .current_dir(project.path("src"));
    run(&mut gcc);

    let check = || {
        let mut check = command(&clangd);
        // A user's own settings must not help.
        check.env("XDG_CONFIG_HOME", project.path("none"));
        check
            .arg(format!("--check={}", project.path("src/main.c").display()))
            .arg(format!("--compile-commands-dir={}", project.dir.display()));
        check
    };
    let output = check().output().unwrap();
    assert!(!output.status.success());
    assert!(stderr(&output).contains("'far_away.h' file not found"));

    let json = project.path("compile_commands.json");
    run(project.compdb().arg("-o").arg(json));
    run(&mut check());
}
