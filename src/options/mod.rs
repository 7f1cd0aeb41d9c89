//! The options of compiler drivers and linkers, as tables.

pub mod stage;
pub mod values;
