//! Reads the initial stack of the process: arguments, environment and
//! auxiliary vector.

use core::ffi::{CStr, c_char};
use core::iter;
use core::mem;
use core::slice;

use linux_raw_sys::auxvec;

/// The auxiliary vector's keys.
const AT_NULL: usize = auxvec::AT_NULL as usize;
const AT_EUID: usize = auxvec::AT_EUID as usize;
const AT_SECURE: usize = auxvec::AT_SECURE as usize;
const AT_EXECFN: usize = auxvec::AT_EXECFN as usize;

/// The initial stack. It lives as long as the process.
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
        // SAFETY: argc lies at the stack pointer, argv directly above it.
        unsafe {
            Stack {
                argc: *pointer,
                argv: pointer.add(1).cast(),
            }
        }
    }

    /// The stack pointer that was given to [`Stack::new`].
    pub fn pointer(&self) -> *const usize {
        self.argv.cast::<usize>().wrapping_sub(1)
    }

    /// The argument pointers, terminated by a null pointer.
    pub fn argv(&self) -> *const *const c_char {
        self.argv
    }

    /// The environment pointers, terminated by a null pointer.
    pub fn envp(&self) -> *const *const c_char {
        // SAFETY: they follow the null pointer that ends the arguments.
        unsafe { self.argv.add(self.argc + 1) }
    }

    pub fn arguments(&self) -> impl Iterator<Item = &'static CStr> {
        strings(self.argv)
    }

    pub fn environment(&self) -> impl Iterator<Item = &'static CStr> {
        strings(self.envp())
    }

    /// The number of strings in the environment.
    pub fn environment_length(&self) -> usize {
        pointers(self.envp()).count()
    }

    /// The environment pointers without the strings for which `is_left_out`
    /// returns true. It is called only for strings whose first byte is set in
    /// `first`.
    pub fn environment_without(
        &self,
        first: [bool; 256],
        is_left_out: impl Fn(&[u8]) -> bool,
    ) -> impl Iterator<Item = *const c_char> {
        pointers(self.envp()).filter(move |pointer| {
            // SAFETY: it points to a string of the environment.
            unsafe {
                let may_be = first[usize::from(pointer.cast::<u8>().read())];
                !may_be || !is_left_out(string(*pointer).to_bytes())
            }
        })
    }

    /// The value of the variable `name`. Of other variables, only the name is
    /// read.
    pub fn variable(&self, name: &[u8]) -> Option<&'static [u8]> {
        let is_it = |string: &*const c_char| {
            // SAFETY: reading stops at the string's NUL, because names contain
            // no NUL.
            let at = |n: usize| unsafe { string.add(n).cast::<u8>().read() };
            (0..name.len()).all(|n| at(n) == name[n]) && at(name.len()) == b'='
        };
        let pointer = pointers(self.envp()).find(is_it)?;
        // SAFETY: it points to a string of the environment.
        let string = unsafe { string(pointer) };
        Some(&string.to_bytes()[name.len() + 1..])
    }

    /// What the kernel says about the process. `None` if it does not say which
    /// path was given to execve.
    pub fn process(&self) -> Option<Process> {
        let mut entry: *const usize = self.envp().cast();
        let (mut user, mut is_secure) = (0, false);
        // SAFETY: the auxiliary vector follows the null pointer that ends the
        // environment, and ends with AT_NULL. AT_EXECFN's value is the address
        // of a string.
        unsafe {
            while *entry != 0 {
                entry = entry.add(1);
            }
            entry = entry.add(1);
            let mut executable = None;
            while *entry != AT_NULL {
                let value = *entry.add(1);
                // Not a `match`, because its jump table would touch another
                // page.
                if *entry == AT_EXECFN {
                    executable = Some(string(value as *const c_char));
                } else if *entry == AT_EUID {
                    user = value as u32;
                } else if *entry == AT_SECURE {
                    is_secure = value != 0;
                }
                entry = entry.add(2);
            }
            Some(Process {
                executable: executable.filter(|path| !path.is_empty())?,
                user,
                is_secure,
            })
        }
    }
}

/// A process as the auxiliary vector describes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Process {
    /// The path that was given to execve (AT_EXECFN).
    pub executable: &'static CStr,
    /// The effective user (AT_EUID).
    pub user: u32,
    /// Whether the process has rights that its caller lacks (AT_SECURE).
    pub is_secure: bool,
}

fn strings(list: *const *const c_char) -> impl Iterator<Item = &'static CStr> {
    // SAFETY: the kernel's strings live as long as the process.
    pointers(list).map(|pointer| unsafe { string(pointer) })
}

fn pointers(mut list: *const *const c_char) -> impl Iterator<Item = *const c_char> {
    iter::from_fn(move || {
        // SAFETY: a null pointer ends the list, and `list` never passes it.
        unsafe {
            let pointer = *list;
            if pointer.is_null() {
                return None;
            }
            list = list.add(1);
            Some(pointer)
        }
    })
}

/// # Safety
/// `pointer` is the address of a string that lives as long as the process.
unsafe fn string(pointer: *const c_char) -> &'static CStr {
    // SAFETY: the caller's promise; the slice ends with the first NUL.
    unsafe {
        let length = length(pointer.cast());
        CStr::from_bytes_with_nul_unchecked(slice::from_raw_parts(pointer.cast(), length + 1))
    }
}

/// The number of bytes before the NUL. libc selects its strlen at start-up, so
/// it cannot be called yet.
///
/// # Safety
/// As [`string`].
unsafe fn length(start: *const u8) -> usize {
    const ONES: usize = usize::MAX / 255;
    const HIGHS: usize = ONES << 7;
    const WORD: usize = mem::size_of::<usize>();
    let mut end = start;
    // SAFETY: an aligned word lies in one page, so if its first byte is
    // readable, the whole word is. Volatile, because the compiler would turn
    // this into a call of strlen.
    unsafe {
        while end as usize % WORD != 0 {
            if end.read_volatile() == 0 {
                return end as usize - start as usize;
            }
            end = end.add(1);
        }
        loop {
            let word = end.cast::<usize>().read_volatile();
            // The lowest set bit marks the first zero byte. Bits above it may
            // be wrong.
            let zeros = word.wrapping_sub(ONES) & !word & HIGHS;
            if zeros != 0 {
                let byte = zeros.to_le().trailing_zeros() as usize / 8;
                return end as usize + byte - start as usize;
            }
            end = end.add(WORD);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn arguments_environment_and_executable_are_read() {
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
            AT_EUID,
            1000,
            AT_SECURE,
            1,
            AT_EXECFN,
            path,
            AT_NULL,
            0,
        ];
        // SAFETY: the layout is the kernel's.
        let stack = unsafe { Stack::new(memory.as_ptr()) };
        assert_eq!(stack.arguments().collect::<Vec<_>>(), words[..2]);
        assert_eq!(stack.environment().collect::<Vec<_>>(), words[2..]);
        let process = Process {
            executable: c"/bin/gcc",
            user: 1000,
            is_secure: true,
        };
        assert_eq!(stack.process(), Some(process));
        assert_eq!(stack.variable(b"PATH"), Some(&b"/bin"[..]));
        assert_eq!(stack.variable(b"EMPTY"), Some(&b""[..]));
        assert_eq!(stack.variable(b"PAT"), None);
    }

    #[test]
    fn string_length_does_not_depend_on_alignment() {
        let bytes: Vec<u8> = (0..64)
            .map(|n| if n == 40 { 0 } else { 0x80 + n })
            .collect();
        for start in 0..=40 {
            // SAFETY: there is a NUL behind each start.
            let length = unsafe { length(bytes[start..].as_ptr()) };
            assert_eq!(length, 40 - start);
        }
    }
}
