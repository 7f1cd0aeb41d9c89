//! The commands with wrong input, outputs that cannot be written, and unusual
//! terminals: an error is one line with what failed and where.

mod common;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use common::look_alike::{Dialect, LookAlike};
use common::terminal::on_terminal;
use common::{command, run, run_alone, tool, wrap, write};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");

/// A name that is not UTF-8, and how it is shown.
const RAW: &[u8] = b"caf\xe9";
const RAW_SHOWN: &str = r"$'caf\xe9'";

/// The files that the commands work on.
struct Place(TempDir);

impl Place {
    /// `None` if this machine has no gcc.
    fn new() -> Option<Place> {
        let root = root()?;
        let place = Place(tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(root, place.path("root")).unwrap();
        write(&place.path("one/include/one.h"), "int one(void);\n");
        write(&place.path("one/lib/libone.so"), "");
        write(&place.path("main.c"), "int main(void) { return 0; }\n");
        let record = br#"{"directory": "/", "file": "x.c", "arguments": ["cc"]}"#;
        fs::write(place.path("records"), record).unwrap();
        fs::create_dir_all(place.path("rust/lib/rustlib")).unwrap();
        let mut wrapper = LookAlike::of_machine(&place.path("nix"), Dialect::Of2026, "gcc");
        wrapper.cc = place.path("nix/cc");
        wrapper.lay();
        Some(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = command(BINARY);
        command.args(args).current_dir(self.0.path());
        command
    }

    /// Adds files for a name that is not UTF-8.
    fn with_raw_names(self) -> Place {
        let raw = self.0.path().join(OsStr::from_bytes(RAW));
        write(&raw.join("include/one.h"), "int one(void);\n");
        fs::create_dir(raw.join("lib")).unwrap();
        self
    }
}

/// Returns a wrapped root that the tests share.
fn root() -> Option<&'static Path> {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    tool("gcc")?;
    Some(ROOT.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("commands-root");
        let _ = fs::remove_dir_all(&dir);
        wrap(&dir, ["--cc", "gcc", "--no-check"]);
        dir
    }))
}

/// Command lines that succeed, and whether all of their output is their own.
const SUCCEED: [(&[&str], bool); 17] = [
    (&["env", "one", "--toolchain", "root"], true),
    (
        &["env", "one", "--shell", "json", "--toolchain", "root"],
        true,
    ),
    (&["run", "-q", "--toolchain", "root", "true"], false),
    (&["explain", "root/bin/gcc", "-c", "main.c"], true),
    (&["explain", "--json", "root/bin/gcc", "-c", "main.c"], true),
    (
        &["explain", "--command", "root/bin/gcc", "-c", "main.c"],
        true,
    ),
    (&["doctor", "root"], true),
    (&["doctor", "--json", "root"], true),
    (&["wrap", "new", "--cc", "gcc", "--no-check"], true),
    (&["adopt", "nix/cc", "--out", "adopted"], true),
    (&["rustup", "--toolchain", "./rust", "--dry-run"], true),
    (&["compdb", "records"], true),
    (&["compdb", "records", "-o", "compile_commands.json"], false),
    (&["completions", "zsh"], true),
    (&["man", "wrap"], true),
    (&["man", "--out", "pages"], false),
    (&["help", "wrap"], true),
];

fn shown(output: &Output) -> String {
    format!(
        "{:?}\n{}--\n{}",
        output.status.code(),
        output.stdout.escape_ascii(),
        output.stderr.escape_ascii()
    )
}

/// Asserts that the command fails with this status and one line that contains
/// all of `parts`. A shell that evaluates the output must fail too.
#[track_caller]
fn fails(command: &mut Command, status: i32, parts: &[&str]) {
    let output = command.output().unwrap();
    let what = format!("{command:?}\n{}", shown(&output));
    assert_eq!(output.status.code(), Some(status), "{what}");
    let mut args = command.get_args();
    let is_read = args.next() == Some("env".as_ref()) && !args.any(|arg| arg == "--shell");
    let expected: &[u8] = if is_read { b"false\n" } else { b"" };
    assert_eq!(output.stdout, expected, "{what}");
    let text = std::str::from_utf8(&output.stderr).expect(&what);
    assert!(text.starts_with("cc-wrapper: "), "{what}");
    assert_eq!(text.lines().count(), 1, "{what}");
    assert!(!text.trim_end().contains(char::is_control), "{what}");
    for part in parts {
        assert!(text.contains(part), "{part}\n{what}");
    }
}

#[test]
fn an_operand_that_is_missing_or_of_the_wrong_kind_is_named() {
    let Some(place) = Place::new() else { return };
    fs::create_dir_all(place.path("empty/etc")).unwrap();
    let no_prefix = "give the directory that a dependency is installed to";
    let no_root = "run \"cc-wrapper wrap DIR\" to make one";
    for (args, status, parts) in [
        // A prefix that is not there, has nothing in it, or is a file.
        (
            &["env", "none"][..],
            1,
            &["none does not exist", no_prefix][..],
        ),
        (
            &["env", "empty"],
            1,
            &["empty holds none of include, lib", "give"],
        ),
        (
            &["env", "main.c"],
            1,
            &["main.c is not a directory", "give"],
        ),
        (
            &["run", "--with", "none", "true"],
            1,
            &["none does not exist", no_prefix],
        ),
        (
            &["run", "--with", "empty", "true"],
            1,
            &["empty holds none of", "give"],
        ),
        (
            &["run", "--with", "main.c", "true"],
            1,
            &["main.c is not a directory"],
        ),
        // A root, or another directory to work on.
        (
            &["env", "one", "--toolchain", "none"],
            1,
            &["none is not a wrapped root", no_root],
        ),
        (
            &["env", "one", "--toolchain", "one"],
            1,
            &["one is not a wrapped root", no_root],
        ),
        (
            &["env", "one", "--toolchain", "main.c"],
            1,
            &["main.c is not a directory"],
        ),
        (
            &["run", "--toolchain", "none", "true"],
            1,
            &["none is not a wrapped root", no_root],
        ),
        (
            &["run", "--toolchain", "main.c", "true"],
            1,
            &["main.c is not a directory"],
        ),
        (
            &["wrap", "main.c"],
            1,
            &["main.c is not a directory; give another"],
        ),
        (
            &["wrap", "one"],
            1,
            &["one is neither empty nor a wrapped root"],
        ),
        (
            &["adopt", "none", "--out", "x"],
            1,
            &["none does not exist", "give a wrapper that exists"],
        ),
        (&["adopt", "main.c", "--out", "x"], 1, &["main.c", "give"]),
        (
            &["adopt", "one", "--out", "x"],
            1,
            &["one is not a nixpkgs wrapper", "give"],
        ),
        (
            &["adopt", "nix/cc", "--out", "one"],
            1,
            &["one is neither empty nor"],
        ),
        (
            &["rustup", "--toolchain", "./none"],
            1,
            &["cannot read", "none"],
        ),
        (
            &["rustup", "--toolchain", "./one"],
            1,
            &["one is not a Rust toolchain"],
        ),
        (&["compdb", "none"], 1, &["cannot read none"]),
        (&["compdb", "one"], 1, &["cannot read one"]),
        (
            &["compdb", "main.c"],
            1,
            &["main.c contains no records", "give the file"],
        ),
        (
            &["compdb", "records", "-o", "none/x"],
            1,
            &["cannot write none/x"],
        ),
        // A tool.
        (
            &["explain", "none"],
            127,
            &["no program none on PATH", "wrapped root's bin"],
        ),
        (
            &["explain", "./none"],
            127,
            &["./none does not exist", "name a tool"],
        ),
        (&["explain", "one"], 127, &["no program one on PATH"]),
        (
            &["explain", "./one"],
            126,
            &["./one is not executable", "name a tool"],
        ),
        (
            &["explain", "./main.c"],
            126,
            &["./main.c is not executable", "name a tool"],
        ),
        (
            &["explain", "/bin/sh"],
            1,
            &["/bin/sh is not wrapped", "cc-wrapper wrap DIR"],
        ),
        (
            &["run", "none"],
            127,
            &["none: not found on PATH", "install it"],
        ),
        (&["run", "./none"], 127, &["./none: no such program"]),
        (&["run", "./main.c"], 126, &["cannot run ./main.c"]),
        (&["run", "./one"], 126, &["cannot run ./one"]),
        (
            &["wrap", "x", "--cc", "none"],
            1,
            &["--cc none: not found on PATH", "give"],
        ),
        (
            &["wrap", "x", "--cc", "./none"],
            1,
            &["--cc ./none: no such program", "give"],
        ),
        (
            &["wrap", "x", "--ld", "none"],
            1,
            &["--ld none: not found on PATH", "give"],
        ),
        (
            &["wrap", "x", "--cc", "ld"],
            1,
            &["--cc ld is not a compiler"],
        ),
        (
            &["wrap", "x", "--cc", "root/bin/gcc"],
            1,
            &["is itself a wrapper", "give"],
        ),
        // Nothing at all.
        (&["env"], 2, &["nothing to find", "give"]),
        (&["run"], 2, &["<COMMAND>"]),
        (&["explain"], 2, &["<TOOL>"]),
        (&["wrap"], 2, &["<DIR>"]),
        (&["compdb"], 2, &["<FILE>"]),
        (&["adopt", "--in-place"], 1, &["NIX_CC is not set"]),
        (&["nonsense"], 2, &["'nonsense'"]),
    ] {
        fails(&mut place.command(args), status, parts);
    }
    // Without any compiler.
    fs::create_dir(place.path("bin")).unwrap();
    for (args, status, parts) in [
        (&["wrap", "x"][..], 1, &["no compiler on PATH", "--cc"][..]),
        (&["explain", "cc"], 127, &["no program cc on PATH"]),
        (&["run", "cc"], 127, &["cc: not found on PATH"]),
    ] {
        let mut command = place.command(args);
        fails(command.env("PATH", place.path("bin")), status, parts);
    }
    assert!(!place.path("x").exists());
}

/// doctor's findings are its result, not an error.
#[test]
fn doctor_reports_it_too() {
    let Some(place) = Place::new() else { return };
    let place = place.with_raw_names();
    let raw = OsStr::from_bytes(RAW);
    let here = place.0.path().canonicalize().unwrap();
    let here = here.display();
    for (path, subject, part) in [
        (OsStr::new("none"), format!("{here}/none"), "cannot be read"),
        (
            OsStr::new("one"),
            format!("{here}/one"),
            "is not a wrapped root",
        ),
        (
            OsStr::new("main.c"),
            format!("{here}/main.c"),
            "is neither an ELF file",
        ),
        (raw, format!(r"$'{here}/caf\xe9'"), "is not a wrapped root"),
    ] {
        let mut doctor = place.command(&[OsStr::new("doctor"), path]);
        doctor.current_dir(place.0.path().canonicalize().unwrap());
        let output = doctor.output().unwrap();
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        let [first, finding, count] = text.lines().collect::<Vec<_>>()[..] else {
            panic!("{text}")
        };
        assert_eq!(first, subject);
        assert!(
            finding.starts_with("  error: ") && finding.contains(part),
            "{text}"
        );
        assert_eq!(count, "1 error");
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stderr.is_empty(), "{}", shown(&output));
    }
}

#[test]
fn names_that_are_not_utf8_are_shown_byte_for_byte() {
    let Some(place) = Place::new() else { return };
    let place = place.with_raw_names();
    let raw = |before: &str, after: &str| -> OsString {
        let bytes = [before.as_bytes(), RAW, after.as_bytes()].concat();
        OsStr::from_bytes(&bytes).to_os_string()
    };
    for (args, status) in [
        (["env", "?-none", "", ""], 1),
        (["env", "one", "--toolchain", "?"], 1),
        (["run", "--with", "?-none", "true"], 1),
        (["run", "--toolchain", "?", "true"], 1),
        (["run", "?-none", "", ""], 127),
        (["run", "./?", "", ""], 126),
        (["run", "--compdb", "?-none/x", "true"], 1),
        (["explain", "?-none", "", ""], 127),
        (["explain", "./?", "", ""], 126),
        (["wrap", "?", "", ""], 1),
        (["wrap", "x", "--cc", "?-none"], 1),
        (["wrap", "x", "--cc", "./?-none"], 1),
        (["wrap", "x", "--bintools", "?-none"], 1),
        (["wrap", "x", "--store", "?-none"], 1),
        (["adopt", "?-none", "--out", "x"], 1),
        (["adopt", "?", "--out", "x"], 1),
        (["rustup", "--toolchain", "./?", ""], 1),
        (["compdb", "?-none", "", ""], 1),
        (["compdb", "?", "", ""], 1),
        (["compdb", "records", "-o", "?-none/x"], 1),
    ] {
        let args = args.into_iter().filter(|arg| !arg.is_empty());
        let args: Vec<OsString> = args
            .map(|arg| match arg.split_once('?') {
                Some((before, after)) => raw(before, after),
                None => arg.into(),
            })
            .collect();
        for locale in ["C", "C.UTF-8"] {
            let mut command = place.command(&args);
            fails(command.env("LC_ALL", locale), status, &["$'", r"caf\xe9"]);
        }
    }
    // A line, also of what has line ends in it and moves a terminal.
    fails(
        &mut place.command(&["env", "a\nb\x1b[2J"]),
        1,
        &[r"$'a\nb\x1b[2J'"],
    );
    fails(&mut place.command(&["a\nb\x1b[2J"]), 2, &["[2J"]);
}

#[test]
fn no_locale_changes_a_byte() {
    let (Some(place), Some(root)) = (Place::new(), root()) else {
        return;
    };
    let place = place.with_raw_names();
    let prefix = place.0.path().join(OsStr::from_bytes(RAW));
    write(&place.path("one.c"), "int one(void) { return 7; }\n");
    let source = OsStr::from_bytes(b"\xc3\xa9\xe9.c");
    let program = "#include <one.h>\nint main(void) { return one() != 7; }\n";
    fs::write(place.0.path().join(source), program).unwrap();
    run(command("gcc")
        .args(["-shared", "-fPIC", "one.c", "-o"])
        .arg(prefix.join("lib/libone.so"))
        .current_dir(place.0.path()));
    let script = "eval \"$(\"$1\" env --toolchain \"$2\" \"$3\")\" && cc \"$4\" -lone -o main";
    for locale in ["C", "POSIX", "en_US.ISO-8859-1", "C.UTF-8", ""] {
        let mut sh = command("sh");
        sh.args(["-euc", script, "sh", BINARY])
            .args([root.as_os_str(), prefix.as_os_str(), source])
            .env("LC_ALL", locale)
            .current_dir(place.0.path());
        run(&mut sh);
        let main = place.path("main");
        run_alone(&main);
        // As text, since the library's name need not be any.
        fs::remove_file(main).unwrap();
        // What is not for a terminal is the same everywhere.
        let args = [OsStr::new("explain"), OsStr::new("root/bin/gcc"), source];
        let told = run(place.command(&args).env("LC_ALL", locale));
        assert!(told.contains(r"$'é\xe9.c'"), "{told}");
    }
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let Some(place) = Place::new() else { return };
    for (args, _) in SUCCEED {
        let (reader, writer) = UnixStream::pair().unwrap();
        drop(reader);
        let mut command = place.command(args);
        let output = command.stdout(OwnedFd::from(writer)).output().unwrap();
        let is_well = output.status.success() && output.stderr.is_empty();
        assert!(is_well, "{args:?}: {}", shown(&output));
    }
    // What the doctor finds stays so.
    let (reader, writer) = UnixStream::pair().unwrap();
    drop(reader);
    let mut doctor = place.command(&["doctor", "none"]);
    let output = doctor.stdout(OwnedFd::from(writer)).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.is_empty(), "{}", shown(&output));
}

#[test]
fn a_full_disk_is_an_error_for_commands_with_results() {
    let Some(place) = Place::new() else { return };
    for (args, prints) in SUCCEED {
        let full = File::create("/dev/full").unwrap();
        let output = place.command(args).stdout(full).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        let expected = match prints {
            true => "cc-wrapper: cannot write to standard output: no space left on device\n",
            false => "",
        };
        assert_eq!(told, expected, "{args:?}");
        assert_eq!(output.status.code(), Some(i32::from(prints)), "{args:?}");
    }
    // Nobody can be told, but the status does.
    for args in [
        &["env", "none"][..],
        &["explain", "./none"],
        &["compdb", "none"],
    ] {
        let expected = place.command(args).output().unwrap().status;
        let full = File::create("/dev/full").unwrap();
        let output = place.command(args).stderr(full).output().unwrap();
        assert_eq!(output.status, expected, "{args:?}");
    }
}

#[test]
fn closed_descriptors_change_no_status() {
    let Some(place) = Place::new() else { return };
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let script = format!("exec \"$@\" {closed}");
        let status = |args: &[&str]| {
            let mut sh = command("sh");
            sh.args(["-c", &script, "sh", BINARY]).args(args);
            let output = sh.current_dir(place.0.path()).output().unwrap();
            assert!(
                output.stderr.is_empty() || args[1] == "none",
                "{}",
                shown(&output)
            );
            output.status.code()
        };
        for (args, _) in SUCCEED {
            assert_eq!(status(args), Some(0), "{closed} {args:?}");
        }
        for (args, expected) in [
            (["env", "none"], 1),
            (["run", "none"], 127),
            (["explain", "none"], 127),
            (["doctor", "none"], 1),
            (["compdb", "none"], 1),
        ] {
            assert_eq!(status(&args), Some(expected), "{closed} {args:?}");
        }
    }
}

/// Explanations of a call and of a root, with flags that produce much output.
const TOLD: [&str; 2] = [
    "explain root/bin/gcc main.c -lone -o é $(printf 'caf\\351')",
    "doctor root",
];

fn variables(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let own = [
        ("NIX_CFLAGS_COMPILE", "-isystem /none/é -march=native"),
        ("NIX_LDFLAGS", "-Lone/lib"),
        ("NIX_ENFORCE_NO_NATIVE", "1"),
    ];
    [&own, more].concat()
}

/// Returns the words of a text, without colours.
fn words(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    plain.push_str(rest);
    plain.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a_narrow_terminal_cuts_nothing() {
    let Some(place) = Place::new() else { return };
    for told in TOLD
        .into_iter()
        .chain(["env none", "wrap new --cc gcc --no-check"])
    {
        let line = format!("{BINARY} {told} 2>&1");
        let mut piped = command("sh");
        piped
            .args(["-c", &line])
            .current_dir(place.0.path())
            .envs(variables(&[("LC_ALL", "C.UTF-8")]));
        let piped = piped.output().unwrap();
        assert!(!piped.stdout.contains(&b'\x1b'));
        for columns in [10, 20, 40, 400] {
            let variables = variables(&[("LC_ALL", "C.UTF-8"), ("TERM", "xterm")]);
            let Some((status, text)) = on_terminal(columns, place.0.path(), &variables, &line)
            else {
                return;
            };
            assert_eq!(Some(status), piped.status.code(), "{told} {columns}");
            assert_eq!(words(&text), words(&piped.stdout), "{told} {columns}");
        }
    }
}

#[test]
fn colours_are_for_terminals_that_have_them() {
    let Some(place) = Place::new() else { return };
    for (more, has) in [
        (&[("TERM", "xterm")][..], true),
        (&[("TERM", "xterm"), ("NO_COLOR", "")], true),
        (&[("TERM", "xterm"), ("NO_COLOR", "1")], false),
        (&[("TERM", "dumb")], false),
        (&[("TERM", "")], false),
        (&[], false),
    ] {
        for told in TOLD {
            let line = format!("exec {BINARY} {told}");
            let variables = variables(more);
            let Some((_, text)) = on_terminal(80, place.0.path(), &variables, &line) else {
                return;
            };
            assert_eq!(text.contains(&b'\x1b'), has, "{told} {more:?}");
        }
    }
    // What others read, on a terminal too.
    for plain in [
        "env one --toolchain root",
        "explain --command root/bin/gcc -c x.c",
    ] {
        let line = format!("exec {BINARY} {plain}");
        let (_, text) = on_terminal(80, place.0.path(), &[("TERM", "xterm")], &line).unwrap();
        assert!(!text.contains(&b'\x1b'), "{plain}");
    }
}

#[test]
fn a_terminal_gets_only_characters_of_its_locale() {
    let Some(place) = Place::new() else { return };
    for (locale, is_utf8) in [
        (&[("LC_ALL", "C")][..], false),
        (&[("LC_ALL", "POSIX"), ("LANG", "C.UTF-8")], false),
        (&[("LC_ALL", "en_US.ISO-8859-1")], false),
        (&[("LC_ALL", ""), ("LANG", "")], false),
        (&[("LC_ALL", ""), ("LC_CTYPE", "de_DE.utf8")], true),
        (&[("LC_ALL", ""), ("LANG", "en_US.UTF-8")], true),
    ] {
        for told in TOLD {
            let line = format!("exec {BINARY} {told}");
            let variables = variables(locale);
            let Some((_, text)) = on_terminal(200, place.0.path(), &variables, &line) else {
                return;
            };
            let text = String::from_utf8(text).unwrap();
            assert_eq!(!text.is_ascii(), is_utf8, "{locale:?} {text}");
            let path = if is_utf8 {
                "/none/é"
            } else {
                r"/none/\xc3\xa9"
            };
            assert!(text.contains(path), "{locale:?} {text}");
            let raw = told.starts_with("doctor") || text.contains(RAW_SHOWN);
            assert!(raw, "{text}");
        }
    }
}

#[test]
fn variables_that_are_not_utf8_are_shown_byte_for_byte() {
    let Some(place) = Place::new() else { return };
    let path = OsStr::from_bytes(b"-I/none/caf\xe9");
    let launcher = OsStr::from_bytes(b"caf\xe9 -x");
    for (told, name, value, part) in [
        (
            "explain",
            "NIX_CFLAGS_COMPILE",
            path,
            r"$'-I/none/caf\xe9'  NIX_CFLAGS_COMPILE",
        ),
        (
            "explain",
            "CC_WRAPPER_LAUNCHER",
            OsStr::from_bytes(b"env caf\xe9=1"),
            r"$'env caf\xe9=1' (CC_WRAPPER_LAUNCHER)",
        ),
        (
            "doctor",
            "NIX_CFLAGS_COMPILE",
            path,
            r"names -I $'/none/caf\xe9', which",
        ),
        (
            "doctor",
            "CC_WRAPPER_LAUNCHER",
            launcher,
            r"no program $'caf\xe9' on PATH",
        ),
        (
            "doctor",
            "PKG_CONFIG_PATH",
            path,
            r"names $'-I/none/caf\xe9', which",
        ),
        (
            "doctor",
            "CC",
            OsStr::from_bytes(b"/caf\xe9"),
            r"names $'/caf\xe9', which",
        ),
    ] {
        let args = match told {
            "explain" => &["explain", "root/bin/gcc", "-c", "main.c"][..],
            _ => &["doctor", "root"],
        };
        let output = place.command(args).env(name, value).output().unwrap();
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        assert!(text.contains(part), "{part}: {}", shown(&output));
        assert!(output.stderr.is_empty(), "{}", shown(&output));
    }
}
