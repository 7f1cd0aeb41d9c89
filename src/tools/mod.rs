//! One file for each kind of tool. Each reads as the order of the rules.

pub mod binutils;
pub mod compiler;
pub mod gnat;
pub mod linker;
pub mod pkg_config;
