//! strip, ranlib and go (docs/behaviour.md#11-binutils-pkg-config-and-go).

use alloc::vec::Vec;

use crate::model::argument::{Arg, Command};
use crate::model::explanation::DropReason;
use crate::model::plan::Plan;
use crate::planning::context::Context;

/// Plans a call of strip. GNU strip gets a flag that makes archives
/// reproducible.
pub fn strip<'a>(context: Context<'_, 'a>) -> Plan<'a> {
    let before = Arg::rule("--enable-deterministic-archives", "deterministic archives");
    let command = Command {
        before: Vec::from([before]),
        params: context.caller_args(),
        after: Vec::new(),
    };
    context.plan(command)
}

/// Plans a call of ranlib. LLVM's ranlib does not support `-t`.
pub fn ranlib<'a>(context: Context<'_, 'a>) -> Plan<'a> {
    let mut params = context.caller_args();
    context
        .log
        .dropping(&mut params, DropReason::Unknown, |params, _| {
            params.retain(|param| **param != *b"-t");
        });
    let command = Command {
        params,
        ..Command::default()
    };
    context.plan(command)
}

/// Plans a call of the go command, with the wrapped `gccgo`.
pub fn go<'a>(mut context: Context<'_, 'a>) -> Plan<'a> {
    let call = context.call;
    if let Some(root) = call.root {
        let prefix = call.tool.name.strip_suffix(b"go").unwrap_or_default();
        let gccgo = [root, b"/bin/", prefix, b"gccgo"].concat();
        context.variables.export(b"GCCGO".to_vec(), gccgo);
    }
    let command = Command {
        params: context.caller_args(),
        ..Command::default()
    };
    context.plan(command)
}
