//! Runs child processes where a call has to wait for one: passes signals on to
//! the child, and ends this process in the same way as the child ended.
//!
//! While there is a child, signals are blocked and read one at a time, so that
//! none is lost between two children, or between a child and an exec.

use std::fs;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{self, Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, SigSet, Signal, kill, raise, signal};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use signal_hook::low_level::emulate_default_handler;

use crate::process::{job, signals};

/// Signals that other processes send to a compiler to end it, stop it or notify
/// it.
const HANDED_ON: [Signal; 12] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGALRM,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGTSTP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
    Signal::SIGCONT,
    Signal::SIGWINCH,
];

/// How a child ended.
pub struct Ended {
    pub status: ExitStatus,
    /// The kernel's name of the program that the child was at its end: the
    /// first 15 bytes of its file name. `None` if the system does not provide
    /// it.
    pub name: Option<Vec<u8>>,
}

/// There is one at most, because signals concern the whole process.
static PARENT: Mutex<Option<Parent>> = Mutex::new(None);

struct Parent {
    reader: SignalReader,
    /// The caller's signal mask.
    mask: SigSet,
    ignores_children: bool,
}

/// Blocks signals until [`go_on_alone`], so that the next child gets them. A
/// signal that arrived after the last child ended ends this process now.
///
/// # Errors
/// Fails if the system refuses to block them.
pub fn expect() -> io::Result<()> {
    let mut parent = parent();
    match &*parent {
        Some(parent) => parent.let_signals_in(),
        None => *parent = Some(Parent::new()?),
    }
    Ok(())
}

fn parent() -> MutexGuard<'static, Option<Parent>> {
    PARENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a child and waits until it ends. [`expect`] must have been called
/// before.
///
/// # Errors
/// Fails if the child could not be started.
pub fn run(command: &mut Command) -> io::Result<Ended> {
    let mut parent = parent();
    let Some(parent) = parent.as_mut() else {
        return Err(io::Error::other("no child was expected"));
    };
    parent.prepare(command);
    let mut child = command.spawn()?;
    let name = parent.wait(&child)?;
    let status = child.wait()?;
    Ok(Ended { status, name })
}

/// Restores the caller's signal mask, for a call that goes on without a child.
/// Pending signals are delivered to this process.
pub fn go_on_alone() {
    if let Some(parent) = parent().take() {
        if parent.ignores_children {
            report_children(false);
        }
        let _ = parent.mask.thread_set_mask();
    }
}

impl Parent {
    fn new() -> io::Result<Parent> {
        let mut signals: SigSet = HANDED_ON.into_iter().collect();
        signals.add(Signal::SIGCHLD);
        // While SIGCHLD is ignored, the kernel keeps no exit status to wait
        // for.
        let ignores_children = report_children(true);
        let mask = SigSet::thread_get_mask()?;
        signals.thread_block()?;
        Ok(Parent {
            reader: SignalReader::new(signals),
            mask,
            ignores_children,
        })
    }

    /// Delivers the signals that arrived while there was no child to this
    /// process.
    fn let_signals_in(&self) {
        let _ = self.mask.thread_set_mask();
        let _ = self.reader.signals.thread_block();
    }

    /// Gives the child the signal settings that we got from the caller, and has
    /// the kernel kill the child if this process is killed.
    fn prepare(&self, command: &mut Command) {
        signals::hand_down(command);
        let (mask, ignores_children) = (self.mask, self.ignores_children);
        #[cfg(target_os = "linux")]
        let us = Pid::this();
        let before_exec = move || {
            if ignores_children {
                report_children(false);
            }
            mask.thread_set_mask()?;
            #[cfg(target_os = "linux")]
            {
                /// The parent's process ID if the parent is in another PID
                /// namespace.
                const OUTSIDE: Pid = Pid::from_raw(0);
                // A sandbox may refuse. Then the child outlives a killed
                // parent.
                let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
                if ![us, OUTSIDE].contains(&Pid::parent()) {
                    return Err(io::ErrorKind::BrokenPipe.into());
                }
            }
            Ok(())
        };
        #[allow(unsafe_code)]
        // SAFETY: the closure only makes system calls, as `pre_exec` requires.
        unsafe {
            command.pre_exec(before_exec);
        }
    }

    /// Waits until the child has ended but does not reap it. Returns its name,
    /// see [`Ended`].
    fn wait(&mut self, child: &Child) -> io::Result<Option<Vec<u8>>> {
        let pid = Pid::from_raw(child.id() as i32);
        let mut was_asked_to_stop = false;
        loop {
            let came = self.reader.next()?;
            if has_ended(pid) {
                if came.signal != Signal::SIGCHLD {
                    // Too late for the child, so this process takes the signal.
                    let _ = raise(came.signal);
                }
                let name = fs::read(format!("/proc/{}/comm", child.id())).ok();
                return Ok(name.map(without_line_end));
            }
            // A terminal sends its signals to the child as well.
            if came.signal != Signal::SIGCHLD && !came.is_of_kernel {
                let _ = kill(pid, came.signal);
            }
            match came.signal {
                Signal::SIGTSTP => was_asked_to_stop = true,
                Signal::SIGCONT => was_asked_to_stop = false,
                _ => {}
            }
            // Check that the child has really stopped: it may ignore the
            // signal, and the kernel discards stop signals of an orphaned
            // process group. Check after every signal, because signals do not
            // arrive in the order in which they were sent.
            if let Some(by) = stopped_by(pid) {
                if job::stop_with(pid, by, was_asked_to_stop) {
                    was_asked_to_stop = false;
                }
            }
        }
    }
}

fn has_ended(child: Pid) -> bool {
    // An error counts as an end too: either the child is not ours any more, or
    // it was ended by a signal that has no name.
    state(child, WaitPidFlag::WEXITED) != Ok(WaitStatus::StillAlive)
}

/// Returns the signal that has stopped the child; `None` if it is not stopped.
fn stopped_by(child: Pid) -> Option<Signal> {
    match state(child, WaitPidFlag::WSTOPPED) {
        Ok(WaitStatus::Stopped(_, by)) => Some(by),
        _ => None,
    }
}

/// Returns the child's state and leaves it to be read again.
fn state(child: Pid, of: WaitPidFlag) -> nix::Result<WaitStatus> {
    waitid(
        Id::Pid(child),
        of | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG,
    )
}

/// Sets whether the kernel reports children to this process (SIGCHLD). Returns
/// whether they were ignored before.
fn report_children(report: bool) -> bool {
    let handler = if report {
        SigHandler::SigDfl
    } else {
        SigHandler::SigIgn
    };
    #[allow(unsafe_code)]
    // SAFETY: SIG_DFL and SIG_IGN are not handler functions.
    let before = unsafe { signal(Signal::SIGCHLD, handler) };
    matches!(before, Ok(SigHandler::SigIgn))
}

fn without_line_end(mut line: Vec<u8>) -> Vec<u8> {
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    line
}

/// A signal that was received.
struct Came {
    signal: Signal,
    /// The kernel sent it, not a process.
    is_of_kernel: bool,
}

struct SignalReader {
    signals: SigSet,
    /// It tells who sent a signal. `None` where a sandbox refuses it.
    #[cfg(target_os = "linux")]
    file: Option<nix::sys::signalfd::SignalFd>,
}

impl SignalReader {
    fn new(signals: SigSet) -> SignalReader {
        #[cfg(target_os = "linux")]
        use nix::sys::signalfd::{SfdFlags, SignalFd};
        SignalReader {
            signals,
            #[cfg(target_os = "linux")]
            file: SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC).ok(),
        }
    }

    fn next(&mut self) -> io::Result<Came> {
        #[cfg(target_os = "linux")]
        if let Some(file) = &self.file {
            /// The `si_code` of signals that the kernel sends.
            const SI_KERNEL: i32 = 0x80;
            loop {
                let Some(came) = file.read_signal()? else {
                    continue;
                };
                if let Ok(signal) = Signal::try_from(came.ssi_signo as i32) {
                    let is_of_kernel = came.ssi_code == SI_KERNEL;
                    return Ok(Came {
                        signal,
                        is_of_kernel,
                    });
                }
            }
        }
        Ok(Came {
            signal: self.signals.wait()?,
            is_of_kernel: false,
        })
    }
}

/// Ends this process in the same way as its child ended: with the same exit
/// status, or by the same signal.
pub fn end_as(status: ExitStatus) -> ! {
    if let Some(signal) = status.signal() {
        // The child has dumped core already; a second core would replace it.
        let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
        if emulate_default_handler(signal).is_err() {
            let _ = signal_hook::low_level::raise(signal);
        }
        process::exit(128 + signal);
    }
    process::exit(status.code().unwrap_or(1))
}
