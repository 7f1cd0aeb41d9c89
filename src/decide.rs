//! What a call becomes: the rules of its role, and an end to calls of calls.

use crate::machine::world::World;
use crate::model::call::Call;
use crate::model::error::Error;
use crate::model::half::WrapperHalf;
use crate::model::plan::{Plan, ResponseFile};
use crate::model::toolchain::ToolKind;
use crate::planning::context::Context;
use crate::planning::dispatch::BINARY;
use crate::planning::log::Log;
use crate::planning::variables::number_or_one;
use crate::text::number::{decimal, number};
use crate::tools::{binutils, compiler, gnat, linker, pkg_config};

/// Counts how many wrapped calls a process descends from.
const DEPTH: &[u8] = b"CC_WRAPPER_DEPTH";

/// From this depth on it is checked whether the real tool is ourselves. A
/// compiler that calls a linker that calls a compiler stays well below.
const SUSPICIOUS: i64 = 8;

/// No chain of compilers and linkers is this long.
const ENDLESS: i64 = 64;

/// Decides what a call becomes.
///
/// # Errors
/// See [`Error`]; what there was to tell before is in the log.
pub fn decide<'a>(call: &Call<'a>, world: &'a dyn World, log: &mut Log) -> Result<Plan<'a>, Error> {
    if let Some(value) = call.environment.get(b"NIX_DEBUG") {
        log.debug = number_or_one(b"NIX_DEBUG", value, log);
    }
    let depth = depth(call, world)?;
    log.trace(&[
        &*call.tool.name,
        b" has the role ",
        call.kind.name().as_bytes(),
    ]);
    let half = match call.kind {
        ToolKind::Ld | ToolKind::Strip | ToolKind::Ranlib => WrapperHalf::Linker,
        ToolKind::PkgConfig => WrapperHalf::PkgConfig,
        _ => WrapperHalf::Compiler,
    };
    let mut context = Context::new(call, half, world, log);
    // A hook may call compilers too.
    context.variables.export(DEPTH.to_vec(), decimal(depth + 1));
    let mut plan = match call.kind {
        ToolKind::Cc | ToolKind::Cxx | ToolKind::Cpp | ToolKind::Fortran => {
            compiler::plan(context)?
        }
        ToolKind::Ld => linker::plan(context)?,
        ToolKind::Gnat => gnat::plan(context)?,
        ToolKind::Strip => binutils::strip(context),
        ToolKind::Ranlib => binutils::ranlib(context),
        ToolKind::PkgConfig => pkg_config::plan(context),
        ToolKind::Go => binutils::go(context),
    };
    plan.response_file = response_file(call, log);
    plan.debug = log.debug;
    plan.events = core::mem::take(&mut log.events);
    Ok(plan)
}

/// # Errors
/// The call leads back to itself.
fn depth(call: &Call, world: &dyn World) -> Result<i64, Error> {
    let depth = call.environment.get(DEPTH).and_then(number).unwrap_or(0);
    let program = &call.tool.program;
    let is_ours = program.rsplit(|&b| b == b'/').next() == Some(BINARY)
        || depth >= SUSPICIOUS && world.same_program(program, call.executable);
    if is_ours || depth >= ENDLESS {
        let from = match call.root {
            Some(root) => [root, b"/nix-support/toolchain.json"].concat(),
            None => b"PATH".to_vec(),
        };
        return Err(Error::Loop {
            program: program.to_vec(),
            from,
        });
    }
    Ok(depth.max(0))
}

/// §5: a variable overrides what the toolchain says.
fn response_file(call: &Call, log: &mut Log) -> ResponseFile {
    let variable: &[u8] = match call.kind {
        ToolKind::Ld => b"NIX_LD_USE_RESPONSE_FILE",
        kind if kind.is_compiler() => b"NIX_CC_USE_RESPONSE_FILE",
        // The others read none.
        _ => return ResponseFile::Never,
    };
    match call.environment.get_nonempty(variable) {
        Some(value) if number_or_one(variable, value, log) >= 1 => ResponseFile::Always,
        Some(_) => ResponseFile::Never,
        None if call.toolchain.use_response_file => ResponseFile::Always,
        None => ResponseFile::WhenNeeded,
    }
}
