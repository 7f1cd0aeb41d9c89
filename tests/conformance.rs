//! Replays recorded calls of nixpkgs' wrappers. The real tool must get the same
//! arguments and environment.

mod common;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use common::look_alike::{Darwin, Dialect, LookAlike};
use common::recorder::{self, Record};
use serde_json::{Value, json};

/// The files that the cases use, and directories, with a slash at the end. Only
/// the names of libraries matter.
const FILES: &str = include_str!("conformance/files");

/// The ways in which a root's tools lead to the binary.
enum Install {
    /// The tools are symlinks to a copy of the binary in the root.
    Copy,
    /// The tools are symlinks to a binary outside the root.
    Symlink,
    /// `adopt --in-place` has converted a bash wrapper.
    InPlace,
    /// `adopt` has made a new root of a bash wrapper, with the linker half
    /// inside.
    Adopted,
}

#[test]
fn recorded_calls_with_the_binary_in_the_root() {
    let binary = env!("CARGO_BIN_EXE_cc-wrapper");
    replay(Path::new(binary), Install::Copy, &[]);
}

#[test]
fn recorded_calls_with_the_binary_outside_the_root() {
    let binary = env!("CARGO_BIN_EXE_cc-wrapper");
    replay(Path::new(binary), Install::Symlink, &[]);
}

#[test]
fn recorded_calls_with_a_root_adopted_in_place() {
    let binary = env!("CARGO_BIN_EXE_cc-wrapper");
    replay(Path::new(binary), Install::InPlace, &[]);
}

#[test]
fn recorded_calls_with_an_adopted_root() {
    let binary = env!("CARGO_BIN_EXE_cc-wrapper");
    replay(Path::new(binary), Install::Adopted, &[]);
}

#[test]
fn recorded_calls_of_the_release_build() {
    replay(common::release_binary(), Install::Copy, &[]);
}

#[test]
fn recorded_calls_of_the_release_build_started_through_libc() {
    let variables = [("CC_WRAPPER_START", "libc")];
    replay(common::release_binary(), Install::Copy, &variables);
}

#[test]
fn recorded_calls_are_explained_as_they_are_made() {
    let binary = Path::new(env!("CARGO_BIN_EXE_cc-wrapper"));
    check(binary, Install::Symlink, |case, root| {
        differences_explained(case, root, binary)
    });
}

#[test]
fn recorded_calls_are_explained_by_the_release_build() {
    let binary = common::release_binary();
    check(binary, Install::Copy, |case, root| {
        differences_explained(case, root, binary)
    });
}

fn replay(binary: &Path, install: Install, variables: &[(&str, &str)]) {
    check(binary, install, |case, root| {
        differences(case, root, variables)
    });
}

/// Creates the roots and checks each case. No case may have differences.
fn check(binary: &Path, install: Install, differences: impl Fn(&Value, &Path) -> Vec<String>) {
    let (fixtures, cases) = vectors();
    assert!(cases.len() >= 1500, "only {} cases", cases.len());
    // Not in TMPDIR, which is pure whatever lies there, and without a dot,
    // which would make every path one that is to be normalised.
    let top = tempfile::Builder::new()
        .prefix("ccw-")
        .tempdir_in("/var/tmp")
        .unwrap();
    let recorder = recorder::compile(top.path());
    let mut roots = BTreeMap::new();
    for (name, fixture) in fixtures.as_object().unwrap() {
        // Without symlinks above it: the cases compare resolved paths.
        let root = top.path().canonicalize().unwrap().join(name);
        lay_out(&root, &rooted(fixture, &root), &recorder, binary, &install);
        roots.insert(name.clone(), root);
    }
    let mut failures = Vec::new();
    for case in &cases {
        let root = &roots[case["fixture"].as_str().unwrap()];
        let case = match install {
            Install::Adopted => replaced(case, "{root}/bintools", "{root}/cc/bintools"),
            _ => case.clone(),
        };
        let differences = differences(&rooted(&case, root), root);
        if !differences.is_empty() {
            failures.push(format!("{}\n  {}", case["id"], differences.join("\n  ")));
        }
    }
    let shown: Vec<String> = failures.iter().take(5).cloned().collect();
    assert!(
        failures.is_empty(),
        "{} of {} differ:\n{}",
        failures.len(),
        cases.len(),
        shown.join("\n")
    );
}

fn vectors() -> (Value, Vec<Value>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/vectors.jsonl.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(fs::File::open(file).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    let mut lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let head = lines.next().unwrap();
    (head["fixtures"].clone(), lines.collect())
}

/// Replaces `{root}` in all strings.
fn rooted(value: &Value, root: &Path) -> Value {
    replaced(value, "{root}", root.to_str().unwrap())
}

fn replaced(value: &Value, from: &str, to: &str) -> Value {
    match value {
        Value::String(text) => json!(text.replace(from, to)),
        Value::Array(list) => list.iter().map(|item| replaced(item, from, to)).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, item)| (key.clone(), replaced(item, from, to)))
            .collect(),
        other => other.clone(),
    }
}

fn lay_out(root: &Path, fixture: &Value, recorder: &Path, binary: &Path, install: &Install) {
    for file in FILES.lines() {
        let (directory, name) = file.rsplit_once('/').unwrap();
        fs::create_dir_all(root.join(directory)).unwrap();
        if !name.is_empty() {
            fs::write(root.join(file), "").unwrap();
        }
    }
    for tools in ["cc", "ld"] {
        for name in fixture[tools].as_object().unwrap().keys() {
            fs::copy(recorder, root.join("real").join(name)).unwrap();
        }
    }
    match install {
        Install::Copy | Install::Symlink => lay_out_halves(root, fixture, binary, install),
        Install::InPlace => {
            let halves = [root.join("cc"), root.join("bintools")];
            lay_look_alike(root, fixture, &halves);
            for half in &halves {
                let adopt = ["adopt".as_ref(), half.as_os_str(), "--in-place".as_ref()];
                common::run(common::command(binary).args(adopt));
            }
        }
        Install::Adopted => {
            let halves = [root.join("old-cc"), root.join("old-bintools")];
            lay_look_alike(root, fixture, &halves);
            let adopt = ["adopt".as_ref(), halves[0].as_os_str(), "--out".as_ref()];
            common::run(common::command(binary).args(adopt).arg(root.join("cc")));
        }
    }
}

/// Creates a bash wrapper for the fixture, with compilers and linkers.
fn lay_look_alike(root: &Path, fixture: &Value, halves: &[PathBuf; 2]) {
    let string = |key: &str| fixture[key].as_str().unwrap_or_default().to_owned();
    let list = |key: &str| -> Vec<String> {
        let list = fixture[key].as_array().into_iter().flatten();
        list.map(|item| text(item).to_owned()).collect()
    };
    let programs = |key: &str| {
        let names = fixture[key].as_object().unwrap().keys();
        names
            .map(|name| (name.clone(), root.join("real").join(name)))
            .collect()
    };
    let darwin = fixture["darwin"].as_object().map(|darwin| {
        let value = |key: &str| text(&darwin[key]).to_owned();
        Darwin {
            min_version: value("minVersion"),
            min_version_variable: value("minVersionVariable"),
            platform: value("platform"),
            platform_for_cc: value("platformForCC"),
            sdk_version: value("sdkVersion"),
            fallback_sdk: value("fallbackSdk"),
        }
    });
    let target = fixture["defaultTarget"].as_str().map(|target| {
        let flags = list("machineFlags").join(" ");
        (target.to_owned(), flags, string("explicitAbi"))
    });
    let [cc, bintools] = halves;
    LookAlike {
        dialect: Dialect::Of2026,
        cc: cc.clone(),
        bintools: bintools.clone(),
        salt: string("salt"),
        compiler: string("compiler"),
        compilers: programs("cc"),
        linkers: programs("ld"),
        unsupported: list("unsupported"),
        linkers_unsupported: list("ldunsupported"),
        response_file: fixture["ccrsp"] == true,
        linkers_response_file: fixture["ldrsp"] == true,
        target,
        darwin,
    }
    .lay();
    for (half, files) in [(cc, "ccfiles"), (bintools, "btfiles")] {
        lay_flag_files(half, &fixture[files]);
    }
}

fn lay_flag_files(half: &Path, files: &Value) {
    for (name, text) in files.as_object().unwrap() {
        let text = format!("{}\n", text.as_str().unwrap());
        fs::write(half.join("nix-support").join(name), text).unwrap();
    }
}

fn lay_out_halves(root: &Path, fixture: &Value, binary: &Path, install: &Install) {
    for (half, tools, files, unsupported, response_file) in [
        ("cc", "cc", "ccfiles", "unsupported", "ccrsp"),
        ("bintools", "ld", "btfiles", "ldunsupported", "ldrsp"),
    ] {
        let tools = fixture[tools].as_object().unwrap();
        let half = root.join(half);
        fs::create_dir_all(half.join("bin")).unwrap();
        fs::create_dir_all(half.join("nix-support")).unwrap();
        let listed = tools.iter().map(|(name, role)| {
            (
                name.clone(),
                json!({"role": role, "program": root.join("real").join(name)}),
            )
        });
        let string = |key: &str| fixture.get(key).cloned().unwrap_or(json!(""));
        let toolchain = json!({
            "version": 1,
            "suffixSalt": fixture["salt"],
            "compiler": fixture["compiler"],
            "bintools": root.join("bintools"),
            "tools": listed.collect::<serde_json::Map<_, _>>(),
            "hardeningUnsupported": fixture[unsupported],
            "useResponseFile": fixture[response_file],
            "defaultTarget": string("defaultTarget"),
            "machineFlags": fixture.get("machineFlags").cloned().unwrap_or(json!([])),
            "explicitAbi": string("explicitAbi"),
            "darwin": fixture["darwin"],
        });
        fs::write(
            half.join("nix-support/toolchain.json"),
            toolchain.to_string(),
        )
        .unwrap();
        lay_flag_files(&half, &fixture[files]);
        if let Install::Copy = install {
            fs::copy(binary, half.join("bin/cc-wrapper")).unwrap();
        }
        for name in tools.keys() {
            let target = match install {
                Install::Symlink => binary,
                _ => Path::new("cc-wrapper"),
            };
            symlink(target, half.join("bin").join(name)).unwrap();
        }
    }
}

fn call(case: &Value, root: &Path, variables: &[(&str, &str)]) -> (Output, Option<Record>) {
    let record = root.join("rec/call");
    let output = output(case, root, |tool| {
        let mut command = Command::new(tool);
        command.env_clear().env("CCV_OUT", &record);
        (command, variables)
    });
    (output, recorder::take(&record))
}

/// Runs the case's tool, started by `start`, with the case's arguments and
/// environment.
fn output<'v>(
    case: &Value,
    root: &Path,
    start: impl FnOnce(&Path) -> (Command, &'v [(&'v str, &'v str)]),
) -> Output {
    let directory = root.join("cwd");
    for (name, text) in strings(&case["files"]) {
        fs::write(directory.join(name), text).unwrap();
    }
    let half = text(&case["half"]);
    let inner = root.join("cc").join(half);
    let half = if inner.exists() {
        inner
    } else {
        root.join(half)
    };
    let tool = half.join("bin").join(text(&case["tool"]));
    let (mut command, variables) = start(&tool);
    let output = command
        .args(case["args"].as_array().unwrap().iter().map(text))
        .current_dir(&directory)
        .env("PATH", path(root))
        .env("HOME", "/homeless")
        .envs(strings(&case["env"]))
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    for (name, _) in strings(&case["files"]) {
        fs::remove_file(directory.join(name)).unwrap();
    }
    output
}

/// Returns how `explain --command` and the environment in `explain --json`
/// differ from the real call.
fn differences_explained(case: &Value, root: &Path, binary: &Path) -> Vec<String> {
    let want = &case["expect"];
    let explained = |form| {
        output(case, root, |tool| {
            let mut command = Command::new(binary);
            command.env_clear();
            command.args(["explain", form, "--"]).arg(tool);
            (command, &[])
        })
    };
    let output = explained("--command");
    let fails = || {
        let stderr = String::from_utf8_lossy(&output.stderr);
        vec![format!("{}: {stderr}", output.status)]
    };
    let Some(argv) = want["argv"].as_array() else {
        let same = output.status.code().map(i64::from) == want["exit"].as_i64();
        let silent = output.stdout.is_empty() && !output.stderr.is_empty();
        return if same && silent { vec![] } else { fails() };
    };
    if !output.status.success() {
        return fails();
    }
    let got: Vec<Value> = common::shell_words(&output.stdout)
        .iter()
        .map(|arg| json!(String::from_utf8_lossy(arg)))
        .collect();
    let output = explained("--json");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let environment = &told["environment"];
    let mut handed_on = BTreeMap::from([("PATH".to_owned(), path(root).into_string().unwrap())]);
    handed_on.extend(strings(&case["env"]));
    handed_on.extend(strings(&environment["set"]));
    for name in environment["unset"].as_array().unwrap() {
        handed_on.remove(text(name));
    }
    let mut found = environments_differ(case, root, handed_on);
    if got != *argv {
        let (want, got) = (json!(argv), json!(got));
        found.push(format!("argv\n    want {want}\n    got  {got}"));
    }
    found
}

fn differences(case: &Value, root: &Path, variables: &[(&str, &str)]) -> Vec<String> {
    let want = &case["expect"];
    let (output, record) = call(case, root, variables);
    let mut found = Vec::new();
    if output.status.code().map(i64::from) != want["exit"].as_i64() {
        found.push(format!(
            "{} for exit status {}",
            output.status, want["exit"]
        ));
    }
    if want["stderr"] != "" && output.stderr.is_empty() {
        found.push(format!("nothing on standard error for {}", want["stderr"]));
    }
    let record = match (record, want["argv"].as_array()) {
        (None, None) => return found,
        (Some(record), Some(_)) => record,
        (record, _) => {
            let called = if record.is_some() {
                "called"
            } else {
                "not called"
            };
            let stderr = String::from_utf8_lossy(&output.stderr);
            found.push(format!("the real tool was {called}: {stderr}"));
            return found;
        }
    };
    let argv: Vec<Value> = record
        .argv
        .iter()
        .map(|arg| json!(String::from_utf8_lossy(arg)))
        .collect();
    if json!(argv) != want["argv"] {
        found.push(format!(
            "argv\n    want {}\n    got  {}",
            want["argv"],
            json!(argv)
        ));
    }
    if want["response_file"] != record.response_file {
        found.push(format!("response file: {}", record.response_file));
    }
    let got = record.environment.into_iter().map(|(name, value)| {
        let value = OsString::from_vec(value);
        (name, value.to_string_lossy().into_owned())
    });
    found.extend(environments_differ(case, root, got.collect()));
    found
}

fn environments_differ(
    case: &Value,
    root: &Path,
    mut got: BTreeMap<String, String>,
) -> Vec<String> {
    let mut found = Vec::new();
    let mut expected: BTreeMap<String, String> =
        BTreeMap::from([("PATH".into(), path(root).into_string().unwrap())]);
    expected.extend(strings(&case["env"]));
    expected.extend(strings(&case["expect"]["env"]));
    expected.retain(|name, _| counts(name));
    got.retain(|name, _| counts(name));
    for name in expected.keys().chain(got.keys()) {
        let (want, got) = (expected.get(name), got.get(name));
        if want != got {
            found.push(format!("{name}\n    want {want:?}\n    got  {got:?}"));
        }
    }
    found
}

/// Returns whether the variable concerns the wrappers.
fn counts(name: &str) -> bool {
    name.starts_with("NIX_") || ["PATH", "SDKROOT", "DEVELOPER_DIR"].contains(&name)
}

fn path(root: &Path) -> OsString {
    let empty = root.join("empty-path");
    OsString::from_vec([empty.as_os_str().as_bytes(), b":/usr/bin:/bin"].concat())
}

fn strings(map: &Value) -> Vec<(String, String)> {
    let entries = map.as_object().unwrap().iter();
    entries
        .map(|(name, value)| (name.clone(), text(value).to_owned()))
        .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
