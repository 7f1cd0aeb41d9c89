//! A call and the files that it finds, made from an input.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use cc_wrapper::machine::world::{Ownership, Part, ReadError, World};
use cc_wrapper::model::argument::{Command, Export};
use cc_wrapper::model::environment::Environment;
use cc_wrapper::model::error::Error;
use cc_wrapper::model::hook::{Changes, Failure, Hook};
use cc_wrapper::model::plan::Plan;
use cc_wrapper::planning::dispatch::dispatch;
use cc_wrapper::planning::log::Log;
use tempfile::TempDir;

/// Stands for the scene's directory.
const ROOT: &[u8] = b"%R";
/// ASCII's record separator and unit separator.
const RECORD: u8 = 0x1e;
const UNIT: u8 = 0x1f;

/// The toolchain of an input that has none.
const TOOLCHAIN: &str = r#"{"version": 1, "suffixSalt": "s", "roleMarkers": "optional", "tools": {
"gcc": {"role": "cc", "program": "/x/gcc"},
"g++": {"role": "c++", "program": "/x/g++"},
"cpp": {"role": "cpp", "program": "/x/cpp"},
"gfortran": {"role": "fortran", "program": "/x/gfortran"},
"clang": {"role": "cc", "program": "/x/clang", "compiler": "clang", "linkerByPrefix": true},
"ld": {"role": "ld", "program": "/x/ld"},
"ld.lld": {"role": "ld", "program": "/x/ld.lld"},
"gnatmake": {"role": "gnat", "program": "/x/gnatmake"},
"strip": {"role": "strip", "program": "/x/strip"},
"ranlib": {"role": "ranlib", "program": "/x/ranlib"},
"pkg-config": {"role": "pkg-config", "program": "/x/pkg-config"},
"go": {"role": "go", "program": "/x/go"}}}"#;

pub struct Scene {
    _directory: TempDir,
    root: PathBuf,
    executable: Vec<u8>,
    pub args: Vec<Vec<u8>>,
    variables: Vec<Vec<u8>>,
}

impl Scene {
    pub fn new() -> Scene {
        // In memory, where that is possible.
        let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let directory = directory.unwrap();
        let root = directory.path().canonicalize().unwrap();
        let scene = Scene {
            executable: below(&root, b"bin/gcc"),
            _directory: directory,
            root,
            args: Vec::new(),
            variables: Vec::new(),
        };
        scene.file(b"nix-support/toolchain.json", TOOLCHAIN.as_bytes());
        scene
    }

    /// Reads an input. It consists of records; the first byte says what follows:
    /// `x` the name of the called tool, `a` an argument, `e` a variable, `t` the
    /// toolchain.json, `f` a file's path and content, `l` a symlink's path and
    /// target.
    pub fn read(input: &[u8]) -> Scene {
        let mut scene = Scene::new();
        for record in input.split(|&b| b == RECORD) {
            let Some((kind, text)) = record.split_first() else {
                continue;
            };
            let text = scene.placed(text);
            // Neither arguments nor variables can contain NUL.
            let string = || text.iter().copied().filter(|&b| b != 0).collect();
            let mut units = text.splitn(2, |&b| b == UNIT);
            let path = units.next().unwrap_or_default();
            let content = units.next().unwrap_or_default();
            match kind {
                b'x' => scene.call(&text),
                b'a' => scene.args.push(string()),
                b'e' => scene.variables.push(string()),
                b't' => scene.file(b"nix-support/toolchain.json", &text),
                b'f' => scene.file(path, content),
                b'l' => scene.link(path, content),
                _ => {}
            }
        }
        scene
    }

    fn placed(&self, text: &[u8]) -> Vec<u8> {
        let mut placed = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(&first) = rest.first() {
            if let Some(after) = rest.strip_prefix(ROOT) {
                placed.extend_from_slice(self.root.as_os_str().as_bytes());
                rest = after;
            } else {
                placed.push(first);
                rest = &rest[1..];
            }
        }
        placed
    }

    /// Calls the tool with this name.
    pub fn call(&mut self, name: &[u8]) {
        self.executable = below(&self.root, &[b"bin/", name].concat());
    }

    /// The path of a file of the scene.
    pub fn path(&self, name: &[u8]) -> Vec<u8> {
        below(&self.root, name)
    }

    /// Writes a file. Does nothing if the path is not one below the root.
    pub fn file(&self, path: &[u8], content: &[u8]) {
        if let Some(path) = self.inside(path) {
            let written = fs::write(&path, content);
            if written.is_ok() && path.parent().is_some_and(|it| it.ends_with("bin")) {
                let mode = fs::Permissions::from_mode(0o755);
                fs::set_permissions(&path, mode).unwrap();
            }
        }
    }

    fn link(&self, path: &[u8], target: &[u8]) {
        let inner = target.strip_prefix(self.root.as_os_str().as_bytes());
        let inner = inner.map_or(target, |inner| inner.strip_prefix(b"/").unwrap_or(inner));
        if let (true, Some(path)) = (is_inner(inner), self.inside(path)) {
            let _ = symlink(OsStr::from_bytes(target), path);
        }
    }

    /// The place of a new file.
    fn inside(&self, path: &[u8]) -> Option<PathBuf> {
        if !is_inner(path) {
            return None;
        }
        let path = self.root.join(OsStr::from_bytes(path));
        let parent = path.parent()?;
        fs::create_dir_all(parent).ok()?;
        let is_inside = parent.canonicalize().ok()?.starts_with(&self.root);
        is_inside.then_some(path)
    }

    /// Plans the call. `then` gets the plan, which lives no longer, or the
    /// error, and what the call has logged.
    pub fn plan<R>(
        &self,
        world: &dyn World,
        mut log: Log,
        then: impl FnOnce(Result<&mut Plan, &Error>) -> R,
    ) -> Option<R> {
        let fence = Fence {
            world,
            root: &self.root,
            // A call asks a few hundred times, and then for its arguments.
            left: Cell::new(2_000 + 20 * self.size()),
        };
        let environment = Environment::new(self.variables.iter().map(|string| &string[..]));
        let args: Vec<&[u8]> = self.args.iter().map(|arg| &arg[..]).collect();
        let mut then = Some(then);
        let found = dispatch(&self.executable, &args, &environment, &fence, |call| {
            let then = then.take().unwrap();
            match cc_wrapper::decide::decide(&call, &fence, &mut log) {
                Ok(mut plan) => then(Ok(&mut plan)),
                Err(error) => then(Err(&error)),
            }
        });
        match found {
            Ok(result) => result,
            Err(error) => then.take().map(|then| then(Err(&error))),
        }
    }

    /// The size of all that the call can read, in bytes.
    pub fn size(&self) -> usize {
        let strings = self.args.iter().chain(&self.variables);
        strings.map(|string| string.len() + 1).sum::<usize>() + size_of(&self.root)
    }
}

fn size_of(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let size = entries.map(|entry| match entry.metadata() {
        Ok(file) if file.is_dir() => size_of(&entry.path()),
        Ok(file) => usize::try_from(file.len()).unwrap(),
        Err(_) => 0,
    });
    size.sum()
}

fn below(root: &Path, path: &[u8]) -> Vec<u8> {
    [root.as_os_str().as_bytes(), b"/", path].concat()
}

/// Whether a relative path stays in its directory, and not deep in it.
fn is_inner(path: &[u8]) -> bool {
    let components = Path::new(OsStr::from_bytes(path)).components();
    let is_normal = |component| matches!(component, Component::Normal(_));
    let is_deep = path.iter().filter(|&&b| b == b'/').count() > 16;
    !path.is_empty() && !path.contains(&0) && !is_deep && components.into_iter().all(is_normal)
}

/// Shows the files of a scene and no others, and counts the questions.
struct Fence<'w> {
    world: &'w dyn World,
    root: &'w Path,
    left: Cell<usize>,
}

impl Fence<'_> {
    /// The path to look at instead of `path`. `None`: nothing is there.
    fn placed(&self, path: &[u8]) -> Option<Vec<u8>> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.expect("the call asks for too much"));
        if path.is_empty() || path.contains(&0) {
            return None;
        }
        let path = match path.first() {
            Some(b'/') => path.to_vec(),
            _ => below(self.root, path),
        };
        let whole = Path::new(OsStr::from_bytes(&path));
        if !whole.starts_with(self.root) {
            return None;
        }
        // No symlink leads out of the root, but `..` may.
        if !whole
            .components()
            .any(|component| component == Component::ParentDir)
        {
            return Some(path);
        }
        let real = match whole.components().next_back() {
            Some(Component::Normal(_)) => whole.parent()?.canonicalize(),
            _ => whole.canonicalize(),
        };
        real.ok()?.starts_with(self.root).then_some(path)
    }
}

impl World for Fence<'_> {
    fn read(&self, path: &[u8]) -> Result<Vec<u8>, ReadError> {
        self.world
            .read(&self.placed(path).ok_or(ReadError::Absent)?)
    }

    fn read_parts(&self, path: &[u8], with: &mut dyn FnMut(&Part)) -> bool {
        let path = self.placed(path);
        path.is_some_and(|path| self.world.read_parts(&path, with))
    }

    fn read_owned(&self, path: &[u8]) -> Result<(Vec<u8>, Ownership), ReadError> {
        let path = self.placed(path).ok_or(ReadError::Absent)?;
        self.world.read_owned(&path)
    }

    fn read_named_by_caller(&self, path: &[u8]) -> Result<Vec<u8>, ReadError> {
        let path = self.placed(path).ok_or(ReadError::Absent)?;
        let text = self.world.read_named_by_caller(&path)?;
        // Each word may name a file.
        self.left.set(self.left.get() + text.len());
        Ok(text)
    }

    fn ownership(&self, path: &[u8], follow: bool) -> Result<Ownership, ReadError> {
        let path = self.placed(path).ok_or(ReadError::Absent)?;
        self.world.ownership(&path, follow)
    }

    fn user(&self) -> u32 {
        self.world.user()
    }

    fn read_link(&self, path: &[u8]) -> Option<Vec<u8>> {
        self.world.read_link(&self.placed(path)?)
    }

    fn exists(&self, path: &[u8]) -> bool {
        self.placed(path)
            .is_some_and(|path| self.world.exists(&path))
    }

    fn has_entry(&self, path: &[u8]) -> bool {
        let path = self.placed(path);
        path.is_some_and(|path| self.world.has_entry(&path))
    }

    fn is_executable(&self, path: &[u8]) -> bool {
        let path = self.placed(path);
        path.is_some_and(|path| self.world.is_executable(&path))
    }

    fn same_program(&self, a: &[u8], b: &[u8]) -> bool {
        match (self.placed(a), self.placed(b)) {
            (Some(a), Some(b)) => self.world.same_program(&a, &b),
            _ => false,
        }
    }

    fn list(&self, directory: &[u8], entry: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        let path = self.placed(directory);
        path.is_some_and(|path| self.world.list(&path, entry))
    }

    fn current_directory(&self) -> Option<Vec<u8>> {
        Some(self.root.as_os_str().as_bytes().to_vec())
    }

    /// Runs nothing.
    fn run_hook(&self, _: &Hook, _: &Command, _: &[Export]) -> Result<Changes, Failure> {
        Err(Failure::NotRun {
            source: b"hooks are not run here".to_vec(),
            remedy: None,
        })
    }
}
