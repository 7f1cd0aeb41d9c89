//! The caller's decisions about signals.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Returns whether the caller has set this signal to be ignored, as nohup does.
pub fn is_ignored(signal: i32) -> bool {
    static IGNORED: OnceLock<u64> = OnceLock::new();
    let read = || fs::read_to_string("/proc/self/status").unwrap_or_default();
    IGNORED.get_or_init(|| ignored(&read())) & (1 << (signal - 1)) != 0
}

/// Returns the set of ignored signals in `status`, the text of
/// /proc/self/status, as a bit mask.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

/// Whether SIGPIPE was ignored when the process started. Rust's runtime always
/// ignores SIGPIPE itself and resets it to the default in the processes it
/// starts.
static IGNORED_PIPE: AtomicBool = AtomicBool::new(false);

/// Makes the process that `command` starts ignore SIGPIPE if the caller ignored
/// it.
#[allow(unsafe_code)]
pub fn hand_down(command: &mut Command) {
    use nix::sys::signal::{SigHandler, Signal, signal};
    use std::os::unix::process::CommandExt;

    if IGNORED_PIPE.load(Ordering::Relaxed) {
        // SAFETY: the closure only makes a system call, and installs no handler
        // function.
        unsafe {
            command.pre_exec(|| {
                signal(Signal::SIGPIPE, SigHandler::SigIgn)?;
                Ok(())
            });
        }
    }
}

/// Has the kernel end the process that `command` starts if this process ends
/// before it. The thread that starts it must wait for it.
#[allow(unsafe_code)]
pub fn end_with_us(command: &mut Command) {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::prctl::set_pdeathsig;
        use nix::sys::signal::Signal;
        use std::os::unix::process::CommandExt;

        // SAFETY: the closure only makes a system call.
        unsafe {
            command.pre_exec(|| {
                // A sandbox may refuse it; the process then ends by itself.
                let _ = set_pdeathsig(Signal::SIGKILL);
                Ok(())
            });
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = command;
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
mod before_main {
    use super::{AtomicBool, IGNORED_PIPE, Ordering};
    use nix::libc;

    #[used]
    #[unsafe(link_section = ".init_array")]
    static REMEMBER: extern "C" fn() = remember;

    extern "C" fn remember() {
        let ignored: &AtomicBool = &IGNORED_PIPE;
        // SAFETY: the call only reads the action; any bit pattern is a valid
        // `sigaction`.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            if libc::sigaction(libc::SIGPIPE, std::ptr::null(), &mut action) == 0 {
                let is_ignored = action.sa_sigaction == libc::SIG_IGN;
                ignored.store(is_ignored, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_off_the_status() {
        let status = "SigBlk:\t0000000000000002\nSigIgn:\t0000000000001001\n";
        assert_eq!(ignored(status), 0x1001);
        assert_eq!(ignored(""), 0);
    }
}
