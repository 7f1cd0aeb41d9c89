//! Finds the linker that a driver call will run, and whether it is wrapped.
//!
//! A driver looks for its linker on PATH, where a wrapped root comes first. But
//! it first searches the caller's directories (`-B`, COMPILER_PATH), and
//! `--ld-path` and `-fuse-ld` select other linkers. rustc uses these options to
//! run its own lld.

use alloc::vec::Vec;

use crate::machine::world::World;
use crate::model::argument::{Command, Origin};
use crate::model::call::Call;
use crate::model::explanation::{Explanation, LinkerHandling};
use crate::model::tool_name::ToolName;
use crate::model::toolchain::{Family, RoleMarkers};
use crate::options::meaning::Meaning;
use crate::rules::target;
use crate::text::path;
use crate::text::path::without_slashes;

/// A linker that is not wrapped by the toolchain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwrapped {
    /// The name that the driver looks for, such as `ld.lld`.
    pub name: Vec<u8>,
    /// The path of the linker. `None` if it was not found.
    pub program: Option<Vec<u8>>,
    /// The option `--ld-path`, or `-fuse-ld` with a path, selects the linker.
    pub by_path: bool,
    /// The toolchain has no linker of this name. nixpkgs' wrappers do not
    /// handle such a linker.
    pub is_left_alone: bool,
}

impl Unwrapped {
    /// The note for an explanation of a call whose linker gets no flags.
    pub fn left_alone(&self) -> Explanation {
        Explanation::Linker {
            path: self.path(),
            handling: LinkerHandling::LeftAlone,
        }
    }

    /// The note for an explanation of the call.
    pub fn explanation(&self) -> Explanation {
        if self.is_left_alone {
            return self.left_alone();
        }
        Explanation::Linker {
            path: self.path(),
            handling: LinkerHandling::PassedByDriver,
        }
    }

    fn path(&self) -> Vec<u8> {
        self.program.clone().unwrap_or_else(|| self.name.clone())
    }
}

/// The path of the toolchain's own linker that this command runs.
pub fn own(command: &Command, call: &Call) -> Vec<u8> {
    let bintools = call.bintools.unwrap_or_default();
    [bintools, b"/bin/", &Asked::from_command(command, call).name].concat()
}

/// The linker that this command runs, if it is not wrapped. `None` if it is
/// wrapped and adds the flags itself, or if its path is not executable.
pub fn unwrapped(command: &Command, call: &Call, world: &dyn World) -> Option<Unwrapped> {
    let asked = Asked::from_command(command, call);
    let unwrapped = |program, is_left_alone| Unwrapped {
        name: asked.name.clone(),
        program,
        by_path: asked.by_path,
        is_left_alone,
    };
    // nixpkgs' scripts do not look.
    let is_nixpkgs = call.toolchain.role_markers == RoleMarkers::Required;
    let bintools = call.bintools.filter(|_| is_nixpkgs || !is_below_mold(call));
    let Some(bintools) = bintools else {
        return Some(unwrapped(None, false));
    };
    if call.tool.linker_by_prefix && has_other_target(call, command) {
        return Some(unwrapped(None, false));
    }
    let look = Look {
        ours: [bintools, b"/bin"].concat(),
        call,
        world,
    };
    if let Some(path) = asked.path {
        // If the file is not executable, the driver reports the error.
        let found = world.is_executable(path).then(|| path.to_vec())?;
        return look.unless_wrapped(found, |program| unwrapped(Some(program), false));
    }
    let is_there = || look.has(&asked.name);
    if !asked.by_path {
        if let Some(found) = look.in_prefixes(&asked, is_there) {
            return look.unless_wrapped(found, |program| unwrapped(Some(program), false));
        }
    }
    if is_there() {
        return None;
    }
    let is_left_alone = call.toolchain.role_markers == RoleMarkers::Required;
    match look.elsewhere(&asked.name) {
        Some(found) => {
            look.unless_wrapped(found, |program| unwrapped(Some(program), is_left_alone))
        }
        None => Some(unwrapped(None, is_left_alone)),
    }
}

/// Whether `mold -run` is above the call. Its library replaces every linker
/// that a process executes with mold, so the wrapped linker never runs.
pub fn is_below_mold(call: &Call) -> bool {
    let library = b"mold-wrapper.so";
    let preload = call.environment.get_nonempty(b"LD_PRELOAD");
    preload.is_some_and(|list| list.windows(library.len()).any(|part| part == library))
}

/// The linker that the arguments select.
struct Asked<'p> {
    /// The name that the driver looks for, such as `ld.lld`.
    name: Vec<u8>,
    path: Option<&'p [u8]>,
    by_path: bool,
    /// The values of `-B`, except those that the toolchain adds.
    prefixes: Vec<&'p [u8]>,
}

impl<'p> Asked<'p> {
    fn from_command(command: &'p Command, call: &Call) -> Asked<'p> {
        let family = call.family();
        let mut flavour: &[u8] = b"";
        let mut path = None;
        let mut prefixes = Vec::new();
        for used in call.driver_parser().uses(command.args()) {
            match used.meaning {
                Meaning::LinkerName => flavour = used.value.unwrap_or_default(),
                Meaning::LinkerPath => path = used.value,
                Meaning::Prefix => {
                    let origin = &used.argument.origin;
                    if !matches!(origin, Origin::FlagFile(_) | Origin::Rule(_)) {
                        prefixes.extend(used.value);
                    }
                }
                _ => {}
            }
        }
        // `--ld-path` overrides `-fuse-ld`, regardless of their order.
        let linker = path.unwrap_or(flavour);
        let is_path = linker.contains(&b'/');
        let name = match path {
            _ if is_path => path::file_name(linker).to_vec(),
            Some(name) => name.to_vec(),
            // With `-fuse-ld=ld`, clang runs its default linker.
            None if flavour == b"ld" && family == Family::Clang => b"ld".to_vec(),
            None if flavour.is_empty() => b"ld".to_vec(),
            None => [b"ld.", flavour].concat(),
        };
        Asked {
            name,
            path: is_path.then_some(linker),
            by_path: is_path || path.is_some(),
            prefixes,
        }
    }
}

/// Whether clang gets a target other than the toolchain's default.
pub fn has_other_target(call: &Call, command: &Command) -> bool {
    let default = &call.toolchain.default_target;
    target::given(&command.params)
        .ok()
        .flatten()
        .is_some_and(|target| *target != **default)
}

/// The search for a linker, as a driver does it.
struct Look<'l> {
    /// The directory of the toolchain's own linkers.
    ours: Vec<u8>,
    call: &'l Call<'l>,
    world: &'l dyn World,
}

impl Look<'_> {
    /// Whether the toolchain has a linker of this name.
    fn has(&self, name: &[u8]) -> bool {
        if self.call.root == self.call.bintools {
            return self.call.toolchain.tool(name).is_some();
        }
        // Roots in nixpkgs always have `ld`.
        name == b"ld" || self.world.exists(&[&self.ours[..], b"/", name].concat())
    }

    /// The first linker of this name in the caller's directories.
    fn in_prefixes(&self, asked: &Asked, is_there: impl Fn() -> bool) -> Option<Vec<u8>> {
        let call = self.call;
        let name = &asked.name[..];
        let mut prefixes = asked.prefixes.clone();
        let compiler_path = call.environment.get_nonempty(b"COMPILER_PATH");
        // The toolchain's own `-B` precedes COMPILER_PATH.
        if compiler_path.is_some() && !(call.tool.linker_by_prefix && is_there()) {
            prefixes.extend(path::entries(compiler_path.unwrap_or_default()));
        }
        if prefixes.is_empty() {
            return None;
        }
        let of_gcc: [&[u8]; 3] = [b"real-ld", b"collect-ld", name];
        let names = match call.family() {
            Family::Gcc => &of_gcc[..],
            _ => &of_gcc[2..],
        };
        let candidates = names.iter().flat_map(|name| {
            let prefixes = prefixes.iter().filter(|prefix| !prefix.is_empty());
            prefixes.map(move |prefix| self.begun_by(prefix, name))
        });
        candidates
            .filter(|candidate| path::directory(candidate) != self.ours)
            .find(|candidate| self.world.is_executable(candidate))
    }

    /// A prefix is a directory, or the beginning of the linker's path.
    fn begun_by(&self, prefix: &[u8], name: &[u8]) -> Vec<u8> {
        if self.world.exists(&[prefix, b"/."].concat()) {
            [without_slashes(prefix), b"/", name].concat()
        } else {
            [prefix, name].concat()
        }
    }

    /// Looks in the other places: clang's own directory, then PATH.
    fn elsewhere(&self, name: &[u8]) -> Option<Vec<u8>> {
        let call = self.call;
        // A driver for another target looks for that target's linkers. A Darwin
        // driver looks for another kind of linker.
        if call.toolchain.darwin.is_some() {
            return None;
        }
        let called = ToolName::parse(&call.tool.name).map_or(&b""[..], |name| name.prefix);
        let program = &call.tool.program;
        let link = self.world.read_link(program);
        let resolved = link.map(|target| match target.first() {
            Some(b'/') => target,
            _ => [path::directory(program), b"/", &target].concat(),
        });
        let mut directories = Vec::new();
        if call.tool.linker_by_prefix {
            directories.extend(resolved.as_deref().map(path::directory));
            directories.push(path::directory(program));
        }
        directories.extend(path::entries(
            call.environment.get(b"PATH").unwrap_or_default(),
        ));
        let others = directories
            .into_iter()
            .filter(|directory| without_slashes(directory) != self.ours);
        let mut candidates = others.map(|directory| [directory, b"/", called, name].concat());
        candidates.find(|candidate| self.world.is_executable(candidate))
    }

    /// Returns `None` if the linker is in a wrapped root, is one of nixpkgs'
    /// wrappers, or is a linker shim that a driver above has selected. All of
    /// these add the flags themselves.
    fn unless_wrapped<T>(&self, program: Vec<u8>, then: impl FnOnce(Vec<u8>) -> T) -> Option<T> {
        let directory = path::directory(&program);
        let holds_wrappers = matches!(path::file_name(directory), b"bin" | b"linkers");
        let beside = |name: &[u8]| {
            let path = [directory, b"/../nix-support/", name].concat();
            self.world.exists(&path)
        };
        let is_wrapped = holds_wrappers && (beside(b"toolchain.json") || beside(b"add-flags.sh"));
        (!is_wrapped).then(|| then(program))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::world::fake::Machine;
    use crate::model::argument::fake;
    use crate::model::environment::Environment;
    use crate::model::toolchain::{Tool, ToolKind, Toolchain};
    use alloc::borrow::Cow;
    use alloc::string::String;

    /// The linker that runs instead of the wrapped one.
    fn unwrapped_by(toolchain: &Toolchain, words: &'static str) -> Option<Unwrapped> {
        let world = Machine::new()
            .file("/rust/gcc-ld/ld.lld", "")
            .file("/rust/gcc-ld", "")
            .file("/r/bin/ld.lld", "")
            .file("/r/bin", "")
            .file("/r/nix-support/toolchain.json", "")
            .file("/other/bin/ld.lld", "")
            .file("/other/bin", "")
            .file("/other/linkers/ld.lld", "")
            .file("/other/linkers", "")
            .file("/other/nix-support/toolchain.json", "")
            .file("/own/real-ld", "")
            .file("/own", "")
            .file("/usr/bin/triple-ld", "")
            .file("/usr/bin/ld.mold", "")
            .file("/usr/bin/mold", "");
        let command = Command {
            params: fake::of_driver(words),
            ..Command::default()
        };
        let call = Call {
            executable: b"/r/bin/gcc",
            hop: b"",
            toolchain,
            tool: &Tool::default(),
            kind: ToolKind::Cc,
            root: Some(b"/r"),
            bintools: Some(b"/r"),
            args: &[],
            environment: &Environment::new([&b"PATH=/r/bin:/usr/bin"[..]]),
        };
        unwrapped(&command, &call, &world)
    }

    fn toolchain(markers: RoleMarkers) -> Toolchain<'static> {
        let tool = |name: &'static str| Tool {
            name: Cow::Borrowed(name.as_bytes()),
            ..Tool::default()
        };
        Toolchain {
            role_markers: markers,
            tools: [tool("ld"), tool("ld.lld")].into(),
            ..Toolchain::default()
        }
    }

    fn found(words: &'static str) -> Option<String> {
        let found = unwrapped_by(&toolchain(RoleMarkers::Optional), words)?;
        Some(String::from_utf8(found.program.unwrap_or_default()).unwrap())
    }

    #[test]
    fn a_linker_in_a_prefix_directory_is_not_wrapped() {
        let lld = || Some("/rust/gcc-ld/ld.lld".into());
        assert_eq!(found("-B/rust/gcc-ld -fuse-ld=lld"), lld());
        assert_eq!(found("-fuse-ld=lld -B /rust/gcc-ld"), lld());
        assert_eq!(found("--prefix=/rust/gcc-ld -fuse-ld=lld"), lld());
        assert_eq!(found("-B/rust/gcc-ld x.o"), None, "it holds no ld");
        assert_eq!(found("-B/r/bin/ -fuse-ld=lld"), None);
        assert_eq!(
            found("-B/usr/bin/triple-"),
            Some("/usr/bin/triple-ld".into())
        );
    }

    #[test]
    fn wrapped_linkers_are_not_wrapped_again() {
        assert_eq!(found("-B/other/bin -fuse-ld=lld"), None);
        assert_eq!(found("-B/other/linkers/ -fuse-ld=lld"), None);
        assert_eq!(found("--ld-path=/other/bin/ld.lld"), None);
    }

    #[test]
    fn gcc_looks_for_other_names_first() {
        assert_eq!(
            found("-B/own x.o -fuse-ld=lld"),
            Some("/own/real-ld".into())
        );
    }

    #[test]
    fn a_path_selects_the_linker() {
        let mold = || Some("/usr/bin/mold".into());
        assert_eq!(found("--ld-path=/usr/bin/mold"), mold());
        assert_eq!(found("-fuse-ld=/usr/bin/mold"), mold());
        assert_eq!(found("--ld-path=/usr/bin/mold -fuse-ld=lld"), mold());
        assert_eq!(found("--ld-path=mold"), mold(), "that is on PATH");
        assert_eq!(found("--ld-path=/r/bin/ld.lld"), None);
        assert_eq!(found("--ld-path=ld.lld"), None, "the root has it");
        assert_eq!(found("--ld-path=/no/such/ld"), None, "the driver says so");
    }

    #[test]
    fn a_linker_that_a_root_does_not_list_is_not_its_own() {
        assert_eq!(found("x.o"), None);
        assert_eq!(found("x.o -fuse-ld=mold"), Some("/usr/bin/ld.mold".into()));
        assert_eq!(found("x.o -fuse-ld=gold"), Some(String::new()), "nowhere");
        let of_nixpkgs = toolchain(RoleMarkers::Required);
        let mold = unwrapped_by(&of_nixpkgs, "x.o -fuse-ld=mold").unwrap();
        assert!(mold.is_left_alone);
    }
}
