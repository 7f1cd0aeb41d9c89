//! Hooks: the bash scripts of packages in `nix-support/`
//! (docs/behaviour.md#10-hooks).

mod common;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{command, release_binary, run, write};
use proptest::prelude::*;
use tempfile::TempDir;

/// A root whose tools print their arguments, each in brackets, and the variable
/// FOO.
struct Root(TempDir);

impl Root {
    fn new() -> Root {
        Root::of(Path::new(env!("CARGO_BIN_EXE_cc-wrapper")))
    }

    fn of(binary: &Path) -> Root {
        let root = Root(tempfile::tempdir().unwrap());
        root.script(
            "real",
            "#!/bin/sh\nprintf '[%s]' \"$@\"\nprintf %s \"$FOO\"\n",
        );
        root.toolchain("");
        fs::create_dir(root.path("bin")).unwrap();
        for tool in ["gcc", "clang", "ld"] {
            symlink(binary, root.path("bin").join(tool)).unwrap();
        }
        root
    }

    /// Writes toolchain.json; `keys` are added.
    fn toolchain(&self, keys: &str) {
        let program = self.path("real").display().to_string();
        let text = format!(
            r#"{{"version": 1, "suffixSalt": "s", "roleMarkers": "optional", {keys}
                "tools": {{"gcc": {{"role": "cc", "program": "{program}"}},
                           "clang": {{"role": "cc", "program": "{program}", "compiler": "clang"}},
                           "ld": {{"role": "ld", "program": "{program}"}}}}}}"#
        );
        write(&self.path("nix-support/toolchain.json"), &text);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn script(&self, name: &str, text: &str) {
        write(&self.path(name), text);
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn hook(self, name: &str, text: &str) -> Root {
        write(&self.path("nix-support").join(name), text);
        self
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = command(self.path("bin").join(name));
        command.current_dir(self.0.path());
        command
    }

    /// Returns the output of a call that must succeed.
    fn prints(&self, line: &str) -> String {
        let mut words = line.split(' ');
        run(self.tool(words.next().unwrap()).args(words))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns a failed call's status and its one line.
fn failure(output: &Output) -> (i32, String) {
    let line = text(&output.stderr);
    assert_eq!(line.lines().count(), 1, "{line}");
    (output.status.code().unwrap(), line)
}

#[test]
fn a_compilers_hooks_change_its_arguments() {
    let root = Root::new()
        .hook("cc-cflags", "-DF")
        .hook(
            "add-local-cc-cflags-before.sh",
            "extraBefore+=(-one \"${extraAfter[0]}\"); params=(\"${params[@]/%.c/.i}\")\n",
        )
        .hook(
            "cc-wrapper-hook",
            "extraAfter+=(last \"${#extraAfter[@]}\")\n",
        );
    assert_eq!(
        root.prints("gcc -c a.c"),
        "[-one][-DF][-c][a.i][-DF][last][1]"
    );
    assert_eq!(
        root.prints("gcc -c -- a.c"),
        "[-one][-DF][-c][-DF][--][a.c][last][3]",
        "operands are put behind after the first hook and before the last"
    );
    assert_eq!(
        root.prints("gcc -v"),
        "[-v][last][0]",
        "only the last one adds to -v"
    );
}

#[test]
fn a_linkers_hooks_change_its_arguments() {
    let root = Root::new();
    write(&root.path("z/lib/libz.so"), "");
    write(&root.path("z/include/z.h"), "");
    let directory = root.path("z/lib").display().to_string();
    let link = format!("ld a.o -L{directory} -lz");
    let rpath = format!("[a.o][-L{directory}][-lz][-rpath][{directory}]");
    assert_eq!(root.prints(&link), rpath);

    let root = root.hook(
        "ld-wrapper-hook",
        "params+=(\"$linkType\" \"$linkerOutput\" \"$relocatable\" \"${extraAfter[0]:-}\")\n",
    );
    let seen = rpath.replace("[-lz]", "[-lz][dynamic][a.out][0][-rpath]");
    assert_eq!(root.prints(&link), seen);
    let seen = root.prints("ld -r a.o -o b.o");
    assert_eq!(seen, "[-r][a.o][-o][b.o][dynamic][b.o][1][]");
}

/// nixpkgs' script looks for `-r` and `-m` only where it needs them itself.
#[test]
fn a_linkers_hook_knows_what_the_script_has_looked_at() {
    let tell = "params=(\"$relocatable\" \"$link32\" \"$linkerOutput\"); extraAfter=()\n";
    let root = Root::new().hook("ld-wrapper-hook", tell);
    let told = |words: &[&str], variables: &[&str]| {
        let mut ld = root.tool("ld");
        ld.args(words);
        ld.envs(variables.iter().map(|name| (format!("{name}_s"), "1")));
        run(&mut ld)
    };
    let relocatable = &["-r", "-m", "elf_i386", "a.o"];
    let (no_rpath, build_id) = ("NIX_DONT_SET_RPATH", "NIX_SET_BUILD_ID");
    assert_eq!(told(relocatable, &[]), "[1][1][a.out]");
    assert_eq!(told(relocatable, &[build_id]), "[1][1][a.out]");
    assert_eq!(told(relocatable, &[no_rpath]), "[0][0][a.out]");
    assert_eq!(told(relocatable, &[no_rpath, build_id]), "[1][1][a.out]");
    write(&root.path("nix-support/dynamic-linker-m32"), "/lib/ld-32");
    assert_eq!(told(relocatable, &[no_rpath]), "[1][1][a.out]");

    // An -o without a value does not take what the wrapper adds.
    write(&root.path("lib/libz.so"), "");
    let directory = format!("-L{}", root.path("lib").display());
    assert_eq!(told(&[&directory, "-lz", "-o"], &[]), "[0][0][a.out]");
    assert_eq!(told(&["-lz", "-o", "x", "-o"], &[]), "[0][0][x]");
}

#[test]
fn a_hook_decides_by_variables_what_is_added_after_it() {
    let root = Root::new().hook(
        "add-local-ldflags-before.sh",
        "export NIX_DONT_SET_RPATH_s=1 NIX_SET_BUILD_ID_s=1\n",
    );
    write(&root.path("lib/libz.so"), "");
    let link = format!("ld -L{} -lz", root.path("lib").display());
    let printed = root.prints(&link);
    assert!(!printed.contains("-rpath"), "{printed}");
    assert!(printed.ends_with("[--build-id=sha1]"), "{printed}");
}

#[test]
fn a_hook_reads_what_the_wrapper_knows() {
    let tell = "params=(\"$dontLink\" \"$isCxx\" \"$linkType\" \"${compiler##*/}\" \"$@\" \"${0##*/}\" \"$NIX_CFLAGS_COMPILE_s\")\n";
    let root = Root::new()
        .hook("cc-cflags", "-DF")
        .hook("cc-wrapper-hook", tell);
    let told = |line: &str| root.prints(line);
    assert!(told("gcc -c a.c").starts_with("[1][0][][real][-c][a.c][gcc][-DF ]"));
    assert!(told("gcc -static a.c").starts_with("[0][0][static][real][-static][a.c]"));
    assert!(told("gcc -xc++ a.c").starts_with("[0][1][dynamic]"));
    assert!(
        told("clang a.c").starts_with("[0][1][dynamic]"),
        "clang finds C++ headers always"
    );
    write(&root.path("args"), "-c 'a b.c'");
    assert!(
        told("gcc @args").contains("[@args]"),
        "$@ is what the caller wrote"
    );
}

#[test]
fn variables_are_taken_back() {
    let root = Root::new().hook("cc-wrapper-hook", "export FOO=$'set\\n\\xff'\n");
    let output = root.tool("gcc").arg("-c").output().unwrap();
    assert_eq!(output.stdout, b"[-c]set\n\xff");

    let root = root.hook("cc-wrapper-hook", "unset FOO\n");
    let printed = run(root.tool("gcc").arg("-c").env("FOO", "given"));
    assert_eq!(printed, "[-c]");

    let root = root.hook("cc-wrapper-hook", "FOO=changed; BAR=not-exported\n");
    let printed = run(root.tool("gcc").arg("-c").env("FOO", "given"));
    assert_eq!(printed, "[-c]changed");
}

#[test]
fn path_is_the_hooks_own() {
    let root = Root::new().hook(
        "cc-wrapper-hook",
        "params=(\"$PATH\"); PATH=/lost; path_backup=/kept:$path_backup\n",
    );
    root.script("real", "#!/bin/sh\nprintf '[%s]' \"$@\" \"$PATH\"\n");
    root.toolchain(r#""shell": "/bin/bash", "hookPath": "/of/hooks","#);
    let printed = run(root.tool("gcc").env("PATH", "/usr/bin:/bin"));
    let bin = root.path("bin").display().to_string();
    assert_eq!(printed, format!("[/of/hooks][/kept:{bin}:/usr/bin:/bin]"));
}

#[test]
fn path_after_a_link_is_the_callers() {
    let root = Root::new().hook("post-link-hook", "echo \"<$PATH>\"\n");
    root.toolchain(r#""shell": "/bin/bash", "hookPath": "/of/hooks","#);
    let printed = run(root.tool("ld").env("PATH", "/usr/bin:/bin"));
    assert_eq!(printed, "[]</usr/bin:/bin>\n");
}

#[test]
fn functions_of_nixpkgs_wrappers_are_there() {
    let root = Root::new()
        .hook("utils.bash", "skip() { params+=(\"skipped $1\"); }\n")
        .hook("cc-wrapper-hook", "skip x\n");
    assert_eq!(root.prints("gcc -c"), "[-c][skipped x]");
}

#[test]
fn bytes_are_never_lost() {
    let root = Root::new()
        .hook("cc-wrapper-hook", "extraAfter+=(\"${params[@]}\")\n")
        .hook(
            "add-local-cc-cflags-before.sh",
            "params+=(\"${params[@]}\")\n",
        );
    let words = [
        &b"a\t\xe9 \xff"[..],
        b"",
        b"\n\n",
        b"'\"\\$(x)`y`*",
        b"\x01\x7f\x02",
    ];
    let mut gcc = root.tool("gcc");
    let output = gcc.args(words.map(OsStr::from_bytes)).output().unwrap();
    let once: Vec<u8> = words.map(|word| [b"[", word, b"]"].concat()).concat();
    assert_eq!(output.stdout, once.repeat(4));
    assert_eq!(text(&output.stderr), "");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn whatever_the_bytes(words in prop::collection::vec(prop::collection::vec(1u8.., 0..12), 0..6)) {
        let root = Root::new()
            .hook("cc-wrapper-hook", "extraAfter+=(\"${params[@]}\"); export FOO=${params[0]-}\n");
        let mut gcc = root.tool("gcc");
        gcc.arg("-c").args(words.iter().map(|word| OsStr::from_bytes(word)));
        let output = gcc.output().unwrap();
        let all = [vec![b"-c".to_vec()], words].concat();
        // A lone @FILE is none here.
        let once: Vec<u8> = all.iter().flat_map(|word| [b"[", &word[..], b"]"].concat()).collect();
        prop_assert_eq!(output.stdout, [&once[..], &once[..], b"-c"].concat());
    }
}

#[test]
fn what_a_hook_prints_is_the_callers() {
    let root = Root::new().hook("cc-wrapper-hook", "echo printed; echo told >&2; cat\n");
    let mut gcc = root.tool("gcc");
    let input = fs::File::open(root.path("nix-support/toolchain.json")).unwrap();
    let output = gcc.arg("-c").stdin(input).output().unwrap();
    let printed = text(&output.stdout);
    assert!(printed.starts_with("printed\n{\"version\""), "{printed}");
    assert!(printed.ends_with("}[-c]"), "{printed}");
    assert_eq!(text(&output.stderr), "told\n");
}

#[test]
fn hooks_that_do_little_or_too_much() {
    for (hook, printed) in [
        ("", "[-c][a]"),
        ("exit 0", "[-c][a]"),
        ("return 0", "[-c][a]"),
        ("extraAfter+=(b); exit 0", "[-c][a][b]"),
        ("params=()", "[]"),
        ("unset params extraBefore extraAfter", "[]"),
        ("params=x", "[x][a]"),
        ("params=''", "[][a]"),
        (
            "IFS=a; set +eu; set -f; shopt -u nullglob; false",
            "[-c][a]",
        ),
        (
            "exec 3</dev/null 4>/dev/null 9>&1 200>&1 201>&1; set -- z",
            "[-c][a]",
        ),
        ("trap 'echo not run' EXIT; extraAfter+=(b)", "[-c][a][b]"),
        ("trap - EXIT; extraAfter+=(b)", "[-c][a][b]"),
        ("readonly PATH path_backup; extraAfter+=(b)", "[-c][a][b]"),
        ("export -a LIST=(1 2); extraAfter+=(b)", "[-c][a][b]"),
        (
            "LC_ALL=C; params+=(\"$(printf '\\351')\")",
            "[-c][a][\u{fffd}]",
        ),
    ] {
        let root = Root::new().hook("cc-wrapper-hook", hook);
        let output = root.tool("gcc").args(["-c", "a"]).output().unwrap();
        let told = (text(&output.stdout), text(&output.stderr));
        assert_eq!(told, (printed.into(), String::new()), "{hook}");
    }
}

#[test]
fn a_hook_may_become_another_program() {
    let root = Root::new().hook("cc-wrapper-hook", "exec echo instead of ${compiler##*/}\n");
    assert_eq!(root.prints("gcc -c"), "instead of real\n");
    let root = root.hook("cc-wrapper-hook", "exec sh -c 'kill -9 $$'\n");
    let output = root.tool("gcc").output().unwrap();
    assert_eq!(output.status.signal(), Some(9));
    assert_eq!(output.stdout, b"");
}

#[test]
fn a_hook_that_reports_nothing_is_an_error() {
    for hook in [
        "trap 'rm -f x' EXIT; exit 0",
        "set -n",
        "enable -n printf",
        "exec 1000>&- 1001>&- 1002>&-; true",
    ] {
        let root = Root::new().hook("cc-wrapper-hook", hook);
        let (status, line) = failure(&root.tool("gcc").arg("-c").output().unwrap());
        assert_eq!(status, 1, "{hook}");
        assert!(
            line.contains("cc-wrapper-hook exited with status 0 before it could report"),
            "{line}"
        );
    }
}

#[test]
fn a_hook_that_fails_fails_the_call() {
    for (name, tool) in [
        ("add-local-cc-cflags-before.sh", "gcc"),
        ("cc-wrapper-hook", "gcc"),
        ("add-local-ldflags-before.sh", "ld"),
        ("ld-wrapper-hook", "ld"),
    ] {
        let root = Root::new().hook(name, "true\n(exit 7)\nextraAfter+=(x)\n");
        let output = root.tool(tool).arg("a.o").output().unwrap();
        let (status, line) = failure(&output);
        assert_eq!(status, 7);
        let path = root.path("nix-support").join(name).display().to_string();
        assert!(
            line.contains(&format!("{path} failed with status 7")),
            "{line}"
        );
        assert_eq!(output.stdout, b"", "the tool has not run");
    }
    let root = Root::new().hook("cc-wrapper-hook", "kill -SEGV $$\n");
    let output = root.tool("gcc").output().unwrap();
    assert_eq!(output.status.signal(), Some(11));
    let line = text(&output.stderr);
    assert!(line.starts_with("cc-wrapper: gcc: /"), "{line}");
    assert!(
        line.ends_with("cc-wrapper-hook was ended by SIGSEGV; correct this hook, or remove it\n"),
        "{line}"
    );
}

#[test]
fn without_bash_a_hook_is_an_error_and_no_hook_is_none() {
    let root = Root::new();
    root.toolchain(r#""shell": "/no/such/bash","#);
    assert_eq!(root.prints("gcc -c"), "[-c]");
    let root = root.hook("cc-wrapper-hook", "");
    let (status, line) = failure(&root.tool("gcc").arg("-c").output().unwrap());
    assert_eq!(status, 1);
    assert!(
        line.contains("cc-wrapper-hook: /no/such/bash: no such file or directory; install bash"),
        "{line}"
    );
    root.toolchain("");
    let mut gcc = root.tool("gcc");
    let (_, line) = failure(&gcc.arg("-c").env("PATH", "/nowhere").output().unwrap());
    assert!(line.contains("no bash on PATH"), "{line}");
}

#[test]
fn one_bash_runs_each_hook() {
    for binary in [
        Path::new(env!("CARGO_BIN_EXE_cc-wrapper")),
        release_binary(),
    ] {
        let root = Root::of(binary)
            .hook("add-local-cc-cflags-before.sh", "")
            .hook("cc-wrapper-hook", "");
        let log = root.path("log").display().to_string();
        let counting = format!("#!/bin/sh\necho bash >> {log}\nexec bash \"$@\"\n");
        root.script("counting", &counting);
        let shell = root.path("counting").display().to_string();
        root.toolchain(&format!(r#""shell": "{shell}","#));
        assert_eq!(root.prints("gcc -c"), "[-c]");
        assert_eq!(fs::read_to_string(&log).unwrap(), "bash\nbash\n");
    }
}

#[test]
fn after_a_link_a_hook_sees_its_output() {
    let root = Root::new().hook(
        "post-link-hook",
        "cp \"$linkerOutput\" \"$linkerOutput.signed\"; echo ${#params[@]} $linkType\n",
    );
    let ld = which::which("ld").unwrap();
    fs::remove_file(root.path("real")).unwrap();
    symlink(ld, root.path("real")).unwrap();
    write(&root.path("a.c"), "int a;\n");
    run(command("gcc")
        .args(["-c", "a.c"])
        .current_dir(root.0.path()));
    for output in ["-o b.o", "--output=b.o", "-ob.o"] {
        let printed = root.prints(&format!("ld -r a.o {output}"));
        assert!(printed.ends_with(" dynamic\n"), "{printed}");
        let signed = root.path("b.o.signed");
        assert!(fs::read(&signed).unwrap() == fs::read(root.path("b.o")).unwrap());
        fs::remove_file(signed).unwrap();
    }

    let output = root.tool("ld").arg("none.o").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"", "the hook has not run");

    let root = root.hook("post-link-hook", "exit 3\n");
    let (status, line) = failure(&root.tool("ld").args(["-r", "a.o"]).output().unwrap());
    assert_eq!(status, 3);
    assert!(
        line.contains("post-link-hook failed with status 3"),
        "{line}"
    );
}

#[test]
fn a_hook_may_call_the_compiler_again_but_not_for_ever() {
    let root = Root::new().hook("cc-wrapper-hook", "\"$0\" -c nested\n");
    let output = root.tool("gcc").arg("-c").output().unwrap();
    assert!(!output.status.success());
    let errors = text(&output.stderr);
    assert!(errors.contains("is cc-wrapper itself"), "{errors}");
    let root = root.hook(
        "cc-wrapper-hook",
        "[[ $* == *nested* ]] || \"$0\" -c nested\n",
    );
    assert_eq!(root.prints("gcc -c"), "[-c][nested][-c]");
}
