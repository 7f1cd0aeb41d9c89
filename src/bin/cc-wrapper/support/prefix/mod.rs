//! Dependencies: the directory that each is installed to, and the flags that
//! make tools find it.

pub mod dependencies;
pub mod directories;
pub mod flags;
