//! How processes run, and what the operating system does for them. The only
//! place besides `support/` that touches the machine.

pub mod anonymous_file;
pub mod child;
pub mod count;
pub mod errno;
pub mod execute;
pub mod failure;
pub mod hook;
pub mod job;
pub mod launcher;
pub mod os;
pub mod record;
pub mod report;
pub mod response_file;
pub mod signals;
