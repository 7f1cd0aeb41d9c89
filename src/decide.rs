//! Plans a call: selects the rules for its kind of tool, and refuses endless
//! recursion. §5 is docs/behaviour.md#5-response-files.

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
use crate::text::path::file_name;
use crate::tools::{binutils, compiler, gnat, linker, pkg_config};

/// The number of wrapped calls above this process. Every call exports it,
/// increased by one.
const DEPTH: &[u8] = b"CC_WRAPPER_DEPTH";

/// From this depth on, compare the real tool with our own binary. A compiler
/// that calls a linker that calls a compiler does not get this deep.
const SUSPICIOUS: i64 = 8;

/// From this depth on, refuse the call: no real chain of compilers and linkers
/// is this long.
const ENDLESS: i64 = 64;

/// Returns the plan for `call`: what to run, with which arguments and
/// environment.
///
/// # Errors
/// See [`Error`]. Events from before the error are still in `log`.
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
    // Exported now, because hooks may call compilers too.
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

/// Returns the call's depth.
///
/// # Errors
/// The real tool is cc-wrapper itself, or the depth is too large.
fn depth(call: &Call, world: &dyn World) -> Result<i64, Error> {
    let depth = call.environment.get(DEPTH).and_then(number).unwrap_or(0);
    let program = &call.tool.program;
    let is_ours = file_name(program) == BINARY
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

/// Returns how the call uses response files when it runs the tool (§5). The
/// environment variable overrides the toolchain's setting.
fn response_file(call: &Call, log: &mut Log) -> ResponseFile {
    let variable: &[u8] = match call.kind {
        ToolKind::Ld => b"NIX_LD_USE_RESPONSE_FILE",
        kind if kind.is_compiler() => b"NIX_CC_USE_RESPONSE_FILE",
        // The other tools do not read response files.
        _ => return ResponseFile::Never,
    };
    match call.environment.get_nonempty(variable) {
        Some(value) if number_or_one(variable, value, log) >= 1 => ResponseFile::Always,
        Some(_) => ResponseFile::Never,
        None if call.toolchain.use_response_file => ResponseFile::Always,
        None => ResponseFile::WhenNeeded,
    }
}
