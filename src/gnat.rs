//! §8: gnat tools.

use alloc::vec::Vec;

use crate::call::Call;
use crate::compiler::collect;
use crate::darwin;
use crate::environment::{gnat_half, roles, Half, Variables};
use crate::error::Error;
use crate::event::Log;
use crate::native::drop_native;
use crate::plan::{Arg, Origin, Plan};
use crate::purity::{drop_impure, Purity, GNAT_OPTIONS};
use crate::response_file;
use crate::tool_name::ToolName;
use crate::world::World;

const RULE: &str = "gnat tools of this toolchain";

/// Plans a call of role gnat.
///
/// # Errors
/// Variables that contradict each other, and files that cannot be read.
pub fn plan<'a>(call: &Call<'a>, world: &'a dyn World, log: &mut Log) -> Result<Plan<'a>, Error> {
    let toolchain = call.toolchain;
    let roles = roles(call.environment, toolchain, Half::Compiler);
    let mut variables = Variables::new(call.environment, &toolchain.suffix_salt);
    collect(call, &mut variables, false, &roles, world, log)?;
    let min_version = match &toolchain.darwin {
        Some(darwin) => Some(darwin::min_version_flag(darwin, &mut variables, &roles)?),
        None => None,
    };
    gnat_half(&mut variables, call.root, min_version, &roles, log);

    let mut params = response_file::expand(call.args, world)?;
    if let Some(purity) = Purity::enforced(call.environment, None, world) {
        drop_impure(&mut params, &GNAT_OPTIONS, &purity, log);
    }
    if variables.is_one("NIX_ENFORCE_NO_NATIVE") {
        drop_native(&mut params, log);
    }
    let (mut before, mut after) = (Vec::new(), Vec::new());
    if call.args != [b"-v"] {
        put_in(call, &mut variables, &mut before, &mut after);
    }
    Ok(call.plan(before, params, after, variables))
}

fn put_in<'a>(
    call: &Call<'a>,
    variables: &mut Variables,
    before: &mut Vec<Arg<'a>>,
    after: &mut Vec<Arg<'a>>,
) {
    let Some(called) = ToolName::parse(&call.tool.name) else {
        return;
    };
    match called.base {
        "gnatbind" | "gnatls" => after.extend(variables.list("NIX_GNATFLAGS_COMPILE").args()),
        "gnatclean" => before.extend(variables.list("NIX_GNATFLAGS_COMPILE").args()),
        "gnatchop" => before.extend(sibling(call, &called, "--GCC=", "gcc")),
        "gnatlink" => after.extend(sibling(call, &called, "--GCC=", "gcc")),
        "gnatmake" => {
            before.extend(sibling(call, &called, "--GNATBIND=", "gnatbind"));
            before.extend(sibling(call, &called, "--GNATLINK=", "gnatlink"));
            after.extend(variables.list("NIX_GNATFLAGS_COMPILE").args());
            after.push(Arg::rule("-cargs", RULE));
            after.extend(variables.list("NIX_GNATMAKE_CARGS").args());
        }
        _ => {}
    }
}

/// The option that names another tool of this root: the one with the same
/// target prefix and version as the called one, if the root has it.
fn sibling<'a>(call: &Call<'a>, called: &ToolName, option: &str, base: &str) -> Option<Arg<'a>> {
    let root = call.root?;
    let same = [called.prefix, base.as_bytes(), called.version].concat();
    let name = match call.toolchain.tool(&same) {
        Some(_) => &same,
        None => base.as_bytes(),
    };
    let text = [option.as_bytes(), root, b"/bin/", name].concat();
    Some(Arg::new(text, Origin::Rule(RULE)))
}
