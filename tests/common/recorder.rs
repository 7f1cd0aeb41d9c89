//! A stand-in for a real tool that records how it was called.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cc_wrapper::rules::response_file::Grammar;

/// Compiles the stand-in. It appends to the file named by CCV_OUT.
pub fn compile(directory: &Path) -> PathBuf {
    let recorder = directory.join("recorder");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/recorder.c");
    let status = Command::new("cc")
        .arg("-O1")
        .arg("-o")
        .args([&recorder, &source])
        .status();
    assert!(status.unwrap().success());
    recorder
}

/// How the real tool was called.
#[derive(Default)]
pub struct Record {
    /// The arguments, with response files expanded.
    pub argv: Vec<Vec<u8>>,
    pub environment: BTreeMap<String, Vec<u8>>,
    pub response_file: bool,
}

/// Reads and removes the record in a file. `None` if there is none.
pub fn take(file: &Path) -> Option<Record> {
    let bytes = fs::read(file).ok()?;
    fs::remove_file(file).unwrap();
    Some(parse(&bytes))
}

fn parse(bytes: &[u8]) -> Record {
    let mut record = Record::default();
    let mut in_environment = false;
    for word in bytes.strip_suffix(b"\0").unwrap().split(|&b| b == 0) {
        match word {
            b"\x1f" => in_environment = false,
            b"\x1e" => in_environment = true,
            [b'\x1d', text @ ..] => {
                record.response_file = true;
                record.argv.pop();
                record.argv.extend(Grammar::Gnu.split(text).unwrap());
            }
            _ if in_environment => {
                let end = word.iter().position(|&b| b == b'=').unwrap();
                let name = String::from_utf8_lossy(&word[..end]).into_owned();
                record.environment.insert(name, word[end + 1..].to_vec());
            }
            _ => record.argv.push(word.to_vec()),
        }
    }
    record
}
