//! `cc-wrapper run -- COMMAND…`: runs a command in the environment that `env`
//! prints, and prints a summary of its wrapped calls.

mod arguments;
mod totals;

use self::totals::Totals;
use crate::command::environment;
use crate::process::anonymous_file::temporary_directory;
use crate::process::{child, count, report};
use crate::support::error::{Error, Result, cannot, warn};
use crate::support::paths::{absolute, canonical};
use crate::support::show::shown;
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use tempfile::NamedTempFile;

pub use arguments::{Arguments, HELP};

const STATS: &str = "CC_WRAPPER_STATS";
const COUNTED: &str = "CC_WRAPPER_COUNTED";
const BUILD_TOP: &str = "CC_WRAPPER_BUILD_TOP";

/// Runs the command line's command, and ends the process as that command ended.
///
/// # Errors
/// Fails if the command was not run.
pub fn run(arguments: &Arguments) -> Result<()> {
    let [program, args @ ..] = &arguments.command[..] else {
        return Ok(());
    };
    let mut command = Command::new(program);
    command.args(args);
    for variable in environment::variables(&arguments.prefixes, &arguments.build)? {
        let [name, value] = [&variable.name, &variable.value].map(|text| OsStr::from_bytes(text));
        command.env(name, value);
    }
    if let Some(top) = build_top(env::var_os(BUILD_TOP).as_deref()) {
        command.env(BUILD_TOP, top);
    }
    if let Some(file) = &arguments.compdb {
        command.env("CC_WRAPPER_COMPDB", database(file)?);
    }
    let counts = if arguments.quiet {
        None
    } else {
        Some(counts()?)
    };
    if let Some(counts) = &counts {
        // An outer `run` counts these calls through us.
        command.env(STATS, counts.path()).env_remove(COUNTED);
    }

    child::expect().map_err(cannot("run", Path::new(program)))?;
    let ended = child::run(&mut command).map_err(|why| not_run(program, &why))?;
    if let Some(counts) = counts {
        let text = fs::read(counts.path()).unwrap_or_default();
        hand_on(&text);
        let totals = Totals::parse(&String::from_utf8_lossy(&text));
        let _ = writeln!(io::stderr(), "cc-wrapper: {}", totals.line());
        // `end_as` exits without running destructors, so remove the file here.
        let _ = counts.close();
    }
    child::end_as(ended.status)
}

/// Returns the directory that the build is in: the current one, or that of an
/// `outer` run if the current one lies in it. `None`: the current directory was
/// removed.
fn build_top(outer: Option<&OsStr>) -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    let outer = outer.map(Path::new).filter(|outer| outer.is_absolute());
    match outer {
        Some(outer) if here.starts_with(canonical(outer)) => Some(outer.to_path_buf()),
        _ => Some(here),
    }
}

/// Returns an absolute path, because calls run in other directories.
fn database(file: &Path) -> Result<PathBuf> {
    let path = absolute(file)?;
    let directory = path.parent().unwrap_or(&path);
    if path.is_dir() || !directory.is_dir() {
        let why = if path.is_dir() {
            "it is a directory".to_owned()
        } else {
            format!("{} is not a directory", shown(directory))
        };
        return Err(Error::new(format!("--compdb {}", shown(file)))
            .because(why)
            .remedy("give a file in an existing directory"));
    }
    Ok(path)
}

/// Adds these calls to the counts of an outer `run`.
fn hand_on(lines: &[u8]) {
    let file = env::var_os(STATS).unwrap_or_default();
    if file.is_empty() || lines.is_empty() {
        return;
    }
    if let Err(why) = count::append(&file, lines) {
        warn(&format!(
            "cannot add the counts of this run to {}: {why}; unset {STATS}, or set it to a file",
            shown(&file)
        ));
    }
}

fn counts() -> Result<NamedTempFile> {
    let directory = temporary_directory();
    tempfile::Builder::new()
        .prefix("cc-wrapper-run-")
        .tempfile_in(&directory)
        .and_then(|file| {
            if file.path().is_absolute() {
                Ok(file)
            } else {
                Err(io::Error::other("TMPDIR is not an absolute path"))
            }
        })
        .map_err(|why| {
            let error: Error = cannot("count calls in", &directory)(why);
            error.remedy("set TMPDIR, or give --quiet")
        })
}

/// Returns an error like the shell's, with the same exit status.
fn not_run(program: &OsStr, why: &io::Error) -> Error {
    let called = shown(program);
    let is_name = !program.as_bytes().contains(&b'/');
    match why.kind() {
        io::ErrorKind::NotFound if is_name => Error::new(called)
            .because("not found on PATH")
            .remedy("install it, or give its path")
            .exiting(127),
        io::ErrorKind::NotFound => Error::new(called)
            .because("no such program, or its interpreter does not exist")
            .remedy("correct the path, or install what is missing")
            .exiting(127),
        _ => Error::new(format!("cannot run {called}"))
            .because(report::why(why))
            .exiting(126),
    }
}
