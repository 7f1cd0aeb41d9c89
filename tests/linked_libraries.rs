//! Which directories a link records in a root without a store, with each real
//! linker: libraries of libraries, linker scripts, symlinks and the policies
//! for rpaths. The habits of build systems are in tests/build_rpaths.rs.

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{command, run, run_alone, runpath, tool, wrap};
use tempfile::TempDir;

/// The linkers that a driver accepts with `-fuse-ld`.
const LINKERS: [&str; 4] = ["bfd", "gold", "lld", "mold"];

/// Prefixes of libraries, and a root of its own.
struct Place {
    dir: TempDir,
    declared: Vec<&'static str>,
}

impl Place {
    fn new(options: &[&str]) -> Option<Place> {
        tool("gcc")?;
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        wrap(&root, [&["--no-check", "--cc", "gcc"], options].concat());
        fs::create_dir(dir.path().join("build")).unwrap();
        Some(Place {
            dir,
            declared: Vec::new(),
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Installs lib`name`.so.1 and its symlink in the directory `at`. Its
    /// function calls those of `needs`.
    fn library(&self, at: &str, name: &str, needs: &[&str], options: &[String]) {
        let directory = self.path(at);
        fs::create_dir_all(&directory).unwrap();
        let source = self.path(&format!("{name}.c"));
        let declared = needs.iter().map(|n| format!("int {n}(void);\n"));
        let called = needs.iter().map(|n| format!(" + {n}()"));
        let (declared, called): (String, String) = (declared.collect(), called.collect());
        let text = format!("{declared}int {name}(void) {{ return 0{called}; }}\n");
        fs::write(&source, text).unwrap();
        let file = directory.join(format!("lib{name}.so.1"));
        let mut gcc = command("gcc");
        gcc.args(["-shared", "-fPIC", "-o"]).arg(&file).arg(&source);
        gcc.arg(format!("-Wl,-soname,lib{name}.so.1"));
        run(gcc
            .args(options)
            .args(needs.iter().map(|n| format!("-l{n}"))));
        let _ = symlink(
            format!("lib{name}.so.1"),
            directory.join(format!("lib{name}.so")),
        );
    }

    /// A call of the root's gcc that links a program that calls `name`.
    fn link(&self, name: &str) -> Command {
        let main = self.path("build/main.c");
        let text = format!("int {name}(void);\nint main(void) {{ return {name}(); }}\n");
        fs::write(main, text).unwrap();
        let mut gcc = self.gcc();
        gcc.args(["main.c", "-o", "main"]);
        gcc
    }

    fn gcc(&self) -> Command {
        let mut gcc = Command::new(self.path("root/bin/gcc"));
        let flags: Vec<_> = self.declared.iter().map(|d| self.option("-L", d)).collect();
        gcc.current_dir(self.path("build"))
            .env_remove("NIX_STORE")
            .env("NIX_LDFLAGS", flags.join(" "));
        gcc
    }

    fn option(&self, option: &str, directory: &str) -> String {
        format!("{option}{}", self.path(directory).display())
    }

    /// What `link` records, relative to the place.
    fn recorded(&self, link: &mut Command) -> Vec<String> {
        run(link);
        let directory = format!("{}/", self.dir.path().display());
        let entries = runpath(&self.path("build/main"));
        let entries = entries.iter().map(|entry| entry.display().to_string());
        let entries = entries.map(|entry| entry.replace(&directory, ""));
        entries.collect()
    }
}

/// liba, without an rpath, needs libb, in another declared prefix.
fn two_prefixes(options: &[&str]) -> Option<Place> {
    let mut place = Place::new(options)?;
    place.library("b/lib", "b", &[], &[]);
    let search = place.option("-L", "b/lib");
    place.library("a/lib", "a", &["b"], &[search]);
    place.declared = vec!["a/lib", "b/lib"];
    Some(place)
}

fn with(linker: &str) -> String {
    format!("-fuse-ld={linker}")
}

fn has(linker: &str) -> bool {
    tool(&format!("ld.{linker}")).is_some()
}

/// The warnings of a link, which must succeed.
fn warnings(link: &mut Command) -> Vec<String> {
    let output = link.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}");
    let lines = text.lines().filter(|line| line.contains("warning"));
    lines.map(str::to_owned).collect()
}

#[test]
fn a_library_of_a_library_is_found_by_the_linker_and_named_in_a_warning() {
    let Some(place) = two_prefixes(&[]) else {
        return;
    };
    for linker in LINKERS.into_iter().filter(|l| has(l)) {
        let mut link = place.link("a");
        let lines = warnings(link.args(["-la", &with(linker)]));
        assert_eq!(lines.len(), 1, "{linker}: {lines:?}");
        for part in [
            "libb.so.1",
            "b/lib",
            "a/lib/liba.so.1",
            "CC_WRAPPER_RPATH=rpath",
        ] {
            assert!(lines[0].contains(part), "{linker}: {lines:?}");
        }
        // The remedies.
        let mut link = place.link("a");
        link.args(["-Wl,--no-as-needed", "-la", "-lb", &with(linker)]);
        assert_eq!(place.recorded(&mut link), ["a/lib", "b/lib"], "{linker}");
        assert_eq!(warnings(&mut link), [""; 0], "{linker}");
        run_alone(&place.path("build/main"));
        let mut link = place.link("a");
        link.env("CC_WRAPPER_RPATH", "rpath");
        run(link.args(["-la", &with(linker)]));
        run_alone(&place.path("build/main"));
    }
}

#[test]
fn the_policy_rpath_records_libraries_of_libraries() {
    let Some(place) = two_prefixes(&["--rpath", "rpath"]) else {
        return;
    };
    for linker in LINKERS.into_iter().filter(|l| has(l)) {
        let mut link = place.link("a");
        link.args(["-la", "-Wl,--enable-new-dtags", &with(linker)]);
        assert_eq!(place.recorded(&mut link), ["a/lib", "b/lib"], "{linker}");
        let tags = run(command("readelf").arg("-d").arg(place.path("build/main")));
        assert!(
            tags.contains("(RPATH)") && !tags.contains("(RUNPATH)"),
            "{linker}: {tags}"
        );
        run_alone(&place.path("build/main"));
        let mut link = place.link("a");
        link.args(["-la", "-lb", &with(linker)])
            .env("CC_WRAPPER_RPATH", "none");
        assert_eq!(place.recorded(&mut link), [""; 0], "{linker}");
    }
}

#[test]
fn an_unknown_policy_is_named() {
    let Some(place) = two_prefixes(&[]) else {
        return;
    };
    let mut link = place.link("a");
    link.env("CC_WRAPPER_RPATH", "yes");
    let lines = warnings(link.args(["-la", "-lb"]));
    assert!(lines[0].contains("CC_WRAPPER_RPATH=yes"), "{lines:?}");
}

/// A library that finds what it needs by itself is no reason for a warning.
#[test]
fn libraries_with_their_own_rpath_need_nothing() {
    let Some(mut place) = Place::new(&[]) else {
        return;
    };
    place.library("b/lib", "b", &[], &[]);
    let search = place.option("-L", "b/lib");
    let origin = "-Wl,-rpath,$ORIGIN/../../b/lib".to_owned();
    place.library("a/lib", "a", &["b"], &[search, origin]);
    place.declared = vec!["a/lib", "b/lib"];
    let mut link = place.link("a");
    link.arg("-la");
    assert_eq!(place.recorded(&mut link), ["a/lib"]);
    assert_eq!(warnings(&mut link), [""; 0]);
    run_alone(&place.path("build/main"));
}

#[test]
fn directories_can_be_excluded_and_included() {
    let exclude = [
        "--rpath-exclude",
        "*/b/*",
        "--rpath-include",
        "$ORIGIN/../lib",
    ];
    let Some(place) = two_prefixes(&exclude) else {
        return;
    };
    let mut link = place.link("a");
    link.args(["-Wl,--no-as-needed", "-la", "-lb"]);
    assert_eq!(place.recorded(&mut link), ["a/lib", "$ORIGIN/../lib"]);
}

#[test]
fn ld_run_path_keeps_its_meaning() {
    let Some(place) = two_prefixes(&[]) else {
        return;
    };
    let mut link = place.link("b");
    link.args(["-lb", "-fuse-ld=bfd"])
        .env("LD_RUN_PATH", "/run/a::/run/b");
    assert_eq!(place.recorded(&mut link), ["/run/a", "/run/b", "b/lib"]);
    // GNU ld ignores it beside an rpath of the caller.
    let mut link = place.link("b");
    link.args(["-lb", "-Wl,-rpath,/given"])
        .env("LD_RUN_PATH", "/run/a");
    assert_eq!(place.recorded(&mut link), ["/given", "b/lib"]);
    let mut link = place.gcc();
    link.args(["-shared", "-x", "c", "/dev/null", "-o", "main"]);
    assert_eq!(
        place.recorded(link.env("LD_RUN_PATH", "/run/a")),
        ["/run/a"]
    );
}

#[test]
fn library_path_keeps_its_meaning() {
    let Some(mut place) = two_prefixes(&[]) else {
        return;
    };
    place.declared = vec![];
    for linker in LINKERS.into_iter().filter(|l| has(l)) {
        let mut link = place.link("b");
        link.args(["-lb", &with(linker)])
            .env("LIBRARY_PATH", place.path("b/lib"));
        assert_eq!(place.recorded(&mut link), ["b/lib"], "{linker}");
        run_alone(&place.path("build/main"));
    }
}

/// A `libs.so` that is a linker script, and one that links into another
/// declared directory.
#[test]
fn scripts_and_symlinks_lead_to_the_real_library() {
    let Some(mut place) = Place::new(&[]) else {
        return;
    };
    place.library("real/lib", "r", &[], &[]);
    fs::create_dir_all(place.path("names/lib")).unwrap();
    let script = format!(
        "/* script */ GROUP ( {} AS_NEEDED ( -lm ) )\n",
        place.path("real/lib/libr.so.1").display()
    );
    fs::write(place.path("names/lib/libs.so"), script).unwrap();
    symlink("../../real/lib/libr.so.1", place.path("names/lib/libt.so")).unwrap();
    place.declared = vec!["names/lib"];
    for name in ["-ls", "-lt"] {
        for linker in LINKERS.into_iter().filter(|l| has(l)) {
            let mut link = place.link("r");
            link.args([name, &with(linker)]);
            assert_eq!(place.recorded(&mut link), ["real/lib"], "{name} {linker}");
            run_alone(&place.path("build/main"));
        }
    }
}

/// A directory of symlinks, as of Spack or stow, is the one that the user knows.
#[test]
fn a_view_counts_as_itself() {
    let Some(mut place) = Place::new(&[]) else {
        return;
    };
    place.library("store/r-1/lib", "r", &[], &[]);
    fs::create_dir_all(place.path("view/lib")).unwrap();
    for name in ["libr.so", "libr.so.1"] {
        let target = format!("../../store/r-1/lib/{name}");
        symlink(target, place.path("view/lib").join(name)).unwrap();
    }
    place.declared = vec!["view/lib"];
    let mut link = place.link("r");
    assert_eq!(place.recorded(link.arg("-lr")), ["view/lib"]);
    run_alone(&place.path("build/main"));
}

/// Odin names a library so.
#[test]
fn a_path_in_the_name_of_a_library() {
    let Some(place) = two_prefixes(&[]) else {
        return;
    };
    for linker in ["bfd", "gold"].into_iter().filter(|l| has(l)) {
        let mut link = place.link("b");
        link.args(["-L/", &with(linker)]);
        link.arg(place.option("-l:", "b/lib/libb.so"));
        assert_eq!(place.recorded(&mut link), ["b/lib"], "{linker}");
    }
}

#[test]
fn stubs_are_only_for_linking() {
    let Some(mut place) = Place::new(&[]) else {
        return;
    };
    place.library("cuda/lib/stubs", "b", &[], &[]);
    place.declared = vec!["cuda/lib/stubs"];
    let mut link = place.link("b");
    assert_eq!(place.recorded(link.arg("-lb")), [""; 0]);
}

/// A compiler that was installed after the root was made.
#[test]
fn a_compilers_own_directory_is_not_recorded() {
    let Some(place) = Place::new(&[]) else { return };
    place.library("gcc/99", "b", &[], &[]);
    fs::write(place.path("gcc/99/crtbegin.o"), "").unwrap();
    let mut link = place.link("b");
    link.arg("-lb").arg(place.option("-L", "gcc/99"));
    assert_eq!(place.recorded(&mut link), [""; 0]);
}

#[test]
fn relinking_a_library_does_not_record_its_own_directory() {
    let Some(place) = Place::new(&[]) else { return };
    let output = place.path("out/libf.so");
    fs::create_dir(place.path("out")).unwrap();
    for _ in 0..2 {
        let mut link = place.gcc();
        link.args(["-shared", "-x", "c", "/dev/null", "-o"])
            .arg(&output);
        link.arg(format!(
            "-Wl,-Map,{}",
            place.path("out/libf.so.map").display()
        ));
        link.arg(format!("-Wl,-soname,{}", output.display()));
        run(&mut link);
        assert!(runpath(&output).is_empty());
    }
}

/// The first directory that has a library decides, also if it has only a static
/// one; `-Bstatic` takes no shared library.
#[test]
fn static_libraries_need_no_rpath() {
    let Some(mut place) = two_prefixes(&[]) else {
        return;
    };
    fs::create_dir_all(place.path("s/lib")).unwrap();
    let object = place.path("b.o");
    run(command("gcc")
        .args(["-c", "-o"])
        .arg(&object)
        .arg(place.path("b.c")));
    for at in ["s/lib/libb.a", "b/lib/libb.a"] {
        run(command("ar").arg("rcs").arg(place.path(at)).arg(&object));
    }
    let mut link = place.link("b");
    link.arg("-lb").arg(place.option("-L", "s/lib"));
    assert_eq!(place.recorded(&mut link), [""; 0]);
    let mut link = place.link("b");
    link.args(["-Wl,-Bstatic", "-lb", "-Wl,-Bdynamic"]);
    assert_eq!(place.recorded(&mut link), [""; 0]);
    place.declared.reverse();
    assert_eq!(place.recorded(place.link("b").arg("-lb")), ["b/lib"]);
}

/// Many libraries are looked up by listing their directories.
#[test]
fn the_first_of_many_directories_counts() {
    let Some(mut place) = Place::new(&[]) else {
        return;
    };
    for (at, name) in [
        ("one/lib", "p"),
        ("two/lib", "q"),
        ("two/lib", "p"),
        ("two/lib", "s"),
    ] {
        place.library(at, name, &[], &[]);
    }
    place.declared = vec!["one/lib", "two/lib"];
    let mut link = place.link("p");
    link.args(["-lm", "-lc", "-lp", "-ldl"]);
    assert_eq!(place.recorded(&mut link), ["one/lib"]);
    let mut link = place.link("p");
    link.args(["-lm", "-lc", "-ls", "-lq", "-lp"]);
    assert_eq!(place.recorded(&mut link), ["one/lib", "two/lib"]);
    assert!(Path::new(&place.path("build/main")).exists());
}

/// A makefile links with the path of a prefix that lies below it.
#[test]
fn a_prefix_below_the_current_directory() {
    let Some(place) = two_prefixes(&[]) else {
        return;
    };
    place.library("build/deps/q/lib", "q", &[], &[]);
    let option = place.option("-L", "build/deps/q/lib");
    let mut link = place.link("q");
    assert_eq!(place.recorded(link.args([&*option, "-lq"])), [""; 0]);
    fs::create_dir(place.path("build/deps/q/include")).unwrap();
    let mut link = place.link("q");
    let recorded = place.recorded(link.args([&*option, "-lq"]));
    assert_eq!(recorded, ["build/deps/q/lib"]);
    fs::write(place.path("build/deps/q/configure"), "").unwrap();
    let mut link = place.link("q");
    assert_eq!(place.recorded(link.args([&*option, "-lq"])), [""; 0]);
}

/// `-R` is `-rpath` under another name.
#[test]
fn the_short_name_of_rpath() {
    let Some(place) = two_prefixes(&[]) else {
        return;
    };
    for linker in LINKERS.into_iter().filter(|l| *l != "mold" && has(l)) {
        let given = format!("-Wl,-R,{}:", place.path("b/lib").display());
        let mut link = place.link("b");
        link.args(["-lb", &given, &with(linker)]);
        assert_eq!(place.recorded(&mut link), ["b/lib"], "{linker}");
    }
}

/// The loader would read such a path as something else.
#[test]
fn paths_that_an_rpath_cannot_have() {
    let Some(mut place) = Place::new(&[]) else {
        return;
    };
    for at in ["a:b/lib", "$ORIGIN/lib"] {
        place.library(at, "col", &[], &[]);
        place.declared = vec![];
        let mut link = place.link("col");
        link.arg("-lcol").arg(place.option("-L", at));
        assert_eq!(place.recorded(&mut link), [""; 0], "{at}");
    }
}

/// `--no-as-needed` and the name of the library are the remedy; the policy `none`
/// leaves the linker's own search alone.
#[test]
fn without_rpaths_the_linker_finds_libraries_of_libraries() {
    let Some(place) = two_prefixes(&[]) else {
        return;
    };
    for linker in LINKERS.into_iter().filter(|l| has(l)) {
        let mut link = place.link("a");
        link.args(["-la", &with(linker)])
            .env("CC_WRAPPER_RPATH", "none");
        assert_eq!(place.recorded(&mut link), [""; 0], "{linker}");
    }
}

/// The caller asks for a DT_RPATH, which serves liba too.
#[test]
fn the_old_tags_of_the_caller_are_known() {
    let Some(place) = two_prefixes(&[]) else {
        return;
    };
    let mut link = place.link("a");
    link.args(["-la", "-Wl,--disable-new-dtags"]);
    assert_eq!(warnings(&mut link), [""; 0]);
    run_alone(&place.path("build/main"));
}

/// One directory under two names.
#[test]
fn the_caller_gives_the_directory_by_another_name() {
    let Some(place) = two_prefixes(&[]) else {
        return;
    };
    symlink("b", place.path("c")).unwrap();
    let mut link = place.link("b");
    link.arg("-lb")
        .arg(format!("-Wl,-rpath,{}", place.path("c/lib").display()));
    assert_eq!(place.recorded(&mut link), ["c/lib"]);
}

#[test]
fn a_directory_that_the_linkers_options_declare() {
    let Some(mut place) = two_prefixes(&[]) else {
        return;
    };
    place.declared = vec![];
    place.library("build/d", "d", &[], &[]);
    let mut link = place.link("d");
    link.arg("-ld")
        .env("NIX_CFLAGS_LINK", place.option("-Wl,-L", "build/d"));
    assert_eq!(place.recorded(&mut link), ["build/d"]);
}
