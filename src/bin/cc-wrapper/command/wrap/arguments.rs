//! The command line of `wrap`.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use clap::{ArgAction, ArgMatches, Command, ValueHint, value_parser};

use super::hardening;
use super::lay_out::FlagFiles;
use crate::support::argument::{all, flag, operand, option};
use crate::support::error::{Error, Result};
use crate::support::help::{Help, STATUSES};
use crate::support::paths::{has_white_space, plain};
use crate::support::show::shown;

/// The subcommand's name.
pub const NAME: &str = "wrap";

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

/// What the user asked for.
#[derive(Debug)]
pub struct Arguments {
    pub dir: PathBuf,
    /// Empty: all on PATH.
    pub cc: Vec<OsString>,
    pub ld: Option<OsString>,
    pub bintools: Option<PathBuf>,
    pub salt: Option<String>,
    pub store: Vec<PathBuf>,
    pub hardening: Option<Vec<String>>,
    pub flags: FlagFiles,
    pub check: bool,
}

/// Describes the command line.
pub fn command() -> Command {
    let text = |name, value, help| option(name, value, ValueHint::Other, help);
    let program = |name, help| option(name, "PROGRAM", ValueHint::CommandName, help);
    let dir = "The root to create: absent, empty, or a wrapped root to replace";
    let store = "Add an rpath only for libraries below PREFIX if NIX_STORE is unset; may be repeated \
        [default: for all libraries that the dynamic loader does not find by itself]";
    let salt = "Suffix of this toolchain's variables (NIX_…_SALT) [default: the target triple]";
    let loader = "Set this dynamic loader in linked programs [default: the compiler's choice]";
    Command::new(NAME)
        .about("Create a wrapped root around this machine's compilers and linkers")
        .after_help(HELP.text())
        .arg(operand("dir", "DIR", ValueHint::DirPath, dir).required(true))
        .arg(
            program(
                "cc",
                "Wrap this compiler; may be repeated [default: all on PATH]",
            )
            .action(ArgAction::Append),
        )
        .arg(program(
            "ld",
            "Run this linker as `ld` [default: the compiler's own, or the one on PATH]",
        ))
        .arg(option(
            "bintools",
            "DIR",
            ValueHint::DirPath,
            "Take linkers and binutils from DIR [default: PATH]",
        ))
        .arg(text("salt", "SALT", salt).value_parser(value_parser!(String)))
        .arg(option("store", "PREFIX", ValueHint::DirPath, store).action(ArgAction::Append))
        .arg(
            text(
                "hardening",
                "LIST",
                "Use these hardening flags if NIX_HARDENING_ENABLE is unset [default: none]",
            )
            .value_parser(value_parser!(String)),
        )
        .arg(option(
            "dynamic-linker",
            "PATH",
            ValueHint::FilePath,
            loader,
        ))
        .arg(
            text("cflags", "FLAGS", "Add these flags to every compiler call")
                .allow_hyphen_values(true),
        )
        .arg(text("ldflags", "FLAGS", "Add these flags to every link").allow_hyphen_values(true))
        .arg(flag(
            "no-check",
            "Do not test the root before putting it in place",
        ))
}

impl Arguments {
    /// # Errors
    /// A value that could not have the meaning it is given for.
    pub fn read(matches: &ArgMatches) -> Result<Arguments> {
        let mut arguments = Arguments {
            dir: matches.get_one("dir").cloned().unwrap_or_default(),
            cc: all(matches, "cc").cloned().collect(),
            ld: matches.get_one("ld").cloned(),
            bintools: matches.get_one("bintools").cloned(),
            salt: matches.get_one("salt").cloned(),
            store: all(matches, "store").cloned().collect(),
            hardening: matches
                .get_one::<String>("hardening")
                .map(|list| hardening::parse_list(list))
                .transpose()?,
            flags: FlagFiles {
                cflags: matches.get_one("cflags").cloned(),
                ldflags: matches.get_one("ldflags").cloned(),
                dynamic_linker: matches.get_one("dynamic-linker").cloned(),
            },
            check: !matches.get_flag("no-check"),
        };
        if let Some(salt) = &arguments.salt {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if salt.is_empty() || !salt.bytes().all(fits) {
                return Err(Error::new(format!(
                    "--salt {salt}: it becomes part of variables' names, so only letters, digits and _ will do"
                )));
            }
        }
        for store in &mut arguments.store {
            *store = store_prefix(store)?;
        }
        if let Some(loader) = &arguments.flags.dynamic_linker {
            must_be_absolute("--dynamic-linker", loader)?;
            if has_white_space(loader) {
                return Err(Error::new(format!(
                    "--dynamic-linker {}: white space in it would split it in lists of flags; give another path",
                    shown(loader)
                )));
            }
        }
        Ok(arguments)
    }
}

/// `given` as directories below it are spelled.
fn store_prefix(given: &Path) -> Result<PathBuf> {
    must_be_absolute("--store", given)?;
    let prefix = plain(given);
    let problem = if prefix.parent().is_none() {
        "all directories lie below it; leave the option out"
    } else if prefix.components().any(|part| part == Component::ParentDir) {
        "where .. leads depends on symlinks; give a path without it"
    } else {
        return Ok(prefix);
    };
    Err(Error::new(format!("--store {}: {problem}", shown(given))))
}

fn must_be_absolute(option: &str, path: &Path) -> Result<()> {
    if path.is_absolute() {
        return Ok(());
    }
    Err(Error::new(format!(
        "{option} {}: it is compared with absolute paths; begin it with /",
        shown(path)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    fn read(args: &[&str]) -> Result<Arguments> {
        let args = args.iter().map(|arg| OsStr::new(*arg));
        let args = [OsStr::new(NAME), OsStr::new("d")].into_iter().chain(args);
        Arguments::read(&command().try_get_matches_from(args).unwrap())
    }

    #[test]
    fn what_is_not_asked_for_is_absent() {
        let arguments = read(&[]).unwrap();
        assert_eq!(arguments.dir, Path::new("d"));
        assert!(arguments.cc.is_empty() && arguments.store.is_empty() && arguments.check);
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
            &["--dynamic-linker", "ld.so"],
            &["--dynamic-linker", "/a b/ld.so"],
            &["--hardening", "pie"],
        ] {
            assert!(read(args).is_err(), "{args:?}");
        }
    }
}
