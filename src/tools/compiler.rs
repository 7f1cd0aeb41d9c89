//! Compiler driver calls
//! (docs/behaviour.md#2-compiler-drivers-roles-cc-c-cpp-fortran). Later
//! comments cite its rules as §2.1 to §2.10.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::model::argument::{self, Arg, Command, Origin};
use crate::model::call::Call;
use crate::model::error::Error;
use crate::model::explanation::{DropReason, Explanation, LinkerHandling};
use crate::model::plan::Plan;
use crate::model::toolchain::{Family, RoleMarkers, ToolKind};
use crate::options::meaning::Meaning;
use crate::planning::context::Context;
use crate::planning::log::Log;
use crate::rules::collect::collect;
use crate::rules::collect_gcc_options;
use crate::rules::compile_record::{record, why_no_record};
use crate::rules::cross;
use crate::rules::darwin;
use crate::rules::driver_link;
use crate::rules::hardening;
use crate::rules::hooks;
use crate::rules::link_type::LinkType;
use crate::rules::linker_choice;
use crate::rules::linker_choice::{Unwrapped, has_other_target};
use crate::rules::linker_shim;
use crate::rules::native::drop_native;
use crate::rules::partial_link;
use crate::rules::pie;
use crate::rules::purity::{Purity, drop_impure};
use crate::rules::response_file;
use crate::rules::scan::{Scan, scan};
use crate::rules::system_includes::drop_system;
use crate::rules::target;
use crate::rules::target_support;
use crate::text::Bytes;

/// A command line that runs compile steps as `LAUNCHER COMPILER ARGS`, such as
/// ccache or distcc. Other calls do not use it.
const LAUNCHER: &[u8] = b"CC_WRAPPER_LAUNCHER";

/// Plans a call of a tool with the role cc, c++, cpp or fortran.
///
/// # Errors
/// Roles have contradictory variables, a file cannot be read, or `-target` has
/// no value.
pub fn plan<'a>(mut context: Context<'_, 'a>) -> Result<Plan<'a>, Error> {
    let call = context.call;
    let family = call.family();
    let mut params = response_file::expand(call, context.world)?;
    argument::read(&mut params, call.driver_parser());
    let remembered = context.log.is_explaining().then(|| params.clone());
    let mut scan = scan(&mut params);
    if let Some(before) = remembered.filter(|_| scan.operands.is_empty()) {
        context
            .log
            .explain_dropped(before, &params, DropReason::Empty);
    }
    let record = record(call, &params, &scan.operands);
    if context.log.is_explaining() {
        if let Some(why) = why_no_record(call, &params, &scan.operands) {
            context.log.explain(|| Explanation::NoRecord(why));
        }
    }
    match (family, call.kind) {
        (Family::Arocc, _) => scan.no_link = Some("arocc does not link"),
        // gcc's preprocessor gets link flags in nixpkgs, clang's does not.
        (Family::Clang, ToolKind::Cpp) => scan.no_link = Some("a preprocessor"),
        _ => {}
    }
    context.count(|counts| counts.add_compiler(call.kind, &params, &scan));

    let sdk_root = darwin::sdk_root(&mut context)?;
    if let Some(purity) = Purity::enforced(call.environment, sdk_root, context.world) {
        drop_impure(&mut params, &purity, context.log);
    }
    let parser = call.driver_parser();
    cross::check_directories(&params, call, parser.clone(), context.world, context.log)?;
    let sysroot = cross::sysroot(&params, call, parser);
    let files = collect(&mut context, scan.c_includes)?;
    if context.variables.is_one("NIX_ENFORCE_NO_NATIVE") {
        drop_native(&mut params, context.log);
    }
    add_cxx(&scan, &mut context);

    let mut command = put_in(params, &scan, &mut context);
    command.before.extend(sysroot);
    if needs_linker(&scan, &command) {
        command.after.extend(linker_prefix(call, &command));
    }
    let link_type = match scan.no_link {
        Some(why) => {
            context.log.explain(|| Explanation::NoLinking(why));
            None
        }
        None => Some(link(&mut command, &scan, &mut context)?),
    };
    if family == Family::Clang {
        let flags = target::flags(&command.params, call, context.log)?;
        command.before.extend(flags);
        let darwin = &call.toolchain.darwin;
        if darwin.as_ref().is_some_and(|d| d.fallback_sdk.is_some()) {
            let flag = Arg::rule("-Werror=unguarded-availability", "Darwin");
            command.before.push(flag);
        }
    }

    let read_by_hooks = |_: &Command| shell_variables(call, &scan, link_type);
    let before = hooks::COMPILER_BEFORE;
    hooks::run(before, read_by_hooks, &mut command, &files, &mut context)?;
    if scan.asks_file && call.toolchain.role_markers == RoleMarkers::Optional {
        let declared = library_prefixes(&mut context);
        command.before.extend(declared);
    }
    if scan.has_processed && call.tool.no_unused_arguments {
        allow_unused(&mut command);
    }
    // `-v` alone prints the version. With further flags, the driver would
    // complain about missing input.
    if scan.cc1 || call.args == [b"-v"] {
        let why = if scan.cc1 {
            "-cc1 is clang's inner mode"
        } else {
            "-v alone asks for the version"
        };
        context.log.explain(|| Explanation::Nothing(why));
        for args in [&mut command.before, &mut command.after] {
            let log = &mut *context.log;
            log.dropping(args, DropReason::NothingPutIn, |args, _| args.clear());
        }
    }
    command.after.extend_from_slice(&scan.operands);
    let last = hooks::COMPILER;
    hooks::run(last, read_by_hooks, &mut command, &files, &mut context)?;
    let mut plan = context.plan(command);
    if scan.compiles && call.kind != ToolKind::Cpp {
        plan.launcher = call.environment.get_nonempty(LAUNCHER);
    }
    plan.record = record.map(Box::new);
    Ok(plan)
}

/// The shell variables that a hook can read, as in nixpkgs' script.
fn shell_variables(
    call: &Call,
    scan: &Scan,
    link_type: Option<LinkType>,
) -> Vec<(&'static str, Vec<u8>)> {
    // In nixpkgs' script, every clang call compiles C++, but only C++ calls
    // link the C++ library.
    let is_clang = call.family() == Family::Clang;
    let is_cxx = call.kind == ToolKind::Cxx || scan.cxx;
    let links_library = scan.cxx_library && (is_cxx || !is_clang);
    let mut variables = Vec::from([
        ("compiler", call.tool.program.to_vec()),
        ("dontLink", hooks::flag(scan.no_link.is_some())),
        ("isCxx", hooks::flag(is_cxx || is_clang)),
        ("cc1", hooks::flag(scan.cc1)),
        ("cInclude", hooks::flag(scan.c_includes)),
        ("cxxInclude", hooks::flag(scan.cxx_includes)),
        ("cxxLibrary", hooks::flag(links_library)),
        ("nonFlagArgs", hooks::flag(scan.has_input)),
    ]);
    // A hook that reads an unset variable would fail.
    let link_type = link_type.map_or("", LinkType::name);
    variables.push(("linkType", link_type.into()));
    variables
}

/// Adds the flags of the C++ library (§2.6). clang reads C++ headers for its
/// plain name too, because some build systems know only that name.
fn add_cxx(scan: &Scan, context: &mut Context) {
    let call = context.call;
    let is_cxx = call.kind == ToolKind::Cxx || scan.cxx;
    let variables = &mut context.variables;
    let in_all = call.family() == Family::Clang && !call.toolchain.cxx_headers_only_in_cxx;
    if scan.cxx_includes && (is_cxx || in_all) {
        variables.append_list("NIX_CFLAGS_COMPILE", "NIX_CXXSTDLIB_COMPILE");
    }
    if scan.cxx_library && is_cxx {
        variables.append_list("NIX_CFLAGS_LINK", "NIX_CXXSTDLIB_LINK");
    }
}

/// The command with the flags that every call gets (§2.8).
fn put_in<'a>(params: Vec<Arg<'a>>, scan: &Scan, context: &mut Context<'_, 'a>) -> Command<'a> {
    let call = context.call;
    let variables = &mut context.variables;
    let enabled = variables.list("NIX_HARDENING_ENABLE");
    let without = target_support::without(call, target(call, &params), scan.hardened);
    context
        .log
        .explain(|| hardening::explain_compiler(enabled.args(), &without, call));
    let names = without.iter().map(|(name, _)| name.as_bytes().into());
    let all: Vec<Bytes>;
    let unsupported = match call.hardening_unsupported() {
        unsupported if without.is_empty() => unsupported,
        unsupported => {
            all = unsupported.iter().cloned().chain(names).collect();
            &all
        }
    };
    let (mut before, mut after) =
        hardening::compiler(enabled.bytes(), unsupported, call.family(), context.log);
    let enabled = variables.list("NIX_HARDENING_ENABLE");
    before.splice(..0, pie::compiler(enabled.bytes(), call, &params));
    for (name, part) in [
        ("NIX_CFLAGS_COMPILE_BEFORE", &mut before),
        ("NIX_CFLAGS_COMPILE", &mut after),
    ] {
        let mut flags = variables.list(name).args();
        if call.toolchain.role_markers == RoleMarkers::Optional {
            drop_system(&mut flags, call.driver_parser(), context.log);
        }
        part.extend(flags);
    }
    Command {
        before,
        params,
        after,
    }
}

/// Adds the flags that only calls which link get (§2.8).
fn link<'a>(
    command: &mut Command<'a>,
    scan: &Scan,
    context: &mut Context<'_, 'a>,
) -> Result<LinkType, Error> {
    let variables = &mut context.variables;
    let mut ld_before = variables.list("NIX_LDFLAGS_BEFORE").args();
    let mut link_flags = variables.list("NIX_CFLAGS_LINK").args();
    let mut ld_flags = variables.list("NIX_LDFLAGS").args();
    argument::read(&mut ld_before, context.call.linker_parser());
    argument::read(&mut link_flags, context.call.driver_parser());
    argument::read(&mut ld_flags, context.call.linker_parser());
    let parts = [&ld_before, &command.params, &link_flags, &ld_flags];
    let link_type = LinkType::from_args(parts.into_iter().flatten());
    let log = &mut *context.log;
    log.explain(|| match context.call.kind {
        ToolKind::Cpp => Explanation::NoLinking(
            "cpp only preprocesses; the flags of a link go in all the same, as in nixpkgs",
        ),
        _ => Explanation::LinkType {
            name: link_type.name(),
            inherited: false,
        },
    });

    let without_markers = context.call.toolchain.role_markers == RoleMarkers::Optional;
    let is_partial = without_markers && scan.relocatable;
    if is_partial {
        keep_only(
            &[Meaning::LibraryDirectory],
            DropReason::PartialLink,
            [&mut link_flags, &mut ld_before, &mut ld_flags],
            log,
        );
    }
    command.after.extend(link_type.filter(link_flags, log));
    let linker = linker_choice::unwrapped(command, context.call, context.world);
    let format = Format::of(command, context.call, linker.as_ref());
    if without_markers && format == Format::NotTheRoots {
        let kept = [Meaning::LibraryDirectory, Meaning::Library];
        keep_only(
            &kept,
            DropReason::OtherFormat,
            [&mut ld_before, &mut ld_flags],
            log,
        );
    }
    let ld_before = link_type.filter(ld_before, log).into_iter();
    command.before.extend(ld_before.map(driver_link::pass));
    let dynamic_linker = variables.list("NIX_DYNAMIC_LINKER");
    let takes_interpreter = !without_markers || !is_partial && format == Format::Elf;
    let origin = dynamic_linker.origin().filter(|_| takes_interpreter);
    if let (LinkType::Dynamic, Some(origin)) = (link_type, origin) {
        let flag = [b"-Wl,-dynamic-linker=", dynamic_linker.bytes()].concat();
        let flag = Arg::new(flag, origin.clone());
        command.before.push(flag);
    }
    let ld_flags = link_type.filter(ld_flags, log).into_iter();
    command
        .after
        .extend(ld_flags.map(driver_link::pass_directory));
    let name = variables.salted("NIX_LINK_TYPE");
    variables.export(name, link_type.name().as_bytes().to_vec());

    match linker {
        None => context.log.explain(|| Explanation::Linker {
            path: linker_choice::own(command, context.call),
            handling: match format {
                Format::NotTheRoots => LinkerHandling::LeftAlone,
                _ => LinkerHandling::Own,
            },
        }),
        Some(linker) if format != Format::Elf => context.log.explain(|| linker.left_alone()),
        Some(linker) if linker_shim::run(&linker, command, context) => {}
        Some(linker) => {
            context.log.explain(|| linker.explanation());
            if !linker.is_left_alone && !is_partial {
                driver_link::do_linkers_work(command, link_type, context)?;
            }
        }
    }
    if context.call.family() == Family::Gcc {
        collect_gcc_options::shorten(command);
    }
    Ok(link_type)
}

/// Removes all options without one of these meanings. The arguments must have
/// been read.
fn keep_only<'v, 'a: 'v>(
    meanings: &[Meaning],
    why: DropReason,
    lists: impl IntoIterator<Item = &'v mut Vec<Arg<'a>>>,
    log: &mut Log,
) {
    for list in lists {
        log.dropping(list, why, |list, _| partial_link::keep(list, meanings));
    }
}

/// The format of a link's output.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Elf,
    /// Another format, for which the root's compiler is made.
    Roots,
    /// Another format, because of the target or the linker that the call names.
    NotTheRoots,
}

impl Format {
    fn of(command: &Command, call: &Call, linker: Option<&Unwrapped>) -> Format {
        let is_named = target(call, &command.params).is_some_and(|t| !target_support::is_elf(t))
            || linker.is_some_and(|linker| !target_support::makes_elf(&linker.name));
        if is_named {
            Format::NotTheRoots
        } else if target_support::is_elf(&call.tool.name) {
            Format::Elf
        } else {
            Format::Roots
        }
    }
}

/// The target that the caller names. Only clang serves several targets.
fn target<'p>(call: &Call, params: &'p [Arg]) -> Option<&'p [u8]> {
    let is_clang = call.family() == Family::Clang;
    is_clang.then(|| target::given(params).ok()?)?
}

/// Whether the call runs a linker, or asks which linker it would run.
fn needs_linker(scan: &Scan, command: &Command) -> bool {
    let asks = |param: &Arg| param.parsed.by_itself() == Meaning::ProgramName;
    scan.no_link.is_none() || command.params.iter().any(asks)
}

/// Declared library directories as `-B` options. With these, the compiler
/// finds the libraries of `-print-file-name`; it ignores `-L` there.
fn library_prefixes<'a>(context: &mut Context<'_, 'a>) -> Vec<Arg<'a>> {
    let mut prefixes = Vec::new();
    for name in ["NIX_LDFLAGS_BEFORE", "NIX_LDFLAGS", "NIX_LDFLAGS_AFTER"] {
        let flags = context.variables.list(name).args();
        let used = context.call.linker_parser().uses(&flags);
        let directories = used.filter(|used| used.meaning == Meaning::LibraryDirectory);
        for used in directories {
            if let Some(directory @ [b'/', ..]) = used.value {
                let option = [b"-B", directory, b"/"].concat();
                prefixes.push(Arg::new(option, used.argument.origin.clone()));
            }
        }
    }
    prefixes
}

/// Tells clang not to warn about added options that it does not use.
fn allow_unused(command: &mut Command) {
    const RULE: &str = "unused arguments";
    for part in [&mut command.before, &mut command.after] {
        if !part.is_empty() {
            part.insert(0, Arg::rule("--start-no-unused-arguments", RULE));
            part.push(Arg::rule("--end-no-unused-arguments", RULE));
        }
    }
}

/// The `-B` with our linker's directory, for a compiler that searches its own
/// directory before PATH. Not for another target, because its linker has
/// another name.
fn linker_prefix<'a>(call: &Call, command: &Command) -> Option<Arg<'a>> {
    if !call.tool.linker_by_prefix || has_other_target(call, command) {
        return None;
    }
    let flag = [b"-B", call.bintools?, b"/bin/"].concat();
    Some(Arg::new(flag, Origin::Rule("wrapped linker")))
}
