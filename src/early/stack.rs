//! What the kernel leaves on a new process's stack: arguments, environment,
//! and the auxiliary vector.

use core::ffi::{c_char, CStr};
use core::iter;
use core::slice;

/// The auxiliary vector's keys.
const AT_NULL: usize = 0;
const AT_EXECFN: usize = 31;

/// The initial stack, which lives as long as the process.
#[derive(Clone, Copy)]
pub struct Stack {
    argc: usize,
    argv: *const *const c_char,
}

impl Stack {
    /// # Safety
    /// `pointer` is the stack pointer that the kernel gave the process, and
    /// nothing above it has been changed.
    pub unsafe fn new(pointer: *const usize) -> Stack {
        // SAFETY: argc lies there, and argv right above it.
        unsafe {
            Stack {
                argc: *pointer,
                argv: pointer.add(1).cast(),
            }
        }
    }

    /// The arguments' pointers, ending in a null.
    pub fn argv(&self) -> *const *const c_char {
        self.argv
    }

    /// The environment's pointers, ending in a null.
    pub fn envp(&self) -> *const *const c_char {
        // SAFETY: they lie behind the arguments' null.
        unsafe { self.argv.add(self.argc + 1) }
    }

    pub fn arguments(&self) -> impl Iterator<Item = &'static CStr> {
        strings(self.argv)
    }

    pub fn environment(&self) -> impl Iterator<Item = &'static CStr> {
        strings(self.envp())
    }

    pub fn variable(&self, name: &[u8]) -> Option<&'static [u8]> {
        self.environment().find_map(|string| {
            let value = string.to_bytes().strip_prefix(name)?;
            value.strip_prefix(b"=")
        })
    }

    /// The path that the kernel ran.
    pub fn executable(&self) -> Option<&'static CStr> {
        let mut entry: *const usize = self.envp().cast();
        // SAFETY: the auxiliary vector lies behind the environment's null and
        // ends with AT_NULL; AT_EXECFN is a string's address.
        unsafe {
            while *entry != 0 {
                entry = entry.add(1);
            }
            entry = entry.add(1);
            while *entry != AT_NULL {
                if *entry == AT_EXECFN {
                    let path = *entry.add(1) as *const c_char;
                    return Some(string(path)).filter(|path| !path.is_empty());
                }
                entry = entry.add(2);
            }
        }
        None
    }
}

fn strings(mut pointer: *const *const c_char) -> impl Iterator<Item = &'static CStr> {
    iter::from_fn(move || {
        // SAFETY: the pointers end in a null, behind which this never goes.
        unsafe {
            if (*pointer).is_null() {
                return None;
            }
            let next = string(*pointer);
            pointer = pointer.add(1);
            Some(next)
        }
    })
}

/// # Safety
/// `pointer` is the address of a string that lives as long as the process.
unsafe fn string(pointer: *const c_char) -> &'static CStr {
    // SAFETY: the caller's promise; the slice ends with the first NUL.
    unsafe {
        let mut length = 0;
        // libc chooses its strlen at start-up, so it cannot be called yet;
        // volatile, or the compiler sees a call of it in this.
        while pointer.add(length).read_volatile() != 0 {
            length += 1;
        }
        CStr::from_bytes_with_nul_unchecked(slice::from_raw_parts(pointer.cast(), length + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn the_stack_is_read_as_the_kernel_lays_it() {
        let words: [&CStr; 4] = [c"gcc", c"-c", c"PATH=/bin", c"EMPTY="];
        let at = |n: usize| words[n].as_ptr() as usize;
        let path = c"/bin/gcc".as_ptr() as usize;
        let memory = [
            2,
            at(0),
            at(1),
            0,
            at(2),
            at(3),
            0,
            6,
            4096,
            AT_EXECFN,
            path,
            AT_NULL,
            0,
        ];
        // SAFETY: laid as the kernel does.
        let stack = unsafe { Stack::new(memory.as_ptr()) };
        assert_eq!(stack.arguments().collect::<Vec<_>>(), words[..2]);
        assert_eq!(stack.environment().collect::<Vec<_>>(), words[2..]);
        assert_eq!(stack.executable(), Some(c"/bin/gcc"));
        assert_eq!(stack.variable(b"PATH"), Some(&b"/bin"[..]));
        assert_eq!(stack.variable(b"EMPTY"), Some(&b""[..]));
        assert_eq!(stack.variable(b"PAT"), None);
    }
}
