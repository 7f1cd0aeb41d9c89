//! Runs other programs in a clean environment, so that their answers depend
//! only on their arguments.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{env, thread};

use crate::process::report::quoted;
use crate::process::{report, signals};
use crate::support::error::{Error, Result};
use crate::support::interrupt;

/// Variables that change what a compiler or linker does.
const STEERING: &[&str] = &[
    "CCC_ADD_ARGS",
    "CCC_OVERRIDE_OPTIONS",
    "COMPILER_PATH",
    "CPATH",
    "CPLUS_INCLUDE_PATH",
    "C_INCLUDE_PATH",
    "DEPENDENCIES_OUTPUT",
    "GCC_COMPARE_DEBUG",
    "GCC_EXEC_PREFIX",
    "LDEMULATION",
    "LD_RUN_PATH",
    "LIBRARY_PATH",
    "OBJC_INCLUDE_PATH",
    "SUNPRO_DEPENDENCIES",
];
const STEERING_PREFIXES: &[&[u8]] = &[b"NIX_", b"CC_WRAPPER_"];

/// The environment in which programs run.
#[derive(Debug)]
pub struct Workshop {
    /// PATH without wrapped roots.
    path: OsString,
    /// The working directory and TMPDIR of the programs.
    scratch: PathBuf,
}

impl Workshop {
    pub fn new(path: OsString, scratch: PathBuf) -> Workshop {
        Workshop { path, scratch }
    }

    pub fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// The value of PATH with `first` in front.
    pub fn path_with_first(&self, first: &Path) -> OsString {
        let mut path = first.as_os_str().to_owned();
        path.push(":");
        path.push(&self.path);
        path
    }

    /// A command that runs `program` in this environment.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in env::vars_os() {
            if steers(&name) {
                command.env_remove(name);
            }
        }
        command
            .env("PATH", &self.path)
            .env("LC_ALL", "C")
            .env("TMPDIR", &self.scratch)
            .current_dir(&self.scratch)
            .stdin(Stdio::null());
        signals::end_with_us(&mut command);
        command
    }
}

/// Runs `command` and returns its output and exit status.
///
/// # Errors
/// The command cannot be run, or a signal has interrupted cc-wrapper.
pub fn output(command: &mut Command) -> Result<Output> {
    let output = command.output().map_err(|why| {
        // The missing file may be /dev/null, which is the command's input.
        let error = Error::new(format!("cannot run {}", line(command))).because(report::why(&why));
        if Path::new("/dev/null").exists() {
            error
        } else {
            error.remedy("mount /dev, because there is no /dev/null")
        }
    })?;
    interrupt::check()?;
    Ok(output)
}

/// The results of `ask` for each item, in order. The calls run in parallel,
/// because they mostly wait for other programs.
pub fn of_each<T: Sync, R: Send>(items: &[T], ask: impl Fn(&T) -> R + Sync) -> Vec<R> {
    thread::scope(|scope| {
        let ask = &ask;
        let asked: Vec<_> = items
            .iter()
            .map(|item| scope.spawn(move || ask(item)))
            .collect();
        let joined = asked.into_iter().map(|thread| match thread.join() {
            Ok(answer) => answer,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.collect()
    })
}

/// The command line, quoted for a shell.
pub fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| quoted(word.as_bytes())).collect();
    words.join(" ")
}

fn steers(name: &OsStr) -> bool {
    let name = name.as_bytes();
    STEERING.iter().any(|steering| steering.as_bytes() == name)
        || STEERING_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_change_compilers_are_removed() {
        for name in ["CPATH", "NIX_LDFLAGS", "CC_WRAPPER_X"] {
            assert!(steers(OsStr::new(name)), "{name}");
        }
        assert!(!steers(OsStr::new("LD_LIBRARY_PATH")));
    }

    #[test]
    fn results_are_in_the_order_of_the_items() {
        assert_eq!(of_each(&[3, 1, 2], |n| n * 2), [6, 2, 4]);
    }

    #[test]
    fn the_error_names_a_missing_program() {
        let mut command = Command::new("/no such");
        let error = output(command.arg("-v")).unwrap_err();
        assert!(error.line().starts_with("cannot run '/no such' -v: "));
    }
}
