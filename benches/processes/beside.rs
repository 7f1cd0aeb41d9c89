//! Another wrapped root or another build, measured for comparison.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::fixture::Fixture;

/// Returns the root's tool. A script of nixpkgs is copied with the stand-in in
/// place of the program that it runs. Any other program is used as it is. If
/// `root` is a cc-wrapper binary, its tool is in a root like this build's.
pub fn tool(root: &Path, tool: &str, fixture: &Fixture) -> Result<Option<PathBuf>> {
    if root.is_file() {
        return of_build(root, tool, fixture).map(Some);
    }
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

fn of_build(binary: &Path, tool: &str, fixture: &Fixture) -> Result<PathBuf> {
    let wrapped = fixture.wrapped(tool);
    let root = wrapped.ancestors().nth(2).ok_or("no root")?;
    let directory = fixture.path("other-build");
    fs::create_dir_all(&directory)?;
    let status = Command::new("cp")
        .args([Path::new("-R"), root, &directory])
        .status()?;
    if !status.success() {
        return Err(format!("cp cannot copy {}: {status}", root.display()).into());
    }
    let copy = directory.join(root.file_name().ok_or("no root")?);
    fs::copy(binary, copy.join("bin/cc-wrapper"))?;
    Ok(copy.join("bin").join(tool))
}
