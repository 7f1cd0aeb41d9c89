//! Writes response files (docs/behaviour.md#5-response-files).

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

/// Returns whether the response file needs a name in a directory. Script
/// interpreters may close descriptors that they do not know before they run
/// other programs, and a launcher may have another process read the file.
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

/// Response files with all arguments of a plan; they are removed when this
/// value is dropped.
pub struct Written {
    /// The new command line: `@FILE` arguments, or empty words.
    arguments: Vec<OsString>,
    _files: Vec<Kept>,
}

#[allow(dead_code)] // Held until the tool has ended.
enum Kept {
    Named(TempPath),
    Unnamed(File),
}

impl Written {
    /// Writes them to anonymous files, which the tool inherits. `None` if the
    /// system cannot create anonymous files or has no room for them.
    pub fn without_a_name(plan: &Plan) -> Option<Written> {
        Written::by(plan, |text| {
            let mut file = out_of_the_way(anonymous_file::create()?)?;
            file.write_all(text)?;
            anonymous_file::seal(&file);
            let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
            path.metadata()?;
            Ok((path, Kept::Unnamed(file)))
        })
        .ok()
    }

    /// Writes them to files in TMPDIR.
    ///
    /// # Errors
    /// Fails if TMPDIR does not exist or is full.
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

/// Fails if `text` is longer than the `ulimit -f`, because the kernel would end
/// this process by SIGXFSZ. A sandbox may refuse to tell the limit.
fn check_limit(text: &[u8]) -> io::Result<()> {
    match getrlimit(Resource::RLIMIT_FSIZE) {
        Ok((limit, _)) if limit < text.len() as u64 => Err(nix::errno::Errno::EFBIG.into()),
        _ => Ok(()),
    }
}

fn at(path: &OsStr) -> OsString {
    let mut argument = OsString::from("@");
    argument.push(path);
    argument
}
