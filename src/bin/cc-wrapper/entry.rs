//! The entry point of release builds: it tries to handle a plain call without
//! libc, and otherwise jumps to libc's entry point.

use std::alloc::System;
use std::arch::global_asm;

use cc_wrapper::early::{Heap, start};

#[global_allocator]
static HEAP: Heap<System> = Heap::over(System);

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
