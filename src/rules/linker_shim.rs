//! Makes drivers run a linker shim (docs/glossary.md) instead of a linker that
//! the toolchain does not know.
//!
//! A linker half has a directory of linker shims, with a link to this binary
//! for each name that a driver may use. A driver that would run another linker
//! gets an option to look in this directory first. The shim adds the flags of
//! the wrapped linker, and then becomes the linker that the driver would have
//! run.

use alloc::vec::Vec;

use crate::machine::linker_shim::DIRECTORY;
use crate::machine::linker_shim::LINKER;
use crate::machine::linker_shim::is_here;
use crate::model::argument::{Arg, Command, Origin};
use crate::model::call::Call;
use crate::model::explanation::{Explanation, LinkerHandling};
use crate::planning::context::Context;
use crate::rules::linker_choice::Unwrapped;
use crate::text::path::without_slashes;

const RULE: Origin = Origin::Rule("linker shim");

/// Makes the driver run the shim of this linker. Returns false if there is no
/// shim.
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
    context.log.explain(|| Explanation::Linker {
        path: place,
        handling: LinkerHandling::Shim(program),
    });
    true
}

/// The absolute paths of the shim and of the linker.
fn place(linker: &Unwrapped, context: &Context) -> Option<(Vec<u8>, Vec<u8>)> {
    let (call, world) = (context.call, context.world);
    let program = linker.program.as_ref()?;
    let program = match program.first() {
        Some(b'/') => program.clone(),
        _ => [&world.current_directory()?, &b"/"[..], program].concat(),
    };
    let directory = [call.bintools?, b"/", DIRECTORY.as_bytes(), b"/"].concat();
    let named = [&directory[..], &linker.name].concat();
    // A linker that is selected by its path may have any name.
    let plain = linker.by_path.then(|| [&directory[..], b"ld"].concat());
    let mut places = [named].into_iter().chain(plain);
    let place = places.find(|place| world.exists(place))?;
    Some((place, program))
}

/// Removes the settings for the shim from the linker's environment:
/// CC_WRAPPER_LINKER, and the shims' directory in the COMPILER_PATH that gcc
/// makes from our `-B`. The linker and the processes below it must not use
/// them.
pub fn forget(call: &Call, context: &mut Context) {
    if call.environment.get(LINKER).is_some() {
        context.variables.unset(LINKER.to_vec());
    }
    let name = b"COMPILER_PATH";
    let Some(path) = call.environment.get_nonempty(name) else {
        return;
    };
    let entries = || path.split(|&b| b == b':');
    let is_other = |entry: &&[u8]| !is_here(without_slashes(entry));
    if entries().all(|entry| is_other(&entry)) {
        return;
    }
    let others: Vec<&[u8]> = entries().filter(is_other).collect();
    if others.is_empty() {
        context.variables.unset(name.to_vec())
    } else {
        context.variables.export(name.to_vec(), others.join(&b':'))
    }
}
