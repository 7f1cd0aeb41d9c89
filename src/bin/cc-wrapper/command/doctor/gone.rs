//! Paths that led into a store before it was collected.

use std::path::{Component, Path};

const STORE: &str = "/nix/store";

/// What to do about a path that is not there: `otherwise`, unless it was in
/// the store.
pub fn remedy(path: &Path, otherwise: &str) -> String {
    match is_collected(path) {
        true => format!(
            "{} was collected: build or fetch it again, and keep it by a root (nix-store --add-root)",
            store_path(path)
        ),
        false => otherwise.to_owned(),
    }
}

fn is_collected(path: &Path) -> bool {
    path.starts_with(STORE) && path != Path::new(STORE) && !Path::new(&store_path(path)).exists()
}

/// The part that stands or falls as a whole.
fn store_path(path: &Path) -> String {
    let components: Vec<Component> = path.components().take(4).collect();
    let path: std::path::PathBuf = components.into_iter().collect();
    super::finding::shown(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_collected_can_be_had_again() {
        let told = remedy(Path::new("/nix/store/none-gcc/bin/gcc"), "install it");
        assert!(
            told.starts_with("/nix/store/none-gcc was collected"),
            "{told}"
        );
        assert_eq!(remedy(Path::new("/none"), "install it"), "install it");
    }
}
