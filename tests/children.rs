//! Where a call waits for a child: signals reach it, and its end is the
//! call's.

#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use common::running::Running;
use common::{command, tool, write};
use tempfile::TempDir;

/// A root whose tools are the script `text`. Its compiler is called through a
/// response file with a name, its linker is followed by a hook: both wait.
struct Root(TempDir);

impl Root {
    fn new(text: &str) -> Root {
        let root = Root(tempfile::tempdir().unwrap());
        write(&root.path("real"), &format!("#!/bin/sh\n{text}"));
        fs::set_permissions(root.path("real"), fs::Permissions::from_mode(0o755)).unwrap();
        let program = root.path("real").display().to_string();
        let text = format!(
            r#"{{"version": 1, "suffixSalt": "s", "roleMarkers": "optional", "useResponseFile": true,
                "tools": {{"gcc": {{"role": "cc", "program": "{program}"}},
                           "ld": {{"role": "ld", "program": "{program}"}}}}}}"#
        );
        write(&root.path("nix-support/toolchain.json"), &text);
        write(&root.path("nix-support/post-link-hook"), ":\n");
        for directory in ["bin", "tmp"] {
            fs::create_dir(root.path(directory)).unwrap();
        }
        for tool in ["gcc", "ld"] {
            symlink(
                env!("CARGO_BIN_EXE_cc-wrapper"),
                root.path("bin").join(tool),
            )
            .unwrap();
        }
        root
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = command(self.path("bin").join(name));
        command
            .current_dir(self.0.path())
            .env("TMPDIR", self.path("tmp"))
            .stderr(Stdio::null());
        command
    }

    /// Starts a tool, and waits until it has written its process number.
    fn started(&self, command: &mut Command) -> (Running, i32) {
        let pid = self.path("pid");
        let _ = fs::remove_file(&pid);
        let child = Running::alone(command);
        let read = || fs::read_to_string(&pid).ok()?.trim().parse().ok();
        let number = soon(read).expect("the tool starts");
        (child, number)
    }

    fn left_in_tmp(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("tmp")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

/// Tells its process number, then sleeps until it is ended.
const SLEEPS: &str = "echo $$ > pid.new; mv pid.new pid; exec sleep 60\n";

/// What `ask` answers within a few seconds.
fn soon<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        sleep(Duration::from_millis(2));
    }
    None
}

fn kill(pid: i32, signal: i32) {
    // SAFETY: it takes numbers, and the process is a child not waited for.
    unsafe { libc::kill(pid, signal) };
}

fn pid(child: &Child) -> i32 {
    i32::try_from(child.id()).unwrap()
}

/// The state of a process, as `ps` shows it; `None`: it is gone.
fn state(pid: i32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.chars().next().filter(|state| *state != 'Z')
}

fn is_gone(pid: i32) -> bool {
    soon(|| state(pid).is_none().then_some(())).is_some()
}

#[test]
fn a_signal_to_the_wrapper_ends_the_tool_and_then_the_wrapper() {
    let root = Root::new(SLEEPS);
    for tool in ["gcc", "ld"] {
        for signal in [
            libc::SIGHUP,
            libc::SIGINT,
            libc::SIGQUIT,
            libc::SIGALRM,
            libc::SIGTERM,
            libc::SIGUSR1,
            libc::SIGUSR2,
        ] {
            let (mut wrapper, tool) = root.started(&mut root.tool(tool));
            kill(pid(&wrapper), signal);
            assert_eq!(wrapper.wait().unwrap().signal(), Some(signal));
            assert!(is_gone(tool));
            assert_eq!(root.left_in_tmp(), [""; 0].map(PathBuf::from));
        }
    }
}

#[test]
fn the_wrapper_ends_as_the_tool_ends() {
    for (script, status, signal) in [
        ("exit 0", Some(0), None),
        ("exit 42", Some(42), None),
        ("exit 255", Some(255), None),
        ("kill -KILL $$", None, Some(libc::SIGKILL)),
        ("kill -TERM $$", None, Some(libc::SIGTERM)),
        ("kill -PIPE $$", None, Some(libc::SIGPIPE)),
        ("ulimit -c 0; kill -SEGV $$", None, Some(libc::SIGSEGV)),
        ("ulimit -c 0; kill -ABRT $$", None, Some(libc::SIGABRT)),
        ("kill -34 $$", None, Some(34)),
    ] {
        let root = Root::new(script);
        for tool in ["gcc", "ld"] {
            let ended: ExitStatus = root.tool(tool).status().unwrap();
            assert_eq!(
                (ended.code(), ended.signal()),
                (status, signal),
                "{tool}: {script}"
            );
            assert!(root.left_in_tmp().is_empty());
        }
    }
}

#[test]
fn a_tool_that_answers_a_signal_decides_how_it_ends() {
    let script =
        "trap 'exit 9' TERM; echo $$ > pid.new; mv pid.new pid; while :; do sleep 0.01; done\n";
    let root = Root::new(script);
    let (mut wrapper, _) = root.started(&mut root.tool("gcc"));
    kill(pid(&wrapper), libc::SIGTERM);
    assert_eq!(wrapper.wait().unwrap().code(), Some(9));
    assert!(root.left_in_tmp().is_empty());
}

#[test]
fn a_wrapper_that_is_killed_takes_the_tool_along() {
    let root = Root::new(SLEEPS);
    for tool in ["gcc", "ld"] {
        let (mut wrapper, tool) = root.started(&mut root.tool(tool));
        kill(pid(&wrapper), libc::SIGKILL);
        assert_eq!(wrapper.wait().unwrap().signal(), Some(libc::SIGKILL));
        assert!(is_gone(tool));
    }
}

#[test]
fn the_tool_stops_and_goes_on_with_the_wrapper() {
    let root = Root::new(SLEEPS);
    // A group that has a parent outside, as a shell's jobs have: else the kernel
    // stops nobody.
    let (mut wrapper, tool) = root.started(root.tool("ld").process_group(0));
    let both = |want: fn(char) -> bool| {
        let pids = [tool, pid(&wrapper)];
        soon(|| {
            pids.iter()
                .all(|pid| state(*pid).is_some_and(want))
                .then_some(())
        })
    };
    kill(pid(&wrapper), libc::SIGTSTP);
    both(|state| state == 'T').expect("both are stopped");
    kill(pid(&wrapper), libc::SIGCONT);
    both(|state| state != 'T').expect("both go on");
    kill(pid(&wrapper), libc::SIGTERM);
    assert_eq!(wrapper.wait().unwrap().signal(), Some(libc::SIGTERM));
}

/// As a terminal's Ctrl-Z and a shell's `fg` and `bg` do it, and each time.
#[test]
fn a_whole_job_stops_and_goes_on() {
    let root = Root::new(SLEEPS);
    write(&root.path("counts"), "");
    let mut counted = root.tool("gcc");
    counted
        .env("NIX_CC_USE_RESPONSE_FILE", "0")
        .env("CC_WRAPPER_STATS", root.path("counts"));
    let mut run = command(env!("CARGO_BIN_EXE_cc-wrapper"));
    run.args(["run", "--quiet", "--", "sh", "-c", SLEEPS])
        .current_dir(root.0.path());
    for mut command in [root.tool("ld"), counted, run] {
        let (mut wrapper, tool) = root.started(command.process_group(0));
        let group = -pid(&wrapper);
        let states = || [tool, pid(&wrapper)].map(state);
        let both = |want: fn(char) -> bool| {
            let are = || states().iter().all(|state| state.is_some_and(want));
            soon(|| are().then_some(()))
        };
        for round in 0..30 {
            kill(group, libc::SIGTSTP);
            let stopped = both(|state| state == 'T');
            assert!(stopped.is_some(), "{command:?}, {round}: {:?}", states());
            kill(group, libc::SIGCONT);
            let goes_on = both(|state| state != 'T');
            assert!(goes_on.is_some(), "{command:?}, {round}: {:?}", states());
        }
        kill(group, libc::SIGTERM);
        assert_eq!(wrapper.wait().unwrap().signal(), Some(libc::SIGTERM));
    }
}

#[test]
fn a_tool_that_is_held_from_outside_holds_nobody_else() {
    let root = Root::new(SLEEPS);
    let (mut wrapper, tool) = root.started(root.tool("ld").process_group(0));
    kill(tool, libc::SIGSTOP);
    soon(|| (state(tool) == Some('T')).then_some(())).expect("the tool is held");
    sleep(Duration::from_millis(50));
    assert!(state(pid(&wrapper)).is_some_and(|state| state != 'T'));
    kill(tool, libc::SIGKILL);
    assert_eq!(wrapper.wait().unwrap().signal(), Some(libc::SIGKILL));
}

/// An interactive shell on a terminal of its own.
struct Terminal {
    script: Child,
    keys: ChildStdin,
    screen: mpsc::Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    fn new(root: &Root) -> Option<Terminal> {
        let (script, _) = (tool("script")?, tool("bash")?);
        let mut script = command(script)
            .args(["-qec", "bash --norc --noprofile -i", "/dev/null"])
            .env("PS1", "outer> ")
            .env("BINARY", env!("CARGO_BIN_EXE_cc-wrapper"))
            .env("NIX_LD_USE_RESPONSE_FILE", "0")
            .current_dir(root.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let keys = script.stdin.take().unwrap();
        let mut output = script.stdout.take().unwrap();
        let (sender, screen) = mpsc::channel();
        thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut part) {
                let _ = sender.send(part[..length].to_vec());
            }
        });
        let mut terminal = Terminal {
            script,
            keys,
            screen,
            seen: String::new(),
        };
        terminal.shows("outer> ");
        Some(terminal)
    }

    /// Types a line, and waits for what it makes the terminal show.
    #[track_caller]
    fn answers(&mut self, line: &str, expected: &str) {
        self.keys.write_all(format!("{line}\n").as_bytes()).unwrap();
        self.shows(expected);
    }

    #[track_caller]
    fn shows(&mut self, expected: &str) {
        let start = Instant::now();
        loop {
            if let Some(at) = self.seen.find(expected) {
                self.seen.drain(..at + expected.len());
                return;
            }
            let left = Duration::from_secs(20).saturating_sub(start.elapsed());
            match self.screen.recv_timeout(left) {
                Ok(part) => self.seen.push_str(&String::from_utf8_lossy(&part)),
                Err(_) => panic!("no {expected:?} in {:?}", self.seen),
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // The terminal hangs up with it.
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

/// The shell has its terminal again, and `fg` goes on where it was.
#[test]
fn a_command_that_stops_itself_gives_the_terminal_back() {
    let root = Root::new("kill -$1 $$; echo \"went on\"\n");
    let Some(mut terminal) = Terminal::new(&root) else {
        return;
    };
    // What is typed is shown too, so what is waited for is not in it.
    for line in [
        "$BINARY run -q -- sh -c 'kill -TSTP $$; echo went\\ on'",
        "$BINARY run -q -- sh -c 'kill -STOP $$; echo went\\ on'",
        "bin/ld TSTP",
        "bin/ld STOP",
    ] {
        terminal.answers(line, "Stopped");
        terminal.answers("echo shell 1$((1))", "shell 11");
        terminal.answers("fg", "went on");
        terminal.answers("echo shell 2$((2))", "shell 22");
    }
    // What the kernel stops is the whole job.
    let reads = "$BINARY run -q -- sh -c 'read line; echo read $line' & sleep 0.1";
    terminal.answers(reads, "outer> ");
    terminal.answers("jobs", "Stopped");
    terminal.answers("fg", "run -q -- sh");
    terminal.answers("this", "read this");
    // A shell in the shell, which stops itself by SIGSTOP.
    let inner = "PS1=inner'> ' $BINARY run -q -- bash --norc --noprofile -i";
    terminal.answers(inner, "inner> ");
    for _ in 0..3 {
        terminal.answers("suspend", "Stopped");
        terminal.answers("echo shell 1$((1))", "shell 11");
        terminal.answers("fg", "inner> ");
        terminal.answers("echo shell 2$((2))", "shell 22");
    }
    // Ctrl-Z, and what the inner shell runs stays its affair.
    terminal.answers("sleep 60", "sleep 60");
    sleep(Duration::from_millis(200));
    terminal.answers("\x1a", "Stopped");
    terminal.answers("kill %1; exit; exit", "outer> ");
}

#[test]
fn a_tool_that_does_not_stop_is_waited_for() {
    let root = Root::new(&format!("trap '' TSTP; {SLEEPS}"));
    let (mut wrapper, tool) = root.started(root.tool("ld").process_group(0));
    kill(pid(&wrapper), libc::SIGTSTP);
    sleep(Duration::from_millis(50));
    assert!(state(pid(&wrapper)).is_some_and(|state| state != 'T'));
    kill(tool, libc::SIGKILL);
    assert_eq!(wrapper.wait().unwrap().signal(), Some(libc::SIGKILL));
}

#[test]
fn what_the_caller_ignores_stays_ignored() {
    let root = Root::new(SLEEPS);
    let ignoring = |signal| {
        let mut ld = root.tool("ld");
        // SAFETY: only a system call.
        unsafe {
            ld.pre_exec(move || {
                libc::signal(signal, libc::SIG_IGN);
                Ok(())
            });
        }
        ld
    };
    let (mut wrapper, tool) = root.started(&mut ignoring(libc::SIGHUP));
    kill(pid(&wrapper), libc::SIGHUP);
    kill(tool, libc::SIGHUP);
    sleep(Duration::from_millis(50));
    assert!(state(tool).is_some() && state(pid(&wrapper)).is_some());
    kill(pid(&wrapper), libc::SIGTERM);
    assert_eq!(wrapper.wait().unwrap().signal(), Some(libc::SIGTERM));

    // A caller that will not hear of its children has a status all the same.
    let root = Root::new("exit 5\n");
    let mut ld = root.tool("ld");
    // SAFETY: only a system call.
    unsafe {
        ld.pre_exec(|| {
            libc::signal(libc::SIGCHLD, libc::SIG_IGN);
            Ok(())
        });
    }
    assert_eq!(ld.status().unwrap().code(), Some(5));
}

/// Signal settings that a process can inherit.
fn prepared(command: &mut Command, prepare: fn()) -> &mut Command {
    // SAFETY: only system calls.
    unsafe {
        command.pre_exec(move || {
            prepare();
            Ok(())
        })
    }
}

#[test]
fn a_caller_may_have_blocked_everything() {
    let block = || unsafe {
        let mut all = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::sigprocmask(libc::SIG_BLOCK, &all, std::ptr::null_mut());
    };
    let root = Root::new("grep SigBlk /proc/self/status | tr -d '\\t'\n");
    for hook in ["ld-wrapper-hook", "cc-wrapper-hook"] {
        write(&root.path("nix-support").join(hook), ":\n");
    }
    for tool in ["gcc", "ld"] {
        let mut tool = root.tool(tool);
        let output = prepared(&mut tool, block).output().unwrap();
        assert!(output.status.success());
        let blocked = String::from_utf8(output.stdout).unwrap();
        assert!(
            blocked.contains("SigBlk:fffffffe7"),
            "the tool's are as they were: {blocked}"
        );
    }
}

#[test]
fn sigpipe_is_as_the_caller_left_it() {
    let tell = "grep SigIgn /proc/$$/status | tr -d '\\t'\n";
    let root = Root::new(tell);
    write(&root.path("nix-support/ld-wrapper-hook"), tell);
    let ignored = |prepare: fn()| {
        let mut lines = vec![];
        for tool in ["ld", "gcc"] {
            for through_file in ["0", "1"] {
                let mut tool = root.tool(tool);
                tool.env("NIX_CC_USE_RESPONSE_FILE", through_file);
                let output = prepared(&mut tool, prepare).output().unwrap();
                let text = String::from_utf8(output.stdout).unwrap();
                lines.extend(text.lines().map(str::to_owned));
            }
        }
        lines
    };
    let mask = |line: &String| {
        let mask = line.strip_prefix("SigIgn:").unwrap();
        u64::from_str_radix(mask, 16).unwrap()
    };
    let pipe = 1 << (libc::SIGPIPE - 1);
    let with = ignored(|| unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
    });
    assert!(
        with.len() == 6 && with.iter().all(|line| mask(line) & pipe != 0),
        "{with:?}"
    );
    let without = ignored(|| unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    });
    assert!(
        without.iter().all(|line| mask(line) & pipe == 0),
        "{without:?}"
    );
}

#[test]
fn a_second_child_is_as_well_off_as_the_first() {
    let answers = "trap 'echo cleaned; exit 9' TERM; echo $$ > pid.new; mv pid.new pid; \
                   while :; do sleep 0.01; done\n";
    let root = Root::new(answers);
    for hook in [
        "ld-wrapper-hook",
        "cc-wrapper-hook",
        "add-local-ldflags-before.sh",
    ] {
        write(&root.path("nix-support").join(hook), ":\n");
    }
    for tool in ["ld", "gcc"] {
        let mut tool = root.tool(tool);
        let tool = tool
            .stdout(Stdio::piped())
            .env("NIX_LD_USE_RESPONSE_FILE", "1");
        let (wrapper, _) = root.started(tool);
        kill(pid(&wrapper), libc::SIGTERM);
        let output = wrapper.output().unwrap();
        let ended = (output.status.code(), &output.stdout[..]);
        assert_eq!(ended, (Some(9), &b"cleaned\n"[..]));
        assert!(root.left_in_tmp().is_empty());
    }
}

#[test]
fn a_signal_that_comes_with_a_childs_end_is_not_lost() {
    let root = Root::new("echo ran > ran\n");
    let hook = "echo $PPID > pid.new; mv pid.new pid; sleep 0.1\n";
    write(&root.path("nix-support/ld-wrapper-hook"), hook);
    let (mut wrapper, number) = root.started(&mut root.tool("ld"));
    assert_eq!(number, pid(&wrapper));
    let hook = child_of(number).unwrap();
    kill(number, libc::SIGSTOP);
    // It has ended then, and the wrapper does not know yet.
    assert!(is_gone(hook));
    kill(number, libc::SIGTERM);
    kill(number, libc::SIGCONT);
    assert_eq!(wrapper.wait().unwrap().signal(), Some(libc::SIGTERM));
    assert!(!root.path("ran").exists());
}

#[test]
fn what_a_terminal_sends_to_all_comes_once() {
    let counts = "n=0; trap 'n=$((n+1))' INT; echo $$ > pid.new; mv pid.new pid; \
                  sleep 0.3; sleep 0.3; echo counted $n\n";
    let root = Root::new(counts);
    let Some(script) = tool("script") else { return };
    // A terminal of its own, in which Ctrl-C is typed.
    let mut child = command(script)
        .args([
            "-qec",
            &root.path("bin/ld").display().to_string(),
            "/dev/null",
        ])
        .current_dir(root.0.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = child.stdin.take().unwrap();
    soon(|| root.path("pid").exists().then_some(())).expect("the tool starts");
    keys.write_all(b"\x03").unwrap();
    let mut printed = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut printed)
        .unwrap();
    child.wait().unwrap();
    assert!(printed.contains("counted 1"), "{printed:?}");
}

#[test]
fn the_streams_are_the_tools() {
    let root = Root::new("cat; echo error >&2; [ -t 0 ]; exec 0<&-; cat 2>/dev/null; exit 0\n");
    let mut child = root
        .tool("ld")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"in\xff").unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"in\xff");
    assert_eq!(output.stderr, b"error\n");
}

#[test]
fn a_hook_leaves_no_child_to_the_tool() {
    let root = Root::new("read -r children < /proc/$$/task/$$/children; echo \"<$children>\"\n");
    write(&root.path("nix-support/cc-wrapper-hook"), "/bin/true\n");
    let mut gcc = root.tool("gcc");
    let output = gcc.env("NIX_CC_USE_RESPONSE_FILE", "0").output().unwrap();
    assert_eq!(output.stdout, b"<>\n");
}

/// Ends the wrapper, or the tool, at any moment of a real compilation.
#[test]
fn killed_at_any_moment_nothing_is_left() {
    let gcc = which::which("gcc").unwrap();
    let root = Root::new(&format!("exec {} \"$@\"\n", gcc.display()));
    // The compiler runs the machine's own.
    fs::remove_file(root.path("bin/ld")).unwrap();
    let source = "#include <stdio.h>\nint main(void) { puts(\"x\"); return 0; }\n";
    write(&root.path("a.c"), source);
    let start = Instant::now();
    assert!(
        root.tool("gcc")
            .args(["a.c", "-o", "a"])
            .status()
            .unwrap()
            .success()
    );
    let whole = start.elapsed();

    let mut ended_early = 0;
    for round in 0..100 {
        let signal = [libc::SIGTERM, libc::SIGINT, libc::SIGKILL][round % 3];
        let is_for_child = round % 2 == 1;
        let mut command = root.tool("gcc");
        let mut wrapper = Running::alone(command.args(["a.c", "-o", "a"]));
        // Every moment of it, and some after.
        sleep(whole * (round as u32 * 37 % 100) / 80);
        let target = match is_for_child {
            true => child_of(pid(&wrapper)),
            false => Some(pid(&wrapper)),
        };
        if let Some(target) = target {
            kill(target, signal);
        }
        let ended = wrapper.wait().unwrap();
        assert!(
            ended.success() || ended.signal() == Some(signal),
            "round {round}: {ended}"
        );
        ended_early += usize::from(!ended.success());
        // gcc's own are its own affair, and that of what it runs.
        let left: Vec<_> = root.left_in_tmp();
        let ours: Vec<_> = left.iter().filter(|path| is_ours(path)).collect();
        let is_unavoidable = signal == libc::SIGKILL && !is_for_child;
        assert!(
            ours.len() <= usize::from(is_unavoidable),
            "round {round}: {ours:?}"
        );
        for path in left {
            let _ = fs::remove_file(path);
        }
    }
    assert!(ended_early > 0, "none was ended early");
}

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    name.starts_with("cc-wrapper-")
}

/// The one child of a process that is not waited for yet.
fn child_of(pid: i32) -> Option<i32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.trim().parse().ok()
}
