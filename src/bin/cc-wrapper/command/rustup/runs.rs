//! Checks that a launcher runs.

use std::env;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::place::Place;
use crate::process::signals;
use crate::support::elf;
use crate::support::show::shown;
use crate::support::trial::{self, Trial};

/// The command that restores a damaged toolchain.
pub const REINSTALL: &str = "`rustup toolchain install --force`";

/// The reason why `launcher --version` fails; `None` if it runs. Any program may
/// be given instead of the launcher.
pub fn why_not(place: &Place, launcher: &Path) -> Option<String> {
    if let Some((program, interpreter)) = missing_interpreter(place, launcher) {
        return Some(format!(
            "the interpreter of {}, {}, does not exist; enable nix-ld on NixOS, or set another interpreter with --patchelf",
            shown(&program),
            shown(&interpreter)
        ));
    }
    let mut command = Command::new(launcher);
    for (name, _) in env::vars_os() {
        if steers(name.as_bytes()) {
            command.env_remove(name);
        }
    }
    signals::end_with_us(&mut command);
    let why = match trial::run(command.arg("--version")) {
        Err(why) => why.to_string(),
        Ok(Trial { status: None, .. }) => trial::TOO_LONG.to_owned(),
        Ok(Trial {
            status: Some(status),
            err,
            ..
        }) => {
            if status.success() {
                return None;
            }
            let said = String::from_utf8_lossy(&err);
            format!("{status} {}", said.trim()).replace('\n', "; ")
        }
    };
    Some(format!(
        "{} does not run: {}",
        shown(launcher),
        why.trim_end()
    ))
}

/// For a program that does not run: the end of the message that says what to do.
pub fn way_out(place: &Place, program: &Path) -> String {
    if missing_interpreter(place, program).is_some() {
        // `why_not` says it already.
        return String::new();
    }
    let original = place.original();
    if program != original && why_not(place, &original).is_none() {
        return format!(
            "; restore {} with --undo, or reinstall the toolchain with {REINSTALL}",
            shown(&original)
        );
    }
    format!("; reinstall the toolchain with {REINSTALL}")
}

fn missing_interpreter(place: &Place, launcher: &Path) -> Option<(PathBuf, PathBuf)> {
    let mut programs = [launcher.to_path_buf(), place.linker()].into_iter();
    programs.find_map(|program| {
        let interpreter = elf::missing_interpreter(&program)?;
        Some((program, interpreter))
    })
}

/// Whether to remove this variable from the launcher's environment. nix-ld's
/// variables are kept, because programs may need them to start.
fn steers(name: &[u8]) -> bool {
    let is_of_nix_ld = name == b"NIX_LD" || name.starts_with(b"NIX_LD_LIBRARY_PATH");
    name.starts_with(b"CC_WRAPPER_") || name.starts_with(b"NIX_") && !is_of_nix_ld
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(launcher: &str) -> Option<String> {
        let bin = Path::new("/none").to_path_buf();
        why_not(&Place { bin }, Path::new(launcher))
    }

    #[test]
    fn the_reason_why_a_program_does_not_run_is_reported() {
        assert_eq!(why("/bin/true"), None);
        for (launcher, part) in [
            ("/none", "/none does not run: No such file"),
            ("/bin/false", "/bin/false does not run: exit status: 1"),
        ] {
            let why = why(launcher).unwrap();
            assert!(why.starts_with(part), "{why}");
        }
    }

    #[test]
    fn nix_lds_variables_are_kept() {
        assert!(steers(b"NIX_LDFLAGS") && steers(b"CC_WRAPPER_X"));
        assert!(!steers(b"NIX_LD") && !steers(b"NIX_LD_LIBRARY_PATH_x86_64_linux"));
        assert!(!steers(b"LD_LIBRARY_PATH"));
    }
}
