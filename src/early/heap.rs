//! Memory before libc has started: taken from the front of a block, and given
//! back only at its end. The process is the real tool before it could matter.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;
use core::sync::atomic::Ordering::Relaxed;

use super::statics::{BLOCK, STATICS};
use super::{fault, syscall};

/// Further blocks are at least this large.
const MORE: usize = 4 << 20;

/// Allocations come from the block from now on.
pub fn open() {
    let start = STATICS.block.get() as usize;
    STATICS.free.store(start, Relaxed);
    STATICS.end.store(start + BLOCK, Relaxed);
    STATICS.heap_is_open.store(true, Relaxed);
}

/// Nothing that was allocated while it was open may be left.
pub fn close() {
    STATICS.heap_is_open.store(false, Relaxed);
}

fn is_open() -> bool {
    STATICS.heap_is_open.load(Relaxed)
}

/// The program's allocator: the block while that is open, `A` otherwise.
pub struct Heap<A>(A);

impl<A> Heap<A> {
    pub const fn over(ordinary: A) -> Heap<A> {
        Heap(ordinary)
    }
}

// SAFETY: blocks are handed out once, or by `A`; none outlives its allocator,
// which `close` demands.
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
        // SAFETY: of a valid layout with a size that the caller vouches for.
        let moved = take(unsafe { Layout::from_size_align_unchecked(size, layout.align()) });
        // SAFETY: both are at least this long, and apart.
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
