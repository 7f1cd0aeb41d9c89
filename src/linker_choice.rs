//! Which linker a driver call runs, and whether the toolchain's own wrapper
//! stands before it.
//!
//! A driver finds its linker on PATH, and a wrapped root comes first there. But
//! a directory of the caller's (`-B`, COMPILER_PATH) is searched before, and
//! `--ld-path` and `-fuse-ld` name others: rustc has the driver run its own lld
//! in this way.

use alloc::vec::Vec;

use crate::call::Call;
use crate::note::{Note, Stand};
use crate::plan::{Arg, Command, Origin};
use crate::store::without_slashes;
use crate::target;
use crate::tool_name::ToolName;
use crate::toolchain::RoleMarkers;
use crate::world::World;

/// A linker that the toolchain does not stand before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwrapped {
    /// By which drivers look for it: `ld.lld`.
    pub name: Vec<u8>,
    /// `None`: it was not found.
    pub program: Option<Vec<u8>>,
    /// It was named by its path, not looked for by its name.
    pub by_path: bool,
    /// It is there only because the toolchain has none of that name, and
    /// nixpkgs' wrappers leave it alone.
    pub is_left_alone: bool,
}

impl Unwrapped {
    /// For an explanation of the call.
    pub fn note(&self) -> Note {
        Note::Linker {
            path: self.program.clone().unwrap_or_else(|| self.name.clone()),
            stand: match self.is_left_alone {
                true => Stand::LeftAlone,
                false => Stand::PassedByDriver,
            },
        }
    }
}

/// Where the toolchain's own linker lies that this command runs.
pub fn own(command: &Command, call: &Call) -> Vec<u8> {
    let bintools = call.bintools.unwrap_or_default();
    [bintools, b"/bin/", &Asked::of(command).name].concat()
}

/// The linker that this command runs; `None`: the toolchain's own, which sees
/// to its work by itself.
pub fn unwrapped(command: &Command, call: &Call, world: &dyn World) -> Option<Unwrapped> {
    let asked = Asked::of(command);
    let by_path = asked.path.is_some();
    let unwrapped = |program, is_left_alone| Unwrapped {
        name: asked.name.clone(),
        program,
        by_path,
        is_left_alone,
    };
    let Some(bintools) = call.bintools else {
        return Some(unwrapped(None, false));
    };
    let ours = [bintools, b"/bin"].concat();
    if let Some(path) = asked.path {
        let is_ours = directory_of(path) == ours;
        return (!is_ours).then(|| unwrapped(Some(path.to_vec()), false));
    }
    if call.tool.linker_by_prefix && has_other_target(call, command) {
        return Some(unwrapped(None, false));
    }
    let name = &asked.name;
    if let Some(program) = in_prefixes(name, &ours, command, call, world) {
        return Some(unwrapped(Some(program), false));
    }
    let is_there = || match call.root == call.bintools {
        true => call.toolchain.tool(name).is_some(),
        false => world.exists(&[&ours[..], b"/", name].concat()),
    };
    if *name == b"ld" && call.root != call.bintools || is_there() {
        return None;
    }
    // A driver for another target looks for that target's linkers on PATH, and
    // a Darwin's for another kind.
    let called = ToolName::parse(&call.tool.name).map_or(&b""[..], |name| name.prefix);
    let program = match call.toolchain.darwin {
        None => elsewhere(&[called, name].concat(), &ours, call, world),
        Some(_) => None,
    };
    let is_left_alone = call.toolchain.role_markers == RoleMarkers::Required;
    Some(unwrapped(program, is_left_alone))
}

/// What the arguments ask for.
struct Asked<'p> {
    /// `ld.lld`
    name: Vec<u8>,
    path: Option<&'p [u8]>,
}

impl<'p> Asked<'p> {
    fn of(command: &'p Command) -> Asked<'p> {
        let mut linker: &[u8] = b"";
        let mut path = None;
        for arg in command.args() {
            if let Some(flavour) = arg.strip_prefix(b"-fuse-ld=") {
                linker = flavour;
            } else if let Some(named) = arg.strip_prefix(b"--ld-path=") {
                path = Some(named);
            }
        }
        // It has the last word, wherever it stands.
        match path.unwrap_or(linker) {
            b"" => Asked {
                name: b"ld".to_vec(),
                path: None,
            },
            linker if linker.contains(&b'/') => Asked {
                name: file_name(linker).to_vec(),
                path: Some(linker),
            },
            name => Asked {
                name: match path {
                    Some(_) => name.to_vec(),
                    None => [b"ld.", name].concat(),
                },
                path: None,
            },
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

/// The first that lies in a directory of the caller's.
fn in_prefixes(
    name: &[u8],
    ours: &[u8],
    command: &Command,
    call: &Call,
    world: &dyn World,
) -> Option<Vec<u8>> {
    let mut prefixes = prefixes(command);
    if !call.tool.linker_by_prefix {
        prefixes.extend(entries(call.environment.get(b"COMPILER_PATH")));
    }
    let prefixes = prefixes.into_iter();
    let others = prefixes.filter(|prefix| without_slashes(prefix) != ours);
    let mut candidates = others.flat_map(|prefix| {
        let inside = [without_slashes(prefix), b"/", name].concat();
        [inside, [prefix, name].concat()]
    });
    candidates.find(|candidate| world.exists(candidate))
}

/// The values of `-B`, but for those of the toolchain's own.
fn prefixes<'p>(command: &'p Command) -> Vec<&'p [u8]> {
    let mut prefixes: Vec<&[u8]> = Vec::new();
    let own = |arg: &&Arg| matches!(arg.origin, Origin::FlagFile(_) | Origin::Rule(_));
    let mut args = command.args().filter(|arg| !own(arg));
    while let Some(arg) = args.next() {
        if let Some(prefix) = arg.strip_prefix(b"--prefix=") {
            prefixes.push(prefix);
        }
        match arg.strip_prefix(b"-B") {
            Some([]) => prefixes.extend(args.next().map(|arg| &arg[..])),
            Some(prefix) => prefixes.push(prefix),
            None => {}
        }
    }
    prefixes
}

/// Where drivers look besides: clang beside itself, all of them on PATH.
fn elsewhere(name: &[u8], ours: &[u8], call: &Call, world: &dyn World) -> Option<Vec<u8>> {
    let program = &call.tool.program;
    let link = world.read_link(program);
    let resolved = link.map(|target| match target.first() {
        Some(b'/') => target,
        _ => [directory_of(program), b"/", &target].concat(),
    });
    let mut directories = Vec::new();
    if call.tool.linker_by_prefix {
        directories.extend(resolved.as_deref().map(directory_of));
        directories.push(directory_of(program));
    }
    directories.extend(entries(call.environment.get(b"PATH")));
    let others = directories
        .into_iter()
        .filter(|directory| without_slashes(directory) != ours);
    let mut candidates = others.map(|directory| [directory, b"/", name].concat());
    candidates.find(|candidate| world.is_executable(candidate))
}

fn entries(list: Option<&[u8]>) -> impl Iterator<Item = &[u8]> {
    let entries = list.unwrap_or_default().split(|&b| b == b':');
    entries.filter(|entry| !entry.is_empty())
}

fn directory_of(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|&b| b == b'/').unwrap_or(0);
    without_slashes(&path[..end])
}

fn file_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&b| b == b'/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::toolchain::{Role, Tool, Toolchain};
    use crate::world::fake::Machine;
    use alloc::borrow::Cow;
    use alloc::string::String;

    /// The linker that is run in the wrapped one's place.
    fn unwrapped_by(toolchain: &Toolchain, words: &'static str) -> Option<Unwrapped> {
        let world = Machine::new()
            .file("/rust/gcc-ld/ld.lld", "")
            .file("/r/bin/ld.lld", "")
            .file("/usr/bin/triple-ld", "")
            .file("/usr/bin/ld.mold", "");
        let args = words
            .split(' ')
            .map(|word| Arg::new(word.as_bytes(), Origin::User(1)));
        let command = Command {
            params: args.collect(),
            ..Command::default()
        };
        let call = Call {
            executable: b"/r/bin/gcc",
            toolchain,
            tool: &Tool::default(),
            role: Role::Cc,
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
    fn a_path_says_it_all() {
        let lld = || Some("/usr/bin/ld.lld".into());
        assert_eq!(found("--ld-path=/usr/bin/ld.lld"), lld());
        assert_eq!(found("-fuse-ld=/usr/bin/ld.lld"), lld());
        assert_eq!(found("--ld-path=/usr/bin/ld.lld -fuse-ld=mold"), lld());
        assert_eq!(found("--ld-path=/r/bin/ld.lld"), None);
        assert_eq!(found("--ld-path=ld.lld"), None, "that is on PATH");
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
