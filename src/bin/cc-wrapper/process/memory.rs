//! An allocator that ends the process with one line when there is no memory,
//! where Rust would abort it.

use std::alloc::{GlobalAlloc, Layout};

use nix::libc;

/// `A`, whose null pointers end the process.
pub struct OrExit<A>(A);

impl<A> OrExit<A> {
    pub const fn over(allocator: A) -> OrExit<A> {
        OrExit(allocator)
    }
}

#[allow(unsafe_code)]
// SAFETY: `A` does the work; its promises hold for each pointer that is
// returned.
unsafe impl<A: GlobalAlloc> GlobalAlloc for OrExit<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        not_null(unsafe { self.0.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        not_null(unsafe { self.0.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        not_null(unsafe { self.0.realloc(pointer, layout, size) })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.0.dealloc(pointer, layout) }
    }
}

fn not_null(pointer: *mut u8) -> *mut u8 {
    if pointer.is_null() {
        out_of_memory();
    }
    pointer
}

/// Never runs before libc has started, because the early start has its own heap.
#[allow(unsafe_code)]
#[cold]
#[inline(never)]
fn out_of_memory() -> ! {
    const LINE: &[u8] = b"cc-wrapper: out of memory; free some, or raise ulimit -v\n";
    // SAFETY: the bytes are LINE's. Neither call allocates.
    unsafe {
        libc::write(libc::STDERR_FILENO, LINE.as_ptr().cast(), LINE.len());
        libc::_exit(1)
    }
}
