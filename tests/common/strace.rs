//! Kills runs at a chosen system call.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::run;

/// The system calls that change something.
const CALLS: &str = "mkdir,mkdirat,link,linkat,symlink,symlinkat,rename,renameat,renameat2,unlink,\
                     unlinkat,rmdir,chmod,fchmod,fchmodat,copy_file_range,sendfile,write";

/// Returns the same command under strace, with these options of strace.
pub fn traced(command: &Command, trace: &Path, options: &[&str]) -> Command {
    let mut strace = super::command("strace");
    strace.args(["-qq", "-e", "signal=none", "-o"]);
    strace.arg(trace).args(options);
    strace.arg(command.get_program()).args(command.get_args());
    let variables = command.get_envs();
    strace.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    strace
}

/// Returns the system calls of a run, each with its number among the calls of
/// the same name, because strace counts each name separately.
pub fn calls(command: &Command, trace: &Path) -> Vec<(String, usize)> {
    let options = ["-e", &format!("trace={CALLS}")];
    run(&mut traced(command, trace, &options));
    let trace = fs::read_to_string(trace).unwrap();
    let mut counts = BTreeMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let name = line.split('(').next().unwrap().to_owned();
        let count = counts.entry(name.clone()).or_insert(0);
        *count += 1;
        calls.push((name, *count));
    }
    calls
}

/// Returns a command that is killed at the `n`th such call.
pub fn killed(command: &Command, trace: &Path, (call, n): &(String, usize)) {
    let kill = format!("inject={call}:signal=SIGKILL:when={n}");
    let options = ["-e", &format!("trace={call}"), "-e", &kill];
    let mut strace = traced(command, trace, &options);
    assert!(!strace.output().unwrap().status.success(), "{call} {n}");
}
