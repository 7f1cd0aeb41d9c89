//! `cc-wrapper explain` of calls that link: the linker's flags in the
//! explanation are those of the real call.

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::recorder::{self, Record};
use common::{command, tool, wrap, write};
use serde_json::{Value, json};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");

/// A wrapped root with the machine's compilers and, for each linker, a program
/// that records its calls. libc's and the compilers' own libraries are in a
/// store.
struct Place(TempDir);

/// Whether to run a call or to explain it.
#[derive(Clone, Copy)]
enum Form {
    Made,
    Text,
    Json,
}

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        let root = place.path("root");
        wrap(&root, ["--no-check"]);
        let recorder = recorder::compile(place.0.path());
        let file = root.join("nix-support/toolchain.json");
        let mut toolchain: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        for tool in toolchain["tools"].as_object_mut().unwrap().values_mut() {
            if tool["role"] == "ld" {
                tool["program"] = json!(recorder);
            }
        }
        write(&file, &toolchain.to_string());
        for (package, list, libraries) in [
            ("glibc", "libc-ldflags", &["libc.so", "libm.so"][..]),
            (
                "gcc",
                "cc-ldflags",
                &["libstdc++.so", "libgomp.so", "libgfortran.so"],
            ),
        ] {
            let directory = place.path("store").join(package).join("lib");
            for library in libraries {
                write(&directory.join(library), "");
            }
            let flag = format!("-L{}", directory.display());
            write(&root.join("nix-support").join(list), &flag);
        }
        write(&place.path("main.c"), "int main(void) { return 0; }\n");
        write(&place.path("main.cc"), "int main() { return 0; }\n");
        write(&place.path("main.f90"), "end\n");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Returns a call of a tool of the root, or its explanation.
    fn call(&self, form: Form, words: &[&str], variables: &[(&str, &str)]) -> Command {
        let tool = self.path("root/bin").join(words[0]);
        let explain = |options: &[&str]| {
            let mut explain = command(BINARY);
            explain.arg("explain").args(options).arg("--").arg(&tool);
            explain
        };
        let mut call = match form {
            Form::Made => command(&tool),
            Form::Text => explain(&[]),
            Form::Json => explain(&["--json"]),
        };
        let path = std::env::var("PATH").unwrap();
        call.args(&words[1..])
            .current_dir(self.0.path())
            .env(
                "PATH",
                format!("{}:{path}", self.path("root/bin").display()),
            )
            .env("NIX_STORE", self.path("store"))
            .env("NIX_HARDENING_ENABLE", "relro bindnow")
            .env("NIX_SET_BUILD_ID", "1")
            .envs(variables.iter().copied());
        call
    }

    /// Returns how the linker was called. `None` if it was not.
    fn made(&self, words: &[&str], variables: &[(&str, &str)]) -> Option<Record> {
        let record = self.path("record");
        let mut call = self.call(Form::Made, words, variables);
        call.env("CCV_OUT", &record).output().unwrap();
        recorder::take(&record)
    }

    fn explained(&self, words: &[&str], variables: &[(&str, &str)]) -> Value {
        let told = common::run(&mut self.call(Form::Json, words, variables));
        serde_json::from_str::<Value>(&told).unwrap()["linker"].clone()
    }
}

/// Returns the words that the explanation adds before or after the driver's.
fn added(linker: &Value, part: &str) -> Vec<String> {
    let arguments = linker["arguments"].as_array().unwrap().iter();
    let of_part = arguments.filter(|argument| argument["part"] == part);
    of_part
        .map(|argument| argument["argument"].as_str().unwrap().to_owned())
        .collect()
}

fn rpaths(words: &[String]) -> Vec<&str> {
    let pairs = words.windows(2).filter(|pair| pair[0] == "-rpath");
    pairs.map(|pair| &pair[1][..]).collect()
}

/// Returns the names of compilers that are installed.
fn compilers<'c>(names: &[&'c str]) -> Vec<&'c str> {
    names
        .iter()
        .copied()
        .filter(|name| tool(name).is_some())
        .collect()
}

#[test]
fn the_explained_linker_matches_the_real_call() {
    let place = Place::new();
    let glibc = place.path("store/glibc/lib").display().to_string();
    let gcc = place.path("store/gcc/lib").display().to_string();
    let (only_glibc, both) = (vec![&glibc[..]], vec![&glibc[..], &gcc]);
    for compiler in compilers(&["gcc", "clang", "g++", "clang++", "gfortran"]) {
        let (source, all) = match compiler {
            "gcc" | "clang" => ("main.c", &only_glibc),
            "gfortran" => ("main.f90", &both),
            _ => ("main.cc", &both),
        };
        let none = Vec::new();
        for (args, rpaths_wanted) in [
            (&["-o", "main"][..], all),
            (&["-o", "a \"b\" $c\n d\\"], all),
            (&["-shared", "-fPIC"], all),
            (&["-Wl,-rpath,/own,--as-needed", "-L", "/own lib"], all),
            (&["-r", "-nostdlib"], &none),
            (&["-nostdlib"], &none),
            (&["-static"], all),
            (&["-flto"], all),
            (&["-fuse-ld=lld"], all),
            (&["-fopenmp"], &both),
        ] {
            let words: Vec<&str> = [&[compiler, source], args].concat();
            if words.contains(&"-fopenmp") && compiler.starts_with("clang") {
                continue;
            }
            if words.contains(&"-fuse-ld=lld") && tool("ld.lld").is_none() {
                continue;
            }
            let made = place
                .made(&words, &[])
                .unwrap_or_else(|| panic!("{words:?}: no link"));
            let made: Vec<String> = made.argv[1..]
                .iter()
                .map(|word| String::from_utf8(word.clone()).unwrap())
                .collect();
            let told = place.explained(&words, &[]);
            assert_eq!(told["exact"], true, "{words:?}");
            let (before, after) = (added(&told, "before"), added(&told, "after"));
            assert!(
                made.starts_with(&before) && made.ends_with(&after),
                "{words:?}: {told} {made:?}"
            );
            assert_eq!(before, ["-z", "relro", "-z", "now"], "{words:?}");
            assert_eq!(rpaths(&after), *rpaths_wanted, "{words:?}");
            let drivers = &made[before.len()..made.len() - after.len()];
            let of_others = rpaths(drivers).into_iter().filter(|rpath| *rpath != "/own");
            assert_eq!(of_others.count(), 0, "{words:?}: {made:?}");
        }
    }
}

#[test]
fn a_bare_driver_above_a_bare_linker_adds_all_once() {
    let place = Place::new();
    fs::create_dir(place.path("bare")).unwrap();
    fs::create_dir(place.path("real")).unwrap();
    for tool in ["gcc", "ld"] {
        symlink(BINARY, place.path("bare").join(tool)).unwrap();
    }
    symlink(place.path("recorder"), place.path("real/ld")).unwrap();
    let (directory, path) = (place.0.path().display(), std::env::var("PATH").unwrap());
    let variables = [
        (
            "PATH",
            &*format!("{directory}/bare:{directory}/real:{path}"),
        ),
        ("NIX_LDFLAGS", &format!("-L{directory}/store/glibc/lib -lm")),
        ("NIX_LDFLAGS_AFTER", "--warn-common"),
    ];
    for output in [&["-o", "main"][..], &["-omain"], &["--output=main"], &[]] {
        let words = [&["gcc", "main.c"], output].concat();
        let bare = |call: &mut Command| {
            call.args(&words[1..])
                .current_dir(place.0.path())
                .env("NIX_STORE", place.path("store"))
                .env("NIX_HARDENING_ENABLE", "relro")
                .env("NIX_SET_BUILD_ID", "1")
                .env("CCV_OUT", place.path("record"))
                .envs(variables)
                .output()
                .unwrap()
        };
        bare(&mut command(place.path("bare/gcc")));
        let made = recorder::take(&place.path("record")).unwrap().argv;
        for added in ["relro", "--warn-common", "--build-id=sha1", "-rpath"] {
            let times = made.iter().filter(|word| *word == added.as_bytes()).count();
            assert_eq!(times, 1, "{words:?}: {added}: {made:?}");
        }
        let output = bare(command(BINARY).args(["explain", "--", "gcc"]));
        let text = String::from_utf8(output.stdout).unwrap();
        let want = format!(
            "{directory}/bare/ld, which becomes {directory}/real/ld, and adds nothing: \
             a wrapped call further up has done it (CC_WRAPPER_LINKED is set)\n"
        );
        assert!(text.contains(&want), "{text}");
    }
}

#[test]
fn a_link_that_the_linker_refuses_is_reported() {
    let place = Place::new();
    let pure = [("NIX_ENFORCE_PURITY", "1")];
    for compiler in compilers(&["gcc", "clang"]) {
        let words = [compiler, "main.c"];
        let output = place.call(Form::Made, &words, &pure).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success());
        let told = place.explained(&words, &pure);
        let error = told["error"].as_str().unwrap();
        assert!(
            error.starts_with("cannot link ")
                && error.contains(": impure path")
                && said.contains(error),
            "{error}\n{said}"
        );
    }
}

#[test]
fn nothing_is_compiled_linked_or_removed() {
    let place = Place::new();
    write(&place.path("main"), "old");
    let before = names(place.0.path());
    for compiler in compilers(&["gcc", "clang"]) {
        for source in ["main.c", "absent.c"] {
            let words = [compiler, source, "-o", "main"];
            common::run(&mut place.call(Form::Json, &words, &[]));
        }
    }
    assert_eq!(names(place.0.path()), before);
    assert_eq!(fs::read(place.path("main")).unwrap(), b"old");
}

fn names(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
}

#[test]
fn libraries_that_the_driver_may_add_are_not_ruled_out() {
    let place = Place::new();
    let words = ["gcc", "main.c", "-no-such-option"];
    let told = place.explained(&words, &[]);
    assert_eq!(told["exact"], false);
    let whys: Vec<&str> = told["rpath"]["not"]
        .as_array()
        .unwrap()
        .iter()
        .map(|not| not["why"].as_str().unwrap())
        .collect();
    assert_eq!(whys, ["you name no library; the driver's own may make one"]);
    let words = ["gcc", "main.c", "-no-such-option", "-lx"];
    let text = common::run(&mut place.call(Form::Text, &words, &[]));
    assert!(
        text.contains("and adds this (without the driver's own flags, which are unknown):"),
        "{text}"
    );
    let glibc = place.path("store/glibc/lib").display().to_string();
    let want = format!(
        "{glibc}: it holds none of the libraries that you name; the driver's own may make it one"
    );
    assert!(text.contains(&want), "{text}");
}
