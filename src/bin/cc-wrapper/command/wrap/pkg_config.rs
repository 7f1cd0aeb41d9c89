//! pkg-config, which belongs to no compiler.

use cc_wrapper::model::tool_name::ToolName;
use cc_wrapper::model::toolchain::ToolKind;

use super::find::{Found, Search};
use super::triple::Triple;

/// The programs on PATH that know `target`'s libraries.
pub fn of(search: &Search, target: &Triple) -> Vec<Found> {
    let native = target.is_native();
    let (found, _) = search.all(|name| {
        ToolName::parse(name).is_some_and(|name| {
            name.kind == Some(ToolKind::PkgConfig)
                && name.version.is_empty()
                && name.target().map_or(native, |prefix| target.same(prefix))
        })
    });
    found
}
