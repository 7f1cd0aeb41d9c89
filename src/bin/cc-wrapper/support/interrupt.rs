//! Signals that ask the process to stop. They are delayed so that the process
//! can clean up first.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::signal_name;

use crate::process::signals::is_ignored;
use crate::support::error::{Error, Result};

/// The last signal that was received, or 0.
static CAUGHT: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// From now on, these signals do not end the process; [`check`] reports them.
pub fn watch() {
    let caught = CAUGHT.get_or_init(Arc::default);
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        // A signal that nohup or a shell ignores stays ignored.
        if !is_ignored(signal) {
            // If this fails, the signal ends the process as usual.
            let _ = flag::register_usize(signal, caught.clone(), signal.unsigned_abs() as usize);
        }
    }
}

/// Returns an error if the process was asked to stop.
///
/// # Errors
/// Fails if one of the signals was received.
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
