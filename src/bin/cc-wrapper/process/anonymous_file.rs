//! Anonymous files: they vanish with the last process that has them open, even
//! if that is killed.

use std::fs::File;
use std::io;
use std::os::fd::FromRawFd;
use std::path::PathBuf;

#[cfg(target_os = "linux")]
use nix::fcntl::SealFlag;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::resource::{Resource, getrlimit};

/// Creates an empty file that child processes inherit.
///
/// # Errors
/// Fails if there is no room for a file.
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
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let file = memfd_create(c"cc-wrapper", flags).ok()?;
    Some(File::from(file))
}

#[cfg(not(target_os = "linux"))]
fn in_memory() -> Option<File> {
    None
}

/// Makes a file in memory immutable. Where the kernel or a sandbox refuses, the
/// file is used as it is.
#[cfg(target_os = "linux")]
pub fn seal(file: &File) {
    // Not all(): it has one that kernels before 5.1 refuse.
    let seals = SealFlag::F_SEAL_SEAL
        | SealFlag::F_SEAL_SHRINK
        | SealFlag::F_SEAL_GROW
        | SealFlag::F_SEAL_WRITE;
    let _ = fcntl(file, FcntlArg::F_ADD_SEALS(seals));
}

#[cfg(not(target_os = "linux"))]
pub fn seal(_: &File) {}

/// Moves the file to a descriptor number that scripts do not use for
/// themselves, and that nobody mistakes for a jobserver closed by make.
pub fn out_of_the_way(file: File) -> io::Result<File> {
    // The highest number that most systems allow by default.
    const HIGHEST: u64 = 1024;
    const BELOW: u64 = 24;
    let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or(HIGHEST, |(limit, _)| limit);
    let from = limit.min(HIGHEST).saturating_sub(BELOW);
    let Ok(moved) = fcntl(&file, FcntlArg::F_DUPFD(from as i32)) else {
        return Ok(file);
    };
    #[allow(unsafe_code)]
    // SAFETY: the call above has just created this descriptor, so nothing else
    // owns it.
    Ok(unsafe { File::from_raw_fd(moved) })
}

/// Returns the directory for temporary files. Like shells, treats an empty
/// TMPDIR as unset.
pub fn temporary_directory() -> PathBuf {
    let directory = std::env::temp_dir();
    if directory.as_os_str().is_empty() {
        PathBuf::from("/tmp")
    } else {
        directory
    }
}
