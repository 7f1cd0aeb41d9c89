//! The translation units of a call, for the compilation database.

use alloc::vec::Vec;

/// The entries that a call adds to the compilation database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The database's path.
    pub database: &'a [u8],
    /// Never empty.
    pub units: Vec<TranslationUnit>,
}

/// A source file and its output, with the names that the call uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranslationUnit {
    pub file: Vec<u8>,
    /// `None` if the file is only checked, or the output goes to standard
    /// output.
    pub output: Option<Vec<u8>>,
}
