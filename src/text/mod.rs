//! Bytes and their formats. Knows nothing of compilers.

pub mod compile_database;
pub mod json;
