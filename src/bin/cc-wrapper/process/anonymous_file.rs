//! Files without a name: they go with the last process that has them open,
//! whatever ends it.

use std::fs::File;
use std::io;
use std::os::fd::FromRawFd;
use std::path::PathBuf;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::resource::{Resource, getrlimit};

/// An empty file that programs inherit.
///
/// # Errors
/// There is no room for one.
pub fn create() -> io::Result<File> {
    let file = match in_memory() {
        Some(file) => file,
        None => tempfile::tempfile_in(temporary_directory())?,
    };
    fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty()))?;
    Ok(file)
}

#[cfg(target_os = "linux")]
fn in_memory() -> Option<File> {
    use nix::sys::memfd::{MFdFlags, memfd_create};
    let file = memfd_create(c"cc-wrapper", MFdFlags::MFD_CLOEXEC).ok()?;
    Some(File::from(file))
}

#[cfg(not(target_os = "linux"))]
fn in_memory() -> Option<File> {
    None
}

/// The same file under a number that scripts do not use for their own, and
/// that nobody takes for a jobserver that make has closed.
pub fn out_of_the_way(file: File) -> io::Result<File> {
    // As high as most systems let it be, and what is not asked for by name.
    const HIGHEST: u64 = 1024;
    const BELOW: u64 = 24;
    let (limit, _) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let from = limit.min(HIGHEST).saturating_sub(BELOW);
    let Ok(moved) = fcntl(&file, FcntlArg::F_DUPFD(from as i32)) else {
        return Ok(file);
    };
    #[allow(unsafe_code)]
    // SAFETY: the call has just made this descriptor, so nobody else has it.
    Ok(unsafe { File::from_raw_fd(moved) })
}

/// Where files go that nobody is to keep. As to a shell, an empty TMPDIR is
/// none.
pub fn temporary_directory() -> PathBuf {
    let directory = std::env::temp_dir();
    if directory.as_os_str().is_empty() {
        PathBuf::from("/tmp")
    } else {
        directory
    }
}
