//! Writes results to standard output.

use std::io::{self, Write};
use std::path::Path;

use crate::support::error::{Result, cannot};

/// Writes `text` to standard output.
///
/// # Errors
/// Fails if not all of it can be written. A reader that closes its end early,
/// such as `head`, is not an error.
pub fn to_stdout(text: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(cannot("write to", Path::new("standard output"))(error))
        }
        _ => Ok(()),
    }
}
