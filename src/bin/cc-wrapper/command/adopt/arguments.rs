//! The command line of `adopt`.

use std::env;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, ValueHint};

use crate::support::error::{Error, Result};
use crate::support::help::{Help, STATUSES};
use crate::support::paths::absolute;
use crate::support::self_binary::BINARY;
use crate::support::show::shown;

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

/// Replace a nixpkgs wrapper's bash scripts; calls stay the same
#[derive(Debug, Parser)]
#[command(after_help = HELP.text())]
pub struct Arguments {
    /// The wrapper to read [default: $NIX_CC]
    #[arg(value_hint = ValueHint::DirPath)]
    dir: Option<PathBuf>,

    #[command(flatten)]
    pub to: To,

    /// Link the tools to this cc-wrapper [default: to a copy in the root]
    #[arg(long, value_name = "PROGRAM", value_hint = ValueHint::FilePath)]
    link_to: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct To {
    /// Create a root at NEW, which is absent, empty, or a wrapped root to replace
    #[arg(long, value_name = "NEW", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,

    /// Change DIR itself; its linker half stays as it is
    #[arg(long)]
    in_place: bool,
}

impl Arguments {
    /// Returns the absolute path of the wrapper, and how errors name it.
    ///
    /// # Errors
    /// No wrapper is named.
    pub fn wrapper(&self) -> Result<(PathBuf, String)> {
        if let Some(dir) = &self.dir {
            return Ok((absolute(dir)?, shown(dir)));
        }
        let value = env::var_os(WRAPPER).filter(|value| !value.is_empty());
        let dir = PathBuf::from(value.ok_or_else(|| {
            Error::new(format!("no DIR is given, and {WRAPPER} is not set"))
                .remedy("give the wrapper's directory, or run this in a nix-shell")
        })?);
        Ok((absolute(&dir)?, format!("{WRAPPER} ({})", shown(&dir))))
    }

    /// Returns the absolute path of the binary that tools are to be links to.
    /// `None`: a copy of this one.
    ///
    /// # Errors
    /// It is not cc-wrapper.
    pub fn link_to(&self) -> Result<Option<PathBuf>> {
        let is_ours = |path: &Path| path.is_file() && path.ends_with(BINARY);
        match self.link_to.as_deref() {
            Some(path) if !is_ours(path) => Err(Error::new(format!(
                "--link-to {} is not a program called {BINARY}",
                shown(path)
            ))
            .remedy(format!("give the path of a {BINARY} binary"))),
            path => path.map(absolute).transpose(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> clap::error::Result<Arguments> {
        Arguments::try_parse_from([&["adopt"], args].concat())
    }

    #[test]
    fn where_to_is_needed_and_one_thing() {
        assert!(read(&["/d", "--in-place"]).unwrap().to.in_place);
        let to = read(&["/d", "--out", "new"]).unwrap().to;
        assert_eq!(to.out.unwrap(), Path::new("new"));
        let error = read(&["/d"]).unwrap_err().to_string();
        assert!(error.contains("--in-place"), "{error}");
        assert!(read(&["/d", "--out", "n", "--in-place"]).is_err());
    }

    #[test]
    fn tools_are_links_to_cc_wrapper_alone() {
        let arguments = read(&["/d", "--in-place", "--link-to", "/bin/sh"]).unwrap();
        let error = arguments.link_to().unwrap_err();
        assert!(error.line().contains("not a program called cc-wrapper"));
    }
}
