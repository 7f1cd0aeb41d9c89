//! Signals that ask to stop: what was begun is to be tidied away first.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::signal_name;

use crate::process::signals::is_ignored;
use crate::support::error::{Error, Result};

/// The last signal that came; 0: none.
static CAUGHT: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// From now on these signals end nothing; [`check`] tells of them.
pub fn watch() {
    let caught = CAUGHT.get_or_init(Arc::default);
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        // What nohup or a shell had ignored stays so.
        if !is_ignored(signal) {
            // Refused, it ends us as before.
            let _ = flag::register_usize(signal, caught.clone(), signal.unsigned_abs() as usize);
        }
    }
}

/// # Errors
/// One of the signals has come.
pub fn check() -> Result<()> {
    let caught = CAUGHT.get().map(|caught| caught.load(Ordering::SeqCst));
    match caught.and_then(|signal| u8::try_from(signal).ok()) {
        None | Some(0) => Ok(()),
        Some(signal) => {
            let name = signal_name(signal.into()).unwrap_or("a signal");
            let error = Error::new(format!("interrupted by {name}")).remedy("nothing was changed");
            Err(error.exiting(128 + signal))
        }
    }
}
