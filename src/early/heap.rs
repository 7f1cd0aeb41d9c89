//! Memory before libc has started: taken from the front of a block, and given
//! back only at its end. The process is the real tool before it could matter.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use super::{fault, syscall};

/// Enough for a plain call; the pages that are not used cost nothing.
const FIRST: usize = 256 << 10;

/// Further blocks are at least this large.
const MORE: usize = 4 << 20;

#[repr(align(16))]
struct Block(UnsafeCell<MaybeUninit<[u8; FIRST]>>);

// SAFETY: there is one thread while the heap is open.
unsafe impl Sync for Block {}

static BLOCK: Block = Block(UnsafeCell::new(MaybeUninit::uninit()));

static IS_OPEN: AtomicBool = AtomicBool::new(false);
/// Addresses: the first free byte, and the end of the block.
static FREE: AtomicUsize = AtomicUsize::new(0);
static END: AtomicUsize = AtomicUsize::new(0);

/// Allocations come from the block from now on.
pub fn open() {
    let start = BLOCK.0.get() as usize;
    FREE.store(start, Relaxed);
    END.store(start + FIRST, Relaxed);
    IS_OPEN.store(true, Relaxed);
}

/// Nothing that was allocated while it was open may be left.
pub fn close() {
    IS_OPEN.store(false, Relaxed);
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
        if IS_OPEN.load(Relaxed) {
            take(layout)
        } else {
            // SAFETY: the caller's promise.
            unsafe { self.0.alloc(layout) }
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if !IS_OPEN.load(Relaxed) {
            // SAFETY: the caller's promise.
            unsafe { self.0.dealloc(pointer, layout) }
        } else if pointer as usize + layout.size() == FREE.load(Relaxed) {
            FREE.store(pointer as usize, Relaxed);
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !IS_OPEN.load(Relaxed) {
            // SAFETY: the caller's promise.
            return unsafe { self.0.realloc(pointer, layout, size) };
        }
        let is_last = pointer as usize + layout.size() == FREE.load(Relaxed);
        if is_last && size <= END.load(Relaxed) - pointer as usize {
            FREE.store(pointer as usize + size, Relaxed);
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
    let start = FREE.load(Relaxed).next_multiple_of(layout.align());
    let end = start.saturating_add(layout.size());
    if end <= END.load(Relaxed) {
        FREE.store(end, Relaxed);
        return start as *mut u8;
    }
    let length = layout.size().saturating_add(layout.align()).max(MORE);
    match syscall::map(length.next_multiple_of(4096)) {
        Ok(block) => {
            FREE.store(block as usize, Relaxed);
            END.store(block as usize + length, Relaxed);
            take(layout)
        }
        Err(_) => fault::start_ordinarily(),
    }
}
