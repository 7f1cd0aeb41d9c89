//! Swaps two directories.

use std::fs;
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::errno::Errno;

/// Swaps two directories; `old` is what is at `place`, opened. Both paths exist
/// at every moment, if the file system supports that.
pub fn exchange(new: &Path, place: &Path, old: &File) -> io::Result<()> {
    let mode = old.metadata()?.permissions().mode();
    let set_mode = |mode| old.set_permissions(Permissions::from_mode(mode));
    // A directory that its owner cannot write cannot be moved. If another user
    // owns it, ignore the error: the exchange reports its own.
    let opened = mode & 0o200 == 0 && set_mode(mode | 0o200).is_ok();
    let exchanged = exchange_writable(new, place);
    if opened && exchanged.is_err() {
        set_mode(mode)?;
    }
    exchanged
}

fn exchange_writable(new: &Path, place: &Path) -> io::Result<()> {
    match exchange_at_once(new, place) {
        Ok(()) => Ok(()),
        Err(Errno::EINVAL | Errno::ENOSYS | Errno::ENOTSUP) => exchange_by_renames(new, place),
        Err(why) => Err(why.into()),
    }
}

/// Uses the system call number, because not every libc has a function for it.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn exchange_at_once(new: &Path, place: &Path) -> nix::Result<()> {
    use nix::NixPath;
    use nix::libc::{AT_FDCWD, RENAME_EXCHANGE, SYS_renameat2, syscall};

    let done = new.with_nix_path(|new| {
        place.with_nix_path(|place| {
            let (new, place) = (new.as_ptr(), place.as_ptr());
            // SAFETY: both paths end in a NUL and outlive the call.
            unsafe {
                syscall(
                    SYS_renameat2,
                    AT_FDCWD,
                    new,
                    AT_FDCWD,
                    place,
                    RENAME_EXCHANGE,
                )
            }
        })
    });
    Errno::result(done??).map(drop)
}

#[cfg(not(target_os = "linux"))]
fn exchange_at_once(_: &Path, _: &Path) -> nix::Result<()> {
    Err(Errno::ENOTSUP)
}

fn exchange_by_renames(new: &Path, place: &Path) -> io::Result<()> {
    let aside = new.with_extension("old");
    fs::rename(place, &aside)?;
    if let Err(why) = fs::rename(new, place) {
        fs::rename(&aside, place)?;
        return Err(why);
    }
    fs::rename(&aside, new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_without_exchange_gets_two_renames() {
        let temp = tempfile::tempdir().unwrap();
        let (new, place) = (temp.path().join("new"), temp.path().join("place"));
        fs::create_dir_all(new.join("n")).unwrap();
        fs::create_dir_all(place.join("p")).unwrap();
        exchange_by_renames(&new, &place).unwrap();
        assert!(new.join("p").exists() && place.join("n").exists());
        assert!(exchange_by_renames(&temp.path().join("none"), &place).is_err());
        assert!(place.join("n").exists());
    }

    #[test]
    fn a_failure_leaves_the_mode() {
        let temp = tempfile::tempdir().unwrap();
        let place = temp.path().join("place");
        fs::create_dir(&place).unwrap();
        fs::set_permissions(&place, Permissions::from_mode(0o555)).unwrap();
        let old = File::open(&place).unwrap();
        assert!(exchange(&temp.path().join("none"), &place, &old).is_err());
        let mode = fs::metadata(&place).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o555);
    }
}
