//! memcpy, memmove, memset, memcmp and bcmp, which compilers insert calls to.
//! libc selects its variants at start-up depending on the processor, so they
//! cannot be called before. The linker uses these functions instead, in the
//! whole program.

/// Defines functions under their C names, in builds with the early start only.
/// Other builds use libc's functions.
macro_rules! define {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) -> $result:ty $body:block)*) => {
        $(
            $(#[$doc])*
            #[cfg_attr(all(early_start, not(test)), unsafe(no_mangle))]
            pub unsafe extern "C" fn $name($($arg: $type),*) -> $result {
                // SAFETY: the caller's promise, the same as for libc's function.
                unsafe { $body }
            }
        )*
    };
}

define! {
    /// Copies `length` bytes from `from` to `to`, which do not overlap.
    fn memcpy(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
        forward(to, from, length);
        to
    }

    /// Copies `length` bytes from `from` to `to`, which may overlap.
    fn memmove(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
        if (to as usize).wrapping_sub(from as usize) >= length {
            forward(to, from, length);
        } else {
            backward(to, from, length);
        }
        to
    }

    /// Sets `length` bytes to the low byte of `byte`.
    fn memset(to: *mut u8, byte: i32, length: usize) -> *mut u8 {
        fill(to, byte as u8, length);
        to
    }

    /// Compares as bytes: negative if `a` is less than `b`, 0 if they are
    /// equal, positive otherwise.
    fn memcmp(a: *const u8, b: *const u8, length: usize) -> i32 {
        let mut n = 0;
        while n + 8 <= length {
            let x = a.add(n).cast::<u64>().read_unaligned();
            let y = b.add(n).cast::<u64>().read_unaligned();
            if x != y {
                break;
            }
            n += 8;
        }
        while n < length {
            let (x, y) = (*a.add(n), *b.add(n));
            if x != y {
                return i32::from(x) - i32::from(y);
            }
            n += 1;
        }
        0
    }

    /// 0 if the bytes are equal.
    fn bcmp(a: *const u8, b: *const u8, length: usize) -> i32 {
        memcmp(a, b, length)
    }
}

/// In bytes. For longer ranges, the code in `processor` is faster. Miri cannot
/// run that code.
const SHORT: usize = if cfg!(miri) { usize::MAX } else { 256 };

#[derive(Clone, Copy)]
#[repr(C, packed)]
struct Unaligned<T: Copy>(T);

/// # Safety
/// A `T` can be read from `from` and written to `to`.
#[inline(always)]
unsafe fn copy<T: Copy>(to: *mut u8, from: *const u8) {
    // SAFETY: the caller's promise. Volatile, because the compiler would turn
    // loops of this into calls of memcpy.
    unsafe {
        let word = from.cast::<T>().read_unaligned();
        to.cast::<Unaligned<T>>().write_volatile(Unaligned(word));
    }
}

/// # Safety
/// As memcpy; `to` may lie before `from`.
#[inline(always)]
unsafe fn forward(to: *mut u8, from: *const u8, length: usize) {
    // SAFETY: the caller's promise. The first and last words may overlap, so
    // both are read before either is written.
    unsafe {
        // Not a `match`, because its jump table would touch another page.
        if length >= 16 {
            if length > SHORT {
                return processor::forward(to, from, length);
            }
            let last = from.add(length - 16).cast::<u128>().read_unaligned();
            let mut done = 0;
            while done + 16 < length {
                copy::<u128>(to.add(done), from.add(done));
                done += 16;
            }
            to.add(length - 16)
                .cast::<Unaligned<u128>>()
                .write_volatile(Unaligned(last));
        } else if length >= 8 {
            ends::<u64>(to, from, length);
        } else if length >= 4 {
            ends::<u32>(to, from, length);
        } else if length > 0 {
            let (middle, last) = (*from.add(length / 2), *from.add(length - 1));
            to.write_volatile(*from);
            to.add(length / 2).write_volatile(middle);
            to.add(length - 1).write_volatile(last);
        }
    }
}

/// # Safety
/// As [`forward`], and `length` is between one and two times the size of `T`.
#[inline(always)]
unsafe fn ends<T: Copy>(to: *mut u8, from: *const u8, length: usize) {
    let end = length - core::mem::size_of::<T>();
    // SAFETY: the caller's promise.
    unsafe {
        let first = from.cast::<T>().read_unaligned();
        let last = from.add(end).cast::<T>().read_unaligned();
        to.cast::<Unaligned<T>>().write_volatile(Unaligned(first));
        to.add(end)
            .cast::<Unaligned<T>>()
            .write_volatile(Unaligned(last));
    }
}

/// # Safety
/// As memmove, `to` behind `from`.
#[inline(always)]
unsafe fn backward(to: *mut u8, from: *const u8, mut length: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        while length >= 8 {
            length -= 8;
            copy::<u64>(to.add(length), from.add(length));
        }
        while length > 0 {
            length -= 1;
            to.add(length).write_volatile(*from.add(length));
        }
    }
}

/// # Safety
/// As memset.
#[inline(always)]
unsafe fn fill(mut to: *mut u8, byte: u8, mut length: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if length > SHORT {
            return processor::fill(to, byte, length);
        }
        let word = u64::from_ne_bytes([byte; 8]);
        while length >= 8 {
            to.cast::<Unaligned<u64>>().write_volatile(Unaligned(word));
            (to, length) = (to.add(8), length - 8);
        }
        while length > 0 {
            to.write_volatile(byte);
            (to, length) = (to.add(1), length - 1);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod processor {
    use core::arch::asm;

    /// # Safety
    /// As memcpy; `to` may lie before `from`.
    pub unsafe fn forward(to: *mut u8, from: *const u8, length: usize) {
        // SAFETY: the caller's promise; the direction flag is clear.
        unsafe {
            asm!(
                "rep movsb",
                inout("rcx") length => _,
                inout("rdi") to => _,
                inout("rsi") from => _,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    /// As memset.
    pub unsafe fn fill(to: *mut u8, byte: u8, length: usize) {
        // SAFETY: the caller's promise; the direction flag is clear.
        unsafe {
            asm!(
                "rep stosb",
                inout("rcx") length => _,
                inout("rdi") to => _,
                in("al") byte,
                options(nostack, preserves_flags),
            );
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod processor {
    use core::arch::asm;

    /// # Safety
    /// As memcpy; `to` may lie before `from`.
    pub unsafe fn forward(to: *mut u8, from: *const u8, length: usize) {
        // SAFETY: the caller's promise; `length` is not 0.
        unsafe {
            asm!(
                "2: cmp {length}, #16",
                "b.lo 3f",
                "ldr q0, [{from}], #16",
                "str q0, [{to}], #16",
                "sub {length}, {length}, #16",
                "b 2b",
                "3: cbz {length}, 4f",
                "ldrb {byte:w}, [{from}], #1",
                "strb {byte:w}, [{to}], #1",
                "sub {length}, {length}, #1",
                "b 3b",
                "4:",
                length = inout(reg) length => _,
                to = inout(reg) to => _,
                from = inout(reg) from => _,
                byte = out(reg) _,
                out("v0") _,
                options(nostack),
            );
        }
    }

    /// # Safety
    /// As memset.
    pub unsafe fn fill(to: *mut u8, byte: u8, length: usize) {
        // SAFETY: the caller's promise; `length` is not 0.
        unsafe {
            asm!(
                "2: strb {byte:w}, [{to}], #1",
                "subs {length}, {length}, #1",
                "b.ne 2b",
                length = inout(reg) length => _,
                to = inout(reg) to => _,
                byte = in(reg) u32::from(byte),
                options(nostack),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn moving_and_filling_match_slices(bytes in prop::collection::vec(any::<u8>(), 1..700), from: prop::sample::Index, to: prop::sample::Index, length: prop::sample::Index) {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let length = length.index(bytes.len() + 1 - from.max(to));
            let (mut ours, mut theirs) = (bytes.clone(), bytes.clone());
            theirs.copy_within(from..from + length, to);
            let start = ours.as_mut_ptr();
            // SAFETY: both ranges lie in the vector.
            unsafe { memmove(start.add(to), start.add(from), length) };
            prop_assert_eq!(&ours, &theirs);

            let mut copy: Vec<u8> = Vec::with_capacity(bytes.len());
            // SAFETY: there is room for all.
            unsafe {
                memcpy(copy.as_mut_ptr(), bytes.as_ptr(), bytes.len());
                copy.set_len(bytes.len());
            }
            prop_assert_eq!(&copy, &bytes);

            // SAFETY: the range lies in the vector.
            unsafe { memset(copy.as_mut_ptr().add(to), 0x1ab, length) };
            theirs = bytes.clone();
            theirs[to..to + length].fill(0xab);
            prop_assert_eq!(copy, theirs);
        }

        #[test]
        fn comparing_matches_slices(a in prop::collection::vec(0u8..3, 0..40), b in prop::collection::vec(0u8..3, 0..40)) {
            let length = a.len().min(b.len());
            // SAFETY: both are that long.
            let (order, differ) = unsafe { (memcmp(a.as_ptr(), b.as_ptr(), length), bcmp(a.as_ptr(), b.as_ptr(), length)) };
            prop_assert_eq!(order.cmp(&0), a[..length].cmp(&b[..length]));
            prop_assert_eq!(differ != 0, a[..length] != b[..length]);
        }
    }
}
