//! Which linker a driver call runs, and whether the toolchain's own wrapper
//! stands before it.
//!
//! A driver finds its linker on PATH, and a wrapped root comes first there. But
//! a directory of the caller's (`-B`, COMPILER_PATH) is searched before, and
//! `--ld-path` and `-fuse-ld` name others: rustc has the driver run its own lld
//! in this way.

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

/// A linker that the toolchain does not stand before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwrapped {
    /// By which drivers look for it: `ld.lld`.
    pub name: Vec<u8>,
    /// `None`: it was not found.
    pub program: Option<Vec<u8>>,
    /// An option names it for itself, and may name another.
    pub by_path: bool,
    /// It is there only because the toolchain has none of that name, and
    /// nixpkgs' wrappers leave it alone.
    pub is_left_alone: bool,
}

impl Unwrapped {
    /// For an explanation of the call.
    pub fn explanation(&self) -> Explanation {
        Explanation::Linker {
            path: self.program.clone().unwrap_or_else(|| self.name.clone()),
            handling: match self.is_left_alone {
                true => LinkerHandling::LeftAlone,
                false => LinkerHandling::PassedByDriver,
            },
        }
    }
}

/// Where the toolchain's own linker lies that this command runs.
pub fn own(command: &Command, call: &Call) -> Vec<u8> {
    let bintools = call.bintools.unwrap_or_default();
    [bintools, b"/bin/", &Asked::of(command, call).name].concat()
}

/// The linker that this command runs; `None`: one that is wrapped, and sees
/// to its work by itself.
pub fn unwrapped(command: &Command, call: &Call, world: &dyn World) -> Option<Unwrapped> {
    let asked = Asked::of(command, call);
    let unwrapped = |program, is_left_alone| Unwrapped {
        name: asked.name.clone(),
        program,
        by_path: asked.by_path,
        is_left_alone,
    };
    let Some(bintools) = call.bintools else {
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
        // One that cannot be run is the driver's to tell of.
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

/// What the arguments ask for.
struct Asked<'p> {
    /// `ld.lld`
    name: Vec<u8>,
    path: Option<&'p [u8]>,
    by_path: bool,
    /// The values of `-B`, but for those of the toolchain's own.
    prefixes: Vec<&'p [u8]>,
}

impl<'p> Asked<'p> {
    fn of(command: &'p Command, call: &Call) -> Asked<'p> {
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
        // It has the last word, wherever it stands.
        let linker = path.unwrap_or(flavour);
        let is_path = linker.contains(&b'/');
        let name = match path {
            _ if is_path => path::file_name(linker).to_vec(),
            Some(name) => name.to_vec(),
            // clang's word for what it runs anyway.
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

/// Whether clang is told of a target that is not the toolchain's own.
pub fn has_other_target(call: &Call, command: &Command) -> bool {
    let default = &call.toolchain.default_target;
    target::given(&command.params)
        .ok()
        .flatten()
        .is_some_and(|target| *target != **default)
}

/// Looking for a linker as a driver does.
struct Look<'l> {
    /// The toolchain's own linkers.
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
        // nixpkgs' roots always do.
        name == b"ld" || self.world.exists(&[&self.ours[..], b"/", name].concat())
    }

    /// The first that lies in a directory of the caller's.
    fn in_prefixes(&self, asked: &Asked, is_there: impl Fn() -> bool) -> Option<Vec<u8>> {
        let call = self.call;
        let name = &asked.name[..];
        let mut prefixes = asked.prefixes.clone();
        let compiler_path = call.environment.get_nonempty(b"COMPILER_PATH");
        // Before it comes our own -B.
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

    /// A prefix is a directory, or how the path begins.
    fn begun_by(&self, prefix: &[u8], name: &[u8]) -> Vec<u8> {
        match self.world.exists(&[prefix, b"/."].concat()) {
            true => [without_slashes(prefix), b"/", name].concat(),
            false => [prefix, name].concat(),
        }
    }

    /// Where drivers look besides: clang beside itself, all of them on PATH.
    fn elsewhere(&self, name: &[u8]) -> Option<Vec<u8>> {
        let call = self.call;
        // A driver for another target looks for that target's linkers, and a
        // Darwin's for another kind.
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

    /// A linker in a wrapped root does its work by itself, as does one of
    /// nixpkgs' wrappers, or a front end that a driver further up has chosen.
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

    /// The linker that is run in the wrapped one's place.
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
    fn a_prefix_with_the_linker_in_it_goes_round_the_wrapped_one() {
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
    fn what_is_wrapped_is_not_wrapped_again() {
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
    fn a_path_says_it_all() {
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
