//! What the kernel leaves on a new process's stack: arguments, environment,
//! and the auxiliary vector.

use core::ffi::{CStr, c_char};
use core::iter;
use core::mem;
use core::slice;

use linux_raw_sys::auxvec;

/// The auxiliary vector's keys.
const AT_NULL: usize = auxvec::AT_NULL as usize;
const AT_EXECFN: usize = auxvec::AT_EXECFN as usize;

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

    /// What the stack was made from.
    pub fn pointer(&self) -> *const usize {
        self.argv.cast::<usize>().wrapping_sub(1)
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

    /// How many strings the environment has.
    pub fn environment_length(&self) -> usize {
        pointers(self.envp()).count()
    }

    /// The environment's pointers, but for strings that `is_left_out`; that is
    /// asked only of those that begin with one of the `first` bytes.
    pub fn environment_without(
        &self,
        first: [bool; 256],
        is_left_out: impl Fn(&[u8]) -> bool,
    ) -> impl Iterator<Item = *const c_char> {
        pointers(self.envp()).filter(move |pointer| {
            // SAFETY: it is one of the environment's strings.
            unsafe {
                let may_be = first[usize::from(pointer.cast::<u8>().read())];
                !may_be || !is_left_out(string(*pointer).to_bytes())
            }
        })
    }

    /// A variable's value; looks at no more of the others than their names.
    pub fn variable(&self, name: &[u8]) -> Option<&'static [u8]> {
        let is_it = |string: &*const c_char| {
            // SAFETY: nothing behind the string's NUL is read: it is no part of
            // a name.
            let at = |n: usize| unsafe { string.add(n).cast::<u8>().read() };
            (0..name.len()).all(|n| at(n) == name[n]) && at(name.len()) == b'='
        };
        let pointer = pointers(self.envp()).find(is_it)?;
        // SAFETY: it is one of the environment's.
        let string = unsafe { string(pointer) };
        Some(&string.to_bytes()[name.len() + 1..])
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

fn strings(list: *const *const c_char) -> impl Iterator<Item = &'static CStr> {
    // SAFETY: the kernel's strings live as long as the process.
    pointers(list).map(|pointer| unsafe { string(pointer) })
}

fn pointers(mut list: *const *const c_char) -> impl Iterator<Item = *const c_char> {
    iter::from_fn(move || {
        // SAFETY: the pointers end in a null, behind which this never goes.
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

/// The number of bytes before the NUL. libc chooses its strlen at start-up, so
/// that cannot be called yet.
///
/// # Safety
/// As [`string`].
unsafe fn length(start: *const u8) -> usize {
    const ONES: usize = usize::MAX / 255;
    const HIGHS: usize = ONES << 7;
    const WORD: usize = mem::size_of::<usize>();
    let mut end = start;
    // SAFETY: a word at an address that its size divides lies in one page with
    // its first byte, so where one byte of it may be read all may. Volatile, or
    // the compiler sees a call of strlen in this.
    unsafe {
        while end as usize % WORD != 0 {
            if end.read_volatile() == 0 {
                return end as usize - start as usize;
            }
            end = end.add(1);
        }
        loop {
            let word = end.cast::<usize>().read_volatile();
            // The high bit of the lowest byte that is 0; those above may err.
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

    #[test]
    fn a_strings_length_is_found_wherever_it_begins() {
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
