//! The release program: where it starts, and that nothing it does before libc
//! can end badly.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use common::{command, run, write};
use tempfile::TempDir;

/// Functions that compiled code calls by itself, and libc chooses at start-up.
const CHOSEN_BY_LIBC: [&str; 5] = ["memcpy", "memmove", "memset", "memcmp", "bcmp"];

/// Where the program starts early, as `build.rs` decides it.
fn release() -> Option<&'static Path> {
    let starts_early = cfg!(target_os = "linux")
        && cfg!(any(target_arch = "x86_64", target_arch = "aarch64"))
        && cfg!(target_feature = "crt-static");
    if !starts_early {
        common::skipped("this build of the program starts through libc");
        return None;
    }
    Some(common::release_binary())
}

fn readelf(binary: &Path, options: &[&str]) -> String {
    run(command("readelf").arg("--wide").args(options).arg(binary))
}

/// Symbols by name: address and type.
fn symbols(binary: &Path) -> BTreeMap<String, (u64, String)> {
    let table = readelf(binary, &["--symbols"]);
    let rows = table.lines().filter_map(|line| {
        let row: Vec<&str> = line.split_whitespace().collect();
        let [_, value, _, kind, _, _, section, name] = row[..] else {
            return None;
        };
        let address = u64::from_str_radix(value, 16).ok()?;
        (section != "UND").then(|| (name.to_owned(), (address, kind.to_owned())))
    });
    rows.collect()
}

#[test]
fn the_program_starts_at_our_entry_and_needs_no_loader() {
    let Some(binary) = release() else { return };
    let header = readelf(binary, &["--file-header"]);
    let field = |name: &str| {
        let line = header
            .lines()
            .find(|line| line.trim_start().starts_with(name));
        line.unwrap().split_once(':').unwrap().1.trim().to_owned()
    };
    assert!(field("Type:").starts_with("EXEC"), "{header}");
    let entry = u64::from_str_radix(field("Entry point address:").trim_start_matches("0x"), 16);
    let symbols = symbols(binary);
    assert_eq!(entry.unwrap(), symbols["cc_wrapper_start"].0);

    let segments = readelf(binary, &["--program-headers"]);
    assert!(
        !segments.contains("INTERP") && !segments.contains("DYNAMIC"),
        "{segments}"
    );
}

#[test]
fn nothing_is_left_for_a_loader_to_find() {
    let Some(binary) = release() else { return };
    let table = readelf(binary, &["--symbols"]);
    let undefined = table.lines().filter(|line| line.contains(" UND "));
    let strong: Vec<&str> = undefined.filter(|line| line.contains(" GLOBAL ")).collect();
    assert!(strong.is_empty(), "{strong:#?}");
    // libc's start-up fills in the functions it chooses, and nothing else.
    let relocations = readelf(binary, &["--relocs"]);
    let others = relocations
        .lines()
        .filter(|line| line.contains("R_") && !line.contains("IRELATIV"));
    assert_eq!(others.collect::<Vec<_>>(), [""; 0]);
    for name in CHOSEN_BY_LIBC {
        assert_eq!(symbols(binary)[name].1, "FUNC", "{name} is chosen by libc");
    }
}

/// What can be reached from the entry without a panic touches neither
/// thread-local storage nor a function that libc chooses.
#[test]
#[cfg(target_arch = "x86_64")]
fn before_libc_nothing_of_libc_is_touched() {
    let Some(binary) = release() else { return };
    let Some(_) = common::tool("objdump") else {
        return;
    };
    let functions = disassemble(binary);
    // Each with the functions on the way to it.
    let roots = functions
        .keys()
        .map(String::as_str)
        .filter(|name| is_early(name));
    let mut pending: Vec<Vec<&str>> = roots.map(|name| vec![name]).collect();
    assert!(
        pending.len() > 5,
        "the early start is out of sight: {pending:?}"
    );
    let mut seen = BTreeSet::new();
    while let Some(way) = pending.pop() {
        let name = way[way.len() - 1];
        if ends_the_early_start(name) || !seen.insert(name) {
            continue;
        }
        let Some(function) = functions.get(name) else {
            panic!("called before libc, and no function of the program: {way:#?}");
        };
        assert!(
            !function.uses_thread_locals,
            "uses thread-local storage: {way:#?}"
        );
        for callee in &function.calls {
            pending.push([&way[..], &[callee]].concat());
        }
    }
    assert!(seen.len() > 30, "only {seen:?} were looked at");
}

#[derive(Default)]
struct Function {
    uses_thread_locals: bool,
    calls: BTreeSet<String>,
}

fn disassemble(binary: &Path) -> BTreeMap<String, Function> {
    let listing = run(command("objdump")
        .args(["-d", "--no-show-raw-insn"])
        .arg(binary));
    let mut functions: BTreeMap<String, Function> = BTreeMap::new();
    let mut current = String::new();
    for line in listing.lines() {
        if let Some((_, name)) = line
            .strip_suffix(">:")
            .and_then(|line| line.split_once(" <"))
        {
            current = name.to_owned();
            functions.entry(current.clone()).or_default();
        } else if let Some((_, instruction)) = line.split_once(":\t") {
            let function = functions.entry(current.clone()).or_default();
            function.uses_thread_locals |= instruction.contains("%fs:");
            let prefixes = ["addr32 ", "bnd ", "notrack "];
            let instruction = prefixes.iter().fold(instruction, |rest, prefix| {
                rest.strip_prefix(prefix).unwrap_or(rest)
            });
            let is_jump = instruction.starts_with("call") || instruction.starts_with('j');
            if let Some((_, target)) = instruction.split_once(" <").filter(|_| is_jump) {
                let target = target.rsplit_once('>').map_or(target, |(target, _)| target);
                // Into the middle of a function, it is its own.
                let (name, offset) = target.rsplit_once("+0x").unwrap_or((target, "0"));
                if offset == "0" || name.starts_with('*') {
                    function.calls.insert(target.to_owned());
                }
            }
        }
    }
    functions
}

/// Methods that are called through a table are looked at by their names.
fn is_early(name: &str) -> bool {
    let is_closure = name.contains("10cc_wrapper") && name.contains("closure");
    // The program's own folders: the early start is the library's.
    let is_later = ["7command", "7process", "7support"];
    name.contains("cc_wrapper5early")
        || name.contains("cc_wrapper..early")
        || is_closure && !is_later.iter().any(|part| name.contains(part))
}

/// A panic faults, which is caught. The allocator turns to libc's only after
/// the early start, and so does its error.
fn ends_the_early_start(name: &str) -> bool {
    const PANICS: [&str; 10] = [
        "_Unwind_Resume",
        "9panicking",
        "_failed",
        "slice_error_fail",
        "slice_index_fail",
        "len_mismatch_fail",
        "12handle_error",
        "18handle_alloc_error",
        "17capacity_overflow",
        "6memory13out_of_memory",
    ];
    const ALLOCATOR: [&str; 6] = [
        "malloc",
        "calloc",
        "realloc",
        "free",
        "memalign",
        "aligned_alloc",
    ];
    PANICS.iter().any(|part| name.contains(part))
        || ALLOCATOR
            .iter()
            .any(|part| name.trim_start_matches('_').ends_with(part))
}

/// A root whose `gcc` prints its arguments.
fn root(binary: &Path) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let real = root.path().join("real");
    write(&real, "#!/bin/sh\nprintf '[%s]' \"$@\"\n");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o755)).unwrap();
    let text = format!(
        r#"{{"version": 1, "suffixSalt": "s", "roleMarkers": "optional",
            "tools": {{"gcc": {{"role": "cc", "program": "{}"}}}}}}"#,
        real.display()
    );
    write(&root.path().join("nix-support/toolchain.json"), &text);
    fs::create_dir(root.path().join("bin")).unwrap();
    symlink(binary, root.path().join("bin/gcc")).unwrap();
    root
}

fn gcc(root: &TempDir) -> Command {
    let mut gcc = command(root.path().join("bin/gcc"));
    gcc.env("NIX_CFLAGS_COMPILE", "-DFLAG")
        .current_dir(root.path());
    gcc
}

/// The system calls up to the real tool's start.
fn traced(gcc: &Command) -> Vec<String> {
    let mut strace = command("strace");
    strace.arg("-f").arg(gcc.get_program()).args(gcc.get_args());
    for (name, value) in gcc.get_envs() {
        if let Some(value) = value {
            strace.env(name, value);
        }
    }
    let output = strace.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let calls = text.lines().map(str::to_owned);
    let mut execs = 0;
    calls
        .take_while(|call| {
            execs += usize::from(call.starts_with("execve("));
            execs < 2
        })
        .collect()
}

#[test]
fn a_plain_call_makes_few_system_calls() {
    let Some(binary) = release() else { return };
    let Some(_) = common::tool("strace") else {
        return;
    };
    let root = root(binary);
    for (file, text) in [
        ("cc-cflags", "-DA"),
        ("libc-cflags", "-DB"),
        ("libc-ldflags", "-L/x"),
    ] {
        write(&root.path().join("nix-support").join(file), text);
    }
    let calls = traced(gcc(&root).arg("-c"));
    let files: BTreeSet<&str> = calls
        .iter()
        .filter(|call| call.starts_with("open"))
        .filter_map(|call| call.split('"').nth(1))
        .collect();
    let opened = calls.iter().filter(|call| call.starts_with("open")).count();
    assert_eq!(opened, files.len(), "a file is opened twice: {calls:#?}");
    let read = calls
        .iter()
        .filter(|call| call.starts_with("read("))
        .count();
    assert!(
        calls.len() <= 4 * read + 12,
        "{} calls for {read} files: {calls:#?}",
        calls.len()
    );
    // libc's first steps.
    let started = |call: &String| call.starts_with("arch_prctl") || call.starts_with("brk");
    assert!(!calls.iter().any(started), "{calls:#?}");
}

#[test]
fn the_ordinary_start_can_be_asked_for() {
    let Some(binary) = release() else { return };
    let root = root(binary);
    for start in ["libc", "", "other"] {
        let printed = run(gcc(&root).arg("-c").env("CC_WRAPPER_START", start));
        assert_eq!(printed, "[-c][-DFLAG]");
    }
    if common::tool("strace").is_some() {
        let calls = traced(gcc(&root).arg("-c").env("CC_WRAPPER_START", "libc"));
        assert!(
            calls.iter().any(|call| call.starts_with("arch_prctl")),
            "{calls:#?}"
        );
    }
}

#[test]
fn what_is_more_than_an_exec_goes_on_in_the_ordinary_start() {
    let Some(binary) = release() else { return };
    let root = root(binary);
    let output = gcc(&root).arg("-c").env("NIX_DEBUG", "1").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("extra flags after to"));
    assert_eq!(output.stdout, b"[-c][-DFLAG]");
    let help = run(command(binary).arg("--help"));
    assert!(help.contains("wrap"), "{help}");
    fs::remove_file(root.path().join("real")).unwrap();
    assert_eq!(gcc(&root).output().unwrap().status.code(), Some(127));
    fs::write(root.path().join("nix-support/toolchain.json"), "{").unwrap();
    let output = gcc(&root).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1);
}

/// More than the early start's own memory is needed, and there is none.
#[test]
fn without_memory_the_ordinary_start_takes_over() {
    let Some(binary) = release() else { return };
    let root = root(binary);
    let words: Vec<String> = (0..8000).map(|n| format!("-DNUMBER{n}={n}")).collect();
    write(&root.path().join("args.rsp"), &words.join("\n"));
    // One that itself needs next to nothing, and counts what it was given.
    let source = root.path().join("count.c");
    let count = words.len() + 3;
    write(
        &source,
        &format!("int main(int argc) {{ return argc != {count}; }}\n"),
    );
    let mut cc = command("cc");
    run(cc
        .args(["-static", "-w", "-o"])
        .arg(root.path().join("real"))
        .arg(&source));

    let limited = "ulimit -v 7000; exec bin/gcc -c @args.rsp";
    let mut shell = command("sh");
    shell
        .args(["-c", limited])
        .env("NIX_CFLAGS_COMPILE", "-DFLAG");
    run(shell.current_dir(root.path()));

    if common::tool("strace").is_some() {
        let mut strace = command("strace");
        strace.args(["-f", "-e", "trace=execve", "sh", "-c", limited]);
        let output = strace.current_dir(root.path()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let starts = text.matches("execve(\"bin/gcc\"").count();
        assert_eq!(starts, 2, "the early start had memory enough: {text}");
    }
}

/// A build with debug assertions panics when it is asked to.
#[test]
fn a_panic_before_libc_is_not_the_end() {
    let Some(_) = release() else { return };
    let root = root(&common::checked_binary());
    // The tool, and each wrapper below it, has the caller's environment.
    let tool = "#!/bin/sh\nprintf '[%s]' \"$@\" \"${CC_WRAPPER_START-unset}\"\n";
    write(&root.path().join("real"), tool);
    let panicking = |start: Option<&str>| {
        let mut gcc = gcc(&root);
        gcc.arg("-c").env("CC_WRAPPER_PANIC_EARLY", "1");
        gcc.envs(start.map(|start| ("CC_WRAPPER_START", start)));
        gcc
    };
    for start in [None, Some(""), Some("other")] {
        let printed = run(&mut panicking(start));
        assert_eq!(
            printed,
            format!("[-c][-DFLAG][{}]", start.unwrap_or("unset"))
        );
    }
    if common::tool("strace").is_some() {
        let calls = traced(&panicking(None));
        let fault = |call: &String| call.contains("SIGSEGV");
        assert!(calls.iter().any(fault), "there was no panic: {calls:#?}");
    }
}

/// What the early start read of a pipe, the ordinary one would miss.
#[test]
fn a_response_file_may_be_a_pipe() {
    let Some(binary) = release() else { return };
    if common::tool("bash").is_none() {
        return;
    }
    let root = root(binary);
    for (debug, words) in [
        ("0", "echo -DA; sleep .2; echo -DB"),
        ("1", "echo -DA; echo -DB"),
    ] {
        let script = format!("bin/gcc -c @<({words})");
        let mut bash = command("bash");
        bash.args(["-c", &script]).env("NIX_DEBUG", debug);
        let printed = run(bash.current_dir(root.path()));
        assert_eq!(printed, "[-c][-DA][-DB]");
    }
}
