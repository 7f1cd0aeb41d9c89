//! Waits for file locks, and says so.

use std::fs::File;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

/// The pause between two tries to get a lock.
const PAUSE: Duration = Duration::from_millis(5);

/// How long to wait before saying so.
const SILENCE: Duration = Duration::from_secs(1);

/// Takes the lock on `file`; `how` must be one of the nonblocking kinds,
/// because a blocking one would keep waiting after a signal. Calls `tell` once
/// after a second, and gives up when `goes_on` returns false for the time
/// waited so far.
///
/// # Errors
/// Returns the file, and why it is not locked: EWOULDBLOCK if another process
/// still holds the lock, another error if the file system has no locks.
pub fn wait(
    mut file: File,
    how: FlockArg,
    mut tell: impl FnMut(&File),
    mut goes_on: impl FnMut(Duration) -> bool,
) -> Result<Flock<File>, (File, Errno)> {
    let start = Instant::now();
    let mut is_told = false;
    loop {
        let why;
        (file, why) = match Flock::lock(file, how) {
            Ok(locked) => return Ok(locked),
            Err(refused) => refused,
        };
        let waited = start.elapsed();
        match why {
            Errno::EINTR => {}
            Errno::EWOULDBLOCK if goes_on(waited) => {
                if !is_told && waited >= SILENCE {
                    tell(&file);
                    is_told = true;
                }
                sleep(PAUSE);
            }
            why => return Err((file, why)),
        }
    }
}
