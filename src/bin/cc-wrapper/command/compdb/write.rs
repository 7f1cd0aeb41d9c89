//! Writes the compilation database to a file.

use std::borrow::Cow;
use std::fs;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::support::error::{Error, Result, cannot};

/// Writes `text` to `output` atomically: readers see the old content or all of
/// the new.
///
/// # Errors
/// Fails if `output` cannot be written, or is the file of `records`.
pub fn to_file(text: &[u8], output: &Path, records: &Path) -> Result<()> {
    // Write through a symlink to the build directory, so that it stays a
    // symlink.
    let output = fs::canonicalize(output).map_or(Cow::Borrowed(output), Cow::Owned);
    if let Ok(there) = fs::metadata(&output) {
        let identity = |file: fs::Metadata| (file.dev(), file.ino());
        // Write to a device directly instead of replacing it.
        if !there.is_file() {
            return fs::write(&output, text).map_err(cannot("write", &output));
        }
        if fs::metadata(records).map(identity).ok() == Some(identity(there)) {
            return Err(Error::about(&*output, "is the file of records itself")
                .remedy("write the result to another file"));
        }
    }
    let directory = match output.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let written = tempfile::Builder::new()
        .prefix(".compile_commands-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(directory)
        .and_then(|mut file| {
            file.write_all(text)?;
            file.persist(&output)?;
            Ok(())
        });
    written.map_err(cannot("write", &output))
}
