//! Puts a finished root in its place, completely or not at all.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::fs::{File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use cc_wrapper::machine::linker_shim;
use cc_wrapper::model::toolchain::Toolchain;
use tempfile::TempDir;

use super::lock::Lock;
use super::paths::{absolute, entries, has_colon, has_white_space};
use super::self_binary::{BINARY, TOOLCHAIN};
use super::swap_directories::exchange;
use super::{interrupt, owner, tree};
use crate::process::anonymous_file::temporary_directory;
use crate::support::error::{Error, Result, cannot};
use crate::support::foreign_file;

/// The directory of the linker half in a root that contains both halves.
pub const LINKER_HALF: &str = "bintools";

/// The names in a staging directory: the new root or the replaced one, the old
/// root while two renames swap them, and temporary files.
const STAGED: [&str; 3] = ["root", "root.old", "scratch"];

/// The number of random letters that tempfile appends to the prefix.
const RANDOM_LETTERS: usize = 6;

/// How long to keep the old tree after the exchange, for calls that were still
/// looking up their tool in it.
const GRACE: Duration = Duration::from_millis(200);

/// A directory beside DIR in which the new root is built. It is removed if it
/// is dropped before [`Staging::install`].
#[derive(Debug)]
pub struct Staging {
    path: PathBuf,
    /// DIR with symlinks resolved.
    dir: PathBuf,
    before: Before,
    remains: Arc<Mutex<Remains>>,
}

/// What was at DIR before: nothing, or an open directory.
#[derive(Debug)]
enum Before {
    Absent,
    Empty(File),
    Root(File),
}

/// The directories that a run removes at its end.
#[derive(Debug)]
struct Remains {
    /// The staging directory, and its path.
    staging: (File, PathBuf),
    scratch: Option<TempDir>,
    /// Taken before anything else, and given up after everything else: a
    /// process that waits for this lock removes everything it considers stale.
    lock: Option<Lock>,
    created: Created,
}

impl Remains {
    fn remove(&mut self) {
        let (staging, path) = &self.staging;
        tree::clear(staging);
        let _ = fs::remove_dir(path);
        self.scratch = None;
        self.lock = None;
        self.created = Created::default();
    }
}

/// Parent directories of DIR that this run created. They are removed again
/// unless they are kept.
#[derive(Debug, Default)]
struct Created(Vec<PathBuf>);

impl Drop for Created {
    fn drop(&mut self) {
        for directory in self.0.iter().rev() {
            // Fails if the directory is not empty, because somebody uses it.
            let _ = fs::remove_dir(directory);
        }
    }
}

/// What was in the old root's `nix-support`.
#[derive(Debug, Default)]
pub struct CarriedOver {
    /// The names of files that the new root has too.
    pub kept: Vec<OsString>,
    /// The path of each file that was left out, and its kind.
    pub left_out: Vec<(PathBuf, &'static str)>,
}

impl Staging {
    /// Creates a staging directory beside `dir`.
    ///
    /// # Errors
    /// Fails if `dir` has a colon, which PATH cannot hold, if it exists and is
    /// neither empty nor a wrapped root, or if its parent directory cannot be
    /// written.
    pub fn beside(dir: &Path) -> Result<Staging> {
        let called = absolute(dir)?;
        let dir = resolve(&called)?;
        // Check before anything is created.
        for path in [&called, &dir] {
            if has_colon(path) {
                return Err(Error::about(path, "cannot be on PATH because of its colon")
                    .remedy("give another directory"));
            }
        }
        inspect(&dir)?;
        let (Some(parent), Some(name)) = (dir.parent(), dir.file_name()) else {
            return Err(
                Error::about(&dir, "cannot be a wrapped root").remedy("give a directory below it")
            );
        };
        let created = create_parents(parent)?;
        let prefix = staging_prefix(name);
        let lock = Lock::take(&parent.join(&prefix))?;
        if lock.is_some() {
            remove_stale(parent, &prefix);
        }
        // Check again under the lock, because another run may have changed it.
        let before = inspect(&dir)?;
        let temp = tempfile::Builder::new()
            .prefix(&prefix)
            .rand_bytes(RANDOM_LETTERS)
            .tempdir_in(parent)
            .map_err(|why| {
                let error: Error = cannot("create a directory in", parent)(why);
                error.remedy(
                    "make it writable, because a root is built there before it is put in place",
                )
            })?;
        let opened = tree::open(temp.path()).map_err(cannot("read", temp.path()))?;
        let path = temp.keep();
        let remains = Arc::new(Mutex::new(Remains {
            staging: (opened, path.clone()),
            scratch: None,
            lock,
            created,
        }));
        let to_remove = Arc::downgrade(&remains);
        interrupt::tidy_with(move || {
            if let Some(remains) = to_remove.upgrade() {
                remains
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove();
            }
        });
        let staging = Staging {
            path,
            dir: dir.clone(),
            before,
            remains,
        };
        let root = staging.root();
        fs::create_dir(&root).map_err(cannot("create", &root))?;
        Ok(staging)
    }

    /// Returns the resolved path where the root will be.
    pub fn place(&self) -> &Path {
        &self.dir
    }

    /// Returns the path of the root while it is being built.
    pub fn root(&self) -> PathBuf {
        self.path.join(STAGED[0])
    }

    /// Returns a directory for temporary files. Its path has no white space,
    /// because lists of flags have no quotes.
    pub fn scratch(&self) -> Result<PathBuf> {
        let inside = self.path.join(STAGED[2]);
        if !has_white_space(&inside) {
            fs::create_dir_all(&inside).map_err(cannot("create", &inside))?;
            return Ok(inside);
        }
        let preferred = temporary_directory();
        let place = if has_white_space(&preferred) {
            PathBuf::from("/tmp")
        } else {
            preferred
        };
        let outside = tempfile::Builder::new()
            .prefix("cc-wrapper-")
            .tempdir_in(&place)
            .map_err(cannot("create a directory in", &place))?;
        let path = fs::canonicalize(outside.path()).map_err(cannot("resolve", outside.path()))?;
        self.remains().scratch = Some(outside);
        Ok(path)
    }

    fn remains(&self) -> MutexGuard<'_, Remains> {
        self.remains.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Copies the files that packages have added to the old root's
    /// `nix-support`, but not those in `written`, which the new root has
    /// itself.
    ///
    /// # Errors
    /// Fails if a file cannot be copied, belongs to another user, or can be
    /// written by every user.
    pub fn carry_over(&self, written: &[&str]) -> Result<CarriedOver> {
        let Before::Root(_) = self.before else {
            return Ok(CarriedOver::default());
        };
        let [old, new] = [&self.dir, &self.root()].map(|root| root.join("nix-support"));
        let opened = tree::open(&old).map_err(cannot("read", &old))?;
        let found = opened.metadata().map_err(cannot("read", &old))?;
        owner::check(&old, &found)?;
        owner::check_closed(&old, &found)?;
        let mut copy = tree::Copy::default();
        let mut kept = Vec::new();
        for name in tree::names(&opened).map_err(cannot("read", &old))? {
            if written.iter().any(|written| name == *written) {
                continue;
            }
            if copy.entry(&opened, &old, &name, &new.join(&name))? {
                kept.push(name);
            }
        }
        Ok(CarriedOver {
            kept,
            left_out: copy.left_out,
        })
    }

    /// Puts the root in its place.
    pub fn install(self) -> Result<()> {
        interrupt::finish();
        let root = self.root();
        let new = tree::open(&root).map_err(cannot("read", &root))?;
        let mode = match &self.before {
            Before::Absent => None,
            Before::Empty(old) | Before::Root(old) => {
                let metadata = old.metadata().map_err(cannot("read", &self.dir))?;
                // Calls do not use a root that every user can write.
                Some(metadata.permissions().mode() & !owner::OTHERS_WRITE)
            }
        };
        // Of the new root itself, because its path may lead elsewhere by then.
        let set_mode = |mode| {
            let set = new.set_permissions(Permissions::from_mode(mode));
            set.map_err(cannot("set the mode of", &self.dir))
        };
        if let Some(mode) = mode {
            // Set the remaining mode bits last, because they may forbid moving
            // the root.
            set_mode(mode | 0o700)?;
        }
        match &self.before {
            // rename(2) replaces an empty directory.
            Before::Absent | Before::Empty(_) => {
                fs::rename(&root, &self.dir).map_err(cannot("put the root at", &self.dir))?;
            }
            Before::Root(old) => {
                exchange(&root, &self.dir, old).map_err(cannot("replace", &self.dir))?;
            }
        }
        self.remains().created.0.clear();
        if let Some(mode) = mode {
            set_mode(mode)?;
        }
        if matches!(self.before, Before::Root(_)) {
            sleep(GRACE);
        }
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        self.remains().remove();
    }
}

/// Returns the absolute path of `dir`, with a symlink at its end resolved.
fn resolve(dir: &Path) -> Result<PathBuf> {
    if dir.exists() {
        return fs::canonicalize(dir).map_err(cannot("resolve", dir));
    }
    if dir.is_symlink() {
        return Err(
            Error::about(dir, "is a symlink whose target does not exist")
                .remedy("remove it, or create its target"),
        );
    }
    let (Some(parent), Some(name)) = (dir.parent(), dir.file_name()) else {
        return Err(Error::about(dir, "has no name of a directory at its end").remedy("add one"));
    };
    Ok(resolve(parent)?.join(name))
}

fn inspect(dir: &Path) -> Result<Before> {
    if !dir.exists() {
        return Ok(Before::Absent);
    }
    if !dir.is_dir() {
        return Err(Error::about(dir, "is not a directory").remedy("give another one"));
    }
    let opened = tree::open(dir).map_err(cannot("read", dir))?;
    owner::check(dir, &opened.metadata().map_err(cannot("read", dir))?)?;
    if entries(dir)?.is_empty() {
        return Ok(Before::Empty(opened));
    }
    let toolchain = dir.join(TOOLCHAIN);
    if !toolchain.is_file() {
        return Err(Error::about(dir, "is neither empty nor a wrapped root")
            .remedy("give another directory"));
    }
    owner::check_path(&toolchain)?;
    match foreign(dir)? {
        None => Ok(Before::Root(opened)),
        Some(foreign) => Err(Error::about(
            &foreign,
            "does not belong to a wrapped root and would be lost",
        )
        .remedy("move it away first")),
    }
}

/// Returns something in the root at `dir` that neither cc-wrapper nor a package
/// has put there.
fn foreign(dir: &Path) -> Result<Option<PathBuf>> {
    let named = |path: &Path, names: &[&str]| {
        let name = path.file_name().unwrap_or_default();
        names.iter().any(|known| name == *known)
    };
    for entry in entries(dir)? {
        if named(&entry, &[LINKER_HALF]) && entry.join(TOOLCHAIN).is_file() {
            if let Some(foreign) = foreign(&entry)? {
                return Ok(Some(foreign));
            }
            continue;
        }
        let is_ours = named(&entry, &["bin", "nix-support"])
            || named(&entry, &[linker_shim::DIRECTORY]) && holds_links_alone(&entry);
        if !is_ours && !entry.is_symlink() {
            return Ok(Some(entry));
        }
    }
    let bin = dir.join("bin");
    if !bin.is_dir() {
        return Ok(None);
    }
    // A tool may be a copy of the binary.
    let toolchain = foreign_file::read(&dir.join(TOOLCHAIN)).unwrap_or_default();
    let toolchain = Toolchain::parse(&toolchain).unwrap_or_default();
    Ok(entries(&bin)?.into_iter().find(|entry| {
        let name = entry.file_name().unwrap_or_default();
        !holds_links_alone(entry) && name != BINARY && toolchain.tool(name.as_bytes()).is_none()
    }))
}

fn holds_links_alone(path: &Path) -> bool {
    path.is_symlink()
        || entries(path).is_ok_and(|entries| entries.iter().all(|entry| holds_links_alone(entry)))
}

fn create_parents(parent: &Path) -> Result<Created> {
    let missing: Vec<&Path> = parent.ancestors().take_while(|dir| !dir.exists()).collect();
    let mut created = Created::default();
    for directory in missing.into_iter().rev() {
        fs::create_dir(directory).map_err(cannot("create", directory))?;
        created.0.push(directory.to_path_buf());
    }
    Ok(created)
}

fn staging_prefix(name: &OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".cc-wrapper-");
    prefix
}

/// Removes this user's staging directories of killed runs. Under the lock, no
/// living run has one.
fn remove_stale(parent: &Path, prefix: &OsStr) {
    let is_staging = |path: &Path| {
        let name = path.file_name().unwrap_or_default().as_bytes();
        let letters = name.strip_prefix(prefix.as_bytes());
        letters.is_some_and(|letters| {
            letters.len() == RANDOM_LETTERS && letters.iter().all(u8::is_ascii_alphanumeric)
        })
    };
    for path in entries(parent).unwrap_or_default() {
        if !is_staging(&path) {
            continue;
        }
        let Ok(opened) = tree::open(&path) else {
            continue;
        };
        if is_ours(&opened) {
            tree::clear(&opened);
            let _ = fs::remove_dir(&path);
        }
    }
}

/// Returns whether this program has made the directory, run by this user:
/// others may have moved another directory to a name like that.
fn is_ours(directory: &File) -> bool {
    let is_private = |found: fs::Metadata| owner::is_own(&found) && found.mode() & 0o022 == 0;
    let is_staged = |name: &OsString| STAGED.iter().any(|staged| name == *staged);
    directory.metadata().is_ok_and(is_private)
        && tree::names(directory).is_ok_and(|names| names.iter().all(is_staged))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn names(directory: &Path) -> Vec<String> {
        let entries = entries(directory).unwrap().into_iter();
        let name = |path: PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        entries.map(name).collect()
    }

    /// Returns a staged root whose binary has this content.
    fn staged(dir: &Path, content: &str) -> Staging {
        let staging = Staging::beside(dir).unwrap();
        let root = staging.root();
        for (name, content) in [(TOOLCHAIN, "{\"version\": 1}"), ("bin/cc-wrapper", content)] {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        staging
    }

    fn binary(dir: &Path) -> String {
        fs::read_to_string(dir.join("bin/cc-wrapper")).unwrap()
    }

    #[test]
    fn a_root_is_installed_and_replaced_and_nothing_else_stays() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("a/b/root");
        staged(&dir, "1").install().unwrap();
        assert_eq!(binary(&dir), "1");
        staged(&dir, "2").install().unwrap();
        assert_eq!(binary(&dir), "2");
        assert_eq!(names(&temp.path().join("a/b")), ["root"]);
    }

    #[test]
    fn a_root_that_is_not_installed_leaves_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("a/b/root");
        drop(staged(&dir, "1"));
        assert_eq!(names(temp.path()), [""; 0]);
        staged(&dir, "1").install().unwrap();
        drop(staged(&dir, "2"));
        assert_eq!(binary(&dir), "1");
        assert_eq!(names(&temp.path().join("a/b")), ["root"]);
    }

    #[test]
    fn an_empty_directory_keeps_its_mode_and_a_symlink_stays_one() {
        let temp = tempfile::tempdir().unwrap();
        let (dir, link) = (temp.path().join("root"), temp.path().join("link"));
        fs::create_dir(&dir).unwrap();
        symlink("root", &link).unwrap();
        for (content, mode) in [("1", 0o750), ("2", 0o555), ("3", 0o777)] {
            fs::set_permissions(&dir, Permissions::from_mode(mode)).unwrap();
            staged(&link, content).install().unwrap();
            assert!(link.is_symlink());
            assert_eq!(binary(&dir), content);
            let kept = fs::metadata(&dir).unwrap().permissions().mode();
            assert_eq!(kept & 0o777, mode & 0o775);
        }
        assert_eq!(names(temp.path()), ["link", "root"]);
    }

    #[test]
    fn other_directories_are_not_touched() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("dir");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("x"), "").unwrap();
        let refusal = |dir: &Path| Staging::beside(dir).unwrap_err().line().to_owned();
        assert!(refusal(&dir).contains("neither empty nor a wrapped root"));
        assert!(refusal(&dir.join("x")).contains("not a directory"));
        assert!(refusal(Path::new("/")).contains("wrapped root"));
        assert!(refusal(&temp.path().join("a:b/c")).contains("PATH because of its colon"));
        symlink("nothing", temp.path().join("link")).unwrap();
        assert!(refusal(&temp.path().join("link")).contains("symlink whose target does not exist"));
        assert_eq!(names(temp.path()), ["dir", "link"]);
        assert_eq!(names(&dir), ["x"]);
    }

    #[test]
    fn foreign_files_in_a_root_are_not_lost() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("root");
        staged(&dir, "1").install().unwrap();
        for (name, refused) in [
            ("share", true),
            ("bin/mine", true),
            ("nix-support/hook", false),
        ] {
            fs::write(dir.join(name), "kept").unwrap();
            assert_eq!(Staging::beside(&dir).is_err(), refused, "{name}");
            if refused {
                fs::remove_file(dir.join(name)).unwrap();
            }
        }
        let staging = staged(&dir, "2");
        let carried_over = staging.carry_over(&["toolchain.json"]).unwrap();
        assert_eq!(carried_over.kept, ["hook"]);
        staging.install().unwrap();
        let hook = fs::read_to_string(dir.join("nix-support/hook")).unwrap();
        assert_eq!((hook.as_str(), binary(&dir).as_str()), ("kept", "2"));
    }

    #[test]
    fn files_of_a_killed_run_are_removed() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("root");
        for name in [
            ".root.cc-wrapper-aB3dE6/root/bin",
            ".root.cc-wrapper-moved1/thesis",
            ".root.cc-wrapper-shared/root",
            ".root.cc-wrapper-backup-1",
            ".other",
        ] {
            fs::create_dir_all(temp.path().join(name)).unwrap();
        }
        let shared = temp.path().join(".root.cc-wrapper-shared");
        fs::set_permissions(&shared, Permissions::from_mode(0o777)).unwrap();
        staged(&dir, "1").install().unwrap();
        let left = names(temp.path());
        let kept = [
            ".other",
            ".root.cc-wrapper-backup-1",
            ".root.cc-wrapper-moved1",
            ".root.cc-wrapper-shared",
            "root",
        ];
        assert_eq!(left, kept);
    }

    #[test]
    fn scratch_files_have_paths_without_white_space() {
        let temp = tempfile::tempdir().unwrap();
        let staging = Staging::beside(&temp.path().join("with space")).unwrap();
        let scratch = staging.scratch().unwrap();
        assert!(!has_white_space(&scratch) && scratch.is_dir());
        drop(staging);
        assert!(!scratch.exists());
        let staging = Staging::beside(&temp.path().join("plain")).unwrap();
        assert!(
            staging
                .scratch()
                .unwrap()
                .starts_with(temp.path().canonicalize().unwrap())
        );
    }
}
