//! Reads what a build directory records of its configuration.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::text::words::words;

use crate::command::doctor::caches;
use crate::command::doctor::files::{entries, name, path};
use crate::command::doctor::finding::Finding;
use crate::command::doctor::root::unreadable;
use crate::process::search;
use crate::support::{foreign_file, self_binary};

const CMAKE: &str = "CMakeCache.txt";
const MESON: &str = "meson-info";
const NINJA: &str = "build.ninja";
const CONFIGURE: &str = "config.status";

/// Generated files are larger than what people write. In bytes.
const LARGEST: u64 = 64 << 20;

/// The number of dependency files to read: a few show what all include.
const MOST_DEPENDENCIES: usize = 256;

#[derive(Default)]
pub struct Recorded {
    pub compilers: Vec<Compiler>,
    /// Directories that the compiler searched without an option of the build.
    pub directories: Vec<PathBuf>,
    /// Directories that options of the build name.
    pub explicit: Vec<PathBuf>,
    /// NAME of each -lNAME.
    pub libraries: Vec<Vec<u8>>,
    /// The directories that were on PATH.
    pub path: Vec<PathBuf>,
}

pub struct Compiler {
    /// The file that names it.
    pub file: PathBuf,
    /// The cache that runs it.
    pub cache: Option<PathBuf>,
    /// A path, or a name on PATH.
    pub program: PathBuf,
}

/// Whether `directory` is a configured build directory.
pub fn is_one(directory: &Path) -> bool {
    [CMAKE, MESON, CONFIGURE]
        .iter()
        .any(|name| directory.join(name).exists())
}

/// # Errors
/// A file cannot be read.
pub fn read(directory: &Path) -> Result<Recorded, Finding> {
    let mut recorded = Recorded::default();
    if directory.join(CMAKE).exists() {
        recorded.cmake(directory)?;
    } else if directory.join(MESON).exists() {
        recorded.meson(directory)?;
    } else {
        recorded.configure(directory)?;
    }
    recorded.directories.sort();
    recorded.directories.dedup();
    Ok(recorded)
}

fn text(file: &Path) -> Result<Vec<u8>, Finding> {
    match foreign_file::read_up_to(LARGEST, file) {
        Err(why)
            if matches!(
                why.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(Vec::new())
        }
        read => read.map_err(|why| unreadable(file, &why)),
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&b| b == b'\n')
}

impl Recorded {
    fn cmake(&mut self, directory: &Path) -> Result<(), Finding> {
        let file = directory.join(CMAKE);
        let cache = text(&file)?;
        let value = |name: &str| {
            let of_it = |line: &'_ [u8]| {
                let rest = line.strip_prefix(name.as_bytes())?.strip_prefix(b":")?;
                let at = rest.iter().position(|&b| b == b'=')?;
                Some(rest[at + 1..].to_vec())
            };
            lines(&cache)
                .find_map(of_it)
                .filter(|value| !value.is_empty())
        };
        for language in ["C", "CXX"] {
            let Some(program) = value(&format!("CMAKE_{language}_COMPILER")) else {
                continue;
            };
            let launcher = value(&format!("CMAKE_{language}_COMPILER_LAUNCHER"));
            self.compilers.push(Compiler {
                file: file.clone(),
                cache: launcher.and_then(|list| caches::launcher(&list)),
                program: path(&program).into(),
            });
        }
        // One directory for each version of CMake that has configured the build.
        for version in entries(&directory.join("CMakeFiles")) {
            for language in ["C", "CXX"] {
                let text = text(&version.join(format!("CMake{language}Compiler.cmake")))?;
                for part in ["INCLUDE", "LINK"] {
                    let start = format!("set(CMAKE_{language}_IMPLICIT_{part}_DIRECTORIES \"");
                    let list = lines(&text).find_map(|line| line.strip_prefix(start.as_bytes()));
                    let list = list.and_then(|list| list.split(|&b| b == b'"').next());
                    let list = list.unwrap_or_default().split(|&b| b == b';');
                    self.directories.extend(list.map(|word| path(word).into()));
                }
            }
        }
        self.directories.retain(|path| path.is_absolute());
        Ok(())
    }

    fn meson(&mut self, directory: &Path) -> Result<(), Finding> {
        let file = directory.join(NINJA);
        let ninja = text(&file)?;
        for line in lines(&ninja) {
            let line = line.trim_ascii_start();
            if let Some(command) = line.strip_prefix(b"command = ") {
                let is_compile = command.windows(6).any(|part| part == b" $ARGS");
                if is_compile {
                    self.command(&file, command);
                }
            } else if line.starts_with(b"ARGS = ") {
                self.options(line);
            } else if line.starts_with(b"LINK_ARGS = ") {
                self.options(line);
                self.libraries(line);
            }
        }
        // Meson takes the value from CMAKE_PREFIX_PATH.
        let options = text(&directory.join(MESON).join("intro-buildoptions.json"))?;
        let start = b"\"name\": \"cmake_prefix_path\", \"value\": [";
        let at = options.windows(start.len()).position(|part| part == start);
        let list = at.map_or(&b""[..], |at| &options[at + start.len()..]);
        let list = list.split(|&b| b == b']').next().unwrap_or_default();
        for prefix in list.split(|&b| b == b'"').skip(1).step_by(2) {
            self.prefix(path(prefix));
        }
        Ok(())
    }

    fn configure(&mut self, directory: &Path) -> Result<(), Finding> {
        let file = directory.join(CONFIGURE);
        let status = text(&file)?;
        for line in lines(&status) {
            let Some((name, value)) = substitution(line) else {
                continue;
            };
            match name {
                b"CC" | b"CXX" => self.command(&file, value),
                b"PKG_CONFIG_PATH" => {
                    for directory in value.split(|&b| b == b':') {
                        let prefix = path(directory).parent().and_then(Path::parent);
                        self.prefix(prefix.unwrap_or(Path::new("")));
                    }
                }
                b"LIBS" => {
                    self.options(value);
                    self.libraries(value);
                }
                _ => self.options(value),
            }
        }
        let log = text(&directory.join("config.log"))?;
        let path_lines = lines(&log).filter_map(|line| line.strip_prefix(b"PATH: "));
        self.path = path_lines.map(|line| path(line).into()).collect();
        self.dependencies(directory)
    }

    /// The directories of headers that compiles of the build included, as far as
    /// automake records them.
    fn dependencies(&mut self, directory: &Path) -> Result<(), Finding> {
        let mut places = vec![directory.to_path_buf()];
        places.extend(entries(directory).into_iter().filter(|path| path.is_dir()));
        let files = places
            .iter()
            .flat_map(|place| entries(&place.join(".deps")));
        for file in files.take(MOST_DEPENDENCIES) {
            for word in words(&text(&file)?) {
                let header = path(word.strip_suffix(b":").unwrap_or(word));
                let mut above = header.ancestors().skip(1);
                if let Some(include) = above.find(|path| name(path) == "include") {
                    if header.is_absolute() && !header.starts_with(directory) {
                        self.directories.push(include.into());
                    }
                }
            }
            self.directories.sort();
            self.directories.dedup();
        }
        // Those of the sources come with options of the build.
        self.directories
            .retain(|path| !directory.starts_with(path.parent().unwrap_or(path)));
        Ok(())
    }

    /// The directories of a declared prefix.
    fn prefix(&mut self, prefix: &Path) {
        let include = prefix.join("include");
        if prefix.is_absolute() && include.is_dir() {
            self.directories.push(include);
        }
    }

    /// A compiler in the words of a command, behind a cache.
    fn command(&mut self, file: &Path, command: &[u8]) {
        let mut words = words(command);
        let Some(mut word) = words.next() else { return };
        let program = search::program(OsStr::from_bytes(word));
        let cache = program.filter(|program| self_binary::cache(program).is_some());
        if cache.is_some() {
            word = words.next().unwrap_or(word);
        }
        let program = PathBuf::from(path(word));
        if !self.compilers.iter().any(|known| known.program == program) {
            let file = file.to_path_buf();
            self.compilers.push(Compiler {
                file,
                cache,
                program,
            });
        }
    }

    /// `-I`, `-L` and libraries in options of the build.
    fn options(&mut self, text: &[u8]) {
        let mut words = words(text);
        while let Some(word) = words.next() {
            let options = [&b"-isystem"[..], b"-I", b"-L"];
            let value = options.iter().find_map(|option| word.strip_prefix(*option));
            let directory = match value {
                Some(b"") => words.next().map(path),
                Some(value) => Some(path(value)),
                None => path(word).parent(),
            };
            let directory = directory.filter(|path| path.is_absolute());
            self.explicit.extend(directory.map(PathBuf::from));
        }
    }

    /// `-lNAME` in options. Not if libraries of the build itself may be meant.
    fn libraries(&mut self, text: &[u8]) {
        let is_own = |word: &[u8]| {
            let directory = word.strip_prefix(b"-L");
            directory.is_some_and(|path| !path.starts_with(b"/")) || word.contains(&b'$')
        };
        if words(text).any(is_own) {
            return;
        }
        for word in words(text) {
            let name = word.strip_prefix(b"-l").unwrap_or_default();
            let is_known = self.libraries.iter().any(|known| known == name);
            if !is_known && !name.is_empty() && !name.starts_with(b":") {
                self.libraries.push(name.to_vec());
            }
        }
    }
}

/// The name and the value of `S["NAME"]="VALUE"`.
fn substitution(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = line.strip_prefix(b"S[\"")?;
    let at = rest.windows(4).position(|part| part == b"\"]=\"")?;
    let value = rest[at + 4..].strip_suffix(b"\"")?;
    Some((&rest[..at], value))
}
