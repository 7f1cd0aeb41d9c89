//! Finds the directories whose libraries need no rpath: those of the dynamic
//! loader and of the compilers.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::probe::{self, Compiler};
use super::run::{self, Workshop};
use crate::process::search::{self, is_program};
use crate::support::error::Result;
use crate::support::foreign_file;
use crate::support::triple::Triple;

/// The dynamic loader of programs for a target.
#[derive(Debug)]
pub struct Loader<'a> {
    workshop: &'a Workshop,
    target: &'a Triple,
    path: PathBuf,
}

/// Directories that every loader searches or that do not belong in an rpath.
const STANDARD: [&str; 4] = ["/lib", "/usr/lib", "/lib64", "/usr/lib64"];
const MUSL_DEFAULT: &str = "/lib:/usr/local/lib:/usr/lib";

impl<'a> Loader<'a> {
    /// The loader that `compiler` sets in programs; `None`: it sets none.
    pub fn of(workshop: &'a Workshop, compiler: &'a Compiler) -> Result<Option<Loader<'a>>> {
        let line = probe::link_line(workshop, &compiler.program)?;
        let path = dynamic_linker(&String::from_utf8_lossy(&line));
        Ok(path.map(|path| Loader::at(workshop, &compiler.identity.target, path)))
    }

    pub fn at(workshop: &'a Workshop, target: &'a Triple, path: PathBuf) -> Loader<'a> {
        Loader {
            workshop,
            target,
            path,
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this loader runs on this machine.
    pub fn runs_here(&self) -> bool {
        self.target.is_native() && is_program(&self.path)
    }

    /// The directories that it searches by default; empty if that is unknown.
    pub fn directories(&self) -> Result<Vec<PathBuf>> {
        if self.is_musl() {
            return Ok(musl_directories(&self.path));
        }
        if !self.runs_here() {
            return Ok(Vec::new());
        }
        let mut directories = self.directories_by_help()?;
        directories.extend(self.directories_by_ldconfig()?);
        Ok(directories)
    }

    fn is_musl(&self) -> bool {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().starts_with("ld-musl-")
    }

    /// glibc's built-in list, which its loader prints since version 2.33.
    fn directories_by_help(&self) -> Result<Vec<PathBuf>> {
        let mut command = self.workshop.command(&self.path);
        let output = run::output(command.arg("--help"))?;
        Ok(system_search_path(&String::from_utf8_lossy(&output.stdout)))
    }

    /// The directories of ld.so.cache, and the built-in ones, which old glibc
    /// prints only here.
    fn directories_by_ldconfig(&self) -> Result<Vec<PathBuf>> {
        let mut path = env::var_os("PATH").unwrap_or_default();
        // Often not on the PATH of ordinary users.
        path.push(":/usr/sbin:/sbin");
        let Some(ldconfig) = search::programs("ldconfig".as_ref(), &path).next() else {
            return Ok(Vec::new());
        };
        let mut command = self.workshop.command(&ldconfig);
        let output = run::output(command.args(["-v", "-N", "-X"]))?;
        Ok(ldconfig_directories(&String::from_utf8_lossy(
            &output.stdout,
        )))
    }
}

/// The directories that a musl loader searches. `/lib/ld-musl-A.so.1` reads
/// the list in `/etc/ld-musl-A.path`.
pub fn musl_directories(loader: &Path) -> Vec<PathBuf> {
    let name = loader.file_name().unwrap_or_default().to_string_lossy();
    let list = name
        .split(".so")
        .next()
        .map(|stem| format!("etc/{stem}.path"));
    let prefix = loader.parent().and_then(Path::parent);
    let text = prefix
        .zip(list)
        .and_then(|(prefix, list)| foreign_file::read(&prefix.join(list)).ok())
        .and_then(|text| String::from_utf8(text).ok());
    text.as_deref()
        .unwrap_or(MUSL_DEFAULT)
        .split([':', '\n'])
        .map(str::trim)
        .filter(|directory| !directory.is_empty())
        .map(PathBuf::from)
        .collect()
}

/// The resolved directories that never become an rpath: those `searched` by the
/// loader, the standard ones, and the `compilers`' own.
pub fn system_directories(
    workshop: &Workshop,
    searched: &[PathBuf],
    compilers: &[Compiler],
) -> Result<Vec<PathBuf>> {
    let mut directories: BTreeSet<PathBuf> = BTreeSet::new();
    directories.extend(searched.iter().filter_map(resolved));
    directories.extend(STANDARD.iter().filter_map(resolved));
    for compiler in compilers {
        let printed = compiler.search_directories(workshop)?;
        directories.extend(
            compilers_own(printed)
                .iter()
                .flat_map(|own| with_multilibs(own)),
        );
    }
    Ok(directories.into_iter().collect())
}

/// The compiler's own directories in the output of `-print-search-dirs`: its
/// installation directory and directories with start files. Libraries there
/// need no rpath: they are for linking only, or the loader finds them.
fn compilers_own(search_directories: &str) -> Vec<PathBuf> {
    let mut own = Vec::new();
    for line in search_directories.lines() {
        if let Some(install) = line.strip_prefix("install: ") {
            own.extend(resolved(Path::new(install)));
        } else if let Some(libraries) = line.strip_prefix("libraries: ") {
            let libraries = libraries.strip_prefix('=').unwrap_or(libraries);
            let holds_start_files = |directory: &PathBuf| {
                ["crtbegin.o", "crt1.o"]
                    .iter()
                    .any(|file| directory.join(file).exists())
            };
            own.extend(
                env::split_paths(libraries)
                    .filter_map(|directory| resolved(&directory))
                    .filter(holds_start_files),
            );
        }
    }
    own
}

/// `directory` and its multilib subdirectories for other ABIs, such as `32`.
fn with_multilibs(directory: &Path) -> Vec<PathBuf> {
    let mut all = vec![directory.to_path_buf()];
    if directory.join("crtbegin.o").exists() {
        let below = fs::read_dir(directory).into_iter().flatten().flatten();
        let below = below.map(|entry| entry.path());
        all.extend(below.filter(|below| below.join("crtbegin.o").exists()));
    }
    all
}

fn resolved(directory: impl AsRef<Path>) -> Option<PathBuf> {
    fs::canonicalize(directory)
        .ok()
        .filter(|path| path.is_dir())
}

/// The value of `-dynamic-linker` in the output of `-###`.
fn dynamic_linker(line: &str) -> Option<PathBuf> {
    let mut words = line
        .split_ascii_whitespace()
        .map(|word| word.trim_matches('"'));
    words.find(|word| matches!(*word, "-dynamic-linker" | "--dynamic-linker"))?;
    words.next().map(PathBuf::from)
}

/// The directories in the output of glibc's `ld.so --help`.
fn system_search_path(help: &str) -> Vec<PathBuf> {
    let directories = help.lines().filter_map(|line| {
        let directory = line.trim_start().strip_suffix(" (system search path)")?;
        Some(PathBuf::from(directory))
    });
    directories.collect()
}

/// The directories in the output of `ldconfig -v`.
fn ldconfig_directories(output: &str) -> Vec<PathBuf> {
    let headings = output.lines().filter(|line| line.starts_with('/'));
    let directories = headings.filter_map(|line| line.rsplit_once(": (").or(line.rsplit_once(':')));
    directories
        .map(|(directory, _)| PathBuf::from(directory))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(paths: &[&str]) -> Vec<PathBuf> {
        paths.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn the_loader_is_read_from_the_link_line() {
        let gcc = " /usr/libexec/collect2 -pie -dynamic-linker /lib64/ld.so.2 -o a";
        let clang = " \"/usr/bin/ld\" \"-pie\" \"-dynamic-linker\" \"/lib64/ld.so.2\" \"-o\"";
        assert_eq!(dynamic_linker(gcc), Some("/lib64/ld.so.2".into()));
        assert_eq!(dynamic_linker(clang), Some("/lib64/ld.so.2".into()));
        assert_eq!(dynamic_linker("collect2 -static"), None);
    }

    #[test]
    fn glibcs_directories_are_read() {
        let help = "Shared library search path:\n  (libraries located via /etc/ld.so.cache)\n  \
                    /lib/x (system search path)\n  /usr/lib (system search path)\n\nSub";
        assert_eq!(system_search_path(help), paths(&["/lib/x", "/usr/lib"]));
        let ldconfig = "/usr/local/lib: (from /etc/ld.so.conf.d/libc.conf:2)\n\
                        \tlibx.so.1 -> libx.so.1.0\n/lib:\n";
        assert_eq!(
            ldconfig_directories(ldconfig),
            paths(&["/usr/local/lib", "/lib"])
        );
    }

    #[test]
    fn musls_directories_are_read_from_its_path_file() {
        let dir = tempfile::tempdir().unwrap();
        let workshop = Workshop::new("".into(), dir.path().into());
        let target = Triple::new("x86_64-linux-musl");
        let path = dir.path().join("lib/ld-musl-x86_64.so.1");
        let default = Loader::at(&workshop, &target, path.clone());
        let expected = paths(&["/lib", "/usr/local/lib", "/usr/lib"]);
        assert_eq!(default.directories().unwrap(), expected);
        fs::create_dir(dir.path().join("etc")).unwrap();
        fs::write(dir.path().join("etc/ld-musl-x86_64.path"), "/a:/b\n/c\n").unwrap();
        let listed = Loader::at(&workshop, &target, path);
        assert_eq!(listed.directories().unwrap(), paths(&["/a", "/b", "/c"]));
    }

    #[test]
    fn directories_with_start_files_are_the_compilers_own() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        for file in [
            "12/crtbegin.o",
            "12/32/crtbegin.o",
            "12/plugin/x",
            "libc/crt1.o",
            "other/x",
        ] {
            let file = base.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let b = base.display();
        let told =
            format!("programs: =/bin\nlibraries: ={b}/12/../12/:{b}/libc:{b}/other:{b}/none\n");
        let own = compilers_own(&told);
        assert_eq!(own, [base.join("12"), base.join("libc")]);
        assert_eq!(
            with_multilibs(&own[0]),
            [base.join("12"), base.join("12/32")]
        );
    }
}
