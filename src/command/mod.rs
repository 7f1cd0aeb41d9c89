//! `cc-wrapper`, called by its own name.

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command line `args`, its first word being our name.
pub fn main(_args: impl Iterator<Item = OsString>) -> ExitCode {
    ExitCode::SUCCESS
}
