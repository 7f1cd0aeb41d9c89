//! Counts calls for `cc-wrapper run`: each call appends a line to a file when
//! it is done.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use cc_wrapper::model::message::Message;
use cc_wrapper::model::statistics::Statistics;
use nix::fcntl::OFlag;

use crate::process::report;

thread_local! {
    /// When this process started, and how long it has waited for tools.
    static TIMES: Cell<Option<(Instant, Duration)>> = const { Cell::new(None) };
}

/// Starts the clock. Must be called first in `main`.
pub fn begin() {
    TIMES.set(Some((Instant::now(), Duration::ZERO)));
}

/// Runs `wait` and counts its time as the tool's, not the wrapper's.
pub fn tool<R>(wait: impl FnOnce() -> R) -> R {
    let start = Instant::now();
    let result = wait();
    if let Some((began, tool)) = TIMES.get() {
        TIMES.set(Some((began, tool + start.elapsed())));
    }
    result
}

/// The content of one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    pub compiles: bool,
    pub links: bool,
    /// The call is part of a call that another line counts.
    pub is_inner: bool,
    /// The call's time is already part of the tool's time in another line.
    pub is_waited_for: bool,
    pub failed: bool,
    /// The call failed before any tool was run.
    pub refused: bool,
    pub wrapper: Duration,
    pub tool: Duration,
}

impl Line {
    fn write(self) -> String {
        let flags = [
            self.compiles,
            self.links,
            self.is_inner,
            self.is_waited_for,
            self.failed,
            self.refused,
        ];
        let flags: String = flags.map(|flag| if flag { "1 " } else { "0 " }).concat();
        let [wrapper, tool] = [self.wrapper, self.tool].map(|time| time.as_nanos());
        format!("{flags}{wrapper} {tool}\n")
    }

    /// Parses a line; `None` if it is incomplete.
    pub fn read(line: &str) -> Option<Line> {
        let mut words = line.split(' ').map(|word| word.parse::<u64>().ok());
        let mut next = || words.next().flatten();
        Some(Line {
            compiles: next()? != 0,
            links: next()? != 0,
            is_inner: next()? != 0,
            is_waited_for: next()? != 0,
            failed: next()? != 0,
            refused: next()? != 0,
            wrapper: Duration::from_nanos(next()?),
            tool: Duration::from_nanos(next()?),
        })
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Done,
    /// The tool failed.
    Failed,
    /// No tool was run.
    Refused,
}

/// Appends a line for the call if `statistics` names a file to count in.
pub fn write(statistics: Option<&Statistics>, end: End, name: &str) {
    let Some(statistics) = statistics else {
        return;
    };
    let times = TIMES.get().map(|(began, tool)| (began.elapsed(), tool));
    let (all, tool) = times.unwrap_or_default();
    let line = Line {
        compiles: statistics.compiles,
        links: statistics.links,
        is_inner: statistics.is_inner,
        is_waited_for: statistics.is_waited_for,
        failed: end != End::Done,
        refused: end == End::Refused,
        wrapper: all.saturating_sub(tool),
        tool,
    };
    let file = OsStr::from_bytes(statistics.file);
    if let Err(error) = append(file, line.write().as_bytes()) {
        let message = Message::at("cannot count the call in", statistics.file)
            .because(report::why(&error))
            .remedy("unset CC_WRAPPER_STATS, or set it to a file");
        report::warning(name, &message);
    }
}

/// Appends `lines` to `file` with one write, because the kernel does not mix
/// that with other writes. Does not create the file: `cc-wrapper run` removes
/// it when it stops counting.
///
/// # Errors
/// Fails if the file cannot be opened or written.
pub fn append(file: &OsStr, lines: &[u8]) -> io::Result<()> {
    // Do not wait for a pipe's reader.
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let mut options = OpenOptions::new();
    match options.append(true).custom_flags(flags.bits()).open(file) {
        Ok(mut file) => file.write_all(lines),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_back() {
        let line = Line {
            compiles: true,
            is_waited_for: true,
            failed: true,
            wrapper: Duration::from_nanos(7),
            tool: Duration::from_secs(9),
            ..Line::default()
        };
        assert_eq!(Line::read(line.write().trim_end()), Some(line));
        for broken in ["", "1 0 0", "1 0 0 x 3 4"] {
            assert_eq!(Line::read(broken), None, "{broken}");
        }
    }
}
