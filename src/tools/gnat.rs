//! Calls of GNAT's tools (docs/behaviour.md#8-gnat-tools-role-gnat).

use crate::model::argument::{self, Arg, Command, Origin};
use crate::model::call::Call;
use crate::model::error::Error;
use crate::model::explanation::Explanation;
use crate::model::plan::Plan;
use crate::model::tool_name::ToolName;
use crate::options::Parser;
use crate::options::driver::GNAT;
use crate::planning::context::Context;
use crate::planning::variables::Variables;
use crate::rules::collect::collect;
use crate::rules::collect::gnat_half;
use crate::rules::native::drop_native;
use crate::rules::purity::{Purity, drop_impure};
use crate::rules::response_file;

const RULE: &str = "gnat tools of this toolchain";

/// Plans a call of a tool with the role gnat.
///
/// # Errors
/// Roles have contradictory variables, or a file cannot be read.
pub fn plan<'a>(mut context: Context<'_, 'a>) -> Result<Plan<'a>, Error> {
    let call = context.call;
    collect(&mut context, false)?;
    gnat_half(&mut context)?;

    let mut command = Command {
        params: response_file::expand(call, context.world)?,
        ..Command::default()
    };
    argument::read(&mut command.params, Parser::for_driver(GNAT));
    context.count(|counts| counts.add_gnat(&call.tool.name, &command.params));
    if let Some(purity) = Purity::enforced(call.environment, None, context.world) {
        drop_impure(&mut command.params, &purity, context.log);
    }
    if context.variables.is_one("NIX_ENFORCE_NO_NATIVE") {
        drop_native(&mut command.params, context.log);
    }
    if call.args != [b"-v"] {
        put_in(&mut command, call, &mut context.variables);
    }
    context.log.explain(|| links(&command, call));
    Ok(context.plan(command))
}

fn put_in<'a>(command: &mut Command<'a>, call: &Call<'a>, variables: &mut Variables) {
    let Command { before, after, .. } = command;
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

/// Explains which program links for this call. The explanation of that
/// program's call has the linker's flags.
fn links(command: &Command, call: &Call) -> Explanation {
    let base = ToolName::parse(&call.tool.name).map_or("", |called| called.base);
    let (option, next) = match base {
        "gnatmake" => (&b"--GNATLINK="[..], &b"gnatlink"[..]),
        "gnatlink" => (&b"--GCC="[..], &b"gcc"[..]),
        _ => return Explanation::NoLinking("this tool does not link"),
    };
    let has = |word: &[u8]| command.params.iter().any(|param| **param == *word);
    // gnatmake's steps: those that options select, or all.
    if base == "gnatmake" && (has(b"-c") || has(b"-b")) && !has(b"-l") {
        return Explanation::NoLinking("-c or -b, and no -l");
    }
    let named = command.args().filter_map(|arg| arg.strip_prefix(option));
    Explanation::LinksBy(named.last().unwrap_or(next).to_vec())
}

/// The option with another tool of this root: the tool with the target prefix
/// and version of the called one, otherwise the plain one. `None` if the root
/// has neither.
fn sibling<'a>(call: &Call<'a>, called: &ToolName, option: &str, base: &str) -> Option<Arg<'a>> {
    let root = call.root?;
    let same = [called.prefix, base.as_bytes(), called.version].concat();
    let names = [&same[..], base.as_bytes()];
    let is_there = |name: &&[u8]| call.toolchain.tool(name).is_some();
    let name = names.into_iter().find(is_there)?;
    let text = [option.as_bytes(), root, b"/bin/", name].concat();
    Some(Arg::new(text, Origin::Rule(RULE)))
}
