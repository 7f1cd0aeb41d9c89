//! Checks whose files a command is about to take over or to run
//! (docs/security.md).

use std::fs;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use cc_wrapper::machine::trust::{is_immutable, is_unmapped};
use nix::unistd::geteuid;

use crate::process::os::Os;

use super::error::{Error, Result, cannot};

/// The mode bit that lets every user write.
pub const OTHERS_WRITE: u32 = 0o002;

/// The file belongs to the user whose rights this process has.
pub fn is_own(file: &Metadata) -> bool {
    file.uid() == geteuid().as_raw()
}

/// Fails if the file at `path`, whose metadata is `file`, belongs to neither
/// root nor the caller: its owner could have another user's rights through it.
/// Stores, and users that this user namespace does not map, are accepted as in
/// calls.
///
/// # Errors
/// Another user owns the file.
pub fn check(path: &Path, file: &Metadata) -> Result<()> {
    let is_trusted = file.uid() == 0
        || is_own(file)
        || is_immutable(path.as_os_str().as_bytes())
        || is_unmapped(file.uid(), &Os);
    if is_trusted {
        return Ok(());
    }
    let (theirs, ours) = (file.uid(), geteuid());
    Err(Error::about(
        path,
        format!("belongs to user {theirs}, whose code would run as user {ours}"),
    )
    .remedy("run this as its owner, or change its owner if you trust what it contains"))
}

/// The same for the file that is at `path`, without following a symlink.
/// Nothing there is no error, nor is a path below a file.
///
/// # Errors
/// Another user owns the file, or it cannot be read.
pub fn check_path(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(file) => check(path, &file),
        Err(why) if matches!(why.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(()),
        Err(why) => Err(cannot("read", path)(why)),
    }
}

/// The same for the root at `root`, its `bin` and `nix-support`, and the files
/// in `nix-support`, which are run or contain flags.
///
/// # Errors
/// Another user owns one of these.
pub fn check_root(root: &Path) -> Result<()> {
    let support = root.join("nix-support");
    for path in [root, &root.join("bin"), &support] {
        check_path(path)?;
    }
    for entry in fs::read_dir(&support).into_iter().flatten().flatten() {
        check_path(&entry.path())?;
    }
    Ok(())
}

/// Fails if every user can write the file at `path`, because what is in it may
/// then be another user's.
///
/// # Errors
/// Every user can write it.
pub fn check_closed(path: &Path, file: &Metadata) -> Result<()> {
    if file.is_symlink() || file.mode() & OTHERS_WRITE == 0 {
        return Ok(());
    }
    Err(Error::about(path, "can be written by every user")
        .remedy("check what it contains, and run chmod o-w on it"))
}
