//! Being a good parent, where the call waits for a child: signals to us are
//! the child's, and as it ends, so do we.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{self, Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use rustix::process::{kill_process, setrlimit, Pid, Resource, Rlimit, Signal};
use signal_hook::consts::*;
use signal_hook::flag::register_conditional_default;
use signal_hook::iterator::Signals;
use signal_hook::low_level::{emulate_default_handler, raise};

use crate::signals::is_ignored;

/// What others send a compiler, to end it or to tell it something.
const HANDED_ON: [i32; 10] = [
    SIGHUP, SIGINT, SIGQUIT, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT, SIGWINCH,
];

/// Those of them that change nothing by themselves.
const HARMLESS: [i32; 3] = [SIGTSTP, SIGCONT, SIGWINCH];

/// From when it is made, signals wait for the child that [`Parent::run`] will
/// start.
pub struct Parent {
    signals: Signals,
    /// No child is there: a signal does to us what it always does.
    is_alone: Arc<AtomicBool>,
}

impl Parent {
    /// # Errors
    /// The system refuses to catch signals.
    pub fn new() -> io::Result<Parent> {
        let is_alone = Arc::new(AtomicBool::new(false));
        // What nohup or a shell had ignored stays so.
        let caught = HANDED_ON.into_iter().filter(|signal| !is_ignored(*signal));
        let caught: Vec<i32> = caught.collect();
        for signal in &caught {
            register_conditional_default(*signal, is_alone.clone())?;
        }
        // Ours even where it was ignored: else there is no status to wait for.
        let signals = Signals::new(caught.into_iter().chain([SIGCHLD]))?;
        Ok(Parent { signals, is_alone })
    }

    /// Runs a child to its end.
    ///
    /// # Errors
    /// It could not be started.
    pub fn run(&mut self, command: &mut Command) -> io::Result<ExitStatus> {
        self.is_alone.store(false, Ordering::SeqCst);
        dies_with_us(command);
        let mut child = command.spawn()?;
        let pid = pid(&child);
        loop {
            let came: Vec<i32> = self.signals.wait().collect();
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            for signal in came {
                hand_on(signal, pid);
            }
        }
    }

    /// The call goes on without a child: a signal that none has seen ends it.
    pub fn go_on_alone(mut self) {
        self.is_alone.store(true, Ordering::SeqCst);
        let unseen = |signal: &i32| *signal != SIGCHLD && !HARMLESS.contains(signal);
        if let Some(signal) = self.signals.pending().find(unseen) {
            let _ = emulate_default_handler(signal);
        }
        // Dropped, it would leave signals that nobody heeds.
        std::mem::forget(self);
    }
}

fn pid(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

/// It is not reaped yet, so the number is its own.
fn hand_on(signal: i32, pid: Option<Pid>) {
    if let (Some(signal), Some(pid)) = (Signal::from_named_raw(signal), pid) {
        if signal != Signal::CHILD {
            let _ = kill_process(pid, signal);
        }
    }
    if signal == SIGTSTP {
        let _ = emulate_default_handler(signal);
    }
}

/// A wrapper that is killed takes the tool along, as if it were the tool.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn dies_with_us(command: &mut Command) {
    use rustix::process::{getpid, getppid, set_parent_process_death_signal};
    use std::os::unix::process::CommandExt;

    let parent = getpid();
    let before_exec = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        match getppid() {
            Some(now) if now != parent => Err(io::ErrorKind::BrokenPipe.into()),
            _ => Ok(()),
        }
    };
    // SAFETY: nothing but system calls, which is what may be done there.
    unsafe { command.pre_exec(before_exec) };
}

#[cfg(not(target_os = "linux"))]
fn dies_with_us(_: &mut Command) {}

/// Ends this process as its child has ended: with its status, or by the same
/// signal.
pub fn end_as(status: ExitStatus) -> ! {
    if let Some(signal) = status.signal() {
        // The core to look at is the child's.
        let none = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        let _ = setrlimit(Resource::Core, none);
        if emulate_default_handler(signal).is_err() {
            let _ = raise(signal);
        }
        process::exit(128 + signal);
    }
    process::exit(status.code().unwrap_or(1))
}
