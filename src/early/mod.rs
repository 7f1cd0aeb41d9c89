//! A wrapped call before libc has started.
//!
//! The program's entry point is ours: it plans the call and execs, all by
//! system calls. Whatever is rarer than that (a message, a record, a response
//! file with a name, an error) goes on at libc's own entry point as if nothing
//! had happened, and `main` does it from the beginning.
//!
//! What must hold, because nothing of libc is set up: no thread-local storage,
//! none of the functions that libc chooses at start-up (memory.rs has our own),
//! no allocation but from [`heap`]. Where that fails, as a panic in here
//! does, there is a fault; it is caught, and the program runs itself again with
//! `CC_WRAPPER_START=libc`.

#![allow(unsafe_code)]

mod exec;
mod fault;
mod heap;
#[cfg(any(early_start, test))]
mod memory;
mod stack;
mod statics;
mod syscall;
mod world;

use alloc::vec::Vec;
use core::ffi::CStr;

use crate::decide::decide;
use crate::model::call::Call;
use crate::model::environment::Environment;
use crate::model::plan::Plan;
use crate::planning::dispatch::dispatch;
use crate::planning::log::Log;

pub use heap::Heap;
use stack::Stack;
use world::Kernel;

/// Set to `libc`, it makes every call start through libc.
const START: &[u8] = b"CC_WRAPPER_START";

/// Plans the call that the kernel started this process for, and becomes the
/// real tool. Returns if there is more to do than that.
///
/// # Safety
/// To be called once, before anything else, with the stack pointer that the
/// kernel gave the process.
pub unsafe extern "C" fn start(stack: *const usize) {
    // SAFETY: the caller's promise.
    let stack = unsafe { Stack::new(stack) };
    let Some(executable) = stack.executable() else {
        return;
    };
    if stack.variable(START) == Some(b"libc") || !fault::catch(&stack) {
        return;
    }
    heap::open();
    run(&stack, executable);
    heap::close();
    fault::release();
}

/// Returns if the call is not plain, or fails.
fn run(stack: &Stack, executable: &CStr) {
    #[cfg(panics_early)]
    panic!("as it was asked for when this was built");
    #[cfg_attr(panics_early, allow(unreachable_code))]
    plan_and_exec(stack, executable);
}

fn plan_and_exec(stack: &Stack, executable: &CStr) {
    let environment = Environment::new(stack.environment().map(CStr::to_bytes));
    let args: Vec<&[u8]> = stack.arguments().skip(1).map(CStr::to_bytes).collect();
    let kernel = Kernel::default();
    let tool = |call: Call| {
        if let Ok(plan) = decide(&call, &kernel, &mut Log::default()) {
            if is_plain(&plan) && !kernel.has_given_up() {
                exec::exec(&plan, stack);
            }
        }
    };
    // An error is told by the ordinary start, which comes upon it again.
    let _ = dispatch(executable.to_bytes(), &args, &environment, &kernel, tool);
}

/// Whether the plan is an exec and nothing else.
fn is_plain(plan: &Plan) -> bool {
    plan.events.is_empty()
        && plan.debug < 1
        && plan.launcher.is_none()
        && plan.post_link.is_none()
        && plan.record.is_none()
        && plan.statistics.is_none()
}
