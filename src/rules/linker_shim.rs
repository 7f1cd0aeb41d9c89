//! Front ends of linkers that the toolchain does not know.
//!
//! A linker half keeps a directory of them: this binary, under the name of each
//! linker that a driver may ask for. A driver that would run another linker is
//! told to look there first; the front end does what the wrapped linker would
//! have done, and becomes the very linker that would have been run.

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

const RULE: Origin = Origin::Rule("linker front end");

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
    context.log.explain(|| Explanation::Linker {
        path: place,
        handling: LinkerHandling::Shim(program),
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
    let named = [&directory[..], &linker.name].concat();
    // Named by its path, it may have any name.
    let plain = linker.by_path.then(|| [&directory[..], b"ld"].concat());
    let mut places = [named].into_iter().chain(plain);
    let place = places.find(|place| world.exists(place))?;
    Some((place, program))
}

/// For the linker and what it runs, there is nothing to stand before: what
/// gcc made of our `-B` is taken back too.
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
    match others.is_empty() {
        true => context.variables.unset(name.to_vec()),
        false => context.variables.export(name.to_vec(), others.join(&b':')),
    }
}
