//! Reading a root's files, whatever they are.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use super::finding::Finding;

/// No file of a root is larger.
const LARGEST: u64 = 16 << 20;

/// # Errors
/// It cannot be read to its end.
pub fn file(path: &Path) -> io::Result<Vec<u8>> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_fifo() || kind.is_socket() {
        return Err(io::Error::other(
            "it is a pipe or a socket, and calls wait for it",
        ));
    }
    let mut text = Vec::new();
    File::open(path)?.take(LARGEST).read_to_end(&mut text)?;
    Ok(text)
}

pub fn failed(path: &Path, why: &io::Error, remedy: &str) -> Finding {
    let what = format!("cannot be read: {why}");
    Finding::error("unreadable", path, what, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_file_that_nobody_writes_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        fs::write(&path, "text").unwrap();
        assert_eq!(file(&path).unwrap(), b"text");
        assert_eq!(file(Path::new("/dev/null")).unwrap(), b"");
        fs::remove_file(&path).unwrap();
        assert!(
            Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        assert!(file(&path).is_err());
        assert!(file(&dir.path().join("none")).is_err());
    }
}
