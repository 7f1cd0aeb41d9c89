//! `cc-wrapper rustup`: wraps the linkers that Rust toolchains include, in
//! place. docs/commands.md describes the command.
//!
//! A toolchain has a launcher, `gcc-ld/ld.lld`, for each target. C compilers run
//! it, and it runs the toolchain's `rust-lld`. Wrapping moves the launcher to
//! `gcc-ld-unwrapped` and puts cc-wrapper in its place.

mod arguments;
mod change;
mod describe;
mod find;
mod patchelf;
mod place;
mod runs;

use self::change::Change;
use self::patchelf::Patch;
use self::place::Place;
use crate::support::error::{Error, Result, cannot};
use crate::support::file_operation::Step;
use crate::support::lock::Lock;
use crate::support::show::shown;
use crate::support::summary::{quoted, row};
use crate::support::{file_operation, interrupt, owner, self_binary};
use cc_wrapper::text::Bytes;
use std::fs;
use std::io;
use std::io::Write;
use std::path::{Path, PathBuf};

pub use arguments::{Arguments, HELP};

/// Runs the command and returns its report for standard output.
///
/// # Errors
/// Returns the last toolchain's error and prints the others. Nothing has
/// changed in these toolchains, unless the disk became full.
pub fn run(arguments: &Arguments) -> Result<Vec<u8>> {
    interrupt::watch();
    let meant = find::find(arguments)?;
    let mut work = Work {
        arguments,
        system_directories: None,
        out: Vec::new(),
    };
    let mut errors = Vec::new();
    for root in &meant.toolchains {
        if let Err(error) = work.toolchain(root) {
            interrupt::check()?;
            errors.push(error);
        }
    }
    for link in &meant.left_alone {
        work.out.extend(quoted(link));
        work.out.extend_from_slice(
            b" is a link, so it is not changed; to wrap its target, give it with --toolchain\n",
        );
    }
    if errors.is_empty() {
        return Ok(work.out);
    }
    // Print what was done before the errors.
    let _ = io::stdout().write_all(&work.out);
    let last = errors.pop().unwrap_or_else(|| Error::new("failed"));
    for error in errors {
        error.print();
    }
    Err(last)
}

/// The state of a run over several toolchains.
struct Work<'a> {
    arguments: &'a Arguments,
    /// Set when first needed, because it runs a compiler.
    system_directories: Option<Vec<Bytes<'static>>>,
    out: Vec<u8>,
}

impl Work<'_> {
    fn toolchain(&mut self, root: &Path) -> Result<()> {
        owner::check_path(root)?;
        let places = Place::all(root)?;
        for place in &places {
            place.check_owners()?;
        }
        if self.arguments.check {
            return self.check(root, &places);
        }
        let mut locks = Vec::new();
        if !self.arguments.dry_run {
            for place in &places {
                locks.push(Lock::take(&place.bin.join(file_operation::TEMPORARY))?);
            }
        }
        let changes = places.iter().map(|place| self.change(place));
        let changes = changes.collect::<Result<Vec<_>>>()?;
        let patches = if self.arguments.patchelf {
            patchelf::plan(root, self.arguments)?
        } else {
            Vec::new()
        };
        if patches.is_empty() {
            runs(&places, &changes)?;
        }
        if !self.arguments.dry_run {
            interrupt::check()?;
            interrupt::finish();
            take(&places, &changes, &patches)?;
        }
        self.report(root, &changes, &patches);
        Ok(())
    }

    fn change(&mut self, place: &Place) -> Result<Change> {
        if self.arguments.undo {
            return change::undo(place);
        }
        // A call would refuse it.
        let bin = fs::metadata(&place.bin).map_err(cannot("read", &place.bin))?;
        owner::check_closed(&place.bin, &bin)?;
        let kept = describe::kept_directories(place);
        let directories = match &kept {
            Some(kept) => kept,
            None => self
                .system_directories
                .get_or_insert_with(describe::system_directories),
        };
        change::wrap(place, describe::text(place, directories))
    }

    /// Reports the state of each linker.
    ///
    /// # Errors
    /// A linker is not wrapped or does not run.
    fn check(&mut self, root: &Path, places: &[Place]) -> Result<()> {
        if places.is_empty() {
            self.line(root, "contains no linker to wrap");
        }
        let mut wrong = 0;
        for place in places {
            let state = place.state()?;
            let launcher = place.launcher();
            let why = if state.is_wrapped() {
                describe::why_not(place)?.or_else(|| runs::why_not(place, &launcher))
            } else {
                Some(state.to_string())
            };
            wrong += usize::from(why.is_some());
            let other = if self_binary::is_this(&launcher) {
                ""
            } else {
                ", by another version of cc-wrapper: run this without --check"
            };
            self.line(&launcher, &why.unwrap_or_else(|| format!("{state}{other}")));
        }
        match wrong {
            0 => Ok(()),
            _ => Err(Error::new(format!(
                "{}: {wrong} of {} is not wrapped or does not run",
                shown(root),
                places.len()
            ))
            .remedy("see the reasons above, and run this without --check")),
        }
    }

    fn report(&mut self, root: &Path, changes: &[Change], patches: &[Patch]) {
        let is_undone = self.arguments.undo;
        let mut steps = changes.iter().flat_map(|change| &change.steps).peekable();
        if changes.is_empty() && patches.is_empty() {
            return self.line(root, "contains no linker to wrap");
        }
        if steps.peek().is_none() && patches.is_empty() {
            let nothing = ["wrapped already", "not wrapped"][usize::from(is_undone)];
            return self.line(root, nothing);
        }
        let done: &[u8] = match (self.arguments.dry_run, is_undone) {
            (false, false) => b"wrapped ",
            (false, true) => b"unwrapped ",
            (true, false) => b"would wrap ",
            (true, true) => b"would unwrap ",
        };
        self.out.extend_from_slice(done);
        self.out.extend(quoted(root));
        self.out.push(b'\n');
        for patch in patches {
            self.row("patch", &patch.file, "");
        }
        for step in steps {
            let (what, note) = words_for(step);
            self.row(what, step.place(), note);
        }
    }

    fn row(&mut self, what: &str, place: &Path, note: &str) {
        let place = quoted(place);
        let place = String::from_utf8_lossy(&place);
        row(&mut self.out, what, &format!("{place}{note}"));
    }

    fn line(&mut self, path: &Path, what: &str) {
        self.out.extend(quoted(path));
        self.out.extend(format!(": {what}\n").bytes());
    }
}

/// # Errors
/// A program to be wrapped does not run.
fn runs(places: &[Place], changes: &[Change]) -> Result<()> {
    for (place, change) in places.iter().zip(changes) {
        let why = |program: &PathBuf| {
            let why = runs::why_not(place, program)?;
            Some(format!("{why}{}", runs::way_out(place, program)))
        };
        if let Some(why) = change.runs.as_ref().and_then(why) {
            return Err(Error::new(why));
        }
    }
    Ok(())
}

/// Makes all changes to a toolchain.
///
/// # Errors
/// A file cannot be changed, or a launcher does not run.
fn take(places: &[Place], changes: &[Change], patches: &[Patch]) -> Result<()> {
    let directories = places.iter().flat_map(Place::directories);
    let patched = patches.iter().filter_map(|patch| patch.file.parent());
    for directory in directories.chain(patched.map(Path::to_path_buf)) {
        if !directory.is_symlink() {
            file_operation::tidy(&directory);
        }
    }
    for patch in patches {
        patch.take()?;
    }
    runs(places, changes)?;
    for (place, change) in places.iter().zip(changes) {
        file_operation::take(&change.steps)?;
        let launcher = place.launcher();
        let is_wrapped = change.runs.is_some();
        if let Some(why) = is_wrapped
            .then(|| runs::why_not(place, &launcher))
            .flatten()
        {
            return Err(Error::new(why).remedy("restore the original with --undo"));
        }
    }
    Ok(())
}

/// A verb for a step, and a note to put after its path.
fn words_for(step: &Step) -> (&'static str, &'static str) {
    match step {
        Step::Binary(_) => ("replace", ", by this cc-wrapper"),
        Step::Write(..) => ("write", ""),
        Step::Link(..) => ("link", ""),
        Step::Remove(_) | Step::RemoveDirectory(_) => ("remove", ""),
        Step::Directory(_) => ("create", ""),
        Step::Keep(..) => ("keep", ", the original"),
        Step::Copy(..) => ("restore", ", from a copy under another name"),
        Step::Move(..) => ("restore", ", the original"),
    }
}
