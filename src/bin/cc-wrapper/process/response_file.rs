//! §5: writing response files.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use cc_wrapper::model::plan::Plan;
use cc_wrapper::rules::response_file::texts;
use nix::sys::resource::{Resource, getrlimit};
use tempfile::TempPath;

use crate::process::anonymous_file;
use crate::process::anonymous_file::out_of_the_way;
use crate::process::anonymous_file::temporary_directory;

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

/// Response files with all arguments of a plan; they are gone with this value.
pub struct Written {
    /// They name the files, or are empty words.
    arguments: Vec<OsString>,
    _files: Vec<Kept>,
}

#[allow(dead_code)] // Held until the tool has ended.
enum Kept {
    Named(TempPath),
    Unnamed(File),
}

impl Written {
    /// Files that the tool inherits; `None`: the system has no name for those,
    /// or no room.
    pub fn without_a_name(plan: &Plan) -> Option<Written> {
        Written::by(plan, |text| {
            let mut file = out_of_the_way(anonymous_file::create()?)?;
            file.write_all(text)?;
            let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
            path.metadata()?;
            Ok((path, Kept::Unnamed(file)))
        })
        .ok()
    }

    /// Files in TMPDIR.
    ///
    /// # Errors
    /// There is no room, or no such directory.
    pub fn with_a_name(plan: &Plan) -> io::Result<Written> {
        Written::by(plan, |text| {
            let mut builder = tempfile::Builder::new();
            let builder = builder.prefix("cc-wrapper-").suffix(".rsp");
            let mut file = builder.tempfile_in(temporary_directory())?;
            file.write_all(text)?;
            let path = file.into_temp_path();
            Ok((path.to_path_buf(), Kept::Named(path)))
        })
    }

    fn by(
        plan: &Plan,
        mut write: impl FnMut(&[u8]) -> io::Result<(PathBuf, Kept)>,
    ) -> io::Result<Written> {
        let mut written = Written {
            arguments: Vec::new(),
            _files: Vec::new(),
        };
        for text in texts(plan.command.args().map(|arg| &arg[..])) {
            if text.is_empty() {
                written.arguments.push(OsString::new());
                continue;
            }
            check_limit(&text)?;
            let (path, file) = write(&text)?;
            written.arguments.push(at(path.as_ref()));
            written._files.push(file);
        }
        Ok(written)
    }

    pub fn arguments(&self) -> impl Iterator<Item = &OsStr> {
        self.arguments.iter().map(|argument| &**argument)
    }
}

/// The kernel ends a process that writes more than its `ulimit -f`.
fn check_limit(text: &[u8]) -> io::Result<()> {
    let (limit, _) = getrlimit(Resource::RLIMIT_FSIZE)?;
    if limit < text.len() as u64 {
        return Err(nix::errno::Errno::EFBIG.into());
    }
    Ok(())
}

fn at(path: &OsStr) -> OsString {
    let mut argument = OsString::from("@");
    argument.push(path);
    argument
}
