//! Bytes and their formats. This module does not depend on compilers or tools.

use alloc::borrow::Cow;

pub mod compile_database;
pub mod json;
pub mod number;
pub mod path;
pub mod words;

/// Text that need not be UTF-8, borrowed where possible.
pub type Bytes<'a> = Cow<'a, [u8]>;
