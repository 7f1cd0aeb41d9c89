//! §5: writing a response file.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cc_wrapper::plan::Plan;
use cc_wrapper::response_file::quote;
use tempfile::NamedTempFile;

use crate::unnamed_file;

/// Whether only a file with a name will do. The language of a script closes
/// what it does not know before it runs others, and a launcher may have
/// another process read the file.
pub fn needs_a_name(plan: &Plan) -> bool {
    plan.launcher.is_some() || is_script(plan)
}

fn is_script(plan: &Plan) -> bool {
    let mut start = [0; 2];
    File::open(OsStr::from_bytes(&plan.program))
        .and_then(|mut file| file.read_exact(&mut start))
        .is_ok()
        && start == *b"#!"
}

/// A response file with all arguments of a plan; it is gone with this value.
pub struct Written {
    argument: OsString,
    _file: Kept,
}

#[allow(dead_code)] // Held until the tool has ended.
enum Kept {
    Named(NamedTempFile),
    Unnamed(File),
}

impl Written {
    /// One that the tool inherits; `None`: the system has no name for those.
    pub fn without_a_name(plan: &Plan) -> Option<Written> {
        let mut file = unnamed_file::create().ok()?;
        file.write_all(&text(plan)).ok()?;
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        Path::new(&path).exists().then(|| Written {
            argument: at(path.as_ref()),
            _file: Kept::Unnamed(file),
        })
    }

    /// One in TMPDIR.
    ///
    /// # Errors
    /// There is no room, or no such directory.
    pub fn with_a_name(plan: &Plan) -> io::Result<Written> {
        let mut builder = tempfile::Builder::new();
        let mut file = builder.prefix("cc-wrapper-").suffix(".rsp").tempfile()?;
        file.write_all(&text(plan))?;
        file.flush()?;
        Ok(Written {
            argument: at(file.path().as_ref()),
            _file: Kept::Named(file),
        })
    }

    /// `@` and its path.
    pub fn argument(&self) -> &OsStr {
        &self.argument
    }
}

fn text(plan: &Plan) -> Vec<u8> {
    let mut text = Vec::new();
    for arg in plan.command.args() {
        quote(&mut text, arg);
    }
    text
}

fn at(path: &OsStr) -> OsString {
    let mut argument = OsString::from("@");
    argument.push(path);
    argument
}
