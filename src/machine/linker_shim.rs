//! The linker shims of a linker half (docs/glossary.md): a directory with a
//! link to this binary for each name that a driver may use for its linker.

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

/// The name of the directory, which is next to `bin`.
pub const DIRECTORY: &str = "linkers";

/// Tells a linker shim which linker to become.
pub const LINKER: &[u8] = b"CC_WRAPPER_LINKER";

/// The names of all linker shims. gcc looks for the last one before all others.
pub fn all() -> impl Iterator<Item = &'static str> {
    names(Some(ToolKind::Ld)).chain(["real-ld"])
}

/// The tool that the linker shim `directory`/`name` represents. `None` if the
/// path is not a linker shim's, or no linker was found.
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
        // CC_WRAPPER_LINKER is unset: a driver found the shim in a search path
        // that it inherited from a wrapped driver.
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
