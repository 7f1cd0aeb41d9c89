//! Additions to a link apart from the variables' flags: hardening, the
//! interpreter of 32-bit programs, rpaths and the build id
//! (docs/behaviour.md#3-linkers-role-ld).

use alloc::vec::Vec;

use crate::model::argument::Arg;
use crate::model::argument::Origin;
use crate::model::error::Error;
use crate::model::explanation::DropReason;
use crate::model::explanation::Explanation;
use crate::model::toolchain::RoleMarkers;
use crate::options::meaning::Meaning;
use crate::options::{Argument, Parser};
use crate::planning::context::Context;
use crate::planning::flag_files::FlagFiles;
use crate::rules::hardening;
use crate::rules::link_type::LinkType;
use crate::rules::rpath::library_search::LibrarySearch;
use crate::rules::rpath::rpaths;
use crate::rules::rpath::store::Store;
/// Set for the linker and the processes below it: the output of the link that
/// already has this half's additions.
pub const LINKED: &[u8] = b"CC_WRAPPER_LINKED";

/// The default output of a link.
const OUTPUT: &[u8] = b"a.out";

/// The linker's hardening options (§4).
pub fn hardening_flags<'a>(context: &mut Context<'_, 'a>) -> Vec<Arg<'a>> {
    let enabled = context.variables.list("NIX_HARDENING_ENABLE");
    let call = context.call;
    context
        .log
        .explain(|| hardening::explain_linker(enabled.args(), call));
    let unsupported = call.hardening_unsupported();
    hardening::linker(enabled.bytes(), unsupported, context.log)
}

/// The additions that depend on a link's libraries.
pub struct Found<'a> {
    /// Arguments for the end of the command.
    pub args: Vec<Arg<'a>>,
    /// For hooks: the output of the link, before anything is added to it.
    pub output: Vec<u8>,
    /// For hooks: whether the link is relocatable, and for 32-bit x86. False
    /// where nixpkgs' script does not look, because nothing depends on it.
    pub relocatable: bool,
    pub is_32_bit: bool,
}

/// Returns the additions that depend on the libraries in the whole command: the
/// interpreter of 32-bit programs, rpaths and the build id (§3.6 to §3.9).
/// `files` are those of the linker half.
///
/// # Errors
/// `dynamic-linker-m32` exists but cannot be read.
pub fn from_libraries<'a, 'c>(
    command: impl Iterator<Item = &'c [u8]>,
    link_type: LinkType,
    files: &FlagFiles,
    context: &mut Context,
) -> Result<Found<'a>, Error> {
    let call = context.call;
    let store = Store::new(call.environment, call.toolchain, context.world);
    let parser = call.linker_parser();
    let search = match call.toolchain.role_markers {
        RoleMarkers::Required => LibrarySearch::parse_as_nixpkgs(command, parser, &store),
        RoleMarkers::Optional => LibrarySearch::parse(command, parser, &store),
    };
    let output = search.output.unwrap_or(OUTPUT).to_vec();
    context.variables.export(LINKED.to_vec(), output.clone());
    let variables = &context.variables;
    let file = "dynamic-linker-m32";
    let no_rpaths = variables.is_one("NIX_DONT_SET_RPATH");
    let sets_build_id = variables.is_one("NIX_SET_BUILD_ID");
    let is_looked_at = !no_rpaths || sets_build_id || files.find(file).is_some();
    let mut args = Vec::new();
    if search.is_32_bit && link_type == LinkType::Dynamic {
        if let Some(path) = files.read(file)? {
            let origin = Origin::FlagFile(file);
            args.push(Arg::new(&b"-dynamic-linker"[..], origin.clone()));
            args.push(Arg::new(path, origin));
        }
    }
    if no_rpaths {
        context
            .log
            .explain(|| Explanation::NoRpaths("NIX_DONT_SET_RPATH is 1"));
    } else if link_type == LinkType::StaticPie {
        context
            .log
            .explain(|| Explanation::NoRpaths(DropReason::StaticPie.text()));
    } else {
        for rpath in rpaths(&search, &store, context.world, context.log) {
            let origin = Origin::Rpath(rpath.library);
            args.push(Arg::new(&b"-rpath"[..], origin.clone()));
            args.push(Arg::new(rpath.directory, origin));
        }
    }
    if sets_build_id && !search.relocatable {
        let style = call.environment.get_nonempty(b"NIX_BUILD_ID_STYLE");
        let flag = [b"--build-id=", style.unwrap_or(b"sha1")].concat();
        args.push(Arg::new(flag, Origin::Rule("build id")));
    }
    Ok(Found {
        args,
        output,
        relocatable: is_looked_at && search.relocatable,
        is_32_bit: is_looked_at && search.is_32_bit,
    })
}

/// The output of a link with these arguments.
pub fn output<'c, A: Argument<'c>>(args: impl Iterator<Item = A>, parser: Parser) -> &'c [u8] {
    let outputs = parser
        .uses(args)
        .filter(|used| used.meaning == Meaning::Output);
    outputs
        .filter_map(|used| used.value)
        .last()
        .unwrap_or(OUTPUT)
}
