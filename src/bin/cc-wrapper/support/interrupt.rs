//! Signals that ask the process to stop. The first one is delayed so that the
//! process can clean up; a second one ends it at once.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::process;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::{pipe, signal_name};

use crate::process::signals::is_ignored;
use crate::support::error::{Error, Result};

/// A signal that comes so soon after the first is the same request: timeout(1)
/// sends its signal to the process and then to its group.
const SAME: Duration = Duration::from_millis(200);

/// How long the process may take to notice a signal. After that it is blocked.
const PATIENCE: Duration = Duration::from_millis(800);

/// The last signal that was received, or 0.
static CAUGHT: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// Who ends the process after the first signal: nobody yet, its own work, or
/// the thread that waits for signals.
static ENDED_BY: Mutex<By> = Mutex::new(By::Nobody);

type Tidy = Box<dyn FnOnce() + Send>;

/// Removes what a run that is blocked cannot remove itself.
static TIDY: Mutex<Option<Tidy>> = Mutex::new(None);

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Nobody,
    Work,
    Waiter,
}

/// From now on, these signals do not end the process; [`check`] reports them. If
/// nothing calls it for a second, because the process is blocked, this ends it.
pub fn watch() {
    let caught = CAUGHT.get_or_init(Arc::default);
    // Without these the signals end the process as usual.
    let Ok((mut wakes, wake)) = UnixStream::pair() else {
        return;
    };
    let again = Arc::new(AtomicBool::new(false));
    let ends = again.clone();
    let waiter = thread::Builder::new().spawn(move || {
        if wakes.read_exact(&mut [0]).is_ok() {
            thread::sleep(SAME);
            ends.store(true, Ordering::SeqCst);
            thread::sleep(PATIENCE);
            end();
        }
    });
    if waiter.is_err() {
        return;
    }
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        // A signal that nohup or a shell ignores stays ignored.
        if is_ignored(signal) {
            continue;
        }
        let Ok(wake) = wake.try_clone() else { continue };
        let _ = flag::register_conditional_default(signal, again.clone());
        let _ = flag::register_usize(signal, caught.clone(), signal.unsigned_abs() as usize);
        let _ = pipe::register(signal, wake);
    }
}

/// What to do before the end of a process that is blocked.
pub fn tidy_with(tidy: impl FnOnce() + Send + 'static) {
    *lock(&TIDY) = Some(Box::new(tidy));
}

/// From now on, the first signal changes nothing: what has begun is finished.
pub fn finish() {
    claim(By::Work);
}

/// Returns an error if the process was asked to stop.
///
/// # Errors
/// Fails if one of the signals was received.
pub fn check() -> Result<()> {
    match error() {
        None => Ok(()),
        Some(error) => {
            claim(By::Work);
            Err(error)
        }
    }
}

/// Ends a process that has not noticed a signal.
fn end() {
    claim(By::Waiter);
    if *lock(&ENDED_BY) == By::Waiter {
        if let Some(tidy) = lock(&TIDY).take() {
            tidy();
        }
        if let Some(error) = error() {
            error.print();
            process::exit(error.status().into());
        }
    }
}

/// Makes `by` the one that ends the process, unless there is one already. Does
/// not return if that is the waiter, and this is not.
fn claim(by: By) {
    let mut ended_by = lock(&ENDED_BY);
    if *ended_by == By::Nobody {
        *ended_by = by;
    }
    let is_over = *ended_by == By::Waiter && by == By::Work;
    drop(ended_by);
    if is_over {
        loop {
            thread::park();
        }
    }
}

fn error() -> Option<Error> {
    let caught = CAUGHT.get()?.load(Ordering::SeqCst);
    let signal = u8::try_from(caught).ok().filter(|signal| *signal != 0)?;
    let name = signal_name(signal.into()).unwrap_or("a signal");
    let error = Error::new(format!("interrupted by {name}")).remedy("nothing was changed");
    Some(error.exiting(128 + signal))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
