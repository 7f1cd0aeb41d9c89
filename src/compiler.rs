//! §2: compiler driver calls.

use alloc::vec::Vec;

use crate::arguments::{scan, Scan};
use crate::call::Call;
use crate::darwin;
use crate::driver_link;
use crate::environment::{compiler_half, linker_half, roles, Compiler, FlagFiles, Half, Variables};
use crate::error::Error;
use crate::event::Log;
use crate::hardening;
use crate::link_type::LinkType;
use crate::native::drop_native;
use crate::plan::{Arg, Origin, Plan, Suffix};
use crate::purity::{drop_impure, Purity, COMPILER_OPTIONS};
use crate::response_file;
use crate::target;
use crate::toolchain::{Family, Role, RoleMarkers};
use crate::world::World;

/// Plans a call of one of the roles cc, c++, cpp and fortran.
///
/// # Errors
/// Variables that contradict each other, files that cannot be read, and a
/// `-target` without a value.
pub fn plan<'a>(call: &Call<'a>, world: &'a dyn World, log: &mut Log) -> Result<Plan<'a>, Error> {
    let toolchain = call.toolchain;
    let family = call.family();
    let mut params = response_file::expand(call.args, world)?;
    let mut scan = scan(&mut params);
    if family == Family::Arocc {
        scan.no_link = Some("arocc does not link");
    }

    let roles = roles(call.environment, toolchain, Half::Compiler);
    let mut variables = Variables::new(call.environment, &toolchain.suffix_salt);
    let sdk_root = collect(call, &mut variables, scan.c_includes, &roles, world, log)?;
    if let Some(purity) = Purity::enforced(call.environment, sdk_root, world) {
        drop_impure(&mut params, &COMPILER_OPTIONS, &purity, log);
    }
    if variables.is_one("NIX_ENFORCE_NO_NATIVE") {
        drop_native(&mut params, log);
    }
    add_cxx(call, &scan, &mut variables);

    let enabled = variables.list("NIX_HARDENING_ENABLE");
    let (mut before, mut after) =
        hardening::compiler(enabled.bytes(), call.hardening_unsupported(), family, log);
    before.extend(variables.list("NIX_CFLAGS_COMPILE_BEFORE").args());
    after.extend(variables.list("NIX_CFLAGS_COMPILE").args());
    match scan.no_link {
        Some(why) => log.trace(&[b"no linking: ", why.as_bytes()]),
        None => link(
            call,
            &params,
            &mut before,
            &mut after,
            &mut variables,
            world,
            log,
        )?,
    }
    if family == Family::Clang {
        let flags = target::flags(&params, call.role, toolchain, call.environment, log)?;
        before.extend(flags);
        if toolchain.darwin.is_some() {
            before.push(Arg::rule("-Werror=unguarded-availability", "Darwin"));
        }
    }

    // `-v` alone prints the version; with flags it would miss its input.
    if scan.cc1 || call.args == [b"-v"] {
        before.clear();
        after.clear();
    }
    after.append(&mut scan.operands);
    Ok(call.plan(before, params, after, variables))
}

/// Collects the variables of both halves (§1), the linker's first so that
/// libc's link flags come before the compiler's. Returns Darwin's SDKROOT.
///
/// # Errors
/// Variables that contradict each other, and files that cannot be read.
pub fn collect(
    call: &Call,
    variables: &mut Variables,
    c_includes: bool,
    roles: &[Suffix],
    world: &dyn World,
    log: &mut Log,
) -> Result<Option<Vec<u8>>, Error> {
    let toolchain = call.toolchain;
    let mut sdk_root = None;
    let mut min_version = None;
    if let Some(darwin) = &toolchain.darwin {
        sdk_root = Some(darwin::sdk_root(darwin, variables, roles)?);
        min_version = Some(darwin::min_version_flag(darwin, variables, roles)?);
    }
    let linker_files = FlagFiles::new(call.bintools, world);
    linker_half(variables, toolchain, linker_files, roles, log)?;
    let half = Compiler {
        files: FlagFiles::new(call.root, world),
        linker_directory: call.bintools.map(|root| [root, b"/bin"].concat()),
        keeps_linker_first: toolchain.role_markers == RoleMarkers::Optional,
        c_includes,
        min_version,
    };
    compiler_half(variables, half, roles, log)?;
    Ok(sdk_root)
}

/// §2.6: the C++ library's flags. clang finds C++ headers under its plain
/// name too, for build systems that know only that one.
fn add_cxx(call: &Call, scan: &Scan, variables: &mut Variables) {
    let is_cxx = call.role == Role::Cxx || scan.cxx;
    if scan.cxx_includes && (is_cxx || call.family() == Family::Clang) {
        variables.append_list("NIX_CFLAGS_COMPILE", "NIX_CXXSTDLIB_COMPILE");
    }
    if scan.cxx_library && is_cxx {
        variables.append_list("NIX_CFLAGS_LINK", "NIX_CXXSTDLIB_LINK");
    }
}

/// §2.8: what a call that links gets besides.
fn link<'a>(
    call: &Call<'a>,
    params: &[Arg<'a>],
    before: &mut Vec<Arg<'a>>,
    after: &mut Vec<Arg<'a>>,
    variables: &mut Variables,
    world: &'a dyn World,
    log: &mut Log,
) -> Result<(), Error> {
    let ld_before = variables.list("NIX_LDFLAGS_BEFORE").args();
    let link_flags = variables.list("NIX_CFLAGS_LINK").args();
    let ld_flags = variables.list("NIX_LDFLAGS").args();
    let all = ld_before
        .iter()
        .chain(params)
        .chain(&link_flags)
        .chain(&ld_flags);
    let link_type = LinkType::of(all.map(|arg| &arg[..]));
    log.trace(&[b"link type ", link_type.name().as_bytes()]);

    after.extend(link_type.filter(link_flags));
    before.extend(
        link_type
            .filter(ld_before)
            .into_iter()
            .map(driver_link::pass),
    );
    let dynamic_linker = variables.list("NIX_DYNAMIC_LINKER");
    if link_type == LinkType::Dynamic && !dynamic_linker.is_empty() {
        let flag = [b"-Wl,-dynamic-linker=", dynamic_linker.bytes()].concat();
        before.push(Arg::new(flag, Origin::Rule("dynamic linker")));
    }
    let ld_flags = link_type.filter(ld_flags).into_iter();
    after.extend(ld_flags.map(driver_link::pass_directory));
    let name = variables.salted("NIX_LINK_TYPE");
    variables.export(name, link_type.name().as_bytes().to_vec());

    if call.tool.linker_by_prefix {
        if let Some(root) = call.bintools {
            let flag = [b"-B", root, b"/bin/"].concat();
            after.push(Arg::new(flag, Origin::Rule("wrapped linker")));
        }
    }
    if !driver_link::runs_wrapped_linker(call, params, world) {
        driver_link::do_linkers_work(
            call, link_type, params, before, after, variables, world, log,
        )?;
    }
    Ok(())
}
