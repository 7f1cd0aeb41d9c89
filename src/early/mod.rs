//! The early start (docs/glossary.md): plans a wrapped call and execs the real
//! tool before libc has started.
//!
//! The release build's entry point is [`start`], which uses system calls only.
//! Rare calls need more than that: messages, records, response files with a
//! name, errors. For them, [`start`] returns, libc's own entry point runs, and
//! `main` handles the call from the beginning.
//!
//! libc is not initialised here, so this code must not use thread-local
//! storage or functions that libc selects at start-up (memory.rs replaces
//! those), and all allocations come from `heap`. A violation, such as a
//! panic, raises SIGSEGV. `fault` catches it and runs the program again with
//! `CC_WRAPPER_START=after-fault`.

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
use stack::{Process, Stack};
pub use world::Kernel;

/// The value `libc` disables the early start, and so does [`AFTER_FAULT`].
pub const START: &str = "CC_WRAPPER_START";

/// The value of [`START`] in a program that starts again after a fault. `main`
/// restores the caller's value.
pub const AFTER_FAULT: &str = "after-fault";

/// Plans the wrapped call and replaces this process with the real tool.
/// Returns if the call needs the ordinary start.
///
/// # Safety
/// Call it once, before anything else, with the stack pointer that the kernel
/// gave the process.
pub unsafe extern "C" fn start(stack: *const usize) {
    // SAFETY: the caller's promise.
    let stack = unsafe { Stack::new(stack) };
    let Some(process) = stack.process() else {
        return;
    };
    // The ordinary start refuses such a call.
    if process.is_secure {
        return;
    }
    let asked = stack.variable(START.as_bytes());
    if asked == Some(b"libc") || asked == Some(AFTER_FAULT.as_bytes()) || !fault::catch(&stack) {
        return;
    }
    heap::open();
    run(&stack, &process);
    heap::close();
    fault::release();
}

/// Returns if the call is not plain or if it fails.
fn run(stack: &Stack, process: &Process) {
    #[cfg(debug_assertions)]
    assert!(!fault::wants_panic(stack), "a test wants this panic");
    plan_and_exec(stack, process);
}

fn plan_and_exec(stack: &Stack, process: &Process) {
    let environment = Environment::new(stack.environment().map(CStr::to_bytes));
    let args: Vec<&[u8]> = stack.arguments().skip(1).map(CStr::to_bytes).collect();
    let kernel = Kernel::new(process.user);
    let tool = |call: Call| {
        if let Ok(plan) = decide(&call, &kernel, &mut Log::default()) {
            if is_plain(&plan) && !kernel.has_given_up() {
                exec::exec(&plan, stack);
            }
        }
    };
    // The ordinary start meets the same error and reports it.
    let _ = dispatch(
        process.executable.to_bytes(),
        &args,
        &environment,
        &kernel,
        tool,
    );
}

/// Whether the plan only execs.
fn is_plain(plan: &Plan) -> bool {
    plan.events.is_empty()
        && plan.debug < 1
        && plan.launcher.is_none()
        && plan.post_link.is_none()
        && plan.record.is_none()
        && plan.statistics.is_none()
}
