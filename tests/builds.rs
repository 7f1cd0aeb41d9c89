//! Real packages, built with a root that `wrap` made, each installed into its own
//! prefix. `run --with` alone says where their dependencies are.
//! `tests/builds/expected.txt` says what each installed file must record.
//!
//! Slow tests are ignored; CONTRIBUTING.md says how to run them.

mod common;
#[path = "builds/compare.rs"]
mod compare;
#[path = "builds/expected.rs"]
mod expected;
#[path = "builds/packages.rs"]
mod packages;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use common::{command, run, runpath, sources, tool, wrap};
use expected::{Expected, elf_files};
use packages::{PACKAGES, Package};

/// The directory that has the root, the builds and the prefixes. It stays until
/// the next run, because several tests share it.
fn dir() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("builds");
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(dir.join("tmp")).unwrap();
        wrap(&dir.join("root"), ["--no-check"]);
        dir
    })
}

fn package(name: &str) -> &'static Package {
    let found = PACKAGES.iter().find(|package| package.name == name);
    found.unwrap_or_else(|| panic!("no package is called {name}"))
}

fn prefix(name: &str) -> PathBuf {
    dir().join("prefix").join(name)
}

/// Returns the package's dependencies and theirs.
fn all_needs(package: &Package) -> Vec<&'static str> {
    let mut needs = Vec::new();
    for name in package.needs {
        needs.push(*name);
        needs.extend(all_needs(self::package(name)));
    }
    needs
}

fn available(package: &Package) -> Option<()> {
    for name in package.tools {
        tool(name)?;
    }
    if package.source != "meson" {
        sources(package.source)?;
    }
    Some(())
}

/// Builds and installs a package after its dependencies, once. Returns its
/// prefix.
fn built(name: &'static str) -> Option<PathBuf> {
    static BUILT: [OnceLock<Option<()>>; PACKAGES.len()] =
        [const { OnceLock::new() }; PACKAGES.len()];
    let index = PACKAGES.iter().position(|package| package.name == name);
    let package = package(name);
    let done = BUILT[index.unwrap()].get_or_init(|| {
        for name in package.needs {
            built(name)?;
        }
        available(package)?;
        let build = unpack(package, "build");
        shell(&mut with_root(package), package.build, &build);
        shell(&mut with_root(package), package.install, &build);
        Some(())
    });
    done.map(|()| prefix(name))
}

fn build_directory(package: &Package) -> PathBuf {
    dir().join("build").join(package.name)
}

/// Copies the sources into a directory in `place`, with their dates, or make wants
/// autoconf.
fn unpack(package: &Package, place: &str) -> PathBuf {
    let from = match package.source {
        "meson" => Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/builds/meson"),
        source => sources(source).unwrap(),
    };
    let build = dir().join(place).join(package.name);
    fs::create_dir_all(build.parent().unwrap()).unwrap();
    run(command("cp").arg("-a").arg(from).arg(&build));
    build
}

/// `run` in the shared root, with the package's dependencies.
fn with_root(package: &Package) -> Command {
    let mut command = command(dir().join("root/bin/cc-wrapper"));
    command.args(["run", "--quiet", "--prefix"]);
    command.arg(prefix(package.name));
    for name in package.needs {
        command.arg("--with").arg(prefix(name));
    }
    command.arg("--");
    command
}

/// Runs a script as the command's arguments. Unoptimised code takes less time to
/// compile, and records the same.
fn shell(command: &mut Command, script: &str, build: &Path) {
    let name = build.file_name().unwrap().to_str().unwrap();
    command
        .args(["sh", "-ec", script])
        .env("P", prefix(name))
        .env("TMPDIR", dir().join("tmp"))
        .env("CFLAGS", "-O0")
        .env("CXXFLAGS", "-O0")
        .stdin(Stdio::null())
        .current_dir(build);
    run(command);
}

/// Builds a package, and checks what is installed, also in a staging directory.
fn check(name: &'static str) {
    let Some(prefix) = built(name) else { return };
    let package = package(name);
    let expected = Expected::read(name);
    let mut faults = check_files(&expected, &prefix, self::prefix);
    check_programs(package, &expected, &prefix, &mut faults);

    let stage = dir().join("stage").join(name);
    fs::create_dir_all(below(&stage, &prefix).join("lib")).unwrap();
    fs::create_dir_all(below(&stage, &prefix).join("bin")).unwrap();
    let mut staged = with_root(package);
    staged.env("DESTDIR", &stage);
    shell(&mut staged, package.install, &build_directory(package));
    faults.extend(check_files(
        &expected,
        &below(&stage, &prefix),
        self::prefix,
    ));

    let mut doctor = command(dir().join("root/bin/cc-wrapper"));
    let doctor = doctor.arg("doctor").arg(&prefix).output().unwrap();
    let told = String::from_utf8_lossy(&doctor.stdout);
    if !doctor.status.success() || !told.ends_with("\nno problems found\n") {
        faults.push(format!("doctor: {told}"));
    }
    assert!(faults.is_empty(), "{name}:\n{}", faults.join("\n"));
}

/// The path of `path` with `stage` for the directory `/`.
fn below(stage: &Path, path: &Path) -> PathBuf {
    stage.join(path.strip_prefix("/").unwrap())
}

/// Compares the RUNPATH of every installed file with what is expected.
fn check_files(
    expected: &Expected,
    installed: &Path,
    prefix: impl Fn(&str) -> PathBuf,
) -> Vec<String> {
    let mut faults = Vec::new();
    let files = elf_files(installed);
    for (name, path) in &files {
        // The slash at an entry's end changes nothing for the loader.
        let found: Vec<String> = runpath(path)
            .into_iter()
            .map(|entry| entry.into_os_string().into_string().unwrap())
            .map(|entry| entry.strip_suffix('/').map(str::to_owned).unwrap_or(entry))
            .collect();
        match expected.file(name) {
            None => faults.push(format!("{name} is not in expected.txt: {found:?}")),
            Some(file) if file.accepts(&found, &prefix) => {}
            Some(file) => faults.push(format!(
                "{}: got {found:?}, wanted {}",
                path.display(),
                file.runpath
            )),
        }
    }
    for file in &expected.files {
        if !files.contains_key(&file.name) {
            faults.push(format!("{} is not installed", file.name));
        }
    }
    faults
}

/// Asserts that each program starts with an empty environment, and that each
/// library comes from the prefix that has it.
fn check_programs(
    package: &Package,
    expected: &Expected,
    installed: &Path,
    faults: &mut Vec<String>,
) {
    let mut prefixes = vec![installed.to_owned()];
    prefixes.extend(all_needs(package).into_iter().map(prefix));
    for (name, path) in elf_files(installed) {
        let listing = run(command("ldd").env_clear().arg(&path));
        for line in listing.lines() {
            let Some((library, place)) = line.trim().split_once(" => ") else {
                continue;
            };
            let ours = |prefix: &&PathBuf| prefix.join("lib").join(library).exists();
            if let Some(prefix) = prefixes.iter().find(ours) {
                if !place.starts_with(prefix.to_str().unwrap()) {
                    faults.push(format!(
                        "{name} takes {library} from {place}, not {prefix:?}"
                    ));
                }
            } else if place.contains("not found") {
                faults.push(format!("{name} does not find {library}"));
            }
        }
        let Some(arguments) = expected
            .file(&name)
            .and_then(|file| file.arguments.as_ref())
        else {
            continue;
        };
        let mut program = Command::new(&path);
        program.env_clear().args(arguments).stdin(Stdio::null());
        let output = program.current_dir(installed).output().unwrap();
        if !output.status.success() {
            faults.push(format!("{name} {arguments:?}: {output:?}"));
        }
    }
}

/// Builds a package again with plain gcc, and the flags that a user would give by
/// hand. What is installed differs in the RUNPATH alone.
fn compare_with_plain_gcc(name: &'static str) {
    let Some(prefix) = built(name) else { return };
    let package = package(name);
    // "plain" is as long as "build", so that sections have the same sizes.
    let build = unpack(package, "plain");
    let stage = dir().join("plain-stage").join(name);
    for sub in ["lib", "bin"] {
        fs::create_dir_all(below(&stage, &prefix).join(sub)).unwrap();
    }
    let directories = |sub: &str, flag: &str, separator: &str| {
        let of = |name: &&str| format!("{flag}{}", self::prefix(name).join(sub).display());
        let directories: Vec<String> = package.needs.iter().map(of).collect();
        directories.join(separator)
    };
    let plain = || {
        let mut command = command("env");
        command
            .env("CPPFLAGS", directories("include", "-I", " "))
            .env("LDFLAGS", directories("lib", "-L", " "))
            .env("PKG_CONFIG_PATH", directories("lib/pkgconfig", "", ":"))
            .env("CMAKE_PREFIX_PATH", directories("", "", ":"));
        if !package.needs.is_empty() {
            command.env("LD_RUN_PATH", directories("lib", "", ":"));
        }
        command
    };
    shell(&mut plain(), package.build, &build);
    shell(plain().env("DESTDIR", &stage), package.install, &build);

    let places = [dir().join("build"), dir().join("plain")];
    let plain = elf_files(&below(&stage, &prefix));
    let mut faults = Vec::new();
    for (name, file) in elf_files(&prefix) {
        match plain.get(&name) {
            None => faults.push(format!("{name} is missing")),
            Some(plain) => {
                let found = compare::differences([&file, plain], [&places[0], &places[1]]);
                faults.extend(
                    found
                        .iter()
                        .map(|difference| format!("{name}: {difference}")),
                );
            }
        }
    }
    assert!(faults.is_empty(), "{name}:\n{}", faults.join("\n"));
}

/// Installs libpng in an empty environment, as `sudo make install` does: libtool
/// links its programs again. The root remembers zlib. `PATH` is that of the build,
/// if it does not run in `run`.
fn install_with_nothing(place: &str, path: Option<&str>) {
    let Some(zlib) = built("zlib") else { return };
    let package = package("libpng");
    let Some(()) = available(package) else { return };
    let root = dir().join(place).join("root");
    wrap(
        &root,
        ["--no-check".as_ref(), "--with".as_ref(), zlib.as_os_str()],
    );
    let installed = dir().join(place).join("prefix/libpng");
    let build = unpack(package, place);
    let path = path.map(|path| path.replace("ROOT", root.to_str().unwrap()));
    let mut first = match &path {
        Some(path) => {
            let mut command = command("env");
            command.env("PATH", path);
            command
        }
        None => {
            let mut command = command(root.join("bin/cc-wrapper"));
            command.args(["run", "--quiet", "--prefix"]);
            command.arg(&installed).arg("--");
            command
        }
    };
    let script = format!("P={}; {}", installed.display(), package.build);
    shell(&mut first, &script, &build);
    run(Command::new("make")
        .arg("install")
        .current_dir(&build)
        .env_clear()
        .env("PATH", path.as_deref().unwrap_or("/usr/bin:/bin")));

    let place = |name: &str| match name {
        "libpng" => installed.clone(),
        other => prefix(other),
    };
    let faults = check_files(&Expected::read("libpng"), &installed, place);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn an_installation_in_an_empty_environment() {
    install_with_nothing("sudo", None);
}

#[test]
#[ignore = "slow, see CONTRIBUTING.md"]
fn a_build_outside_of_run() {
    install_with_nothing("outside", Some("ROOT/bin:/usr/bin:/bin"));
}

macro_rules! tests {
    ($function:ident: $($(#[$attribute:meta])* $name:ident)*) => {
        $(
            $(#[$attribute])*
            #[test]
            fn $name() {
                $function(stringify!($name));
            }
        )*
    };
}

tests! {
    check:
    zlib bzip2 expat libpng pcre2 jsoncpp meson ncurses readline lua
    #[ignore = "slow, see CONTRIBUTING.md"] xz
    #[ignore = "slow, see CONTRIBUTING.md"] libevent
    #[ignore = "slow, see CONTRIBUTING.md"] tmux
    #[ignore = "slow, see CONTRIBUTING.md"] mbedtls
    #[ignore = "slow, see CONTRIBUTING.md"] curl
}

mod plain_gcc {
    use super::*;

    /// The comparison sees other code, and no other RUNPATH.
    #[test]
    fn only_the_runpath_is_ignored() {
        let Some(_) = tool("gcc") else { return };
        let dir = tempfile::tempdir().unwrap();
        let program = |name: &str, text: &str, rpath: &str| {
            let (source, program) = (dir.path().join("main.c"), dir.path().join(name));
            fs::write(&source, text).unwrap();
            let rpath = format!("-Wl,-rpath,{rpath}");
            run(command("gcc")
                .arg(source)
                .arg(rpath)
                .arg("-o")
                .arg(&program));
            program
        };
        let first = program("first", "int main(void) { return 1; }\n", "/a");
        let second = program("second", "int main(void) { return 1; }\n", "/b/c");
        let third = program("third", "int main(void) { return 2; }\n", "/a");
        let differences = |other: &Path| compare::differences([&first, other], [dir.path(); 2]);
        assert_eq!(differences(&second), [] as [String; 0]);
        assert_eq!(differences(&third), ["contents of .text"]);
    }

    tests! {
        compare_with_plain_gcc:
        bzip2 expat libpng meson
        #[ignore = "slow, see CONTRIBUTING.md"] zlib
        #[ignore = "slow, see CONTRIBUTING.md"] pcre2
        #[ignore = "slow, see CONTRIBUTING.md"] jsoncpp
        #[ignore = "slow, see CONTRIBUTING.md"] ncurses
        #[ignore = "slow, see CONTRIBUTING.md"] readline
        #[ignore = "slow, see CONTRIBUTING.md"] lua
        #[ignore = "slow, see CONTRIBUTING.md"] xz
        #[ignore = "slow, see CONTRIBUTING.md"] libevent
        #[ignore = "slow, see CONTRIBUTING.md"] tmux
        #[ignore = "slow, see CONTRIBUTING.md"] mbedtls
        #[ignore = "slow, see CONTRIBUTING.md"] curl
    }
}
