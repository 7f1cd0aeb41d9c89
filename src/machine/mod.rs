//! Access to the machine while a call is planned.

pub mod linker_shim;
pub mod shared_library;
pub mod symlinks;
pub mod trust;
pub mod world;
