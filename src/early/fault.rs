//! When something goes wrong before libc has started: the program runs itself
//! again, and starts the ordinary way.

use core::ffi::{c_char, CStr};
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use super::stack::Stack;
use super::syscall::{self, SignalAction};

const SIGSEGV: usize = 11;
const SIG_DFL: usize = 0;
/// The handler's signal is not blocked in it: what it runs would inherit that.
const SA_NODEFER: usize = 0x4000_0000;
/// The kernel insists on it, though the handler never returns.
const SA_RESTORER: usize = 0x0400_0000;

const ORDINARY: &CStr = c"CC_WRAPPER_START=libc";

static EXECUTABLE: AtomicPtr<c_char> = AtomicPtr::new(ptr::null_mut());
static ARGV: AtomicPtr<*const c_char> = AtomicPtr::new(ptr::null_mut());
static ENVP: AtomicPtr<*const c_char> = AtomicPtr::new(ptr::null_mut());

/// From now on a fault starts the program the ordinary way. Without libc, a
/// panic is one: the first thing it does is count itself in thread-local
/// storage, which is not there. False: it cannot be caught.
pub fn catch(stack: &Stack, executable: &'static CStr) -> bool {
    EXECUTABLE.store(executable.as_ptr().cast_mut(), Relaxed);
    ARGV.store(stack.argv().cast_mut(), Relaxed);
    ENVP.store(stack.envp().cast_mut(), Relaxed);
    set(on_fault as *const () as usize).is_ok_and(|old| old.handler == SIG_DFL)
}

/// Faults are as they were.
pub fn release() {
    let _ = set(SIG_DFL);
}

fn set(handler: usize) -> Result<SignalAction, syscall::Errno> {
    let action = SignalAction {
        handler,
        flags: SA_NODEFER | SA_RESTORER,
        restorer: handler,
        mask: 0,
    };
    // SAFETY: the handler takes any state of the program, as it leaves it.
    unsafe { syscall::signal_action(SIGSEGV, &action) }
}

extern "C" fn on_fault(_signal: i32) {
    start_ordinarily();
}

/// Runs this program again, which is told to start through libc.
pub fn start_ordinarily() -> ! {
    let envp = ENVP.load(Relaxed).cast_const();
    // SAFETY: these are the kernel's, from the stack; the list is as long as
    // theirs, one more and the null.
    unsafe {
        let count = (0..).take_while(|&n| !(*envp.add(n)).is_null()).count();
        if let Ok(list) = syscall::map((count + 2) * core::mem::size_of::<*const c_char>()) {
            let list: *mut *const c_char = list.cast();
            ptr::copy_nonoverlapping(envp, list, count);
            *list.add(count) = ORDINARY.as_ptr();
            *list.add(count + 1) = ptr::null();
            syscall::execve(
                EXECUTABLE.load(Relaxed),
                ARGV.load(Relaxed).cast_const(),
                list,
            );
        }
    }
    syscall::tell(
        b"cc-wrapper: cannot start: out of memory; free some, or set CC_WRAPPER_START=libc\n",
    );
    syscall::exit(1)
}
