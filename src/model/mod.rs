//! The data that the rules read and that plans consist of. Rules are in
//! `src/rules/`. docs/glossary.md defines the words.

pub mod argument;
pub mod call;
pub mod compile_record;
pub mod environment;
pub mod error;
pub mod event;
pub mod explanation;
pub mod half;
pub mod hook;
pub mod message;
pub mod plan;
pub mod rpath_source;
pub mod statistics;
pub mod system_error;
pub mod tool_name;
pub mod toolchain;
