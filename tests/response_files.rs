//! Arguments that are too long for a command line, or must not be on one, reach
//! the tools byte for byte, and no files are left behind.

mod common;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cc_wrapper::rules::response_file::Grammar;
use common::running::Running;
use common::{command, interpreter, recorder, run, run_alone, runpath, tool, write};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use tempfile::TempDir;

/// More than the kernel accepts for arguments and environment together.
const TOO_MUCH: usize = 3_000_000;

/// More than the kernel accepts in one string, but less than `TOO_MUCH`.
const TOO_LONG: usize = 140_000;
const LONG: usize = 120_000;

/// Returns the debug build, and the release build, which starts before libc.
fn binaries() -> [&'static Path; 2] {
    let debug = env!("CARGO_BIN_EXE_cc-wrapper");
    [Path::new(debug), common::release_binary()]
}

/// A root made by the test, with its own TMPDIR.
struct Root(TempDir);

impl Root {
    /// Creates tools from name, role and program, which may be in the root.
    fn new(binary: &Path, tools: &[(&str, &str, &Path)]) -> Root {
        let root = Root(tempfile::tempdir().unwrap());
        for directory in ["bin", "tmp"] {
            fs::create_dir(root.path(directory)).unwrap();
        }
        let mut listed = serde_json::Map::new();
        for (name, role, program) in tools {
            let is_clang = name.starts_with("clang");
            let tool = json!({
                "role": role,
                "program": root.0.path().join(program),
                "compiler": if is_clang { "clang" } else { "gcc" },
                "linkerByPrefix": is_clang,
            });
            listed.insert((*name).into(), tool);
            symlink(binary, root.path("bin").join(name)).unwrap();
        }
        let toolchain = json!({"version": 1, "suffixSalt": "s", "tools": listed});
        let file = root.path("nix-support/toolchain.json");
        write(&file, &toolchain.to_string());
        root
    }

    /// Creates a root whose `gcc` is a script. It needs a file with a name,
    /// because the script's interpreter may close inherited descriptors.
    fn of_script(binary: &Path, text: &str) -> Root {
        let root = Root::new(binary, &[("gcc", "cc", Path::new("real"))]);
        root.script("real", text);
        root
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn script(&self, name: &str, text: &str) {
        write(&self.path(name), text);
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Returns a call of a tool in a directory with files of its own.
    fn tool(&self, name: &str) -> Command {
        self.call(self.path("bin").join(name))
    }

    /// The same with all arguments in response files.
    fn tool_by_file(&self, name: &str) -> Command {
        let mut command = self.tool(name);
        for tool in ["CC", "LD"] {
            command.env(format!("NIX_{tool}_USE_RESPONSE_FILE"), "1");
        }
        command
    }

    /// Returns a program that may call the root's tools for all roles.
    fn call(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = command(program);
        command
            .current_dir(self.0.path())
            .env("TMPDIR", self.path("tmp"));
        for half in ["CC", "BINTOOLS"] {
            for role in ["BUILD", "HOST", "TARGET"] {
                command.env(format!("NIX_{half}_WRAPPER_TARGET_{role}_s"), "1");
            }
        }
        command
    }

    #[track_caller]
    fn left_nothing(&self) {
        let left = fs::read_dir(self.path("tmp")).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

/// Asserts that the call was refused with one line.
#[track_caller]
fn was_refused(output: &Output, parts: &[&str]) {
    assert_eq!(output.status.code(), Some(126), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(text.lines().count(), 1, "one line: {text}");
    for part in parts {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[test]
fn a_tab_and_an_accent_are_compiled() {
    for compiler in ["gcc", "clang"] {
        let Some(program) = tool(compiler) else {
            continue;
        };
        for binary in binaries() {
            let root = Root::new(binary, &[(compiler, "cc", &program)]);
            let source = "#include <stdio.h>\nint main(void) { puts(X); }\n";
            write(&root.path("main.c"), source);
            let mut call = root.tool_by_file(compiler);
            run(call.args(["-DX=\"a\té\"", "main.c", "-o", "main"]));
            assert_eq!(run_alone(&root.path("main")), "a\té\n", "{compiler}");
            root.left_nothing();
        }
    }
}

/// Generates a word that contains characters that are special to any of the
/// tools.
fn word() -> impl Strategy<Value = Vec<u8>> {
    let special = b" \t\n\r\x0b\x0c'\"\\@#$`*a\xff".to_vec();
    let whole = [
        &b""[..],
        b"@",
        b"@none",
        b"\"\"",
        b"\\",
        b"#",
        b"\xef\xbb\xbfx",
        b"\xff\xfe",
        b"\xfe\xffx",
    ];
    prop_oneof![
        prop::collection::vec(1u8.., 0..12),
        prop::collection::vec(select(special), 0..8),
        select(whole.map(<[u8]>::to_vec).to_vec()),
    ]
}

/// Calls a tool with words, and compares what `arrived`: a list, or a set if
/// the tool changes the order.
fn try_words<C>(cases: u32, arrived: impl Fn(&[Vec<u8>]) -> C)
where
    C: FromIterator<Vec<u8>> + IntoIterator<Item = Vec<u8>>,
{
    let config = Config {
        cases,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    };
    let shown = |words: C| -> Vec<String> {
        let words = words.into_iter();
        words.map(|word| word.escape_ascii().to_string()).collect()
    };
    let words = prop::collection::vec(word(), 0..25);
    let result = TestRunner::new(config).run(&words, |words| {
        let arrived = arrived(&words);
        prop_assert_eq!(shown(arrived), shown(words.into_iter().collect()));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// From the wrapped driver through the driver's own response file and the
/// wrapped linker to the linker.
#[test]
fn words_arrive_through_every_driver() {
    let directory = tempfile::tempdir().unwrap();
    let recorder = recorder::compile(directory.path());
    for binary in binaries() {
        for (name, role) in [
            ("gcc", "cc"),
            ("g++", "c++"),
            ("gfortran", "fortran"),
            ("clang", "cc"),
            ("clang++", "c++"),
        ] {
            let Some(driver) = tool(name) else { continue };
            let root = Root::new(binary, &[(name, role, &driver), ("ld", "ld", &recorder)]);
            write(&root.path("x.o"), "");
            let record = root.path("record");
            try_words(12, |words| {
                let mut call = root.tool_by_file(name);
                call.args(["-nostdlib", "x.o", "-Xlinker", "first"]);
                for word in words {
                    call.arg("-Xlinker").arg(OsStr::from_bytes(word));
                }
                run(call.args(["-Xlinker", "last"]).env("CCV_OUT", &record));
                let record = recorder::take(&record).expect("the driver runs the wrapped linker");
                assert!(record.response_file);
                let mut argv = record.argv.into_iter().skip_while(|arg| arg != b"first");
                argv.next();
                argv.take_while(|arg| arg != b"last").collect::<Vec<_>>()
            });
            root.left_nothing();
        }
    }
}

/// The pieces of the texts that each tool reads by its own rules.
const PIECES: [&[u8]; 18] = [
    b"a",
    b"b",
    b"\xc3\xa9",
    b" ",
    b" ",
    b"\t",
    b"\n",
    b"\r",
    b"\x0b",
    b"\x0c",
    b"\\",
    b"\\",
    b"'",
    b"'",
    b"\"",
    b"\"",
    b"''",
    b"\0",
];

/// Texts for Windows' rules, without an open quote at the end, which LLVM
/// dropped with its word before LLVM 16.
const PIECES_FOR_WINDOWS: [&[u8]; 12] = [
    b"a",
    b"\xc3\xa9",
    b"'",
    b" ",
    b"\n",
    b"\x0b",
    b"\0",
    b"\\",
    b" \"a b\"",
    b" \"\" ",
    b" \"c\"\"\\\\\"d",
    b" \\\\\\\"",
];

/// Texts for mold: the version in Debian 12 knows quotes only around a whole
/// word, and no backslash outside of them.
const PIECES_FOR_MOLD: [&[u8]; 9] = [
    b"a",
    b"b",
    b"\xc3\xa9",
    b" ",
    b"\n",
    b"\x0b",
    b"\x0c",
    b" 'a b\\'' ",
    b" \"a\\\\ b\" ",
];

/// Returns texts that are the same in each run.
fn texts(pieces: &[&[u8]], count: usize) -> Vec<Vec<u8>> {
    let mut state: u64 = 20_240_716;
    let mut below = |limit: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % limit
    };
    // LLVM's tools know byte order marks.
    let starts: &[&[u8]] = match pieces == PIECES {
        true => &[b"", b"", b"", b"", b"", b"\xef\xbb\xbf", b"\xff\xfe"],
        false => &[b""],
    };
    let mut text = || {
        let mut text = starts[below(starts.len())].to_vec();
        for _ in 0..below(24) {
            text.extend_from_slice(pieces[below(pieces.len())]);
        }
        text
    };
    (0..count).map(|_| text()).collect()
}

/// A wrapped tool reads the same words in a file as the tool does without the
/// wrapper. The words are no files, so the tool's complaints name them.
#[test]
fn files_are_read_as_the_called_tool_reads_them() {
    let all = &PIECES[..];
    let debug = Path::new(env!("CARGO_BIN_EXE_cc-wrapper"));
    for (name, role, options, pieces) in [
        ("gcc", "cc", &["-c"][..], all),
        ("clang", "cc", &["-c"], all),
        (
            "clang",
            "cc",
            &["-c", "--rsp-quoting=windows"],
            &PIECES_FOR_WINDOWS,
        ),
        ("ld.bfd", "ld", &[], all),
        ("ld.gold", "ld", &[], all),
        ("ld.lld", "ld", &["--error-limit=0"], all),
        (
            "ld.lld",
            "ld",
            &["--rsp-quoting=windows", "--error-limit=0"],
            &PIECES_FOR_WINDOWS,
        ),
        ("mold", "ld", &["-m", "elf_x86_64"], &PIECES_FOR_MOLD),
    ] {
        let Some(program) = tool(name) else { continue };
        let root = Root::new(debug, &[(name, role, &program)]);
        let complaint = |mut call: Command| {
            let output = call.args(options).arg("@args").output().unwrap();
            (
                output.status.code(),
                output.stderr.escape_ascii().to_string(),
            )
        };
        let is_llvm = name.ends_with("lld") || name == "clang";
        for text in texts(pieces, 120) {
            // LLVM before version 23 skips empty words; the wrapper does not.
            let words = Grammar::Llvm.split(&text).unwrap_or_default();
            if is_llvm && pieces == PIECES && words.iter().any(Vec::is_empty) {
                continue;
            }
            fs::write(root.path("args"), &text).unwrap();
            let theirs = complaint(root.call(&program));
            let ours = complaint(root.tool(name));
            assert_eq!(ours, theirs, "{name} {options:?}: {}", text.escape_ascii());
        }
    }
}

/// An early start that reads a file otherwise than the ordinary one would
/// choose flags for other arguments.
#[test]
fn both_starts_read_the_same_words() {
    for text in texts(&PIECES, 60) {
        let words = binaries().map(|binary| {
            let root = Root::of_script(binary, "#!/bin/sh\nprintf '[%s]' \"$@\"\n");
            fs::write(root.path("args"), &text).unwrap();
            root.tool("gcc").args(["-c", "@args"]).output().unwrap()
        });
        let [debug, release] = words;
        assert_eq!(debug, release, "{}", text.escape_ascii());
        assert!(debug.status.success(), "{}", text.escape_ascii());
    }
}

#[test]
fn a_file_that_no_tool_would_open_stays_an_argument() {
    for binary in binaries() {
        let root = Root::of_script(binary, "#!/bin/sh\nprintf '[%s]' \"$@\"\n");
        symlink("loop", root.path("loop")).unwrap();
        let long = format!("@{}", "x".repeat(300));
        let args = ["@none", "@bin", "@bin/gcc/x", "@loop", &*long, "@"];
        let printed = run(root.tool("gcc").args(args));
        assert_eq!(printed, args.map(|arg| format!("[{arg}]")).concat());
    }
}

/// Two thousand files, each of which names the next one twice, would be read
/// for ever.
#[test]
fn too_many_files_end_the_call() {
    for binary in binaries() {
        let root = Root::of_script(binary, "#!/bin/sh\n");
        for n in 0..26 {
            let next = n + 1;
            write(&root.path(&format!("f{n}")), &format!("@f{next} @f{next}"));
        }
        write(&root.path("f26"), "-DX");
        let output = root.tool("gcc").args(["-c", "@f0"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "cc-wrapper: gcc: cannot read response file f26: too many @-files in one call; \
             write the arguments into fewer files\n"
        );
        run(root.tool("gcc").args(["-c", "@f17"]));
    }
}

/// The tool might be able to open what the wrapper could not.
#[test]
fn a_file_that_cannot_be_opened_now_ends_the_call() {
    if tool("strace").is_none() {
        return;
    }
    for binary in binaries() {
        let root = Root::of_script(binary, "#!/bin/sh\n");
        write(&root.path("args"), "-DX");
        for (error, why) in [
            ("EMFILE", "too many open files in this process"),
            ("EIO", "input/output error"),
            ("ENOMEM", "out of memory"),
            ("ESTALE", "stale file handle"),
        ] {
            let mut strace = root.call("strace");
            strace.args(["-qqq", "-o", "/dev/null", "-P", "args"]);
            strace.args(["-e", &format!("inject=open,openat:error={error}")]);
            let output = strace.args(["bin/gcc", "-c", "@args"]).output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{output:?}");
            let text = String::from_utf8_lossy(&output.stderr);
            let lines = text.lines().filter(|line| !line.starts_with("strace: "));
            let lines: Vec<&str> = lines.collect();
            let start = format!("cc-wrapper: gcc: cannot read response file args: {why}; ");
            assert!(lines.len() == 1 && lines[0].starts_with(&start), "{text}");
        }
    }
}

#[test]
fn words_arrive_in_every_linker() {
    let Some(_) = tool("gcc") else { return };
    for binary in binaries() {
        for name in ["ld.bfd", "ld.gold", "ld.lld", "mold"] {
            let Some(linker) = tool(name) else { continue };
            let root = Root::new(binary, &[(name, "ld", &linker)]);
            object(&root.path("x.o"), "");
            try_words(24, |words| {
                let mut call = root.tool_by_file(name);
                for word in words {
                    call.arg("-f").arg(OsStr::from_bytes(word));
                }
                run(call.args(["-shared", "x.o", "-o", "x.so"]));
                auxiliaries(&fs::read(root.path("x.so")).unwrap())
            });
            root.left_nothing();
        }
    }
}

/// Compiles C to an object file.
fn object(file: &Path, text: &str) {
    let source = file.with_extension("c");
    write(&source, text);
    let mut gcc = command("gcc");
    run(gcc.args(["-fPIC", "-c", "-o"]).arg(file).arg(source));
}

/// Returns the values of `-f` options that a link has stored in a 64-bit
/// library.
fn auxiliaries(elf: &[u8]) -> BTreeSet<Vec<u8>> {
    const DYNAMIC_SEGMENT: u64 = 2;
    const STRINGS: u64 = 5;
    const AUXILIARY: u64 = 0x7fff_fffd;
    let number = |at: usize, length: usize| {
        let mut bytes = [0; 8];
        bytes[..length].copy_from_slice(&elf[at..at + length]);
        u64::from_le_bytes(bytes)
    };
    let word = |at| number(at, 8) as usize;
    let headers: Vec<usize> = (0..number(56, 2) as usize)
        .map(|n| word(32) + n * number(54, 2) as usize)
        .collect();
    // The place in the file of an address.
    let place = |address: usize| {
        let holds = |header: &&usize| {
            let start = word(**header + 16);
            number(**header, 4) == 1 && (start..start + word(**header + 32)).contains(&address)
        };
        let header = headers.iter().find(holds).unwrap();
        address - word(header + 16) + word(header + 8)
    };
    let is_dynamic = |header: &&usize| number(**header, 4) == DYNAMIC_SEGMENT;
    let dynamic = headers.iter().find(is_dynamic).unwrap();
    let (start, size) = (word(dynamic + 8), word(dynamic + 32));
    let entries = (start..start + size).step_by(16);
    let entries: Vec<_> = entries.map(|at| (number(at, 8), word(at + 8))).collect();
    let (_, strings) = entries.iter().find(|(tag, _)| *tag == STRINGS).unwrap();
    let strings = &elf[place(*strings)..];
    let auxiliaries = entries.iter().filter(|(tag, _)| *tag == AUXILIARY);
    let string = |&(_, at): &(u64, usize)| {
        let bytes = strings[at..].iter().copied();
        bytes.take_while(|&b| b != 0).collect()
    };
    auxiliaries.map(string).collect()
}

/// Returns library directories that do not exist, of this total length.
fn directories(length: usize) -> Vec<String> {
    let component = "x".repeat(200);
    let count = length / (component.len() + 20);
    let directories = 0..count;
    directories
        .map(|n| format!("-L/nowhere/{component}/{n:06}"))
        .collect()
}

/// A root with real tools, and a library in a directory to be found.
struct Link {
    root: Root,
    library: PathBuf,
}

impl Link {
    fn new(binary: &Path, compiler: &str) -> Option<Link> {
        tool("gcc")?;
        let (compiler_program, linker) = (tool(compiler)?, tool("ld")?);
        let tools: [(&str, &str, &Path); 2] =
            [(compiler, "cc", &compiler_program), ("ld", "ld", &linker)];
        let root = Root::new(binary, &tools);
        let library = root.path("store/foo/lib");
        object(&root.path("foo.o"), "int foo(void) { return 42; }\n");
        let main = "int foo(void);\nint main(void) { return foo() != 42; }\n";
        object(&root.path("main.o"), main);
        object(&root.path("empty.o"), "");
        fs::create_dir_all(&library).unwrap();
        let mut gcc = root.call("gcc");
        gcc.args(["-shared", "foo.o", "-o"]);
        run(gcc.arg(library.join("libfoo.so")));
        Some(Link { root, library })
    }

    fn search(&self) -> String {
        format!("-L{}", self.library.display())
    }

    fn tool(&self, name: &str) -> Command {
        let mut call = self.root.tool(name);
        call.env("NIX_STORE", self.root.path("store"));
        call
    }

    /// Returns a call of ld with gcc's arguments for a program.
    fn ld(&self) -> Command {
        let known = |name: &str| {
            let path = run(command("gcc").arg(format!("-print-file-name={name}")));
            PathBuf::from(path.trim_end())
        };
        let plain = self.root.path("plain");
        let mut gcc = self.root.call("gcc");
        gcc.args(["main.o", "foo.o", "-o"]);
        run(gcc.arg(&plain));
        let mut ld = self.tool("ld");
        ld.args(["crt1.o", "crti.o", "crtn.o"].map(known))
            .arg("-dynamic-linker")
            .arg(interpreter(&plain))
            .arg("-L")
            .arg(known("libc.so").parent().unwrap());
        ld
    }

    /// Asserts that the linked program runs and has only the rpath it needs.
    #[track_caller]
    fn check(&self) {
        let main = self.root.path("main");
        assert_eq!(runpath(&main), [&*self.library]);
        run_alone(&main);
        fs::remove_file(main).unwrap();
        self.root.left_nothing();
    }

    /// Writes arguments for a link into a file.
    fn argument_file(&self, option: impl Fn(String) -> String) {
        // Files count too, though not each as much.
        let mut words: Vec<String> = Vec::new();
        let long = self.root.path(&"y".repeat(200));
        fs::create_dir(&long).unwrap();
        for n in 0..300 {
            let file = long.join(format!("{n}.o"));
            fs::hard_link(self.root.path("empty.o"), &file).unwrap();
            words.push(file.display().to_string());
        }
        words.extend(directories(TOO_MUCH / 2));
        words.extend(directories(TOO_MUCH / 2).into_iter().map(option));
        words.extend([self.search(), "-lfoo".into()]);
        write(&self.root.path("args"), &words.join("\n"));
    }

    /// Sets flags for each role and of the toolchain.
    fn flags(&self, call: &mut Command) {
        let most = directories(TOO_MUCH).join("\n");
        write(&self.root.path("nix-support/libc-ldflags"), &most);
        let full = directories(LONG).join(" ");
        call.env("NIX_LDFLAGS_FOR_BUILD", &full)
            .env("NIX_LDFLAGS", &full)
            .env("NIX_LDFLAGS_FOR_TARGET", full + " " + &self.search());
    }
}

/// Links with more arguments than the kernel accepts, in a file and in
/// variables.
fn large_link_by_driver(compiler: &str) {
    for binary in binaries() {
        let Some(link) = Link::new(binary, compiler) else {
            return;
        };
        link.argument_file(|option| option.replace("-L", "-Wl,-rpath-link,"));
        run(link.tool(compiler).args(["main.o", "@args", "-o", "main"]));
        link.check();

        let mut call = link.tool(compiler);
        link.flags(&mut call);
        run(call.args(["main.o", "-lfoo", "-o", "main"]));
        link.check();
    }
}

#[test]
fn a_large_link_by_gcc() {
    large_link_by_driver("gcc");
}

#[test]
fn a_large_link_by_clang() {
    large_link_by_driver("clang");
}

#[test]
fn a_large_link_by_ld() {
    for binary in binaries() {
        let Some(link) = Link::new(binary, "gcc") else {
            return;
        };
        link.argument_file(|option| option.replace("-L", "-rpath-link="));
        run(link.ld().args(["main.o", "@args", "-lc", "-o", "main"]));
        link.check();

        let mut ld = link.ld();
        link.flags(&mut ld);
        run(ld.args(["main.o", "-lfoo", "-lc", "-o", "main"]));
        link.check();
    }
}

#[test]
fn a_long_string_reaches_the_linker() {
    for binary in binaries() {
        let Some(link) = Link::new(binary, "gcc") else {
            return;
        };
        let long = "z".repeat(TOO_LONG);
        let library = link.root.path("long.so");
        for (tool, option) in [("ld", "-f "), ("gcc", "-Wl,-f,")] {
            write(&link.root.path("args"), &[option, &long].concat());
            let mut call = link.tool(tool);
            run(call.args(["-shared", "foo.o", "-o", "long.so", "@args"]));
            let arrived = auxiliaries(&fs::read(&library).unwrap());
            assert!(arrived.iter().eq([long.as_bytes()]), "{tool}");
            fs::remove_file(&library).unwrap();
        }
        link.root.left_nothing();
    }
}

/// If response files are forbidden, the kernel's error is reported.
#[test]
fn without_a_response_file_the_kernel_refuses() {
    for binary in binaries() {
        let root = Root::of_script(binary, "#!/bin/sh\n");
        for text in ["z".repeat(TOO_LONG), "-DA=1\n".repeat(TOO_MUCH / 6)] {
            write(&root.path("args"), &text);
            let mut gcc = root.tool("gcc");
            gcc.args(["-c", "@args"])
                .env("NIX_CC_USE_RESPONSE_FILE", "0");
            let parts = ["argument list too long", "unset NIX_CC_USE_RESPONSE_FILE"];
            was_refused(&gcc.output().unwrap(), &parts);
            gcc.env_remove("NIX_CC_USE_RESPONSE_FILE");
            run(&mut gcc);
        }
        root.left_nothing();
    }
}

/// No response file helps if the variables that the wrapper adds are too long.
#[test]
fn an_environment_that_is_too_long_is_reported() {
    for binary in binaries() {
        let root = Root::new(binary, &[("gcc", "cc", Path::new("/bin/true"))]);
        // The kernel takes a quarter of the stack.
        let mut shell = root.call("sh");
        shell
            .args(["-c", "ulimit -s 1024; exec bin/gcc -c"])
            .env("NIX_CFLAGS_COMPILE", "-g ".repeat(100_000 / 3))
            .env("JUNK", "x".repeat(LONG));
        let output = shell.output().unwrap();
        was_refused(
            &output,
            &["environment is too long; shorten JUNK", "120000"],
        );
        root.left_nothing();
    }
}

/// An anonymous file vanishes with the tool, however that ends and whatever
/// TMPDIR is, so the wrapper does not need to wait.
#[test]
fn with_an_anonymous_file_the_tool_is_execed() {
    let Some(_) = tool("gcc") else { return };
    for binary in binaries() {
        let root = Root::new(binary, &[("gcc", "cc", Path::new("real"))]);
        // The file is sealed, so nothing can change what the tool reads.
        let source = "#define _GNU_SOURCE\n#include <fcntl.h>\n#include <stdio.h>\n\
             #include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n\
             int main(int argc, char **argv) {\n\
                 int file = atoi(strrchr(argv[1], '/') + 1);\n\
                 int all = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;\n\
                 if (fcntl(file, F_GET_SEALS) != all) return 9;\n\
                 if (open(argv[1] + 1, O_WRONLY | O_TRUNC) >= 0) return 10;\n\
                 printf(\"%d %d %s\\n\", (int)getpid(), argc, argv[1]);\n\
                 fflush(stdout);\n\
                 return getchar();\n\
             }\n";
        write(&root.path("real.c"), source);
        run(command("gcc")
            .arg("-o")
            .args([root.path("real"), root.path("real.c")]));
        for directory in ["tmp", "none", "real.c"] {
            let mut gcc = root.tool_by_file("gcc");
            gcc.env("TMPDIR", root.path(directory));
            gcc.arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut gcc = Running::alone(&mut gcc);
            let line = first_line(&mut gcc);
            let expected = format!("{} 2 @/proc/self/fd/", gcc.id());
            let number = line.trim_end().strip_prefix(&expected);
            let number: u32 = number.expect(&line).parse().unwrap();
            assert!(number > 9, "a low number may be make's jobserver");
            root.left_nothing();
            gcc.kill().unwrap();
            gcc.wait().unwrap();
        }
    }
}

fn first_line(child: &mut std::process::Child) -> String {
    let mut line = String::new();
    let output = child.stdout.as_mut().unwrap();
    BufReader::new(output).read_line(&mut line).unwrap();
    line
}

/// Without memory, either start prints one line and runs nothing.
#[test]
fn without_memory_for_a_response_file_the_call_ends() {
    for binary in binaries() {
        let root = Root::of_script(binary, "#!/bin/sh\n");
        write(&root.path("args"), &"-DA=1\n".repeat(5_000_000));
        let mut shell = root.call("sh");
        shell.args(["-c", "ulimit -v 50000; exec bin/gcc -c @args"]);
        let output = shell.output().unwrap();
        let line = String::from_utf8_lossy(&output.stderr);
        let expected = "cc-wrapper: out of memory; free some, or raise ulimit -v\n";
        assert_eq!((output.status.code(), &*line), (Some(1), expected));
    }
}

/// Prints the arguments, and the content of the response file.
const TELLS: &str = "#!/bin/sh\necho \"$@\"; cat \"${1#@}\"\n";

#[test]
fn a_file_with_a_name_is_removed_whatever_the_tools_status() {
    for binary in binaries() {
        for status in ["0", "3"] {
            let root = Root::of_script(binary, &format!("{TELLS}exit {status}\n"));
            let output = root.tool_by_file("gcc").args(["-c", "a b"]).output();
            let output = output.unwrap();
            assert_eq!(output.status.code().unwrap().to_string(), status);
            let told = String::from_utf8(output.stdout).unwrap();
            let name = format!("@{}/cc-wrapper-", root.path("tmp").display());
            assert!(told.starts_with(&name), "{told}");
            assert!(told.ends_with(".rsp\n-c\n\"a b\"\n"), "{told}");
            root.left_nothing();
        }
    }
}

/// The wrapper waits for scripts and for programs that a launcher runs.
#[test]
fn a_file_with_a_name_is_removed_after_a_signal() {
    const WAITS: &str = "#!/bin/sh\nfor last; do :; done\ncat \"${last#@}\"; exec sleep 60\n";
    for binary in binaries() {
        for signal in [Signal::SIGINT, Signal::SIGTERM] {
            let script = Root::of_script(binary, WAITS);
            let launched = Root::new(binary, &[("gcc", "cc", Path::new("/bin/true"))]);
            launched.script("launcher", WAITS);
            for (root, launcher) in [(script, None), (launched, Some("./launcher"))] {
                let mut gcc = root.tool_by_file("gcc");
                gcc.args(["-c", "a.c"]).stdout(Stdio::piped());
                gcc.envs(launcher.map(|launcher| ("CC_WRAPPER_LAUNCHER", launcher)));
                let mut gcc = Running::alone(&mut gcc);
                assert_eq!(first_line(&mut gcc), "-c\n", "{launcher:?}");
                kill(Pid::from_raw(gcc.id() as i32), signal).unwrap();
                let status = gcc.wait().unwrap();
                assert_eq!(status.signal(), Some(signal as i32), "{launcher:?}");
                root.left_nothing();
            }
        }
    }
}

#[test]
fn a_file_that_cannot_be_written_is_reported() {
    for binary in binaries() {
        let root = Root::of_script(binary, TELLS);
        for (directory, why) in [
            ("none", "no such file or directory"),
            ("real", "not a directory"),
        ] {
            let mut gcc = root.tool_by_file("gcc");
            gcc.arg("-c").env("TMPDIR", root.path(directory));
            let parts = ["cannot write a response file", why, "set TMPDIR to"];
            was_refused(&gcc.output().unwrap(), &parts);
        }

        write(&root.path("args"), &"-DA=1\n".repeat(10_000));
        let call = |before: &str| {
            let mut shell = root.call("sh");
            shell.args(["-c", &format!("{before} && exec bin/gcc -c @args")]);
            shell.env("NIX_CC_USE_RESPONSE_FILE", "1");
            shell
        };
        let output = call("ulimit -f 8").output().unwrap();
        was_refused(&output, &["file too large", "raise ulimit -f"]);
        root.left_nothing();

        // A full disk, where one may be mounted.
        let mount = "mount -t tmpfs -o size=16k none tmp";
        let own = |program: &mut Command| {
            let mut unshare = root.call("unshare");
            unshare
                .arg("-Urm")
                .arg(program.get_program())
                .args(program.get_args());
            unshare.env("NIX_CC_USE_RESPONSE_FILE", "1");
            unshare.output().ok()
        };
        if own(command("sh").args(["-c", mount])).is_some_and(|output| output.status.success()) {
            let script = format!("{mount}; bin/gcc -c @args; status=$?; ls -A tmp; exit $status");
            let output = own(command("sh").args(["-c", &script])).unwrap();
            was_refused(&output, &["no space left on device", "set TMPDIR to"]);
            assert_eq!(output.stdout, b"", "left behind");
        }
    }
}
