//! Why the kernel refused.

use std::io;

/// Whether the arguments and the environment were more than the kernel takes.
pub fn is_too_long(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ArgumentListTooLong
}
