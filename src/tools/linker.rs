//! Linker calls (docs/behaviour.md#3-linkers-role-ld). Later comments cite its
//! rules as §3.1 to §3.9.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::machine::trust::Trust;
use crate::model::argument::{self, Arg, Command};
use crate::model::call::Call;
use crate::model::error::Error;
use crate::model::explanation::{DropReason, Explanation};
use crate::model::hook::Hook;
use crate::model::plan::Plan;
use crate::model::toolchain::RoleMarkers;
use crate::options::meaning::Meaning;
use crate::planning::context::Context;
use crate::planning::flag_files::FlagFiles;
use crate::planning::log::Log;
use crate::planning::variables::Variables;
use crate::rules::collect::linker_half;
use crate::rules::cross;
use crate::rules::darwin;
use crate::rules::hooks;
use crate::rules::link_additions::LINKED;
use crate::rules::link_additions::LibraryAdditions;
use crate::rules::link_additions::from_libraries;
use crate::rules::link_additions::hardening_flags;
use crate::rules::link_additions::output;
use crate::rules::link_type::LinkType;
use crate::rules::linker_choice::is_below_mold;
use crate::rules::linker_question::is_question;
use crate::rules::linker_shim;
use crate::rules::partial_link;
use crate::rules::pie;
use crate::rules::purity::Purity;
use crate::rules::purity::drop_impure_of_linker;
use crate::rules::response_file;

/// Plans a call of a tool with the role ld.
///
/// # Errors
/// Roles have contradictory variables, a file cannot be read, or a link has an
/// impure path.
pub fn plan<'a>(mut context: Context<'_, 'a>) -> Result<Plan<'a>, Error> {
    let call = context.call;
    linker_shim::forget(call, &mut context);
    let mut params = response_file::expand(call, context.world)?;
    argument::read(&mut params, call.linker_parser());
    context.count(|counts| counts.add_linker(&params));
    let any_driver = call.toolchain.any_driver;
    // Drivers of any root can find the built-in toolchain's linker on PATH. Below
    // `mold -run`, drivers do all of the linker's work.
    let linked = if any_driver || call.root.is_none() || is_below_mold(call) {
        call.environment.get(LINKED)
    } else {
        None
    };
    if let Some(linked) = linked {
        if output(params.iter(), call.linker_parser()) == linked {
            if any_driver {
                params = context.caller_args()
            } else {
                // The driver call has added everything else.
                drop_enforced(&mut params, None, &mut context)?
            }
            let why = "a wrapped call further up has done it (CC_WRAPPER_LINKED is set)";
            context.log.explain(|| Explanation::Nothing(why));
            return Ok(context.plan(Command {
                params,
                ..Command::default()
            }));
        }
    }
    let sdk_root = darwin::sdk_root(&mut context)?;
    let files = FlagFiles::asked_for(call.bintools, Trust::new(call.hop), context.world);
    linker_half(&mut context, &files)?;

    let inherited = inherited_link_type(&context);
    let link_type = match inherited {
        Some(name) => LinkType::inherited(name),
        None => LinkType::from_args(&params),
    };
    context.log.explain(|| Explanation::LinkType {
        name: link_type.name(),
        inherited: inherited.is_some(),
    });
    drop_enforced(&mut params, sdk_root, &mut context)?;
    // nixpkgs adds its flags even to questions, and with NIX_LDFLAGS the linker
    // may then link.
    let without_markers = call.toolchain.role_markers == RoleMarkers::Optional;
    if without_markers && is_question(&params) {
        let why = "the call only asks the linker for information";
        context.log.explain(|| Explanation::Nothing(why));
        return Ok(context.plan(Command {
            params,
            ..Command::default()
        }));
    }

    let is_partial = without_markers && partial_link::is_partial(&params);
    let filter = |mut args: Vec<Arg<'a>>, log: &mut Log| {
        if is_partial {
            argument::read(&mut args, call.linker_parser());
            log.dropping(&mut args, DropReason::PartialLink, |args, _| {
                partial_link::keep(args, &[Meaning::LibraryDirectory]);
            });
        }
        link_type.filter(args, log)
    };

    let mut before = hardening_flags(&mut context);
    let mut after = Vec::new();
    let variables = &mut context.variables;
    let log = &mut *context.log;
    let enabled = variables.list("NIX_HARDENING_ENABLE");
    before.extend(pie::linker(enabled.bytes(), call, &params));
    if inherited.is_none() {
        // A driver passes on its own sysroot.
        let parser = call.linker_parser();
        cross::check_directories(&params, call, parser.clone(), context.world, log)?;
        before.extend(cross::sysroot(&params, call, parser));
        before.extend(filter(variables.list("NIX_LDFLAGS_BEFORE").args(), log));
        if link_type == LinkType::Dynamic && !is_partial {
            before.extend(dynamic_linker(variables));
        }
        after.extend(filter(variables.list("NIX_LDFLAGS").args(), log));
    }
    after.extend(filter(variables.list("NIX_LDFLAGS_AFTER").args(), log));
    if let Some(darwin) = &call.toolchain.darwin {
        let flags = darwin::linker_flags(darwin, &mut params, variables, &context.roles)?;
        before.extend(flags);
    }

    let mut command = Command {
        before,
        params,
        after,
    };
    let link_type_is = || Vec::from([("linkType", link_type.name().into())]);
    let before = hooks::LINKER_BEFORE;
    hooks::run(
        before,
        |_| link_type_is(),
        &mut command,
        &files,
        &mut context,
    )?;
    let args = command.args().map(|arg| &arg[..]);
    let mut found = from_libraries(args, link_type, &files, &mut context)?;
    if is_partial {
        let why = DropReason::PartialLink.text();
        context.log.explain(|| Explanation::NoRpaths(why));
        found.without_arguments();
    }
    found.apply(&mut command, context.log);
    let read_by_hooks = || shell_variables(call, link_type, &found);
    hooks::run(
        hooks::LINKER,
        |_| read_by_hooks(),
        &mut command,
        &files,
        &mut context,
    )?;
    let post_link = hooks::find(hooks::POST_LINK, read_by_hooks, &files, &context)?;
    let mut plan = context.plan(command);
    plan.post_link = post_link.map(|hook| {
        // When this hook runs, the tool's PATH is no longer in effect.
        let search_path = None;
        Box::new(Hook {
            search_path,
            ..hook
        })
    });
    Ok(plan)
}

/// The link type from a wrapper above, if there is one.
fn inherited_link_type<'a>(context: &Context<'_, 'a>) -> Option<&'a [u8]> {
    let call = context.call;
    let inherited = context.variables.inherited_nonempty("NIX_LINK_TYPE");
    if call.toolchain.any_driver {
        inherited.or_else(|| call.environment.get_of_any_salt(b"NIX_LINK_TYPE_"))
    } else {
        inherited
    }
}

/// Removes or refuses impure arguments (§3.3) if purity is enforced.
fn drop_enforced(
    params: &mut Vec<Arg>,
    sdk_root: Option<Vec<u8>>,
    context: &mut Context,
) -> Result<(), Error> {
    let environment = context.call.environment;
    let Some(purity) = Purity::enforced(environment, sdk_root, context.world) else {
        return Ok(());
    };
    // NIX_IGNORE_LD_THROUGH_GCC: skip the arguments of a link that a wrapped
    // compiler has started.
    let through_gcc = context.variables.list("NIX_IGNORE_LD_THROUGH_GCC");
    if !through_gcc.is_empty() && inherited_link_type(context).is_some() {
        return Ok(());
    }
    context
        .log
        .dropping(params, DropReason::Impure, |params, log| {
            drop_impure_of_linker(params, &purity, log)
        })
}

/// The shell variables that the last hooks can read, as in nixpkgs' script.
fn shell_variables(
    call: &Call,
    link_type: LinkType,
    found: &LibraryAdditions,
) -> Vec<(&'static str, Vec<u8>)> {
    Vec::from([
        ("linker", call.tool.program.to_vec()),
        ("linkType", link_type.name().into()),
        ("linkerOutput", found.output.clone()),
        ("relocatable", hooks::flag(found.relocatable)),
        ("link32", hooks::flag(found.is_32_bit)),
    ])
}

/// The option for the program interpreter in NIX_DYNAMIC_LINKER.
fn dynamic_linker<'a>(variables: &mut Variables) -> Vec<Arg<'a>> {
    let path = variables.list("NIX_DYNAMIC_LINKER");
    let Some(origin) = path.origin() else {
        return Vec::new();
    };
    Vec::from([
        Arg::new(&b"-dynamic-linker"[..], origin.clone()),
        Arg::new(path.bytes().to_vec(), origin.clone()),
    ])
}

#[cfg(test)]
mod tests {
    use crate::rules::link_additions::LINKED;

    use super::*;
    use crate::machine::world::fake::Machine;
    use crate::model::environment::Environment;
    use crate::model::half::WrapperHalf;
    use crate::model::toolchain::{Tool, ToolKind, Toolchain};
    use alloc::borrow::Cow;

    /// The arguments that a linker half with `any_driver` passes for `-L/s/lib
    /// -la`.
    fn by_any_driver(strings: &[&'static str]) -> Vec<u8> {
        let toolchain = Toolchain {
            suffix_salt: Cow::Borrowed(b"ours"),
            role_markers: RoleMarkers::Optional,
            any_driver: true,
            ..Toolchain::default()
        };
        let variables = ["NIX_LDFLAGS=x.o", "NIX_LDFLAGS_AFTER=y.o", "NIX_STORE=/s"];
        let strings = variables.iter().chain(strings);
        let environment = Environment::new(strings.map(|string| string.as_bytes()));
        let world = Machine::new().file("/s/lib/liba.so", "");
        let call = Call {
            executable: b"/b/gcc-ld/ld.lld",
            hop: b"",
            toolchain: &toolchain,
            tool: &Tool::default(),
            kind: ToolKind::Ld,
            root: Some(b"/b"),
            bintools: Some(b"/b"),
            args: &[b"-L/s/lib", b"-la"],
            environment: &environment,
        };
        let mut log = Log::default();
        let context = Context::new(&call, WrapperHalf::Linker, &world, &mut log);
        let plan = plan(context).unwrap();
        assert!(
            plan.environment.iter().any(|(name, _)| name == LINKED)
                || environment.get(LINKED).is_some()
        );
        let args: Vec<_> = plan.command.args().map(|arg| arg.to_vec()).collect();
        args.join(&b' ')
    }

    #[test]
    fn work_of_another_roots_driver_or_linker_is_not_repeated() {
        for (strings, want) in [
            (&[][..], "-L/s/lib -la x.o y.o -rpath /s/lib"),
            // A driver passes NIX_LDFLAGS and leaves the rest to the linker.
            (
                &["NIX_LINK_TYPE_ours=dynamic"],
                "-L/s/lib -la y.o -rpath /s/lib",
            ),
            (
                &["NIX_LINK_TYPE_other=dynamic"],
                "-L/s/lib -la y.o -rpath /s/lib",
            ),
            (
                &["NIX_LINK_TYPE_other="],
                "-L/s/lib -la x.o y.o -rpath /s/lib",
            ),
            (&["CC_WRAPPER_LINKED=a.out"], "-L/s/lib -la"),
            (
                &["CC_WRAPPER_LINKED=another"],
                "-L/s/lib -la x.o y.o -rpath /s/lib",
            ),
        ] {
            assert_eq!(by_any_driver(strings), want.as_bytes(), "{strings:?}");
        }
    }
}
