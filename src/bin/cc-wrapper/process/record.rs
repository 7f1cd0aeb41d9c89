//! Appends a call's translation units to the file that CC_WRAPPER_COMPDB names.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;
use std::{env, fs, io};

use cc_wrapper::model::compile_record::Record;
use cc_wrapper::model::message::Message;
use cc_wrapper::model::plan::Plan;
use cc_wrapper::text::compile_database::Entry;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::unistd::{AccessFlags, access};

use crate::process::report::quoted;
use crate::process::{lock, report};

/// How long to wait for the lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// Records the call before it runs, so that failing calls are recorded too. If
/// that fails, prints a warning and the call goes on.
pub fn write(plan: &Plan, tool: &str) {
    let Some(record) = &plan.record else {
        return;
    };
    let written = lines(plan, record).and_then(|lines| append(record.database, &lines, tool));
    if let Err(error) = written {
        let message = Message::at("cannot record the call in", record.database)
            .because(report::why(&error))
            .remedy(
                "the call goes on without a record: set CC_WRAPPER_COMPDB to a file that can be written",
            );
        report::warning(tool, &message);
    }
}

/// Returns why nothing can be recorded in `database`, as far as that can be
/// checked without writing.
pub fn refusal(database: &Path) -> Option<String> {
    if database.exists() {
        let is_file = fs::metadata(database).is_ok_and(|file| file.is_file());
        let is_ours = is_file && access(database, AccessFlags::R_OK | AccessFlags::W_OK).is_ok();
        return (!is_ours).then(|| "it is not a readable and writable file".into());
    }
    let directory = match database.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) => Path::new("."),
        None => Path::new("/"),
    };
    let why = io::Error::from(access(directory, AccessFlags::W_OK).err()?);
    Some(format!(
        "{}: {}",
        quoted(directory.as_os_str().as_bytes()),
        report::why(&why)
    ))
}

/// Returns one line for each translation unit.
fn lines(plan: &Plan, record: &Record) -> io::Result<Vec<u8>> {
    let directory = env::current_dir()?.into_os_string().into_vec();
    let arguments = plan.command.args().map(|arg| Cow::Borrowed(&arg[..]));
    let mut entry = Entry {
        directory: Cow::Owned(directory),
        file: Cow::default(),
        output: None,
        arguments: [Cow::Borrowed(&plan.program[..])]
            .into_iter()
            .chain(arguments)
            .collect(),
    };
    let mut lines = Vec::new();
    for unit in &record.units {
        entry.file = Cow::Borrowed(&unit.file);
        entry.output = unit.output.as_deref().map(Cow::Borrowed);
        entry.write(&mut lines);
    }
    Ok(lines)
}

/// Appends `lines` under a lock: all of them or none. Where a file system or a
/// sandbox has no locks, one write appends them, which a local file system does
/// not mix with other writes. If that is cut short, the next call begins a line
/// of its own, and `cc-wrapper compdb` skips the broken one.
fn append(database: &[u8], lines: &[u8], tool: &str) -> io::Result<()> {
    // Do not block on a pipe without a reader, and do not make a terminal the
    // controlling one.
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .custom_flags(flags.bits())
        .open(OsStr::from_bytes(database))?;
    // A pipe without a reader and /dev/null would swallow the records.
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    match lock(file, database, tool)? {
        Locked::Yes(mut file) => {
            let before = file.metadata()?.len();
            let written = write_lines(&mut file, before, lines);
            if written.is_err() {
                // Remove a partial line, for example on a full disk, because it
                // would corrupt the next record.
                let _ = file.set_len(before);
            }
            written
        }
        Locked::Refused(mut file) => {
            let before = file.metadata()?.len();
            write_lines(&mut file, before, lines)
        }
    }
}

/// Appends `lines` to a file of this length.
fn write_lines(file: &mut File, length: u64, lines: &[u8]) -> io::Result<()> {
    if ends_in_a_line(file, length)? {
        file.write_all(lines)
    } else {
        file.write_all(&[b"\n", lines].concat())
    }
}

enum Locked {
    Yes(Flock<File>),
    /// There are no locks here: some network file systems, some sandboxes.
    Refused(File),
}

/// Takes the lock. Other calls hold it for one write. A process that holds it
/// for longer was probably stopped, or has nothing to do with records: everybody
/// who can read the file can lock it. So says after a second that the call
/// waits, and gives up after [`PATIENCE`] to let the build go on.
fn lock(file: File, database: &[u8], tool: &str) -> io::Result<Locked> {
    let report = |_: &File| {
        let what = "waiting for the process that locks";
        report::warning(tool, &Message::at(what, database));
    };
    let goes_on = |waited| waited < PATIENCE;
    match lock::wait(file, FlockArg::LockExclusiveNonblock, report, goes_on) {
        Ok(locked) => Ok(Locked::Yes(locked)),
        Err((_, Errno::EWOULDBLOCK)) => Err(io::Error::other("another process locks it")),
        Err((file, _)) => Ok(Locked::Refused(file)),
    }
}

/// Returns whether the file ends with a line end. It does not if a call was
/// killed while it wrote.
fn ends_in_a_line(file: &mut File, length: u64) -> io::Result<bool> {
    let Some(last) = length.checked_sub(1) else {
        return Ok(true);
    };
    let mut byte = [0];
    file.seek(SeekFrom::Start(last))?;
    file.read_exact(&mut byte)?;
    Ok(byte == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_begin_on_a_line_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("db");
        let database = path.as_os_str().as_bytes();
        append(database, b"{1}\n", "gcc").unwrap();
        append(database, b"{2}\n{3}\n", "gcc").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"{1}\n{2}\n{3}\n");
        fs::write(&path, b"{1}\n{2").unwrap();
        append(database, b"{3}\n", "gcc").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"{1}\n{2\n{3}\n");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        assert!(append(dir.as_os_str().as_bytes(), b"{}\n", "gcc").is_err());
        let below_nothing = dir.join("absent/db");
        assert!(append(below_nothing.as_os_str().as_bytes(), b"{}\n", "gcc").is_err());
        assert!(append(b"/dev/null", b"{}\n", "gcc").is_err());
    }
}
