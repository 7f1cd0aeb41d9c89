//! System calls without libc. linux-raw-sys has their numbers, flags and
//! structures for each processor.

use core::arch::asm;
use core::ffi::{CStr, c_char};
use core::mem::MaybeUninit;
use core::slice;

use linux_raw_sys::errno;
use linux_raw_sys::general::{
    __NR_close, __NR_execve, __NR_exit_group, __NR_fcntl, __NR_getcwd, __NR_getdents64,
    __NR_memfd_create, __NR_mmap, __NR_openat, __NR_pread64, __NR_prlimit64, __NR_read,
    __NR_readlinkat, __NR_rt_sigaction, __NR_rt_sigprocmask, __NR_statx, __NR_write, AT_EMPTY_PATH,
    AT_FDCWD, AT_SYMLINK_NOFOLLOW, F_ADD_SEALS, F_DUPFD, F_SEAL_GROW, F_SEAL_SEAL, F_SEAL_SHRINK,
    F_SEAL_WRITE, MAP_ANONYMOUS, MAP_PRIVATE, MFD_ALLOW_SEALING, O_CLOEXEC, O_NOCTTY, O_NONBLOCK,
    PROT_READ, PROT_WRITE, RLIMIT_FSIZE, SIG_SETMASK, SIG_UNBLOCK, STATX_BASIC_STATS,
    STDERR_FILENO, kernel_sigset_t, rlimit64, statx,
};

pub use linux_raw_sys::general::kernel_sigaction;

/// An error number of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub i32);

pub const EPERM: Errno = Errno(errno::EPERM as i32);
pub const ENOENT: Errno = Errno(errno::ENOENT as i32);
pub const E2BIG: Errno = Errno(errno::E2BIG as i32);
pub const ENOTDIR: Errno = Errno(errno::ENOTDIR as i32);
pub const EISDIR: Errno = Errno(errno::EISDIR as i32);
pub const ENOSYS: Errno = Errno(errno::ENOSYS as i32);

type Result<T> = core::result::Result<T, Errno>;

/// Resolves relative paths against the current directory.
const HERE: usize = AT_FDCWD as usize;

/// The size of a signal set in bytes, an argument of signal calls.
const SET: usize = size_of::<kernel_sigset_t>();

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
    // SAFETY: the kernel changes only the result.
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
unsafe fn checked<const N: usize>(number: u32, args: [usize; N]) -> Result<usize> {
    let mut all = [0; 6];
    all[..N].copy_from_slice(&args);
    // SAFETY: the caller's promise.
    match unsafe { call(number as usize, all) } {
        result @ -4095..=-1 => Err(Errno(-(result as i32))),
        result => Ok(result as usize),
    }
}

/// A file or directory that is open for reading.
pub struct File(usize);

impl File {
    /// Opens a file or directory. Executed programs do not inherit it. Does not
    /// wait for the writer of a pipe or for a device.
    pub fn open(path: &CStr) -> Result<File> {
        // SAFETY: the path ends in a NUL.
        unsafe {
            let flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
            let args = [HERE, path.as_ptr() as usize, flags as usize, 0];
            checked(__NR_openat, args).map(File)
        }
    }

    pub fn status(&self) -> Result<Status> {
        status_at(self.0, c"", AT_EMPTY_PATH)
    }

    /// Reads at most the buffer's length and returns the number of bytes; 0 at
    /// the end of the file.
    pub fn read(&self, buffer: &mut [MaybeUninit<u8>]) -> Result<usize> {
        // SAFETY: the kernel writes no more than the length.
        unsafe {
            checked(
                __NR_read,
                [self.0, buffer.as_mut_ptr() as usize, buffer.len()],
            )
        }
    }

    /// Like [`File::read`], from `offset` in bytes. Fails for pipes.
    pub fn read_at(&self, buffer: &mut [MaybeUninit<u8>], offset: u64) -> Result<usize> {
        let address = buffer.as_mut_ptr() as usize;
        // SAFETY: the kernel writes no more than the length.
        unsafe {
            checked(
                __NR_pread64,
                [self.0, address, buffer.len(), offset as usize],
            )
        }
    }

    /// Whether the file begins with these two bytes.
    pub fn starts_with(&self, bytes: &[u8; 2]) -> bool {
        let mut start = [MaybeUninit::uninit(); 2];
        // SAFETY: the kernel has written both bytes if it returns 2.
        self.read(&mut start) == Ok(2) && unsafe { start.map(|b| b.assume_init()) } == *bytes
    }

    /// Reads directory entries in the kernel's format (`linux_dirent64`);
    /// returns an empty slice at the end.
    pub fn read_directory<'b>(&self, buffer: &'b mut [MaybeUninit<u8>]) -> Result<&'b [u8]> {
        // SAFETY: the kernel writes at most the length and returns how much it
        // wrote.
        unsafe {
            let args = [self.0, buffer.as_mut_ptr() as usize, buffer.len()];
            let length = checked(__NR_getdents64, args)?;
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
    // SAFETY: the caller owns the descriptor and does not use it again.
    let _ = unsafe { checked(__NR_close, [descriptor]) };
}

/// A file in memory (memfd). Executed programs inherit it.
pub struct Memory(usize);

impl Memory {
    /// Creates a file whose descriptor is at least 200, so that no program
    /// takes it for a standard stream or make's jobserver.
    pub fn create(name: &CStr) -> Result<Memory> {
        const FROM: usize = 200;
        let flags = MFD_ALLOW_SEALING as usize;
        // SAFETY: the name ends in a NUL, and fcntl gets only numbers.
        unsafe {
            let low = checked(__NR_memfd_create, [name.as_ptr() as usize, flags]).map(Memory)?;
            checked(__NR_fcntl, [low.0, F_DUPFD as usize, FROM]).map(Memory)
        }
    }

    pub fn write_all(&self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            bytes = &bytes[write(self.0, bytes)?..];
        }
        Ok(())
    }

    /// Makes the file immutable, so that what a program reads is what was
    /// written. Where the kernel or a sandbox refuses, the file is used as it
    /// is.
    pub fn seal(&self) {
        const ALL: u32 = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
        let args = [self.0, F_ADD_SEALS as usize, ALL as usize];
        // SAFETY: fcntl gets only numbers.
        let _ = unsafe { checked(__NR_fcntl, args) };
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

/// The largest file that this process may write, in bytes (RLIMIT_FSIZE).
/// SIGXFSZ ends a process that exceeds it. Where a sandbox refuses to tell, no
/// limit is assumed.
pub fn largest_file() -> u64 {
    let mut limit = rlimit64 {
        rlim_cur: 0,
        rlim_max: 0,
    };
    let address = &raw mut limit as usize;
    // SAFETY: the kernel writes a structure of this type.
    match unsafe { checked(__NR_prlimit64, [0, RLIMIT_FSIZE as usize, 0, address]) } {
        Ok(_) => limit.rlim_cur,
        Err(_) => u64::MAX,
    }
}

/// The target of a symlink, truncated to the buffer's length.
pub fn read_link<'b>(path: &CStr, buffer: &'b mut [u8]) -> Result<&'b [u8]> {
    // SAFETY: the path ends in a NUL; the kernel writes no more than the length.
    let length = unsafe {
        let (start, length) = (buffer.as_mut_ptr() as usize, buffer.len());
        checked(
            __NR_readlinkat,
            [HERE, path.as_ptr() as usize, start, length],
        )?
    };
    Ok(&buffer[..length])
}

/// The current directory, without the terminating NUL.
pub fn current_directory(buffer: &mut [u8]) -> Result<&[u8]> {
    // SAFETY: the kernel writes no more than the length.
    let length = unsafe { checked(__NR_getcwd, [buffer.as_mut_ptr() as usize, buffer.len()])? };
    Ok(&buffer[..length.saturating_sub(1)])
}

/// The part of a file's status that the early start uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Type and permissions.
    pub mode: u32,
    /// The owner's number.
    pub user: u32,
    pub size: u64,
    /// Inode and device numbers.
    pub identity: (u64, u32, u32),
}

/// The status of a file. `follow`: if it is a symlink, that of its target.
pub fn status(path: &CStr, follow: bool) -> Result<Status> {
    status_at(HERE, path, if follow { 0 } else { AT_SYMLINK_NOFOLLOW })
}

fn status_at(directory: usize, path: &CStr, flags: u32) -> Result<Status> {
    let mut buffer = MaybeUninit::<statx>::zeroed();
    let address = buffer.as_mut_ptr() as usize;
    let args = [
        directory,
        path.as_ptr() as usize,
        flags as usize,
        STATX_BASIC_STATS as usize,
        address,
    ];
    // SAFETY: the path ends in a NUL; the kernel writes a structure of this
    // type, all bits of which are values.
    let found = unsafe {
        checked(__NR_statx, args)?;
        buffer.assume_init()
    };
    Ok(Status {
        mode: found.stx_mode.into(),
        user: found.stx_uid,
        size: found.stx_size,
        identity: (found.stx_ino, found.stx_dev_major, found.stx_dev_minor),
    })
}

/// Allocates `length` bytes of zeroed memory.
pub fn map(length: usize) -> Result<*mut u8> {
    let args = [
        0,
        length,
        (PROT_READ | PROT_WRITE) as usize,
        (MAP_PRIVATE | MAP_ANONYMOUS) as usize,
        usize::MAX,
        0,
    ];
    // SAFETY: the kernel chooses an unused address.
    unsafe { checked(__NR_mmap, args).map(|address| address as *mut u8) }
}

/// Replaces the process. Returns only if that fails.
///
/// # Safety
/// `path` and the elements of both lists point to NUL-terminated strings. A
/// null pointer ends each list.
pub unsafe fn execve(
    path: *const c_char,
    argv: *const *const c_char,
    envp: *const *const c_char,
) -> Errno {
    // SAFETY: the caller's promise.
    let outcome = unsafe { checked(__NR_execve, [path as usize, argv as usize, envp as usize]) };
    outcome.err().unwrap_or(Errno(0))
}

/// Sets the action of a signal and returns the previous one.
///
/// # Safety
/// It must be sound to run the action's handler, if any, for this signal.
pub unsafe fn signal_action(signal: u32, action: &kernel_sigaction) -> Result<kernel_sigaction> {
    let mut old = MaybeUninit::<kernel_sigaction>::zeroed();
    let (new, old_at) = (&raw const *action as usize, old.as_mut_ptr() as usize);
    // SAFETY: the caller's promise; all bits of the structure are values.
    unsafe {
        checked(__NR_rt_sigaction, [signal as usize, new, old_at, SET])?;
        Ok(old.assume_init())
    }
}

/// How [`change_blocked`] changes.
#[derive(Clone, Copy)]
pub enum Change {
    Unblock = SIG_UNBLOCK as isize,
    Set = SIG_SETMASK as isize,
}

/// Changes the set of blocked signals and returns the previous one. Signal n is
/// bit n - 1.
pub fn change_blocked(change: Change, signals: u64) -> Result<u64> {
    let new = kernel_sigset_t { sig: [signals] };
    let mut old = kernel_sigset_t { sig: [0] };
    let (new, old_at) = (&raw const new as usize, &raw mut old as usize);
    // SAFETY: the kernel reads `new` and writes `old`.
    unsafe { checked(__NR_rt_sigprocmask, [change as usize, new, old_at, SET])? };
    Ok(old.sig[0])
}

/// Writes `text` to standard error with one system call. Ignores errors.
pub fn print_error(text: &[u8]) {
    let _ = write(STDERR_FILENO as usize, text);
}

/// Writes with one system call; returns the number of bytes written.
fn write(descriptor: usize, bytes: &[u8]) -> Result<usize> {
    // SAFETY: the kernel reads no more than the length.
    unsafe {
        checked(
            __NR_write,
            [descriptor, bytes.as_ptr() as usize, bytes.len()],
        )
    }
}

/// Ends the process.
pub fn exit(status: usize) -> ! {
    loop {
        // SAFETY: the process ends.
        let _ = unsafe { checked(__NR_exit_group, [status]) };
    }
}
