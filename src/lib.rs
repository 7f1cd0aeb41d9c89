//! cc-wrapper decides what a wrapped compiler or linker call becomes.
//!
//! [`decide::decide`] takes a [`call::Call`] and returns a [`plan::Plan`]. It sees
//! files through [`world::World`] alone, runs nothing and prints nothing, and
//! needs no std, so that a call can be planned before libc has started.
//! Sections (§) are those of nixpkgs' rules as `docs/behaviour.md` tells them.

#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod arguments;
pub mod call;
pub mod compile_database;
mod compiler;
mod context;
mod darwin;
pub mod decide;
pub mod dispatch;
mod driver_link;
mod driver_options;
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
pub mod early;
pub mod environment;
pub mod error;
pub mod event;
pub mod front_end;
mod gnat;
mod goal;
pub mod hardening;
pub mod hook;
pub mod json;
mod library_search;
mod link_type;
mod linker;
mod linker_choice;
mod native;
mod neighbours;
pub mod note;
mod option_values;
mod pie;
mod pkg_config;
pub mod plan;
mod purity;
pub mod response_file;
mod rpath;
pub mod statistics;
mod store;
mod symlinks;
mod target;
pub mod tool_name;
pub mod toolchain;
pub mod translation_unit;
pub mod world;
