//! Runs processes and asks the operating system. Apart from `support/`, only
//! this module does input and output. docs/glossary.md defines the words that
//! have a special meaning here.

pub mod anonymous_file;
pub mod child;
pub mod count;
pub mod errno;
pub mod execute;
pub mod failure;
pub mod hook;
pub mod job;
pub mod launcher;
pub mod lock;
pub mod memory;
pub mod os;
pub mod record;
pub mod report;
pub mod response_file;
pub mod search;
pub mod signals;
