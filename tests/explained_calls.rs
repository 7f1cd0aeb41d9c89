//! For every call, `explain` shows what would be run: the arguments and
//! environment that the real tool gets, or the same error.

mod common;

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::fmt::{self, Debug, Formatter};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cc_wrapper::rules::response_file::Grammar;
use common::recorder::{self, Record};
use common::write;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");

/// Names and roles of a root's tools.
const TOOLS: &[(&str, &str)] = &[
    ("gcc", "cc"),
    ("clang", "cc"),
    ("g++", "c++"),
    ("cpp", "cpp"),
    ("gfortran", "fortran"),
    ("gnatmake", "gnat"),
    ("gnatlink", "gnat"),
    ("ld", "ld"),
    ("ld.lld", "ld"),
    ("strip", "strip"),
    ("ranlib", "ranlib"),
    ("pkg-config", "pkg-config"),
    ("go", "go"),
];

#[rustfmt::skip]
const WORDS: &[&[u8]] = &[
    b"-c", b"-S", b"-E", b"-M", b"-v", b"-###", b"--version", b"-o", b"main", b"main.c", b"main.cc", b"main.h",
    b"-x", b"c++", b"-xc-header", b"-cc1", b"--", b"-", b"", b"a b", b"\n", b"-DX=\"\xff\"", b"@words", b"@none",
    b"-lz", b"-l", b"z", b"-L/opt/z/lib", b"-L", b"libz.so", b"/usr/lib/libc.so", b"-I/usr/include", b"-isystem",
    b"-march=native", b"-static", b"-static-pie", b"-shared", b"-r", b"-pie", b"-m32", b"-m", b"elf_i386",
    b"-nostdlib", b"-nostdinc", b"-nostdinc++", b"-Wl,-rpath,/q", b"-rpath", b"-Xlinker", b"-fuse-ld=lld",
    b"--ld-path=/usr/bin/ld.lld", b"-B/usr/bin", b"-target", b"aarch64-linux-gnu", b"--sysroot=/x",
    b"-dynamic-linker", b"-plugin", b"-z", b"now", b"--build-id", b"-aI/usr", b"--libs",
];
#[rustfmt::skip]
const VARIABLES: &[&str] = &[
    "NIX_CFLAGS_COMPILE", "NIX_CFLAGS_COMPILE_BEFORE", "NIX_CFLAGS_LINK", "NIX_LDFLAGS", "NIX_LDFLAGS_BEFORE",
    "NIX_LDFLAGS_AFTER", "NIX_CXXSTDLIB_COMPILE", "NIX_CXXSTDLIB_LINK", "NIX_GNATFLAGS_COMPILE",
    "NIX_GNATMAKE_CARGS", "NIX_DYNAMIC_LINKER", "NIX_IGNORE_LD_THROUGH_GCC", "NIX_HARDENING_ENABLE",
    "PKG_CONFIG_PATH", "NIX_SET_BUILD_ID", "NIX_DONT_SET_RPATH", "NIX_ENFORCE_NO_NATIVE", "NIX_LINK_TYPE",
];
#[rustfmt::skip]
const VALUES: &[&str] = &[
    "", "0", "1", "x", "-L/opt/z/lib -lz", "-rpath /q  -z now", "-isystem /usr/include", "-march=native -O2",
    "fortify3 pic relro", "fortify strictflexarrays3 bogus bindnow", "/lib/ld.so", "static", "/a:/b", "\t-DX=* \n",
];
#[rustfmt::skip]
const FILES: &[&str] = &[
    "cc-cflags", "cc-cflags-before", "cc-ldflags", "libc-cflags", "libc-crt1-cflags", "libc-ldflags",
    "libc-ldflags-before", "libcxx-cxxflags", "libcxx-ldflags", "gnat-cflags", "dynamic-linker",
    "ld-set-dynamic-linker", "dynamic-linker-m32",
];

#[derive(Debug)]
struct Call {
    tool: &'static str,
    words: Vec<Word>,
    variables: BTreeMap<String, &'static str>,
    files: BTreeMap<&'static str, &'static str>,
    markers_are_optional: bool,
    response_file: bool,
    default_hardening: Vec<&'static str>,
}

#[derive(Clone, Copy)]
struct Word(&'static [u8]);

impl Debug for Word {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

fn calls() -> impl Strategy<Value = Call> {
    let suffixes = &["", "_FOR_BUILD", "_FOR_TARGET", "_s"][..];
    let lists = (select(VARIABLES), select(suffixes));
    let lists = btree_map(
        lists.prop_map(|(v, s)| format!("{v}{s}")),
        select(VALUES),
        0..6,
    );
    let markers = (
        select(&["CC", "BINTOOLS", "PKG_CONFIG"][..]),
        select(&["TARGET_BUILD", "TARGET_HOST", "TARGET_TARGET", "FLAGS_SET"][..]),
    );
    let markers = markers.prop_map(|(half, mark)| format!("NIX_{half}_WRAPPER_{mark}_s"));
    let markers = btree_map(markers, select(&["1", ""][..]), 0..4);
    let others = &[
        ("NIX_ENFORCE_PURITY", "1"),
        ("NIX_STORE", "/opt"),
        ("NIX_BUILD_TOP", "/usr"),
        ("NIX_DEBUG", "7"),
        ("NIX_CC_USE_RESPONSE_FILE", "1"),
        ("COMPILER_PATH", "/usr/bin"),
        ("CC_WRAPPER_DEPTH", "2"),
    ];
    let others = subsequence(&others[..], 0..3);
    (
        (select(TOOLS), vec(select(WORDS).prop_map(Word), 0..7)),
        (lists, markers, others),
        btree_map(select(FILES), select(VALUES), 0..4),
        any::<(bool, bool)>(),
        subsequence(&["fortify3", "pic", "relro", "pacret"][..], 0..3),
    )
        .prop_map(
            |((tool, words), (lists, markers, others), files, flags, default_hardening)| {
                let others = others
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value));
                Call {
                    tool: tool.0,
                    words,
                    variables: lists.into_iter().chain(markers).chain(others).collect(),
                    files,
                    markers_are_optional: flags.0,
                    response_file: flags.1,
                    default_hardening,
                }
            },
        )
}

/// A root whose tools are the recorder.
struct Place {
    top: TempDir,
    recorder: PathBuf,
}

impl Place {
    fn new() -> Place {
        let top = tempfile::tempdir().unwrap();
        let recorder = recorder::compile(top.path());
        let place = Place { top, recorder };
        fs::create_dir_all(place.path("root/bin")).unwrap();
        for (name, _) in TOOLS {
            symlink(BINARY, place.path("root/bin").join(name)).unwrap();
        }
        write(&place.path("work/words"), "-lz 'a b' main.c\n");
        write(&place.path("work/libz.so"), "");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.top.path().join(name)
    }

    fn lay(&self, call: &Call) {
        let support = self.path("root/nix-support");
        let _ = fs::remove_dir_all(&support);
        let tools: serde_json::Map<String, Value> = TOOLS
            .iter()
            .map(|(name, role)| {
                (
                    name.to_string(),
                    json!({"role": role, "program": self.recorder}),
                )
            })
            .collect();
        let mut toolchain = json!({
            "version": 1, "suffixSalt": "s", "tools": tools, "compiler": "gcc",
            "useResponseFile": call.response_file, "defaultHardening": call.default_hardening,
        });
        if call.markers_are_optional {
            toolchain["roleMarkers"] = json!("optional");
        }
        write(&support.join("toolchain.json"), &toolchain.to_string());
        for (name, text) in &call.files {
            write(&support.join(name), text);
        }
    }

    /// Runs `program` with the words of `before` followed by those of the call.
    fn run(&self, call: &Call, program: &Path, before: &[&OsStr]) -> (Output, Option<Record>) {
        let record = self.path("record");
        let output = Command::new(program)
            .args(before)
            .args(call.words.iter().map(|word| OsStr::from_bytes(word.0)))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("CCV_OUT", &record)
            .envs(&call.variables)
            .current_dir(self.path("work"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (output, recorder::take(&record))
    }

    fn explain(&self, call: &Call, form: &str) -> Output {
        let tool = self.path("root/bin").join(call.tool);
        let before = [
            "explain".as_ref(),
            form.as_ref(),
            "--".as_ref(),
            tool.as_os_str(),
        ];
        self.run(call, Path::new(BINARY), &before).0
    }

    /// Returns the arguments with response files expanded, as the recorder
    /// prints them.
    fn read(&self, argv: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        let texts = argv.into_iter().map(|arg| match &arg[..] {
            b"@words" => Grammar::Gnu
                .split(&fs::read(self.path("work/words")).unwrap())
                .unwrap(),
            _ => VecDeque::from([arg]),
        });
        texts.flatten().collect()
    }

    /// Compares the call and its explanation. Returns whether the tool was run.
    fn check(&self, call: &Call) -> Result<bool, TestCaseError> {
        self.lay(call);
        let tool = self.path("root/bin").join(call.tool);
        let (made, record) = self.run(call, &tool, &[]);
        let command = self.explain(call, "--command");
        let told = self.explain(call, "--json");
        let Some(record) = record else {
            prop_assert!(!made.status.success());
            for explained in [&command, &told] {
                prop_assert_eq!(explained.status, made.status);
                prop_assert!(explained.stdout.is_empty());
                let lines = [&explained.stderr, &made.stderr];
                let [explained, made] =
                    lines.map(|text| String::from_utf8_lossy(text).into_owned());
                // NIX_DEBUG's steps stand before it.
                prop_assert_eq!(explained.lines().last(), made.lines().last());
            }
            return Ok(false);
        };
        prop_assert!(
            command.status.success() && told.status.success(),
            "{told:?}"
        );
        prop_assert_eq!(
            self.read(common::shell_words(&command.stdout)),
            record.argv.clone()
        );

        // serde_json refuses the lone surrogates that stand for bytes.
        let told = String::from_utf8(told.stdout).unwrap();
        let told: Value = serde_json::from_str(&told.replace(r"\udc", r"\uf7")).unwrap();
        let argv: Vec<Vec<u8>> = [&told["program"]]
            .into_iter()
            .chain(
                told["arguments"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|arg| &arg["argument"]),
            )
            .map(bytes)
            .collect();
        prop_assert_eq!(self.read(argv), record.argv);

        let mut environment: BTreeMap<String, Vec<u8>> = call
            .variables
            .iter()
            .map(|(name, value)| (name.clone(), value.as_bytes().to_vec()))
            .collect();
        environment.insert("PATH".to_owned(), b"/usr/bin:/bin".to_vec());
        for (name, value) in told["environment"]["set"].as_object().unwrap() {
            environment.insert(name.clone(), bytes(value));
        }
        for name in told["environment"]["unset"].as_array().unwrap() {
            environment.remove(name.as_str().unwrap());
        }
        let mut got = record.environment;
        got.remove("CCV_OUT");
        prop_assert_eq!(environment, got);
        Ok(true)
    }
}

/// Returns the bytes of a text in which U+F780 and above represent single
/// bytes.
fn bytes(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    for char in value.as_str().unwrap().chars() {
        match u32::from(char) {
            code @ 0xf780..=0xf7ff => bytes.push(code as u8),
            _ => bytes.extend(char.to_string().bytes()),
        }
    }
    bytes
}

#[test]
fn explained_calls_match_real_calls() {
    let place = Place::new();
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(600)
    };
    let made = Cell::new(0);
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let result = runner.run(&calls(), |call| {
        made.set(made.get() + u32::from(place.check(&call)?));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    // Not all were errors.
    assert!(made.get() > 300, "{made:?}");
}
