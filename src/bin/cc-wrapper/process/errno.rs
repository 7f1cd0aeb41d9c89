//! Why the kernel refused.

use std::io;

use rustix::io::Errno;

/// Whether the arguments and the environment were more than the kernel takes.
pub fn is_too_long(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::TOOBIG.raw_os_error())
}
