//! `cc-wrapper adopt` on wrappers that look like those of nixpkgs: the new
//! root's content and behaviour, and what remains of the old one.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::look_alike::{Dialect, LookAlike, script, shell};
use common::{command, interpreter, run, run_alone, runpath, strace, write};
use serde_json::Value;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");
const DIALECTS: [Dialect; 2] = [Dialect::Of2024, Dialect::Of2026];

/// A wrapper, and a place for the new root.
struct Place {
    top: TempDir,
    wrapper: LookAlike,
}

impl Place {
    fn new(dialect: Dialect, compiler: &str) -> Place {
        let top = tempfile::tempdir().unwrap();
        let wrapper = LookAlike::of_machine(&top.path().canonicalize().unwrap(), dialect, compiler);
        Place { top, wrapper }
    }

    fn laid(dialect: Dialect, compiler: &str) -> Place {
        let place = Place::new(dialect, compiler);
        place.wrapper.lay();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.top.path().canonicalize().unwrap().join(name)
    }

    /// Adopts the compiler half into `fast`.
    fn adopt(&self) -> String {
        run(adopt(&self.wrapper.cc).arg("--out").arg(self.path("fast")))
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Returns a call of a wrapped tool, as in a nix-shell.
    fn call(&self, tool: impl AsRef<Path>) -> Command {
        let mut call = command(self.path("").join(tool));
        for half in ["CC", "BINTOOLS"] {
            let marker = format!("NIX_{half}_WRAPPER_TARGET_HOST_{}", self.wrapper.salt);
            call.env(marker, "1");
        }
        call.current_dir(self.path(""));
        call
    }
}

fn adopt(dir: &Path) -> Command {
    let mut adopt = command(BINARY);
    adopt.arg("adopt").arg(dir);
    adopt
}

fn json(root: &Path) -> Value {
    let text = fs::read_to_string(root.join("nix-support/toolchain.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Returns everything below a directory: kinds, modes and contents.
fn tree(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut pending = vec![root.to_path_buf()];
    while let Some(path) = pending.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let what = if metadata.is_symlink() {
            format!("-> {}", fs::read_link(&path).unwrap().display())
        } else if metadata.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            pending.extend(entries.map(|entry| entry.unwrap().path()));
            format!("{:o}", metadata.permissions().mode())
        } else {
            let text = fs::read(&path).unwrap();
            let text = if text.len() > 100_000 {
                text.len().to_string()
            } else {
                String::from_utf8(text).unwrap()
            };
            format!("{:o} {text}", metadata.permissions().mode())
        };
        found.insert(path, what);
    }
    found
}

/// Asserts that the command is refused with one line that contains all of
/// `parts`, and changes nothing.
#[track_caller]
fn refused(top: &Path, command: &mut Command, parts: &[&str]) {
    let before = tree(top);
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("cc-wrapper: "), "{stderr}");
    for part in parts {
        assert!(stderr.contains(part), "{part} in {stderr}");
    }
    assert!(output.stdout.is_empty());
    assert_eq!(tree(top), before);
}

#[test]
fn a_new_root_has_the_values_of_the_scripts() {
    if common::tool("g++").is_none() {
        return;
    }
    for dialect in DIALECTS {
        let mut place = Place::new(dialect, "gcc");
        place.wrapper.unsupported = vec!["pacret".into()];
        place.wrapper.linkers_unsupported = vec!["bindnow".into()];
        place.wrapper.linkers_response_file = true;
        place.wrapper.lay();
        let told = place.adopt();
        assert!(told.starts_with("adopted "), "{told}");
        for line in ["gcc", "linkers       ld ld.bfd", "others        strip"] {
            assert!(told.contains(line), "{line} in {told}");
        }
        assert!(!told.contains("left alone"), "{told}");

        let cc = json(&place.path("fast"));
        assert_eq!(cc["suffixSalt"], "salt_of_test");
        assert_eq!(cc["compiler"], "gcc");
        assert_eq!(cc["bintools"], "bintools");
        assert_eq!(cc["shell"], shell());
        assert_eq!(cc["hookPath"], "/usr/bin:/usr/local/bin");
        assert_eq!(cc["tools"]["g++"]["role"], "c++");
        assert_eq!(cc["tools"]["cpp"]["role"], "cpp");
        assert_eq!(cc["tools"]["cc"], Value::Null);
        assert_eq!(cc["roleMarkers"], Value::Null);
        assert_eq!(cc["hardeningUnsupported"][0], "pacret");
        let old = dialect == Dialect::Of2024;
        assert_eq!(
            cc["hardeningUnsupported"].as_array().unwrap().len() > 1,
            old
        );
        assert_eq!(cc["tools"]["gcc"]["linkerByPrefix"] == true, old);
        assert_eq!(cc["hardeningSupported"][0] == "pie", old);

        let ld = json(&place.path("fast/bintools"));
        assert_eq!(ld["tools"]["ld.bfd"]["role"], "ld");
        assert_eq!(ld["tools"]["strip"]["role"], "strip");
        assert_eq!(ld["hardeningUnsupported"][0], "bindnow");
        assert_eq!(ld["useResponseFile"], true);
        assert_eq!(ld["hookPath"], "/usr/bin");
    }
}

#[test]
fn clangs_target_is_taken_over_and_a_packages_lines_stay_a_hook() {
    if common::tool("clang").is_none() {
        return;
    }
    for dialect in DIALECTS {
        for added in ["", "extraBefore+=(-DADDED)\n"] {
            let mut place = Place::new(dialect, "clang");
            let target = "x86_64-unknown-linux-gnu".to_owned();
            place.wrapper.target = Some((target, "'-march=x86-64-v2'".into(), String::new()));
            place.wrapper.response_file = true;
            place.wrapper.lay();
            let hook = "nix-support/add-local-cc-cflags-before.sh";
            let path = place.wrapper.cc.join(hook);
            let own = fs::read_to_string(&path).unwrap();
            fs::write(&path, [&own, added].concat()).unwrap();
            let told = place.adopt();
            assert_eq!(told.contains("hooks"), !added.is_empty(), "{told}");
            let cc = json(&place.path("fast"));
            assert_eq!(cc["compiler"], "clang");
            assert_eq!(cc["useResponseFile"], true);
            assert_eq!(cc["defaultTarget"], "x86_64-unknown-linux-gnu");
            assert_eq!(cc["machineFlags"][0], "-march=x86-64-v2");
            let old = dialect == Dialect::Of2024;
            assert_eq!(cc["cxxHeadersOnlyInCxx"] == true, old);
            assert_eq!(cc["tools"]["cpp"]["role"], if old { "cc" } else { "cpp" });
            let kept = fs::read_to_string(place.path("fast").join(hook)).ok();
            assert_eq!(kept.as_deref().unwrap_or(""), added);
        }
    }
}

#[test]
fn hooks_and_flag_files_are_where_packages_look_for_them() {
    let place = Place::laid(Dialect::Of2026, "gcc");
    let cc = place.wrapper.cc.join("nix-support");
    let old = place.wrapper.cc.display().to_string();
    write(&cc.join("cc-cflags"), &format!("-B{old}/lib -DX"));
    write(&cc.join("cc-wrapper-hook"), "extraAfter+=(-DHOOK)\n");
    fs::set_permissions(cc.join("cc-cflags"), fs::Permissions::from_mode(0o444)).unwrap();
    fs::create_dir(cc.join("more")).unwrap();
    symlink("cc-cflags", cc.join("link")).unwrap();
    fs::create_dir(place.wrapper.cc.join("resource-root")).unwrap();
    let ld = place.wrapper.bintools.join("nix-support");
    write(&ld.join("post-link-hook"), "true\n");
    write(&ld.join("libc-ldflags"), "-L/lib\n");
    let told = place.adopt();
    assert!(told.contains("hooks         cc-wrapper-hook\n"), "{told}");
    assert!(told.contains("hooks         post-link-hook\n"), "{told}");

    let fast = place.path("fast").display().to_string();
    assert_eq!(
        place.file("fast/nix-support/cc-cflags"),
        format!("-B{old}/lib -DX")
    );
    assert_eq!(
        place.file("fast/nix-support/cc-wrapper-hook"),
        "extraAfter+=(-DHOOK)\n"
    );
    assert_eq!(
        place.file("fast/bintools/nix-support/post-link-hook"),
        "true\n"
    );
    assert_eq!(
        place.file("fast/bintools/nix-support/libc-ldflags"),
        "-L/lib\n"
    );
    assert_eq!(place.file("fast/bintools/nix-support/orig-libc"), "/usr\n");
    let loader = place.file("fast/bintools/nix-support/dynamic-linker");
    assert_eq!(place.file("fast/nix-support/dynamic-linker"), loader);
    assert_eq!(
        place.file("fast/nix-support/link"),
        format!("-B{old}/lib -DX")
    );
    assert!(place.path("fast/nix-support/more").is_dir());
    assert!(place.path("fast/resource-root").is_dir());
    let utils = "source fast/nix-support/utils.bash; accumulateRoles && echo sourced";
    let mut bash = place.call(shell());
    assert_eq!(run(bash.args(["-euc", utils])), "sourced\n");
    // Others may add to it.
    let mode = fs::metadata(place.path("fast/nix-support/cc-cflags")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o644);
    // stdenv gets the new root.
    assert_eq!(
        place.file("fast/nix-support/setup-hook"),
        format!("export NIX_CC={fast}\n")
    );
    let hook = format!("export NIX_BINTOOLS={fast}/bintools\n");
    assert_eq!(place.file("fast/bintools/nix-support/setup-hook"), hook);
    let inputs = format!("{fast}/bintools /other\n");
    assert_eq!(
        place.file("fast/nix-support/propagated-build-inputs"),
        inputs
    );
}

#[test]
fn unrecognised_scripts_stay_and_are_named() {
    let place = Place::laid(Dialect::Of2026, "gcc");
    let bin = place.wrapper.cc.join("bin");
    script(&bin.join("gccgo"), "#! /bin/sh\necho own\n");
    script(
        &bin.join("go"),
        "#! /bin/sh\nexport GCCGO=\"/x\"\nexec /x \"$@\"\n",
    );
    let gone = fs::read_to_string(bin.join("gcc")).unwrap();
    let gcc = which::which("gcc").unwrap().display().to_string();
    let gone = gone.replace(&gcc, "/gone");
    script(&bin.join("gcc-gone"), &gone);
    let other = fs::read_to_string(bin.join("gcc")).unwrap();
    let other = other.replace("/cc-wrapper-1/", "/cc-wrapper-2/");
    script(&bin.join("another-gcc"), &other);
    symlink("gccgo", bin.join("own")).unwrap();
    let told = place.adopt();
    for line in [
        "another-gcc: it belongs to another wrapper than the others",
        "gccgo: its format is unknown",
        "go: wrappers of gccgo are not supported",
        "gcc-gone: it runs /gone, which does not exist",
    ] {
        assert!(
            told.contains(&format!("left alone    {line}\n")),
            "{line} in {told}"
        );
    }
    for name in ["gccgo", "own"] {
        assert_eq!(run(&mut place.call(format!("fast/bin/{name}"))), "own\n");
    }
    run(place.call("fast/bin/ar").arg("--version"));
    run(adopt(&place.wrapper.cc).arg("--in-place"));
    assert_eq!(run(place.call(bin.join("own")).arg("x")), "own\n");
    assert!(!bin.join("go").is_symlink() && bin.join("gcc").is_symlink());
}

#[test]
fn endless_files_of_a_wrapper_are_refused() {
    let place = Place::laid(Dialect::Of2026, "gcc");
    let gcc = place.wrapper.cc.join("bin/gcc");
    append(&gcc, &"(".repeat(1_000_000));
    let told = place.adopt();
    assert!(
        told.contains("gcc: it has lines that nixpkgs does not write, the first is "),
        "{told}"
    );
    append(&gcc, &"#".repeat(1_000_000));
    let told = place.adopt();
    let large = "gcc: it cannot be read: it is larger than 1 MiB\n";
    assert!(told.contains(large), "{told}");
    let flags = place.wrapper.cc.join("nix-support/add-flags.sh");
    fs::remove_file(&flags).unwrap();
    run(Command::new("mkfifo").arg(&flags));
    let output = adopt(&place.wrapper.cc).arg("--in-place").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("add-flags.sh: it is not a regular file"),
        "{stderr}"
    );
    assert_eq!(stderr.lines().count(), 1);
}

/// Inserts a line before the second one of a file.
fn insert(path: &Path, line: &str) {
    let text = fs::read_to_string(path).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    fs::write(path, format!("{first}\n{line}\n{rest}")).unwrap();
}

fn append(path: &Path, line: &str) {
    let text = fs::read_to_string(path).unwrap();
    fs::write(path, format!("{text}{line}\n")).unwrap();
}

#[test]
fn a_script_with_lines_of_its_own_stays_and_they_run() {
    if common::tool("g++").is_none() {
        return;
    }
    let line = "set -- -DOWN \"$@\"";
    for in_place in [false, true] {
        let place = Place::laid(Dialect::Of2026, "gcc");
        insert(&place.wrapper.cc.join("bin/gcc"), line);
        insert(&place.wrapper.bintools.join("bin/ld"), "export OWN=1");
        let (told, gcc) = if in_place {
            let told = run(adopt(&place.wrapper.cc).arg("--in-place"));
            (told, place.wrapper.cc.join("bin/gcc"))
        } else {
            (place.adopt(), place.path("fast/bin/gcc"))
        };
        let own =
            format!("gcc: it has lines that nixpkgs does not write, the first is line 2: {line}\n");
        assert!(told.contains(&own), "{told}");
        assert!(
            in_place || told.contains("ld: it has lines that nixpkgs does not write"),
            "{told}"
        );
        write(&place.path("own.c"), "#ifndef OWN\n#error\n#endif\n");
        run(place.call(gcc).args(["-c", "own.c"]));
    }
    // Nothing that nixpkgs' have not, but the others have it not.
    let place = Place::laid(Dialect::Of2024, "gcc");
    insert(&place.wrapper.cc.join("bin/cpp"), "n=0");
    let told = place.adopt();
    assert!(
        told.contains("left alone    cpp: it differs from g++ in line 2\n"),
        "{told}"
    );
    // In all of them it may be nixpkgs' own, of another year: it is told.
    let place = Place::laid(Dialect::Of2026, "gcc");
    for name in ["gcc", "g++", "cpp"] {
        insert(&place.wrapper.cc.join("bin").join(name), line);
    }
    let told = place.adopt();
    for name in ["gcc", "g++", "cpp"] {
        let note = format!("not taken     {name} line 2: {line}\n");
        assert!(told.contains(&note), "{told}");
    }
}

#[test]
fn lines_in_what_scripts_read_are_not_dropped() {
    for dialect in DIALECTS {
        for (file, line) in [
            ("add-flags.sh", "NIX_CFLAGS_COMPILE_salt_of_test+=\" -DAF\""),
            ("add-hardening.sh", "hardeningCFlagsBefore+=(-DHH)"),
        ] {
            let place = Place::laid(dialect, "gcc");
            let path = place.wrapper.cc.join("nix-support").join(file);
            if !path.exists() {
                continue;
            }
            append(&path, line);
            let parts = [file, "lines that nixpkgs does not write", line];
            for to in [&["--in-place"][..], &["--out", "fast"]] {
                let mut adopt = adopt(&place.wrapper.cc);
                refused(
                    &place.path(""),
                    adopt.args(to).current_dir(place.path("")),
                    &parts,
                );
            }
        }
        for (file, line) in [
            ("utils.bash", "params+=(-DU)"),
            ("darwin-sdk-setup.bash", "export SDKROOT=/x MINE=1"),
        ] {
            let place = Place::laid(dialect, "gcc");
            let path = place.wrapper.cc.join("nix-support").join(file);
            if !path.exists() {
                continue;
            }
            append(&path, line);
            let told = place.adopt();
            let note = format!("not taken     nix-support/{file} line ");
            assert!(told.contains(&note) && told.contains(line), "{told}");
        }
        // Compilers read that one too.
        let place = Place::laid(dialect, "gcc");
        let file = "nix-support/add-flags.sh";
        append(
            &place.wrapper.bintools.join(file),
            "NIX_LDFLAGS_salt_of_test+=\" -lx\"",
        );
        let mut in_place = adopt(&place.wrapper.cc);
        let parts = [
            "bintools-wrapper-1/nix-support/add-flags.sh",
            "lines that nixpkgs does not write",
        ];
        refused(&place.path(""), in_place.arg("--in-place"), &parts);
    }
}

/// Creates a library in a store, and a program that needs it.
fn library(place: &Place) -> PathBuf {
    let lib = place.path("store/answer/lib");
    write(&place.path("answer.c"), "int answer(void) { return 42; }\n");
    let main = "int answer(void);\nint main(void) { return answer() != 42; }\n";
    write(&place.path("main.c"), main);
    fs::create_dir_all(&lib).unwrap();
    let mut gcc = command("gcc");
    gcc.args(["-shared", "-fPIC", "-Wl,-soname,libanswer.so", "-o"]);
    run(gcc
        .arg(lib.join("libanswer.so"))
        .arg(place.path("answer.c")));
    lib
}

/// Links the program with this root's compiler.
fn link(place: &Place, tool: &Path) -> Vec<u8> {
    let lib = place.path("store/answer/lib");
    let mut cc = place.call(tool);
    cc.args(["main.c", "-lanswer", "-o", "main"])
        .env("NIX_STORE", place.path("store"))
        .env("NIX_LDFLAGS", format!("-L{}", lib.display()));
    run(&mut cc);
    let main = place.path("main");
    assert_eq!(runpath(&main), [lib]);
    assert_eq!(interpreter(&main), Path::new("/lib64/ld-linux-x86-64.so.2"));
    run_alone(&main);
    fs::read(main).unwrap()
}

#[test]
fn either_half_works_with_the_other_in_bash() {
    for (dialect, compiler) in [
        (Dialect::Of2024, "gcc"),
        (Dialect::Of2026, "gcc"),
        (Dialect::Of2024, "clang"),
    ] {
        if common::tool(compiler).is_none() {
            continue;
        }
        let place = Place::laid(dialect, compiler);
        library(&place);
        let cc = place.wrapper.cc.join("bin/cc");
        let old = link(&place, &cc);
        place.adopt();
        let both = link(&place, &place.path("fast/bin/cc"));
        assert!(old == both, "{dialect:?} {compiler}: another program");
        run(adopt(&place.wrapper.cc).arg("--in-place"));
        let ours_and_bash = link(&place, &cc);
        assert!(old == ours_and_bash, "{dialect:?} {compiler}: our cc");

        let other = Place::laid(dialect, compiler);
        library(&other);
        let cc = other.wrapper.cc.join("bin/cc");
        link(&other, &cc);
        let old = fs::read(other.path("main")).unwrap();
        run(adopt(&other.wrapper.bintools).arg("--in-place"));
        let bash_and_ours = link(&other, &cc);
        assert!(old == bash_and_ours, "{dialect:?} {compiler}: our ld");
        run(adopt(&other.wrapper.cc).arg("--in-place"));
        let both = link(&other, &cc);
        assert!(old == both, "{dialect:?} {compiler}: both in place");
    }
}

#[test]
fn a_link_in_the_compiler_half_belongs_to_the_linker_half() {
    let place = Place::laid(Dialect::Of2026, "gcc");
    write(
        &place.wrapper.bintools.join("nix-support/libc-ldflags"),
        "-L/of-linkers",
    );
    place.adopt();
    let link = fs::read_link(place.path("fast/bin/ld")).unwrap();
    assert_eq!(link, Path::new("../bintools/bin/ld"));
    let moved = place.path("moved");
    fs::rename(place.path("fast"), &moved).unwrap();
    for tool in ["bin/ld", "bintools/bin/ld"] {
        let output = place
            .call(moved.join(tool))
            .env("NIX_DEBUG", "1")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains("-L/of-linkers"), "{told}");
    }
}

#[test]
fn a_linker_half_alone_is_adopted_too() {
    let place = Place::laid(Dialect::Of2026, "gcc");
    run(adopt(&place.wrapper.bintools)
        .arg("--out")
        .arg(place.path("fast")));
    let ld = json(&place.path("fast"));
    assert_eq!(ld["bintools"], Value::Null);
    assert_eq!(ld["tools"]["ld.bfd"]["role"], "ld");
    assert!(!place.path("fast/bintools").exists());
    run(place.call("fast/bin/ld").arg("--version"));
}

#[test]
fn a_linker_half_that_is_ours_or_unknown_stays_where_it_is() {
    let place = Place::laid(Dialect::Of2026, "gcc");
    let bintools = place.wrapper.bintools.display().to_string();
    for name in ["ld", "ld.bfd", "ld.gold"] {
        let ld = place.wrapper.bintools.join("bin").join(name);
        script(&ld, "#!/bin/sh\nexec /usr/bin/ld \"$@\"\n");
    }
    let told = place.adopt();
    assert!(told.contains("left alone"), "{told}");
    assert!(told.contains("its format is unknown"), "{told}");
    assert_eq!(json(&place.path("fast"))["bintools"], bintools.as_str());

    let place = Place::laid(Dialect::Of2026, "gcc");
    let bintools = place.wrapper.bintools.display().to_string();
    run(adopt(&place.wrapper.bintools).arg("--in-place"));
    let told = place.adopt();
    assert!(!told.contains("left alone"), "{told}");
    assert_eq!(json(&place.path("fast"))["bintools"], bintools.as_str());
    run(place.call("fast/bin/ld").arg("--version"));
}

#[test]
fn an_unusable_place_is_refused() {
    let place = Place::laid(Dialect::Of2026, "gcc");
    let [cc, bintools] = [&place.wrapper.cc, &place.wrapper.bintools];
    symlink(cc, place.path("way")).unwrap();
    for inside in [
        cc.join("fast"),
        cc.join("nix-support/x"),
        cc.join("a/b"),
        cc.join("bin"),
        bintools.join("fast"),
        place.path("way/fast"),
    ] {
        let mut out = adopt(cc);
        out.arg("--out").arg(&inside);
        refused(&place.path(""), &mut out, &["is inside the old root"]);
    }
    let mut out = adopt(cc);
    out.args(["--out", "o p"]).current_dir(place.path(""));
    refused(
        &place.path(""),
        &mut out,
        &["has white space, which stdenv"],
    );
}

#[test]
fn adopting_again_replaces_a_root_of_ours_alone() {
    let place = Place::laid(Dialect::Of2026, "gcc");
    place.adopt();
    let first = tree(&place.path("fast"));
    place.adopt();
    assert_eq!(tree(&place.path("fast")), first);
    write(&place.path("fast/mine"), "");
    let mut again = adopt(&place.wrapper.cc);
    again.arg("--out").arg(place.path("fast"));
    refused(&place.path(""), &mut again, &["fast/mine does not belong"]);
    let mut onto_itself = adopt(&place.wrapper.cc);
    onto_itself.arg("--out").arg(&place.wrapper.cc);
    let parts = ["neither empty nor a wrapped root"];
    refused(&place.path(""), &mut onto_itself, &parts);
}

#[test]
fn in_place_twice_is_in_place_once() {
    let place = Place::laid(Dialect::Of2024, "gcc");
    let told = run(adopt(&place.wrapper.cc).arg("--in-place"));
    assert!(told.contains(" in place\n"), "{told}");
    let first = tree(&place.path(""));
    let told = run(adopt(&place.wrapper.cc).arg("--in-place"));
    assert!(
        told.ends_with("is a root of cc-wrapper already\n"),
        "{told}"
    );
    assert_eq!(tree(&place.path("")), first);
    let mut out = adopt(&place.wrapper.cc);
    out.arg("--out").arg(place.path("fast"));
    refused(&place.path(""), &mut out, &["a root of cc-wrapper already"]);
    assert_eq!(
        json(&place.wrapper.cc)["bintools"],
        place.wrapper.bintools.to_str().unwrap()
    );
}

#[test]
fn tools_may_be_links_to_a_binary_elsewhere() {
    let place = Place::laid(Dialect::Of2026, "gcc");
    for to in [&["--in-place"][..], &["--out", "fast"]] {
        let other = Place::laid(Dialect::Of2026, "gcc");
        let mut adopt = adopt(&other.wrapper.cc);
        adopt.args(to).arg("--link-to").arg(BINARY);
        run(adopt.current_dir(other.path("")));
        let root = if to.len() == 1 {
            other.wrapper.cc.clone()
        } else {
            other.path("fast")
        };
        assert_eq!(
            fs::read_link(root.join("bin/gcc")).unwrap(),
            Path::new(BINARY)
        );
        assert!(!root.join("bin/cc-wrapper").exists());
        run(other.call(root.join("bin/cc")).arg("--version"));
        run(other.call(root.join("bin/ld")).arg("--version"));
    }
    let mut wrong = adopt(&place.wrapper.cc);
    wrong.args(["--in-place", "--link-to", "/bin/sh"]);
    refused(
        &place.path(""),
        &mut wrong,
        &["is not a program called cc-wrapper"],
    );
}

/// Creates clang's wrapper, with its target in a hook.
fn laid_for_kills() -> Place {
    let mut place = Place::new(Dialect::Of2026, "clang");
    let target = "x86_64-unknown-linux-gnu".to_owned();
    place.wrapper.target = Some((target, String::new(), String::new()));
    place.wrapper.lay();
    place
}

/// Kills the run at each system call that changes something.
#[test]
fn in_place_interrupted_at_each_step() {
    if common::tool("strace").is_none() || common::tool("clang").is_none() {
        return;
    }
    let in_place = |place: &Place| {
        let mut command = adopt(&place.wrapper.cc);
        command.arg("--in-place");
        command
    };
    // Seen from the wrapper, so that all runs compare.
    let found = |place: &Place| -> Vec<String> {
        let top = place.path("").display().to_string();
        let top = top.trim_end_matches('/');
        let found = tree(&place.wrapper.cc);
        let found = found.iter();
        found
            .map(|(path, what)| format!("{} {what}", path.display()).replace(top, "TOP"))
            .collect()
    };
    let whole = laid_for_kills();
    let calls = strace::calls(&in_place(&whole), &whole.path("trace"));
    let renames = calls.iter().filter(|(call, _)| call.starts_with("rename"));
    assert!(renames.count() > 4, "{calls:?}");
    let expected = found(&whole);
    for call in &calls {
        let place = laid_for_kills();
        strace::killed(&in_place(&place), &place.path("trace"), call);
        for tool in ["clang", "clang++", "cc", "c++", "cpp", "ld", "ar"] {
            let tool = place.wrapper.cc.join("bin").join(tool);
            run(place.call(&tool).arg("--version"));
        }
        write(&place.path("main.c"), "int main(void) { return 0; }\n");
        let mut cc = place.call(place.wrapper.cc.join("bin/cc"));
        run(cc.args(["main.c", "-o", "main"]));
        run_alone(&place.path("main"));

        run(&mut in_place(&place));
        assert_eq!(found(&place), expected, "{call:?}");
    }
}

#[test]
fn what_cannot_be_adopted_is_refused() {
    let place = Place::laid(Dialect::Of2026, "gcc");
    let top = place.path("");
    let out = |dir: &Path| {
        let mut adopt = adopt(dir);
        adopt.arg("--out").arg(place.path("fast"));
        adopt
    };
    write(&place.path("plain/bin/gcc"), "");
    refused(
        &top,
        &mut out(&place.path("plain")),
        &["is not a nixpkgs wrapper: it has no nix-support"],
    );
    write(&place.path("plain/nix-support/x"), "");
    refused(
        &top,
        &mut out(&place.path("plain")),
        &["is not a nixpkgs wrapper: its bin contains no script"],
    );
    script(&place.path("plain/bin/gcc"), "#!/bin/sh\nexec gcc \"$@\"\n");
    let unknown = ["its format is unknown", "(bin/gcc: its format is unknown)"];
    refused(&top, &mut out(&place.path("plain")), &unknown);
    refused(
        &top,
        &mut out(&place.path("gone")),
        &["does not exist; give a wrapper that exists"],
    );
    symlink("gone", place.path("dangling")).unwrap();
    refused(
        &top,
        &mut out(&place.path("dangling")),
        &["does not exist; give a wrapper that exists"],
    );
    let file = place.wrapper.cc.join("bin/gcc");
    refused(&top, &mut out(&file), &["bin/gcc is not a directory"]);

    // A directory of links, as an environment of packages is.
    for name in ["bin", "nix-support"] {
        fs::create_dir_all(place.path("links").join(name)).unwrap();
    }
    symlink(&file, place.path("links/bin/gcc")).unwrap();
    let elsewhere = format!("adopt {}", place.wrapper.cc.display());
    refused(
        &top,
        &mut out(&place.path("links")),
        &["only contains links to a wrapper", &elsewhere],
    );

    let hardening = place.wrapper.cc.join("nix-support/add-hardening.sh");
    let text = fs::read_to_string(&hardening).unwrap();
    fs::write(&hardening, "true\n").unwrap();
    let parts = ["nix-support/add-hardening.sh is in an unknown format"];
    refused(&top, &mut out(&place.wrapper.cc), &parts);
    let mut in_place = adopt(&place.wrapper.cc);
    refused(&top, in_place.arg("--in-place"), &parts);
    fs::write(&hardening, text).unwrap();

    fs::rename(&place.wrapper.bintools, place.path("away")).unwrap();
    let parts = [
        "its linker half",
        "does not exist",
        "whose linker half exists",
    ];
    refused(&top, &mut out(&place.wrapper.cc), &parts);
    let mut in_place = adopt(&place.wrapper.cc);
    refused(&top, in_place.arg("--in-place"), &parts);
    fs::rename(place.path("away"), &place.wrapper.bintools).unwrap();

    fs::rename(&place.wrapper.cc, place.path("copy")).unwrap();
    let parts = ["copy contains scripts of ", "cc-wrapper-1; adopt that"];
    refused(&top, &mut out(&place.path("copy")), &parts);
}

#[test]
fn a_wrapper_whose_compilers_were_collected_is_refused() {
    let mut place = Place::new(Dialect::Of2026, "gcc");
    for (_, program) in &mut place.wrapper.compilers {
        *program = "/gone/bin/gcc".into();
    }
    place.wrapper.lay();
    let mut out = adopt(&place.wrapper.cc);
    out.arg("--out").arg(place.path("fast"));
    let parts = [
        "cannot be adopted",
        "it runs /gone/bin/gcc, which does not exist",
    ];
    refused(&place.path(""), &mut out, &parts);
}

#[test]
fn the_wrapper_of_a_shell_is_the_default() {
    let place = Place::laid(Dialect::Of2026, "gcc");
    let adopt = |value: Option<&Path>| {
        let mut adopt = command(BINARY);
        adopt.args(["adopt", "--out"]).arg(place.path("fast"));
        if let Some(value) = value {
            adopt.env("NIX_CC", value);
        }
        adopt
    };
    let top = place.path("");
    for unset in [None, Some(Path::new(""))] {
        refused(
            &top,
            &mut adopt(unset),
            &["NIX_CC is not set; give the wrapper"],
        );
    }
    refused(
        &top,
        &mut adopt(Some(&place.wrapper.cc.join("bin/gcc"))),
        &["NIX_CC (", "is not a directory"],
    );
    fs::create_dir_all(place.path("foreign/bin")).unwrap();
    let foreign = place.path("foreign");
    refused(
        &top,
        &mut adopt(Some(&foreign)),
        &["NIX_CC (", "is not a nixpkgs wrapper"],
    );
    run(&mut adopt(Some(&place.wrapper.cc)));
    run(place.call("fast/bin/gcc").arg("--version"));
}

#[test]
fn in_place_what_is_read_only_is_not_touched() {
    let place = Place::laid(Dialect::Of2026, "gcc");
    let bin = place.wrapper.cc.join("bin");
    fs::set_permissions(&bin, fs::Permissions::from_mode(0o555)).unwrap();
    let mut in_place = adopt(&place.wrapper.cc);
    let parts = ["cc-wrapper-1/bin is not writable; create a new root with --out"];
    refused(&place.path(""), in_place.arg("--in-place"), &parts);
    fs::set_permissions(&bin, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(bin.join("cc-wrapper")).unwrap();
    let mut in_place = adopt(&place.wrapper.cc);
    refused(
        &place.path(""),
        in_place.arg("--in-place"),
        &["is a directory, but the program must be placed there"],
    );
}

#[test]
fn a_script_that_stays_keeps_the_hook_that_it_reads() {
    if common::tool("clang").is_none() {
        return;
    }
    let mut place = Place::new(Dialect::Of2026, "clang");
    place.wrapper.target = Some(("x86_64-linux-gnu".into(), String::new(), String::new()));
    place.wrapper.lay();
    let hook = "nix-support/add-local-cc-cflags-before.sh";
    let reader = format!(
        "#!/bin/bash\nsource {}/{hook}\n",
        place.wrapper.cc.display()
    );
    script(&place.wrapper.cc.join("bin/swiftc"), &reader);
    run(adopt(&place.wrapper.cc).arg("--in-place"));
    assert!(place.wrapper.cc.join(hook).exists());
    assert_eq!(json(&place.wrapper.cc)["defaultTarget"], Value::Null);
    // A second run leaves it at that.
    run(adopt(&place.wrapper.cc).arg("--in-place"));
    assert!(place.wrapper.cc.join(hook).exists());
}

#[test]
fn a_failed_adoption_leaves_no_root_behind() {
    let place = Place::laid(Dialect::Of2026, "gcc");
    let output: Output = adopt(&place.wrapper.cc)
        .arg("--out")
        .arg("/proc/x/y")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1);
}
