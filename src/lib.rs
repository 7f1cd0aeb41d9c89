//! cc-wrapper decides what a wrapped compiler or linker call becomes.
//!
//! [`decide::decide`] takes a [`model::call::Call`] and returns a
//! [`model::plan::Plan`]. It sees files through [`machine::world::World`] alone, runs nothing and prints nothing, and
//! needs no std, so that a call can be planned before libc has started.
//! Sections (§) are those of nixpkgs' rules as `docs/behaviour.md` tells them.

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
