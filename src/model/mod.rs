//! The data that rules read and a plan is made of. No rule is here.

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
pub mod statistics;
pub mod system_error;
pub mod tool_name;
pub mod toolchain;
