//! All static data of the early start, in one place, because each touched page
//! costs a page fault.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, AtomicUsize};

/// Size of the heap's first block, in bytes. It suffices for a plain call, and
/// unused pages cost nothing.
pub const BLOCK: usize = 256 << 10;

#[repr(C, align(16))]
pub struct Statics {
    /// The stack pointer that the kernel gave the process.
    pub stack: AtomicUsize,
    pub heap_is_open: AtomicBool,
    /// The address of the heap's first free byte.
    pub free: AtomicUsize,
    /// The address of the end of the heap's current block.
    pub end: AtomicUsize,
    /// The heap's first block.
    pub block: UnsafeCell<MaybeUninit<[u8; BLOCK]>>,
}

// SAFETY: the block is used only while the heap is open. Then there is only one
// thread.
unsafe impl Sync for Statics {}

pub static STATICS: Statics = Statics {
    stack: AtomicUsize::new(0),
    heap_is_open: AtomicBool::new(false),
    free: AtomicUsize::new(0),
    end: AtomicUsize::new(0),
    block: UnsafeCell::new(MaybeUninit::uninit()),
};
