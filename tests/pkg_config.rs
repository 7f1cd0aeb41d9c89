//! pkg-config and go of a wrapped root: the directories that they search.

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use common::{command, run, tool, wrap, write};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");

/// A root whose tools print their variables and arguments.
struct Root(TempDir);

impl Root {
    /// `keys` are added to its `toolchain.json`.
    fn new(keys: &str) -> Root {
        let root = tempfile::tempdir().unwrap();
        let real = root.path().join("real");
        write(
            &real,
            "#!/bin/sh\necho \"${PKG_CONFIG_PATH-unset}|${PKG_CONFIG_PATH_s-unset}|\
             ${NIX_PKG_CONFIG_WRAPPER_FLAGS_SET_s-unset}|${GCCGO-unset}|$*\"\n",
        );
        fs::set_permissions(&real, fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(root.path().join("bin")).unwrap();
        let tools = [
            ("pkg-config", "pkg-config"),
            ("go", "go"),
            ("arm-eabi-go", "go"),
        ];
        let tools = tools.map(|(name, role)| {
            symlink(BINARY, root.path().join("bin").join(name)).unwrap();
            format!(r#""{name}": {{"role": "{role}", "program": "./real"}}"#)
        });
        let text = tools.join(", ");
        write(
            &root.path().join("nix-support/toolchain.json"),
            &format!(r#"{{"version": 1, "suffixSalt": "s", {keys} "tools": {{{text}}}}}"#),
        );
        Root(root)
    }

    fn tool(&self, name: &str) -> Command {
        command(self.0.path().join("bin").join(name))
    }

    /// Returns what the real pkg-config gets.
    fn told(&self, variables: &[(&str, &str)]) -> String {
        let mut pkg_config = self.tool("pkg-config");
        pkg_config
            .args(["--libs", "a b"])
            .envs(variables.iter().copied());
        run(&mut pkg_config).trim_end().to_owned()
    }
}

#[test]
fn each_served_role_counts() {
    let root = Root::new("");
    let all = [
        ("PKG_CONFIG_PATH", "/h"),
        ("PKG_CONFIG_PATH_FOR_BUILD", "/b1:/b2"),
        ("PKG_CONFIG_PATH_FOR_TARGET", ""),
    ];
    let marked = |markers: &[&'static str]| {
        let mut variables = all.to_vec();
        variables.extend(markers.iter().map(|marker| (*marker, "1")));
        root.told(&variables)
    };
    let [build, host, target] = [
        "NIX_PKG_CONFIG_WRAPPER_TARGET_BUILD_s",
        "NIX_PKG_CONFIG_WRAPPER_TARGET_HOST_s",
        "NIX_PKG_CONFIG_WRAPPER_TARGET_TARGET_s",
    ];
    assert_eq!(marked(&[host]), "/h|/h|1|unset|--libs a b");
    assert_eq!(marked(&[build]), "/b1:/b2|/b1:/b2|1|unset|--libs a b");
    assert_eq!(
        marked(&[host, build]),
        "/b1:/b2:/h|/b1:/b2:/h|1|unset|--libs a b"
    );
    assert_eq!(marked(&[host, target]), "/h:|/h:|1|unset|--libs a b");
    // A compiler's role is none of pkg-config's.
    let other = "NIX_CC_WRAPPER_TARGET_BUILD_s";
    assert_eq!(marked(&[other]), "/h||1|unset|--libs a b");
}

#[test]
fn collected_variables_are_not_collected_again() {
    let root = Root::new("");
    let host = ("NIX_PKG_CONFIG_WRAPPER_TARGET_HOST_s", "1");
    let plain = ("PKG_CONFIG_PATH", "/h");
    let inherited = ("PKG_CONFIG_PATH_s", "/i");
    assert_eq!(
        root.told(&[host, plain, inherited]),
        "/i:/h|/i:/h|1|unset|--libs a b"
    );
    let mark = ("NIX_PKG_CONFIG_WRAPPER_FLAGS_SET_s", "1");
    assert_eq!(
        root.told(&[host, plain, inherited, mark]),
        "/h|/i|1|unset|--libs a b"
    );
}

#[test]
fn a_root_without_markers_reads_the_plain_variable() {
    let root = Root::new(r#""roleMarkers": "optional","#);
    let told = root.told(&[
        ("PKG_CONFIG_PATH", "/h"),
        ("PKG_CONFIG_PATH_FOR_BUILD", "/b"),
    ]);
    assert_eq!(told, "/h|/h|1|unset|--libs a b");
}

#[test]
fn a_static_target_has_static_libraries_only() {
    let root = Root::new(r#""static": true,"#);
    let told = root.told(&[("PKG_CONFIG_PATH", "/h")]);
    assert_eq!(told, "/h||1|unset|--static --libs a b");
}

#[test]
fn go_gets_the_wrapped_gccgo() {
    let root = Root::new("");
    let bin = root.0.path().join("bin").display().to_string();
    for (name, gccgo) in [("go", "gccgo"), ("arm-eabi-go", "arm-eabi-gccgo")] {
        let told = run(root.tool(name).arg("build"));
        assert_eq!(told, format!("unset|unset|unset|{bin}/{gccgo}|build\n"));
    }
}

#[test]
fn a_wrapped_root_serves_the_machines_own() {
    let (Some(_), Some(_)) = (tool("gcc"), tool("pkg-config")) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    wrap(&root, ["--cc", "gcc", "--no-check"]);
    let text = fs::read(root.join("nix-support/toolchain.json")).unwrap();
    let toolchain: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let listed = &toolchain["tools"]["pkg-config"];
    assert_eq!(listed["role"], "pkg-config");
    let program = which::which("pkg-config").unwrap();
    assert_eq!(listed["program"], program.to_str().unwrap());

    let module = dir.path().join("pc/greet.pc");
    write(
        &module,
        "Name: greet\nDescription: x\nVersion: 1.2\nLibs: -L/greet/lib -lgreet\n",
    );
    let mut ask = command(root.join("bin/pkg-config"));
    ask.args(["--libs", "greet"])
        .env("PKG_CONFIG_PATH", dir.path().join("pc"));
    assert_eq!(run(&mut ask).trim(), "-L/greet/lib -lgreet");
    let mut ask = command(root.join("bin/pkg-config"));
    assert!(!ask.args(["--exists", "greet"]).status().unwrap().success());
}

#[test]
fn a_link_in_no_root_leads_to_the_next_on_path() {
    let Some(program) = tool("pkg-config") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    symlink(BINARY, dir.path().join("pkg-config")).unwrap();
    let version = |program: &std::path::Path| run(command(program).arg("--version"));
    assert_eq!(version(&dir.path().join("pkg-config")), version(&program));
}
