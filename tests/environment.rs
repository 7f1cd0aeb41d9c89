//! `cc-wrapper env`: shells accept its output, and builds find the dependencies
//! with it.

mod common;

use std::ffi::OsStr;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use common::{command, run, run_alone, runpath, tool, wrap, write};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");

/// The dependencies: `one`, and `two` in lib64, which propagates `one`.
struct Place(TempDir);

impl Place {
    /// The libraries are compiled.
    fn new() -> Option<Place> {
        tool("gcc")?;
        let place = Place::empty();
        for (name, lib, text) in [
            ("one", "lib", "const char *one(void) { return \"one\"; }\n"),
            (
                "two",
                "lib64",
                "const char *one(void);\nconst char *two(void) { return one() ? \"two\" : 0; }\n",
            ),
        ] {
            let source = place.path(&format!("{name}.c"));
            write(&source, text);
            let library = place.path(&format!("{name}/{lib}/lib{name}.so"));
            run(command("gcc")
                .args(["-shared", "-fPIC", "-o"])
                .arg(library)
                .arg(&source));
        }
        Some(place)
    }

    /// There are no libraries to link.
    fn empty() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        for (name, lib) in [("one", "lib"), ("two", "lib64")] {
            let prefix = place.path(name);
            let header = format!("const char *{name}(void);\n");
            write(&prefix.join(format!("include/{name}.h")), &header);
            write(&prefix.join(lib).join(format!("lib{name}.so")), "");
            let at = prefix.display();
            let requires = if name == "two" { "Requires: one\n" } else { "" };
            let module = format!(
                "Name: {name}\nDescription: x\nVersion: 1.2\n{requires}\
                 Cflags: -I{at}/include\nLibs: -L{at}/{lib} -l{name}\n"
            );
            write(
                &prefix.join(lib).join(format!("pkgconfig/{name}.pc")),
                &module,
            );
        }
        let list = place.path("two/nix-support/propagated-build-inputs");
        write(&list, &format!("{}\n", place.path("one").display()));
        write(
            &place.path("main.c"),
            "#include <one.h>\n#include <stdio.h>\n#include <two.h>\n\
             int main(void) { printf(\"%s %s\\n\", one(), two()); return 0; }\n",
        );
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Creates a wrapped root with these `tools`, and these files in its bin.
    fn root(&self, name: &str, tools: &str, bin: &[&str]) {
        let text = format!(r#"{{"version": 1, "suffixSalt": "s", "tools": {tools}}}"#);
        let root = self.path(name);
        write(&root.join("nix-support/toolchain.json"), &text);
        for file in bin {
            write(&root.join("bin").join(file), "");
        }
    }

    fn env<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = command(BINARY);
        command.arg("env").args(args).current_dir(self.0.path());
        command
    }

    /// Returns a bash that evaluates `env`, as a user types it, and runs
    /// `script`.
    fn shell(&self, prefixes: &str, script: &str) -> Command {
        let root = root().display();
        let script =
            format!("eval \"$({BINARY} env --toolchain {root} {prefixes})\" && {{\n{script}\n}}");
        let mut command = command("bash");
        command.args(["-euc", &script]).current_dir(self.0.path());
        command
    }

    fn built(&self, program: &str) {
        let program = self.path(program);
        assert_eq!(run_alone(&program), "one two\n");
        let path = runpath(&program);
        for directory in ["one/lib", "two/lib64"] {
            assert!(path.contains(&self.path(directory)), "{path:?}");
        }
    }
}

/// Returns a wrapped root that the tests share.
fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("environment-root");
        let _ = fs::remove_dir_all(&dir);
        let mut options = vec!["--cc", "gcc", "--no-check"];
        if which::which("g++").is_ok() {
            options.extend(["--cc", "g++"]);
        }
        wrap(&dir, options);
        dir
    })
}

fn json(text: &str) -> serde_json::Map<String, serde_json::Value> {
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    value.as_object().unwrap().clone()
}

/// Asserts that there is one line on standard error, and a failing command for
/// the shell to evaluate.
#[track_caller]
fn refused(command: &mut Command, part: &str) {
    refused_with(command, part, "false\n");
}

#[track_caller]
fn refused_with(command: &mut Command, part: &str, expected: &str) {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{part}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.starts_with("cc-wrapper: ") && text.contains(part),
        "{text}"
    );
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

fn words(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}

#[test]
fn a_plain_makefile_builds_with_the_variables() {
    let Some(place) = Place::new() else { return };
    let Some(_) = tool("make") else { return };
    let makefile = "main: main.c\n\t$(CC) $(CFLAGS) main.c -o main -ltwo -lone\n";
    write(&place.path("Makefile"), makefile);
    run(&mut place.shell("one two", "make"));
    place.built("main");
    // And one that calls the compiler by its name.
    write(&place.path("Makefile"), &makefile.replace("$(CC)", "gcc"));
    run(&mut place.shell("two", "rm main; make"));
    place.built("main");
}

#[test]
fn a_roots_own_binary_uses_that_root() {
    let Some(place) = Place::new() else { return };
    let env = run(command(root().join("bin/cc-wrapper"))
        .args(["env", "--shell", "json"])
        .arg(place.path("one")));
    let cc = root().join("bin/cc");
    assert_eq!(json(&env)["CC"], cc.to_str().unwrap());
}

#[test]
fn a_second_time_changes_nothing() {
    let place = Place::empty();
    let script = format!(
        "first=$(env); eval \"$({BINARY} env --toolchain $PWD/root one two)\"; second=$(env)
         eval \"$({BINARY} env --toolchain root two ./one/ \"$PWD\"/one/.)\"
         [[ $second != \"$first\" && $(env) == \"$second\" ]]"
    );
    write(
        &place.path("root/nix-support/toolchain.json"),
        r#"{"version": 1, "suffixSalt": "s", "tools": {}}"#,
    );
    let mut bash = command("bash");
    // Without a variable that each command changes.
    let script = script.replace("$(env)", "$(env -u _ | sort)");
    run(bash.args(["-euc", &script]).current_dir(place.0.path()));
}

#[test]
fn existing_values_are_extended_in_the_order_of_the_hooks() {
    let place = Place::empty();
    fs::create_dir(place.path("one/lib64")).unwrap();
    symlink("lib64", place.path("two/lib")).unwrap();
    let mut env = place.env(&["two", "--shell", "json", "--toolchain"]);
    env.arg(root());
    env.env("NIX_CFLAGS_COMPILE", "-DX")
        .env("NIX_LDFLAGS", "-L/there")
        .env("CMAKE_PREFIX_PATH", "/there");
    let set = json(&run(&mut env));
    let at = |name: &str| place.path(name).display().to_string();
    let (one, two) = (at("one"), at("two"));
    for (name, expected) in [
        (
            "NIX_CFLAGS_COMPILE",
            format!("-DX -isystem {two}/include -isystem {one}/include"),
        ),
        // A lib that is a link to lib64 counts as the hooks have it.
        (
            "NIX_LDFLAGS",
            format!("-L/there -L{two}/lib64 -L{two}/lib -L{one}/lib64 -L{one}/lib"),
        ),
        ("CMAKE_PREFIX_PATH", format!("/there:{two}:{one}")),
        ("CMAKE_INCLUDE_PATH", format!("{two}/include:{one}/include")),
        (
            "CMAKE_LIBRARY_PATH",
            format!("/there:{two}/lib64:{two}/lib:{one}/lib64:{one}/lib"),
        ),
    ] {
        assert_eq!(set[name], expected, "{name}");
    }
    let path = set["PATH"].as_str().unwrap();
    assert!(path.starts_with(&format!("{}:", root().join("bin").display())));
}

#[test]
fn libraries_where_debians_meson_puts_them_are_found() {
    let place = Place::empty();
    let native = format!("{}-linux-gnu", std::env::consts::ARCH);
    let foreign = ["riscv64", "s390x"].map(|arch| format!("{arch}-linux-gnu"));
    for triple in foreign.iter().chain([&native]) {
        let lib = place.path("three/lib").join(triple);
        write(&lib.join("libthree.so"), "");
        write(&lib.join("pkgconfig/three.pc"), "");
    }
    // Another spelling of the same, which counts too.
    let tools = r#"{"riscv64-unknown-linux-gnu-gcc": {"role": "cc", "program": "/none"}}"#;
    place.root("cross", tools, &["riscv64-unknown-linux-gnu-gcc"]);
    for (options, triple) in [(&[][..], &native), (&["--toolchain", "cross"], &foreign[0])] {
        let mut env = place.env(&["three", "--shell", "json"]);
        let set = json(&run(env.args(options)));
        let lib = place.path("three/lib").join(triple).display().to_string();
        assert_eq!(set["NIX_LDFLAGS"], format!("-L{lib}"));
        assert_eq!(set["PKG_CONFIG_PATH"], format!("{lib}/pkgconfig"));
        assert!(!set.contains_key("NIX_CFLAGS_COMPILE"));
    }
}

#[test]
fn a_propagated_system_prefix_is_skipped() {
    let place = Place::empty();
    let list = place.path("one/nix-support/propagated-build-inputs");
    write(&list, "/usr / /usr/\n");
    let mut env = place.env(&["one", "--shell", "json", "--toolchain"]);
    let output = env.arg(root()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    let set = json(&String::from_utf8(output.stdout).unwrap());
    let one = place.path("one").display().to_string();
    assert_eq!(set["NIX_CFLAGS_COMPILE"], format!("-isystem {one}/include"));
    assert_eq!(set["CMAKE_PREFIX_PATH"], one);
}

#[test]
fn a_prefix_may_hold_nothing_but_data() {
    let place = Place::empty();
    let config = "share/ECM/cmake/ECMConfig.cmake";
    write(
        &place.path("ecm").join(config),
        "message(STATUS \"it is ECM\")\n",
    );
    let set = json(&run(&mut place.env(&["ecm", "--shell", "json"])));
    let ecm = place.path("ecm").display().to_string();
    assert_eq!(set["CMAKE_PREFIX_PATH"], ecm);
    assert_eq!(set.len(), 1);
    let Some(_) = tool("cmake") else { return };
    write(
        &place.path("CMakeLists.txt"),
        "cmake_minimum_required(VERSION 3.13)\nproject(x NONE)\nfind_package(ECM REQUIRED)\n",
    );
    let said = run(&mut place.shell("ecm", "cmake -S . -B build"));
    assert!(said.contains("it is ECM"), "{said}");
}

#[test]
fn binutils_are_the_roots_own() {
    let place = Place::empty();
    let names = |set: &serde_json::Map<String, serde_json::Value>| {
        let names = set.keys().filter(|name| *name != "PATH");
        names.map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    let mut env = place.env(&["--shell", "json", "--toolchain"]);
    let set = json(&run(env.arg(root())));
    for name in ["AR", "AS", "LD", "NM", "OBJCOPY", "RANLIB", "STRIP"] {
        let path = root().join("bin").join(name.to_lowercase());
        assert_eq!(set[name], path.to_str().unwrap(), "{name}");
        assert!(path.exists());
    }
    // Of another target, by the names that it has.
    let cross = r#"{"avr-gcc": {"role": "cc", "program": "/none"}}"#;
    place.root(
        "avr",
        cross,
        &["avr-gcc", "avr-ar", "avr-ld", "strip", "llvm-nm"],
    );
    let set = json(&run(&mut place.env(&[
        "--shell",
        "json",
        "--toolchain",
        "avr",
    ])));
    assert_eq!(
        names(&set),
        "AR CC CCACHE_COMPILERCHECK LD NIX_BINTOOLS_WRAPPER_TARGET_HOST_s \
         NIX_CC_WRAPPER_TARGET_HOST_s SCCACHE_C_CUSTOM_CACHE_BUSTER"
    );
    assert_eq!(set["AR"], place.path("avr/bin/avr-ar").to_str().unwrap());
    // clang has one name for all targets.
    let clang = r#"{"clang": {"role": "cc", "program": "/none"},
                    "avr-ld": {"role": "ld", "program": "/none"}}"#;
    place.root("clang", clang, &["clang", "ld", "avr-ld", "avr-ar"]);
    let set = json(&run(&mut place.env(&[
        "--shell",
        "json",
        "--toolchain",
        "clang",
    ])));
    assert_eq!(set["AR"], place.path("clang/bin/avr-ar").to_str().unwrap());
    assert_eq!(set["LD"], place.path("clang/bin/ld").to_str().unwrap());
}

#[test]
fn variables_left_by_another_root_cause_a_warning() {
    let place = Place::empty();
    let tools = r#"{"cc": {"role": "cc", "program": "/none"}}"#;
    place.root("first", tools, &["cc", "c++", "ar"]);
    place.root("second", tools, &["cc"]);
    let at = |name: &str| place.path(name);
    let mut env = place.env(&["--toolchain", "second"]);
    env.env("CC", at("first/bin/cc"))
        .env("CXX", at("first/bin/c++"))
        .env("AR", "ar")
        .env("NM", "/usr/bin/nm")
        .env("PATH", at("first/bin"));
    fs::set_permissions(at("first/bin/c++"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(at("first/bin/ar"), fs::Permissions::from_mode(0o755)).unwrap();
    let output = env.output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    let [first, second] = ["first", "second"].map(|name| fs::canonicalize(at(name)).unwrap());
    let expected = format!(
        "cc-wrapper: warning: CXX, AR are still from {}, because {} has no such tool; ",
        first.display(),
        second.display()
    );
    assert!(text.starts_with(&expected), "{text}");
    assert_eq!(text.lines().count(), 1);
    let mut env = place.env(&["--toolchain", "first"]);
    let output = env.env("CXX", at("first/bin/c++")).output().unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_shell_that_evaluates_an_error_fails() {
    let place = Place::empty();
    for (shell, args) in [
        ("bash", &["-ec"][..]),
        ("dash", &["-ec"]),
        ("zsh", &["-fec"]),
        ("fish", &["--no-config", "-c"]),
    ] {
        if tool(shell).is_none() {
            continue;
        }
        for env in ["/none", "--none", "", "one --toolchain one"] {
            let env = format!("{BINARY} env {env} --shell {shell}");
            let scripts = match shell {
                "fish" => vec![format!("{env} | source; and echo went on")],
                _ => vec![
                    format!("eval \"$({env})\"; echo went on"),
                    format!("eval \"$({env})\" && echo went on"),
                ],
            };
            for script in scripts {
                let mut command = command(shell);
                command.args(args).arg(&script).env("HOME", place.0.path());
                let output = command.current_dir(place.0.path()).output().unwrap();
                let is_and = script.contains("and echo") || script.contains("&&");
                assert!(is_and || !output.status.success(), "{script}");
                assert!(output.stdout.is_empty(), "{script}: {output:?}");
                let said = String::from_utf8(output.stderr).unwrap();
                assert_eq!(said.lines().count(), 1, "{script}: {said}");
            }
        }
    }
    // Without a word on who is to read it, it is a shell.
    refused(&mut place.env(&["--none"]), "'--none'");
    for reader in ["json", "nu", "github"] {
        let reader = format!("--shell={reader}");
        refused_with(
            &mut place.env(&["none", &reader]),
            "none does not exist",
            "",
        );
        refused_with(&mut place.env(&["--none", &reader]), "'--none'", "");
    }
    refused_with(&mut place.env(&["one", "--shell", "tcsh"]), "'tcsh'", "");
}

#[test]
fn the_prefix_of_the_build_names_its_library_directories() {
    let place = Place::empty();
    let libraries = |args: &[&str]| {
        let args = [args, &["--shell", "json"]].concat();
        let set = json(&run(&mut place.env(&args)));
        let list = set["CC_WRAPPER_INSTALL_LIBRARIES"].as_str().unwrap();
        list.replace(place.0.path().to_str().unwrap(), "")
    };
    // It need not exist yet.
    assert_eq!(libraries(&["--prefix", "new"]), "/new/lib");
    assert_eq!(
        libraries(&["one", "--prefix", "./sub/../new/"]),
        "/sub/../new/lib"
    );
    let triple = format!("{}-linux-gnu", std::env::consts::ARCH);
    fs::create_dir_all(place.path("old/lib").join(&triple)).unwrap();
    fs::create_dir_all(place.path("old/lib/avr-linux-gnu")).unwrap();
    symlink("lib", place.path("old/lib64")).unwrap();
    let both = format!("/old/lib:/old/lib/{triple}");
    assert_eq!(libraries(&["--prefix", "old"]), both);
    assert_eq!(
        libraries(&["--prefix", "one/../two"]),
        "/two/lib:/two/lib64"
    );
    let given = ["--prefix", "new", "--libdir", "lib/x", "--libdir", "/opt/y"];
    assert_eq!(libraries(&given), "/new/lib/x:/opt/y");
}

#[test]
fn shells_have_names() {
    let place = Place::empty();
    let bash = run(&mut place.env(&["one", "two"]));
    for name in ["bash", "sh", "dash", "ksh", "zsh"] {
        let other = run(&mut place.env(&["one", "two", "--shell", name]));
        assert_eq!(other, bash, "{name}");
    }
}

#[test]
fn a_root_that_needs_markers_gets_them() {
    let place = Place::empty();
    write(
        &place.path("ld/nix-support/toolchain.json"),
        r#"{"version": 1, "suffixSalt": "l", "tools": {}}"#,
    );
    write(
        &place.path("cc root/nix-support/toolchain.json"),
        r#"{"version": 1, "suffixSalt": "s", "bintools": "../ld", "tools": {
            "x-gcc": {"role": "cc", "program": "/usr/bin/gcc"},
            "x-g++": {"role": "c++", "program": "/usr/bin/g++"},
            "gone": {"role": "pkg-config", "program": "/usr/bin/pkg-config"}}}"#,
    );
    write(&place.path("cc root/bin/x-gcc"), "");
    let set = json(&run(&mut place.env(&[
        "--shell",
        "json",
        "--toolchain",
        "cc root",
    ])));
    // Its path has white space, which make would split.
    assert_eq!(set["CC"], "x-gcc");
    let mut names: Vec<&str> = set.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "CC",
            "CCACHE_COMPILERCHECK",
            "NIX_BINTOOLS_WRAPPER_TARGET_HOST_l",
            "NIX_BINTOOLS_WRAPPER_TARGET_HOST_s",
            "NIX_CC_WRAPPER_TARGET_HOST_s",
            "NIX_PKG_CONFIG_WRAPPER_TARGET_HOST_s",
            "PATH",
            "SCCACHE_C_CUSTOM_CACHE_BUSTER",
        ]
    );
}

/// A value with all characters that are special in a shell.
const ODD: &[u8] = b"a'b\"c\\d$e`f!g*h\ti\nj;k&l#m\\'n%o\r {p} (q) ~ \xc3\xa9";

/// Returns a prefix with an include directory whose name is not UTF-8.
fn raw(place: &Place) -> PathBuf {
    let prefix = place.0.path().join(OsStr::from_bytes(b"r'$\xff\\x\xe9"));
    fs::create_dir_all(prefix.join("include")).unwrap();
    prefix
}

#[test]
fn shells_read_back_each_byte() {
    let place = Place::empty();
    let prefix = raw(&place);
    let expected = [ODD, b" -isystem ", &words(&prefix), b"/include"].concat();
    let shells = [
        (
            "bash",
            "bash",
            "eval \"$(\"$@\")\" && printf %s \"$NIX_CFLAGS_COMPILE\"",
        ),
        (
            "sh",
            "bash",
            "eval \"$(\"$@\")\" && printf %s \"$NIX_CFLAGS_COMPILE\"",
        ),
        ("fish", "fish", "$argv | source; and env"),
    ];
    for (shell, name, script) in shells {
        if tool(shell).is_none() {
            continue;
        }
        let mut command = command(shell);
        command.args(["-c", script]);
        if shell != "fish" {
            command.arg(shell);
        }
        command
            .args([BINARY, "env", "--shell", name])
            .arg(&prefix)
            .env("NIX_CFLAGS_COMPILE", OsStr::from_bytes(ODD))
            .env("HOME", place.0.path())
            // In the C locale, fish changes what it inherits.
            .env("LC_ALL", "C.UTF-8");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let found = output.stdout.windows(expected.len()).any(|w| w == expected);
        let said = output.stdout.escape_ascii();
        assert!(found, "{shell}: {said}\n{}", expected.escape_ascii());
    }
}

#[test]
fn fish_gets_a_path_that_it_can_search() {
    let (Some(_), Some(_)) = (tool("fish"), tool("gcc")) else {
        return;
    };
    let place = Place::empty();
    let root = root().display();
    let script = format!(
        "{BINARY} env one --toolchain {root} --shell fish | source; \
         echo $PATH[1]; command -v gcc; env | grep ^PKG_CONFIG_PATH"
    );
    let mut fish = command("fish");
    fish.env("HOME", place.0.path())
        .env("PKG_CONFIG_PATH", "/a:/b")
        .args(["-c", &script])
        .current_dir(place.0.path());
    let one = place.path("one").display().to_string();
    assert_eq!(
        run(&mut fish),
        format!("{root}/bin\n{root}/bin/gcc\nPKG_CONFIG_PATH=/a:/b:{one}/lib/pkgconfig\n")
    );
}

#[test]
fn programs_read_text() {
    let place = Place::empty();
    for shell in ["json", "nu"] {
        let mut env = place.env(&["one", "--shell", shell]);
        env.env("NIX_CFLAGS_COMPILE", OsStr::from_bytes(ODD));
        let set = json(&run(&mut env));
        let odd = std::str::from_utf8(ODD).unwrap();
        let include = place.path("one/include");
        let expected = format!("{odd} -isystem {}", include.display());
        assert_eq!(set["NIX_CFLAGS_COMPILE"], expected, "{shell}");
    }
    // To nu, PATH is a list.
    let mut env = place.env(&["--shell", "nu", "--toolchain"]);
    let set = json(&run(env.arg(root()).env("PATH", "/a b:/c")));
    let bin = root().join("bin");
    assert_eq!(
        set["PATH"],
        serde_json::json!([bin.to_str().unwrap(), "/a b", "/c"])
    );
}

#[test]
fn github_reads_lines() {
    let place = Place::empty();
    let mut env = place.env(&["one", "--shell", "github"]);
    env.env("NIX_CFLAGS_COMPILE", "-DA=1\nEND\n-DB");
    let one = place.path("one").display().to_string();
    assert_eq!(
        run(&mut env),
        format!(
            "NIX_CFLAGS_COMPILE<<END_\n-DA=1\nEND\n-DB -isystem {one}/include\nEND_\n\
             NIX_LDFLAGS=-L{one}/lib\nPKG_CONFIG_PATH={one}/lib/pkgconfig\n\
             CMAKE_PREFIX_PATH={one}\nCMAKE_INCLUDE_PATH={one}/include\n\
             CMAKE_LIBRARY_PATH={one}/lib\n"
        )
    );
}

#[test]
fn bad_input_is_one_line() {
    let place = Place::empty();
    fs::create_dir_all(place.path("empty/etc")).unwrap();
    for prefix in ["a b", "a:b", "x$ORIGIN", "${LIB}"] {
        fs::create_dir_all(place.path(prefix).join("lib")).unwrap();
    }
    write(&place.path("file"), "");
    write(
        &place.path("broken/nix-support/toolchain.json"),
        "{\n\"version\": 7}",
    );
    let did_you_mean = format!("did you mean {}?", root().display());
    let broken = "broken/nix-support/toolchain.json: line 2,";
    for (args, part) in [
        (&["none"][..], "none does not exist"),
        (&[""], "a value is required"),
        (&["file"], "file is not a directory"),
        (&["one", "file/x"], "file/x"),
        (&["empty"], "empty holds none of include, lib"),
        (&["a b"], "a b has white space in its path"),
        (&["a:b"], "a:b has a colon in its path"),
        (&["x$ORIGIN"], "x$ORIGIN has $ORIGIN in its path"),
        (&["${LIB}"], "${LIB} has $LIB in its path"),
        (
            &["/no\u{1b}[31mpe\r"],
            r"$'/no\x1b[31mpe\x0d' does not exist",
        ),
        (&["--\u{1b}[31m"], r"\u{1b}[31m"),
        (&["/usr/"], "/usr/ is searched by all compilers anyway"),
        (&[], "nothing to find"),
        (&["--prefix", "a b"], "--prefix a b: it has white space"),
        (&["--prefix", "/a:b"], "--prefix /a:b: it has a colon"),
        (&["--prefix", "/a/$LIB"], "it has $LIB in its path"),
        (
            &["--prefix", "/a", "--libdir", "x y"],
            "--libdir x y: it has white space",
        ),
        (&["--libdir", "lib"], "--prefix"),
        (
            &["one", "--toolchain", "none"],
            "--toolchain none is not a wrapped root",
        ),
        (
            &["one", "--toolchain", "one"],
            "--toolchain one is not a wrapped root",
        ),
        (
            &["one", "--toolchain", "file"],
            "--toolchain file is not a directory",
        ),
        (&["one", "--toolchain", "broken"], broken),
        (
            &["--toolchain", root().join("bin").to_str().unwrap()],
            &did_you_mean,
        ),
    ] {
        refused(&mut place.env(args), part);
    }
    let raw = raw(&place);
    for shell in ["json", "nu", "github"] {
        let mut env = place.env(&[raw.as_os_str(), "--shell".as_ref(), shell.as_ref()]);
        let env = env.arg("--toolchain").arg(root());
        refused_with(env, "is not UTF-8", "");
    }
    let propagated = place.path("one/nix-support/propagated-build-inputs");
    write(&propagated, "/gone/away\n");
    refused(&mut place.env(&["two"]), "/gone/away does not exist, but ");
    fs::remove_file(&propagated).unwrap();
    fs::create_dir(&propagated).unwrap();
    refused(&mut place.env(&["two"]), "cannot read");
}

#[test]
fn an_unwrapped_compiler_on_path_causes_a_warning() {
    let place = Place::empty();
    let output = |out: Stdio| -> Output {
        let mut env = place.env(&["one", "--toolchain"]);
        env.arg(root()).stdout(out).stderr(Stdio::piped());
        env.spawn().unwrap().wait_with_output().unwrap()
    };
    let (reader, writer) = UnixStream::pair().unwrap();
    drop(reader);
    let closed = output(OwnedFd::from(writer).into());
    assert!(
        closed.status.success() && closed.stderr.is_empty(),
        "{closed:?}"
    );
    let full = fs::File::create("/dev/full").unwrap();
    let full = output(full.into());
    assert_eq!(full.status.code(), Some(1));
    let text = String::from_utf8(full.stderr).unwrap();
    assert!(
        text.starts_with("cc-wrapper: cannot write to standard output"),
        "{text}"
    );
}

#[test]
fn an_unwrapped_cc_causes_a_warning() {
    let place = Place::empty();
    let bin = place.path("bin");
    write(&bin.join("none"), "");
    let mut env = place.env(&["one"]);
    let output = env.env("PATH", &bin).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert!(text.contains("no compiler on PATH is wrapped"), "{text}");
    let mut env = place.env(&["one"]);
    let output = env.env("PATH", root().join("bin")).output().unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
    // CC is what a build takes, whatever is on PATH.
    let Some(real) = tool("gcc") else { return };
    let cc = root().join("bin/cc").display().to_string();
    let real = real.display().to_string();
    for (value, path, is_warned_of) in [
        (real.clone(), root().join("bin"), true),
        (format!("{real} -m64"), root().join("bin"), true),
        (format!(" {cc} -m64"), bin.clone(), false),
        ("none".to_owned(), root().join("bin"), false),
        (String::new(), root().join("bin"), false),
    ] {
        let mut env = place.env(&["one"]);
        let output = env.env("CC", &value).env("PATH", path).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        let warning = "the compiler that CC names is not wrapped";
        assert_eq!(text.contains(warning), is_warned_of, "{value}: {text}");
        assert_eq!(text.is_empty(), !is_warned_of, "{value}: {text}");
    }
}

#[test]
fn pkg_config_finds_the_dependencies() {
    let Some(_) = tool("pkg-config") else { return };
    let place = Place::empty();
    let said = run(&mut place.shell(
        "two",
        "pkg-config --cflags --libs two; $PKG_CONFIG --modversion one",
    ));
    let at = place.0.path().display();
    for part in [
        format!("-I{at}/two/include"),
        format!("-I{at}/one/include"),
        format!("-L{at}/two/lib64 -ltwo"),
        "\n1.2\n".to_owned(),
    ] {
        assert!(said.contains(&part), "{said}");
    }
}

#[test]
fn cmake_finds_the_dependencies() {
    let (Some(_), Some(_)) = (tool("cmake"), tool("make")) else {
        return;
    };
    let Some(_) = tool("pkg-config") else { return };
    let Some(place) = Place::new() else { return };
    let one = place.path("one");
    write(
        &one.join("lib/cmake/one/one-config.cmake"),
        "add_library(one::one UNKNOWN IMPORTED)\n\
         get_filename_component(prefix ${CMAKE_CURRENT_LIST_DIR}/../../.. ABSOLUTE)\n\
         set_target_properties(one::one PROPERTIES IMPORTED_LOCATION ${prefix}/lib/libone.so)\n",
    );
    // For a module of CMake's own; no machine has this version.
    write(
        &place.path("z/include/zlib.h"),
        "#define ZLIB_VERSION \"1.2.99\"\n",
    );
    fs::create_dir_all(place.path("z/lib")).unwrap();
    fs::copy(one.join("lib/libone.so"), place.path("z/lib/libz.so")).unwrap();
    write(
        &place.path("CMakeLists.txt"),
        "cmake_minimum_required(VERSION 3.13)\n\
         project(app C)\n\
         find_package(one CONFIG REQUIRED)\n\
         find_package(ZLIB 1.2.99 EXACT REQUIRED)\n\
         find_library(TWO two REQUIRED)\n\
         find_path(TWO_INCLUDE two.h REQUIRED)\n\
         find_package(PkgConfig REQUIRED)\n\
         pkg_check_modules(TWO_PC REQUIRED IMPORTED_TARGET two)\n\
         message(STATUS \"found ${ZLIB_LIBRARIES} ${TWO} ${TWO_INCLUDE} ${PKG_CONFIG_EXECUTABLE}\")\n\
         add_executable(main main.c)\n\
         target_link_libraries(main PkgConfig::TWO_PC one::one)\n\
         add_executable(other main.c)\n\
         target_link_libraries(other ${TWO} one)\n",
    );
    let said = run(&mut place.shell(
        "two z",
        "cmake -S . -B build -DCMAKE_SKIP_BUILD_RPATH=ON && cmake --build build",
    ));
    let at = place.0.path().display();
    let root = root().display();
    let found = format!(
        "found {at}/z/lib/libz.so {at}/two/lib64/libtwo.so {at}/two/include {root}/bin/pkg-config"
    );
    assert!(said.contains(&found), "{said}");
    place.built("build/main");
    place.built("build/other");
}

#[test]
fn meson_finds_the_dependencies() {
    let (Some(_), Some(_)) = (tool("meson"), tool("ninja")) else {
        return;
    };
    let Some(_) = tool("pkg-config") else { return };
    let Some(place) = Place::new() else { return };
    write(
        &place.path("meson.build"),
        "project('app', 'c')\n\
         one = dependency('one', version: '1.2')\n\
         two = dependency('two')\n\
         executable('main', 'main.c', dependencies: [one, two])\n\
         cc = meson.get_compiler('c')\n\
         executable('other', 'main.c', dependencies: [cc.find_library('two'), cc.find_library('one')])\n",
    );
    let said = run(&mut place.shell("two", "meson setup build && meson compile -C build"));
    let pkg_config = format!("{}/bin/pkg-config", root().display());
    assert!(said.contains(&pkg_config), "{said}");
    place.built("build/main");
    place.built("build/other");
}

#[test]
fn a_prefix_is_the_same_however_it_is_spelled() {
    let place = Place::empty();
    let told = run(&mut place.env(&[place.path("one")]));
    for spelled in ["one", "./one/", "two/../one", "one/lib/.."] {
        assert_eq!(run(&mut place.env(&[spelled])), told, "{spelled}");
    }
    let spelled = place.path("two/lib64/../../one");
    assert_eq!(run(&mut place.env(&[spelled])), told);
    // A symlink is its owner's choice of name, but what is behind it counts.
    symlink(place.path("two/lib64"), place.path("link")).unwrap();
    let two = run(&mut place.env(&["two"]));
    assert_eq!(run(&mut place.env(&["link/.."])), two);
}
