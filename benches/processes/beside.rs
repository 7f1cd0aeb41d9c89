//! Another wrapped root, measured for comparison.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::fixture::Fixture;

/// Returns the root's tool. A script of nixpkgs is copied with the stand-in in
/// place of the program that it runs. Any other program is used as it is.
pub fn tool(root: &Path, tool: &str, fixture: &Fixture) -> Result<Option<PathBuf>> {
    let Ok(path) = root.join("bin").join(tool).canonicalize() else {
        return Ok(None);
    };
    let Ok(script) = fs::read_to_string(&path) else {
        return Ok(Some(path));
    };
    let half = path.ancestors().nth(2).unwrap_or(root).join("nix-support");
    let mut copy = None;
    for file in ["orig-cc", "orig-bintools"] {
        if let Ok(original) = fs::read_to_string(half.join(file)) {
            let program = format!("{}/bin/{tool}", original.trim());
            if script.contains(&program) {
                let stand_in = fixture.stand_in(tool).display().to_string();
                copy = Some(script.replace(&program, &stand_in));
            }
        }
    }
    let Some(script) = copy else {
        return Ok(Some(path));
    };
    let directory = fixture.path("beside");
    fs::create_dir_all(&directory)?;
    let path = directory.join(tool);
    fs::write(&path, script)?;
    fs::set_permissions(&path, Permissions::from_mode(0o755))?;
    Ok(Some(path))
}
