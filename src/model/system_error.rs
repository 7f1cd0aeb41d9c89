//! Texts for the system's error numbers. Both the early start and the start
//! with libc use them, so that a failure has the same text in both.

use alloc::borrow::Cow;
use alloc::format;

#[cfg(target_os = "linux")]
use linux_raw_sys::errno;

/// The errors that calls about files, directories and programs can return.
#[cfg(target_os = "linux")]
const WORDS: [(u32, &str); 45] = [
    (errno::EPERM, "operation not permitted"),
    (errno::ENOENT, "no such file or directory"),
    (errno::EINTR, "interrupted by a signal"),
    (errno::EIO, "input/output error"),
    (errno::ENXIO, "no such device or address"),
    (errno::E2BIG, "argument list too long"),
    (errno::ENOEXEC, "not a program that this machine can run"),
    (errno::EBADF, "bad file descriptor"),
    (errno::EAGAIN, "resource temporarily unavailable"),
    (errno::ENOMEM, "out of memory"),
    (errno::EACCES, "permission denied"),
    (errno::EFAULT, "bad address"),
    (errno::EBUSY, "device or resource busy"),
    (errno::EEXIST, "file exists"),
    (errno::EXDEV, "on another file system"),
    (errno::ENODEV, "no such device"),
    (errno::ENOTDIR, "not a directory"),
    (errno::EISDIR, "is a directory"),
    (errno::EINVAL, "invalid argument"),
    (errno::ENFILE, "too many open files on this machine"),
    (errno::EMFILE, "too many open files in this process"),
    (errno::ENOTTY, "not a terminal"),
    (errno::ETXTBSY, "open for writing in another process"),
    (errno::EFBIG, "file too large"),
    (errno::ENOSPC, "no space left on device"),
    (errno::ESPIPE, "cannot seek in a pipe"),
    (errno::EROFS, "read-only file system"),
    (errno::EMLINK, "too many links"),
    (errno::EPIPE, "broken pipe"),
    (errno::ENAMETOOLONG, "file name too long"),
    (errno::ENOLCK, "no locks available"),
    (errno::ENOSYS, "not supported by this kernel"),
    (errno::ENOTEMPTY, "directory not empty"),
    (errno::ELOOP, "too many symbolic links"),
    (errno::EOVERFLOW, "value too large"),
    (errno::ELIBBAD, "corrupted program or interpreter"),
    (errno::EOPNOTSUPP, "operation not supported"),
    (errno::ENETDOWN, "network is down"),
    (errno::ENETUNREACH, "network is unreachable"),
    (errno::ENOTCONN, "file server is not connected"),
    (errno::ETIMEDOUT, "timed out"),
    (errno::EHOSTDOWN, "file server is down"),
    (errno::ESTALE, "stale file handle"),
    (
        errno::EREMOTEIO,
        "input/output error of a remote file system",
    ),
    (errno::EDQUOT, "disk quota exceeded"),
];

#[cfg(not(target_os = "linux"))]
const WORDS: [(u32, &str); 0] = [];

/// The text for an error number, in lower case without a full stop, or `system
/// error N` if the number is unknown.
pub fn words(number: i32) -> Cow<'static, str> {
    let is_it = |(known, _): &&(u32, &str)| i64::from(*known) == i64::from(number);
    match WORDS.iter().find(is_it) {
        Some((_, words)) => Cow::Borrowed(words),
        None => Cow::Owned(format!("system error {number}")),
    }
}

/// EACCES, ELOOP and ENAMETOOLONG.
#[cfg(target_os = "linux")]
const OF_PATH: [u32; 3] = [errno::EACCES, errno::ELOOP, errno::ENAMETOOLONG];

#[cfg(not(target_os = "linux"))]
const OF_PATH: [u32; 3] = [13, 62, 63];

/// Whether an error to open a file depends on the path alone: every process of
/// this user gets it, whenever it tries.
pub fn is_of_path(number: i32) -> bool {
    OF_PATH
        .iter()
        .any(|known| i64::from(*known) == i64::from(number))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_one_text() {
        for (n, (number, text)) in WORDS.iter().enumerate() {
            assert_eq!(words(*number as i32), *text);
            assert!(WORDS[n + 1..].iter().all(|(other, _)| other != number));
        }
        assert_eq!(words(40), "too many symbolic links");
        assert_eq!(words(9999), "system error 9999");
        assert_eq!(words(-1), "system error -1");
    }
}
