//! Asks compilers for their family, version, target and search paths.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use cc_wrapper::model::toolchain::{Family, ToolKind};
use once_cell::sync::OnceCell;

use super::run;
use super::run::Workshop;
use crate::support::error::{Error, Result};
use crate::support::triple::Triple;

/// A real compiler. Several names may lead to it.
#[derive(Debug)]
pub struct Compiler {
    pub program: PathBuf,
    pub kind: ToolKind,
    pub identity: Identity,
    search_directories: OnceCell<String>,
}

/// Family, version and target of a compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub family: Family,
    pub version: String,
    pub target: Triple,
}

impl Compiler {
    pub fn new(program: PathBuf, kind: ToolKind, identity: Identity) -> Compiler {
        Compiler {
            program,
            kind,
            identity,
            search_directories: OnceCell::new(),
        }
    }

    /// The path or bare name by which the compiler runs `tool`
    /// (`-print-prog-name`).
    pub fn program_name(&self, workshop: &Workshop, tool: &str) -> Result<PathBuf> {
        let mut command = workshop.command(&self.program);
        ask_program_name(&mut command, tool)
    }

    /// As [`Self::program_name`], but in the setting of a wrapped call: `bin` is
    /// first on PATH and, with `by_prefix`, in `-B` too.
    pub fn program_name_in(
        &self,
        workshop: &Workshop,
        bin: &Path,
        by_prefix: bool,
        tool: &str,
    ) -> Result<PathBuf> {
        let mut command = workshop.command(&self.program);
        command.env("PATH", workshop.path_with_first(bin));
        if by_prefix {
            let mut option = OsString::from("-B");
            option.push(bin);
            option.push("/");
            command.arg(option);
        }
        ask_program_name(&mut command, tool)
    }

    /// Whether the compiler knows `--start-no-unused-arguments`, which only
    /// clang needs.
    ///
    /// # Errors
    /// The compiler cannot be run.
    pub fn knows_no_unused_arguments(&self, workshop: &Workshop) -> Result<bool> {
        if self.identity.family != Family::Clang {
            return Ok(false);
        }
        let mut command = workshop.command(&self.program);
        command.args(["--start-no-unused-arguments", "--end-no-unused-arguments"]);
        command.args(["-###", "-x", "c", "-S", "/dev/null"]);
        Ok(run::output(&mut command)?.status.success())
    }

    /// The output of `-print-search-dirs`, lines such as `libraries: =/a:/b`.
    /// The compiler runs only once.
    ///
    /// # Errors
    /// The compiler cannot be run.
    pub fn search_directories(&self, workshop: &Workshop) -> Result<&str> {
        let ask = || {
            let mut command = workshop.command(&self.program);
            let output = run::output(command.arg("-print-search-dirs"))?;
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        };
        self.search_directories.get_or_try_init(ask).map(|s| &**s)
    }
}

/// Asks `program` for its family, version and target.
///
/// # Errors
/// `program` does not answer as gcc or clang. The message has the command.
pub fn identify(workshop: &Workshop, program: &Path, kind: ToolKind) -> Result<Identity> {
    let mut command = workshop.command(program);
    command.args(["-dM", "-E"]);
    match kind {
        ToolKind::Fortran => command.args(["-cpp", "-x", "f95-cpp-input", "/dev/null"]),
        _ => command.args(["-x", "c", "/dev/null"]),
    };
    let macros = text_answer(&mut command)?;
    let family_and_version = family_and_version(&macros).ok_or_else(|| {
        Error::about(
            program,
            format!(
                "is neither gcc nor clang: it defines neither __GNUC__ nor __clang__ ({})",
                run::line(&command)
            ),
        )
    })?;
    let (family, version) = family_and_version;

    let mut command = workshop.command(program);
    let target = text_answer(command.arg("-dumpmachine"))?;
    let target = Triple::new(target.trim());
    if target.as_str().is_empty() {
        return Err(Error::about(
            program,
            format!("does not name its target ({})", run::line(&command)),
        ));
    }
    Ok(Identity {
        family,
        version,
        target,
    })
}

/// The kind of a driver with an unknown name, by the libraries that it links:
/// libgfortran, libstdc++, libc++ or none of them.
pub fn role_by_link(workshop: &Workshop, program: &Path) -> Result<ToolKind> {
    let line = link_line(workshop, program)?;
    let words: Vec<&[u8]> = line
        .split(u8::is_ascii_whitespace)
        .map(|word| word.strip_prefix(b"\"").unwrap_or(word))
        .map(|word| word.strip_suffix(b"\"").unwrap_or(word))
        .collect();
    let links = |library: &[u8]| words.contains(&library);
    Ok(if links(b"-lgfortran") {
        ToolKind::Fortran
    } else if links(b"-lstdc++") || links(b"-lc++") {
        ToolKind::Cxx
    } else {
        ToolKind::Cc
    })
}

/// The output of `-###` for linking an empty program.
pub fn link_line(workshop: &Workshop, program: &Path) -> Result<Vec<u8>> {
    let mut command = workshop.command(program);
    let output = run::output(command.args(["-###", "-x", "c", "/dev/null", "-o", "empty"]))?;
    Ok(output.stderr)
}

fn ask_program_name(command: &mut Command, tool: &str) -> Result<PathBuf> {
    let answer = answer(command.arg(format!("-print-prog-name={tool}")))?;
    // Bytes, because a path may not be UTF-8.
    let path = answer.strip_suffix(b"\n").unwrap_or(&answer);
    Ok(PathBuf::from(OsStr::from_bytes(path)))
}

fn text_answer(command: &mut Command) -> Result<String> {
    let answer = answer(command)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn answer(command: &mut Command) -> Result<Vec<u8>> {
    let output = run::output(command)?;
    if !output.status.success() {
        let program = Path::new(command.get_program());
        return Err(Error::about(
            program,
            format!(
                "does not answer as a compiler: {} ({})",
                output.status,
                run::line(command)
            ),
        )
        .with_output(&output.stderr));
    }
    Ok(output.stdout)
}

fn family_and_version(macros: &str) -> Option<(Family, String)> {
    let value = |name: &str| {
        macros.lines().find_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let matches = words.next() == Some("#define") && words.next() == Some(name);
            matches.then(|| words.next().unwrap_or_default())
        })
    };
    let version = |names: [&str; 3]| {
        let parts: Vec<&str> = names.into_iter().filter_map(value).collect();
        parts.join(".")
    };
    if value("__clang__").is_some() {
        let names = ["__clang_major__", "__clang_minor__", "__clang_patchlevel__"];
        return Some((Family::Clang, version(names)));
    }
    value("__GNUC__")?;
    let names = ["__GNUC__", "__GNUC_MINOR__", "__GNUC_PATCHLEVEL__"];
    Some((Family::Gcc, version(names)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn family_and_version_are_read_from_macros() {
        let gcc = "#define __GNUC_MINOR__ 2\n#define __GNUC__ 12\n#define __GNUC_PATCHLEVEL__ 0\n";
        let clang = "#define __GNUC__ 4\n#define __clang__ 1\n#define __clang_major__ 14\n\
                     #define __clang_minor__ 0\n#define __clang_patchlevel__ 6\n";
        assert_eq!(
            family_and_version(gcc),
            Some((Family::Gcc, "12.2.0".to_owned()))
        );
        assert_eq!(
            family_and_version(clang),
            Some((Family::Clang, "14.0.6".to_owned()))
        );
        assert_eq!(family_and_version("#define __TINYC__ 927\n"), None);
    }
}
