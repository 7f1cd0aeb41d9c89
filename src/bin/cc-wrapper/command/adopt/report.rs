//! The report of `adopt` for standard output.

use std::path::Path;

use cc_wrapper::model::toolchain::ToolKind;

use super::bin::What;
use super::half::Half;
use crate::support::show::shown;
use crate::support::summary::{quoted, row, sorted};

/// Lists a half's tools, hooks, kept scripts and unknown lines.
pub fn half(out: &mut Vec<u8>, half: &Half) {
    let compilers = half.toolchain.compiler.name();
    let of = |fits: fn(ToolKind) -> bool| {
        let tools = half.toolchain.tools.iter();
        let tools = tools.filter(|tool| ToolKind::parse(&tool.kind).is_some_and(fits));
        sorted(tools.map(|tool| String::from_utf8_lossy(&tool.name).into_owned()))
    };
    row(out, compilers, &of(ToolKind::is_compiler));
    row(out, "gnat", &of(|kind| kind == ToolKind::Gnat));
    row(out, "linkers", &of(|kind| kind == ToolKind::Ld));
    row(
        out,
        "others",
        &of(|kind| matches!(kind, ToolKind::Strip | ToolKind::Ranlib)),
    );
    row(out, "hooks", &hooks(half));
    for entry in &half.entries {
        if let What::Script(why) = &entry.what {
            row(out, "left alone", &format!("{}: {why}", shown(&entry.name)));
        }
    }
    for line in &half.not_taken {
        row(out, "not taken", line);
    }
}

/// The names of hooks that packages have added.
fn hooks(half: &Half) -> String {
    let built_in = half.built_in.as_ref();
    let counts = |name: &&str| match built_in.filter(|hook| hook.file == *name) {
        Some(hook) => hook.has_rest(),
        None => half.root.join("nix-support").join(name).exists(),
    };
    let names: Vec<&str> = HOOKS.into_iter().filter(counts).collect();
    names.join(" ")
}

const HOOKS: [&str; 5] = [
    super::clang_target::FILE,
    "cc-wrapper-hook",
    super::darwin::FILE,
    "ld-wrapper-hook",
    "post-link-hook",
];

/// Adds the line that says how to use the root.
pub fn use_it(out: &mut Vec<u8>, root: &Path) {
    out.extend_from_slice(b"use it: PATH=");
    out.extend(quoted(&root.join("bin")));
    out.extend_from_slice(b":$PATH\n");
}
