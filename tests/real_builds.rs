//! Builds of real packages with a wrapped root, where only NIX_CFLAGS_COMPILE
//! and NIX_LDFLAGS say where the libraries are.

mod common;

use common::{command, interpreter, run, run_alone, runpath, sources, tool, wrap, wrapped, write};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

/// zlib and libpng, built with `./configure` and make.
struct Built {
    compiler: &'static str,
    dir: PathBuf,
    zlib: PathBuf,
    libpng: PathBuf,
}

/// Returns what each compiler's tests share. The first test builds it.
fn built(compiler: &'static str) -> Option<&'static Built> {
    static GCC: OnceLock<Built> = OnceLock::new();
    static CLANG: OnceLock<Built> = OnceLock::new();
    let cell = match compiler {
        "gcc" => &GCC,
        _ => &CLANG,
    };

    tool(compiler)?;
    tool("make")?;
    let (zlib, libpng) = (sources("zlib")?, sources("libpng")?);
    Some(cell.get_or_init(|| Built::new(compiler, &zlib, &libpng)))
}

impl Built {
    fn new(compiler: &'static str, zlib: &Path, libpng: &Path) -> Built {
        let dir = fresh(&format!("built-by-{compiler}"));
        let store = dir.join("store");
        let built = Built {
            compiler,
            zlib: store.join("aaa-zlib-1.2"),
            libpng: store.join("bbb-libpng-1.6"),
            dir,
        };
        wrap(&built.root(), [OsStr::new("--store"), store.as_ref()]);

        let build = built.unpack(zlib, "zlib");
        mark_version(&build.join("zlib.h"));
        built.configure_and_make(&build, &[], &built.zlib);

        let build = built.unpack(libpng, "libpng");
        built.configure_and_make(&build, &[&built.zlib], &built.libpng);
        let mut make = built.command("make", &[&built.zlib]);
        run(make.arg("pngtest").current_dir(&build));
        built
    }

    fn root(&self) -> PathBuf {
        self.dir.join("root")
    }

    fn build(&self, name: &str) -> PathBuf {
        self.dir.join("build").join(name)
    }

    fn unpack(&self, source: &Path, name: &str) -> PathBuf {
        let build = self.build(name);
        fs::create_dir_all(build.parent().unwrap()).unwrap();
        // With its dates, or make wants autoconf.
        run(command("cp").arg("-a").arg(source).arg(&build));
        build
    }

    fn command(&self, program: &str, dependencies: &[&Path]) -> Command {
        let mut command = wrapped(&self.root(), dependencies, program);
        command.env("CC", self.compiler);
        command
    }

    fn configure_and_make(&self, build: &Path, dependencies: &[&Path], prefix: &Path) {
        let option = format!("--prefix={}", prefix.display());
        let command = |program| {
            let mut command = self.command(program, dependencies);
            command.current_dir(build);
            command
        };
        run(command("./configure").arg(option));
        run(command("make").arg("-j2"));
        run(command("make").arg("install"));
    }

    /// Asserts that a binary finds the libraries of `prefixes` by its rpath,
    /// and has no rpath to its build directory.
    fn check_runpath(&self, binary: &Path, prefixes: &[&Path]) {
        let path = runpath(binary);
        for prefix in prefixes {
            let found = path.contains(&prefix.join("lib"));
            assert!(found, "{binary:?} lacks {prefix:?}: {path:?}");
        }
        for dir in &path {
            let stays = dir.starts_with(self.dir.join("store")) || dir.starts_with("$ORIGIN");
            assert!(stays, "{binary:?} has {dir:?}");
        }
    }

    /// Asserts that the library loaded at run time is the one in `prefix`.
    fn check_loaded(&self, binary: &Path, prefix: &Path) {
        let listing = run(command("ldd").arg(binary));
        assert!(listing.contains(prefix.to_str().unwrap()), "{listing}");
    }

    /// Checks the output of tests/projects/app with an empty environment.
    fn check_app(&self, app: &Path) {
        let said = run_alone(app);
        let zlib = format!("zlib: compiled with {VERSION}, runs with {VERSION}\n");
        assert!(said.starts_with(&zlib), "{app:?}: {said}");
        for prefix in [&self.zlib, &self.libpng] {
            self.check_loaded(app, prefix);
        }
    }

    fn check_installed_app(&self, prefix: &Path) {
        let app = prefix.join("bin/app");
        self.check_runpath(&app, &[&self.zlib, &self.libpng]);
        self.check_runpath(&prefix.join("lib/libown.so"), &[&self.zlib]);
        self.check_app(&app);
    }
}

/// A version that no machine has, so that its own zlib is not used by accident.
const VERSION: &str = "1.2.0.marked";

fn mark_version(header: &Path) {
    let text = fs::read_to_string(header).unwrap();
    let mut lines = text.lines();
    let line = lines.find(|line| line.starts_with("#define ZLIB_VERSION "));
    let marked = format!("#define ZLIB_VERSION \"{VERSION}\"");
    fs::write(header, text.replace(line.unwrap(), &marked)).unwrap();
}

/// Returns a directory that is not removed, because several tests share it.
fn fresh(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    dir
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects/app")
}

fn configure(compiler: &'static str) {
    let Some(built) = built(compiler) else { return };
    let build = built.build("libpng");
    let pngtest = build.join(".libs/pngtest");

    built.check_runpath(&pngtest, &[&built.zlib]);
    built.check_runpath(&built.libpng.join("lib/libpng16.so"), &[&built.zlib]);

    let mut alone = Command::new(&pngtest);
    let said = run(alone.env_clear().current_dir(&build));
    assert!(said.contains("libpng passes test"), "{said}");
    let zlib = format!("with zlib   version {VERSION}");
    assert!(said.contains(&zlib), "{said}");
    built.check_loaded(&pngtest, &built.zlib);
}

#[test]
fn configure_gcc() {
    configure("gcc");
}

#[test]
fn configure_clang() {
    configure("clang");
}

fn cmake(compiler: &'static str) {
    let Some(_) = tool("cmake") else { return };
    let Some(built) = built(compiler) else { return };
    let dependencies = [&*built.zlib, &*built.libpng];
    let (build, prefix) = (built.build("cmake"), built.dir.join("store/ccc-cmake"));
    let cmake = || built.command("cmake", &dependencies);

    let option = format!("-DCMAKE_INSTALL_PREFIX={}", prefix.display());
    let mut setup = cmake();
    setup.arg("-S").arg(project()).arg("-B").arg(&build);
    run(setup.arg(option));
    run(cmake().arg("--build").arg(&build).arg("-j2"));
    built.check_app(&build.join("app"));

    run(cmake().arg("--install").arg(&build));
    built.check_installed_app(&prefix);
}

#[test]
fn cmake_gcc() {
    cmake("gcc");
}

#[test]
fn cmake_clang() {
    cmake("clang");
}

fn meson(compiler: &'static str) {
    let (Some(_), Some(_)) = (tool("meson"), tool("ninja")) else {
        return;
    };
    let Some(built) = built(compiler) else { return };
    let dependencies = [&*built.zlib, &*built.libpng];
    let (build, prefix) = (built.build("meson"), built.dir.join("store/ddd-meson"));
    let meson = || built.command("meson", &dependencies);

    let mut setup = meson();
    setup
        .args(["setup", "--libdir=lib", "--prefix"])
        .arg(&prefix);
    run(setup.arg(&build).arg(project()));
    run(meson().arg("compile").arg("-C").arg(&build));
    built.check_app(&build.join("app"));

    run(meson().arg("install").arg("-C").arg(&build));
    built.check_installed_app(&prefix);
}

#[test]
fn meson_gcc() {
    meson("gcc");
}

#[test]
fn meson_clang() {
    meson("clang");
}

/// Builds a crate that links `-lz`, with `-C linker=`. Only NIX_LDFLAGS says
/// where zlib is.
fn cargo(compiler: &'static str) {
    let Some(built) = built(compiler) else { return };
    let project = built.dir.join("crate");
    write(
        &project.join("Cargo.toml"),
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    write(
        &project.join("src/main.rs"),
        "use std::ffi::{c_char, CStr};\n\
         #[link(name = \"z\")]\n\
         extern \"C\" { fn zlibVersion() -> *const c_char; }\n\
         fn main() {\n\
             println!(\"{}\", unsafe { CStr::from_ptr(zlibVersion()) }.to_str().unwrap());\n\
         }\n",
    );
    let linker = built.root().join("bin").join(compiler);
    let mut build = built.command("cargo", &[&built.zlib]);
    // Not by PATH: cargo names its linker.
    build
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("RUSTFLAGS", format!("-C linker={}", linker.display()))
        .args(["build", "--offline", "--target-dir", "target"])
        .current_dir(&project);
    run(&mut build);
    let app = project.join("target/debug/app");
    built.check_runpath(&app, &[&built.zlib]);
    assert_eq!(run_alone(&app), format!("{VERSION}\n"));
}

#[test]
fn cargo_gcc() {
    cargo("gcc");
}

#[test]
fn cargo_clang() {
    cargo("clang");
}

/// Returns a root made without a store.
fn default_root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let root = fresh("default-root");
        wrap(&root, [] as [&str; 0]);
        root
    })
}

/// A library like those in /opt, and programs linked with it.
struct Small {
    dir: TempDir,
    prefix: PathBuf,
}

impl Small {
    fn new() -> Option<Small> {
        tool("gcc")?;
        let dir = TempDir::new().unwrap();
        let prefix = dir.path().join("opt/foo");
        let small = Small { dir, prefix };

        let library = small.library();
        let source = small.source("foo.c", "int foo(void) { return 42; }\n");
        fs::create_dir_all(library.parent().unwrap()).unwrap();
        let mut gcc = wrapped(default_root(), &[], "gcc");
        gcc.args(["-shared", "-fPIC", "-o"]);
        run(gcc.arg(library).arg(source));
        Some(small)
    }

    fn library(&self) -> PathBuf {
        self.prefix.join("lib/libfoo.so")
    }

    fn source(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        write(&path, text);
        path
    }

    /// Compiles a program and returns it.
    fn compile<I>(&self, compiler: &str, arguments: I) -> PathBuf
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let program = self.dir.path().join("main");
        let mut compiler = wrapped(default_root(), &[&self.prefix], compiler);
        compiler.arg("-o").arg(&program).args(arguments);
        run(compiler.current_dir(self.dir.path()));
        program
    }

    /// Asserts that the program works, and has only this directory as its
    /// rpath.
    fn check(&self, program: &Path, how: &str) {
        assert_eq!(runpath(program), [self.prefix.join("lib")], "{how}");
        run_alone(program);
    }
}

const C: &str = "int foo(void);\nint main(void) { return foo() != 42; }\n";
const CXX: &str = "#include <string>
extern \"C\" int foo();
int main() { return std::to_string(foo()) != \"42\"; }
";
const FORTRAN: &str = "program main
  interface
    integer(c_int) function foo() bind(c)
      use iso_c_binding
    end function
  end interface
  if (foo() /= 42) stop 1
end program
";
const ADA: &str = "with Interfaces.C; use type Interfaces.C.int;
procedure Main is
   function Foo return Interfaces.C.int
     with Import, Convention => C, External_Name => \"foo\";
begin
   if Foo /= 42 then raise Program_Error; end if;
end Main;
";

fn language(compiler: &str, file: &str, text: &str, options: &[&str]) {
    let Some(_) = tool(compiler) else { return };
    let Some(small) = Small::new() else { return };
    small.source(file, text);
    let program = small.compile(compiler, [&[file], options].concat());
    small.check(&program, compiler);
}

#[test]
fn c() {
    language("gcc", "main.c", C, &["-lfoo", "-lm"]);
    language("clang", "main.c", C, &["-lfoo", "-lm"]);
}

#[test]
fn cxx() {
    language("g++", "main.cc", CXX, &["-lfoo"]);
    language("clang++", "main.cc", CXX, &["-lfoo"]);
}

#[test]
fn fortran() {
    language("gfortran", "main.f90", FORTRAN, &["-lfoo"]);
}

#[test]
fn ada() {
    language("gnatmake", "main.adb", ADA, &["-largs", "-lfoo"]);
}

#[test]
fn every_linker() {
    let Some(small) = Small::new() else { return };
    small.source("main.c", C);
    for linker in ["bfd", "gold", "lld", "mold"] {
        let Some(_) = tool(&format!("ld.{linker}")) else {
            continue;
        };
        for compiler in ["gcc", "clang"] {
            let Some(_) = tool(compiler) else { continue };
            let option = format!("-fuse-ld={linker}");
            let program = small.compile(compiler, ["main.c", "-lfoo", &option]);
            small.check(&program, &format!("{compiler} {option}"));
        }
    }
}

#[test]
fn a_library_named_by_its_path() {
    let Some(small) = Small::new() else { return };
    let source = small.source("main.c", C);
    let program = small.compile("gcc", [source, small.library()]);
    small.check(&program, "path");
}

/// Build systems name libraries that they have just built by relative paths,
/// and install them elsewhere.
#[test]
fn a_library_of_the_build_itself() {
    let Some(small) = Small::new() else { return };
    small.source("main.c", C);
    fs::copy(small.library(), small.dir.path().join("libown.so")).unwrap();
    for named in ["libown.so", "./libown.so"] {
        let program = small.compile("gcc", ["main.c", named]);
        assert_eq!(runpath(&program), [] as [PathBuf; 0], "{named:?}");
    }
}

/// A program that uses only the system's libraries is the same as without
/// wrapper.
#[test]
fn a_plain_program() {
    let Some(small) = Small::new() else { return };
    let source = "#include <math.h>\nint main(int n, char **v) { return cos(n) > 2; }\n";
    let source = small.source("main.c", source);
    let libm = run(command("gcc").arg("-print-file-name=libm.so"));
    let system = Path::new(libm.trim_end()).parent().unwrap();
    let search = format!("-L{}", system.display());

    let plain = small.dir.path().join("plain");
    run(command("gcc").arg(&source).arg("-lm").arg("-o").arg(&plain));
    let program = small.compile("gcc", [source.to_str().unwrap(), "-lm", &search]);

    assert_eq!(runpath(&program), runpath(&plain));
    assert_eq!(interpreter(&program), interpreter(&plain));
    run_alone(&program);
}
