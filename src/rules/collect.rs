//! Collects the variables of each half and reads the flag files for them
//! (docs/behaviour.md#1-roles-and-variables). If a mark is set, a wrapper above
//! has already done so. docs/glossary.md defines half, flag file and collected
//! mark.

use alloc::vec::Vec;

use crate::machine::trust::Trust;
use crate::model::argument::{Origin, RoleSuffix};
use crate::model::error::Error;
use crate::model::explanation::Explanation;
use crate::model::half::WrapperHalf;
use crate::model::toolchain::{RoleMarkers, Toolchain};
use crate::planning::context::Context;
use crate::planning::flag_files::FlagFiles;
use crate::planning::list_text::Text;
use crate::planning::log::Log;
use crate::planning::roles::marker;
use crate::planning::variables::Variables;
use crate::rules::darwin;
use crate::text::number::number;
use crate::text::words::words;

const LINKER_LISTS: [&str; 7] = [
    "NIX_IGNORE_LD_THROUGH_GCC",
    "NIX_LDFLAGS",
    "NIX_LDFLAGS_BEFORE",
    "NIX_DYNAMIC_LINKER",
    "NIX_LDFLAGS_AFTER",
    "NIX_LDFLAGS_HARDEN",
    HARDENING_ENABLE,
];
const LINKER_BOOLEANS: [&str; 2] = ["NIX_SET_BUILD_ID", "NIX_DONT_SET_RPATH"];
const COMPILER_LISTS: [&str; 6] = [
    "NIX_CFLAGS_COMPILE",
    "NIX_CFLAGS_COMPILE_BEFORE",
    "NIX_CFLAGS_LINK",
    "NIX_CXXSTDLIB_COMPILE",
    "NIX_CXXSTDLIB_LINK",
    "NIX_GNATFLAGS_COMPILE",
];
const COMPILER_BOOLEANS: [&str; 1] = ["NIX_ENFORCE_NO_NATIVE"];
const HARDENING_ENABLE: &str = "NIX_HARDENING_ENABLE";

/// The half's list variables that contain flags.
pub fn flag_lists(half: WrapperHalf) -> impl Iterator<Item = &'static str> {
    let lists: &[&str] = match half {
        WrapperHalf::Compiler => &COMPILER_LISTS,
        WrapperHalf::Linker => &LINKER_LISTS,
        WrapperHalf::PkgConfig => &[],
    };
    let of_others = [
        "NIX_IGNORE_LD_THROUGH_GCC",
        "NIX_DYNAMIC_LINKER",
        HARDENING_ENABLE,
    ];
    lists
        .iter()
        .copied()
        .filter(move |list| !of_others.contains(list))
}

const LINKER_MARK: &str = "NIX_BINTOOLS_WRAPPER_FLAGS_SET";
const COMPILER_MARK: &str = "NIX_CC_WRAPPER_FLAGS_SET";
const GNAT_MARK: &str = "NIX_GNAT_WRAPPER_EXTRA_FLAGS_SET";

/// Collects the variables of both halves (§1). The linker half comes first, so
/// that libc's link flags precede the compiler's.
///
/// # Errors
/// Roles have contradictory variables, or a file cannot be read.
pub fn collect<'a>(
    context: &mut Context<'_, 'a>,
    c_includes: bool,
) -> Result<FlagFiles<'a>, Error> {
    let call = context.call;
    let files = if call.root == call.bintools {
        let files = FlagFiles::listed(call.root, Trust::new(call.hop), context.world);
        linker_half(context, &files)?;
        files
    } else {
        let linker_files = FlagFiles::asked_for(call.bintools, Trust::new(call.hop), context.world);
        linker_half(context, &linker_files)?;
        FlagFiles::asked_for(call.root, Trust::new(call.hop), context.world)
    };
    compiler_half(context, &files, c_includes)?;
    Ok(files)
}

/// Collects the linker half's variables.
///
/// # Errors
/// A required flag file cannot be read.
pub fn linker_half(context: &mut Context, files: &FlagFiles) -> Result<(), Error> {
    let variables = &mut context.variables;
    if is_done(LINKER_MARK, variables, context.log) {
        return Ok(());
    }
    explain_unread(&LINKER_LISTS, &LINKER_BOOLEANS, context);
    let variables = &mut context.variables;
    for name in LINKER_LISTS {
        variables.collect_list(name, &context.roles);
    }
    for name in LINKER_BOOLEANS {
        variables.collect_boolean(name, &context.roles, context.log);
    }
    default_hardening(variables, context.call.toolchain, &context.roles);
    append_file(variables, "NIX_LDFLAGS", files, "libc-ldflags")?;
    if variables.list("NIX_DYNAMIC_LINKER").is_empty() && files.exists("ld-set-dynamic-linker") {
        let file = "dynamic-linker";
        let text = Text::new(&files.read_needed(file)?, Origin::FlagFile(file));
        *variables.list_mut("NIX_DYNAMIC_LINKER") = text;
    }
    let before = "NIX_LDFLAGS_BEFORE";
    prepend_file(variables, before, files, "libc-ldflags-before")?;
    variables.mark(LINKER_MARK);
    variables.trace(context.log);
    Ok(())
}

/// Whether a wrapper above has already collected this half.
fn is_done(mark: &str, variables: &Variables, log: &mut Log) -> bool {
    let is_marked = variables.is_marked(mark);
    if is_marked {
        log.explain(|| Explanation::Inherited {
            mark: variables.salted(mark),
        });
    }
    is_marked
}

/// Explains which of these lists and booleans are set for roles that the
/// toolchain does not serve.
pub fn explain_unread(lists: &[&str], booleans: &[&str], context: &mut Context) {
    if !context.log.is_explaining() {
        return;
    }
    let call = context.call;
    let salt = &call.toolchain.suffix_salt;
    let plain = marker(context.half, salt, RoleSuffix::Plain);
    // The plain variables are read only because no marker is set.
    let is_default =
        context.roles == [RoleSuffix::Plain] && call.environment.get_nonempty(&plain).is_none();
    for suffix in [
        RoleSuffix::ForBuild,
        RoleSuffix::Plain,
        RoleSuffix::ForTarget,
    ] {
        if context.roles.contains(&suffix) {
            continue;
        }
        let lists = lists.iter().map(|name| (name, false));
        let booleans = booleans.iter().map(|name| (name, true));
        for (name, is_boolean) in lists.chain(booleans) {
            let variable = [name.as_bytes(), suffix.name().as_bytes()].concat();
            let value = call.environment.get_nonempty(&variable);
            if value.is_some_and(|value| !is_boolean || number(value) != Some(0)) {
                let marker = marker(context.half, salt, suffix);
                let keeps_plain = is_default.then(|| plain.clone());
                context.log.explain(|| Explanation::Unread {
                    variable,
                    marker,
                    keeps_plain,
                });
            }
        }
    }
}

/// Sets the toolchain's default hardening if no variable sets the hardening.
fn default_hardening(variables: &mut Variables, toolchain: &Toolchain, roles: &[RoleSuffix]) {
    if let Some(default) = &toolchain.default_hardening {
        if !variables.is_set(HARDENING_ENABLE, roles) {
            let names: Vec<&[u8]> = default.iter().map(|name| &**name).collect();
            let text = Text::new(&names.join(&b' '), Origin::Rule("default hardening"));
            *variables.list_mut(HARDENING_ENABLE) = text;
        }
    }
}

/// Collects the compiler half's variables. The linker half's must be collected
/// already. `c_includes` is false after `-nostdinc`.
///
/// # Errors
/// A flag file exists but cannot be read, or two roles have different minimum
/// versions (§7).
pub fn compiler_half(
    context: &mut Context,
    files: &FlagFiles,
    c_includes: bool,
) -> Result<(), Error> {
    let call = context.call;
    let linker_directory = call.bintools.map(|root| [root, b"/bin"].concat());
    let variables = &mut context.variables;
    if is_done(COMPILER_MARK, variables, context.log) {
        // A tool between the two wrappers may have put its own directory first,
        // as gnatmake does. In nixpkgs' roots, gnatmake gets the linker's
        // directory with `-B` instead.
        let keeps_first = call.toolchain.role_markers == RoleMarkers::Optional;
        if let Some(directory) = linker_directory.filter(|_| keeps_first) {
            if !variables.is_first_on_path(&directory) {
                variables.prepend_path(&directory);
            }
        }
        return Ok(());
    }
    explain_unread(&COMPILER_LISTS, &COMPILER_BOOLEANS, context);
    let variables = &mut context.variables;
    for name in COMPILER_LISTS {
        variables.collect_list(name, &context.roles);
    }
    for name in COMPILER_BOOLEANS {
        variables.collect_boolean(name, &context.roles, context.log);
    }
    if let Some(directory) = linker_directory {
        variables.prepend_path(&directory);
    }
    prepend_file(variables, "NIX_CFLAGS_COMPILE", files, "cc-cflags")?;
    if c_includes {
        prepend_file(variables, "NIX_CFLAGS_COMPILE", files, "libc-cflags")?;
    }
    prepend_file(variables, "NIX_CFLAGS_COMPILE", files, "libc-crt1-cflags")?;
    append_file(variables, "NIX_CXXSTDLIB_COMPILE", files, "libcxx-cxxflags")?;
    append_file(variables, "NIX_CXXSTDLIB_LINK", files, "libcxx-ldflags")?;
    prepend_file(variables, "NIX_GNATFLAGS_COMPILE", files, "gnat-cflags")?;
    append_file(variables, "NIX_LDFLAGS", files, "cc-ldflags")?;
    let before = "NIX_CFLAGS_COMPILE_BEFORE";
    prepend_file(variables, before, files, "cc-cflags-before")?;
    prepend_min_version(variables, before, call.toolchain, &context.roles)?;
    variables.mark(COMPILER_MARK);
    variables.trace(context.log);
    Ok(())
}

/// Collects the additional variables of GNAT's tools (§8).
///
/// # Errors
/// Two roles have different minimum versions (§7).
pub fn gnat_half(context: &mut Context) -> Result<(), Error> {
    let call = context.call;
    let variables = &mut context.variables;
    if is_done(GNAT_MARK, variables, context.log) {
        return Ok(());
    }
    let cargs = "NIX_GNATMAKE_CARGS";
    explain_unread(&[cargs], &[], context);
    let variables = &mut context.variables;
    variables.collect_list(cargs, &context.roles);
    // A list variable cannot contain a path with a space. The linker is found
    // through PATH then.
    let fits = |root: &&[u8]| words(root).eq([*root]);
    if let Some(root) = call.root.filter(fits) {
        let flag = [b" -B", root, b"/bin/"].concat();
        let origin = Origin::Rule("wrapped linker");
        variables.list_mut(cargs).append(&flag, origin);
    }
    prepend_min_version(variables, cargs, call.toolchain, &context.roles)?;
    variables.mark(GNAT_MARK);
    variables.trace(context.log);
    Ok(())
}

fn prepend_min_version(
    variables: &mut Variables,
    list: &'static str,
    toolchain: &Toolchain,
    roles: &[RoleSuffix],
) -> Result<(), Error> {
    if let Some(darwin) = &toolchain.darwin {
        let flag = darwin::min_version_flag(darwin, variables, roles)?;
        let origin = Origin::Rule("Darwin minimum version");
        variables.list_mut(list).prepend(&flag, origin);
    }
    Ok(())
}

fn prepend_file(
    variables: &mut Variables,
    list: &'static str,
    files: &FlagFiles,
    file: &'static str,
) -> Result<(), Error> {
    if let Some(text) = files.read(file)? {
        let list = variables.list_mut(list);
        list.prepend(&text, Origin::FlagFile(file));
    }
    Ok(())
}

fn append_file(
    variables: &mut Variables,
    list: &'static str,
    files: &FlagFiles,
    file: &'static str,
) -> Result<(), Error> {
    if let Some(text) = files.read(file)? {
        let list = variables.list_mut(list);
        list.append(b" ", Origin::FlagFile(file));
        list.append(&text, Origin::FlagFile(file));
    }
    Ok(())
}
