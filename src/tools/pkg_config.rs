//! pkg-config calls (docs/behaviour.md#11-binutils-pkg-config-and-go).

use alloc::vec::Vec;

use crate::model::argument::{Arg, Command};
use crate::model::plan::Plan;
use crate::planning::context::Context;
use crate::rules::collect::explain_unread;

const PATH: &str = "PKG_CONFIG_PATH";
const MARK: &str = "NIX_PKG_CONFIG_WRAPPER_FLAGS_SET";

/// Plans a call of a tool with the role pkg-config.
pub fn plan<'a>(mut context: Context<'_, 'a>) -> Plan<'a> {
    collect(&mut context);
    if let Some(sysroot) = context.call.sysroot() {
        search_only(sysroot, &mut context);
    }
    let is_static = context.call.toolchain.is_static;
    let flag = is_static.then(|| Arg::rule("--static", "static target"));
    let command = Command {
        before: flag.into_iter().collect(),
        params: context.caller_args(),
        after: Vec::new(),
    };
    context.plan(command)
}

/// Where packages lie in a sysroot, besides `usr/lib/TRIPLE/pkgconfig`.
const IN_SYSROOT: [&[u8]; 3] = [
    b"/usr/lib/pkgconfig",
    b"/usr/lib64/pkgconfig",
    b"/usr/share/pkgconfig",
];

/// Makes pkg-config find the packages of the sysroot instead of this machine's.
/// Variables that the caller has set are left alone.
fn search_only(sysroot: Vec<u8>, context: &mut Context) {
    let mut directories: Vec<Vec<u8>> = Vec::new();
    let libraries = [&sysroot[..], b"/usr/lib"].concat();
    context.world.list(&libraries, &mut |name| {
        let directory = [&libraries[..], b"/", name, b"/pkgconfig"].concat();
        if context.world.exists(&directory) {
            directories.push(directory);
        }
        false
    });
    directories.extend(IN_SYSROOT.map(|below| [&sysroot[..], below].concat()));
    let environment = context.call.environment;
    for (name, value) in [
        (&b"PKG_CONFIG_LIBDIR"[..], directories.join(&b':')),
        (b"PKG_CONFIG_SYSROOT_DIR", sysroot),
    ] {
        if environment.get(name).is_none() {
            context.variables.export(name.to_vec(), value);
        }
    }
}

fn collect(context: &mut Context) {
    let variables = &mut context.variables;
    if variables.is_marked(MARK) {
        return;
    }
    explain_unread(&[PATH], &[], context);
    let variables = &mut context.variables;
    variables.collect_separated(PATH, &context.roles, b":");
    // If the toolchain serves no role, this pkg-config is not for the current
    // build, so the variable is left alone.
    if !context.roles.is_empty() {
        let mut path = variables.list(PATH).bytes().to_vec();
        for directory in &context.call.toolchain.pkg_config_path {
            if !path.is_empty() {
                path.push(b':');
            }
            path.extend_from_slice(directory);
        }
        variables.export(PATH.into(), path);
    }
    variables.mark(MARK);
    variables.trace(context.log);
}
