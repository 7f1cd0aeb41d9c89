//! What the caller has decided about signals.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the caller wants this signal to be ignored, as nohup does.
pub fn is_ignored(signal: i32) -> bool {
    static IGNORED: OnceLock<u64> = OnceLock::new();
    let read = || fs::read_to_string("/proc/self/status").unwrap_or_default();
    IGNORED.get_or_init(|| ignored(&read())) & (1 << (signal - 1)) != 0
}

/// The set of signals that the process ignores, by what the kernel says of it.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

/// SIGPIPE was ignored when the process started. Rust ignores it always, and
/// lets it end all that is run.
static IGNORED_PIPE: AtomicBool = AtomicBool::new(false);

/// Lets what `command` runs ignore what the caller has ignored.
#[allow(unsafe_code)]
pub fn hand_down(command: &mut Command) {
    use nix::sys::signal::{SigHandler, Signal, signal};
    use std::os::unix::process::CommandExt;

    if IGNORED_PIPE.load(Ordering::Relaxed) {
        // SAFETY: a system call, and no function of ours.
        unsafe {
            command.pre_exec(|| {
                signal(Signal::SIGPIPE, SigHandler::SigIgn)?;
                Ok(())
            });
        }
    }
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
        // SAFETY: it is asked, not set; all bits of the structure are values.
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
