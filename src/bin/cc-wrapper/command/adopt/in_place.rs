//! Adopts a wrapper in place. The root works after each step:
//!
//! 1. Add the binary and `toolchain.json`, which no script reads.
//! 2. Replace each script by a link to the binary, with a rename.
//! 3. Remove nixpkgs' text from the hook whose effect cc-wrapper has built in.
//!    The scripts need it until then.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cc_wrapper::machine::linker_shim;
use cc_wrapper::model::error::broken_toolchain;
use cc_wrapper::model::toolchain::{ToolKind, Toolchain};
use nix::unistd::{AccessFlags, access};

use super::bin::What;
use super::half::{BuiltIn, Half, owned};
use super::lines::contains;
use super::{clang_target, darwin, script};
use crate::support::error::{Error, Result, cannot};
use crate::support::file_operation::Step;
use crate::support::foreign_file;
use crate::support::linker_shims;
use crate::support::self_binary::{BINARY, TOOLCHAIN};
use crate::support::show::shown;

/// The steps that adopt the half.
///
/// # Errors
/// A script that is kept needs a hook that must be removed.
pub fn steps(half: &mut Half, link_to: Option<&Path>) -> Result<Vec<Step>> {
    leave_hook_to_scripts(half)?;
    let mut toolchain = half.toolchain.clone();
    let bintools = half.bintools.as_ref();
    toolchain.bintools = bintools.map(|path| owned(path.as_os_str().as_bytes()));
    let mut steps = Vec::new();
    if link_to.is_none() {
        steps.push(Step::Binary(half.root.join("bin").join(BINARY)));
    }
    steps.push(Step::Write(half.root.join(TOOLCHAIN), toolchain.to_json()));
    let target = link_to.unwrap_or(Path::new(BINARY));
    for entry in half.entries.iter().filter(|entry| entry.what == What::Tool) {
        let place = half.root.join("bin").join(&entry.name);
        steps.push(Step::Link(place, target.to_path_buf()));
    }
    if half.is_linkers {
        steps.extend(linker_shims(&half.root, target));
    }
    steps.extend(half.built_in.as_ref().map(|hook| trim(&half.root, hook)));
    Ok(steps)
}

/// The steps that an interrupted run has left to do in a root with a
/// `toolchain.json`.
///
/// # Errors
/// That file is broken.
pub fn rest(root: &Path, link_to: Option<&Path>) -> Result<Vec<Step>> {
    let path = root.join(TOOLCHAIN);
    let text = foreign_file::read(&path).map_err(cannot("read", &path))?;
    let toolchain = Toolchain::parse(&text).map_err(|error| {
        Error::from(broken_toolchain(path.as_os_str().as_bytes(), &error))
            .remedy("correct it, or remove it")
    })?;
    let bin = root.join("bin");
    let target = link_to.unwrap_or(Path::new(BINARY));
    let mut steps = Vec::new();
    for tool in &toolchain.tools {
        let place = bin.join(std::ffi::OsStr::from_bytes(&tool.name));
        let text = foreign_file::script(&place).ok().flatten();
        let text = text.filter(|_| !place.is_symlink());
        if text
            .and_then(|text| script::read(&text))
            .is_some_and(|it| it.is_ok())
        {
            steps.push(Step::Link(place, target.to_path_buf()));
        }
    }
    if !steps.is_empty() && link_to.is_none() && !bin.join(BINARY).exists() {
        steps.insert(0, Step::Binary(bin.join(BINARY)));
    }
    if has_linkers(&toolchain) {
        steps.extend(linker_shims(root, target));
    }
    steps.extend(built_in(root, &toolchain).map(|hook| trim(root, &hook)));
    Ok(steps)
}

/// The steps that create missing linker shims (docs/glossary.md).
fn linker_shims(root: &Path, binary: &Path) -> Vec<Step> {
    let directory = root.join(linker_shim::DIRECTORY);
    let target = linker_shims::target(binary);
    let missing = linker_shims::places(root).filter(|place| !place.is_symlink());
    let links = missing.map(|place| Step::Link(place, target.clone()));
    let made = (!directory.exists()).then(|| Step::Directory(directory.clone()));
    made.into_iter().chain(links).collect()
}

fn has_linkers(toolchain: &Toolchain) -> bool {
    let mut tools = toolchain.tools.iter();
    tools.any(|tool| *tool.kind == *ToolKind::Ld.name().as_bytes())
}

/// The hook whose effect `toolchain` includes.
fn built_in(root: &Path, toolchain: &Toolchain) -> Option<BuiltIn> {
    let support = root.join("nix-support");
    if has_linkers(toolchain) {
        let text = foreign_file::read(&support.join(darwin::FILE)).ok()?;
        let flags = darwin::of_linker(&text, &toolchain.suffix_salt)?;
        return toolchain.darwin.is_some().then(|| BuiltIn {
            file: darwin::FILE,
            rest: text[flags.end..].to_vec(),
        });
    }
    let text = foreign_file::read(&support.join(clang_target::FILE)).ok()?;
    let target = clang_target::read(&text)?;
    (target.default_target == *toolchain.default_target).then(|| BuiltIn {
        file: clang_target::FILE,
        rest: text[target.end..].to_vec(),
    })
}

fn trim(root: &Path, hook: &BuiltIn) -> Step {
    let path = root.join("nix-support").join(hook.file);
    if hook.has_rest() {
        Step::Write(path, hook.rest.clone())
    } else {
        Step::Remove(path)
    }
}

/// If a script that is kept reads the hook, keeps the hook unchanged and lets
/// cc-wrapper run it instead of the built-in equivalent.
///
/// # Errors
/// The half is a linker half, whose hook cannot be kept.
fn leave_hook_to_scripts(half: &mut Half) -> Result<()> {
    let Some(file) = half.built_in.as_ref().map(|hook| hook.file) else {
        return Ok(());
    };
    let reads = half.entries.iter().find(|entry| {
        let text = foreign_file::read(&half.root.join("bin").join(&entry.name));
        matches!(entry.what, What::Script(_)) && text.is_ok_and(|text| contains(&text, file))
    });
    let Some(script) = reads else {
        return Ok(());
    };
    if half.is_linkers {
        return Err(Error::new(format!(
            "{}: bin/{} is in an unknown format and needs nix-support/{file} unchanged",
            shown(&half.root),
            shown(&script.name)
        ))
        .remedy("create a new root with --out"));
    }
    half.built_in = None;
    let toolchain = &mut half.toolchain;
    toolchain.default_target = owned(b"");
    toolchain.explicit_abi = owned(b"");
    toolchain.machine_flags.clear();
    Ok(())
}

/// # Errors
/// A directory to change is read-only, or a directory has the binary's name.
pub fn check_writable(root: &Path) -> Result<()> {
    for directory in [root.join("bin"), root.join("nix-support")] {
        let metadata = fs::metadata(&directory).map_err(cannot("read", &directory))?;
        // The superuser could write a directory without write permission, but it
        // belongs to a store then.
        let mode = metadata.permissions().mode();
        if mode & 0o222 == 0 || access(&directory, AccessFlags::W_OK).is_err() {
            return Err(Error::about(&directory, "is not writable")
                .remedy("create a new root with --out, or run this where the wrapper is built"));
        }
    }
    let binary = root.join("bin").join(BINARY);
    if binary.is_dir() {
        return Err(Error::about(
            &binary,
            "is a directory, but the program must be placed there",
        )
        .remedy("move it away first"));
    }
    Ok(())
}
