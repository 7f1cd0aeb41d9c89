//! Job control: if the child stops because of the shell, this process stops
//! too, and the shell gets its terminal back.

use std::fs::File;

use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::{Pid, getpgid, getpgrp, tcgetpgrp, tcsetpgrp};

/// Returns whether the shell should see that `child` was stopped by the signal
/// `by`: by Ctrl-Z, or because it used the terminal from the background. In
/// that case this function first stops this process, and returns when the shell
/// continues both.
///
/// Shells stop themselves with SIGSTOP. A SIGSTOP that another process sends to
/// the child alone does not stop this process, unless the child is in the
/// foreground of our terminal.
pub fn stop_with(child: Pid, by: Signal, was_asked_to_stop: bool) -> bool {
    let terminal = File::open("/dev/tty").ok();
    let group = getpgid(Some(child)).ok();
    let foreground = || tcgetpgrp(terminal.as_ref()?).ok();
    let before = foreground();
    let is_for_shell = match by {
        Signal::SIGTSTP | Signal::SIGTTIN | Signal::SIGTTOU => true,
        _ => was_asked_to_stop || before.is_some() && [group, Some(getpgrp())].contains(&before),
    };
    if !is_for_shell {
        return false;
    }
    let _ = raise(Signal::SIGSTOP);
    // A child with its own process group may still have had the terminal, and
    // the shell gives it back only to our group.
    if let (Some(terminal), Some(group)) = (&terminal, group) {
        if before == Some(group) && foreground() == Some(getpgrp()) {
            let _ = tcsetpgrp(terminal, group);
        }
    }
    let _ = kill(child, Signal::SIGCONT);
    true
}
