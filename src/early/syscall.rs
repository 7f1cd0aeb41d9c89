//! System calls, without libc between.

use core::arch::asm;
use core::ffi::{CStr, c_char};
use core::mem::MaybeUninit;
use core::slice;

#[cfg(target_arch = "x86_64")]
mod number {
    pub const READ: usize = 0;
    pub const WRITE: usize = 1;
    pub const CLOSE: usize = 3;
    pub const MMAP: usize = 9;
    pub const RT_SIGACTION: usize = 13;
    pub const RT_SIGPROCMASK: usize = 14;
    pub const EXECVE: usize = 59;
    pub const FCNTL: usize = 72;
    pub const GETCWD: usize = 79;
    pub const GETDENTS64: usize = 217;
    pub const EXIT_GROUP: usize = 231;
    pub const OPENAT: usize = 257;
    pub const READLINKAT: usize = 267;
    pub const PRLIMIT64: usize = 302;
    pub const MEMFD_CREATE: usize = 319;
    pub const STATX: usize = 332;
}

#[cfg(target_arch = "aarch64")]
mod number {
    pub const GETCWD: usize = 17;
    pub const FCNTL: usize = 25;
    pub const OPENAT: usize = 56;
    pub const CLOSE: usize = 57;
    pub const GETDENTS64: usize = 61;
    pub const READ: usize = 63;
    pub const WRITE: usize = 64;
    pub const READLINKAT: usize = 78;
    pub const EXIT_GROUP: usize = 94;
    pub const RT_SIGACTION: usize = 134;
    pub const RT_SIGPROCMASK: usize = 135;
    pub const EXECVE: usize = 221;
    pub const MMAP: usize = 222;
    pub const PRLIMIT64: usize = 261;
    pub const MEMFD_CREATE: usize = 279;
    pub const STATX: usize = 291;
}

const AT_FDCWD: isize = -100;
const AT_SYMLINK_NOFOLLOW: usize = 0x100;
const F_DUPFD: usize = 0;
const RLIMIT_FSIZE: usize = 1;
const O_CLOEXEC: usize = 0o2_000_000;
const STATX_BASIC_STATS: usize = 0x7ff;
const PROT_READ_WRITE: usize = 3;
const MAP_PRIVATE_ANONYMOUS: usize = 0x22;

/// The system's error number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub i32);

pub const EPERM: Errno = Errno(1);
pub const ENOENT: Errno = Errno(2);
pub const E2BIG: Errno = Errno(7);
pub const ENOTDIR: Errno = Errno(20);
pub const EISDIR: Errno = Errno(21);
pub const ENOSYS: Errno = Errno(38);

type Result<T> = core::result::Result<T, Errno>;

/// # Safety
/// What the numbered call does with the arguments must be sound.
#[cfg(target_arch = "x86_64")]
unsafe fn call(number: usize, args: [usize; 6]) -> isize {
    let result: isize;
    // SAFETY: the kernel changes rcx and r11 besides the result.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") args[0],
            in("rsi") args[1],
            in("rdx") args[2],
            in("r10") args[3],
            in("r8") args[4],
            in("r9") args[5],
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result
}

/// # Safety
/// What the numbered call does with the arguments must be sound.
#[cfg(target_arch = "aarch64")]
unsafe fn call(number: usize, args: [usize; 6]) -> isize {
    let result: isize;
    // SAFETY: the kernel changes the result alone.
    unsafe {
        asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") args[0] as isize => result,
            in("x1") args[1],
            in("x2") args[2],
            in("x3") args[3],
            in("x4") args[4],
            in("x5") args[5],
            options(nostack),
        );
    }
    result
}

/// # Safety
/// As [`call`].
unsafe fn checked<const N: usize>(number: usize, args: [usize; N]) -> Result<usize> {
    let mut all = [0; 6];
    all[..N].copy_from_slice(&args);
    // SAFETY: the caller's promise.
    match unsafe { call(number, all) } {
        result @ -4095..=-1 => Err(Errno(-(result as i32))),
        result => Ok(result as usize),
    }
}

/// A file open for reading; closed when it goes.
pub struct File(usize);

impl File {
    /// Opens a file or directory.
    pub fn open(path: &CStr) -> Result<File> {
        // SAFETY: the path ends in a NUL.
        unsafe {
            checked(
                number::OPENAT,
                [AT_FDCWD as usize, path.as_ptr() as usize, O_CLOEXEC, 0],
            )
            .map(File)
        }
    }

    /// Reads up to the buffer's length; 0 is the end.
    pub fn read(&self, buffer: &mut [MaybeUninit<u8>]) -> Result<usize> {
        // SAFETY: the kernel writes no more than the length.
        unsafe {
            checked(
                number::READ,
                [self.0, buffer.as_mut_ptr() as usize, buffer.len()],
            )
        }
    }

    /// Whether the file begins with these two bytes.
    pub fn starts_with(&self, bytes: &[u8; 2]) -> bool {
        let mut start = [MaybeUninit::uninit(); 2];
        // SAFETY: both were written if that many were read.
        self.read(&mut start) == Ok(2) && unsafe { start.map(|b| b.assume_init()) } == *bytes
    }

    /// Reads directory entries as the kernel packs them; none is the end.
    pub fn read_directory<'b>(&self, buffer: &'b mut [MaybeUninit<u8>]) -> Result<&'b [u8]> {
        // SAFETY: the kernel writes no more than the length, and tells how much.
        unsafe {
            let args = [self.0, buffer.as_mut_ptr() as usize, buffer.len()];
            let length = checked(number::GETDENTS64, args)?;
            Ok(slice::from_raw_parts(buffer.as_ptr().cast(), length))
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        close(self.0);
    }
}

fn close(descriptor: usize) {
    // SAFETY: its owner is going.
    let _ = unsafe { checked(number::CLOSE, [descriptor]) };
}

/// A file without a name, which programs that are run inherit.
pub struct Memory(usize);

impl Memory {
    /// Under a number that nobody takes for a standard stream or a jobserver.
    pub fn create(name: &CStr) -> Result<Memory> {
        const FROM: usize = 200;
        // SAFETY: the name ends in a NUL; the second is a number like the first.
        unsafe {
            let low = checked(number::MEMFD_CREATE, [name.as_ptr() as usize, 0]).map(Memory)?;
            checked(number::FCNTL, [low.0, F_DUPFD, FROM]).map(Memory)
        }
    }

    pub fn write_all(&self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            bytes = &bytes[write(self.0, bytes)?..];
        }
        Ok(())
    }

    pub fn descriptor(&self) -> usize {
        self.0
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        close(self.0);
    }
}

/// How large a file this process may write; writing a larger one ends it.
pub fn largest_file() -> Result<u64> {
    let mut limits = [0u64; 2];
    let address = limits.as_mut_ptr() as usize;
    // SAFETY: the structure has the kernel's size.
    unsafe { checked(number::PRLIMIT64, [0, RLIMIT_FSIZE, 0, address])? };
    Ok(limits[0])
}

/// The target of a symlink, cut off where the buffer ends.
pub fn read_link<'b>(path: &CStr, buffer: &'b mut [u8]) -> Result<&'b [u8]> {
    // SAFETY: the path ends in a NUL; the kernel writes no more than the length.
    let length = unsafe {
        let (start, length) = (buffer.as_mut_ptr() as usize, buffer.len());
        checked(
            number::READLINKAT,
            [AT_FDCWD as usize, path.as_ptr() as usize, start, length],
        )?
    };
    Ok(&buffer[..length])
}

/// The current directory, without the NUL behind it.
pub fn current_directory(buffer: &mut [u8]) -> Result<&[u8]> {
    // SAFETY: the kernel writes no more than the length.
    let length = unsafe { checked(number::GETCWD, [buffer.as_mut_ptr() as usize, buffer.len()])? };
    Ok(&buffer[..length.saturating_sub(1)])
}

/// What is asked about files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Type and permissions.
    pub mode: u16,
    pub size: u64,
    /// Tells this file from all others.
    pub identity: (u64, u32, u32),
}

/// The kernel's `struct statx`, as far as it is read.
#[repr(C)]
struct Statx {
    mask: u32,
    block_size: u32,
    attributes: u64,
    links: u32,
    owner: [u32; 2],
    mode: u16,
    spare: u16,
    inode: u64,
    size: u64,
    blocks: u64,
    attributes_mask: u64,
    times: [u64; 8],
    device: [u32; 4],
    rest: [u64; 14],
}

/// About the file itself, or what its symlinks lead to.
pub fn status(path: &CStr, follow: bool) -> Result<Status> {
    let mut buffer = MaybeUninit::<Statx>::zeroed();
    let flags = if follow { 0 } else { AT_SYMLINK_NOFOLLOW };
    let address = buffer.as_mut_ptr() as usize;
    let args = [
        AT_FDCWD as usize,
        path.as_ptr() as usize,
        flags,
        STATX_BASIC_STATS,
        address,
    ];
    // SAFETY: the path ends in a NUL; the structure has the kernel's size, and
    // all its bits are values.
    let found = unsafe {
        checked(number::STATX, args)?;
        buffer.assume_init()
    };
    Ok(Status {
        mode: found.mode,
        size: found.size,
        identity: (found.inode, found.device[2], found.device[3]),
    })
}

/// Fresh zeroed memory.
pub fn map(length: usize) -> Result<*mut u8> {
    let args = [
        0,
        length,
        PROT_READ_WRITE,
        MAP_PRIVATE_ANONYMOUS,
        usize::MAX,
        0,
    ];
    // SAFETY: at an address of the kernel's choice.
    unsafe { checked(number::MMAP, args).map(|address| address as *mut u8) }
}

/// Replaces the process; returns only the error.
///
/// # Safety
/// Both lists end in a null, and all before it are strings.
pub unsafe fn execve(
    path: *const c_char,
    argv: *const *const c_char,
    envp: *const *const c_char,
) -> Errno {
    // SAFETY: the caller's promise.
    let outcome = unsafe {
        checked(
            number::EXECVE,
            [path as usize, argv as usize, envp as usize],
        )
    };
    outcome.err().unwrap_or(Errno(0))
}

/// The kernel's `struct sigaction`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SignalAction {
    pub handler: usize,
    pub flags: usize,
    pub restorer: usize,
    pub mask: u64,
}

/// Sets what a signal does; returns what it did.
///
/// # Safety
/// A handler must be one for this signal.
pub unsafe fn signal_action(signal: usize, action: &SignalAction) -> Result<SignalAction> {
    let mut old = MaybeUninit::<SignalAction>::zeroed();
    let args = [
        signal,
        action as *const _ as usize,
        old.as_mut_ptr() as usize,
        8,
    ];
    // SAFETY: the caller's promise; all bits of the structure are values.
    unsafe {
        checked(number::RT_SIGACTION, args)?;
        Ok(old.assume_init())
    }
}

/// How [`change_blocked`] changes.
#[derive(Clone, Copy)]
pub enum Change {
    Unblock = 1,
    Set = 2,
}

/// Changes which signals are blocked; returns which were. Signal n is bit
/// n - 1.
pub fn change_blocked(change: Change, signals: u64) -> Result<u64> {
    let mut old = 0u64;
    let (new, old_at) = (
        &signals as *const u64 as usize,
        &mut old as *mut u64 as usize,
    );
    // SAFETY: both have the kernel's size.
    unsafe { checked(number::RT_SIGPROCMASK, [change as usize, new, old_at, 8])? };
    Ok(old)
}

/// Writes to standard error what fits at once.
pub fn tell(text: &[u8]) {
    let _ = write(2, text);
}

/// Writes what fits at once; returns how much that was.
fn write(descriptor: usize, bytes: &[u8]) -> Result<usize> {
    // SAFETY: the kernel reads no more than the length.
    unsafe {
        checked(
            number::WRITE,
            [descriptor, bytes.as_ptr() as usize, bytes.len()],
        )
    }
}

/// Ends the process.
pub fn exit(status: usize) -> ! {
    loop {
        // SAFETY: nothing is left to be sound for.
        let _ = unsafe { checked(number::EXIT_GROUP, [status]) };
    }
}
