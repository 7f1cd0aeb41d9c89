//! Paths into the Nix store that garbage collection has removed.

use std::path::{Path, PathBuf};

use super::finding::shown;

const STORE: &str = "/nix/store";

/// What to do about a path that does not exist: `otherwise`, unless it is a
/// store path.
pub fn remedy(path: &Path, otherwise: &str) -> String {
    // What is collected is collected as a whole: `/nix/store/NAME`.
    let whole: PathBuf = path.components().take(4).collect();
    if !whole.starts_with(STORE) || whole == Path::new(STORE) || whole.exists() {
        return otherwise.to_owned();
    }
    format!(
        "{} was garbage-collected: build or fetch it again, and keep it with nix-store --add-root",
        shown(&whole)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collected_path_can_be_built_again() {
        let told = remedy(Path::new("/nix/store/none-gcc/bin/gcc"), "install it");
        assert!(
            told.starts_with("/nix/store/none-gcc was garbage-collected"),
            "{told}"
        );
        assert_eq!(remedy(Path::new("/none"), "install it"), "install it");
    }
}
