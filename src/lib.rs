//! cc-wrapper decides what a wrapped compiler or linker call becomes.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod json;
pub mod toolchain;
