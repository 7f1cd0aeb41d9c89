//! The command line of `adopt`.

use std::env;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, ArgMatches, Command, ValueHint};

use crate::support::argument::{flag, operand, option, path};
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
            "In a nix-shell: creates a root that replaces $NIX_CC, with its linker half in \
             ./fast/bintools; then use PATH=$PWD/fast/bin:$PATH",
        ),
        (
            "cc-wrapper adopt $out --in-place",
            "At the end of a wrapper's own build: replaces its scripts by links to cc-wrapper",
        ),
    ],
    notes: &[
        "DIR is a compiler wrapper (of gcc or clang) or its linker half (a wrapper of binutils), \
         from nixpkgs 24.05 or newer. A file that is not recognized stays as it is, and its name is printed. The new \
         root runs programs and reads files of the old one, so keep the old one.",
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
    let out = "Create a root at NEW, which is absent, empty, or a wrapped root to replace";
    let link_to = "Link the tools to this cc-wrapper [default: to a copy in the root]";
    Command::new(NAME)
        .about("Replace a nixpkgs wrapper's bash scripts; calls stay the same")
        .after_help(HELP.text())
        .arg(operand(
            "dir",
            "DIR",
            ValueHint::DirPath,
            "The wrapper to read [default: $NIX_CC]",
        ))
        .arg(option("out", "NEW", ValueHint::DirPath, out))
        .arg(flag(
            "in-place",
            "Change DIR itself; its linker half stays as it is",
        ))
        .arg(option("link-to", "PROGRAM", ValueHint::FilePath, link_to))
        .group(ArgGroup::new("to").args(["out", "in-place"]).required(true))
}

impl Arguments {
    /// # Errors
    /// No wrapper is named, or what is to be linked to is not cc-wrapper.
    pub fn read(matches: &ArgMatches) -> Result<Arguments> {
        let (dir, called) = match path(matches, "dir") {
            Some(dir) => (dir.to_owned(), shown(dir)),
            None => wrapper()?,
        };
        let to = match path(matches, "out") {
            Some(out) => To::Out(out.to_owned()),
            None => To::InPlace,
        };
        Ok(Arguments {
            dir: absolute(&dir)?,
            called,
            to,
            link_to: path(matches, "link-to").map(binary).transpose()?,
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
