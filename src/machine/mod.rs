//! What planning may ask of the machine.

pub mod symlinks;
pub mod world;
