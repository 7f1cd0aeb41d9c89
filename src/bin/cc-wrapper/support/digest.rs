//! A digest of everything besides a call's arguments that decides what a
//! compiler compiles: compiler caches mix it into their keys, because they see
//! neither the variables nor the flag files of a wrapped compiler.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use cc_wrapper::decide::decide;
use cc_wrapper::model::call::Call;
use cc_wrapper::model::environment::Environment;
use cc_wrapper::model::toolchain::{Tool, ToolKind, Toolchain};
use cc_wrapper::planning::dispatch::dispatch;
use cc_wrapper::planning::log::Log;

use super::{foreign_file, self_binary};
use crate::process::os::Os;

/// The command that ccache runs before each compile, with its output in the key.
pub const CCACHE: &str = "CCACHE_COMPILERCHECK";

/// The end of that command, after this program.
pub const DIGEST: &str = " digest %compiler%";

/// sccache's key contains the value.
pub const SCCACHE: &str = "SCCACHE_C_CUSTOM_CACHE_BUSTER";

/// A call that compiles. No rule reads its source.
const CALL: [&[u8]; 2] = [b"-c", b"x.c"];

/// Variables, as the tool gets them, that decide what is compiled. Their names
/// begin with these words.
const COLLECTED: [&str; 5] = [
    "NIX_CFLAGS_COMPILE",
    "NIX_CXXSTDLIB_COMPILE",
    "NIX_ENFORCE_NO_NATIVE",
    "NIX_HARDENING_ENABLE",
    "SDKROOT",
];

/// Variables that decide what happens to some arguments of the caller.
const ARGUMENTS: [&str; 8] = [
    "NIX_CC_WRAPPER_SUPPRESS_TARGET_WARNING",
    "NIX_ENFORCE_PURITY",
    "NIX_STORE",
    "NIX_BUILD_TOP",
    "TMP",
    "TMPDIR",
    "TEMP",
    "TEMPDIR",
];

/// How many of them count without purity.
const IMPURE: usize = 1;

/// Hooks that can change a compile.
const HOOKS: [&str; 2] = ["add-local-cc-cflags-before.sh", "cc-wrapper-hook"];

/// FNV-1a with 128 bits. It tells apart what differs by chance, not what is
/// made to collide: who can choose the flags can choose what is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u128);

impl Digest {
    /// Returns the digest for these compilers. One that is not wrapped counts
    /// with its file alone, as in the caches themselves.
    pub fn of(compilers: &[PathBuf], environment: &Environment) -> Digest {
        let mut digest = Digest(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        for compiler in compilers {
            if self_binary::is_wrapper(compiler) {
                let bytes = compiler.as_os_str().as_bytes();
                // A broken root fails in the compile, too.
                let _ = dispatch(bytes, &CALL, environment, &Os, |call| digest.call(&call));
            } else {
                digest.file(compiler);
            }
        }
        digest
    }

    fn call(&mut self, call: &Call) {
        self.file(Path::new(OsStr::from_bytes(&call.tool.program)));
        if let Ok(plan) = decide(call, &Os, &mut Log::default()) {
            plan.command.args().for_each(|arg| self.add(arg));
            for (name, value) in &plan.environment {
                let is_one = |start: &&str| name.starts_with(start.as_bytes());
                if COLLECTED.iter().any(is_one) {
                    self.add(name);
                    self.add(value.as_deref().unwrap_or_default());
                }
            }
        }
        let is_pure = call.environment.get_nonempty(b"NIX_ENFORCE_PURITY") == Some(b"1");
        let count = if is_pure { ARGUMENTS.len() } else { IMPURE };
        for name in &ARGUMENTS[..count] {
            self.add(call.environment.get(name.as_bytes()).unwrap_or_default());
        }
        let Some(root) = call.root else { return };
        let support = Path::new(OsStr::from_bytes(root)).join("nix-support");
        for hook in HOOKS {
            self.add(&foreign_file::read(&support.join(hook)).unwrap_or_default());
        }
    }

    /// Adds the path, size and modification time of a program.
    fn file(&mut self, path: &Path) {
        self.add(path.as_os_str().as_bytes());
        if let Ok(file) = fs::metadata(path) {
            self.add(&file.mtime().to_le_bytes());
            self.add(&file.mtime_nsec().to_le_bytes());
            self.add(&file.size().to_le_bytes());
        }
    }

    /// Adds `bytes` and their number, so that no two lists are the same.
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&bytes.len().to_le_bytes()) {
            self.0 ^= u128::from(*byte);
            self.0 = self
                .0
                .wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Returns whether a wrapped compiler adds arguments to compiles.
pub fn adds_flags(compiler: &Path, environment: &Environment) -> bool {
    let adds = |call: Call| {
        let plan = decide(&call, &Os, &mut Log::default());
        plan.is_ok_and(|plan| plan.command.args().count() > CALL.len())
    };
    let compiler = compiler.as_os_str().as_bytes();
    let added = dispatch(compiler, &CALL, environment, &Os, adds);
    added.is_ok_and(|added| added == Some(true))
}

/// Returns the C and C++ compilers of the root at `root`; none if it cannot be
/// read.
pub fn of_root(root: &Path) -> Vec<PathBuf> {
    let text = foreign_file::read(&root.join(self_binary::TOOLCHAIN)).unwrap_or_default();
    let toolchain = Toolchain::parse(&text);
    toolchain.map_or(Vec::new(), |toolchain| {
        compilers(&root.join("bin"), &toolchain)
    })
}

/// Returns the C and C++ compilers of a root with this `bin`.
pub fn compilers(bin: &Path, toolchain: &Toolchain) -> Vec<PathBuf> {
    let compiles = |tool: &&Tool| {
        let kind = ToolKind::parse(&tool.kind);
        matches!(kind, Some(ToolKind::Cc | ToolKind::Cxx))
    };
    let tools = toolchain.tools.iter().filter(compiles);
    let paths = tools.map(|tool| bin.join(OsStr::from_bytes(&tool.name)));
    paths.filter(|path| path.exists()).collect()
}
