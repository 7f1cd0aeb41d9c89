//! Copies a half (docs/glossary.md) into a new root.

use std::ffi::OsStr;
use std::fs;
use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use cc_wrapper::machine::linker_shim;

use super::bin::{What, names};
use super::half::Half;
use crate::support::error::{Result, cannot};
use crate::support::paths::canonical;
use crate::support::self_binary::BINARY;
use crate::support::{foreign_file, linker_shims, tree};

const SETUP_HOOK: &str = "setup-hook";
const PROPAGATED: &[u8] = b"propagated-";

/// The path of a file that is not copied, and its kind.
pub type LeftOut = (PathBuf, &'static str);

/// An old root and its new path.
pub struct Moved<'a> {
    pub half: &'a Half,
    pub to: PathBuf,
}

/// Copies `half` to `root`.
pub struct Copy<'a> {
    pub half: &'a Half,
    pub root: &'a Path,
    /// The target of the tools' links.
    pub binary: &'a Path,
    /// The linker half, and its path relative to `root`.
    pub linkers: Option<(&'a Half, &'a Path)>,
    /// The paths to replace in stdenv's setup hook and lists of packages.
    pub moved: &'a [Moved<'a>],
}

impl Copy<'_> {
    /// Returns the path of each file that was left out, and its kind.
    ///
    /// # Errors
    /// A file cannot be copied.
    pub fn make(&self) -> Result<Vec<LeftOut>> {
        let mut left_out = Vec::new();
        self.make_bin(&mut left_out)?;
        if self.half.is_linkers {
            linker_shims::lay(self.root, self.binary)?;
        }
        self.make_support(&mut left_out)?;
        for name in names(&self.half.root)? {
            if name != "bin" && name != "nix-support" && name != linker_shim::DIRECTORY {
                let old = self.half.root.join(&name);
                if !leave_out(&old, &mut left_out)? {
                    link(&old, &self.root.join(&name))?;
                }
            }
        }
        Ok(left_out)
    }

    fn make_bin(&self, left_out: &mut Vec<LeftOut>) -> Result<()> {
        let bin = self.root.join("bin");
        fs::create_dir_all(&bin).map_err(cannot("create", &bin))?;
        for entry in &self.half.entries {
            let old = self.half.root.join("bin").join(&entry.name);
            let target = match &entry.what {
                What::Tool => self.binary.to_path_buf(),
                What::Alias(name) => PathBuf::from(name),
                _ if entry.name == BINARY || leave_out(&old, left_out)? => continue,
                _ => self.linkers_own(&old).unwrap_or(old),
            };
            link(&target, &bin.join(&entry.name))?;
        }
        Ok(())
    }

    /// If `old` is a link to a file of the linker half, returns the path of that
    /// file in the new root, relative to `bin` or `nix-support`.
    fn linkers_own(&self, old: &Path) -> Option<PathBuf> {
        let (half, way) = self.linkers?;
        let target = old.parent()?.join(fs::read_link(old).ok()?);
        let directory = canonical(target.parent()?);
        let inside = directory.strip_prefix(&half.root).ok()?;
        Some(
            Path::new("..")
                .join(way)
                .join(inside)
                .join(target.file_name()?),
        )
    }

    fn make_support(&self, left_out: &mut Vec<LeftOut>) -> Result<()> {
        let old = self.half.root.join("nix-support");
        let new = self.root.join("nix-support");
        fs::create_dir_all(&new).map_err(cannot("create", &new))?;
        for name in names(&old)? {
            let (from, to) = (old.join(&name), new.join(&name));
            if self.is_built_in(&name, &to)? {
                continue;
            }
            if leave_out(&from, left_out)? {
                continue;
            }
            let kind = fs::symlink_metadata(&from).map_err(cannot("read", &from))?;
            if kind.is_symlink() {
                let target = self.linkers_own(&from).unwrap_or(from);
                link(&target, &to)?;
            } else if !kind.is_file() {
                link(&from, &to)?;
            } else if name == SETUP_HOOK || name.as_bytes().starts_with(PROPAGATED) {
                let mut text = foreign_file::read(&from).map_err(cannot("read", &from))?;
                for moved in self.moved {
                    let new = moved.to.as_os_str().as_bytes();
                    for old in [&moved.half.out, &moved.half.root] {
                        text = replace_path(&text, old.as_os_str().as_bytes(), new);
                    }
                }
                write(&to, &text)?;
            } else {
                let content = foreign_file::read(&from).map_err(cannot("copy", &from))?;
                // Users may add flags to these files, but files in the store
                // are read-only.
                let mode = Permissions::from_mode(kind.permissions().mode() | 0o200);
                tree::write_new(&to, &content, mode).map_err(cannot("write", &to))?;
            }
        }
        Ok(())
    }

    /// Whether the file is the hook whose effect cc-wrapper has built in. If so,
    /// writes only the text that a package has added to it.
    fn is_built_in(&self, name: &OsStr, to: &Path) -> Result<bool> {
        let built_in = self.half.built_in.as_ref();
        let Some(built_in) = built_in.filter(|built_in| name == built_in.file) else {
            return Ok(false);
        };
        if built_in.has_rest() {
            write(to, &built_in.rest)?;
        }
        Ok(true)
    }
}

/// Adds the file at `path` to `left_out` if it is neither a file, nor a
/// directory, nor a symlink. Returns whether it did.
fn leave_out(path: &Path, left_out: &mut Vec<LeftOut>) -> Result<bool> {
    let kind = fs::symlink_metadata(path).map_err(cannot("read", path))?;
    let special = tree::special(kind.file_type());
    left_out.extend(special.map(|kind| (path.to_path_buf(), kind)));
    Ok(special.is_some())
}

pub fn write(path: &Path, text: &[u8]) -> Result<()> {
    let write = || File::create_new(path)?.write_all(text);
    write().map_err(cannot("write", path))
}

fn link(target: &Path, at: &Path) -> Result<()> {
    symlink(target, at).map_err(cannot("create", at))
}

/// Replaces the path `old` by `new` in `text`, also as the beginning of longer
/// paths.
fn replace_path(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(old.len()).position(|window| window == old) {
        let (before, found) = rest.split_at(at);
        let behind = &found[old.len()..];
        // `/a/gcc` must not match in `/a/gcc-13` or `/x/a/gcc`.
        let goes_on = |b: &u8| b.is_ascii_alphanumeric() || b"-._+?=".contains(b);
        let ends = !behind.first().is_some_and(goes_on);
        let begins = !before.last().is_some_and(|b| b.is_ascii_alphanumeric());
        out.extend_from_slice(before);
        out.extend_from_slice(if ends && begins { new } else { old });
        rest = behind;
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_paths_are_replaced() {
        let text = b"NIX_CC=/s/gcc\nPATH=/s/gcc/bin:/s/gcc-13:/x/s/gcc '/s/gcc'";
        let expected = b"NIX_CC=/new\nPATH=/new/bin:/s/gcc-13:/x/s/gcc '/new'";
        assert_eq!(replace_path(text, b"/s/gcc", b"/new"), expected);
    }
}
