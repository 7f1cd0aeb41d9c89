//! The rules of a wrapped compiler or linker call.
//!
//! [`decide::decide`] takes a [`model::call::Call`] and returns a
//! [`model::plan::Plan`]. It reads files only through
//! [`machine::world::World`], runs nothing itself and prints nothing. It does
//! not use std, because calls are also planned before libc has started.
//!
//! The sections (§) in comments are those of docs/behaviour.md.
//! docs/glossary.md defines the words that have a special meaning here.

#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod decide;
#[cfg(all(
    target_os = "linux",
    target_pointer_width = "64",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
pub mod early;
pub mod machine;
pub mod model;
pub mod options;
pub mod planning;
pub mod rules;
pub mod text;
pub mod tools;
