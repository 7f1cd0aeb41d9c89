//! Directories with libraries for newer processors only, which glibc has
//! looked into first since 2.33.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::support::elf::Kind;

/// Lies in each directory that is searched; each loader that looks there names
/// it.
const DIRECTORY: &str = "glibc-hwcaps";

/// The names in there that count for programs of this kind, best first.
pub fn levels(kind: Kind, loader: Option<&Path>) -> Vec<&'static str> {
    let text = loader.and_then(text);
    let is_named = |text: Vec<u8>| {
        let mut parts = text.windows(DIRECTORY.len());
        parts.any(|part| part == DIRECTORY.as_bytes())
    };
    match kind.machine == object::elf::EM_X86_64 && kind.is_64 {
        true if text.is_none_or(is_named) => of_this_machine(),
        _ => Vec::new(),
    }
}

fn text(loader: &Path) -> Option<Vec<u8>> {
    /// No loader is larger.
    const LARGEST: u64 = 16 << 20;
    // Opening a pipe would wait for its other end.
    if !fs::metadata(loader).ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    let file = File::open(loader).ok()?;
    file.take(LARGEST).read_to_end(&mut text).ok()?;
    Some(text)
}

#[cfg(target_arch = "x86_64")]
fn of_this_machine() -> Vec<&'static str> {
    use std::arch::is_x86_feature_detected as has;
    let second = has!("sse3")
        && has!("ssse3")
        && has!("sse4.1")
        && has!("sse4.2")
        && has!("popcnt")
        && has!("cmpxchg16b");
    let third = second
        && has!("avx")
        && has!("avx2")
        && has!("bmi1")
        && has!("bmi2")
        && has!("f16c")
        && has!("fma")
        && has!("lzcnt")
        && has!("movbe");
    let fourth = third
        && has!("avx512f")
        && has!("avx512bw")
        && has!("avx512cd")
        && has!("avx512dq")
        && has!("avx512vl");
    let levels = [
        ("x86-64-v4", fourth),
        ("x86-64-v3", third),
        ("x86-64-v2", second),
    ];
    let had = levels.into_iter().filter(|(_, is_had)| *is_had);
    had.map(|(name, _)| name).collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn of_this_machine() -> Vec<&'static str> {
    Vec::new()
}

/// Where a library of `directory` may lie, in the order of the search.
pub fn within(directory: &Path, levels: &[&str]) -> Vec<PathBuf> {
    if !directory.is_dir() {
        return Vec::new();
    }
    let special = directory.join(DIRECTORY);
    let levels = levels.iter().filter(|_| special.is_dir());
    let mut all: Vec<PathBuf> = levels
        .map(|level| special.join(level))
        .filter(|path| path.is_dir())
        .collect();
    all.push(directory.to_path_buf());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_this_processor_comes_first() {
        let dir = tempfile::tempdir().unwrap();
        let second = dir.path().join("glibc-hwcaps/x86-64-v2");
        assert_eq!(within(dir.path(), &["x86-64-v2"]), [dir.path()]);
        fs::create_dir_all(&second).unwrap();
        let expected = [&second, dir.path()];
        assert_eq!(within(dir.path(), &["x86-64-v3", "x86-64-v2"]), expected);
        assert_eq!(within(dir.path(), &[]), [dir.path()]);
        assert_eq!(
            within(&dir.path().join("none"), &[]),
            [""; 0].map(Path::new)
        );
    }

    #[test]
    fn an_old_loader_does_not_know_them() {
        let kind = Kind {
            machine: object::elf::EM_X86_64,
            is_64: true,
            is_little: true,
        };
        let dir = tempfile::tempdir().unwrap();
        let loader = dir.path().join("ld.so");
        fs::write(&loader, "glibc-hwcap").unwrap();
        assert_eq!(levels(kind, Some(&loader)), [""; 0]);
        fs::write(&loader, "x/glibc-hwcaps/x").unwrap();
        assert_eq!(levels(kind, Some(&loader)), of_this_machine());
        let other = Kind {
            is_64: false,
            ..kind
        };
        assert_eq!(levels(other, Some(&loader)), [""; 0]);
    }
}
