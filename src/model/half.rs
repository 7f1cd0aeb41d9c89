//! The halves of a toolchain (docs/glossary.md).

/// The half of a toolchain that a call enters through. Its markers also apply
/// to the variables of the other half, because in nixpkgs a compiler call
/// collects both halves' variables with the compiler half's markers. pkg-config
/// has markers of its own, so it counts as a half here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrapperHalf {
    Compiler,
    Linker,
    PkgConfig,
}
