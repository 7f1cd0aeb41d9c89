//! One file for each kind of tool. A file applies the rules in their order.

pub mod binutils;
pub mod compiler;
pub mod gnat;
pub mod linker;
pub mod pkg_config;
