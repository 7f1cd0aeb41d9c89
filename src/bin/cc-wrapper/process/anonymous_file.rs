//! Files without a name: they go with the last process that has them open,
//! whatever ends it.

use std::fs::File;
use std::io;

use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use rustix::process::{Resource, getrlimit};

use std::path::PathBuf;

/// An empty file that programs inherit.
///
/// # Errors
/// There is no room for one.
pub fn create() -> io::Result<File> {
    let file = match in_memory() {
        Some(file) => file,
        None => tempfile::tempfile_in(temporary_directory())?,
    };
    fcntl_setfd(&file, FdFlags::empty())?;
    Ok(file)
}

#[cfg(target_os = "linux")]
fn in_memory() -> Option<File> {
    use rustix::fs::{MemfdFlags, memfd_create};
    let file = memfd_create(c"cc-wrapper", MemfdFlags::CLOEXEC).ok()?;
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
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(HIGHEST);
    let from = limit.min(HIGHEST).saturating_sub(BELOW);
    let Ok(moved) = fcntl_dupfd_cloexec(&file, from as i32) else {
        return Ok(file);
    };
    fcntl_setfd(&moved, FdFlags::empty())?;
    Ok(File::from(moved))
}

/// Where files go that nobody is to keep. As to a shell, an empty TMPDIR is
/// none.
pub fn temporary_directory() -> PathBuf {
    let directory = std::env::temp_dir();
    match directory.as_os_str().is_empty() {
        true => PathBuf::from("/tmp"),
        false => directory,
    }
}
