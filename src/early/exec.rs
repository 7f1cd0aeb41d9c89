//! Replaces this process with the real tool. Long command lines go into
//! response files in memory (docs/behaviour.md#5-response-files).

use alloc::format;
use alloc::vec::Vec;
use core::ffi::{CStr, c_char};
use core::ptr;

use super::stack::Stack;
use super::syscall::{self, E2BIG, Errno, File, Memory};
use crate::model::plan::{Plan, ResponseFile};
use crate::rules::response_file;

/// Executes the plan. Returns if the kernel refuses or if the response file
/// must be a named file.
pub fn exec(plan: &Plan, stack: &Stack) {
    let args = || plan.command.args().map(|arg| &arg[..]);
    let refused = match plan.response_file {
        ResponseFile::Always => E2BIG,
        _ => exec_with(plan, args(), stack),
    };
    if refused == E2BIG && plan.response_file != ResponseFile::Never {
        if let Some(files) = write_response_files(plan, args()) {
            exec_with(plan, files.iter().map(|file| &file.argument[..]), stack);
        }
    }
}

/// Executes the plan's program with `args`. Returns the error if the kernel
/// refuses.
fn exec_with<'p>(
    plan: &'p Plan,
    args: impl Iterator<Item = &'p [u8]> + Clone,
    stack: &Stack,
) -> Errno {
    let variables = &plan.environment;
    let length = plan.program.len()
        + args.clone().map(|arg| arg.len() + 1).sum::<usize>()
        + variables
            .iter()
            .map(|(name, value)| name.len() + value.as_ref().map_or(0, Vec::len) + 2)
            .sum::<usize>();
    let mut strings = Strings(Vec::with_capacity(length + 1));

    let count = args.clone().count();
    let mut argv: Vec<*const c_char> = Vec::with_capacity(count + 2);
    argv.push(strings.add(&[&plan.program]));
    argv.extend(args.map(|arg| strings.add(&[arg])));
    argv.push(ptr::null());

    let length = stack.environment_length() + variables.len() + 1;
    let mut envp: Vec<*const c_char> = Vec::with_capacity(length);
    let is_replaced = |string: &[u8]| {
        variables
            .iter()
            .any(|(name, _)| string.get(name.len()) == Some(&b'=') && string.starts_with(name))
    };
    let mut first = [false; 256];
    for (name, _) in variables.iter().filter(|(name, _)| !name.is_empty()) {
        first[usize::from(name[0])] = true;
    }
    envp.extend(stack.environment_without(first, is_replaced));
    let ours = variables
        .iter()
        .filter_map(|(name, value)| Some(strings.add(&[name, b"=", value.as_ref()?])));
    envp.extend(ours);
    envp.push(ptr::null());
    // SAFETY: both lists end in a null pointer; the strings outlive the call.
    unsafe { syscall::execve(argv[0], argv.as_ptr(), envp.as_ptr()) }
}

/// `@PATH` of a response file in memory, which lives as long as this value, or
/// an empty argument.
struct Written {
    argument: Vec<u8>,
    _memory: Option<Memory>,
}

/// Writes `args` into response files in memory. Returns `None` if the tool is a
/// script, if the file size limit is too low, or if a system call fails.
fn write_response_files<'p>(
    plan: &Plan,
    args: impl Iterator<Item = &'p [u8]>,
) -> Option<Vec<Written>> {
    let program = [&plan.program[..], b"\0"].concat();
    let program = CStr::from_bytes_with_nul(&program).ok()?;
    // Some interpreters close inherited file descriptors before they run
    // other programs.
    if File::open(program).ok()?.starts_with(b"#!") {
        return None;
    }
    let texts = response_file::texts(args);
    let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
    if syscall::largest_file() < longest as u64 {
        return None;
    }
    texts.iter().map(|text| write(text)).collect()
}

fn write(text: &[u8]) -> Option<Written> {
    if text.is_empty() {
        return Some(Written {
            argument: Vec::new(),
            _memory: None,
        });
    }
    let memory = Memory::create(c"cc-wrapper.rsp").ok()?;
    memory.write_all(text).ok()?;
    memory.seal();
    let path = format!("/proc/self/fd/{}\0", memory.descriptor());
    let path = CStr::from_bytes_with_nul(path.as_bytes()).ok()?;
    syscall::status(path, true).ok()?;
    Some(Written {
        argument: [b"@", path.to_bytes()].concat(),
        _memory: Some(memory),
    })
}

/// NUL-terminated strings in one buffer. Its capacity must suffice from the
/// beginning, because pointers into it must stay valid.
struct Strings(Vec<u8>);

impl Strings {
    fn add(&mut self, parts: &[&[u8]]) -> *const c_char {
        let (start, capacity) = (self.0.len(), self.0.capacity());
        for part in parts {
            self.0.extend_from_slice(part);
        }
        self.0.push(0);
        debug_assert_eq!(capacity, self.0.capacity(), "the strings have moved");
        self.0[start..].as_ptr().cast()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(debug_assertions)]
    #[test]
    #[should_panic(expected = "the strings have moved")]
    fn strings_that_were_not_counted_are_a_fault() {
        let mut strings = Strings(Vec::with_capacity(4));
        strings.add(&[b"a", b"b"]);
        strings.add(&[b"c", b"d", b"e", b"f", b"g", b"h"]);
    }
}
