//! Counts a wrapper's work until it becomes the real tool: system calls, page
//! faults, bytes read, memory. Uses ptrace to stop the process at each system
//! call.
//!
//! Memory is the resident size at these stops. The kernel's own value for a
//! process's peak, `ru_maxrss`, starts at the peak of the process that forked
//! it, and is updated in steps that are too coarse for these sizes.

use std::ffi::{OsStr, c_int, c_long};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;

use crate::Result;
use crate::process::Process;

#[derive(Clone, Copy, Debug, Default)]
pub struct Work {
    pub system_calls: u64,
    pub page_faults: u64,
    pub bytes_read: u64,
    pub peak_kib: u64,
}

/// Marks a stop at a system call, as opposed to a signal.
const SYSTEM_CALL: c_int = libc::SIGTRAP | 0x80;

/// Runs the process until it execs another program, and returns its work.
pub fn count(process: &Process) -> Result<Work> {
    let bytes = |string: &std::ffi::CString| OsStr::from_bytes(string.as_bytes()).to_owned();
    let mut command = Command::new(bytes(&process.program));
    command
        .args(process.args[1..].iter().map(bytes))
        .env_clear();
    for variable in &process.environment {
        let variable = variable.as_bytes();
        let end = variable.iter().position(|&b| b == b'=').unwrap_or_default();
        let (name, value) = (&variable[..end], &variable[end + 1..]);
        command.env(OsStr::from_bytes(name), OsStr::from_bytes(value));
    }
    // SAFETY: the closure only makes one system call.
    unsafe { command.pre_exec(|| request(libc::PTRACE_TRACEME, 0, 0)) };
    let mut child = command.spawn()?;
    let work = follow(child.id() as libc::pid_t);
    child.kill()?;
    child.wait()?;
    work
}

fn follow(pid: libc::pid_t) -> Result<Work> {
    wait(pid)?;
    let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_TRACEEXEC;
    request(libc::PTRACE_SETOPTIONS, pid, c_long::from(options))?;
    let (faults, read) = (page_faults(pid)?, bytes_read(pid)?);
    let mut work = Work::default();
    // Each system call causes two stops, at its start and at its end. The last,
    // execve, causes a stop of its own kind.
    for stop in 0_u64.. {
        request(libc::PTRACE_SYSCALL, pid, 0)?;
        match wait(pid)? {
            SYSTEM_CALL => {}
            signal if signal == libc::SIGTRAP => break,
            signal => return Err(format!("the wrapper got signal {signal}").into()),
        }
        work.system_calls = stop / 2 + 1;
        work.page_faults = page_faults(pid)? - faults;
        work.bytes_read = bytes_read(pid)? - read;
        work.peak_kib = work.peak_kib.max(resident_kib(pid)?);
    }
    Ok(work)
}

/// Waits until the child stops. Returns the signal that it stopped with.
fn wait(pid: libc::pid_t) -> Result<c_int> {
    let mut status = 0;
    // SAFETY: `status` is valid, and nothing else waits for the child.
    if unsafe { libc::waitpid(pid, &mut status, 0) } != pid || !libc::WIFSTOPPED(status) {
        return Err("the wrapper did not become its tool".into());
    }
    Ok(libc::WSTOPSIG(status))
}

#[cfg(target_env = "gnu")]
type Request = std::ffi::c_uint;
#[cfg(not(target_env = "gnu"))]
type Request = c_int;

fn request(request: Request, pid: libc::pid_t, data: c_long) -> std::io::Result<()> {
    let address = ptr::null_mut::<libc::c_void>();
    // SAFETY: none of these requests writes to this process's memory.
    match unsafe { libc::ptrace(request, pid, address, data) } {
        -1 => Err(std::io::Error::last_os_error()),
        _ => Ok(()),
    }
}

fn page_faults(pid: libc::pid_t) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // Skip the name, which can contain anything. The tenth field of the line is
    // the eighth after the name.
    let (_, fields) = text.rsplit_once(')').ok_or("no process name")?;
    let minor = fields.split_whitespace().nth(7).ok_or("too few fields")?;
    Ok(minor.parse()?)
}

/// Returns 0 if the kernel does not count the bytes.
fn bytes_read(pid: libc::pid_t) -> Result<u64> {
    match fs::read_to_string(format!("/proc/{pid}/io")) {
        Ok(text) => number(&text, "rchar:"),
        Err(_) => Ok(0),
    }
}

fn resident_kib(pid: libc::pid_t) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    number(&text, "Rss:")
}

fn number(text: &str, name: &str) -> Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let word = line.and_then(|line| line.split_whitespace().next());
    Ok(word.ok_or_else(|| format!("no {name}"))?.parse()?)
}
