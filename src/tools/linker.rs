//! §3: linker calls.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::model::call::Call;
use crate::model::error::Error;
use crate::model::event::{Event, Log};
use crate::model::explanation::{Note, Why};
use crate::model::plan::{Arg, Command, Origin, Plan};
use crate::planning::context::Context;
use crate::planning::flag_files::FlagFiles;
use crate::planning::variables::Variables;
use crate::rules::collect::linker_half;
use crate::rules::darwin;
use crate::rules::hardening;
use crate::rules::hooks;
use crate::rules::hooks::Hook;
use crate::rules::link_type::LinkType;
use crate::rules::linker_shim;
use crate::rules::pie;
use crate::rules::purity::Purity;
use crate::rules::response_file;
use crate::rules::rpath::library_search::LibrarySearch;
use crate::rules::rpath::rpaths;
use crate::rules::rpath::store::Store;
use crate::tools::binutils::users;

/// Set for the linker that is run, and for all that it runs: the output of the
/// link that this half has added to what it adds.
const LINKED: &[u8] = b"CC_WRAPPER_LINKED";

/// Plans a call of role ld.
///
/// # Errors
/// Variables that contradict each other, files that cannot be read, and
/// impure paths in a link.
pub fn plan<'a>(mut context: Context<'_, 'a>) -> Result<Plan<'a>, Error> {
    let call = context.call;
    linker_shim::forget(call, &mut context);
    let any_driver = call.toolchain.any_driver;
    // The built-in toolchain's is any driver's that finds it on PATH.
    let linked = match any_driver || call.root.is_none() {
        true => call.environment.get(LINKED),
        false => None,
    };
    if let Some(linked) = linked {
        let mut params = response_file::expand(call.args, context.world)?;
        if output(params.iter().map(|arg| &arg[..])) == linked {
            context.count(|counts| counts.add_linker(&params));
            match any_driver {
                true => params = users(&context),
                // What a driver has not done.
                false => drop_enforced(&mut params, None, &mut context)?,
            }
            let why = "a wrapped call further up has done it (CC_WRAPPER_LINKED is set)";
            context.log.note(|| Note::Nothing(why));
            return Ok(context.plan(Command {
                params,
                ..Command::default()
            }));
        }
    }
    let sdk_root = context.sdk_root()?;
    let files = FlagFiles::asked_for(call.bintools, context.world);
    linker_half(&mut context, &files)?;
    let mut params = response_file::expand(call.args, context.world)?;
    context.count(|counts| counts.add_linker(&params));

    let inherited = inherited_link_type(&context);
    let link_type = match inherited {
        Some(name) => LinkType::inherited(name),
        None => LinkType::of(params.iter().map(|arg| &arg[..])),
    };
    context.log.note(|| Note::LinkType {
        name: link_type.name(),
        inherited: inherited.is_some(),
    });
    drop_enforced(&mut params, sdk_root, &mut context)?;

    let mut before = hardening_flags(&mut context);
    let mut after = Vec::new();
    let variables = &mut context.variables;
    let log = &mut *context.log;
    let enabled = variables.list("NIX_HARDENING_ENABLE");
    before.extend(pie::linker(enabled.bytes(), call, &params));
    if inherited.is_none() {
        before.extend(link_type.filter(variables.list("NIX_LDFLAGS_BEFORE").args(), log));
        if link_type == LinkType::Dynamic {
            before.extend(dynamic_linker(variables));
        }
        after.extend(link_type.filter(variables.list("NIX_LDFLAGS").args(), log));
    }
    after.extend(link_type.filter(variables.list("NIX_LDFLAGS_AFTER").args(), log));
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
    let found = from_libraries(args, link_type, &files, &mut context)?;
    let is = (found.relocatable, found.is_32_bit);
    command.after.extend(found.args);
    let read_by_hooks = |command: &Command| shell_variables(call, link_type, is, command);
    let last = hooks::LINKER;
    hooks::run(last, read_by_hooks, &mut command, &files, &mut context)?;
    let read_after = || read_by_hooks(&command);
    let post_link = hooks::find(hooks::POST_LINK, read_after, &files, &context);
    let mut plan = context.plan(command);
    plan.post_link = post_link.map(|hook| {
        // The wrapper's own PATH is gone by then.
        let search_path = None;
        Box::new(Hook {
            search_path,
            ..hook
        })
    });
    Ok(plan)
}

/// The link type that a wrapper further up has found out.
fn inherited_link_type<'a>(context: &Context<'_, 'a>) -> Option<&'a [u8]> {
    let call = context.call;
    let inherited = context.variables.inherited_nonempty("NIX_LINK_TYPE");
    match call.toolchain.any_driver {
        true => inherited.or_else(|| call.environment.get_of_any_salt(b"NIX_LINK_TYPE_")),
        false => inherited,
    }
}

/// Drops or refuses what is impure (§3.3), where that is asked for.
fn drop_enforced(
    params: &mut Vec<Arg>,
    sdk_root: Option<Vec<u8>>,
    context: &mut Context,
) -> Result<(), Error> {
    let environment = context.call.environment;
    let Some(purity) = Purity::enforced(environment, sdk_root, context.world) else {
        return Ok(());
    };
    // A compiler that brings its own flags has been told about them.
    let through_gcc = context.variables.list("NIX_IGNORE_LD_THROUGH_GCC");
    if !through_gcc.is_empty() && inherited_link_type(context).is_some() {
        return Ok(());
    }
    context.log.dropping(params, Why::Impure, |params, log| {
        drop_impure(params, &purity, log)
    })
}

/// What nixpkgs' script knows of the link when it runs its last hooks.
fn shell_variables(
    call: &Call,
    link_type: LinkType,
    (is_relocatable, is_32_bit): (bool, bool),
    command: &Command,
) -> Vec<(&'static str, Vec<u8>)> {
    Vec::from([
        ("linker", call.tool.program.to_vec()),
        ("linkType", link_type.name().into()),
        (
            "linkerOutput",
            output(command.args().map(|arg| &arg[..])).to_vec(),
        ),
        ("relocatable", hooks::flag(is_relocatable)),
        ("link32", hooks::flag(is_32_bit)),
    ])
}

/// The file that a link makes.
fn output<'c>(args: impl Iterator<Item = &'c [u8]>) -> &'c [u8] {
    let mut output: &[u8] = b"a.out";
    let mut args = args.peekable();
    while let Some(arg) = args.next() {
        match arg {
            b"-o" | b"--output" => output = args.peek().copied().unwrap_or(output),
            [b'-', b'o', file @ ..] if !file.starts_with(b"format") => output = file,
            _ => output = arg.strip_prefix(b"--output=").unwrap_or(output),
        }
    }
    output
}

/// Drops or refuses what is impure.
fn drop_impure(params: &mut Vec<Arg>, purity: &Purity, log: &mut Log) -> Result<(), Error> {
    let mut kept = Vec::with_capacity(params.len());
    let mut rest = core::mem::take(params).into_iter().peekable();
    while let Some(param) = rest.next() {
        let next: &[u8] = rest.peek().map_or(b"", |arg| &arg[..]);
        let skipped = match &param[..] {
            [b'-', b'L', directory @ ..] if directory.starts_with(b"/") => purity
                .is_impure_directory(directory)
                .then(|| (directory.to_vec(), false)),
            b"-L" => purity
                .is_impure_directory(next)
                .then(|| (next.to_vec(), true)),
            b"-rpath" | b"-dynamic-linker" => purity.is_impure(next).then(|| (next.to_vec(), true)),
            b"-syslibroot" => (next == b"//").then(|| (next.to_vec(), true)),
            _ => None,
        };
        if let Some((path, with_value)) = skipped {
            log.push(Event::SkippedImpure(path));
            if with_value {
                rest.next();
            }
            continue;
        }
        let named = match param.strip_prefix(b"/LIBPATH:") {
            Some(path) if path.starts_with(b"/") => Some(path),
            _ => Some(&param[..]).filter(|param| is_absolute_path(param)),
        };
        match named {
            Some(path) if purity.is_impure(path) => return Err(Error::ImpurePath(path.to_vec())),
            _ if param.starts_with(b"--sysroot") => {}
            _ => kept.push(param),
        }
    }
    *params = kept;
    Ok(())
}

/// `/…/…`, the first component without a colon: options of link.exe's style
/// are no paths.
fn is_absolute_path(param: &[u8]) -> bool {
    let Some(rest) = param.strip_prefix(b"/") else {
        return false;
    };
    let end = rest.iter().position(|&b| b == b'/' || b == b':');
    end.is_some_and(|end| rest[end] == b'/')
}

/// The linker's hardening (§4).
pub fn hardening_flags<'a>(context: &mut Context<'_, 'a>) -> Vec<Arg<'a>> {
    let enabled = context.variables.list("NIX_HARDENING_ENABLE");
    let call = context.call;
    context
        .log
        .note(|| hardening::linkers_note(enabled.args(), call));
    let unsupported = call.hardening_unsupported();
    hardening::linker(enabled.bytes(), unsupported, context.log)
}

/// The program interpreter that the variables name.
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

/// What follows from the libraries of a link.
pub struct Found<'a> {
    /// To be put behind all others.
    pub args: Vec<Arg<'a>>,
    pub relocatable: bool,
    pub is_32_bit: bool,
}

/// What follows from the libraries of the whole command: the interpreter of
/// 32-bit programs, rpaths, and the build id (§3.6 to §3.9). `files` are the
/// linker half's.
///
/// # Errors
/// `dynamic-linker-m32` is there and cannot be read.
pub fn from_libraries<'a, 'c>(
    command: impl Iterator<Item = &'c [u8]> + Clone,
    link_type: LinkType,
    files: &FlagFiles,
    context: &mut Context,
) -> Result<Found<'a>, Error> {
    let call = context.call;
    let output = output(command.clone()).to_vec();
    context.variables.export(LINKED.to_vec(), output);
    let variables = &context.variables;
    let store = Store::new(call.environment, call.toolchain, context.world);
    let search = LibrarySearch::of(command, &store);
    let mut args = Vec::new();
    if search.is_32_bit && link_type == LinkType::Dynamic {
        let file = "dynamic-linker-m32";
        if let Some(path) = files.read(file)? {
            let origin = Origin::FlagFile(file);
            args.push(Arg::new(&b"-dynamic-linker"[..], origin.clone()));
            args.push(Arg::new(path, origin));
        }
    }
    if variables.is_one("NIX_DONT_SET_RPATH") {
        context
            .log
            .note(|| Note::NoRpaths("NIX_DONT_SET_RPATH is 1"));
    } else if link_type == LinkType::StaticPie {
        context.log.note(|| Note::NoRpaths(Why::StaticPie.text()));
    } else {
        for rpath in rpaths(&search, &store, context.world, context.log) {
            let origin = Origin::Rpath(rpath.library);
            args.push(Arg::new(&b"-rpath"[..], origin.clone()));
            args.push(Arg::new(rpath.directory, origin));
        }
    }
    if variables.is_one("NIX_SET_BUILD_ID") && !search.relocatable {
        let style = call.environment.get_nonempty(b"NIX_BUILD_ID_STYLE");
        let flag = [b"--build-id=", style.unwrap_or(b"sha1")].concat();
        args.push(Arg::new(flag, Origin::Rule("build id")));
    }
    Ok(Found {
        args,
        relocatable: search.relocatable,
        is_32_bit: search.is_32_bit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::world::fake::Machine;
    use crate::model::environment::Environment;
    use crate::model::toolchain::{Role, RoleMarkers, Tool, Toolchain};
    use crate::planning::roles::Half;
    use alloc::borrow::Cow;

    /// What a linker that any driver runs makes of `-L/s/lib -la`.
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
            toolchain: &toolchain,
            tool: &Tool::default(),
            role: Role::Ld,
            root: Some(b"/b"),
            bintools: Some(b"/b"),
            args: &[b"-L/s/lib", b"-la"],
            environment: &environment,
        };
        let mut log = Log::default();
        let context = Context::new(&call, Half::Linker, &world, &mut log);
        let plan = plan(context).unwrap();
        assert!(
            plan.environment.iter().any(|(name, _)| name == LINKED)
                || environment.get(LINKED).is_some()
        );
        let args: Vec<_> = plan.command.args().map(|arg| arg.to_vec()).collect();
        args.join(&b' ')
    }

    #[test]
    fn what_another_roots_driver_or_linker_did_is_not_done_again() {
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

    #[test]
    fn a_path_is_told_from_an_option_by_the_colon() {
        for (param, path) in [
            ("/usr/lib/x.o", true),
            ("/usr", false),
            ("/LIBPATH:/x", false),
            ("x/y", false),
            ("//", true),
        ] {
            assert_eq!(is_absolute_path(param.as_bytes()), path, "{param}");
        }
    }

    fn purified(words: &'static str) -> Result<Vec<u8>, Error> {
        let strings = [&b"NIX_ENFORCE_PURITY=1"[..], b"NIX_STORE=/s"];
        let world = Machine::new();
        let purity = Purity::enforced(&Environment::new(strings), None, &world).unwrap();
        let mut params: Vec<_> = words
            .split(' ')
            .map(|word| Arg::new(word.as_bytes(), Origin::User(1)))
            .collect();
        drop_impure(&mut params, &purity, &mut Log::default())?;
        Ok(params
            .iter()
            .map(|arg| &arg[..])
            .collect::<Vec<_>>()
            .join(&b' '))
    }

    #[test]
    fn impure_options_are_dropped_and_impure_files_refused() {
        let words = "-L/usr/lib -L /lib -L/s/a -rpath /lib -rpath /s/a -dynamic-linker /lib/ld.so -syslibroot // --sysroot=/ x.o /NOLOGO -L";
        assert_eq!(
            purified(words).unwrap(),
            b"-L/s/a -rpath /s/a x.o /NOLOGO -L"
        );
        assert_eq!(purified("-syslibroot /sdk").unwrap(), b"-syslibroot /sdk");
        assert_eq!(
            purified("/s/x.o /usr/lib/crt1.o"),
            Err(Error::ImpurePath(b"/usr/lib/crt1.o".to_vec()))
        );
        assert_eq!(
            purified("/LIBPATH:/usr/lib"),
            Err(Error::ImpurePath(b"/usr/lib".to_vec()))
        );
        assert!(purified("/LIBPATH:/s/lib").is_ok());
    }
}
