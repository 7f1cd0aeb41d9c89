//! Reads the records of calls.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use cc_wrapper::text::compile_database::Entry;
use nix::fcntl::FlockArg;

use crate::process::lock;
use crate::support::error::{Error, Result, cannot, note, warn};
use crate::support::show::shown;

/// How long to wait for the lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// In bytes. No build records more.
const LARGEST: u64 = 1 << 30;

/// Further warnings about broken lines are counted, not printed.
const MOST_WARNINGS: usize = 10;

/// Returns the content of the file, read under the lock so that no line is
/// incomplete.
///
/// # Errors
/// Fails if the file cannot be read, or is larger than the limit.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(cannot("read", path))?;
    let mut text = Vec::new();
    let tell = |_: &File| {
        note(&format!(
            "waiting for the process that locks {}",
            shown(path)
        ))
    };
    let goes_on = |waited| waited < PATIENCE;
    let read = match lock::wait(file, FlockArg::LockSharedNonblock, tell, goes_on) {
        Ok(file) => (&*file).take(LARGEST + 1).read_to_end(&mut text),
        // Without a lock the last line may be incomplete; it is then skipped.
        Err((file, _)) => file.take(LARGEST + 1).read_to_end(&mut text),
    };
    read.map_err(cannot("read", path))?;
    if text.len() as u64 > LARGEST {
        let error = Error::about(path, "is larger than 1 GiB");
        return Err(error.remedy("remove it, and compile again"));
    }
    Ok(text)
}

/// Parses the records, in order. Prints a warning for an incomplete line, which
/// a killed call leaves, and skips it.
///
/// # Errors
/// Fails if no line is a record, because the file is then something else.
pub fn entries<'a>(text: &'a [u8], path: &Path) -> Result<Vec<Entry<'a>>> {
    let mut entries = Vec::new();
    let (mut broken, mut more) = (Vec::new(), 0);
    for (n, line) in text.split(|&b| b == b'\n').enumerate() {
        match Entry::read(line) {
            Ok(entry) => entries.push(entry),
            Err(_) if line.is_empty() => {}
            Err(error) if broken.len() < MOST_WARNINGS => broken.push((n + 1, error)),
            Err(_) => more += 1,
        }
    }
    let path = shown(path);
    if let ([], [(n, error), ..]) = (&entries[..], &broken[..]) {
        return Err(Error::new(format!("{path} contains no records"))
            .because(format!("line {n}, column {}: {}", error.column, error.what))
            .remedy("give the file that CC_WRAPPER_COMPDB named"));
    }
    for (n, error) in broken {
        warn(&format!(
            "{path}:{n}: this line is not a complete record and is skipped (column {}: {}); \
             compile its file again",
            error.column, error.what
        ));
    }
    if more > 0 {
        warn(&format!(
            "{path}: {more} more lines are skipped for the same reason"
        ));
    }
    Ok(entries)
}
