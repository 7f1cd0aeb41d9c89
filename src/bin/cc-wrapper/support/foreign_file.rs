//! Reads files that somebody else may have made.
//!
//! A pipe or a device could block the reader or never end. Therefore only
//! regular files are read, and only up to a limit.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;

/// In bytes. No script, list of flags or description of a toolchain is larger.
const LARGEST: u64 = 1 << 20;

/// In bytes. No program that is compared or searched as a whole is larger.
pub const LARGEST_PROGRAM: u64 = 1 << 30;

/// The device number of `/dev/null` on Linux. A link to it is an empty file.
const NULL_DEVICE: u64 = 0x103;

/// Opens a regular file for reading.
///
/// # Errors
/// The file cannot be opened, or is not a regular file.
pub fn open(path: &Path) -> io::Result<File> {
    // Before, because opening has an effect on some devices. Afterwards, because
    // another file may have taken the place.
    check(&fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    let nonblocking = options.read(true).custom_flags(OFlag::O_NONBLOCK.bits());
    let file = nonblocking.open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

fn check(file: &Metadata) -> io::Result<()> {
    if file.is_dir() {
        return Err(Errno::EISDIR.into());
    }
    if file.is_file() || file.rdev() == NULL_DEVICE {
        return Ok(());
    }
    Err(io::Error::other("it is not a regular file"))
}

/// Returns the content of a script, a list of flags or a description.
///
/// # Errors
/// The file cannot be read, is not a regular file, or is larger than the limit.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_up_to(LARGEST, path)
}

/// Returns the content of a file that has at most `largest` bytes.
///
/// # Errors
/// See [`read`].
pub fn read_up_to(largest: u64, path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    open(path)?.take(largest + 1).read_to_end(&mut text)?;
    if text.len() as u64 > largest {
        let why = format!("it is larger than {} MiB", largest >> 20);
        return Err(io::Error::other(why));
    }
    Ok(text)
}

/// Returns the content of a script. `None` if the file does not begin with `#!`.
///
/// # Errors
/// See [`read`].
pub fn script(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut begin = [0; 2];
    match open(path)?.read_exact_at(&mut begin, 0) {
        Ok(()) if begin == *b"#!" => read(path).map(Some),
        Err(why) if why.kind() != ErrorKind::UnexpectedEof => Err(why),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_up_to_the_limit_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let pipe = dir.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for (size, why) in [(LARGEST, None), (LARGEST + 1, Some("larger than 1 MiB"))] {
            fs::write(&path, "").unwrap();
            OpenOptions::new()
                .write(true)
                .open(&path)
                .unwrap()
                .set_len(size)
                .unwrap();
            match (read(&path), why) {
                (Ok(text), None) => assert_eq!(text.len() as u64, size),
                (Err(error), Some(why)) => assert!(error.to_string().contains(why)),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(read(Path::new("/dev/null")).unwrap(), b"");
        for path in [&pipe, Path::new("/dev/zero")] {
            let why = read(path).unwrap_err().to_string();
            assert_eq!(why, "it is not a regular file");
        }
        let why = read(dir.path()).unwrap_err().kind();
        assert_eq!(why, ErrorKind::IsADirectory);
    }

    #[test]
    fn a_script_is_known_by_its_beginning() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        for (text, is_script) in [("#!/bin/sh\n", true), ("#", false), ("", false)] {
            fs::write(&path, text).unwrap();
            let script = script(&path).unwrap();
            assert_eq!(script.is_some(), is_script, "{text}");
        }
    }
}
