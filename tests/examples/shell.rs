//! What one says who types commands into a shell.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::run;

/// Stands before what a command has said, and before its status.
const MARK: char = '\u{1}';

/// A bash that is yet to be started.
pub struct Shell {
    bash: Command,
    /// Begins paths that it has for others, which begin with the second.
    shown: (PathBuf, &'static str),
}

/// What a command said, on both outputs, and its status.
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

    /// What each of these says that are typed into it, after `before` was.
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
