//! The allocator before libc has started: it hands out a block from front to
//! back and reuses only the last allocation. More is not needed, because the
//! process soon becomes the real tool.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;
use core::sync::atomic::Ordering::Relaxed;

use super::statics::{BLOCK, STATICS};
use super::{fault, syscall};

/// Minimum size of further blocks, in bytes.
const MORE: usize = 4 << 20;

/// Makes the block serve all allocations.
pub fn open() {
    let start = STATICS.block.get() as usize;
    STATICS.free.store(start, Relaxed);
    STATICS.end.store(start + BLOCK, Relaxed);
    STATICS.heap_is_open.store(true, Relaxed);
}

/// Makes the ordinary allocator serve all allocations again. The caller must
/// have dropped everything that was allocated from the block.
pub fn close() {
    STATICS.heap_is_open.store(false, Relaxed);
}

fn is_open() -> bool {
    STATICS.heap_is_open.load(Relaxed)
}

/// The program's allocator: the block while the heap is open, `A` otherwise.
pub struct Heap<A>(A);

impl<A> Heap<A> {
    pub const fn over(ordinary: A) -> Heap<A> {
        Heap(ordinary)
    }
}

// SAFETY: each piece of memory is handed out once or comes from `A`. No
// allocation outlives its allocator, because `close` requires that.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Heap<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_open() {
            take(layout)
        } else {
            // SAFETY: the caller's promise.
            unsafe { self.0.alloc(layout) }
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if !is_open() {
            // SAFETY: the caller's promise.
            unsafe { self.0.dealloc(pointer, layout) }
        } else if pointer as usize + layout.size() == STATICS.free.load(Relaxed) {
            STATICS.free.store(pointer as usize, Relaxed);
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !is_open() {
            // SAFETY: the caller's promise.
            return unsafe { self.0.realloc(pointer, layout, size) };
        }
        let is_last = pointer as usize + layout.size() == STATICS.free.load(Relaxed);
        if is_last && size <= STATICS.end.load(Relaxed) - pointer as usize {
            STATICS.free.store(pointer as usize + size, Relaxed);
            return pointer;
        }
        // SAFETY: the alignment is that of a valid layout, and the caller
        // guarantees that the size is valid for it.
        let moved = take(unsafe { Layout::from_size_align_unchecked(size, layout.align()) });
        // SAFETY: both are at least this long and do not overlap.
        unsafe { ptr::copy_nonoverlapping(pointer, moved, layout.size().min(size)) };
        moved
    }
}

fn take(layout: Layout) -> *mut u8 {
    let start = STATICS.free.load(Relaxed).next_multiple_of(layout.align());
    let end = start.saturating_add(layout.size());
    if end <= STATICS.end.load(Relaxed) {
        STATICS.free.store(end, Relaxed);
        return start as *mut u8;
    }
    let length = layout.size().saturating_add(layout.align()).max(MORE);
    match syscall::map(length.next_multiple_of(4096)) {
        Ok(block) => {
            STATICS.free.store(block as usize, Relaxed);
            STATICS.end.store(block as usize + length, Relaxed);
            take(layout)
        }
        Err(_) => fault::start_ordinarily(),
    }
}
