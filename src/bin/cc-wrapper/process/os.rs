//! The operating system, accessed through std.

use std::ffi::{CStr, OsStr, OsString, c_char};
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use cc_wrapper::machine::world::{Ownership, Part, ReadError, World};
use cc_wrapper::model::argument::{Command, Export};
use cc_wrapper::model::hook::{Changes, Failure, Hook};
use nix::fcntl::OFlag;
use nix::unistd::geteuid;

use crate::process::hook;

/// The files and directories of this machine.
pub struct Os;

impl World for Os {
    fn read(&self, path: &[u8]) -> Result<Vec<u8>, ReadError> {
        let read = || {
            let mut text = Vec::new();
            open(path)?.read_to_end(&mut text)?;
            Ok(text)
        };
        read().map_err(read_error)
    }

    fn read_parts(&self, path: &[u8], with: &mut dyn FnMut(&Part)) -> bool {
        let Ok(file) = open(path) else {
            return false;
        };
        with(&|offset, length| {
            let mut part = vec![0; length];
            let read = file.read_at(&mut part, offset).unwrap_or(0);
            part.truncate(read);
            part
        });
        true
    }

    fn read_owned(&self, path: &[u8]) -> Result<(Vec<u8>, Ownership), ReadError> {
        let mut file = open(path).map_err(read_error)?;
        let metadata = file.metadata().map_err(read_error)?;
        if metadata.is_dir() {
            return Err(ReadError::Directory);
        } else if !metadata.is_file() {
            return Err(ReadError::Special);
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(read_error)?;
        Ok((text, ownership(&metadata)))
    }

    fn read_named_by_caller(&self, path: &[u8]) -> Result<Vec<u8>, ReadError> {
        fs::read(as_path(path)).map_err(read_error)
    }

    fn ownership(&self, path: &[u8], follow: bool) -> Result<Ownership, ReadError> {
        let path = as_path(path);
        let metadata = if follow {
            fs::metadata(path)
        } else {
            fs::symlink_metadata(path)
        };
        Ok(ownership(&metadata.map_err(read_error)?))
    }

    fn user(&self) -> u32 {
        geteuid().as_raw()
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

/// Returns the path that the kernel executed. Unlike `argv[0]`, the caller
/// cannot fake it.
pub fn executable() -> OsString {
    #[cfg(target_os = "linux")]
    if let Some(path) = run_by_kernel() {
        // A program run from a descriptor that is closed by now has no other
        // name.
        if !path.is_empty() && fs::symlink_metadata(path).is_ok() {
            return path.to_owned();
        }
    }
    std::env::args_os().next().unwrap_or_default()
}

/// Whether the process has rights that its caller lacks (AT_SECURE): the program
/// is setuid or setgid or has file capabilities.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub fn is_privileged() -> bool {
    use nix::libc::{AT_SECURE, getauxval};
    // SAFETY: `getauxval` only looks up a number.
    unsafe { getauxval(AT_SECURE) != 0 }
}

/// Elsewhere, the wrapper does not know.
#[cfg(not(target_os = "linux"))]
pub fn is_privileged() -> bool {
    false
}

/// Returns the auxiliary vector's `AT_EXECFN`.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn run_by_kernel() -> Option<&'static OsStr> {
    use nix::libc::{AT_EXECFN, getauxval};
    // SAFETY: `getauxval` only looks up a number: 0, or the address of a string
    // that lives as long as the process.
    let path = unsafe {
        let path = getauxval(AT_EXECFN) as *const c_char;
        (!path.is_null()).then(|| CStr::from_ptr(path))
    };
    path.map(|path| OsStr::from_bytes(path.to_bytes()))
}

/// Opens a file without waiting for the writer of a pipe or for a device.
fn open(path: &[u8]) -> io::Result<File> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    File::options()
        .read(true)
        .custom_flags(flags.bits())
        .open(as_path(path))
}

fn ownership(metadata: &Metadata) -> Ownership {
    Ownership {
        user: metadata.uid(),
        mode: metadata.mode(),
    }
}

fn read_error(error: io::Error) -> ReadError {
    match error.kind() {
        ErrorKind::IsADirectory => ReadError::Directory,
        ErrorKind::NotFound | ErrorKind::NotADirectory => ReadError::Absent,
        _ => ReadError::Other(error.raw_os_error().unwrap_or(0)),
    }
}

/// Returns the environment variables, each as `NAME=VALUE`.
pub fn variables() -> Vec<Vec<u8>> {
    let string =
        |(name, value): (OsString, OsString)| [name.as_bytes(), b"=", value.as_bytes()].concat();
    std::env::vars_os().map(string).collect()
}

fn as_path(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}
