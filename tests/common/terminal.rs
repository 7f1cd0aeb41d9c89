//! Commands on a terminal.

use std::path::Path;
use std::process::Stdio;

use super::{command, tool};

/// Runs a shell command on a terminal of this width, in this directory and with
/// these variables. Returns its status and output; `None` if this machine has
/// no script(1).
pub fn on_terminal(
    columns: u16,
    directory: &Path,
    variables: &[(&str, &str)],
    line: &str,
) -> Option<(i32, Vec<u8>)> {
    tool("script")?;
    let line = format!("stty cols {columns}; {line}");
    let mut script = command("script");
    script
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .current_dir(directory)
        .env("SHELL", "/bin/sh")
        .envs(variables.iter().copied())
        .stdin(Stdio::null());
    let output = script.output().unwrap();
    let mut text = output.stdout;
    // What a terminal is sent at the end of a line.
    text.retain(|byte| *byte != b'\r');
    Some((output.status.code().unwrap(), text))
}
