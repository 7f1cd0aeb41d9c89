//! Front ends of linkers that the toolchain does not know.
//!
//! A linker half keeps a directory of them: this binary, under the name of each
//! linker that a driver may ask for. A driver that would run another linker is
//! told to look there first; the front end does what the wrapped linker would
//! have done, and becomes the very linker that would have been run.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::call::Call;
use crate::context::Context;
use crate::environment::Environment;
use crate::linker_choice::Unwrapped;
use crate::note::{Note, Stand};
use crate::plan::{Arg, Command, Origin};
use crate::tool_name::{names, ToolName};
use crate::toolchain::{Role, Tool, Toolchain};

/// The directory, beside `bin`.
pub const DIRECTORY: &str = "linkers";

/// Tells a front end which linker it stands before.
const LINKER: &[u8] = b"CC_WRAPPER_LINKER";

const RULE: Origin = Origin::Rule("linker front end");

/// The names that a linker half has a front end for.
pub fn all() -> impl Iterator<Item = &'static str> {
    names(Some(Role::Ld))
}

/// Has the driver run the front end of this linker. False: there is none.
pub fn run<'a>(
    linker: &Unwrapped,
    command: &mut Command<'a>,
    context: &mut Context<'_, 'a>,
) -> bool {
    let Some((place, program)) = place(linker, context) else {
        return false;
    };
    if linker.by_path {
        let option = [b"--ld-path=", &place[..]].concat();
        command.after.push(Arg::new(option, RULE));
    } else {
        let end = place.len() - linker.name.len();
        let prefix = [b"-B", &place[..end]].concat();
        command.before.insert(0, Arg::new(prefix, RULE));
    }
    context.variables.export(LINKER.to_vec(), program.clone());
    context.log.note(|| Note::Linker {
        path: place,
        stand: Stand::FrontEnd(program),
    });
    true
}

/// Where the front end lies, and the linker, absolute.
fn place(linker: &Unwrapped, context: &Context) -> Option<(Vec<u8>, Vec<u8>)> {
    let (call, world) = (context.call, context.world);
    let program = linker.program.as_ref()?;
    let program = match program.first() {
        Some(b'/') => program.clone(),
        _ => [&world.current_directory()?, &b"/"[..], program].concat(),
    };
    let directory = [call.bintools?, b"/", DIRECTORY.as_bytes(), b"/"].concat();
    let place = [&directory[..], &linker.name].concat();
    world.exists(&place).then_some((place, program))
}

/// The tool that a front end is: `directory` and `name` are its place.
pub fn tool<'t>(
    directory: &[u8],
    name: &[u8],
    toolchain: &'t Toolchain,
    environment: &Environment,
) -> Option<Tool<'t>> {
    let is_here = directory.ends_with(DIRECTORY.as_bytes())
        && directory[..directory.len() - DIRECTORY.len()].ends_with(b"/");
    if !is_here || ToolName::parse(name)?.role != Some(Role::Ld) {
        return None;
    }
    let program = environment.get_nonempty(LINKER)?;
    let listed = toolchain.tool(name).cloned().unwrap_or_default();
    Some(Tool {
        name: Cow::Owned(name.to_vec()),
        role: Cow::Borrowed(Role::Ld.name().as_bytes()),
        program: Cow::Owned(program.to_vec()),
        ..listed
    })
}

/// For the linker and what it runs, there is nothing to stand before.
pub fn forget(call: &Call, context: &mut Context) {
    if call.environment.get(LINKER).is_some() {
        context.variables.unset(LINKER.to_vec());
    }
}
