//! What programs record about their libraries, for the habits of build systems:
//! each test is a small build by make, libtool, CMake, Meson or a shell script,
//! with a root that `wrap` made, and dependencies that `run --with` declares.
//! `tests/builds.rs` builds real packages.

mod common;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use common::{command, run, run_alone, runpath, tool, wrap, write};
use tempfile::TempDir;

/// Returns the root that all tests use.
fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("build-rpaths-root");
        wrap(&root, ["--no-check"]);
        root
    })
}

/// A directory with the prefixes of dependencies in `opt`, a build in `build`,
/// and what it installs in `out`.
struct Place(TempDir);

impl Place {
    /// The dependencies are libz and libpng, which needs libz. A build directory
    /// below TMPDIR would hide faults, so TMPDIR is elsewhere.
    fn new() -> Option<Place> {
        tool("gcc")?;
        let place = Place(tempfile::tempdir().unwrap());
        place.dependency("z", "int z(void) { return 0; }\n", &[]);
        let png = "int z(void);\nint png(void) { return z(); }\n";
        let rpath = format!("-Wl,-rpath,{}", place.path("opt/z/lib").display());
        let search = format!("-L{}", place.path("opt/z/lib").display());
        place.dependency("png", png, &[&search, "-lz", &rpath]);
        place.file("build/own.c", "int own(void) { return 0; }\n");
        place.file(
            "build/main.c",
            "int own(void);\nint z(void);\nint main(void) { return own() + z(); }\n",
        );
        for dir in ["tmp", "out/bin", "out/lib"] {
            fs::create_dir_all(place.path(dir)).unwrap();
        }
        Some(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        write(&self.path(name), text);
        self.path(name)
    }

    /// Installs lib`name` in opt/`name`, with its header and pkg-config file.
    fn dependency(&self, name: &str, text: &str, options: &[&str]) {
        let prefix = self.path("opt").join(name);
        let source = self.file(&format!("opt/{name}.c"), text);
        let declaration = format!("int {name}(void);\n");
        write(&prefix.join(format!("include/{name}.h")), &declaration);
        let at = prefix.display();
        let pc = format!(
            "Name: {name}\nDescription: {name}\nVersion: 1\n\
             Libs: -L{at}/lib -l{name}\nCflags: -I{at}/include\n"
        );
        write(&prefix.join(format!("lib/pkgconfig/{name}.pc")), &pc);
        run(command("gcc")
            .args(["-shared", "-fPIC"])
            .arg(format!("-Wl,-soname,lib{name}.so.1"))
            .arg("-o")
            .arg(prefix.join(format!("lib/lib{name}.so.1")))
            .arg(source)
            .args(options));
        let link = prefix.join(format!("lib/lib{name}.so"));
        symlink(format!("lib{name}.so.1"), link).unwrap();
    }

    /// A command in the build directory, without variables of `run`.
    fn outside(&self, program: impl AsRef<OsStr>) -> Command {
        let path = std::env::var("PATH").unwrap();
        let mut command = command(program);
        command
            .env("PATH", format!("{}/bin:{path}", root().display()))
            .env("TMPDIR", self.path("tmp"))
            .env("D", self.0.path())
            .current_dir(self.path("build"));
        command
    }

    /// Runs a shell script in the build directory by `run` with `options`. The
    /// variable D is the directory of this place.
    fn run(&self, options: &[&str], script: &str) {
        let mut command = self.outside(root().join("bin/cc-wrapper"));
        command.args(["run", "--quiet"]).args(options);
        run(command.args(["--", "sh", "-ec", script]));
    }

    /// The same with both dependencies declared.
    fn build(&self, script: &str) {
        let (z, png) = (self.path("opt/z"), self.path("opt/png"));
        let [png, z] = [png, z].map(|prefix| prefix.into_os_string().into_string().unwrap());
        self.run(&["--with", &png, "--with", &z], script);
    }

    /// Returns a file's RUNPATH, with directories of this place relative to it. A
    /// slash at an entry's end is removed, because it changes nothing for the loader.
    fn runpath(&self, file: &str) -> Vec<String> {
        let here = format!("{}/", self.0.path().display());
        let entries = runpath(&self.path(file)).into_iter().map(|entry| {
            let entry = entry.into_os_string().into_string().unwrap();
            let entry = entry.strip_prefix(&here).unwrap_or(&entry);
            entry.strip_suffix('/').unwrap_or(entry).to_owned()
        });
        entries.collect()
    }

    #[track_caller]
    fn expect(&self, file: &str, expected: &[&str]) {
        assert_eq!(self.runpath(file), expected, "{file}");
    }

    /// Asserts the RUNPATH, and that the program starts with an empty
    /// environment, in a directory without libraries.
    #[track_caller]
    fn expect_runs(&self, program: &str, expected: &[&str]) {
        self.expect(program, expected);
        run_alone(&self.path(program));
    }
}

// Makefiles and shell scripts.

/// How a build may name a directory in which it has just made libown.
const OWN_DIRECTORIES: [&str; 6] = [
    "-L../lib",
    "-L ../lib",
    "-L$D/build/lib",
    "-L$D/build/lib/",
    "-L$D/build/progs/../lib",
    "-L../lib -L$D/build/lib -Wl,-L,$D/build/lib",
];

const OWN: &str = "mkdir lib progs
gcc -shared -fPIC -Wl,-soname,libown.so.1 own.c -o lib/libown.so.1
ln -s libown.so.1 lib/libown.so\n";

/// As in ncurses, tcl and many others.
#[test]
fn a_directory_of_the_build() {
    let Some(place) = Place::new() else { return };
    place.build(OWN);
    for directory in OWN_DIRECTORIES {
        let link = format!("cd progs; gcc ../main.c {directory} -lown -lz -o main");
        place.build(&link);
        assert_eq!(
            place.runpath("build/progs/main"),
            ["opt/z/lib"],
            "{directory}"
        );
    }
}

#[test]
fn a_directory_of_the_build_with_every_linker() {
    let Some(place) = Place::new() else { return };
    place.build(OWN);
    for linker in ["bfd", "gold", "lld", "mold"] {
        let Some(_) = tool(&format!("ld.{linker}")) else {
            continue;
        };
        for compiler in ["gcc", "clang"] {
            let Some(_) = tool(compiler) else { continue };
            let call = format!("{compiler} -fuse-ld={linker}");
            place.build(&format!(
                "cd progs; {call} ../main.c -L../lib -L$D/build/lib -lown -lz -o main"
            ));
            assert_eq!(place.runpath("build/progs/main"), ["opt/z/lib"], "{call}");
        }
    }
}

#[test]
fn the_current_directory() {
    let Some(place) = Place::new() else { return };
    place.build(OWN);
    for directory in ["-L.", "-L ./", "-L$PWD", "-L$PWD/", "-L../lib"] {
        place.build(&format!(
            "cd lib; gcc ../main.c {directory} -lown -lz -o main"
        ));
        assert_eq!(
            place.runpath("build/lib/main"),
            ["opt/z/lib"],
            "{directory}"
        );
    }
}

#[test]
fn a_library_of_the_build_by_its_path() {
    let Some(place) = Place::new() else { return };
    place.build(OWN);
    for library in [
        "../lib/libown.so",
        "$D/build/lib/libown.so",
        "-l:libown.so.1 -L../lib",
    ] {
        place.build(&format!("cd progs; gcc ../main.c {library} -lz -o main"));
        assert_eq!(
            place.runpath("build/progs/main"),
            ["opt/z/lib"],
            "{library}"
        );
    }
}

/// `run` is started in a directory that is reached by a symlink, and the build
/// uses both names.
#[test]
fn a_build_directory_behind_a_symlink() {
    let Some(place) = Place::new() else { return };
    place.build(OWN);
    symlink("build", place.path("link")).unwrap();
    let z = place.path("opt/z").into_os_string().into_string().unwrap();
    for start in ["link", "build"] {
        for named in ["$D/link/lib", "$D/build/lib"] {
            let link = format!("cd progs; gcc ../main.c -L{named} -lown -lz -o main");
            let mut command = place.outside(root().join("bin/cc-wrapper"));
            command.args(["run", "--quiet", "--with", &z, "--", "sh", "-ec", &link]);
            let start = place.path(start);
            run(command.current_dir(&start).env("PWD", &start));
            let how = format!("{start:?} {named}");
            assert_eq!(place.runpath("build/progs/main"), ["opt/z/lib"], "{how}");
        }
    }
}

/// Without `run`, the current directory and the variables of build systems say
/// what belongs to the build.
#[test]
fn a_build_outside_of_run() {
    let Some(place) = Place::new() else { return };
    place.build(OWN);
    let dependency = format!("-L{}", place.path("opt/z/lib").display());
    let link = |directory: &str, variable: &str, value: &str| {
        let mut shell = place.outside("sh");
        shell.env("NIX_LDFLAGS", &dependency);
        shell.env(variable, place.path(value));
        let script = format!("cd progs; gcc ../main.c {directory} -lown -lz -o main");
        run(shell.args(["-ec", &script]));
        let how = format!("{directory} {variable}");
        assert_eq!(place.runpath("build/progs/main"), ["opt/z/lib"], "{how}");
    };
    link("-L../lib", "NOTHING", "");
    link("-L$D/build/lib", "NIX_BUILD_TOP", "build");
    link("-L$D/build/lib", "NIX_BUILD_TOP", "build/");
    link("-L$D/build/lib", "TMPDIR", "build");
    // Around the current directory, and below it.
    fs::copy(
        place.path("build/lib/libown.so"),
        place.path("build/libown.so"),
    )
    .unwrap();
    link("-L$D/build", "NOTHING", "");
    let below = place.path("build/progs/sub");
    fs::create_dir(&below).unwrap();
    fs::copy(place.path("build/lib/libown.so"), below.join("libown.so")).unwrap();
    link("-L$D/build/progs/sub", "NOTHING", "");
    // What libtool has not installed yet, wherever it is.
    let libs = place.path("elsewhere/.libs");
    fs::create_dir_all(&libs).unwrap();
    fs::copy(place.path("build/lib/libown.so"), libs.join("libown.so")).unwrap();
    link("-L$D/elsewhere/.libs", "NOTHING", "");
    link("-L../lib $D/elsewhere/.libs/libown.so", "NOTHING", "");
}

/// An absolute directory of the caller that is no part of the build.
#[test]
fn a_directory_that_only_the_caller_names() {
    let Some(place) = Place::new() else { return };
    for named in [
        "-L$D/opt/z/lib -lz",
        "-L$D/opt/z/lib/ -lz",
        "$D/opt/z/lib/libz.so",
    ] {
        place.run(&[], &format!("gcc main.c own.c {named} -o main"));
        place.expect_runs("build/main", &["opt/z/lib"]);
    }
}

/// A dependency that is installed below the directory in which `run` was
/// started is still a dependency.
#[test]
fn a_declared_prefix_below_the_build() {
    let Some(place) = Place::new() else { return };
    fs::rename(place.path("opt/z"), place.path("build/deps")).unwrap();
    let prefix = place
        .path("build/deps")
        .into_os_string()
        .into_string()
        .unwrap();
    for named in ["", "-Ldeps/lib", "-L$D/build/deps/lib"] {
        place.run(
            &["--with", &prefix],
            &format!("gcc main.c own.c {named} -lz -o main"),
        );
        place.expect_runs("build/main", &["build/deps/lib"]);
    }
}

#[test]
fn each_directory_once_and_in_the_order_of_the_link() {
    let Some(place) = Place::new() else { return };
    place.file(
        "build/both.c",
        "int png(void);\nint z(void);\nint main(void) { return png() + z(); }\n",
    );
    let both: &[&str] = &["opt/png/lib", "opt/z/lib"];
    let z_first: &[&str] = &["opt/z/lib", "opt/png/lib"];
    for (options, expected) in [
        ("-lpng -lz", both),
        ("-L$D/opt/png/lib -lpng -L$D/opt/z/lib/ -lz", both),
        ("-L$D/opt/z/lib -lz -L$D/opt/png/lib -lpng", z_first),
        ("-lpng -lz -Wl,-rpath,$D/opt/png/lib", both),
        ("-lpng -lz -Wl,-rpath,$D/opt/z/lib/", z_first),
        ("-lpng -lz -Wl,-rpath,$D/opt/z/lib:$D/opt/png/lib", z_first),
    ] {
        place.build(&format!("gcc both.c {options} -o main"));
        assert_eq!(place.runpath("build/main"), expected, "{options}");
        run_alone(&place.path("build/main"));
    }
}

/// A link that takes no shared library of a declared prefix gets no rpath for it.
#[test]
fn only_what_the_link_takes() {
    let Some(place) = Place::new() else { return };
    place.build("gcc -c own.c; ar cr libown.a own.o");
    fs::create_dir_all(place.path("opt/s/lib")).unwrap();
    place.build(
        "echo 'int s(void) { return 0; }' >s.c; gcc -c s.c
         ar cr $D/opt/s/lib/libs.a s.o; cp $D/opt/s/lib/libs.a $D/opt/z/lib/libz.a
         echo 'int main(void) { return 0; }' >none.c
         echo 'int s(void); int main(void) { return s(); }' >uses.c",
    );
    let with = ["z", "s"].map(|name| place.path("opt").join(name).display().to_string());
    let with = ["--with", &*with[0], "--with", &*with[1]];
    for link in [
        "none.c",
        "uses.c -ls",
        "uses.c -l:libz.a",
        "uses.c -Wl,-Bstatic -lz -Wl,-Bdynamic",
        "uses.c $D/opt/z/lib/libz.a",
    ] {
        place.run(&with, &format!("gcc {link} -o main"));
        assert_eq!(place.runpath("build/main"), [] as [&str; 0], "{link}");
    }
}

/// `-Wl,-rpath=` of an unset make variable.
#[test]
fn an_empty_rpath_of_the_caller() {
    let Some(place) = Place::new() else { return };
    for empty in [
        "-Wl,-rpath=",
        "-Wl,-rpath,",
        "-Wl,-rpath=:",
        "-Wl,-rpath,$D/opt/png/lib:",
    ] {
        place.build(&format!("gcc main.c own.c -lz {empty} -o main"));
        let found = place.runpath("build/main");
        assert!(!found.iter().any(String::is_empty), "{empty}: {found:?}");
        assert!(
            found.contains(&"opt/z/lib".to_owned()),
            "{empty}: {found:?}"
        );
    }
}

/// The caller's rpaths are unharmed, those into the build too.
#[test]
fn rpaths_of_the_caller() {
    let Some(place) = Place::new() else { return };
    place.build(OWN);
    let own = "-L../lib -lown -lz";
    for (rpath, expected) in [
        ("-Wl,-rpath,$D/build/lib", ["build/lib", "opt/z/lib"]),
        (
            "'-Wl,-rpath,$ORIGIN/../lib'",
            ["$ORIGIN/../lib", "opt/z/lib"],
        ),
        ("-Wl,-rpath -Wl,../lib", ["../lib", "opt/z/lib"]),
    ] {
        place.build(&format!("cd progs; gcc ../main.c {own} {rpath} -o main"));
        place.expect("build/progs/main", &expected);
    }
}

/// Bazel runs each action in a directory of its own.
#[test]
fn two_sandboxes() {
    let Some(place) = Place::new() else { return };
    for compiler in ["gcc", "clang"] {
        let Some(_) = tool(compiler) else { continue };
        for sandbox in ["1", "2"] {
            place.build(&format!(
                "mkdir -p {compiler}/{sandbox}/_solib; cp own.c main.c {compiler}/{sandbox}
                 cd {compiler}/{sandbox}
                 {compiler} -shared -fPIC own.c -o _solib/libown.so
                 {compiler} main.c -L_solib -lown -lz '-Wl,-rpath,$ORIGIN/_solib' -o main"
            ));
        }
        let program = |sandbox| format!("build/{compiler}/{sandbox}/main");
        place.expect_runs(&program("1"), &["$ORIGIN/_solib", "opt/z/lib"]);
        let [first, second] = ["1", "2"].map(|s| fs::read(place.path(&program(s))).unwrap());
        assert!(first == second, "{compiler}: the programs differ");
    }
}

const MAKEFILE: &str = "all: progs/main
lib/libown.so: own.c
\tmkdir -p lib && $(CC) -shared -fPIC -Wl,-soname,libown.so $< -o $(CURDIR)/lib/libown.so
progs/main: main.c lib/libown.so
\tmkdir -p progs && cd progs && $(CC) ../main.c -L../lib -L$(CURDIR)/lib -lown -lz -o main
install: all
\tcp lib/libown.so $(DESTDIR)$(PREFIX)/lib
\tcp progs/main $(DESTDIR)$(PREFIX)/bin
";

/// Two builds of the same sources are the same, wherever they are.
#[test]
fn two_build_directories() {
    let (Some(_), Some(place)) = (tool("make"), Place::new()) else {
        return;
    };
    place.file("build/Makefile", MAKEFILE);
    place.build("cp -r . $D/copy; cp -r $D/copy deeper");
    let z = place.path("opt/z").into_os_string().into_string().unwrap();
    for dir in ["build", "copy", "build/deeper"] {
        let mut make = place.outside(root().join("bin/cc-wrapper"));
        make.args(["run", "--quiet", "--with", &z, "--", "make"]);
        run(make.current_dir(place.path(dir)));
    }
    for file in ["progs/main", "lib/libown.so"] {
        let read = |dir: &str| fs::read(place.path(dir).join(file)).unwrap();
        let first = read("build");
        assert!(first == read("copy"), "{file} differs in another directory");
        assert!(
            first == read("build/deeper"),
            "{file} differs in a deeper directory"
        );
    }
    place.expect("build/progs/main", &["opt/z/lib"]);
    place.expect("build/lib/libown.so", &[]);
}

/// A build that is continued, also after it was installed, is the same as a
/// clean one.
#[test]
fn an_incremental_build() {
    let (Some(_), Some(place)) = (tool("make"), Place::new()) else {
        return;
    };
    place.file("build/Makefile", MAKEFILE);
    let out = place.path("out").into_os_string().into_string().unwrap();
    for options in [&[][..], &["--prefix", &*out]] {
        let z = place.path("opt/z").into_os_string().into_string().unwrap();
        let options = [options, &["--with", &*z]].concat();
        let make = "make; make install PREFIX=$D/out";
        place.run(&options, &format!("rm -rf lib progs; {make}"));
        let [program, library] = ["out/bin/main", "out/lib/libown.so"];
        let first = (place.runpath(program), place.runpath(library));
        place.run(&options, &format!("touch main.c; {make}"));
        place.run(&options, &format!("touch own.c; {make}"));
        let again = (place.runpath(program), place.runpath(library));
        assert_eq!(first, again, "{options:?}");
    }
}

/// The prefix into which the build will be installed.
#[test]
fn the_own_prefix() {
    let (Some(_), Some(place)) = (tool("make"), Place::new()) else {
        return;
    };
    place.file("build/Makefile", MAKEFILE);
    let [out, z] = ["out", "opt/z"].map(|name| place.path(name).display().to_string());
    let options = ["--prefix", &*out, "--with", &*z];
    place.run(&options, "make; make install PREFIX=$D/out");
    place.expect_runs("out/bin/main", &["out/lib", "opt/z/lib"]);
    place.expect("out/lib/libown.so", &[]);

    // A program that takes nothing from the build, and one that is staged.
    place.run(&options, "gcc main.c own.c -lz -o alone");
    place.expect_runs("build/alone", &["opt/z/lib"]);
    fs::create_dir_all(place.path(&format!("stage{out}/lib"))).unwrap();
    fs::create_dir_all(place.path(&format!("stage{out}/bin"))).unwrap();
    place.run(
        &options,
        "rm -r lib progs; make install PREFIX=$D/out DESTDIR=$D/stage",
    );
    place.expect(&format!("stage{out}/bin/main"), &["out/lib", "opt/z/lib"]);
}

/// A linker that is called without a compiler driver, and response files.
#[test]
fn other_ways_to_link() {
    let Some(place) = Place::new() else { return };
    place.build(OWN);
    place.build(
        "cd progs; gcc -fPIC -c ../main.c; echo \"-L../lib -lown -L$D/build/lib -lz\" >libraries
         ld -shared main.o @libraries -o linked.so
         gcc -shared main.o @libraries -o driven.so
         LIBRARY_PATH=../lib:$D/build/lib gcc -shared main.o -lown -lz -o found.so",
    );
    for file in ["linked.so", "driven.so", "found.so"] {
        place.expect(&format!("build/progs/{file}"), &["opt/z/lib"]);
    }
}

/// A part of a build that calls `run` itself.
#[test]
fn run_inside_of_run() {
    let Some(place) = Place::new() else { return };
    place.build(OWN);
    place.build(
        "cd progs; cc-wrapper run --quiet --with $D/opt/png -- \\
         gcc ../main.c -L$D/build/lib -lown -lz -o main",
    );
    place.expect("build/progs/main", &["opt/z/lib"]);
}

/// Libtool's command at `make install DESTDIR=…`, which make exports.
#[test]
fn a_staging_directory() {
    let (Some(_), Some(place)) = (tool("make"), Place::new()) else {
        return;
    };
    fs::create_dir(place.path("aside")).unwrap();
    let makefile = "install:
\tmkdir -p $(DESTDIR)$(D)/out/lib
\tgcc -shared -fPIC -Wl,-soname,libown.so own.c -o $(DESTDIR)$(D)/out/lib/libown.so
\tgcc main.c -Wl,-rpath -Wl,$(D)/out/lib -L$(DESTDIR)$(D)/out/lib -L$(D)/out/lib -lown -lz -o main
";
    place.file("build/Makefile", makefile);
    for stage in ["$D/stage", "$D/stage/", "$D/aside/../stage", "$PWD/stage"] {
        for call in ["make install DESTDIR=", "DESTDIR="] {
            let make = if call.starts_with('D') {
                "make install"
            } else {
                ""
            };
            place.build(&format!("rm -f main; {call}{stage} {make}"));
            let how = format!("{call}{stage} {make}");
            assert_eq!(
                place.runpath("build/main"),
                ["out/lib", "opt/z/lib"],
                "{how}"
            );
        }
    }
}

// Libtool.

/// Two libraries and a program, in three directories.
const LIBTOOL: &str = r#"
C="libtool --silent --tag=CC --mode"
mkdir -p a b p
echo 'int z(void); int a(void) { return z(); }' >a/a.c
echo 'int a(void); int b(void) { return a(); }' >b/b.c
echo 'int b(void); int z(void); int main(void) { return b() + z(); }' >p/p.c
(cd a; $C=compile gcc -c a.c; $C=link gcc -o liba.la a.lo -rpath $D/out/lib -lz)
(cd b; $C=compile gcc -c b.c; $C=link gcc -o libb.la b.lo -rpath $D/out/lib ../a/liba.la)
(cd p; $C=compile gcc -c p.c; $C=link gcc -o p p.lo $TOP/b/libb.la $TOP/a/liba.la -lz)
"#;

const LIBTOOL_INSTALL: &str = r#"
C="libtool --silent --tag=CC --mode=install"
mkdir -p $DESTDIR$D/out/lib $DESTDIR$D/out/bin
(cd a; $C install -c liba.la $DESTDIR$D/out/lib/liba.la)
(cd b; $C install -c libb.la $DESTDIR$D/out/lib/libb.la)
(cd p; $C install -c p $DESTDIR$D/out/bin/p)
"#;

fn libtool(top: &str, stage: &str) {
    let (Some(_), Some(place)) = (tool("libtool"), Place::new()) else {
        return;
    };
    place.build(&format!("TOP={top}; {LIBTOOL}"));
    place.build("p/p");
    place.build(&format!("export DESTDIR={stage}; {LIBTOOL_INSTALL}"));
    let stage = stage.replace("$D", place.0.path().to_str().unwrap());
    let (_, stage) = stage.split_at(if stage.is_empty() { 0 } else { 1 });
    let out = match stage {
        "" => "out".to_owned(),
        stage => format!("/{stage}{}/out", place.0.path().display()),
    };
    place.expect(&format!("{out}/lib/liba.so"), &["opt/z/lib"]);
    place.expect(&format!("{out}/lib/libb.so"), &["out/lib"]);
    place.expect(&format!("{out}/bin/p"), &["out/lib", "opt/z/lib"]);
    if stage.is_empty() {
        run_alone(&place.path("out/bin/p"));
    }
}

#[test]
fn libtool_relative() {
    libtool("..", "");
}

#[test]
fn libtool_absolute() {
    libtool("$D/build", "");
}

#[test]
fn libtool_staged() {
    libtool("..", "$D/stage");
    libtool("$D/build", "$D/stage");
}

// CMake.

const CMAKE: &str = "cmake_minimum_required(VERSION 3.16)
project(x C)
find_library(Z z REQUIRED)
add_library(own SHARED own.c)
add_executable(app main.c)
target_link_libraries(app own ${Z})
add_executable(alone main.c own.c)
target_link_libraries(alone z)
install(TARGETS own app alone RUNTIME DESTINATION bin LIBRARY DESTINATION lib)
";

/// The generators of CMake whose programs are installed.
fn generators() -> impl Iterator<Item = &'static str> {
    let has_cmake = tool("cmake").is_some();
    let all = [("Unix Makefiles", "make"), ("Ninja", "ninja")];
    let installed = all
        .into_iter()
        .filter(move |(_, program)| has_cmake && tool(program).is_some());
    installed.map(|(generator, _)| generator)
}

/// Configures, builds, and installs with CMake, and checks the entries of the
/// installed app, `alone` and libown.
fn cmake(options: &str, app: &[&str], alone: &[&str], own: &[&str]) {
    for generator in generators() {
        let Some(place) = Place::new() else { return };
        place.file("build/CMakeLists.txt", CMAKE);
        place.build(&format!(
            "cmake -G '{generator}' -S . -B b -DCMAKE_INSTALL_PREFIX=$D/out {options}
             cmake --build b; b/alone; cmake --install b
             DESTDIR=$D/stage cmake --install b"
        ));
        let staged = format!("stage{}/", place.0.path().display());
        for at in ["", &staged] {
            place.expect(&format!("{at}out/bin/app"), app);
            place.expect(&format!("{at}out/bin/alone"), alone);
            place.expect(&format!("{at}out/lib/libown.so"), own);
        }
        run_alone(&place.path("out/bin/alone"));
    }
}

#[test]
fn cmake_without_options() {
    cmake("", &["opt/z/lib"], &["opt/z/lib"], &[]);
}

#[test]
fn cmake_with_an_install_rpath() {
    let option = "-DCMAKE_INSTALL_RPATH='$ORIGIN/../lib'";
    let origin = ["$ORIGIN/../lib", "opt/z/lib"];
    cmake(option, &origin, &origin, &["$ORIGIN/../lib"]);
}

/// CMake reserves the space for it at the link.
#[test]
fn cmake_with_a_long_install_rpath() {
    let long = format!("$ORIGIN/{}lib", "a/../".repeat(60));
    let option = format!("-DCMAKE_INSTALL_RPATH='{long}'");
    let entries = [&*long, "opt/z/lib"];
    cmake(&option, &entries, &entries, &[&*long]);
}

#[test]
fn cmake_with_the_link_path() {
    let option = "-DCMAKE_INSTALL_RPATH_USE_LINK_PATH=ON";
    cmake(option, &["opt/z/lib"], &["opt/z/lib"], &[]);
    let both = format!("{option} -DCMAKE_INSTALL_RPATH=$D/out/lib");
    let entries = ["out/lib", "opt/z/lib"];
    cmake(&both, &entries, &entries, &["out/lib"]);
}

/// The user gives the dependency's directory too.
#[test]
fn cmake_with_an_rpath_of_the_user() {
    let option = "-DCMAKE_EXE_LINKER_FLAGS=-Wl,-rpath,$D/opt/z/lib";
    cmake(option, &["opt/z/lib"], &["opt/z/lib"], &[]);
}

/// Ninja links everything in one directory, and programs of a subdirectory may be
/// elsewhere.
#[test]
fn cmake_with_an_output_directory() {
    for generator in generators() {
        let Some(place) = Place::new() else { return };
        let text = CMAKE
            .replace("app main.c", "app ../main.c")
            .replace("alone main.c own.c", "alone ../main.c ../own.c");
        place.file(
            "build/sub/CMakeLists.txt",
            &text.replace("SHARED own.c", "SHARED ../own.c"),
        );
        place.file(
            "build/CMakeLists.txt",
            "cmake_minimum_required(VERSION 3.16)\nproject(y C)\n\
             set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)\n\
             add_subdirectory(sub)\n",
        );
        place.build(&format!(
            "cmake -G '{generator}' -S . -B b -DCMAKE_INSTALL_PREFIX=$D/out \
             '-DCMAKE_INSTALL_RPATH=$ORIGIN/../lib'; cmake --build b; cmake --install b"
        ));
        place.expect_runs("out/bin/app", &["$ORIGIN/../lib", "opt/z/lib"]);
        place.expect_runs("out/bin/alone", &["$ORIGIN/../lib", "opt/z/lib"]);
    }
}

#[test]
fn cmake_without_rpath() {
    for option in ["-DCMAKE_SKIP_RPATH=ON", "-DCMAKE_SKIP_INSTALL_RPATH=ON"] {
        cmake(option, &["opt/z/lib"], &["opt/z/lib"], &[]);
    }
}

#[test]
fn cmake_building_with_the_install_rpath() {
    let option = "-DCMAKE_BUILD_WITH_INSTALL_RPATH=ON";
    cmake(option, &["opt/z/lib"], &["opt/z/lib"], &[]);
}

/// A toolchain file of the user's, which CMake reads in place of one that the
/// environment names.
#[test]
fn cmake_with_a_toolchain_file() {
    let option = "-DCMAKE_TOOLCHAIN_FILE=$PWD/user.cmake";
    let write = format!("-Wno-dev {option} $(echo 'set(USER 1)' >user.cmake)");
    cmake(&write, &["opt/z/lib"], &["opt/z/lib"], &[]);
}

/// The program in the build directory finds the libraries of the build.
#[test]
fn cmake_tests_run_before_the_installation() {
    let (Some(_), Some(_)) = (tool("cmake"), tool("make")) else {
        return;
    };
    let Some(place) = Place::new() else { return };
    place.file("build/CMakeLists.txt", CMAKE);
    place.build("cmake -S . -B b; cmake --build b");
    // CMake ends its own rpath with a colon there, so that it finds the text
    // again when it installs the program.
    let found = place.runpath("build/b/app");
    let found: Vec<&str> = found
        .iter()
        .map(String::as_str)
        .filter(|e| !e.is_empty())
        .collect();
    assert_eq!(found, ["opt/z/lib", "build/b"]);
    run_alone(&place.path("build/b/app"));
}

#[test]
fn cmake_with_the_own_prefix() {
    let (Some(_), Some(_)) = (tool("cmake"), tool("make")) else {
        return;
    };
    let Some(place) = Place::new() else { return };
    place.file("build/CMakeLists.txt", CMAKE);
    let [out, z] = ["out", "opt/z"].map(|name| place.path(name).display().to_string());
    let build = "cmake -S . -B b -DCMAKE_INSTALL_PREFIX=$D/out; cmake --build b; cmake --install b";
    place.run(&["--prefix", &out, "--with", &z], build);
    place.expect_runs("out/bin/app", &["out/lib", "opt/z/lib"]);
    place.expect_runs("out/bin/alone", &["opt/z/lib"]);
    place.expect("out/lib/libown.so", &[]);
}

/// A build directory that is elsewhere, and libraries in a subdirectory of it, which
/// the project names by `-L` or by CMake's target.
#[test]
fn cmake_elsewhere() {
    for linked in ["own", "${CMAKE_BINARY_DIR}/lib/libown.so", "-lown"] {
        for generator in generators() {
            let Some(place) = Place::new() else { return };
            let top = "cmake_minimum_required(VERSION 3.16)\nproject(x C)\n\
                 add_subdirectory(lib)\nlink_directories(${CMAKE_BINARY_DIR}/lib)\n\
                 add_subdirectory(progs)\n";
            place.file("build/CMakeLists.txt", top);
            let own = "add_library(own SHARED ../own.c)\ninstall(TARGETS own DESTINATION lib)\n";
            place.file("build/lib/CMakeLists.txt", own);
            let app = format!(
                "add_executable(app ../main.c)\nadd_dependencies(app own)\n\
                 target_link_libraries(app {linked} z)\ninstall(TARGETS app DESTINATION bin)\n"
            );
            place.file("build/progs/CMakeLists.txt", &app);
            place.build(&format!(
                "cmake -G '{generator}' -S . -B $D/elsewhere -DCMAKE_INSTALL_PREFIX=$D/out
                 cmake --build $D/elsewhere; cmake --install $D/elsewhere"
            ));
            let how = format!("{generator}, {linked}");
            assert_eq!(place.runpath("out/bin/app"), ["opt/z/lib"], "{how}");
        }
    }
}

/// `run` in the root directory, as in containers.
#[test]
fn a_build_started_in_the_root_directory() {
    let Some(place) = Place::new() else { return };
    let mut command = place.outside(root().join("bin/cc-wrapper"));
    let script = "cd $D/build; gcc main.c own.c -L$D/opt/z/lib -lz -o main";
    command.args(["run", "--quiet", "--", "sh", "-ec", script]);
    run(command.current_dir("/"));
    place.expect_runs("build/main", &["opt/z/lib"]);
}

// Meson.

const MESON: &str = "project('x', 'c')
own = shared_library('own', 'own.c', install: true)
executable('app', 'main.c', link_with: own, dependencies: DEPENDENCY, install: true)
executable('alone', 'main.c', 'own.c', dependencies: DEPENDENCY, install: true)
executable('origin', 'main.c', link_with: own, dependencies: DEPENDENCY, install: true,
  install_rpath: '$ORIGIN/../lib')
";

fn meson(dependency: &str) {
    let (Some(_), Some(_)) = (tool("meson"), tool("ninja")) else {
        return;
    };
    let (Some(_), Some(place)) = (tool("pkg-config"), Place::new()) else {
        return;
    };
    let text = MESON.replace("DEPENDENCY", dependency);
    place.file("build/meson.build", &text);
    place.build(
        "meson setup b --prefix=$D/out --libdir=lib
         ninja -C b; b/app; b/alone; ninja -C b install
         DESTDIR=$D/stage meson install -C b",
    );
    let staged = format!("stage{}/", place.0.path().display());
    for at in ["", &staged] {
        place.expect(&format!("{at}out/bin/app"), &["opt/z/lib"]);
        place.expect(&format!("{at}out/bin/alone"), &["opt/z/lib"]);
        place.expect(
            &format!("{at}out/bin/origin"),
            &["$ORIGIN/../lib", "opt/z/lib"],
        );
        place.expect(&format!("{at}out/lib/libown.so"), &[]);
    }
    run_alone(&place.path("out/bin/alone"));
    run_alone(&place.path("out/bin/origin"));
}

#[test]
fn meson_with_pkg_config() {
    meson("dependency('z')");
}

#[test]
fn meson_with_find_library() {
    meson("meson.get_compiler('c').find_library('z')");
}

#[test]
fn meson_with_the_own_prefix() {
    let (Some(_), Some(_)) = (tool("meson"), tool("ninja")) else {
        return;
    };
    let (Some(_), Some(place)) = (tool("pkg-config"), Place::new()) else {
        return;
    };
    let text = MESON.replace("DEPENDENCY", "dependency('z')");
    place.file("build/meson.build", &text);
    let [out, z] = ["out", "opt/z"].map(|name| place.path(name).display().to_string());
    let build = "meson setup b --prefix=$D/out --libdir=lib; ninja -C b install";
    place.run(&["--prefix", &out, "--with", &z], build);
    place.expect_runs("out/bin/app", &["out/lib", "opt/z/lib"]);
    place.expect_runs("out/bin/alone", &["opt/z/lib"]);
    place.expect_runs(
        "out/bin/origin",
        &["$ORIGIN/../lib", "out/lib", "opt/z/lib"],
    );
    place.expect("out/lib/libown.so", &[]);
}

// A root that remembers dependencies, for IDEs, `sudo` and all that starts
// compilers without `run`.

impl Place {
    /// Returns a function that runs scripts in the build directory, with nothing
    /// in the environment but the tools of a root that remembers libz.
    fn remembering(&self) -> impl Fn(&str) {
        let root = self.path("root");
        let z = self.path("opt/z");
        wrap(
            &root,
            ["--no-check".as_ref(), "--with".as_ref(), z.as_os_str()],
        );
        let path = format!("{}/bin:/usr/bin:/bin", root.display());
        let (place, build) = (self.0.path().to_owned(), self.path("build"));
        move |script| {
            let mut shell = Command::new("sh");
            shell.args(["-ec", script]).env_clear().current_dir(&build);
            run(shell.env("PATH", &path).env("D", &place));
        }
    }
}

#[test]
fn a_root_that_remembers() {
    let Some(place) = Place::new() else { return };
    let outside = place.remembering();
    outside("gcc main.c own.c -lz -o main");
    place.expect_runs("build/main", &["opt/z/lib"]);
    outside(OWN);
    outside("cd progs; gcc ../main.c -L../lib -lown -lz -o main");
    place.expect("build/progs/main", &["opt/z/lib"]);
}

#[test]
fn a_root_that_remembers_and_libtool() {
    let (Some(_), Some(place)) = (tool("libtool"), Place::new()) else {
        return;
    };
    let outside = place.remembering();
    outside(&format!("TOP=..; {LIBTOOL}"));
    outside(LIBTOOL_INSTALL);
    place.expect("out/lib/liba.so", &["opt/z/lib"]);
    place.expect("out/lib/libb.so", &["out/lib"]);
    place.expect_runs("out/bin/p", &["out/lib", "opt/z/lib"]);
}

#[test]
fn a_root_that_remembers_and_cmake() {
    let (Some(_), Some(_)) = (tool("cmake"), tool("make")) else {
        return;
    };
    let Some(place) = Place::new() else { return };
    place.file("build/CMakeLists.txt", &CMAKE.replace("${Z}", "z"));
    let outside = place.remembering();
    outside(
        "cmake -S . -B b -DZ=z -DCMAKE_INSTALL_PREFIX=$D/out -DCMAKE_INSTALL_RPATH='$ORIGIN/../lib'
         cmake --build b; cmake --install b",
    );
    let origin = ["$ORIGIN/../lib", "opt/z/lib"];
    place.expect_runs("out/bin/app", &origin);
    place.expect_runs("out/bin/alone", &origin);
}
