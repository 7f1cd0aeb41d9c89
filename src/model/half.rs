//! The halves of a toolchain.

/// The half of a toolchain that a call enters by. Its markers decide, for the
/// other half's variables too: in nixpkgs a compiler call collects both with
/// its own. pkg-config, which has markers of its own, is a half here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrapperHalf {
    Compiler,
    Linker,
    PkgConfig,
}
