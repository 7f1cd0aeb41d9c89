//! `cc-wrapper adopt [DIR]`: turns a bash wrapper of nixpkgs into a root
//! (docs/glossary.md: adopt, half, root). docs/commands.md describes the
//! command.

mod arguments;
mod bin;
pub mod clang_target;
mod copy;
pub mod darwin;
mod half;
pub mod hardening;
mod in_place;
pub mod known;
mod lines;
mod report;
pub mod script;
pub mod shell;
mod statements;

use self::copy::{Copy, Moved};
use self::half::{Half, owned};
use crate::support::error::{Error, Result, cannot};
use crate::support::file_operation::Step;
use crate::support::install::{LINKER_HALF, Staging};
use crate::support::paths::canonical;
use crate::support::self_binary::{BINARY, TOOLCHAIN};
use crate::support::show::shown;
use crate::support::summary::{quoted, row};
use crate::support::{file_operation, interrupt, owner, paths, self_binary};
use cc_wrapper::machine::linker_shim;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

pub use arguments::{Arguments, HELP};

/// Runs the command and returns its report for standard output.
///
/// # Errors
/// Returns the reason why the wrapper cannot be adopted. No file has changed
/// then, unless the disk became full while a wrapper was adopted in place.
pub fn run(arguments: &Arguments) -> Result<Vec<u8>> {
    let (dir, called) = arguments.wrapper()?;
    let link_to = arguments.link_to()?;
    interrupt::watch();
    let root = wrapper(&dir, &called)?;
    owner::check_root(&root)?;
    let (link_to, is_ours) = (link_to.as_deref(), root.join(TOOLCHAIN).exists());
    match &arguments.to.out {
        None if is_ours => finish(&root, link_to),
        None => turn_over(half::read(&root, &called)?, link_to),
        Some(_) if is_ours => {
            let what = format!("{called} is a root of cc-wrapper already");
            Err(Error::new(what).remedy("use it unchanged"))
        }
        Some(new) => lay_out(half::read(&root, &called)?, new, link_to),
    }
}

/// The resolved root of the wrapper.
///
/// # Errors
/// The directory does not exist, or has no `bin` or `nix-support`.
fn wrapper(dir: &Path, called: &str) -> Result<PathBuf> {
    if !dir.exists() {
        return Err(Error::new(format!("{called} does not exist"))
            .remedy("give a wrapper that exists; this one may have been garbage-collected"));
    }
    if !dir.is_dir() {
        return Err(Error::new(format!("{called} is not a directory"))
            .remedy("give the directory that contains the wrapper's bin"));
    }
    let root = fs::canonicalize(dir).map_err(cannot("resolve", dir))?;
    for needed in ["bin", "nix-support"] {
        if !root.join(needed).is_dir() {
            return Err(Error::new(format!("{called} is not a nixpkgs wrapper"))
                .because(format!("it has no {needed}"))
                .remedy("give one, or wrap other compilers with `cc-wrapper wrap`"));
        }
    }
    Ok(root)
}

/// Creates a new root at `new`, with the linker half in it.
fn lay_out(mut half: Half, new: &Path, link_to: Option<&Path>) -> Result<Vec<u8>> {
    let (linkers, note) = linkers(&half)?;
    check_place(new, &half, linkers.as_ref())?;
    let staging = Staging::beside(new)?;
    let (root, place) = (staging.root(), staging.place().to_path_buf());
    let inner = Path::new(LINKER_HALF);
    let mut moved = vec![Moved {
        half: &half,
        to: place.clone(),
    }];
    if let Some(linkers) = &linkers {
        moved.push(Moved {
            half: linkers,
            to: place.join(inner),
        });
    }
    let mut left_out = Copy {
        half: &half,
        root: &root,
        binary: link_to.unwrap_or(Path::new(BINARY)),
        linkers: linkers.as_ref().map(|half| (half, inner)),
        moved: &moved,
    }
    .make()?;
    if let Some(linkers) = &linkers {
        let up = Path::new("../../bin").join(BINARY);
        let inner_copy = Copy {
            half: linkers,
            root: &root.join(inner),
            binary: link_to.unwrap_or(&up),
            linkers: None,
            moved: &moved,
        };
        left_out.extend(inner_copy.make()?);
        let toolchain = root.join(inner).join(TOOLCHAIN);
        copy::write(&toolchain, &linkers.toolchain.to_json())?;
    }
    half.toolchain.bintools = match &linkers {
        Some(_) => Some(owned(LINKER_HALF.as_bytes())),
        None => half
            .bintools
            .as_ref()
            .map(|path| owned(path.as_os_str().as_bytes())),
    };
    copy::write(&root.join(TOOLCHAIN), &half.toolchain.to_json())?;
    if link_to.is_none() {
        self_binary::copy_to(&root.join("bin").join(BINARY))?;
    }

    let mut out = b"adopted ".to_vec();
    out.extend(quoted(&half.root));
    out.extend_from_slice(b"\n");
    report::half(&mut out, &half);
    if let Some(linkers) = &linkers {
        report::half(&mut out, linkers);
    }
    row(&mut out, "left alone", &note.unwrap_or_default());
    for (path, kind) in left_out {
        row(&mut out, "left out", &format!("{} ({kind})", shown(&path)));
    }
    report::use_it(&mut out, &paths::absolute(new)?);
    interrupt::check()?;
    staging.install()?;
    Ok(out)
}

/// # Errors
/// The new root would be inside an old one, or its path has white space, which
/// stdenv does not support.
fn check_place(new: &Path, half: &Half, linkers: Option<&Half>) -> Result<()> {
    let new = paths::absolute(new)?;
    let mut above = new.ancestors().filter(|path| path.exists());
    let exists = above.next().map(Path::to_path_buf).unwrap_or_default();
    let place = canonical(&exists);
    let is_old = new == exists;
    for old in [Some(half), linkers].into_iter().flatten() {
        if place.starts_with(&old.root) && !(is_old && place == old.root) {
            return Err(
                Error::about(&new, format!("is inside the old root {}", shown(&old.root)))
                    .remedy("give a directory elsewhere"),
            );
        }
    }
    if paths::has_white_space(&new) {
        return Err(Error::about(
            &new,
            "has white space, which stdenv's setup hooks do not support",
        )
        .remedy("give another directory"));
    }
    Ok(())
}

/// The linker half to copy into the new root, or the reason why it cannot be
/// adopted. Both are `None` if there is no separate linker half, or if it is
/// adopted already.
///
/// # Errors
/// The linker half does not exist any more.
fn linkers(half: &Half) -> Result<(Option<Half>, Option<String>)> {
    let Some(root) = linkers_root(half)? else {
        return Ok((None, None));
    };
    let called = shown(half.bintools.as_deref().unwrap_or(&root));
    let called = called.to_string();
    if root == half.root || root.join(TOOLCHAIN).exists() {
        return Ok((None, None));
    }
    owner::check_root(&root)?;
    match half::read(&root, &called) {
        Ok(linkers) if linkers.is_linkers => Ok((Some(linkers), None)),
        Ok(_) => Ok((None, Some(format!("{called} contains no linkers")))),
        Err(error) => Ok((None, Some(error.line().to_owned()))),
    }
}

/// The resolved root of the linker half; `None` if `half` is the linker half.
///
/// # Errors
/// It does not exist any more.
fn linkers_root(half: &Half) -> Result<Option<PathBuf>> {
    let Some(path) = &half.bintools else {
        return Ok(None);
    };
    if !path.exists() {
        let what = format!("needs its linker half {}", shown(path));
        return Err(Error::about(&half.root, what)
            .because("that does not exist, perhaps because it was garbage-collected")
            .remedy("adopt a wrapper whose linker half exists"));
    }
    Ok(Some(canonical(path)))
}

/// Adopts the wrapper in place.
fn turn_over(mut half: Half, link_to: Option<&Path>) -> Result<Vec<u8>> {
    // The linker half stays as it is, but without it the wrapper is useless.
    linkers_root(&half)?;
    in_place::check_writable(&half.root)?;
    let steps = in_place::steps(&mut half, link_to)?;
    let mut out = b"adopted ".to_vec();
    out.extend(quoted(&half.root));
    out.extend_from_slice(b" in place\n");
    report::half(&mut out, &half);
    interrupt::check()?;
    interrupt::finish();
    take(&half.root, &steps)?;
    Ok(out)
}

/// Does the steps that an interrupted run in place has left. If there are none,
/// reports that the root is adopted already.
fn finish(root: &Path, link_to: Option<&Path>) -> Result<Vec<u8>> {
    let steps = in_place::rest(root, link_to)?;
    let mut out = quoted(root);
    if steps.is_empty() {
        out.extend_from_slice(b" is a root of cc-wrapper already\n");
        return Ok(out);
    }
    in_place::check_writable(root)?;
    interrupt::check()?;
    interrupt::finish();
    take(root, &steps)?;
    out.extend_from_slice(b" was adopted in part before; this run did the rest\n");
    Ok(out)
}

fn take(root: &Path, steps: &[Step]) -> Result<()> {
    for directory in ["bin", "nix-support", linker_shim::DIRECTORY] {
        file_operation::tidy(&root.join(directory));
    }
    file_operation::take(steps)
}
