//! The command line of `rustup`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, ValueHint};

use crate::support::help::{Help, USAGE};

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

/// Wrap the linker that comes with a Rust toolchain
#[derive(Debug, Parser)]
#[command(after_help = HELP.text())]
pub struct Arguments {
    /// Change this toolchain; may be repeated [default: the active one]
    #[arg(long = "toolchain", value_name = "NAME|PATH", value_hint = ValueHint::DirPath)]
    pub toolchains: Vec<OsString>,

    /// Change all toolchains that rustup has installed, except linked ones
    #[arg(long, conflicts_with = "toolchains")]
    pub all: bool,

    /// Restore the original linkers
    #[arg(long)]
    pub undo: bool,

    /// Change nothing; print for each linker whether it is wrapped and runs
    #[arg(long, conflicts_with_all = ["undo", "dry_run", "patchelf"])]
    pub check: bool,

    /// Change nothing; print what would change
    #[arg(long)]
    pub dry_run: bool,

    /// Set interpreter and rpath of files whose interpreter does not exist
    #[arg(long, conflicts_with = "undo")]
    pub patchelf: bool,

    /// Set this interpreter [default: the one of $NIX_CC]
    #[arg(long, value_name = "PATH", requires = "patchelf", value_hint = ValueHint::FilePath)]
    pub dynamic_linker: Option<PathBuf>,

    /// Search this directory for libraries, then those of $NIX_LDFLAGS and
    /// $NIX_CC; may be repeated
    #[arg(long = "library-dir", value_name = "DIR", requires = "patchelf",
          value_hint = ValueHint::DirPath)]
    pub library_dirs: Vec<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> clap::error::Result<Arguments> {
        Arguments::try_parse_from([&["rustup"], args].concat())
    }

    #[test]
    fn one_thing_is_done_to_some_toolchains() {
        assert!(read(&[]).unwrap().toolchains.is_empty());
        let two = read(&["--undo", "--toolchain", "a", "--toolchain", "/b"]).unwrap();
        assert_eq!(two.toolchains, ["a", "/b"]);
        assert!(two.undo && !two.check);
        assert!(read(&["--all", "--check"]).unwrap().check);
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
