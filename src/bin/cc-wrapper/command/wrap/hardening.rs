//! Finds the hardening flags that a compiler supports
//! (docs/behaviour.md#4-hardening).

use std::fs;
use std::path::{Path, PathBuf};

use cc_wrapper::model::toolchain::{Family, ToolKind};
use cc_wrapper::rules::hardening::{Flag, compiler_flags, linker_flags};

use super::probe::Compiler;
use super::run;
use super::run::Workshop;
use crate::support::error::{Error, Result, cannot};

/// New flags, which many compilers do not support. Sorting them next to each
/// other saves compiler runs in [`search`].
const YOUNG: [&str; 4] = [
    "pacret",
    "strictflexarrays3",
    "strictflexarrays1",
    "zerocallusedregs",
];

/// Parses the value of `--hardening`, flag names separated by white space.
///
/// # Errors
/// A word is not a flag's name. The message lists the names.
pub fn parse_list(list: &str) -> Result<Vec<String>> {
    let words: Vec<String> = list.split_whitespace().map(str::to_owned).collect();
    let known = || {
        let compilers = compiler_flags(Family::Gcc).map(|flag| flag.name);
        compilers.chain(linker_flags())
    };
    match words.iter().find(|word| !known().any(|name| name == *word)) {
        None => Ok(words),
        Some(unknown) => {
            let mut known: Vec<_> = known().collect();
            known.sort_unstable();
            Err(
                Error::new(format!("--hardening: no flag is called {unknown}"))
                    .remedy(format!("there are {}", known.join(" "))),
            )
        }
    }
}

/// The sorted names of the flags that `compiler` does not support: with these
/// it fails to compile an empty source, or prints a warning.
pub fn unsupported(workshop: &Workshop, compiler: &Compiler) -> Result<Vec<&'static str>> {
    let source = source(workshop, compiler.kind);
    fs::write(&source, "").map_err(cannot("write", &source))?;
    let mut names = Vec::new();
    let flags = questions(compiler.identity.family);
    search(&flags, &mut names, &mut |flags| {
        takes(workshop, compiler, &source, flags)
    })?;
    names.sort_unstable();
    Ok(names)
}

/// The flags to test: all except those that only define macros.
fn questions(family: Family) -> Vec<&'static Flag> {
    let mut flags: Vec<&Flag> = compiler_flags(family)
        .filter(|flag| !flag.leading.iter().all(|arg| arg.starts_with("-D")))
        .collect();
    flags.sort_by_key(|flag| !YOUNG.contains(&flag.name));
    flags
}

/// Adds the names of the flags that `takes` rejects to `failing`, by bisection.
fn search(
    flags: &[&'static Flag],
    failing: &mut Vec<&'static str>,
    takes: &mut dyn FnMut(&[&Flag]) -> Result<bool>,
) -> Result<()> {
    if takes(flags)? {
        return Ok(());
    }
    if let [flag] = flags {
        failing.push(flag.name);
        return Ok(());
    }
    let (one, other) = flags.split_at(flags.len() / 2);
    search(one, failing, takes)?;
    search(other, failing, takes)
}

/// The path of an empty source. Not /dev/null, because gfortran warns about it.
fn source(workshop: &Workshop, kind: ToolKind) -> PathBuf {
    workshop.scratch().join(match kind {
        ToolKind::Cxx => "empty.cc",
        ToolKind::Fortran => "empty.f95",
        _ => "empty.c",
    })
}

/// Whether `compiler` compiles `source` with `flags` without a warning.
fn takes(workshop: &Workshop, compiler: &Compiler, source: &Path, flags: &[&Flag]) -> Result<bool> {
    let (language, step) = match compiler.kind {
        ToolKind::Cxx => ("c++", Some("-S")),
        ToolKind::Fortran => ("f95", Some("-S")),
        // clang's preprocessor warns about an unused -E.
        ToolKind::Cpp => ("c", None),
        _ => ("c", Some("-S")),
    };
    let mut command = workshop.command(&compiler.program);
    // First, because in gfortran it affects only later arguments.
    command.arg("-Werror");
    command.args(flags.iter().flat_map(|flag| flag.leading));
    command.args(step).args(["-x", language]).arg(source);
    command.args(flags.iter().flat_map(|flag| flag.trailing));
    command.args(["-o", "-"]);
    Ok(run::output(&mut command)?.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_flag_names_are_refused() {
        assert_eq!(parse_list(" pic  relro\n").unwrap(), ["pic", "relro"]);
        assert!(parse_list("").unwrap().is_empty());
        let error = parse_list("pic pie").unwrap_err();
        assert!(
            error
                .line()
                .contains("no flag is called pie; there are bindnow format fortify ")
        );
    }

    #[test]
    fn unsupported_flags_are_found_with_few_compiler_runs() {
        let (mut failing, mut asked) = (Vec::new(), 0);
        let mut takes = |flags: &[&Flag]| {
            asked += 1;
            Ok(!flags.iter().any(|flag| YOUNG.contains(&flag.name)))
        };
        let flags = questions(Family::Gcc);
        search(&flags, &mut failing, &mut takes).unwrap();
        assert_eq!(failing.len(), YOUNG.len());
        assert!(failing.iter().all(|name| YOUNG.contains(name)));
        assert!(asked < flags.len(), "{asked}");
    }

    #[test]
    fn flags_that_only_define_macros_are_not_tested() {
        let names: Vec<_> = questions(Family::Clang).iter().map(|f| f.name).collect();
        assert!(names.contains(&"fortify") && names.contains(&"pacret"));
        assert!(!names.contains(&"glibcxxassertions"));
    }
}
