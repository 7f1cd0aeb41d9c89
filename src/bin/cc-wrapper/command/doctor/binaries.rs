//! Which programs are this binary, of whichever version.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::self_binary;
pub use crate::support::self_binary::Whose;

/// What is known of programs; each is read once.
#[derive(Default)]
pub struct Binaries(RefCell<BTreeMap<PathBuf, Whose>>);

impl Binaries {
    pub fn whose(&self, program: &Path) -> Whose {
        let Ok(real) = fs::canonicalize(program) else {
            return Whose::Foreign;
        };
        if let Some(known) = self.0.borrow().get(&real) {
            return *known;
        }
        let whose = self_binary::whose(&real);
        self.0.borrow_mut().insert(real, whose);
        whose
    }

    pub fn is_ours(&self, program: &Path) -> bool {
        self.whose(program) != Whose::Foreign
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binaries_are_known_by_their_content() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let this = std::env::current_exe().unwrap();
        fs::copy(&this, path("copy")).unwrap();
        let mut text = fs::read(&this).unwrap();
        text.push(0);
        fs::write(path("other"), text).unwrap();
        let binaries = Binaries::default();
        for _ in 0..2 {
            assert_eq!(binaries.whose(&path("copy")), Whose::This);
            assert_eq!(binaries.whose(&path("other")), Whose::Other);
            assert_eq!(binaries.whose(Path::new("/bin/sh")), Whose::Foreign);
            assert_eq!(binaries.whose(&path("none")), Whose::Foreign);
        }
    }
}
