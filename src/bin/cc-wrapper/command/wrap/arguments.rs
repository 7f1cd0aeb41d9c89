//! The command line of `wrap`.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use cc_wrapper::model::toolchain::RpathPolicy;
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, ValueHint};

use crate::support::error::{Error, Result};
use crate::support::help::{Help, STATUSES};
use crate::support::paths::{has_white_space, plain};
use crate::support::show::shown;

/// What `--help` and the man page say besides the options.
pub const HELP: Help = Help {
    examples: &[
        (
            "cc-wrapper wrap ~/wrapped",
            "Wraps all compilers and linkers on PATH; then use PATH=~/wrapped/bin:$PATH make",
        ),
        (
            "cc-wrapper wrap ~/clang --cc clang --cc clang++ --ld ld.lld",
            "Wraps these two, with ld.lld as their linker",
        ),
        (
            "cc-wrapper wrap ~/arm --cc aarch64-linux-gnu-gcc",
            "Wraps a cross compiler, with the binutils of its target",
        ),
        (
            "cc-wrapper wrap ~/wrapped --with /opt/zlib",
            "Calls find zlib in each environment: under sudo, in an IDE …",
        ),
        (
            "cc-wrapper wrap ~/hard --hardening \"fortify pic relro bindnow\"",
            "Uses these hardening flags if NIX_HARDENING_ENABLE is not set",
        ),
    ],
    notes: &[
        "Tools in DIR/bin read NIX_CFLAGS_COMPILE, NIX_LDFLAGS and related variables. To change \
         DIR, run wrap again, even while builds use it: it replaces DIR as a whole and does not \
         remember options, so give all of them.",
    ],
    related: &["env", "run", "explain", "doctor"],
    statuses: STATUSES,
};

/// Create a wrapped root around this machine's compilers and linkers
#[derive(Debug, Parser)]
#[command(after_help = HELP.text())]
pub struct Arguments {
    /// The root to create: absent, empty, or a wrapped root to replace
    #[arg(value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,

    /// Wrap this compiler; may be repeated [default: all on PATH]
    #[arg(long, value_name = "PROGRAM", value_hint = ValueHint::CommandName)]
    pub cc: Vec<OsString>,

    /// Run this linker as `ld` [default: the compiler's own, or the one on PATH]
    #[arg(long, value_name = "PROGRAM", value_hint = ValueHint::CommandName)]
    pub ld: Option<OsString>,

    /// Take linkers and binutils from DIR [default: PATH]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub bintools: Option<PathBuf>,

    /// Suffix of this toolchain's variables (NIX_…_SALT) [default: the target
    /// triple]
    #[arg(long, value_hint = ValueHint::Other)]
    pub salt: Option<String>,

    /// Add an rpath only for libraries below PREFIX if NIX_STORE is unset; may be
    /// repeated [default: for all libraries that the dynamic loader does not find
    /// by itself]
    #[arg(long, value_name = "PREFIX", value_hint = ValueHint::DirPath)]
    pub store: Vec<PathBuf>,

    /// Make the root find this dependency by itself, without `env` or `run`; may
    /// be repeated
    #[arg(long, value_name = "PREFIX", value_hint = ValueHint::DirPath)]
    pub with: Vec<PathBuf>,

    /// Use these hardening flags if NIX_HARDENING_ENABLE is unset [default: none]
    #[arg(long, value_name = "LIST", value_hint = ValueHint::Other)]
    pub hardening: Option<String>,

    /// The directory with the headers and libraries of the machine that programs
    /// are for; in the root's own DIR, it moves with the root
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub sysroot: Option<PathBuf>,

    /// In a root for another machine, warn of this machine's directories after -I
    /// and -L instead of refusing the call
    #[arg(long)]
    pub allow_host_directories: bool,

    #[command(flatten)]
    pub rpaths: Rpaths,

    #[command(flatten)]
    pub flags: FlagFiles,

    /// Do not test the root before putting it in place
    #[arg(long)]
    pub no_check: bool,
}

/// How linked programs find their libraries.
#[derive(Args, Debug, Default)]
pub struct Rpaths {
    /// Record library directories as DT_RUNPATH (runpath), as DT_RPATH, which also
    /// serves the libraries that these need and comes before LD_LIBRARY_PATH
    /// (rpath), or not at all (none)
    #[arg(long = "rpath", value_name = "POLICY", default_value = RpathPolicy::NAMES[0],
        value_parser = PossibleValuesParser::new(RpathPolicy::NAMES), hide_possible_values = true)]
    pub policy: String,

    /// Add no rpath for directories that match GLOB (* and ? match slashes too);
    /// may be repeated
    #[arg(long = "rpath-exclude", value_name = "GLOB", value_hint = ValueHint::Other)]
    pub exclude: Vec<OsString>,

    /// Add an rpath for DIR in every dynamic link; may begin with $ORIGIN; may be
    /// repeated
    #[arg(long = "rpath-include", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub include: Vec<OsString>,
}

/// The contents of the flag files (docs/glossary.md) that `wrap` writes; `None`:
/// no such file.
#[derive(Args, Debug, Default)]
pub struct FlagFiles {
    /// Set this dynamic loader in linked programs [default: the compiler's
    /// choice]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub dynamic_linker: Option<PathBuf>,

    /// Add these flags to every compiler call
    #[arg(long, value_name = "FLAGS", allow_hyphen_values = true, value_hint = ValueHint::Other)]
    pub cflags: Option<OsString>,

    /// Add these flags to every link
    #[arg(long, value_name = "FLAGS", allow_hyphen_values = true, value_hint = ValueHint::Other)]
    pub ldflags: Option<OsString>,
}

impl Arguments {
    /// # Errors
    /// A value that could not have the meaning it is given for.
    pub fn check(&mut self) -> Result<()> {
        if let Some(salt) = &self.salt {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if salt.is_empty() || !salt.bytes().all(fits) {
                return Err(Error::new(format!("--salt {salt}"))
                    .because("names of variables end with the salt")
                    .remedy("use only letters, digits and _"));
            }
        }
        for store in &mut self.store {
            *store = store_prefix(store)?;
        }
        for directory in &self.rpaths.include {
            let text = directory.as_bytes();
            let is_origin = [&b"$ORIGIN"[..], b"${ORIGIN}"]
                .iter()
                .any(|o| text.starts_with(o));
            let error = || Error::new(format!("--rpath-include {}", shown(directory)));
            if text.contains(&b':') {
                return Err(error()
                    .because("a directory in an rpath cannot have a colon")
                    .remedy("repeat the option for each directory"));
            }
            if !is_origin && !text.starts_with(b"/") {
                return Err(error()
                    .because("it is a relative path")
                    .remedy("begin it with / or $ORIGIN"));
            }
        }
        if let Some(loader) = &self.flags.dynamic_linker {
            must_be_absolute("--dynamic-linker", loader)?;
            if has_white_space(loader) {
                return Err(Error::new(format!("--dynamic-linker {}", shown(loader)))
                    .because("it has white space, which separates flags in flag files")
                    .remedy("give a path without white space"));
            }
        }
        Ok(())
    }
}

/// `given` as directories below it are spelled.
fn store_prefix(given: &Path) -> Result<PathBuf> {
    must_be_absolute("--store", given)?;
    let prefix = plain(given);
    let (why, remedy) = if prefix.parent().is_none() {
        ("it contains all directories", "leave the option out")
    } else if prefix.components().any(|part| part == Component::ParentDir) {
        (
            "library directories are compared with it, and theirs have no ..",
            "give a path without ..",
        )
    } else {
        return Ok(prefix);
    };
    let error = Error::new(format!("--store {}", shown(given)));
    Err(error.because(why).remedy(remedy))
}

fn must_be_absolute(option: &str, path: &Path) -> Result<()> {
    if path.is_absolute() {
        return Ok(());
    }
    Err(Error::new(format!("{option} {}", shown(path)))
        .because("it is a relative path")
        .remedy("begin it with /"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Arguments> {
        let mut arguments = Arguments::try_parse_from([&["wrap", "d"], args].concat()).unwrap();
        arguments.check().map(|()| arguments)
    }

    #[test]
    fn what_is_not_asked_for_is_absent() {
        let arguments = read(&[]).unwrap();
        assert_eq!(arguments.dir, Path::new("d"));
        assert!(arguments.cc.is_empty() && arguments.store.is_empty() && !arguments.no_check);
        assert_eq!(arguments.hardening, None);
    }

    #[test]
    fn flags_may_look_like_options() {
        let arguments = read(&["--cflags", "-O2 -g", "--ldflags=-z now"]).unwrap();
        assert_eq!(arguments.flags.cflags.unwrap(), "-O2 -g");
        assert_eq!(arguments.flags.ldflags.unwrap(), "-z now");
    }

    #[test]
    fn a_store_is_spelled_as_what_lies_below_it() {
        for spelled in ["/opt/deps/", "/opt//deps", "/opt/./deps/."] {
            let arguments = read(&["--store", spelled]).unwrap();
            assert_eq!(arguments.store[0].as_os_str(), "/opt/deps", "{spelled}");
        }
    }

    #[test]
    fn values_without_a_meaning_are_refused() {
        for args in [
            &["--salt", "a-b"][..],
            &["--salt", ""],
            &["--store", "deps"],
            &["--store", "/opt/../deps"],
            &["--store", "//"],
            &["--rpath-include", "lib"],
            &["--rpath-include", "/a:/b"],
            &["--dynamic-linker", "ld.so"],
            &["--dynamic-linker", "/a b/ld.so"],
        ] {
            assert!(read(args).is_err(), "{args:?}");
        }
    }
}
