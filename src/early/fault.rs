//! When something goes wrong before libc has started: the program runs itself
//! again, and starts the ordinary way.

use core::ffi::{CStr, c_char};
use core::ptr;
use core::sync::atomic::Ordering::Relaxed;

use linux_raw_sys::general::{SA_NODEFER, SA_RESTORER, SIGSEGV, kernel_sigset_t};

use super::stack::Stack;
use super::statics::STATICS;
use super::syscall::{self, Change, change_blocked, kernel_sigaction};

/// SIGSEGV in a set of signals.
const BIT: u64 = 1 << (SIGSEGV - 1);

/// What a signal does by default.
const DEFAULT: kernel_sigaction = kernel_sigaction {
    sa_handler_kernel: None,
    sa_flags: 0,
    sa_restorer: None,
    sa_mask: kernel_sigset_t { sig: [0] },
};

const ORDINARY: &CStr = c"CC_WRAPPER_START=libc";

/// From now on a fault starts the program the ordinary way. Without libc, a
/// panic is one: the first thing it does is count itself in thread-local
/// storage, which is not there. False: it cannot be caught.
pub fn catch(stack: &Stack) -> bool {
    STATICS.stack.store(stack.pointer() as usize, Relaxed);
    let Ok(blocked) = change_blocked(Change::Unblock, BIT) else {
        return false;
    };
    if blocked & BIT != 0 {
        // The tool is to find it as we did.
        let _ = change_blocked(Change::Set, blocked);
        return false;
    }
    let ours = kernel_sigaction {
        sa_handler_kernel: Some(on_fault),
        // The handler's signal is not blocked in it: what it runs would inherit
        // that. The kernel insists on the flag for a restorer, which is never
        // called: the handler does not return.
        sa_flags: (SA_NODEFER | SA_RESTORER).into(),
        ..DEFAULT
    };
    match set(&ours) {
        Ok(old) if old.sa_handler_kernel.is_none() => true,
        Ok(old) => {
            let _ = set(&old);
            false
        }
        Err(_) => false,
    }
}

/// Faults are as they were.
pub fn release() {
    let _ = set(&DEFAULT);
}

fn set(action: &kernel_sigaction) -> Result<kernel_sigaction, syscall::Errno> {
    // SAFETY: our handler takes any state of the program, as it leaves it.
    unsafe { syscall::signal_action(SIGSEGV, action) }
}

unsafe extern "C" fn on_fault(_signal: i32) {
    start_ordinarily();
}

/// Runs this program again, which is told to start through libc.
pub fn start_ordinarily() -> ! {
    // SAFETY: it is the kernel's, or `catch` has not been called and nothing
    // can have gone wrong. The list is as long as the environment, one more
    // and the null.
    unsafe {
        let stack = Stack::new(STATICS.stack.load(Relaxed) as *const usize);
        let count = stack.environment_length();
        let size = (count + 2) * core::mem::size_of::<*const c_char>();
        if let (Some(executable), Ok(list)) = (stack.executable(), syscall::map(size)) {
            let list: *mut *const c_char = list.cast();
            // First, since the first of two counts.
            *list = ORDINARY.as_ptr();
            ptr::copy_nonoverlapping(stack.envp(), list.add(1), count);
            *list.add(count + 1) = ptr::null();
            syscall::execve(executable.as_ptr(), stack.argv(), list);
        }
    }
    syscall::tell(
        b"cc-wrapper: cannot start: out of memory; free some, or set CC_WRAPPER_START=libc\n",
    );
    syscall::exit(1)
}
