//! Being a good parent, where the call waits for a child: signals to us are
//! the child's, and as it ends, so do we.
//!
//! While there is a child, signals are blocked and read one by one: none is
//! lost between two children, or between a child and an exec.

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

/// What others send a compiler, to end it, to stop it or to tell it something.
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
    /// The program that it was in the end, as the kernel calls it: at most 15
    /// bytes of its file's name. `None`: the system does not tell.
    pub name: Option<Vec<u8>>,
}

/// There is one, as signals are the whole process's.
static PARENT: Mutex<Option<Parent>> = Mutex::new(None);

struct Parent {
    reader: Reader,
    /// The caller's.
    mask: SigSet,
    ignores_children: bool,
}

/// From here on, until [`go_on_alone`], signals wait for the next child. One
/// that the last child has not seen ends us here.
///
/// # Errors
/// The system refuses to hold them back.
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

/// Runs a child, which was expected, to its end.
///
/// # Errors
/// It could not be started.
pub fn run(command: &mut Command) -> io::Result<Ended> {
    let mut parent = parent();
    let Some(parent) = parent.as_mut() else {
        return Err(io::Error::other("nobody expected a child"));
    };
    parent.prepare(command);
    let mut child = command.spawn()?;
    let name = parent.wait(&child)?;
    let status = child.wait()?;
    Ok(Ended { status, name })
}

/// The call goes on without a child: what has come for one is ours.
pub fn go_on_alone() {
    if let Some(parent) = parent().take() {
        if parent.ignores_children {
            hear_of_children(false);
        }
        let _ = parent.mask.thread_set_mask();
    }
}

impl Parent {
    fn new() -> io::Result<Parent> {
        let mut signals: SigSet = HANDED_ON.into_iter().collect();
        signals.add(Signal::SIGCHLD);
        // Where they are ignored, there is no status to wait for.
        let ignores_children = hear_of_children(true);
        let mask = SigSet::thread_get_mask()?;
        signals.thread_block()?;
        Ok(Parent {
            reader: Reader::new(signals)?,
            mask,
            ignores_children,
        })
    }

    /// What came when there was no child does what it always does.
    fn let_signals_in(&self) {
        let _ = self.mask.thread_set_mask();
        let _ = self.reader.signals.thread_block();
    }

    /// The child gets from us what we got from the caller. One whose parent is
    /// killed goes too, as if it were the parent.
    fn prepare(&self, command: &mut Command) {
        signals::hand_down(command);
        let (mask, ignores_children) = (self.mask, self.ignores_children);
        #[cfg(target_os = "linux")]
        let us = Pid::this();
        let before_exec = move || {
            if ignores_children {
                hear_of_children(false);
            }
            mask.thread_set_mask()?;
            #[cfg(target_os = "linux")]
            {
                /// The parent, seen from another namespace of processes.
                const OUTSIDE: Pid = Pid::from_raw(0);
                nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
                if ![us, OUTSIDE].contains(&Pid::parent()) {
                    return Err(io::ErrorKind::BrokenPipe.into());
                }
            }
            Ok(())
        };
        #[allow(unsafe_code)]
        // SAFETY: nothing but system calls, which is what may be done there.
        unsafe {
            command.pre_exec(before_exec);
        }
    }

    /// Waits until the child has ended, and leaves it to be reaped.
    fn wait(&mut self, child: &Child) -> io::Result<Option<Vec<u8>>> {
        let pid = Pid::from_raw(child.id() as i32);
        let mut was_told_to_stop = false;
        loop {
            let came = self.reader.next()?;
            if has_ended(pid) {
                if came.signal != Signal::SIGCHLD {
                    // Too late for the child, so it is ours.
                    let _ = raise(came.signal);
                }
                let name = fs::read(format!("/proc/{}/comm", child.id())).ok();
                return Ok(name.map(without_line_end));
            }
            // What a terminal sends, it sends to both.
            if came.signal != Signal::SIGCHLD && !came.is_of_kernel {
                let _ = kill(pid, came.signal);
            }
            match came.signal {
                Signal::SIGTSTP => was_told_to_stop = true,
                Signal::SIGCONT => was_told_to_stop = false,
                _ => {}
            }
            // Only if it does stop: it may ignore that, and the kernel may take
            // it back where no shell is there to go on. Whatever came, as
            // signals do not come in the order of what happened.
            if let Some(by) = stopped_by(pid) {
                if job::stop_with(pid, by, was_told_to_stop) {
                    was_told_to_stop = false;
                }
            }
        }
    }
}

fn has_ended(child: Pid) -> bool {
    // An error is an end too: the child is not ours any more, or a signal that
    // has no name has ended it.
    state(child, WaitPidFlag::WEXITED) != Ok(WaitStatus::StillAlive)
}

/// The signal by which it is stopped.
fn stopped_by(child: Pid) -> Option<Signal> {
    match state(child, WaitPidFlag::WSTOPPED) {
        Ok(WaitStatus::Stopped(_, by)) => Some(by),
        _ => None,
    }
}

/// Asks without taking the answer away.
fn state(child: Pid, of: WaitPidFlag) -> nix::Result<WaitStatus> {
    waitid(
        Id::Pid(child),
        of | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG,
    )
}

/// Whether children were ignored before.
fn hear_of_children(hear: bool) -> bool {
    let handler = if hear {
        SigHandler::SigDfl
    } else {
        SigHandler::SigIgn
    };
    #[allow(unsafe_code)]
    // SAFETY: neither is a function of ours.
    let before = unsafe { signal(Signal::SIGCHLD, handler) };
    matches!(before, Ok(SigHandler::SigIgn))
}

fn without_line_end(mut line: Vec<u8>) -> Vec<u8> {
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    line
}

/// A signal that came.
struct Came {
    signal: Signal,
    /// No process has sent it.
    is_of_kernel: bool,
}

#[cfg(target_os = "linux")]
struct Reader {
    signals: SigSet,
    file: nix::sys::signalfd::SignalFd,
}

#[cfg(target_os = "linux")]
impl Reader {
    fn new(signals: SigSet) -> io::Result<Reader> {
        use nix::sys::signalfd::{SfdFlags, SignalFd};
        let file = SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC)?;
        Ok(Reader { signals, file })
    }

    fn next(&mut self) -> io::Result<Came> {
        /// The kernel's own.
        const SI_KERNEL: i32 = 0x80;
        loop {
            let Some(came) = self.file.read_signal()? else {
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
}

#[cfg(not(target_os = "linux"))]
struct Reader {
    signals: SigSet,
}

#[cfg(not(target_os = "linux"))]
impl Reader {
    fn new(signals: SigSet) -> io::Result<Reader> {
        Ok(Reader { signals })
    }

    fn next(&mut self) -> io::Result<Came> {
        Ok(Came {
            signal: self.signals.wait()?,
            is_of_kernel: false,
        })
    }
}

/// Ends this process as its child has ended: with its status, or by the same
/// signal.
pub fn end_as(status: ExitStatus) -> ! {
    if let Some(signal) = status.signal() {
        // The core to look at is the child's.
        let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
        if emulate_default_handler(signal).is_err() {
            let _ = signal_hook::low_level::raise(signal);
        }
        process::exit(128 + signal);
    }
    process::exit(status.code().unwrap_or(1))
}
