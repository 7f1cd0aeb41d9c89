//! What is our own: the binary, its roots; and other programs that must not be
//! wrapped, as they find a compiler by the name they were called by.

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
use crate::support::paths::canonical;

/// Where a root says what it is.
pub const TOOLCHAIN: &str = "nix-support/toolchain.json";

/// How a copy of the binary is made.
pub const MODE: u32 = 0o755;

/// The binary's name in `bin`, to which the tools are symlinks.
pub const BINARY: &str = "cc-wrapper";

const CACHES: &[&str] = &["ccache", "sccache", "distcc", "icecc"];
/// As many as Linux follows.
const MOST_HOPS: usize = 40;

/// Where this binary can be read.
pub fn this() -> PathBuf {
    // There even when it was replaced meanwhile.
    let by_kernel = Path::new("/proc/self/exe");
    if by_kernel.exists() {
        by_kernel.to_path_buf()
    } else {
        // Some chroots have no /proc.
        canonical(Path::new(&os::executable()))
    }
}

/// Whether `program` has the content of this binary.
pub fn is_this(program: &Path) -> bool {
    has_own_content(program).unwrap_or(false)
}

/// # Errors
/// `program` or this binary cannot be read.
fn has_own_content(program: &Path) -> io::Result<bool> {
    // All programs on PATH are compared with this one.
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
    Ok(*content == fs::read(program)?)
}

/// Writes this binary to `path`.
pub fn copy_to(path: &Path) -> Result<()> {
    fs::copy(this(), path).map_err(cannot("write", path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(MODE))
        .map_err(cannot("make executable", path))
}

/// Whose binary a program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The very same content.
    This,
    /// Another version or build.
    Other,
    Foreign,
}

/// Whose binary `program` is, by its content and its ELF note. Binaries of
/// versions that had no note are foreign.
pub fn whose(program: &Path) -> Whose {
    if is_this(program) {
        return Whose::This;
    }
    // Opening a pipe would wait for its other end.
    let is_file = fs::metadata(program).is_ok_and(|file| file.is_file());
    let has_note = |file| elf_note::is_in(&ReadCache::new(file));
    if is_file && File::open(program).is_ok_and(has_note) {
        Whose::Other
    } else {
        Whose::Foreign
    }
}

/// Whether `directory` is the `bin` of a wrapped root.
pub fn is_wrapped_bin(directory: &Path) -> bool {
    directory.join("..").join(TOOLCHAIN).exists()
}

/// Whether `program` is this binary or a copy of it, or belongs to a wrapped root, itself or
/// by way of its symlinks.
pub fn is_wrapper(program: &Path) -> bool {
    match way(program) {
        Way::Root(_) => true,
        Way::End(last) => last.file_name().is_some_and(|name| name == BINARY) || is_this(&last),
    }
}

/// The wrapped root that `program` belongs to, itself or by way of its
/// symlinks; resolved.
pub fn root_of(program: &Path) -> Option<PathBuf> {
    match way(program) {
        Way::Root(bin) => Some(canonical(&bin.join(".."))),
        Way::End(_) => None,
    }
}

/// Where a program's symlinks lead.
enum Way {
    /// Through this `bin` of a wrapped root.
    Root(PathBuf),
    /// Through none, to this.
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

/// The compiler cache that `program` is in disguise.
pub fn cache(program: &Path) -> Option<&'static str> {
    let resolved = fs::canonicalize(program).ok()?;
    let name = resolved.file_name()?;
    CACHES.iter().copied().find(|cache| name == *cache)
}

/// Whether a program of this name is one.
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
