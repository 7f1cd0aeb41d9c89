//! Recovery from a fault before libc has started: the program runs itself
//! again with the early start disabled.

use core::ffi::{CStr, c_char};
use core::ptr;
use core::sync::atomic::Ordering::Relaxed;

use linux_raw_sys::general::{SA_NODEFER, SA_RESTORER, SIGSEGV, kernel_sigset_t};

use super::stack::Stack;
use super::statics::STATICS;
use super::syscall::{self, Change, change_blocked, kernel_sigaction};

/// The bit of SIGSEGV in a signal set.
const BIT: u64 = 1 << (SIGSEGV - 1);

/// The default action of a signal.
const DEFAULT: kernel_sigaction = kernel_sigaction {
    sa_handler_kernel: None,
    sa_flags: 0,
    sa_restorer: None,
    sa_mask: kernel_sigset_t { sig: [0] },
};

/// `START=AFTER_FAULT`
const ORDINARY: &CStr = c"CC_WRAPPER_START=after-fault";

/// Installs a SIGSEGV handler that restarts the program through libc. It also
/// catches panics: the panic code first accesses thread-local storage, which
/// does not exist yet, and so faults. Returns false if the handler cannot be
/// installed or if SIGSEGV was blocked or handled already.
pub fn catch(stack: &Stack) -> bool {
    STATICS.stack.store(stack.pointer() as usize, Relaxed);
    let Ok(blocked) = change_blocked(Change::Unblock, BIT) else {
        return false;
    };
    if blocked & BIT != 0 {
        // The real tool must inherit the mask that we inherited.
        let _ = change_blocked(Change::Set, blocked);
        return false;
    }
    let ours = kernel_sigaction {
        sa_handler_kernel: Some(on_fault),
        // SA_NODEFER: otherwise SIGSEGV is blocked in the handler, and the
        // program that it executes inherits that. The kernel requires
        // SA_RESTORER, but no restorer runs, because the handler never returns.
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

/// Restores the default action of SIGSEGV.
pub fn release() {
    let _ = set(&DEFAULT);
}

fn set(action: &kernel_sigaction) -> Result<kernel_sigaction, syscall::Errno> {
    // SAFETY: our handler works in any state of the program, because it
    // replaces the process.
    unsafe { syscall::signal_action(SIGSEGV, action) }
}

unsafe extern "C" fn on_fault(_signal: i32) {
    // The ordinary start would hide what the assertions found.
    #[cfg(debug_assertions)]
    if !wants_panic(&stack()) {
        syscall::print_error(b"cc-wrapper: the early start panicked\n");
        syscall::exit(101);
    }
    start_ordinarily();
}

/// Whether a build with debug assertions should panic before libc has started,
/// so that a test sees how the program goes on.
#[cfg(debug_assertions)]
pub fn wants_panic(stack: &Stack) -> bool {
    stack.variable(b"CC_WRAPPER_PANIC_EARLY").is_some()
}

/// The stack that was given to [`catch`].
fn stack() -> Stack {
    // SAFETY: `catch` has stored the kernel's stack pointer; nothing that can
    // fail runs before it.
    unsafe { Stack::new(STATICS.stack.load(Relaxed) as *const usize) }
}

/// Runs this program again with [`ORDINARY`].
pub fn start_ordinarily() -> ! {
    let stack = stack();
    // SAFETY: the list holds the environment, one more string and the null
    // pointer.
    unsafe {
        let count = stack.environment_length();
        let size = (count + 2) * core::mem::size_of::<*const c_char>();
        if let (Some(process), Ok(list)) = (stack.process(), syscall::map(size)) {
            let list: *mut *const c_char = list.cast();
            // If a variable is set twice, the first one counts.
            *list = ORDINARY.as_ptr();
            ptr::copy_nonoverlapping(stack.envp(), list.add(1), count);
            *list.add(count + 1) = ptr::null();
            syscall::execve(process.executable.as_ptr(), stack.argv(), list);
        }
    }
    syscall::print_error(b"cc-wrapper: out of memory; free some, or raise ulimit -v\n");
    syscall::exit(1)
}

#[cfg(test)]
mod tests {
    use super::ORDINARY;
    use crate::early::{AFTER_FAULT, START};
    use alloc::format;

    #[test]
    fn the_variable_is_the_one_that_main_restores() {
        let expected = format!("{START}={AFTER_FAULT}");
        assert_eq!(ORDINARY.to_bytes(), expected.as_bytes());
    }
}
