//! The command line of `rustup`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, ArgMatches, Command, ValueHint, value_parser};

use crate::support::argument::{all, flag, option, path};
use crate::support::error::Result;
use crate::support::help::{Help, USAGE};
use crate::support::paths::absolute;

/// The subcommand's name.
pub const NAME: &str = "rustup";

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[
        (
            "cc-wrapper rustup",
            "Wraps the linker of the active toolchain, so that the programs it links find their \
             libraries; repeat this after each `rustup update`",
        ),
        (
            "cc-wrapper rustup --all --check",
            "Says which linkers are wrapped and run",
        ),
    ],
    notes: &[
        "In lib/rustlib/TARGET/bin, cc-wrapper replaces gcc-ld/ld.lld. The original becomes \
         gcc-ld-unwrapped/ld.lld, and nix-support/toolchain.json describes both. rustc runs \
         gcc-ld/ld.lld whichever compiler links.",
    ],
    related: &["wrap", "doctor"],
    statuses: &[
        (
            "0",
            "Success; with --check: all linkers are wrapped and run.",
        ),
        (
            "1",
            "Something failed, or --check found a linker that is not wrapped or does not run; \
             standard error says what.",
        ),
        USAGE,
    ],
};

/// What the user asked for.
#[derive(Debug)]
pub struct Arguments {
    pub which: Which,
    pub what: What,
    pub dry_run: bool,
    pub patchelf: Option<Patchelf>,
}

/// Which toolchains.
#[derive(Debug)]
pub enum Which {
    Active,
    All,
    /// Names and paths.
    Given(Vec<OsString>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Wrap,
    Undo,
    Check,
}

/// How files that cannot start are mended.
#[derive(Debug)]
pub struct Patchelf {
    /// The interpreter; `None`: the environment's.
    pub interpreter: Option<PathBuf>,
    /// Where libraries are, besides those that the environment names.
    pub libraries: Vec<PathBuf>,
}

/// Describes the command line.
pub fn command() -> Command {
    let toolchain = "Change this toolchain; may be repeated [default: the active one]";
    let loader = "Set this interpreter [default: the one of $NIX_CC]";
    let libraries = "Search this directory for libraries, then those of $NIX_LDFLAGS and $NIX_CC; \
        may be repeated";
    Command::new(NAME)
        .about("Wrap the linker that comes with a Rust toolchain")
        .after_help(HELP.text())
        .arg(
            option("toolchain", "NAME|PATH", ValueHint::DirPath, toolchain)
                .value_parser(value_parser!(OsString))
                .action(ArgAction::Append),
        )
        .arg(
            flag(
                "all",
                "Change all toolchains that rustup has installed, except linked ones",
            )
            .conflicts_with("toolchain"),
        )
        .arg(flag("undo", "Restore the original linkers"))
        .arg(
            flag(
                "check",
                "Change nothing; print for each linker whether it is wrapped and runs",
            )
            .conflicts_with_all(["undo", "dry-run", "patchelf"]),
        )
        .arg(flag("dry-run", "Change nothing; print what would change"))
        .arg(
            flag(
                "patchelf",
                "Set interpreter and rpath of files whose interpreter does not exist",
            )
            .conflicts_with("undo"),
        )
        .arg(option("dynamic-linker", "PATH", ValueHint::FilePath, loader).requires("patchelf"))
        .arg(
            option("library-dir", "DIR", ValueHint::DirPath, libraries)
                .requires("patchelf")
                .action(ArgAction::Append),
        )
}

impl Arguments {
    /// # Errors
    /// The current directory is gone.
    pub fn read(matches: &ArgMatches) -> Result<Arguments> {
        let given = matches.get_many::<OsString>("toolchain");
        let which = match given {
            Some(given) => Which::Given(given.cloned().collect()),
            None if matches.get_flag("all") => Which::All,
            None => Which::Active,
        };
        let what = match (matches.get_flag("undo"), matches.get_flag("check")) {
            (true, _) => What::Undo,
            (_, true) => What::Check,
            _ => What::Wrap,
        };
        let patchelf = if matches.get_flag("patchelf") {
            let libraries = all::<PathBuf>(matches, "library-dir");
            Some(Patchelf {
                interpreter: path(matches, "dynamic-linker").map(absolute).transpose()?,
                libraries: libraries
                    .map(|path| absolute(path))
                    .collect::<Result<_>>()?,
            })
        } else {
            None
        };
        Ok(Arguments {
            which,
            what,
            dry_run: matches.get_flag("dry-run"),
            patchelf,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> std::result::Result<Arguments, String> {
        let args = [&[NAME], args].concat();
        let matches = command().try_get_matches_from(args);
        let matches = matches.map_err(|error| error.to_string())?;
        Arguments::read(&matches).map_err(|error| error.line().to_owned())
    }

    #[test]
    fn one_thing_is_done_to_some_toolchains() {
        let wrap = read(&[]).unwrap();
        assert!(matches!(wrap.which, Which::Active));
        assert_eq!(wrap.what, What::Wrap);
        let two = read(&["--undo", "--toolchain", "a", "--toolchain", "/b"]).unwrap();
        assert!(matches!(two.which, Which::Given(given) if given.len() == 2));
        assert_eq!(two.what, What::Undo);
        assert_eq!(read(&["--all", "--check"]).unwrap().what, What::Check);
        for wrong in [
            &["--all", "--toolchain", "a"][..],
            &["--check", "--undo"],
            &["--check", "--dry-run"],
            &["--undo", "--patchelf"],
            &["--dynamic-linker", "/ld.so"],
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
