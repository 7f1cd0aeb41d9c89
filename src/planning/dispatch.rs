//! Finds the toolchain and the tool that a call belongs to. docs/glossary.md
//! defines root, half and built-in toolchain.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::machine::linker_shim;
use crate::machine::symlinks::{SYMLINKS, resolve};
use crate::machine::trust::Trust;
use crate::machine::world::World;
use crate::model::call::Call;
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::model::tool_name::ToolName;
use crate::model::toolchain::{Family, RoleMarkers, Tool, ToolKind, Toolchain};
use crate::text::path::without_slashes;

/// The salt of the built-in toolchain. No other toolchain has it.
const BUILT_IN_SALT: &[u8] = b"cc_wrapper";

/// The loader's directories on common systems, resolved. If this system's
/// loader searches further directories, they get an rpath, which is harmless.
pub const LOADER_DIRECTORIES: [&[u8]; 7] = [
    b"/lib",
    b"/lib64",
    b"/usr/lib",
    b"/usr/lib64",
    b"/usr/lib/x86_64-linux-gnu",
    b"/usr/lib/aarch64-linux-gnu",
    b"/lib/x86_64-linux-gnu",
];

/// The name of the directory of a Rust toolchain's launchers, and the launcher
/// that drivers run. `cc-wrapper rustup` wraps it.
const LAUNCHER: (&[u8], &[u8]) = (b"gcc-ld", b"ld.lld");

/// The names of the directories of a root that contain tools.
const TOOL_DIRECTORIES: [&[u8]; 3] = [b"bin", linker_shim::DIRECTORY.as_bytes(), LAUNCHER.0];

/// The name of this binary. It is never a tool's name.
pub const BINARY: &[u8] = b"cc-wrapper";

/// Calls `then` with the call of the tool that `executable`, the path that the
/// kernel executed, belongs to. Returns `None` if it is a call of cc-wrapper
/// itself.
///
/// Each hop of the path's symlinks is checked. The first hop that lies in a
/// root which lists its name as a tool decides. This matters for `bin/ld` of a
/// compiler half: it is a link into the linker half.
///
/// # Errors
/// Another user could have written a root, a root's `toolchain.json` is invalid or does not list the tool, a Rust
/// toolchain's launcher has lost its root, or PATH has no program to wrap.
pub fn dispatch<R>(
    executable: &[u8],
    args: &[&[u8]],
    environment: &Environment,
    world: &dyn World,
    then: impl FnOnce(Call) -> R,
) -> Result<Option<R>, Error> {
    if split(executable).1 == BINARY {
        return Ok(None);
    }
    let mut hop = absolute(executable, world);
    let mut silent_root = None;
    let mut launcher = None;
    for _ in 0..SYMLINKS {
        let (directory, name) = split(&hop);
        let found = if name == BINARY {
            None
        } else {
            root_of(directory, Trust::new(&hop), world)?
        };
        if let Some(Root { root, text }) = found {
            let path = toolchain_of(&root);
            let toolchain = Toolchain::parse(&text).map_err(|error| Error::Toolchain {
                path: path.clone(),
                error,
            })?;
            let linker_shim = linker_shim::tool(directory, name, &toolchain, environment, world);
            if let Some(tool) = linker_shim.as_ref().or(toolchain.tool(name)) {
                let kind = ToolKind::parse(&tool.kind).ok_or_else(|| Error::UnknownRole {
                    path,
                    tool: name.to_vec(),
                    kind: tool.kind.to_vec(),
                })?;
                let bintools = match toolchain.bintools.as_deref() {
                    Some(half) => linker_half(&root, half, Trust::new(&hop), world)?,
                    None => root.clone(),
                };
                let placed;
                let tool = if tool.program.starts_with(b"/") {
                    tool
                } else {
                    placed = Tool {
                        program: Cow::Owned(seen_from(&root, &tool.program)),
                        ..tool.clone()
                    };
                    &placed
                };
                return Ok(Some(then(Call {
                    executable,
                    hop: &hop,
                    toolchain: &toolchain,
                    tool,
                    kind,
                    root: Some(&root),
                    bintools: Some(&bintools),
                    args,
                    environment,
                })));
            }
            silent_root.get_or_insert(path);
        }
        if (split(without_slashes(directory)).1, name) == LAUNCHER {
            launcher.get_or_insert_with(|| hop.clone());
        }
        let Some(target) = world.read_link(&hop) else {
            break;
        };
        hop = match target.first() {
            Some(b'/') => target,
            _ => [directory, b"/", &target].concat(),
        };
    }
    let name = split(executable).1;
    // The link is in a root that does not list it. That is a mistake in the
    // root, so the built-in toolchain must not be used.
    if let Some(path) = silent_root {
        return Err(Error::NoSuchTool {
            path,
            tool: name.to_vec(),
        });
    }
    // The launcher stands for the Rust toolchain's own linker, so a linker on
    // PATH must not be used.
    if let Some(path) = launcher {
        return Err(Error::LauncherAlone { path });
    }
    let Some(known) = ToolName::parse(name) else {
        return Ok(None);
    };
    let kind = known.kind.ok_or_else(|| Error::NothingToAdd {
        tool: name.to_vec(),
    })?;
    let (toolchain, tool) = built_in(executable, known.family(), environment, world)?;
    Ok(Some(then(Call {
        executable,
        hop: executable,
        toolchain: &toolchain,
        tool: &tool,
        kind,
        root: None,
        bintools: None,
        args,
        environment,
    })))
}

/// The built-in toolchain for a symlink outside of any root. Its tool is the
/// next program of the same name on PATH that is not cc-wrapper.
fn built_in(
    executable: &[u8],
    family: Family,
    environment: &Environment,
    world: &dyn World,
) -> Result<(Toolchain<'static>, Tool<'static>), Error> {
    let (directory, name) = if executable.contains(&b'/') {
        split(executable)
    } else {
        (&b"."[..], executable)
    };
    let path = environment.get(b"PATH").unwrap_or(b"/usr/bin:/bin");
    let mut entries: Vec<&[u8]> = path
        .split(|&b| b == b':')
        .map(|entry| if entry.is_empty() { b"." } else { entry })
        .collect();
    if let Some(ours) = entries.iter().position(|entry| is_same(entry, directory)) {
        entries.drain(..=ours);
    }
    let program = entries
        .into_iter()
        .map(|entry| [entry, b"/", name].concat())
        .find(|candidate| {
            world.is_executable(candidate) && !world.same_program(candidate, executable)
        });
    let Some(program) = program else {
        return Err(Error::NotOnPath {
            tool: name.to_vec(),
        });
    };
    let toolchain = Toolchain {
        suffix_salt: Cow::Borrowed(BUILT_IN_SALT),
        compiler: family,
        role_markers: RoleMarkers::Optional,
        system_library_directories: LOADER_DIRECTORIES.map(Cow::Borrowed).into(),
        ..Toolchain::default()
    };
    let tool = Tool {
        name: Cow::Owned(name.to_vec()),
        program: Cow::Owned(program),
        ..Tool::default()
    };
    Ok((toolchain, tool))
}

/// Whether two paths of a directory differ only in slashes.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    let components = |path| <[u8]>::split(path, |&b| b == b'/').filter(|c| !c.is_empty());
    a.starts_with(b"/") == b.starts_with(b"/") && components(a).eq(components(b))
}

/// Resolves `path`, absolute or relative to `root`.
fn seen_from(root: &[u8], path: &[u8]) -> Vec<u8> {
    match path {
        [b'/', ..] => path.to_vec(),
        _ => [root, b"/", path].concat(),
    }
}

/// The path of a root's `toolchain.json`.
fn toolchain_of(root: &[u8]) -> Vec<u8> {
    [&support_of(root), &b"/toolchain.json"[..]].concat()
}

/// The path of a root's `nix-support` directory.
fn support_of(root: &[u8]) -> Vec<u8> {
    [root, b"/nix-support"].concat()
}

/// The path of the linker half `half` of `root`, after a check that no other
/// user could have written it.
fn linker_half(
    root: &[u8],
    half: &[u8],
    trust: Trust,
    world: &dyn World,
) -> Result<Vec<u8>, Error> {
    let half = seen_from(root, half);
    let support = support_of(&half);
    for directory in [&half, &support] {
        if half != root && world.exists(directory) {
            trust.examine(directory, world)?;
        }
    }
    Ok(half)
}

/// A root and the text of its `toolchain.json`.
struct Root {
    root: Vec<u8>,
    text: Vec<u8>,
}

/// The root of a directory of tools, or of the directory that it is a symlink
/// to. `None` if it is in no root.
///
/// # Errors
/// Another user could have written `toolchain.json`, its directory or the root,
/// or it cannot be read.
fn root_of(directory: &[u8], trust: Trust, world: &dyn World) -> Result<Option<Root>, Error> {
    let read = |directory: &[u8]| -> Result<Option<Root>, Error> {
        let directory = without_slashes(directory);
        let (root, name) = split(directory);
        if !TOOL_DIRECTORIES.contains(&name) {
            return Ok(None);
        }
        let Some(text) = trust.read(&toolchain_of(root), world)? else {
            return Ok(None);
        };
        trust.examine(&support_of(root), world)?;
        // An empty path is the root directory.
        trust.examine(if root.is_empty() { b"/" } else { root }, world)?;
        let root = root.to_vec();
        Ok(Some(Root { root, text }))
    };
    if let Some(root) = read(directory)? {
        return Ok(Some(root));
    }
    match resolve(directory, world, |_| false) {
        Some(resolved) if resolved != directory => read(&resolved),
        _ => Ok(None),
    }
}

fn absolute(path: &[u8], world: &dyn World) -> Vec<u8> {
    if path.starts_with(b"/") {
        return path.to_vec();
    }
    match world.current_directory() {
        Some(directory) => [&directory, &b"/"[..], path].concat(),
        None => path.to_vec(),
    }
}

/// Splits a path into directory and name. Without a slash, the directory is
/// empty.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&b| b == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::world::fake::Machine;
    use alloc::string::{String, ToString};

    const ROOT: &str = r#"{"version": 1, "suffixSalt": "s", "bintools": "/ld",
        "tools": {"gcc": {"role": "cc", "program": "/usr/bin/gcc"}}}"#;
    const LINKER_ROOT: &str = r#"{"version": 1, "suffixSalt": "s",
        "tools": {"ld": {"role": "ld", "program": "/usr/bin/ld"}}}"#;

    fn machine() -> Machine {
        Machine::new()
            .file("/opt/cc-wrapper", "ours")
            .file("/cc/nix-support/toolchain.json", ROOT)
            .file("/cc/bin/cc-wrapper", "ours")
            .link("/cc/bin/gcc", "cc-wrapper")
            .link("/cc/bin/cc", "gcc")
            .link("/cc/bin/ld", "/ld/bin/ld")
            .link("/cc/bin/stray", "cc-wrapper")
            .file("/ld/nix-support/toolchain.json", LINKER_ROOT)
            .link("/ld/bin/ld", "/opt/cc-wrapper")
            .link("/home/x86-gcc", "../cc/bin/gcc")
            .link("/home/bin/cc", "/opt/cc-wrapper")
            .file("/copy/cc", "ours")
            .file("/usr/bin/cc", "real")
    }

    /// The root and the program.
    fn find(
        world: &Machine,
        executable: &str,
        path: &str,
    ) -> Result<Option<(String, String)>, Error> {
        let path = [b"PATH=", path.as_bytes()].concat();
        let environment = Environment::new([&path[..]]);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_string();
        dispatch(executable.as_bytes(), &[], &environment, world, |found| {
            (text(found.root.unwrap_or(b"")), text(&found.tool.program))
        })
    }

    fn found(executable: &str) -> (String, String) {
        find(&machine(), executable, "/home/bin:/copy:/usr/bin")
            .unwrap()
            .unwrap()
    }

    #[test]
    fn a_tool_belongs_to_the_first_root_in_its_symlinks_that_lists_it() {
        for executable in [
            "/cc/bin/gcc",
            "/cc/bin/cc",
            "/home/x86-gcc",
            "/cc/bin/../bin/gcc",
        ] {
            assert_eq!(found(executable).1, "/usr/bin/gcc", "{executable}");
        }
        assert_eq!(found("/cc/bin/ld"), ("/ld".into(), "/usr/bin/ld".into()));
    }

    #[test]
    fn a_linker_half_may_lie_in_its_compilers_root() {
        let inner = ROOT.replace("\"/ld\"", "\"inner\"");
        let world = Machine::new()
            .file("/cc/nix-support/toolchain.json", inner)
            .file("/cc/bin/gcc", "ours");
        let environment = Environment::new([]);
        let bintools = |call: Call| call.bintools.map(<[u8]>::to_vec);
        let found = dispatch(b"/cc/bin/gcc", &[], &environment, &world, bintools);
        assert_eq!(found, Ok(Some(Some(b"/cc/inner".to_vec()))));
    }

    #[test]
    fn a_program_may_lie_in_its_root() {
        let world = machine()
            .file(
                "/cc/nix-support/toolchain.json",
                ROOT.replace("/usr/bin/gcc", "real/gcc"),
            )
            .link("/moved", "/cc");
        for (executable, program) in [
            ("/cc/bin/gcc", "/cc/real/gcc"),
            ("/moved/bin/gcc", "/moved/real/gcc"),
            ("/home/x86-gcc", "/home/../cc/real/gcc"),
        ] {
            let found = find(&world, executable, "").unwrap().unwrap();
            assert_eq!(found.1, program, "{executable}");
        }
    }

    #[test]
    fn a_symlink_to_a_roots_bin_directory_is_resolved() {
        let world = machine().link("/home/tools", "/cc/bin");
        for executable in ["/home/tools/gcc", "/home/tools/cc", "/home/./tools/gcc"] {
            let found = find(&world, executable, "/usr/bin").unwrap().unwrap();
            assert_eq!(found, ("/cc".into(), "/usr/bin/gcc".into()), "{executable}");
        }
        let found = find(&world, "/home/tools/ld", "/usr/bin").unwrap().unwrap();
        assert_eq!(found.0, "/ld");
    }

    #[test]
    fn a_relative_path_starts_at_the_current_directory() {
        let mut world = machine();
        world.current_directory = b"/cc".to_vec();
        let found = find(&world, "bin/gcc", "").unwrap().unwrap();
        assert_eq!(found.0, "/cc");
    }

    #[test]
    fn a_link_outside_of_roots_runs_the_next_program_on_path() {
        assert_eq!(found("/home/bin/cc"), (String::new(), "/usr/bin/cc".into()));
        assert_eq!(found("/copy/cc").1, "/usr/bin/cc");
        let error = find(&machine(), "/copy/cc", "/usr/bin:/copy/:/home/bin").unwrap_err();
        assert_eq!(
            (error, 127),
            (
                Error::NotOnPath {
                    tool: b"cc".to_vec()
                },
                127
            )
        );
    }

    #[test]
    fn a_link_to_the_binary_in_a_root_belongs_to_no_root() {
        let world = machine().link("/home/own/cc", "/cc/bin/cc-wrapper");
        let found = find(&world, "/home/own/cc", "/home/own:/usr/bin");
        assert_eq!(found, Ok(Some((String::new(), "/usr/bin/cc".into()))));
    }

    #[test]
    fn the_name_cc_wrapper_is_the_command() {
        for executable in ["/opt/cc-wrapper", "/cc/bin/cc-wrapper"] {
            assert_eq!(find(&machine(), executable, "/usr/bin"), Ok(None));
        }
    }

    #[test]
    fn a_link_for_a_tool_without_flags_is_an_error() {
        for executable in ["/copy/strip", "/copy/mold", "/copy/gcc-ar"] {
            let error = find(&machine(), executable, "/usr/bin").unwrap_err();
            assert!(matches!(error, Error::NothingToAdd { .. }));
        }
        let error = find(&machine(), "/copy/ld.mold", "/usr/bin").unwrap_err();
        assert!(matches!(error, Error::NotOnPath { .. }));
    }

    #[test]
    fn a_rust_launcher_without_a_root_is_an_error() {
        let world = machine()
            .file("/rust/bin/gcc-ld/ld.lld", "ours")
            .file("/rust/bin/gcc-ld/ld", "ours")
            .link("/home/ld.lld", "/rust/bin/gcc-ld/ld.lld")
            .file("/usr/bin/ld.lld", "real")
            .file("/usr/bin/ld", "real");
        for executable in [
            "/rust/bin/gcc-ld/ld.lld",
            "/rust/bin/gcc-ld//ld.lld",
            "/home/ld.lld",
        ] {
            let error = find(&world, executable, "/usr/bin").unwrap_err();
            assert!(matches!(error, Error::LauncherAlone { .. }), "{executable}");
            let text = String::from_utf8(error.text()).unwrap();
            assert!(text.contains("run `cc-wrapper rustup`"), "{text}");
        }
        let other = find(&world, "/rust/bin/gcc-ld/ld", "/usr/bin");
        assert_eq!(other.unwrap().unwrap().1, "/usr/bin/ld");
        let world = world.file(
            "/rust/bin/nix-support/toolchain.json",
            LINKER_ROOT.replace("\"ld\": {", "\"ld.lld\": {"),
        );
        let found = find(&world, "/rust/bin/gcc-ld/ld.lld", "/usr/bin");
        assert_eq!(found.unwrap().unwrap().0, "/rust/bin");
    }

    #[test]
    fn unusable_roots_are_errors_with_a_reason() {
        let error = |world: &Machine, executable| find(world, executable, "/usr/bin").unwrap_err();
        assert!(matches!(
            error(&machine(), "/cc/bin/stray"),
            Error::NoSuchTool { .. }
        ));
        let broken = machine().file("/cc/nix-support/toolchain.json", "{");
        assert!(matches!(
            error(&broken, "/cc/bin/gcc"),
            Error::Toolchain { .. }
        ));
        let forbidden = machine().forbidden("/cc/nix-support/toolchain.json");
        assert!(matches!(
            error(&forbidden, "/cc/bin/gcc"),
            Error::Unreadable { .. }
        ));
        let kind = machine().file(
            "/cc/nix-support/toolchain.json",
            ROOT.replace("\"cc\"", "\"as\""),
        );
        assert!(matches!(
            error(&kind, "/cc/bin/gcc"),
            Error::UnknownRole { .. }
        ));
    }
}
