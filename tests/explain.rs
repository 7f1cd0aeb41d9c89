//! `cc-wrapper explain`: its output for people and for programs.

mod common;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use common::{command, terminal, write};
use serde_json::Value;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");

/// A root like those of nixpkgs, with a linker half, and a library in a store.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        for (half, tool, role) in [("cc", "gcc", "cc"), ("ld", "ld", "ld")] {
            let real = place.path(&format!("real/{tool}"));
            write(&real, "#!/bin/sh\necho was run; exit 9\n");
            fs::set_permissions(&real, fs::Permissions::from_mode(0o755)).unwrap();
            place.toolchain(half, tool, role, "");
            fs::create_dir_all(place.path(half).join("bin")).unwrap();
            symlink(BINARY, place.path(half).join("bin").join(tool)).unwrap();
        }
        write(&place.path("store/z/lib/libz.so"), "");
        fs::create_dir_all(place.path("store/empty/lib")).unwrap();
        place
    }

    /// Writes toolchain.json; `more` has additional keys.
    fn toolchain(&self, half: &str, tool: &str, role: &str, more: &str) {
        let text = format!(
            r#"{{"version": 1, "suffixSalt": "s", "bintools": "{}", {more}
                "tools": {{"{tool}": {{"role": "{role}", "program": "{}"}}}}}}"#,
            self.shown("ld"),
            self.shown(&format!("real/{tool}")),
        );
        write(&self.path(half).join("nix-support/toolchain.json"), &text);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn shown(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Returns an `explain` command with these options, to which the tool and
    /// its arguments must be added.
    fn explain(&self, options: &[&str]) -> Command {
        let mut explain = command(BINARY);
        explain
            .arg("explain")
            .args(options)
            .arg("--")
            .current_dir(self.0.path())
            .env("NIX_CC_WRAPPER_TARGET_HOST_s", "1")
            .env("NIX_STORE", self.path("store"));
        explain
    }

    /// Returns the explanation of `gcc` with these arguments and variables.
    fn told(&self, args: &[&str], variables: &[(&str, &str)]) -> String {
        let mut explain = self.explain(&[]);
        explain.arg("cc/bin/gcc").args(args);
        explain.envs(variables.iter().copied());
        let text = common::run(&mut explain);
        assert!(!text.contains("was run"), "{text}");
        text
    }

    fn json(&self, args: &[&str], variables: &[(&str, &str)]) -> Value {
        let mut explain = self.explain(&["--json"]);
        explain.arg("cc/bin/gcc").args(args);
        explain.envs(variables.iter().copied());
        serde_json::from_str(&common::run(&mut explain)).unwrap()
    }
}

/// Returns the text after this word, on the line that begins with it.
fn line<'t>(text: &'t str, word: &str) -> &'t str {
    let found = text.lines().find_map(|line| {
        let rest = line.trim_start_matches([' ', '-']);
        let behind = rest.strip_prefix(word.trim_start_matches('-'))?;
        behind.starts_with(' ').then(|| behind.trim_start())
    });
    found.unwrap_or_else(|| panic!("{word} is not in:\n{text}"))
}

#[test]
fn every_argument_has_its_origin() {
    let place = Place::new();
    write(
        &place.path("cc/nix-support/libc-cflags"),
        "-idirafter /libc",
    );
    write(&place.path("words.rsp"), "-DR");
    let default = r#""defaultHardening": ["fortify3"], "defaultTarget": "t", "compiler": "clang","#;
    place.toolchain("cc", "gcc", "cc", default);
    let text = place.told(
        &["-c", "main.c", "@words.rsp"],
        &[
            ("NIX_CFLAGS_COMPILE", "-DPLAIN"),
            ("NIX_CFLAGS_COMPILE_BEFORE_FOR_BUILD", "-DBUILD"),
            ("NIX_CFLAGS_COMPILE_s", "-DSALT"),
            ("NIX_CC_WRAPPER_TARGET_BUILD_s", "1"),
        ],
    );
    for (word, origin) in [
        ("-c", "your argument 1"),
        ("main.c", "your argument 2"),
        ("-DR", "your argument 3, @words.rsp"),
        ("-idirafter", "nix-support/libc-cflags"),
        ("-DPLAIN", "NIX_CFLAGS_COMPILE"),
        ("-DBUILD", "NIX_CFLAGS_COMPILE_BEFORE_FOR_BUILD"),
        ("-DSALT", "NIX_CFLAGS_COMPILE_s, from a wrapper further up"),
        ("-O2", "hardening fortify3, default"),
        ("-target", "default target"),
        ("link ", "no: -c"),
    ] {
        assert_eq!(line(&text, word.trim()), origin, "{text}");
    }
    assert!(text.starts_with(&place.shown("real/gcc")), "{text}");
}

#[test]
fn dropped_arguments_are_shown_in_their_place_with_the_reason() {
    let place = Place::new();
    let text = place.told(
        &["-c", "-I", "/usr/include", "-march=native", "x.c"],
        &[
            ("NIX_ENFORCE_PURITY", "1"),
            ("NIX_ENFORCE_NO_NATIVE", "1"),
            (
                "NIX_HARDENING_ENABLE",
                "pic nonsense strictflexarrays1 strictflexarrays3",
            ),
        ],
    );
    let rows: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).collect();
    let marks: Vec<&str> = rows[1..]
        .iter()
        .map(|row| row.split("  ").next().unwrap())
        .collect();
    assert_eq!(
        marks,
        ["", "", "", "- -I", "- /usr/include", "- -march=native", ""],
        "{text}"
    );
    let impure = "dropped: NIX_ENFORCE_PURITY is 1, and it lies outside NIX_STORE and the build";
    assert_eq!(
        line(&text, "/usr/include"),
        format!("your argument 3, {impure}")
    );
    let native = "your argument 4, dropped: NIX_ENFORCE_NO_NATIVE is 1";
    assert_eq!(line(&text, "-march=native"), native);
    assert!(
        text.contains("nonsense is off: no hardening flag has this name"),
        "{text}"
    );
    assert!(
        text.contains("strictflexarrays1 is off: strictflexarrays3 implies it"),
        "{text}"
    );

    place.toolchain("cc", "gcc", "cc", r#""hardeningUnsupported": ["pic"],"#);
    let text = place.told(&["-c", "x.c"], &[("NIX_HARDENING_ENABLE", "pic")]);
    assert!(
        text.contains("pic is off: the tool does not support it"),
        "{text}"
    );
}

#[test]
fn a_role_that_is_not_served_is_shown_with_the_marker_to_set() {
    let place = Place::new();
    let variables = [
        ("NIX_CC_WRAPPER_TARGET_HOST_s", ""),
        ("NIX_CFLAGS_COMPILE", "-DX"),
    ];
    let text = place.told(&["-c", "x.c"], &variables);
    let want = "NIX_CFLAGS_COMPILE, though it is set: set NIX_CC_WRAPPER_TARGET_HOST_s=1";
    assert_eq!(line(&text, "not read"), want);
    let want =
        "NIX_CFLAGS_COMPILE_FOR_BUILD and related variables: set NIX_CC_WRAPPER_TARGET_BUILD_s=1";
    assert_eq!(line(&text, "ignores"), want);
    let text = place.told(&["-c", "x.c"], &[("NIX_CC_WRAPPER_FLAGS_SET_s", "1")]);
    assert!(
        line(&text, "variables").ends_with("NIX_CC_WRAPPER_FLAGS_SET_s is set"),
        "{text}"
    );
}

#[test]
fn hardening_is_shown_with_its_origin() {
    let place = Place::new();
    place.toolchain("cc", "gcc", "cc", r#""defaultHardening": ["pic"],"#);
    let rows = |variables: &[(&str, &str)]| -> Vec<String> {
        let text = place.told(&["-c", "x.c"], variables);
        let rows = text
            .lines()
            .filter_map(|line| line.strip_prefix("hardening "));
        rows.map(|row| row.trim_start().to_owned()).collect()
    };
    let both = rows(&[
        ("NIX_CC_WRAPPER_TARGET_BUILD_s", "1"),
        ("NIX_HARDENING_ENABLE_FOR_BUILD", "fortify"),
        ("NIX_HARDENING_ENABLE", "fortify pic"),
    ]);
    let want = [
        "fortify (NIX_HARDENING_ENABLE_FOR_BUILD)",
        "fortify pic (NIX_HARDENING_ENABLE)",
    ];
    assert_eq!(both, want);
    let none = "none: NIX_HARDENING_ENABLE is set to nothing, so the default is off";
    assert_eq!(rows(&[("NIX_HARDENING_ENABLE", "")]), [none]);
    assert_eq!(rows(&[]), ["pic (default)"]);

    let mut bare = place.explain(&[]);
    symlink(BINARY, place.path("gcc")).unwrap();
    bare.args(["./gcc", "main.o"])
        .env("PATH", place.path("real"))
        .env("NIX_HARDENING_ENABLE", "relro");
    let text = common::run(&mut bare);
    assert_eq!(text.matches("\nhardening ").count(), 1, "{text}");
}

#[test]
fn a_remedy_does_not_stop_other_variables_from_being_read() {
    let place = Place::new();
    place.toolchain("cc", "gcc", "cc", r#""roleMarkers": "optional","#);
    let mut variables = vec![
        ("NIX_CC_WRAPPER_TARGET_HOST_s", ""),
        ("NIX_CFLAGS_COMPILE", "-DPLAIN"),
        ("NIX_CFLAGS_COMPILE_FOR_BUILD", "-DBUILD"),
    ];
    let text = place.told(&["-c", "x.c"], &variables);
    let why = "NIX_CFLAGS_COMPILE and related variables: this root needs no role marker";
    assert_eq!(line(&text, "reads"), why);
    let remedy = "NIX_CFLAGS_COMPILE_FOR_BUILD, though it is set: \
                  set NIX_CC_WRAPPER_TARGET_BUILD_s=1, \
                  and NIX_CC_WRAPPER_TARGET_HOST_s=1 to keep what is read now";
    assert_eq!(line(&text, "not read"), remedy);
    let told = place.json(&["-c", "x.c"], &variables);
    let unread = &told["roles"]["unread"][0];
    assert_eq!(unread["keepsPlain"], "NIX_CC_WRAPPER_TARGET_HOST_s");
    variables.push(("NIX_CC_WRAPPER_TARGET_BUILD_s", "1"));
    variables.push(("NIX_CC_WRAPPER_TARGET_HOST_s", "1"));
    let text = place.told(&["-c", "x.c"], &variables);
    assert_eq!(line(&text, "-DPLAIN"), "NIX_CFLAGS_COMPILE");
    assert_eq!(line(&text, "-DBUILD"), "NIX_CFLAGS_COMPILE_FOR_BUILD");
}

#[test]
fn each_kind_of_variable_that_is_not_read_is_shown() {
    let place = Place::new();
    let variables = [
        ("NIX_ENFORCE_NO_NATIVE_FOR_BUILD", "1"),
        ("NIX_SET_BUILD_ID_FOR_BUILD", "0"),
    ];
    let unread = |told: &Value| -> Vec<String> {
        let unread = told["roles"]["unread"].as_array().unwrap().iter();
        let names = unread.map(|unread| unread["variable"].as_str().unwrap().to_owned());
        names.collect()
    };
    let told = place.json(&["-c", "x.c"], &variables);
    assert_eq!(unread(&told), ["NIX_ENFORCE_NO_NATIVE_FOR_BUILD"]);

    place.toolchain(
        "cc",
        "pkg-config",
        "pkg-config",
        r#""roleMarkers": "optional","#,
    );
    symlink(BINARY, place.path("cc/bin/pkg-config")).unwrap();
    fs::copy(place.path("real/gcc"), place.path("real/pkg-config")).unwrap();
    let explain = |options: &[&str]| {
        let mut explain = place.explain(options);
        explain
            .args(["cc/bin/pkg-config", "--libs", "z"])
            .env("PKG_CONFIG_PATH", "/a:/b")
            .env("PKG_CONFIG_PATH_FOR_BUILD", "/c");
        common::run(&mut explain)
    };
    let text = explain(&[]);
    assert!(
        line(&text, "reads").starts_with("PKG_CONFIG_PATH: "),
        "{text}"
    );
    assert_eq!(line(&text, "looks in"), "/a:/b (PKG_CONFIG_PATH)");
    assert!(
        line(&text, "not read").starts_with(
            "PKG_CONFIG_PATH_FOR_BUILD, though it is set: \
             set NIX_PKG_CONFIG_WRAPPER_TARGET_BUILD_s=1"
        ),
        "{text}"
    );
    let told: Value = serde_json::from_str(&explain(&["--json"])).unwrap();
    assert_eq!(unread(&told), ["PKG_CONFIG_PATH_FOR_BUILD"]);

    let mut explain = place.explain(&[]);
    explain
        .arg("ld/bin/ld")
        .env("NIX_BINTOOLS_WRAPPER_TARGET_HOST_s", "1");
    let text = common::run(&mut explain);
    assert!(
        line(&text, "reads").starts_with("NIX_LDFLAGS and related variables: "),
        "{text}"
    );
}

#[test]
fn a_link_is_shown_with_the_linkers_flags() {
    let place = Place::new();
    let (z, empty) = (place.shown("store/z/lib"), place.shown("store/empty/lib"));
    let flags = format!("-L{z} -L{empty}");
    let text = place.told(
        &["main.o", "-lz"],
        &[
            ("NIX_LDFLAGS", &flags),
            ("NIX_LDFLAGS_AFTER", "--as-needed"),
            ("NIX_HARDENING_ENABLE", "relro"),
        ],
    );
    assert_eq!(line(&text, "link"), "yes, dynamic");
    let linker = line(&text, "linker");
    let becomes = format!(
        "{}, which becomes {}",
        place.shown("ld/bin/ld"),
        place.shown("real/ld")
    );
    assert!(linker.starts_with(&becomes), "{text}");
    assert_eq!(line(&text, &z), "rpath: libz.so found in it");
    assert_eq!(line(&text, "-z"), "hardening relro, NIX_HARDENING_ENABLE");
    assert_eq!(
        line(&text, "--as-needed"),
        "NIX_LDFLAGS_AFTER_s, handed on by this call"
    );
    // The driver here does not tell what else it links.
    let want = format!("{empty}: it holds none of the libraries that you name");
    assert!(line(&text, "no rpath").starts_with(&want), "{text}");

    let text = place.told(&["main.o"], &[("NIX_DONT_SET_RPATH", "1")]);
    assert_eq!(line(&text, "no rpath"), "NIX_DONT_SET_RPATH is 1");
    let text = place.told(&["main.o", "-static-pie"], &[("NIX_LDFLAGS", "-rpath /x")]);
    assert!(line(&text, "-rpath").ends_with("dropped: a static-pie program must have no rpath"));
    let text = place.told(&["main.o", "/usr/lib/x.o"], &[("NIX_ENFORCE_PURITY", "1")]);
    assert!(
        line(&text, "linker").contains("which fails: cannot link /usr/lib/x.o: impure path"),
        "{text}"
    );
}

#[test]
fn a_linker_without_a_wrapper_is_reported() {
    let place = Place::new();
    fs::remove_file(place.path("ld/bin/ld")).unwrap();
    let own = place.shown("ld/bin/ld");
    let path = format!("{}:/usr/bin:/bin", place.shown("real"));
    let text = place.told(&["main.o"], &[("PATH", &path)]);
    let want = format!(
        "{}, because {own} does not exist: it is not wrapped: no rpath, no NIX_LDFLAGS_AFTER",
        place.shown("real/ld")
    );
    assert_eq!(line(&text, "linker"), want);
    let text = place.told(&["main.o"], &[("PATH", "/nowhere")]);
    assert_eq!(line(&text, "linker"), format!("{own}: does not exist"));
    let text = place.told(&["main.o", "-fuse-ld=nonsense"], &[]);
    assert_eq!(line(&text, "linker"), "ld.nonsense: does not exist");
    let text = place.told(&["main.o", "--ld-path=/bin/true"], &[]);
    assert!(line(&text, "linker").starts_with("/bin/true: "), "{text}");
    assert!(text.contains("so this call passes its flags"), "{text}");
}

#[test]
fn a_linker_that_is_not_ours_is_not_explained_by_our_rules() {
    let place = Place::new();
    let linker = place.path("ld/bin/ld");
    let explained = || {
        let variables = [("NIX_LDFLAGS_AFTER", "--as-needed")];
        let json = place.json(&["main.o"], &variables);
        (place.told(&["main.o"], &variables), json["linker"].clone())
    };
    // The compilers' half was adopted alone.
    fs::remove_file(&linker).unwrap();
    fs::copy(place.path("real/ld"), &linker).unwrap();
    write(&place.path("ld/nix-support/add-flags.sh"), "");
    let (text, json) = explained();
    let want = format!(
        "{}: nixpkgs' wrapper in bash; what it adds is not known here (cc-wrapper adopt {} --in-place)",
        linker.display(),
        place.shown("ld"),
    );
    assert_eq!(line(&text, "linker"), want);
    assert!(!text.contains("--as-needed"), "{text}");
    assert_eq!(
        (&json["flags"], &json["wrapped"]),
        (&"unknown".into(), &false.into())
    );

    // Somebody has gone round the wrapper.
    fs::remove_file(place.path("ld/nix-support/add-flags.sh")).unwrap();
    let (text, json) = explained();
    assert!(
        line(&text, "linker").contains("it is not wrapped"),
        "{text}"
    );
    assert!(!text.contains("--as-needed"), "{text}");
    assert_eq!(json["flags"], "none");
}

#[test]
fn gnats_tools_name_the_program_that_links() {
    let place = Place::new();
    let told = |tool: &str, args: &[&str]| {
        let real = place.path("real").join(tool);
        let _ = fs::copy(place.path("real/gcc"), &real);
        let root = place.path("cc");
        let tools = ["gnatmake", "gnatlink", "gnatbind", "gcc"].map(|name| {
            let real = real.display();
            format!(r#""{name}": {{"role": "gnat", "program": "{real}"}}"#)
        });
        let text = format!(
            r#"{{"version": 1, "suffixSalt": "s", "tools": {{{}}}}}"#,
            tools.join(", ")
        );
        write(&root.join("nix-support/toolchain.json"), &text);
        let link = root.join("bin").join(tool);
        let _ = symlink(BINARY, &link);
        let text = common::run(place.explain(&[]).arg(link).args(args));
        line(&text, "link").to_owned()
    };
    let by = |tool: &str| {
        let tool = place.path("cc/bin").join(tool);
        format!(
            "yes, by {}; explain that program to see the linker's flags",
            tool.display()
        )
    };
    assert_eq!(told("gnatmake", &["main.adb"]), by("gnatlink"));
    assert_eq!(told("gnatmake", &["-c", "-l", "main.adb"]), by("gnatlink"));
    assert_eq!(
        told("gnatmake", &["-c", "main.adb"]),
        "no: -c or -b, and no -l"
    );
    assert_eq!(told("gnatlink", &["main.ali"]), by("gcc"));
    assert_eq!(
        told("gnatbind", &["main.ali"]),
        "no: this tool does not link"
    );
}

#[test]
fn a_preprocessor_links_nothing() {
    let place = Place::new();
    place.toolchain("cc", "cpp", "cpp", "");
    symlink(BINARY, place.path("cc/bin/cpp")).unwrap();
    fs::copy(place.path("real/gcc"), place.path("real/cpp")).unwrap();
    let mut explain = place.explain(&[]);
    explain
        .args(["cc/bin/cpp", "main.c"])
        .env("NIX_LDFLAGS", "-L/x");
    let text = common::run(&mut explain);
    assert_eq!(line(&text, "-L/x"), "NIX_LDFLAGS");
    assert!(
        line(&text, "link").starts_with("no: cpp only preprocesses"),
        "{text}"
    );
    assert!(!text.contains("\nlinker "), "{text}");
}

#[test]
fn a_linker_shim_is_shown() {
    let place = Place::new();
    fs::create_dir(place.path("ld/linkers")).unwrap();
    symlink(BINARY, place.path("ld/linkers/ld.mold")).unwrap();
    fs::create_dir(place.path("private")).unwrap();
    fs::copy(place.path("real/ld"), place.path("private/ld.mold")).unwrap();
    let prefix = format!("-B{}", place.shown("private"));
    let text = place.told(
        &["main.o", &prefix, "-fuse-ld=mold"],
        &[("NIX_HARDENING_ENABLE", "bindnow")],
    );
    let shim = format!("-B{}/", place.shown("ld/linkers"));
    assert_eq!(line(&text, &shim), "linker shim");
    let want = format!(
        "{}, a linker shim for {}, and adds",
        place.shown("ld/linkers/ld.mold"),
        place.shown("private/ld.mold")
    );
    assert!(line(&text, "linker").starts_with(&want), "{text}");
    assert_eq!(
        line(&text, "now"),
        "hardening bindnow, NIX_HARDENING_ENABLE"
    );
}

#[test]
fn launchers_hooks_and_records_are_shown() {
    let place = Place::new();
    write(
        &place.path("cc/nix-support/cc-wrapper-hook"),
        "extraAfter+=(-DHOOK)\nparams=(\"${params[@]:0:2}\")\n",
    );
    write(
        &place.path("ld/nix-support/post-link-hook"),
        "touch post-link\n",
    );
    let variables = [
        ("CC_WRAPPER_LAUNCHER", "env A=1"),
        ("CC_WRAPPER_COMPDB", "db"),
        ("NIX_CC_USE_RESPONSE_FILE", "1"),
        ("NIX_SET_BUILD_ID", "maybe"),
    ];
    let text = place.told(&["-c", "main.c", "-DGONE"], &variables);
    assert_eq!(line(&text, "-DHOOK"), "hook cc-wrapper-hook");
    assert_eq!(
        line(&text, "-DGONE"),
        "your argument 3, dropped: a hook took it out"
    );
    assert_eq!(line(&text, "run by"), "env A=1 (CC_WRAPPER_LAUNCHER)");
    assert_eq!(line(&text, "compdb"), "main.c would be recorded in db");
    assert_eq!(line(&text, "arguments"), "go through a response file");
    assert!(
        line(&text, "warning").starts_with("NIX_SET_BUILD_ID=maybe is not a number"),
        "{text}"
    );
    assert!(!place.path("db").exists());

    let mut explain = place.explain(&["--command"]);
    let line = common::run(
        explain
            .arg("cc/bin/gcc")
            .args(["-c", "main.c"])
            .envs(variables),
    );
    assert!(line.contains("/env 'A=1' "), "{line}");

    let mut explain = place.explain(&[]);
    explain
        .arg("ld/bin/ld")
        .arg("main.o")
        .env("NIX_BINTOOLS_WRAPPER_TARGET_HOST_s", "1");
    let text = common::run(&mut explain);
    assert!(text.contains("post-link-hook, after the link"), "{text}");
    assert!(!place.path("post-link").exists());
}

#[test]
fn a_hook_cannot_read_the_input_or_write_to_the_output() {
    let place = Place::new();
    let hook = place.path("cc/nix-support/cc-wrapper-hook");
    write(&hook, "echo hook says; cat; extraAfter+=(-DHOOK)\n");
    for options in [&["--json"][..], &["--command"], &[]] {
        let mut explain = place.explain(options);
        explain.stdin(fs::File::open(&hook).unwrap());
        let output = explain
            .arg("cc/bin/gcc")
            .args(["-c", "main.c"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(
            told.contains("-DHOOK") && !told.contains("hook says"),
            "{told}"
        );
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "hook says\n");
    }
}

#[test]
fn programs_get_one_object() {
    let place = Place::new();
    let flags = format!("-L{}", place.shown("store/z/lib"));
    let told = place.json(
        &["main.o", "-lz", "-march=native"],
        &[("NIX_LDFLAGS", &flags), ("NIX_ENFORCE_NO_NATIVE", "1")],
    );
    assert_eq!(told["program"], place.shown("real/gcc"));
    assert_eq!(told["tool"]["role"], "cc");
    let arguments = told["arguments"].as_array().unwrap();
    assert_eq!(arguments[1]["argument"], "-lz");
    assert_eq!(arguments[1]["part"], "params");
    assert_eq!(
        arguments[1]["origin"],
        serde_json::json!({"kind": "user", "index": 2})
    );
    assert_eq!(arguments[2]["part"], "after");
    assert_eq!(arguments[2]["origin"]["name"], "NIX_LDFLAGS");
    assert_eq!(told["dropped"][0]["argument"], "-march=native");
    assert_eq!(told["dropped"][0]["reason"], "native");
    assert_eq!(told["link"]["type"], "dynamic");
    assert_eq!(told["linker"]["wrapped"], true);
    assert_eq!(
        told["linker"]["arguments"][1]["origin"]["library"],
        "libz.so"
    );
    assert_eq!(told["environment"]["set"]["NIX_LINK_TYPE_s"], "dynamic");
    assert_eq!(told["roles"]["markers"][1]["set"], true);
    assert_eq!(told["responseFile"], "whenNeeded");
    assert!(told["compileDatabase"].is_null());
}

#[test]
fn all_bytes_are_shown() {
    let place = Place::new();
    let arg = OsStr::from_bytes(b"-Da\xff\xc3\xa9 '{b,c}'\n");
    let told = |options: &[&str]| {
        let mut explain = place.explain(options);
        let output = explain
            .arg("cc/bin/gcc")
            .arg("-c")
            .arg(arg)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let quoted = r"$'-Da\xffé \'{b,c}\'\n'";
    assert_eq!(line(&told(&[]), quoted), "your argument 2");
    let command_line = told(&["--command"]);
    assert!(command_line.contains(quoted), "{command_line}");
    let bash = format!("set -- {command_line}\nprintf %s \"$3\"");
    let read = command("bash").arg("-c").arg(bash).output().unwrap().stdout;
    assert_eq!(read, arg.as_bytes());
    assert!(told(&["--json"]).contains(r#""-Da\udcff"#));
}

fn fails(output: &Output, status: i32, text: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{stderr}");
    assert!(stderr.contains(text), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_tool_that_cannot_be_explained_is_named() {
    let place = Place::new();
    let explain = |tool: &str| {
        let mut explain = place.explain(&[]);
        explain.arg(tool).output().unwrap()
    };
    fails(
        &explain("no-such-tool"),
        127,
        "no program no-such-tool on PATH",
    );
    fails(&explain(""), 127, "no program '' on PATH");
    fails(&explain("./absent/gcc"), 127, "./absent/gcc does not exist");
    fails(
        &explain("cc/nix-support/toolchain.json"),
        126,
        "is not executable",
    );
    fails(&explain("/bin/sh"), 1, "/bin/sh is not wrapped");
    fails(&explain("real/gcc"), 1, "real/gcc is not wrapped");
    fails(&explain(BINARY), 1, "is cc-wrapper itself");
    symlink(BINARY, place.path("cc/bin/stray")).unwrap();
    fails(&explain("cc/bin/stray"), 1, "lists no tool 'stray'");
    let none = command(BINARY).arg("explain").output().unwrap();
    fails(&none, 2, "required arguments");
}

#[test]
fn programs_without_flags_and_unwrapped_compilers_get_different_errors() {
    let place = Place::new();
    let explain = |tool: &str| {
        let mut explain = place.explain(&[]);
        let path = ["ccache", "ld/bin", "cc/bin"].map(|name| place.shown(name));
        explain
            .arg(tool)
            .env("PATH", path.join(":"))
            .output()
            .unwrap()
    };
    let real = place.path("real/gcc").canonicalize().unwrap();
    symlink(&real, place.path("ld/bin/strip")).unwrap();
    let want = format!(
        "{} is in a wrapped root, but not wrapped: it is {}, whose calls get no flags; name a",
        place.shown("ld/bin/strip"),
        real.display()
    );
    fails(&explain("strip"), 1, &want);
    fs::remove_file(place.path("ld/bin/ld")).unwrap();
    symlink(&real, place.path("ld/bin/ld")).unwrap();
    fails(
        &explain("ld"),
        1,
        "ld/bin/ld is not a link to cc-wrapper: its root lists it as wrapped, but it is ",
    );

    fs::create_dir_all(place.path("ccache")).unwrap();
    fs::copy(&real, place.path("ccache/ccache")).unwrap();
    for name in ["gcc", "strip"] {
        symlink("ccache", place.path("ccache").join(name)).unwrap();
    }
    let want = format!(
        "{} is ccache, which runs {}, the next one on PATH; name that",
        place.shown("ccache/gcc"),
        place.shown("cc/bin/gcc")
    );
    fails(&explain("gcc"), 1, &want);
    fails(
        &explain("strip"),
        1,
        "is ccache, and the compiler that it runs is not wrapped; put",
    );
}

#[test]
fn another_build_causes_a_warning() {
    let place = Place::new();
    let other = place.path("other/cc-wrapper");
    let mut text = fs::read(BINARY).unwrap();
    text.push(0);
    fs::create_dir(place.path("other")).unwrap();
    fs::write(&other, text).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o755)).unwrap();
    for tool in ["cc/bin/gcc", "ld/bin/ld"] {
        fs::remove_file(place.path(tool)).unwrap();
        symlink(&other, place.path(tool)).unwrap();
    }
    let warning = |path: &str| {
        format!(
            "{path} is another build of cc-wrapper, whose rules may differ; \
             run {} explain instead",
            other.canonicalize().unwrap().display()
        )
    };
    let warnings = [warning("cc/bin/gcc"), warning(&place.shown("ld/bin/ld"))];
    let text = place.told(&["main.o"], &[]);
    for warning in &warnings {
        assert!(
            text.contains(&format!("\nwarning      {warning}\n")),
            "{text}"
        );
    }
    let told = place.json(&["main.o"], &[]);
    assert_eq!(told["warnings"], serde_json::json!(warnings));
    let mut explain = place.explain(&["--command"]);
    let output = explain.args(["cc/bin/gcc", "main.o"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr, format!("cc-wrapper: warning: {}\n", warnings[0]));
    assert!(output.status.success());
}

#[test]
fn errors_are_those_of_the_call() {
    let place = Place::new();
    let same_with = |args: &[&str], variables: &[(&str, &str)]| {
        let run = |command: &mut Command| {
            let output = command
                .args(args)
                .env("NIX_SET_BUILD_ID", "x")
                .envs(variables.iter().copied())
                .output()
                .unwrap();
            (output.status, output.stdout, output.stderr)
        };
        let mut call = command(place.path("cc/bin/gcc"));
        call.current_dir(place.0.path())
            .env("NIX_CC_WRAPPER_TARGET_HOST_s", "1");
        let made = run(&mut call);
        assert!(!made.0.success() && !made.2.is_empty());
        for options in [&[][..], &["--json"], &["--command"]] {
            let explained = run(place.explain(options).arg("cc/bin/gcc"));
            assert_eq!(explained, made, "{options:?}");
        }
    };
    let same = |args: &[&str]| same_with(args, &[]);
    same_with(
        &["-c", "x.c"],
        &[("CC_WRAPPER_LAUNCHER", "no-such-launcher")],
    );
    let real = place.path("real/gcc");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o644)).unwrap();
    same(&["-c", "x.c"]);
    fs::remove_file(&real).unwrap();
    same(&["-c", "x.c"]);
    same_with(&["-c", "x.c"], &[("NIX_DEBUG", "1")]);
    write(&place.path("loop.rsp"), "@loop.rsp");
    same(&["@loop.rsp"]);
    write(&place.path("cc/nix-support/toolchain.json"), "{");
    same(&["-c"]);
}

#[test]
fn a_missing_linker_is_reported() {
    let place = Place::new();
    fs::remove_file(place.path("real/ld")).unwrap();
    let text = place.told(&["main.o"], &[]);
    let want = format!(
        "which fails: cannot run {}: no such file or directory; install it",
        place.shown("real/ld")
    );
    assert!(line(&text, "linker").contains(&want), "{text}");
}

#[test]
fn a_call_that_is_not_recorded_is_shown_with_the_reason() {
    let place = Place::new();
    let set = [("CC_WRAPPER_COMPDB", "db")];
    let unset = [("CC_WRAPPER_COMPDB", "")];
    let text = place.told(&["-c", "main.c"], &unset);
    assert_eq!(
        line(&text, "compdb"),
        "nothing: CC_WRAPPER_COMPDB is not set"
    );
    let text = place.told(&["-E", "main.c"], &set);
    assert_eq!(line(&text, "compdb"), "nothing: the call compiles no file");
    let told = place.json(&["-E", "main.c"], &set);
    assert_eq!(told["notRecorded"], "the call compiles no file");
    for args in [&["-E", "main.c"], &["main.o", "-lz"]] {
        let text = place.told(args, &unset);
        assert!(!text.contains("\ncompdb "), "{text}");
    }
    let text = place.told(&["-c", "main.c"], &set);
    assert_eq!(text.matches("\ncompdb ").count(), 1, "{text}");
}

#[test]
fn a_database_that_cannot_be_written_is_reported() {
    let place = Place::new();
    let variables = [("CC_WRAPPER_COMPDB", "/no/such/db")];
    let text = place.told(&["-c", "main.c"], &variables);
    let want = "nothing in /no/such/db: /no/such: no such file or directory";
    assert_eq!(line(&text, "compdb"), want);
    let told = place.json(&["-c", "main.c"], &variables);
    let why = told["compileDatabase"]["whyNot"].as_str().unwrap();
    assert!(why.starts_with("/no/such: no such file"), "{told}");
}

#[test]
fn without_a_toolchain_the_next_on_path_is_explained() {
    let place = Place::new();
    fs::create_dir(place.path("links")).unwrap();
    symlink(BINARY, place.path("links/gcc")).unwrap();
    let path = |rest: &str| format!("{}:{rest}", place.shown("links"));
    let mut explain = place.explain(&[]);
    explain
        .args(["gcc", "main.o"])
        .env("PATH", path(&place.shown("real")));
    let text = common::run(&mut explain);
    assert!(text.starts_with(&place.shown("real/gcc")), "{text}");
    assert!(text.contains("by the next gcc on PATH"), "{text}");
    assert!(text.contains("so this call passes its flags"), "{text}");

    let output = explain.env("PATH", path("/nowhere")).output().unwrap();
    fails(&output, 127, "gcc: there is no other gcc on PATH");
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let place = Place::new();
    for options in [&[][..], &["--json"], &["--command"]] {
        let mut explain = place.explain(options);
        explain.arg("cc/bin/gcc").args(vec!["-DX"; 20_000]);
        let mut child = explain
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
    }
}

/// Returns the output on a terminal of this width.
fn on_terminal(
    place: &Place,
    columns: u16,
    variables: &[(&str, &str)],
    arg: &str,
) -> Option<String> {
    let line = format!("exec {BINARY} explain cc/bin/gcc -c {arg}");
    let own = [
        ("NIX_CC_WRAPPER_TARGET_HOST_s", "1"),
        ("NIX_CFLAGS_COMPILE", "-DADDED"),
    ];
    let variables = [&own, variables].concat();
    let (status, text) = terminal::on_terminal(columns, place.0.path(), &variables, &line)?;
    let text = String::from_utf8(text).unwrap();
    assert_eq!(status, 0, "{text}");
    Some(text)
}

#[test]
fn colours_are_for_terminals_that_have_them() {
    let place = Place::new();
    let told = |variables: &[(&str, &str)]| on_terminal(&place, 200, variables, "x.c");
    let Some(text) = told(&[("TERM", "xterm")]) else {
        return;
    };
    assert!(text.contains("\x1b[32m-DADDED\x1b[0m"), "{text}");
    for plain in [
        &[("TERM", "dumb")][..],
        &[("TERM", "xterm"), ("NO_COLOR", "1")],
        &[],
    ] {
        let text = told(plain).unwrap();
        assert!(text.contains("-DADDED") && !text.contains('\x1b'), "{text}");
    }
    let piped = place.told(&["-c", "x.c"], &[("TERM", "xterm")]);
    assert!(!piped.contains('\x1b'), "{piped}");
}

#[test]
fn a_narrow_terminal_gets_more_lines_and_all_of_each_argument() {
    let place = Place::new();
    let long = "y".repeat(60);
    let Some(text) = on_terminal(&place, 30, &[], &long) else {
        return;
    };
    assert!(
        text.contains(&format!("  {long}\n      your argument 2\n")),
        "{text}"
    );
    assert!(text.contains("\n  -c       your argument 1\n"), "{text}");
    assert!(text.contains("\n  -DADDED  NIX_CFLAGS_COMPILE\n"), "{text}");
    let note = "\nreads        NIX_CFLAGS_COMPILE\n             and related\n";
    assert!(text.contains(note), "{text}");
}

#[test]
fn a_terminal_without_utf8_gets_ascii() {
    let place = Place::new();
    let Some(text) = on_terminal(&place, 200, &[("LC_ALL", "C")], "é") else {
        return;
    };
    assert!(text.contains(r"$'\xc3\xa9'") && text.is_ascii(), "{text}");
    let text = on_terminal(&place, 200, &[("LC_ALL", "C.UTF-8")], "é").unwrap();
    assert!(text.contains("  é  "), "{text}");
}
