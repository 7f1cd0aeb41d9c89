//! The state that the rules share while a call is planned.

pub mod context;
pub mod dispatch;
pub mod flag_files;
pub mod list_text;
pub mod log;
pub mod roles;
pub mod variables;
