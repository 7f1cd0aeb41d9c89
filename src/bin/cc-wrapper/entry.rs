//! The entry point of release builds: it tries to handle a plain call without
//! libc, and otherwise jumps to libc's entry point.

use std::alloc::System;
use std::arch::global_asm;
use std::env;

use cc_wrapper::early::{AFTER_FAULT, Heap, START, start};

use crate::process::memory::OrExit;

#[global_allocator]
static HEAP: Heap<OrExit<System>> = Heap::over(OrExit::over(System));

/// Gives CC_WRAPPER_START the caller's value again if the early start has
/// changed it after a fault, because tools and hooks inherit it. Must be called
/// first in `main`.
#[allow(unsafe_code)]
pub fn forget_fault() {
    let mut values = env::vars_os().filter(|(name, _)| name == START);
    if values.next().is_some_and(|(_, value)| value == AFTER_FAULT) {
        let callers = values.next();
        // SAFETY: there is one thread yet.
        unsafe {
            env::remove_var(START);
            if let Some((name, value)) = callers {
                env::set_var(name, value);
            }
        }
    }
}

// Passes the stack pointer to `start`. If that returns, restores the registers
// and the stack of the process's start and jumps to libc's `_start`.
#[cfg(target_arch = "x86_64")]
global_asm!(
    ".globl cc_wrapper_start",
    "cc_wrapper_start:",
    "mov rbx, rsp",
    "mov r12, rdx",
    "mov rdi, rsp",
    "and rsp, -16",
    "xor ebp, ebp",
    "call {start}",
    "mov rsp, rbx",
    "mov rdx, r12",
    "jmp _start",
    start = sym start,
);

#[cfg(target_arch = "aarch64")]
global_asm!(
    ".globl cc_wrapper_start",
    "cc_wrapper_start:",
    "mov x19, sp",
    "mov x20, x0",
    "mov x0, sp",
    "mov x29, xzr",
    "bl {start}",
    "mov sp, x19",
    "mov x0, x20",
    "b _start",
    start = sym start,
);
