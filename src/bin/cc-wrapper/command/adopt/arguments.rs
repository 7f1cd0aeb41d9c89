//! The command line of `adopt`.

use std::env;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, ValueHint, value_parser};

use crate::support::error::{Error, Result};
use crate::support::help::{Help, STATUSES};
use crate::support::paths::absolute;
use crate::support::self_binary::BINARY;
use crate::support::show::shown;

/// The subcommand's name.
pub const NAME: &str = "adopt";

/// Names the wrapper of a nix-shell.
const WRAPPER: &str = "NIX_CC";

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[
        (
            "cc-wrapper adopt --out ./fast",
            "in a nix-shell: takes after $NIX_CC, with its linker half in ./fast/bintools; then \
             PATH=$PWD/fast/bin:$PATH",
        ),
        (
            "cc-wrapper adopt $out --in-place",
            "at the end of a wrapper's own build: its scripts become links to cc-wrapper",
        ),
    ],
    notes: &[
        "Both halves of nixpkgs' wrappers will do, gcc's and clang's, of nixpkgs 24.05 and newer. \
         What is not recognised stays as it is and is named. The new root needs what the old one \
         runs, and what it leaves to it: keep the old one.",
    ],
    related: &["wrap", "doctor"],
    statuses: STATUSES,
};

/// What the user asked for.
#[derive(Debug)]
pub struct Arguments {
    /// Absolute.
    pub dir: PathBuf,
    /// How errors name it.
    pub called: String,
    pub to: To,
    /// The binary that tools are links to; `None`: a copy of this one.
    pub link_to: Option<PathBuf>,
}

#[derive(Debug)]
pub enum To {
    Out(PathBuf),
    InPlace,
}

/// Describes the command line.
pub fn command() -> Command {
    let path = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name)
            .value_name(value)
            .help(help)
            .value_parser(value_parser!(PathBuf))
            .value_hint(ValueHint::DirPath)
    };
    Command::new(NAME)
        .about("Take over from a wrapper of nixpkgs: the same calls, without bash")
        .after_help(HELP.text())
        .arg(path("dir", "DIR", "The wrapper [default: $NIX_CC]"))
        .arg(
            path(
                "out",
                "NEW",
                "Make a new root: absent, empty, or a wrapped root to be replaced",
            )
            .long("out"),
        )
        .arg(
            Arg::new("in-place")
                .long("in-place")
                .help("Turn DIR itself over; its linker half stays as it is")
                .action(ArgAction::SetTrue),
        )
        .arg(
            path(
                "link-to",
                "PROGRAM",
                "Make the tools links to this cc-wrapper, not to a copy in the root",
            )
            .long("link-to")
            .value_hint(ValueHint::FilePath),
        )
        .group(ArgGroup::new("to").args(["out", "in-place"]).required(true))
}

impl Arguments {
    /// # Errors
    /// No wrapper is named, or what is to be linked to is not cc-wrapper.
    pub fn read(matches: &ArgMatches) -> Result<Arguments> {
        let (dir, called) = match matches.get_one::<PathBuf>("dir") {
            Some(dir) => (dir.clone(), shown(dir)),
            None => wrapper()?,
        };
        let to = match matches.get_one::<PathBuf>("out") {
            Some(out) => To::Out(out.clone()),
            None => To::InPlace,
        };
        let link_to = matches.get_one::<PathBuf>("link-to");
        Ok(Arguments {
            dir: absolute(&dir)?,
            called,
            to,
            link_to: link_to.map(|path| binary(path)).transpose()?,
        })
    }
}

/// The wrapper that the environment names.
fn wrapper() -> Result<(PathBuf, String)> {
    let value = env::var_os(WRAPPER).filter(|value| !value.is_empty());
    let dir = PathBuf::from(value.ok_or_else(|| {
        Error::new(format!(
            "no DIR is given and {WRAPPER} is not set; name the wrapper, or run this in a nix-shell"
        ))
    })?);
    let called = format!("{WRAPPER} ({})", shown(&dir));
    Ok((dir, called))
}

fn binary(path: &Path) -> Result<PathBuf> {
    if path.is_file() && path.file_name().is_some_and(|name| name == BINARY) {
        return absolute(path);
    }
    Err(Error::new(format!(
        "--link-to {}: no program called {BINARY} is there",
        shown(path)
    )))
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
    fn where_to_is_needed_and_one_thing() {
        assert!(matches!(
            read(&["/d", "--in-place"]).unwrap().to,
            To::InPlace
        ));
        let to = read(&["/d", "--out", "new"]).unwrap().to;
        assert!(matches!(to, To::Out(out) if out == Path::new("new")));
        assert!(read(&["/d"]).unwrap_err().contains("--in-place"));
        assert!(read(&["/d", "--out", "n", "--in-place"]).is_err());
    }

    #[test]
    fn tools_are_links_to_cc_wrapper_alone() {
        let error = read(&["/d", "--in-place", "--link-to", "/bin/sh"]).unwrap_err();
        assert!(error.contains("no program called cc-wrapper"), "{error}");
    }
}
