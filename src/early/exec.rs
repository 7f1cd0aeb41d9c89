//! Becoming the real tool.

use alloc::vec::Vec;
use core::ffi::{c_char, CStr};
use core::ptr;

use super::stack::Stack;
use super::syscall;
use crate::plan::Plan;

/// Returns if the kernel refuses.
pub fn exec(plan: &Plan, stack: &Stack) {
    let mut strings = Strings::default();
    strings.add(&[&plan.program]);
    for arg in plan.command.args() {
        strings.add(&[arg]);
    }
    let args = strings.starts.len();
    for (name, value) in &plan.environment {
        strings.add(&[name, b"=", value]);
    }
    let pointers: Vec<*const c_char> = strings.pointers().collect();

    let mut argv = Vec::from(&pointers[..args]);
    argv.push(ptr::null());
    let kept = stack
        .environment()
        .filter(|string| !is_replaced(string, plan));
    let mut envp: Vec<*const c_char> = kept.map(CStr::as_ptr).collect();
    envp.extend_from_slice(&pointers[args..]);
    envp.push(ptr::null());
    // SAFETY: both end in a null; the strings outlive the call.
    unsafe { syscall::execve(argv[0], argv.as_ptr(), envp.as_ptr()) };
}

fn is_replaced(string: &CStr, plan: &Plan) -> bool {
    let string = string.to_bytes();
    plan.environment
        .iter()
        .any(|(name, _)| string.get(name.len()) == Some(&b'=') && string.starts_with(name))
}

/// Strings with their NULs, one behind the other.
#[derive(Default)]
struct Strings {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Strings {
    fn add(&mut self, parts: &[&[u8]]) {
        self.starts.push(self.bytes.len());
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.bytes.push(0);
    }

    /// Valid until a string is added.
    fn pointers(&self) -> impl Iterator<Item = *const c_char> + '_ {
        self.starts
            .iter()
            .map(|&start| self.bytes[start..].as_ptr().cast())
    }
}
