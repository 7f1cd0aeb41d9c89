//! The machine as std shows it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use cc_wrapper::machine::world::{ReadError, World};
use cc_wrapper::model::argument::{Command, Export};
use cc_wrapper::model::hook::{Changes, Failure, Hook};

use crate::process::hook;

/// Files and directories of this machine.
pub struct Os;

impl World for Os {
    fn read(&self, path: &[u8]) -> Result<Vec<u8>, ReadError> {
        fs::read(as_path(path)).map_err(|error| match error.raw_os_error() {
            Some(errno) if errno == rustix::io::Errno::ISDIR.raw_os_error() => ReadError::Directory,
            _ if is_absent(&error) => ReadError::Absent,
            errno => ReadError::Other(errno.unwrap_or(0)),
        })
    }

    fn read_link(&self, path: &[u8]) -> Option<Vec<u8>> {
        let target = fs::read_link(as_path(path)).ok()?;
        Some(target.into_os_string().into_vec())
    }

    fn exists(&self, path: &[u8]) -> bool {
        as_path(path).exists()
    }

    fn has_entry(&self, path: &[u8]) -> bool {
        fs::symlink_metadata(as_path(path)).is_ok()
    }

    fn is_executable(&self, path: &[u8]) -> bool {
        fs::metadata(as_path(path))
            .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    }

    fn same_program(&self, a: &[u8], b: &[u8]) -> bool {
        let (a, b) = (as_path(a), as_path(b));
        match (fs::metadata(a), fs::metadata(b)) {
            (Ok(x), Ok(y)) if (x.dev(), x.ino()) == (y.dev(), y.ino()) => true,
            (Ok(x), Ok(y)) if x.is_file() && x.len() == y.len() => {
                matches!((fs::read(a), fs::read(b)), (Ok(x), Ok(y)) if x == y)
            }
            _ => false,
        }
    }

    fn list(&self, directory: &[u8], entry: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        let Ok(entries) = fs::read_dir(as_path(directory)) else {
            return false;
        };
        for file in entries.flatten() {
            if entry(file.file_name().as_bytes()) {
                break;
            }
        }
        true
    }

    fn current_directory(&self) -> Option<Vec<u8>> {
        let directory = std::env::current_dir().ok()?;
        Some(directory.into_os_string().into_vec())
    }

    fn run_hook(
        &self,
        hook: &Hook,
        command: &Command,
        exports: &[Export],
    ) -> Result<Changes, Failure> {
        hook::run(hook, command, exports)
    }
}

/// The path that the kernel ran, which a caller cannot misname as it can
/// `argv[0]`.
pub fn executable() -> OsString {
    #[cfg(target_os = "linux")]
    {
        let path = rustix::param::linux_execfn().to_bytes();
        // Run by a descriptor that is closed by now, it has no other name.
        let path = OsStr::from_bytes(path);
        if !path.is_empty() && fs::symlink_metadata(path).is_ok() {
            return path.to_owned();
        }
    }
    std::env::args_os().next().unwrap_or_default()
}

fn as_path(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
        || error.raw_os_error() == Some(rustix::io::Errno::NOTDIR.raw_os_error())
}
