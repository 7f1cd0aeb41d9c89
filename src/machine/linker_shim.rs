//! The linker half's directory of linker shims: this binary, under the name of
//! each linker that a driver may ask for.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::machine::world::World;
use crate::model::environment::Environment;
use crate::model::tool_name::ToolName;
use crate::model::tool_name::names;
use crate::model::toolchain::Tool;
use crate::model::toolchain::ToolKind;
use crate::model::toolchain::Toolchain;
use crate::text::path::without_slashes;

/// The directory, beside `bin`.
pub const DIRECTORY: &str = "linkers";

/// Tells a front end which linker it stands before.
pub const LINKER: &[u8] = b"CC_WRAPPER_LINKER";

/// The names that a linker half has a front end for; the last is what gcc
/// looks for before all others.
pub fn all() -> impl Iterator<Item = &'static str> {
    names(Some(ToolKind::Ld)).chain(["real-ld"])
}

/// The tool that a front end is: `directory` and `name` are its place.
pub fn tool<'t>(
    directory: &[u8],
    name: &[u8],
    toolchain: &'t Toolchain,
    environment: &Environment,
    world: &dyn World,
) -> Option<Tool<'t>> {
    if !is_here(directory) || ToolName::parse(name)?.kind != Some(ToolKind::Ld) {
        return None;
    }
    let listed = toolchain.tool(name);
    let program = match (environment.get_nonempty(LINKER), listed) {
        (Some(program), _) => Cow::Owned(program.to_vec()),
        (None, Some(listed)) => listed.program.clone(),
        // Found by a driver that was not told of it, on a path inherited from
        // one that was.
        (None, None) => Cow::Owned(on_path(name, environment, world)?),
    };
    Some(Tool {
        name: Cow::Owned(name.to_vec()),
        kind: Cow::Borrowed(ToolKind::Ld.name().as_bytes()),
        program,
        ..listed.cloned().unwrap_or_default()
    })
}

pub fn is_here(directory: &[u8]) -> bool {
    directory
        .strip_suffix(DIRECTORY.as_bytes())
        .is_some_and(|above| above.ends_with(b"/"))
}

fn on_path(name: &[u8], environment: &Environment, world: &dyn World) -> Option<Vec<u8>> {
    let path = environment.get(b"PATH").unwrap_or_default();
    let directories = path
        .split(|&b| b == b':')
        .filter(|directory| !directory.is_empty() && !is_here(without_slashes(directory)));
    let mut candidates = directories.map(|directory| [directory, b"/", name].concat());
    candidates.find(|candidate| world.is_executable(candidate))
}
