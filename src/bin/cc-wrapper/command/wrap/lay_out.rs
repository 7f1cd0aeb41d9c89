//! Writes a root's files (docs/toolchain.md).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use cc_wrapper::model::toolchain::Toolchain;

use super::arguments::FlagFiles;
use crate::support::error::{Result, cannot};
use crate::support::self_binary;
use crate::support::self_binary::{BINARY, TOOLCHAIN};

const CC_CFLAGS: &str = "cc-cflags";
const LIBC_LDFLAGS: &str = "libc-ldflags";
const DYNAMIC_LINKER: &str = "dynamic-linker";
const SET_DYNAMIC_LINKER: &str = "ld-set-dynamic-linker";

/// The files in `nix-support` that `wrap` writes. It replaces these when the
/// root exists already, and keeps all others.
pub const WRITTEN: [&str; 5] = [
    "toolchain.json",
    CC_CFLAGS,
    LIBC_LDFLAGS,
    DYNAMIC_LINKER,
    SET_DYNAMIC_LINKER,
];

/// Creates `root/bin` with the binary, links to it under the names of `tools`,
/// and links to the `plain` programs.
pub fn bin<'a>(
    root: &Path,
    tools: impl Iterator<Item = &'a OsString>,
    plain: impl Iterator<Item = (&'a OsString, &'a PathBuf)>,
) -> Result<()> {
    let bin = root.join("bin");
    fs::create_dir_all(&bin).map_err(cannot("create", &bin))?;
    self_binary::copy_to(&bin.join(BINARY))?;
    let tools = tools.map(|name| (name, Path::new(BINARY)));
    let plain = plain.map(|(name, program)| (name, program.as_path()));
    for (name, target) in tools.chain(plain) {
        let link = bin.join(name);
        symlink(target, &link).map_err(cannot("create", &link))?;
    }
    Ok(())
}

/// Creates `root/bin/DIRECTORY` with a link for each entry of `called`, from
/// the bare name to the name in `bin`.
pub fn private_bin(
    root: &Path,
    directory: &Path,
    called: &BTreeMap<&'static str, &OsString>,
) -> Result<()> {
    let up: PathBuf = directory.components().map(|_| "..").collect();
    let directory = root.join("bin").join(directory);
    fs::create_dir_all(&directory).map_err(cannot("create", &directory))?;
    for (base, name) in called {
        let link = directory.join(base);
        symlink(up.join(name), &link).map_err(cannot("create", &link))?;
    }
    Ok(())
}

/// Creates `root/nix-support` with `toolchain.json` and the flag files.
pub fn nix_support(root: &Path, toolchain: &Toolchain, flags: &FlagFiles) -> Result<()> {
    let toolchain_json = root.join(TOOLCHAIN);
    let support = toolchain_json.parent().unwrap_or(root);
    fs::create_dir_all(support).map_err(cannot("create", support))?;
    write(&toolchain_json, &toolchain.to_json())?;
    let dynamic_linker = flags.dynamic_linker.as_deref().map(Path::as_os_str);
    for (name, content) in [
        (CC_CFLAGS, flags.cflags.as_deref()),
        (LIBC_LDFLAGS, flags.ldflags.as_deref()),
        (DYNAMIC_LINKER, dynamic_linker),
    ] {
        if let Some(content) = content {
            let mut line = content.to_owned();
            line.push("\n");
            write(&support.join(name), line.as_encoded_bytes())?;
        }
    }
    if dynamic_linker.is_some() {
        write(&support.join(SET_DYNAMIC_LINKER), b"")?;
    }
    Ok(())
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    let write = || File::create_new(path)?.write_all(content);
    write().map_err(cannot("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn tools_link_to_the_binary_and_others_to_their_programs() {
        let dir = tempfile::tempdir().unwrap();
        let (gcc, ar) = (OsString::from("gcc"), OsString::from("ar"));
        let program = PathBuf::from("/usr/bin/ar");
        bin(
            dir.path(),
            [&gcc].into_iter(),
            [(&ar, &program)].into_iter(),
        )
        .unwrap();
        let bin = dir.path().join("bin");
        assert_eq!(fs::read_link(bin.join("gcc")).unwrap(), Path::new(BINARY));
        assert_eq!(fs::read_link(bin.join("ar")).unwrap(), program);
        let mode = fs::metadata(bin.join("gcc")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
    }

    #[test]
    fn private_names_link_to_names_in_bin() {
        let dir = tempfile::tempdir().unwrap();
        let name = OsString::from("avr-ld");
        let called = BTreeMap::from([("ld", &name)]);
        private_bin(dir.path(), Path::new("avr/12"), &called).unwrap();
        let link = fs::read_link(dir.path().join("bin/avr/12/ld")).unwrap();
        assert_eq!(link, Path::new("../../avr-ld"));
    }

    #[test]
    fn flag_files_hold_the_bytes_they_were_given() {
        let dir = tempfile::tempdir().unwrap();
        let flags = FlagFiles {
            cflags: Some(OsStr::from_bytes(b"-DX=\xff").to_owned()),
            ldflags: None,
            dynamic_linker: Some("/ld.so".into()),
        };
        nix_support(dir.path(), &Toolchain::default(), &flags).unwrap();
        let support = dir.path().join("nix-support");
        assert_eq!(fs::read(support.join(CC_CFLAGS)).unwrap(), b"-DX=\xff\n");
        assert_eq!(fs::read(support.join(DYNAMIC_LINKER)).unwrap(), b"/ld.so\n");
        assert_eq!(fs::read(support.join(SET_DYNAMIC_LINKER)).unwrap(), b"");
        assert!(!support.join(LIBC_LDFLAGS).exists());
        for entry in fs::read_dir(support).unwrap() {
            let name = entry.unwrap().file_name();
            assert!(WRITTEN.iter().any(|written| name == *written), "{name:?}");
        }
    }
}
