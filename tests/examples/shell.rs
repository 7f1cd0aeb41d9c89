//! A shell in which the examples' commands are typed.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::run;

/// Precedes a command's output, and its status.
const MARK: char = '\u{1}';

/// A bash that has not been started yet.
pub struct Shell {
    bash: Command,
    /// A path of this machine, and the path that the pages show instead.
    shown: (PathBuf, &'static str),
}

/// The output of a command, both standard output and error, and its status.
#[derive(Debug)]
pub struct Said {
    pub output: String,
    pub status: i32,
}

impl Shell {
    pub fn new(bash: Command, top: &Path, shown: &'static str) -> Shell {
        let shown = (top.to_path_buf(), shown);
        Shell { bash, shown }
    }

    /// Types `before` and then each of the commands. Returns their outputs.
    pub fn session(mut self, before: &str, commands: &[&str]) -> Vec<Said> {
        let mut script = format!("exec 2>&1\n{before}\n");
        for command in commands {
            script += &format!("printf '{MARK}'\n{command}\nprintf '{MARK}%d' $?\n");
        }
        let told = run(self.bash.arg("-c").arg(script));
        let told = told.replace(&self.shown.0.display().to_string(), self.shown.1);
        let mut parts = told.split(MARK).skip(1);
        let mut said = Vec::new();
        while let (Some(output), Some(status)) = (parts.next(), parts.next()) {
            said.push(Said {
                output: output.to_owned(),
                status: status.trim_end().parse().unwrap(),
            });
        }
        assert_eq!(said.len(), commands.len(), "{told}");
        said
    }
}
