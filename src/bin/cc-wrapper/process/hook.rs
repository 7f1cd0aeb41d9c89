//! Runs hooks in bash (docs/behaviour.md#10-hooks).

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::{env, io};

use cc_wrapper::model::argument;
use cc_wrapper::model::argument::{Arg, Export};
use cc_wrapper::model::hook::{Changes, Failure, Hook};
use cc_wrapper::model::message::Message;
use signal_hook::consts::{SIGHUP, SIGINT, SIGPIPE, SIGTERM};
use signal_hook::low_level::signal_name;

use crate::process::child::{Ended, end_as};
use crate::process::errno::is_too_long;
use crate::process::{anonymous_file, child, report, search};

const SCRIPT: &str = include_str!("hook.bash");

/// Variables that bash itself changes.
const OF_BASH: [&[u8]; 6] = [b"_", b"BASHOPTS", b"OLDPWD", b"PWD", b"SHELLOPTS", b"SHLVL"];

/// Runs a hook and returns what it changed. Does not return if a signal ended
/// the hook, or if the hook ran `exec` to become another program that did the
/// work of the call.
///
/// # Errors
/// See [`Failure`].
pub fn run(
    hook: &Hook,
    command: &argument::Command,
    exports: &[Export],
) -> Result<Changes, Failure> {
    let before = environment(exports);
    let (Ended { status, name }, mut answer) = in_bash(hook, command, &before)?;
    if status.signal().is_some() {
        end_by_signal(hook, status);
    }
    let mut text = Vec::new();
    let read = answer.rewind().and_then(|()| answer.read_to_end(&mut text));
    read.map_err(|error| not_run(report::why(&error), None))?;
    child::go_on_alone();
    match (status.code(), read_answer(&text, &before)) {
        (Some(0), Some(changes)) => Ok(changes),
        (Some(0), None) if has_become_another(hook, name.as_deref()) => end_as(status),
        (Some(0), None) => Err(Failure::Silent),
        (status, _) => Err(Failure::Status(status.unwrap_or(1) as u8)),
    }
}

/// Runs the hook that follows a link and returns its exit status.
///
/// # Errors
/// Fails if the hook could not be run.
pub fn run_last(
    hook: &Hook,
    command: &argument::Command,
    exports: &[Export],
) -> Result<ExitStatus, Failure> {
    let (Ended { status, .. }, _) = in_bash(hook, command, &environment(exports))?;
    if status.signal().is_some() {
        end_by_signal(hook, status);
    }
    Ok(status)
}

/// Returns whether the process was no longer bash when it ended, judging by its
/// name.
fn has_become_another(hook: &Hook, name: Option<&[u8]>) -> bool {
    /// The kernel keeps only this many bytes of a name.
    const KEPT: usize = 15;
    let bash = bash(hook).ok();
    let bash = bash.as_deref().and_then(Path::file_name);
    let bash = bash.unwrap_or_default().as_bytes();
    name.is_some_and(|name| name != &bash[..bash.len().min(KEPT)])
}

fn end_by_signal(hook: &Hook, status: ExitStatus) -> ! {
    let signal = status.signal().unwrap_or(0);
    // The sender of these signals needs no message.
    if ![SIGHUP, SIGINT, SIGPIPE, SIGTERM].contains(&signal) {
        let name = signal_name(signal).map_or_else(|| signal.to_string(), str::to_owned);
        let what = format!("was ended by {name}");
        let message = Message::about(&hook.path, what).remedy("correct this hook, or remove it");
        let tool = Path::new(OsStr::from_bytes(hook.executable)).file_name();
        let tool = tool.unwrap_or_default().to_string_lossy();
        report::error(&tool, &message);
    }
    end_as(status)
}

type Variables = BTreeMap<Vec<u8>, Vec<u8>>;

/// Returns the environment that the tool would get.
fn environment(exports: &[Export]) -> Variables {
    let inherited = env::vars_os().map(|(name, value)| (name.into_vec(), value.into_vec()));
    let mut variables: Variables = inherited.collect();
    for (name, value) in exports {
        match value {
            Some(value) => variables.insert(name.clone(), value.clone()),
            None => variables.remove(name),
        };
    }
    variables
}

/// Runs the hook in bash. Returns how it ended, and the file with its answer.
fn in_bash(
    hook: &Hook,
    command: &argument::Command,
    variables: &Variables,
) -> Result<(Ended, File), Failure> {
    let bash = bash(hook)?;
    let run = || {
        let question = anonymous_file::out_of_the_way(question(hook, command, variables)?)?;
        let answer = anonymous_file::out_of_the_way(anonymous_file::create()?)?;
        let mut command = Command::new(&bash);
        let variables = variables.iter();
        command
            .arg("-c")
            .arg(SCRIPT)
            .arg(OsStr::from_bytes(hook.executable))
            .arg(question.as_raw_fd().to_string())
            .arg(answer.as_raw_fd().to_string())
            .env_clear()
            .envs(
                variables.map(|(name, value)| (OsStr::from_bytes(name), OsStr::from_bytes(value))),
            );
        if let Some(path) = hook.search_path {
            command.env("PATH", OsStr::from_bytes(path));
        }
        if hook.explains {
            // `explain` prints its result on standard output; keep hooks off it.
            command.stdin(Stdio::null()).stdout(io::stderr());
        }
        child::expect()?;
        let ended = child::run(&mut command)?;
        io::Result::Ok((ended, answer))
    };
    run().map_err(|error| {
        let what_to_do = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => Some(INSTALL_BASH),
            _ if is_too_long(&error) => Some("make the environment shorter"),
            _ => None,
        };
        let why = format!("{}: {}", bash.display(), report::why(&error));
        not_run(why, what_to_do)
    })
}

const INSTALL_BASH: &str = "install bash, or name it as \"shell\" in toolchain.json";

fn not_run(source: String, remedy: Option<&'static str>) -> Failure {
    Failure::NotRun {
        source: source.into_bytes(),
        remedy,
    }
}

fn bash(hook: &Hook) -> Result<PathBuf, Failure> {
    match hook.shell {
        Some(shell) => Ok(PathBuf::from(OsStr::from_bytes(shell))),
        None => search::program("bash")
            .ok_or_else(|| not_run("there is no bash on PATH".to_owned(), Some(INSTALL_BASH))),
    }
}

/// Returns a file with everything the hook may read, in the format of
/// hook.bash.
fn question(hook: &Hook, command: &argument::Command, variables: &Variables) -> io::Result<File> {
    let mut text = Vec::new();
    let mut add = |word: &[u8]| {
        text.extend_from_slice(word);
        text.push(0);
    };
    add(&hook.path);
    add(&hook.functions);
    add(if hook.trace { b"1" } else { b"0" });

    let mut known = Vec::new();
    for (name, value) in &hook.variables {
        known.extend([name.as_bytes(), value]);
    }
    if let Some(path) = variables.get(&b"PATH"[..]) {
        known.extend([b"path_backup", &path[..]]);
    }
    let words = |args: &[Arg]| -> Vec<Vec<u8>> { args.iter().map(|arg| arg.to_vec()).collect() };
    let lists = [
        known.into_iter().map(<[u8]>::to_vec).collect(),
        hook.args.iter().map(|arg| arg.to_vec()).collect(),
        words(&command.before),
        words(&command.params),
        words(&command.after),
    ];
    for list in lists {
        add(list.len().to_string().as_bytes());
        list.iter().for_each(|word| add(word));
    }
    let mut file = anonymous_file::create()?;
    file.write_all(&text)?;
    file.rewind()?;
    Ok(file)
}

/// Returns the hook's changes; `None` if there is no answer, because the
/// process was no longer bash when it ended.
fn read_answer(text: &[u8], before: &Variables) -> Option<Changes> {
    let mut words = text
        .split_inclusive(|&b| b == 0)
        .map_while(|word| word.strip_suffix(&[0]));
    let mut list = || {
        let count: usize = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
        let list: Vec<Vec<u8>> = words.by_ref().take(count).map(<[u8]>::to_vec).collect();
        (list.len() == count).then_some(list)
    };
    let arrays = [list()?, list()?, list()?];
    let mut after = Variables::new();
    loop {
        match words.next()? {
            [] => break,
            name => after.insert(name.to_vec(), words.next()?.to_vec()),
        };
    }
    Some(Changes {
        arrays,
        environment: changed(before, after),
    })
}

fn changed(before: &Variables, after: Variables) -> Vec<Export> {
    let removed = before.keys().filter(|name| !after.contains_key(*name));
    let mut changes: Vec<Export> = removed
        .filter(|name| is_name(name))
        .map(|name| (name.clone(), None))
        .collect();
    for (name, value) in after {
        if before.get(&name) != Some(&value) {
            changes.push((name, Some(value)));
        }
    }
    changes.retain(|(name, _)| !OF_BASH.contains(&&name[..]));
    changes
}

/// Returns whether `name` is a valid name of a bash variable.
fn is_name(name: &[u8]) -> bool {
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    name.iter().all(is_word) && !name.first().is_some_and(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        let bytes = pairs
            .iter()
            .map(|(n, v)| (n.as_bytes().to_vec(), v.as_bytes().to_vec()));
        bytes.collect()
    }

    #[test]
    fn an_answer_is_read_whole_or_not_at_all() {
        let before = variables(&[("A", "1"), ("B", "2"), ("f%%", "x"), ("SHLVL", "1")]);
        let text = b"1\0a b\x00\x30\x00\x32\0\0\xff\0A\x001\0C\0\0SHLVL\x002\0\0";
        let changes = read_answer(text, &before).unwrap();
        assert_eq!(
            changes.arrays,
            [
                vec![b"a b".to_vec()],
                vec![],
                vec![vec![], b"\xff".to_vec()]
            ]
        );
        assert_eq!(
            changes.environment,
            [(b"B".to_vec(), None), (b"C".to_vec(), Some(vec![]))]
        );
        for end in 0..text.len() {
            assert_eq!(read_answer(&text[..end], &before), None, "{end}");
        }
    }
}
