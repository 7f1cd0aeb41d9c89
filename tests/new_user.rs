//! The first steps of a new user, on a machine with only gcc and make, without
//! even `ls`. The tests assert the text that the user reads.

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use common::bare_root::{BareRoot, HOME, Shell};
use common::{run, runpath, write};

/// The prefixes of two libraries; `b` needs `a`.
const LIBRARIES: [(&str, &str, &str); 2] = [
    (
        "a",
        "const char *greeting(void);\n",
        "const char *greeting(void) { return \"hello\"; }\n",
    ),
    (
        "b",
        "void greet(const char *whom);\n",
        "#include <a.h>\n#include <stdio.h>\n\
         void greet(const char *whom) { printf(\"%s, %s\\n\", greeting(), whom); }\n",
    ),
];

const MAIN: &str = "#include <a.h>\n#include <b.h>\n\
                    int main(void) { greet(\"you\"); return greeting()[0] != 'h'; }\n";

/// Creates a machine with cc-wrapper, and sources that are not built yet.
fn machine() -> Option<BareRoot> {
    // No package leads to the shell, which make runs commands by.
    let root = BareRoot::with(&["gcc", "make", "libc6-dev"], &["dash"])?;
    let binary = root.path("/usr/local/bin/cc-wrapper");
    fs::copy(env!("CARGO_BIN_EXE_cc-wrapper"), binary).unwrap();
    for (name, header, source) in LIBRARIES {
        let prefix = root.path(&format!("/opt/{name}"));
        let needed = if name == "b" { "-la" } else { "" };
        write(&prefix.join(format!("include/{name}.h")), header);
        write(&prefix.join(format!("{name}.c")), source);
        let makefile = format!(
            "lib/lib{name}.so.1: {name}.c\n\
             \t$(CC) -shared -fPIC -Wl,-soname,lib{name}.so.1 {name}.c {needed} -o $@\n"
        );
        write(&prefix.join("Makefile"), &makefile);
        fs::create_dir(prefix.join("lib")).unwrap();
        symlink(
            format!("lib{name}.so.1"),
            prefix.join(format!("lib/lib{name}.so")),
        )
        .unwrap();
    }
    let app = root.path(HOME).join("app");
    write(&app.join("main.c"), MAIN);
    write(&app.join("Makefile"), "LDLIBS = -la -lb\nmain: main.c\n");
    Some(root)
}

/// Returns the output of lines that must succeed.
#[track_caller]
fn well(shell: &mut Shell, lines: &str) -> String {
    let (status, text) = shell.types(lines);
    assert_eq!(status, 0, "{lines}\n{text}");
    text
}

/// Returns the output of lines that must fail with this status.
#[track_caller]
fn ill(shell: &mut Shell, status: i32, lines: &str) -> String {
    let (actual, text) = shell.types(lines);
    assert_eq!(actual, status, "{lines}\n{text}");
    text
}

/// Builds the program from the start. The shell stays in its directory.
fn to_a_program(root: &BareRoot) -> Shell {
    let mut shell = root.shell();
    let told = well(&mut shell, "cc-wrapper wrap toolchain");
    let lines: Vec<&str> = told.lines().collect();
    let [first, gcc, linkers, checked, last] = lines[..] else {
        panic!("{told}")
    };
    assert!(
        first.starts_with("wrapped /home/you/toolchain for "),
        "{told}"
    );
    assert!(gcc.starts_with("  gcc "), "{told}");
    assert!(linkers.starts_with("  linkers       ld ld.bfd"), "{told}");
    assert_eq!(checked, "  checked       C with gcc: compiled, linked, ran");
    assert_eq!(
        last,
        "use it: PATH=/home/you/toolchain/bin:$PATH, or CC=/home/you/toolchain/bin/cc"
    );

    well(&mut shell, "make -C /opt/a");
    let lines = "eval \"$(toolchain/bin/cc-wrapper env /opt/a)\" && make -C /opt/b";
    well(&mut shell, lines);
    let b = root.path("/opt/b/lib/libb.so.1");
    assert_eq!(runpath(&b), [Path::new("/opt/a/lib")]);

    let lines = "eval \"$(toolchain/bin/cc-wrapper env /opt/a /opt/b)\" && cd app && make";
    assert_eq!(
        well(&mut shell, lines),
        "/home/you/toolchain/bin/cc     main.c  -la -lb -o main\n"
    );
    shell
}

/// Returns the output of the built program, run without any variables.
fn alone(root: &BareRoot) -> String {
    run(&mut root.command(&[], "/home/you/app/main"))
}

const EXPLAINED: &str = "\
/usr/bin/cc       role cc, by /home/you/toolchain/nix-support/toolchain.json
  main.c          your argument 1
  -la             your argument 2
  -lb             your argument 3
  -o              your argument 4
  main            your argument 5
  -isystem        NIX_CFLAGS_COMPILE
  /opt/a/include  NIX_CFLAGS_COMPILE
  -isystem        NIX_CFLAGS_COMPILE
  /opt/b/include  NIX_CFLAGS_COMPILE
  -L/opt/a/lib    NIX_LDFLAGS
  -L/opt/b/lib    NIX_LDFLAGS

reads        NIX_CFLAGS_COMPILE and related variables: this root needs no role marker
link         yes, dynamic
compdb       nothing: CC_WRAPPER_COMPDB is not set
linker       /home/you/toolchain/bin/ld, which becomes /usr/bin/ld, and adds this:
  -rpath      rpath
  /opt/a/lib  rpath: liba.so found in it
  -rpath      rpath
  /opt/b/lib  rpath: libb.so found in it
";

const WELL: &str = "/home/you/toolchain\nenvironment\nno problems found\n";

const PROGRAM_WELL: &str = "\
/home/you/app/main
no problems found
";

#[test]
fn a_new_user_builds_a_program_and_gets_clear_errors() {
    let Some(root) = machine() else { return };
    let shell = &mut to_a_program(&root);
    assert_eq!(alone(&root), "hello, you\n");
    let path = runpath(&root.path("/home/you/app/main"));
    assert_eq!(path, ["/opt/a/lib", "/opt/b/lib"].map(PathBuf::from));
    let explain = "cc-wrapper explain -- cc main.c -la -lb -o main";
    assert_eq!(well(shell, explain), EXPLAINED);
    assert_eq!(well(shell, "cc-wrapper doctor"), WELL);
    assert_eq!(well(shell, "cc-wrapper doctor main"), PROGRAM_WELL);

    // Each is put right again before the next.
    let away = root.path("/away");
    for (gone, check) in [
        ("/opt/b/lib", without_a_library as fn(&mut Shell)),
        ("/opt/b/include", without_headers),
        ("/usr/bin/gcc", without_a_compiler),
        ("/usr/bin/ld", without_a_linker),
        ("/home/you/toolchain/bin/cc-wrapper", without_the_binary),
        ("/home/you/toolchain/bin", without_the_tools),
    ] {
        fs::rename(root.path(gone), &away).unwrap();
        check(shell);
        fs::rename(&away, root.path(gone)).unwrap();
        assert_eq!(well(shell, "cc-wrapper doctor"), WELL, "{gone}");
    }
    let binary = root.path("/home/you/toolchain/bin/cc-wrapper");
    fs::set_permissions(&binary, Permissions::from_mode(0o644)).unwrap();
    without_the_right_to_run(shell);
    fs::set_permissions(&binary, Permissions::from_mode(0o755)).unwrap();
    assert_eq!(well(shell, "cc-wrapper doctor"), WELL);
    assert_eq!(well(shell, "cc-wrapper doctor main"), PROGRAM_WELL);
    // And by what the doctor says.
    fs::remove_file(root.path("/home/you/toolchain/bin/cc-wrapper")).unwrap();
    ill(shell, 1, "cc-wrapper doctor");
    well(shell, "cc-wrapper wrap ~/toolchain");
    assert_eq!(well(shell, "cc-wrapper doctor"), WELL);
    well(shell, "make -B");
    assert_eq!(alone(&root), "hello, you\n");
}

fn without_a_library(shell: &mut Shell) {
    let told = ill(shell, 127, "./main");
    assert!(told.contains("libb.so.1: cannot open shared"), "{told}");
    assert_eq!(
        ill(shell, 1, "cc-wrapper doctor main"),
        "/home/you/app/main\n  \
           error: needs libb.so.1, which is not found; install it in /opt/b/lib, or link it again \
           with -LDIR in NIX_LDFLAGS, where DIR has libb.so.1, or run patchelf --add-rpath DIR\n  \
           warning: looks for libraries in /opt/b/lib, which does not exist; link it again without \
           that directory, or run patchelf --set-rpath\n\
         1 error, 1 warning\n"
    );
    assert_eq!(
        well(shell, "cc-wrapper doctor"),
        "/home/you/toolchain\nenvironment\n  \
           warning: NIX_LDFLAGS names -L /opt/b/lib, which does not exist, and CMAKE_LIBRARY_PATH \
           names it too; remove it, or install what should be there\n\
         1 warning\n"
    );
}

fn without_headers(shell: &mut Shell) {
    let told = ill(shell, 2, "make -B");
    assert!(told.contains("b.h: No such file or directory"), "{told}");
    assert_eq!(
        well(shell, "cc-wrapper doctor"),
        "/home/you/toolchain\nenvironment\n  \
           warning: NIX_CFLAGS_COMPILE names -isystem /opt/b/include, which does not exist, and \
           CMAKE_INCLUDE_PATH names it too; remove it, or install what should be there\n\
         1 warning\n"
    );
}

fn without_a_compiler(shell: &mut Shell) {
    let told = ill(shell, 2, "make -B");
    let line = "cc-wrapper: cc: cannot run /usr/bin/cc: no such file or directory; install it, or run \"cc-wrapper wrap DIR\" again";
    assert_eq!(told.lines().nth(1), Some(line), "{told}");
    assert_eq!(
        ill(shell, 1, "cc-wrapper doctor"),
        "/home/you/toolchain\n  \
           error: /home/you/toolchain/bin/cc runs /usr/bin/cc, which is a link to nothing; install \
           it, or wrap the toolchain again\n  \
           error: /home/you/toolchain/bin/gcc runs /usr/bin/gcc, which does not exist; install it, \
           or wrap the toolchain again\n\
         environment\n\
         2 errors\n"
    );
}

fn without_a_linker(shell: &mut Shell) {
    let told = ill(shell, 2, "make -B");
    let line = "cc-wrapper: ld: cannot run /usr/bin/ld: no such file or directory; install it, or run \"cc-wrapper wrap DIR\" again";
    assert_eq!(told.lines().nth(1), Some(line), "{told}");
    assert_eq!(
        ill(shell, 1, "cc-wrapper doctor"),
        "/home/you/toolchain\n  \
           error: /home/you/toolchain/bin/ld runs /usr/bin/ld, which does not exist; install it, \
           or wrap the toolchain again\n\
         environment\n\
         1 error\n"
    );
}

fn without_the_binary(shell: &mut Shell) {
    ill(shell, 2, "make -B");
    let told = ill(shell, 1, "cc-wrapper doctor");
    let [root, error, environment, count] = told.lines().collect::<Vec<_>>()[..] else {
        panic!("{told}")
    };
    assert_eq!(
        [root, environment, count],
        ["/home/you/toolchain", "environment", "1 error"]
    );
    let begin = "  error: /home/you/toolchain/bin/cc-wrapper does not exist, and these links lead to it: cc ";
    assert!(error.starts_with(begin), "{told}");
    let end = "; wrap or adopt the toolchain again";
    assert!(error.ends_with(end), "{told}");
}

fn without_the_right_to_run(shell: &mut Shell) {
    ill(shell, 2, "make -B");
    let told = ill(shell, 1, "cc-wrapper doctor");
    let [root, error, environment, count] = told.lines().collect::<Vec<_>>()[..] else {
        panic!("{told}")
    };
    assert_eq!(
        [root, environment, count],
        ["/home/you/toolchain", "environment", "1 error"]
    );
    let begin = "  error: /home/you/toolchain/bin/cc-wrapper is not an executable file, and \
                 these links lead to it: ";
    assert!(error.starts_with(begin), "{told}");
    let end = "; chmod +x /home/you/toolchain/bin/cc-wrapper";
    assert!(error.ends_with(end), "{told}");
}

fn without_the_tools(shell: &mut Shell) {
    assert_eq!(
        ill(shell, 1, "cc-wrapper doctor"),
        "environment\n  \
           error: /usr/bin/cc comes first on PATH, and is not wrapped; cc-wrapper wrap DIR, then \
           PATH=DIR/bin:$PATH\n  \
           error: CC names /home/you/toolchain/bin/cc, which does not exist; unset it, or set it \
           as cc-wrapper env does\n  \
           error: LD names /home/you/toolchain/bin/ld, which does not exist; unset it, or set it \
           as cc-wrapper env does\n\
         3 errors\n"
    );
}

/// As in a chroot with an unpacked system.
#[test]
fn it_also_works_without_proc_and_dev() {
    let Some(mut root) = machine() else { return };
    root.mounts = false;
    let null = root.path("/dev/null");
    fs::remove_file(&null).unwrap();
    let told = ill(&mut root.shell(), 1, "cc-wrapper wrap toolchain");
    assert!(
        told.ends_with("; mount /dev, because there is no /dev/null; name one with --cc\n"),
        "{told}"
    );
    // As one gets it by a redirection.
    fs::write(&null, "").unwrap();
    let shell = &mut to_a_program(&root);
    assert_eq!(alone(&root), "hello, you\n");
    assert_eq!(well(shell, "cc-wrapper doctor"), WELL);
    assert_eq!(well(shell, "cc-wrapper doctor main"), PROGRAM_WELL);
    let told = well(shell, "cc-wrapper run -- make -B");
    assert!(
        told.contains("\ncc-wrapper: 1 compile, 1 link, none failed; "),
        "{told}"
    );
    well(shell, "~/toolchain/bin/cc-wrapper wrap ~/toolchain");
}
