//! The translation units of a call, for the compile database.

use alloc::vec::Vec;

/// What a call leaves in the compile database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The database's path.
    pub database: &'a [u8],
    /// Never empty.
    pub units: Vec<TranslationUnit>,
}

/// A file that is compiled, and what becomes of it, both as the call names
/// them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranslationUnit {
    pub file: Vec<u8>,
    /// `None`: it is only checked, or goes to standard output.
    pub output: Option<Vec<u8>>,
}
