//! What planning may ask of the machine.

pub mod linker_shim;
pub mod symlinks;
pub mod world;
