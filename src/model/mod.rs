//! The data that rules read and a plan is made of. No rule is here.

pub mod call;
pub mod environment;
pub mod error;
pub mod event;
pub mod explanation;
pub mod plan;
pub mod statistics;
pub mod tool_name;
pub mod toolchain;
