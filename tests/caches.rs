//! Compiler caches: whichever way round a cache and a root are, a compile never
//! gets the object of other flags.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{command, run, tool, wrap, write};
use tempfile::TempDir;

/// A root, a source whose object shows V, and an empty cache.
struct Place {
    temp: TempDir,
    /// What `env` of the root exports.
    exported: Vec<(String, String)>,
}

impl Place {
    fn new() -> Option<Place> {
        tool("gcc")?;
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("root");
        wrap(&root, ["--cc", "gcc", "--no-check"]);
        write(
            &temp.path().join("x.c"),
            "const char *value = \"value-\" V;\nint zero(int n) { char a[64]; a[n] = 0; return a[0]; }\n",
        );
        let mut env = command(root.join("bin/cc-wrapper"));
        let set = run(env.args(["env", "--shell", "json"]));
        let set: serde_json::Value = serde_json::from_str(&set).unwrap();
        let pairs = set.as_object().unwrap().iter();
        let pairs = pairs.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
        let exported = pairs.collect();
        Some(Place { temp, exported })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = command(program);
        command
            .envs(self.exported.iter().map(|(name, value)| (name, value)))
            .env("CCACHE_DIR", self.path("cache"))
            .current_dir(self.temp.path());
        command
    }

    /// Compiles with these variables, and returns whether the object came from
    /// the cache, and the object.
    fn compile(&self, words: &[&str], set: &[(&str, &str)]) -> (bool, Vec<u8>) {
        let hits = || {
            let said = run(self.command("ccache").arg("--print-stats"));
            let lines = said.lines().filter_map(|line| line.split_once('\t'));
            let hits = lines.filter(|(name, _)| name.ends_with("_cache_hit"));
            hits.map(|(_, count)| count.parse::<u32>().unwrap())
                .sum::<u32>()
        };
        let before = hits();
        let _ = fs::remove_file(self.path("x.o"));
        let mut compile = self.command(words[0]);
        compile.args(&words[1..]).args(["-c", "x.c", "-o", "x.o"]);
        run(compile.envs(set.iter().copied()));
        (hits() > before, fs::read(self.path("x.o")).unwrap())
    }

    /// Compiles with one set of variables and flag files after the other.
    fn is_right(&self, words: &[&str], launcher: &[(&str, &str)]) {
        let compile = |set: &[(&str, &str)]| self.compile(words, &[launcher, set].concat());
        let of = |flags: &str, hardening: &str, links: &str| {
            compile(&[
                ("NIX_CFLAGS_COMPILE", flags),
                ("NIX_HARDENING_ENABLE", hardening),
                ("NIX_LDFLAGS", links),
            ])
        };
        let holds = |object: &[u8], text: &str| {
            let mut windows = object.windows(text.len());
            windows.any(|window| window == text.as_bytes())
        };
        let (hit, one) = of("-DV=\"1\"", "", "");
        assert!(!hit && holds(&one, "value-1"));
        // What only links read changes nothing.
        assert_eq!(of("-DV=\"1\"", "", "-L/opt"), (true, one.clone()));
        let (hit, two) = of("-DV=\"2\"", "", "");
        assert!(!hit && holds(&two, "value-2"));
        assert_eq!(of("-DV=\"1\"", "", ""), (true, one.clone()));
        // The preprocessed source stays the same.
        let (hit, optimised) = of("-DV=\"1\" -O2", "", "");
        assert!(!hit && optimised != one);
        let (hit, hard) = of("-DV=\"1\"", "stackprotector", "");
        assert!(!hit && hard != one && holds(&hard, "__stack_chk_fail"));
        assert_eq!(of("-DV=\"1\"", "stackprotector", ""), (true, hard));
        // A package adds a flag file by itself.
        let file = self.path("root/nix-support/cc-cflags");
        write(&file, "-DV=\"3\"\n");
        let (hit, three) = of("", "", "");
        assert!(!hit && holds(&three, "value-3"));
        write(&file, "-DV=\"3\" -O2\n");
        let (hit, optimised) = of("", "", "");
        assert!(!hit && optimised != three);
        fs::remove_file(file).unwrap();
        assert_eq!(of("-DV=\"1\"", "", ""), (true, one));
    }
}

#[test]
fn a_cache_in_front_of_the_root_sees_what_the_root_adds() {
    let Some(_) = tool("ccache") else { return };
    let Some(place) = Place::new() else { return };
    let gcc = place.path("root/bin/gcc");
    place.is_right(&["ccache", gcc.to_str().unwrap()], &[]);
}

#[test]
fn a_cache_behind_the_root_sees_what_the_root_adds() {
    let Some(_) = tool("ccache") else { return };
    let Some(place) = Place::new() else { return };
    let gcc = place.path("root/bin/gcc");
    let launcher = [("CC_WRAPPER_LAUNCHER", "ccache")];
    place.is_right(&[gcc.to_str().unwrap()], &launcher);
}

#[test]
fn cmake_puts_a_cache_in_front_and_it_sees_what_the_root_adds() {
    let (Some(_), Some(_), Some(_)) = (tool("ccache"), tool("cmake"), tool("make")) else {
        return;
    };
    let Some(place) = Place::new() else { return };
    write(
        &place.path("CMakeLists.txt"),
        "cmake_minimum_required(VERSION 3.17)\nproject(app C)\nadd_library(x OBJECT x.c)\n",
    );
    let build = |value: &str| {
        let mut cmake = place.command("cmake");
        run(cmake
            .args(["-B", "build"])
            .env("CMAKE_C_COMPILER_LAUNCHER", "ccache"));
        let mut make = place.command("make");
        run(make
            .args(["-B", "-C", "build"])
            .env("NIX_CFLAGS_COMPILE", format!("-DV=\"{value}\"")));
        let object = fs::read(place.path("build/CMakeFiles/x.dir/x.c.o")).unwrap();
        let text = format!("value-{value}");
        let mut windows = object.windows(text.len());
        assert!(windows.any(|window| window == text.as_bytes()), "{value}");
    };
    build("1");
    build("2");
}

#[test]
fn the_digest_changes_with_compiles_alone() {
    let Some(place) = Place::new() else { return };
    let digest = |compiler: &Path, set: &[(&str, &str)]| {
        let mut digest = place.command(place.path("root/bin/cc-wrapper"));
        run(digest.arg("digest").arg(compiler).envs(set.iter().copied()))
    };
    let gcc = place.path("root/bin/gcc");
    let of = |name, value| digest(&gcc, &[(name, value)]);
    let plain = digest(&gcc, &[]);
    assert_eq!(plain.len(), 33, "{plain}");
    for name in [
        "NIX_CFLAGS_COMPILE",
        "NIX_CFLAGS_COMPILE_BEFORE",
        "NIX_CXXSTDLIB_COMPILE",
        "NIX_HARDENING_ENABLE",
        "NIX_ENFORCE_NO_NATIVE",
    ] {
        assert_ne!(of(name, "1"), plain, "{name}");
    }
    for name in [
        "NIX_LDFLAGS",
        "NIX_CFLAGS_LINK",
        "NIX_CFLAGS_COMPILE_FOR_BUILD",
        "NIX_BUILD_TOP",
        "NIX_STORE",
        "NIX_DEBUG",
        "CC_WRAPPER_LAUNCHER",
        "HOME",
    ] {
        assert_eq!(of(name, "1"), plain, "{name}");
    }
    let pure = |store| digest(&gcc, &[("NIX_ENFORCE_PURITY", "1"), ("NIX_STORE", store)]);
    assert_ne!(pure("/a"), pure("/b"));
    write(&place.path("root/nix-support/libc-cflags"), "-DX\n");
    assert_ne!(digest(&gcc, &[]), plain);

    // Arguments of a compiler that is not wrapped have the flags already.
    let real = which::which("gcc").unwrap();
    let flags = [("NIX_CFLAGS_COMPILE", "-DX")];
    assert_eq!(digest(&real, &flags), digest(&real, &[]));
    let copy = place.path("gcc");
    fs::copy(&real, &copy).unwrap();
    let before = digest(&copy, &[]);
    let mut text = fs::read(&real).unwrap();
    text.push(0);
    fs::write(&copy, text).unwrap();
    assert_ne!(digest(&copy, &[]), before);
}

#[test]
fn env_and_run_export_the_digest_for_sccache() {
    let Some(place) = Place::new() else { return };
    let exported = |set: &[(&str, &str)]| {
        let mut run_ = place.command(place.path("root/bin/cc-wrapper"));
        run_.args(["run", "-q", "--", "sh", "-c"]);
        run_.arg("echo $SCCACHE_C_CUSTOM_CACHE_BUSTER");
        run(run_.envs(set.iter().copied()))
    };
    let plain = exported(&[]);
    assert_eq!(plain.trim_end().len(), 32, "{plain}");
    assert_eq!(exported(&[("NIX_LDFLAGS", "-L/opt")]), plain);
    assert_ne!(exported(&[("NIX_CFLAGS_COMPILE", "-O2")]), plain);
    assert_ne!(exported(&[("NIX_HARDENING_ENABLE", "pic")]), plain);
}
