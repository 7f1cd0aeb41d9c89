//! All that the early start keeps, in one place: each page that is touched
//! costs a fault.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, AtomicUsize};

/// Enough for a plain call; the pages that are not used cost nothing.
pub const BLOCK: usize = 256 << 10;

#[repr(C, align(16))]
pub struct Statics {
    /// The stack pointer that the kernel gave the process.
    pub stack: AtomicUsize,
    pub heap_is_open: AtomicBool,
    /// Addresses: the heap's first free byte, and the end of its block.
    pub free: AtomicUsize,
    pub end: AtomicUsize,
    /// The heap's first block.
    pub block: UnsafeCell<MaybeUninit<[u8; BLOCK]>>,
}

// SAFETY: the block is used while the heap is open, and then there is one
// thread.
unsafe impl Sync for Statics {}

pub static STATICS: Statics = Statics {
    stack: AtomicUsize::new(0),
    heap_is_open: AtomicBool::new(false),
    free: AtomicUsize::new(0),
    end: AtomicUsize::new(0),
    block: UnsafeCell::new(MaybeUninit::uninit()),
};
