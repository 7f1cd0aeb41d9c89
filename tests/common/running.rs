//! Processes that do not outlive the test that started them.

use std::io;
use std::ops::{Deref, DerefMut};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output};

/// A process that is killed if the test ends before it, even by a panic.
pub struct Running {
    child: Option<Child>,
    has_own_group: bool,
}

impl Running {
    /// Starts the command in its own process group. The whole group is killed
    /// at the end.
    pub fn group(command: &mut Command) -> Running {
        Running {
            child: Some(command.process_group(0).spawn().unwrap()),
            has_own_group: true,
        }
    }

    /// Starts the command. Only this process is killed at the end.
    pub fn alone(command: &mut Command) -> Running {
        Running {
            child: Some(command.spawn().unwrap()),
            has_own_group: false,
        }
    }

    /// Waits for the end and returns what was printed into pipes.
    pub fn output(mut self) -> io::Result<Output> {
        self.child.take().unwrap().wait_with_output()
    }
}

impl Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        self.child.as_ref().unwrap()
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        self.child.as_mut().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(child) = &mut self.child else { return };
        if self.has_own_group {
            let group = i32::try_from(child.id()).unwrap();
            // SAFETY: no memory is touched.
            unsafe { libc::kill(-group, libc::SIGKILL) };
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}
