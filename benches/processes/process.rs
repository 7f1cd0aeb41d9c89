//! Starts processes, waits for them and measures their time.

use std::ffi::{CString, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::time::{Duration, Instant};

use crate::Result;

/// A process that is started many times. Its strings are prepared once.
pub struct Process {
    pub program: CString,
    /// The arguments, with the program's name first.
    pub args: Vec<CString>,
    pub environment: Vec<CString>,
}

impl Process {
    /// `args` does not include the program's name.
    pub fn new(program: &Path, args: &[String], environment: &[String]) -> Result<Process> {
        let program = CString::new(program.as_os_str().as_bytes())?;
        let mut process = Process {
            args: vec![program.clone()],
            program,
            environment: Vec::new(),
        };
        for arg in args {
            process.args.push(CString::new(arg.as_str())?);
        }
        for variable in environment {
            process.environment.push(CString::new(variable.as_str())?);
        }
        Ok(process)
    }

    /// Returns the time from before the process is created until it has ended.
    pub fn time(&self) -> Result<Duration> {
        let (args, environment) = (Strings::new(&self.args), Strings::new(&self.environment));
        let (mut pid, mut status) = (0, 0);
        let start = Instant::now();
        // SAFETY: all pointers are to C strings, and both lists end with a
        // null.
        let errno = unsafe {
            libc::posix_spawn(
                &mut pid,
                self.program.as_ptr(),
                ptr::null(),
                ptr::null(),
                args.pointers.as_ptr(),
                environment.pointers.as_ptr(),
            )
        };
        if errno != 0 {
            return Err(self.error(&std::io::Error::from_raw_os_error(errno).to_string()));
        }
        // SAFETY: the child is ours, and `status` is valid.
        while unsafe { libc::waitpid(pid, &mut status, 0) } != pid {}
        let time = start.elapsed();
        if !libc::WIFEXITED(status) || libc::WEXITSTATUS(status) != 0 {
            return Err(self.error(&format!("ended with status {status:#x}")));
        }
        Ok(time)
    }

    fn error(&self, what: &str) -> Box<dyn std::error::Error> {
        format!("{}: {what}", self.program.to_string_lossy()).into()
    }
}

/// Strings that are copied next to each other just before each start, so that
/// the kernel's copying takes the same time for each process.
struct Strings {
    /// The addresses of the strings, with a null at the end.
    pointers: Vec<*mut c_char>,
    _bytes: Vec<u8>,
}

impl Strings {
    fn new(strings: &[CString]) -> Strings {
        let length = strings.iter().map(|s| s.as_bytes_with_nul().len()).sum();
        let mut bytes: Vec<u8> = Vec::with_capacity(length);
        let mut starts = Vec::with_capacity(strings.len());
        for string in strings {
            starts.push(bytes.len());
            bytes.extend_from_slice(string.as_bytes_with_nul());
        }
        let pointers = starts
            .iter()
            .map(|&start| bytes[start..].as_ptr().cast_mut().cast());
        Strings {
            pointers: pointers.chain([ptr::null_mut()]).collect(),
            _bytes: bytes,
        }
    }
}
