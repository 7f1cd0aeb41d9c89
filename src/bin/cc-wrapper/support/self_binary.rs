//! Recognises this binary, its roots, and programs that must not be wrapped
//! because they look up the compiler by their own name, such as ccache.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::{fs, io};

use object::read::ReadCache;
use once_cell::sync::OnceCell;

use crate::process::os;
use crate::support::elf_note;
use crate::support::error::{Result, cannot};
use crate::support::foreign_file;
use crate::support::paths::canonical;

/// The file of a root that describes its toolchain.
pub const TOOLCHAIN: &str = "nix-support/toolchain.json";

/// The mode of copies of the binary.
pub const MODE: u32 = 0o755;

/// The binary's name in a root's `bin`. The tools are symlinks to it.
pub const BINARY: &str = "cc-wrapper";

const CACHES: &[&str] = &["ccache", "sccache", "distcc", "icecc"];
/// The number of symlinks that Linux follows.
const MOST_HOPS: usize = 40;

/// Returns a path from which this binary can be read.
pub fn this() -> PathBuf {
    // Works even if the file was replaced after the start.
    let by_kernel = Path::new("/proc/self/exe");
    if by_kernel.exists() {
        by_kernel.to_path_buf()
    } else {
        // /proc is not mounted, as in some chroots.
        canonical(Path::new(&os::executable()))
    }
}

/// Returns whether `program` has the same content as this binary.
pub fn is_this(program: &Path) -> bool {
    has_own_content(program).unwrap_or(false)
}

/// Returns whether `program` has the same content as this binary.
///
/// # Errors
/// Fails if `program` or this binary cannot be read.
fn has_own_content(program: &Path) -> io::Result<bool> {
    // Cached, because every program on PATH is compared with this one.
    static STATUS: OnceCell<fs::Metadata> = OnceCell::new();
    static CONTENT: OnceCell<Vec<u8>> = OnceCell::new();

    let theirs = fs::metadata(program)?;
    let ours = STATUS.get_or_try_init(|| fs::metadata(this()))?;
    if (theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino()) {
        return Ok(true);
    }
    if !theirs.is_file() || theirs.len() != ours.len() {
        return Ok(false);
    }
    let content = CONTENT.get_or_try_init(|| fs::read(this()))?;
    Ok(*content == foreign_file::read_up_to(theirs.len(), program)?)
}

/// Writes a copy of this binary to `path`, which must not be there yet.
pub fn copy_to(path: &Path) -> Result<()> {
    let copy = || {
        // Through one descriptor, and no symlink.
        let mut file = File::create_new(path)?;
        io::copy(&mut File::open(this())?, &mut file)?;
        file.set_permissions(fs::Permissions::from_mode(MODE))
    };
    copy().map_err(cannot("write", path))
}

/// Which build a program is, compared with this binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The same content.
    This,
    /// Another version or build of cc-wrapper.
    Other,
    Foreign,
}

/// Returns which build `program` is, by its content and its ELF note. Versions
/// before the note was introduced count as foreign.
pub fn whose(program: &Path) -> Whose {
    if is_this(program) {
        return Whose::This;
    }
    // Opening a pipe would block until the other end is opened.
    let is_file = fs::metadata(program).is_ok_and(|file| file.is_file());
    let has_note = |file| elf_note::is_in(&ReadCache::new(file));
    if is_file && foreign_file::open(program).is_ok_and(has_note) {
        Whose::Other
    } else {
        Whose::Foreign
    }
}

/// Returns whether `directory` is the `bin` of a wrapped root.
pub fn is_wrapped_bin(directory: &Path) -> bool {
    directory.join("..").join(TOOLCHAIN).exists()
}

/// Returns whether `program` is this binary or a copy of it, or is in a wrapped
/// root, directly or through symlinks.
pub fn is_wrapper(program: &Path) -> bool {
    match way(program) {
        Way::Root(_) => true,
        Way::End(last) => last.file_name().is_some_and(|name| name == BINARY) || is_this(&last),
    }
}

/// Returns the resolved path of the wrapped root that contains `program`,
/// directly or through symlinks.
pub fn root_of(program: &Path) -> Option<PathBuf> {
    match way(program) {
        Way::Root(bin) => Some(canonical(&bin.join(".."))),
        Way::End(_) => None,
    }
}

/// Where a program's symlinks lead.
enum Way {
    /// They pass through this `bin` of a wrapped root.
    Root(PathBuf),
    /// They end at this path and pass through no root.
    End(PathBuf),
}

fn way(program: &Path) -> Way {
    let mut hop = program.to_path_buf();
    for _ in 0..MOST_HOPS {
        match hop.parent() {
            Some(bin) if is_wrapped_bin(bin) => return Way::Root(bin.to_path_buf()),
            _ => {}
        }
        match next_hop(&hop) {
            Some(next) => hop = next,
            None => break,
        }
    }
    Way::End(hop)
}

/// Returns the name of the compiler cache that `program` is a link to, such as
/// `ccache`.
pub fn cache(program: &Path) -> Option<&'static str> {
    let resolved = fs::canonicalize(program).ok()?;
    let name = resolved.file_name()?;
    CACHES.iter().copied().find(|cache| name == *cache)
}

/// Returns whether `name` is the name of a compiler cache.
pub fn is_cache(name: &OsStr) -> bool {
    CACHES.iter().any(|cache| name == *cache)
}

fn next_hop(path: &Path) -> Option<PathBuf> {
    let target = fs::read_link(path).ok()?;
    Some(path.parent()?.join(target))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_tool_of_a_root_is_known_through_symlinks() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs::create_dir_all(root.join("bin")).unwrap();
        fs::create_dir_all(root.join("nix-support")).unwrap();
        fs::write(root.join(TOOLCHAIN), "{}").unwrap();
        fs::write(root.join("bin/gcc"), "").unwrap();
        symlink("root/bin/gcc", dir.path().join("cc")).unwrap();
        fs::write(dir.path().join("gcc"), "").unwrap();
        assert!(is_wrapper(&root.join("bin/gcc")));
        assert!(is_wrapper(&dir.path().join("cc")));
        assert!(!is_wrapper(&dir.path().join("gcc")));
        let real = canonical(&root);
        assert_eq!(root_of(&dir.path().join("cc")), Some(real));
        assert_eq!(root_of(&dir.path().join("gcc")), None);
    }

    #[test]
    fn this_binary_is_known_by_its_content() {
        let dir = tempfile::tempdir().unwrap();
        let this = std::env::current_exe().unwrap();
        fs::copy(&this, dir.path().join("cc")).unwrap();
        assert!(is_wrapper(&this) && is_wrapper(&dir.path().join("cc")));
    }

    #[test]
    fn another_version_of_this_binary_is_known_by_its_note() {
        let dir = tempfile::tempdir().unwrap();
        let other = dir.path().join("other");
        let mut text = fs::read(std::env::current_exe().unwrap()).unwrap();
        text.push(0);
        fs::write(&other, text).unwrap();
        assert_eq!(whose(&other), Whose::Other);
        assert_eq!(whose(Path::new("/bin/sh")), Whose::Foreign);
        assert_eq!(whose(dir.path()), Whose::Foreign);
    }

    #[test]
    fn a_cache_is_known_by_what_it_resolves_to() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("ccache"), "").unwrap();
        symlink("ccache", dir.path().join("gcc")).unwrap();
        assert_eq!(cache(&dir.path().join("gcc")), Some("ccache"));
        assert_eq!(cache(Path::new("/bin/sh")), None);
    }
}
