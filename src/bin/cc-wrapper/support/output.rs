//! Where results go.

use std::io::{self, Write};
use std::path::Path;

use crate::support::error::{Result, cannot};

/// # Errors
/// Nobody gets to read all of it, unless they have read enough.
pub fn to_stdout(text: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(cannot("write to", Path::new("standard output"))(error))
        }
        _ => Ok(()),
    }
}
