//! Job control: where the child has stopped for the shell that waits for us,
//! so do we, and the shell has its terminal again.

use std::fs::File;

use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::{Pid, getpgid, getpgrp, tcgetpgrp, tcsetpgrp};

/// Whether it was for the shell that `child` was stopped `by` this signal:
/// Ctrl-Z, or that it asked for the terminal in the background. Then this
/// process has stopped too, and both go on.
///
/// Shells stop themselves by SIGSTOP. One that comes from far away, to hold a
/// child alone, does not hold us, unless it would hold our terminal.
pub fn stop_with(child: Pid, by: Signal, was_told_to_stop: bool) -> bool {
    let terminal = File::open("/dev/tty").ok();
    let group = getpgid(Some(child)).ok();
    let foreground = || tcgetpgrp(terminal.as_ref()?).ok();
    let before = foreground();
    let is_for_shell = match by {
        Signal::SIGTSTP | Signal::SIGTTIN | Signal::SIGTTOU => true,
        _ => was_told_to_stop || before.is_some() && [group, Some(getpgrp())].contains(&before),
    };
    if !is_for_shell {
        return false;
    }
    let _ = raise(Signal::SIGSTOP);
    // A child with a group of its own may have left the terminal to it, of
    // which the shell does not know.
    if let (Some(terminal), Some(group)) = (&terminal, group) {
        if before == Some(group) && foreground() == Some(getpgrp()) {
            let _ = tcsetpgrp(terminal, group);
        }
    }
    let _ = kill(child, Signal::SIGCONT);
    true
}
