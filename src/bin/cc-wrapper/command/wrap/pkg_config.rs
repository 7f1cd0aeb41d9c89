//! Finds pkg-config programs for a root.

use cc_wrapper::model::tool_name::ToolName;
use cc_wrapper::model::toolchain::ToolKind;

use super::find::{Found, Search};
use crate::support::triple::Triple;

/// The pkg-config programs for `target`, without those whose names have a
/// version.
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
