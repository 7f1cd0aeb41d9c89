//! Meanings of the kernel's errors.

use std::io;

/// Returns whether the arguments and the environment together were too long for
/// the kernel.
pub fn is_too_long(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ArgumentListTooLong
}
