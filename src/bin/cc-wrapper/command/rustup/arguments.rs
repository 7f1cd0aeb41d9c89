//! The command line of `rustup`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};

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
            "wraps the linker that the active toolchain brings, so that what it links finds its \
             libraries; again after each `rustup update`",
        ),
        (
            "cc-wrapper rustup --all --check",
            "tells which are wrapped and run",
        ),
    ],
    notes: &[
        "In lib/rustlib/TARGET/bin, gcc-ld/ld.lld becomes cc-wrapper, the original goes to \
         gcc-ld-unwrapped/ld.lld, and nix-support/toolchain.json says so. rustc runs it by \
         itself, whichever compiler it is told to link with.",
    ],
    related: &["wrap", "doctor"],
    statuses: &[
        ("0", "It is done; with --check, all are wrapped and run."),
        (
            "1",
            "Something is not done, or with --check not as it should be; standard error says what.",
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
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .help(help)
            .action(ArgAction::SetTrue)
    };
    let path = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(value)
            .help(help)
            .value_parser(value_parser!(PathBuf))
            .value_hint(ValueHint::DirPath)
            .requires("patchelf")
    };
    Command::new(NAME)
        .about("Wrap the linker that a Rust toolchain brings, in place")
        .after_help(HELP.text())
        .arg(
            Arg::new("toolchain")
                .long("toolchain")
                .value_name("NAME|PATH")
                .help("This toolchain; may be repeated [default: the active one]")
                .value_parser(value_parser!(OsString))
                .value_hint(ValueHint::DirPath)
                .action(ArgAction::Append),
        )
        .arg(
            flag("all", "All that rustup has installed, but for linked ones")
                .conflicts_with("toolchain"),
        )
        .arg(flag("undo", "Put the original linkers back"))
        .arg(
            flag("check", "Only tell of each whether it is wrapped and runs")
                .conflicts_with_all(["undo", "dry-run", "patchelf"]),
        )
        .arg(flag("dry-run", "Only tell what would change"))
        .arg(
            flag(
                "patchelf",
                "Set interpreter and rpath of files whose interpreter does not exist",
            )
            .conflicts_with("undo"),
        )
        .arg(
            path(
                "dynamic-linker",
                "PATH",
                "The interpreter to set [default: $NIX_CC's]",
            )
            .value_hint(ValueHint::FilePath),
        )
        .arg(
            path(
                "library-dir",
                "DIR",
                "Look for their libraries here, then where $NIX_LDFLAGS and $NIX_CC say; may be repeated",
            )
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
            let interpreter = matches.get_one::<PathBuf>("dynamic-linker");
            let libraries = matches.get_many::<PathBuf>("library-dir");
            Some(Patchelf {
                interpreter: interpreter.map(|path| absolute(path)).transpose()?,
                libraries: libraries
                    .into_iter()
                    .flatten()
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
