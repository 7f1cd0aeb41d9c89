//! What each half of a toolchain collects, and the flag files it reads along
//! with it. A mark tells that a wrapper further up has done so already.

use alloc::vec::Vec;

use super::{FlagFiles, Text, Variables};
use crate::error::Error;
use crate::event::Log;
use crate::plan::{Origin, Suffix};
use crate::toolchain::Toolchain;

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

const LINKER_MARK: &str = "NIX_BINTOOLS_WRAPPER_FLAGS_SET";
const COMPILER_MARK: &str = "NIX_CC_WRAPPER_FLAGS_SET";
const GNAT_MARK: &str = "NIX_GNAT_WRAPPER_EXTRA_FLAGS_SET";

/// Collects the linker half's variables.
///
/// # Errors
/// A flag file that is there cannot be read.
pub fn linker_half(
    variables: &mut Variables,
    toolchain: &Toolchain,
    files: FlagFiles,
    roles: &[Suffix],
    log: &mut Log,
) -> Result<(), Error> {
    if variables.is_marked(LINKER_MARK) {
        return Ok(());
    }
    for name in LINKER_LISTS {
        variables.collect_list(name, roles, log);
    }
    for name in LINKER_BOOLEANS {
        variables.collect_boolean(name, roles, log);
    }
    default_hardening(variables, toolchain, roles);
    append_file(variables, "NIX_LDFLAGS", files, "libc-ldflags")?;
    if variables.list("NIX_DYNAMIC_LINKER").is_empty() && files.exists("ld-set-dynamic-linker") {
        if let Some(path) = files.read("dynamic-linker")? {
            let origin = Origin::FlagFile("dynamic-linker");
            *variables.list_mut("NIX_DYNAMIC_LINKER") = Text::new(&path, origin);
        }
    }
    prepend_file(
        variables,
        "NIX_LDFLAGS_BEFORE",
        files,
        "libc-ldflags-before",
    )?;
    variables.mark(LINKER_MARK);
    Ok(())
}

/// A root may have a default for calls that say nothing about hardening.
fn default_hardening(variables: &mut Variables, toolchain: &Toolchain, roles: &[Suffix]) {
    if let Some(default) = &toolchain.default_hardening {
        if !variables.is_set(HARDENING_ENABLE, roles) {
            let names: Vec<&[u8]> = default.iter().map(|name| &**name).collect();
            let text = Text::new(&names.join(&b' '), Origin::Rule("default hardening"));
            *variables.list_mut(HARDENING_ENABLE) = text;
        }
    }
}

/// What the compiler half needs besides the variables.
pub struct Compiler<'a> {
    pub files: FlagFiles<'a>,
    /// `<bintools root>/bin`, to be put first on PATH.
    pub linker_directory: Option<Vec<u8>>,
    /// Put it there again where another tool has put its own before it, as
    /// gnatmake does.
    pub keeps_linker_first: bool,
    /// False after `-nostdinc`.
    pub c_includes: bool,
    /// Put before NIX_CFLAGS_COMPILE_BEFORE (§7).
    pub min_version: Option<Vec<u8>>,
}

/// Collects the compiler half's variables, the linker half's being there.
///
/// # Errors
/// A flag file that is there cannot be read.
pub fn compiler_half(
    variables: &mut Variables,
    half: Compiler,
    roles: &[Suffix],
    log: &mut Log,
) -> Result<(), Error> {
    if variables.is_marked(COMPILER_MARK) {
        if let Some(directory) = half.linker_directory.filter(|_| half.keeps_linker_first) {
            if !variables.is_first_on_path(&directory) {
                variables.prepend_path(&directory);
            }
        }
        return Ok(());
    }
    for name in COMPILER_LISTS {
        variables.collect_list(name, roles, log);
    }
    for name in COMPILER_BOOLEANS {
        variables.collect_boolean(name, roles, log);
    }
    if let Some(directory) = half.linker_directory {
        variables.prepend_path(&directory);
    }
    let files = half.files;
    prepend_file(variables, "NIX_CFLAGS_COMPILE", files, "cc-cflags")?;
    if half.c_includes {
        prepend_file(variables, "NIX_CFLAGS_COMPILE", files, "libc-cflags")?;
    }
    prepend_file(variables, "NIX_CFLAGS_COMPILE", files, "libc-crt1-cflags")?;
    append_file(variables, "NIX_CXXSTDLIB_COMPILE", files, "libcxx-cxxflags")?;
    append_file(variables, "NIX_CXXSTDLIB_LINK", files, "libcxx-ldflags")?;
    prepend_file(variables, "NIX_GNATFLAGS_COMPILE", files, "gnat-cflags")?;
    append_file(variables, "NIX_LDFLAGS", files, "cc-ldflags")?;
    prepend_file(
        variables,
        "NIX_CFLAGS_COMPILE_BEFORE",
        files,
        "cc-cflags-before",
    )?;
    if let Some(flag) = half.min_version {
        let before = variables.list_mut("NIX_CFLAGS_COMPILE_BEFORE");
        before.prepend(&flag, Origin::Rule("Darwin minimum version"));
    }
    variables.mark(COMPILER_MARK);
    Ok(())
}

/// Collects what gnat tools have in addition (§8). `root` is the compiler
/// half's.
pub fn gnat_half(
    variables: &mut Variables,
    root: Option<&[u8]>,
    min_version: Option<Vec<u8>>,
    roles: &[Suffix],
    log: &mut Log,
) {
    if variables.is_marked(GNAT_MARK) {
        return;
    }
    variables.collect_list("NIX_GNATMAKE_CARGS", roles, log);
    let cargs = variables.list_mut("NIX_GNATMAKE_CARGS");
    if let Some(root) = root {
        let flag = [b" -B", root, b"/bin/"].concat();
        cargs.append(&flag, Origin::Rule("wrapped linker"));
    }
    if let Some(flag) = min_version {
        cargs.prepend(&flag, Origin::Rule("Darwin minimum version"));
    }
    variables.mark(GNAT_MARK);
}

fn prepend_file(
    variables: &mut Variables,
    list: &'static str,
    files: FlagFiles,
    file: &'static str,
) -> Result<(), Error> {
    if let Some(text) = files.read(file)? {
        variables
            .list_mut(list)
            .prepend(&text, Origin::FlagFile(file));
    }
    Ok(())
}

fn append_file(
    variables: &mut Variables,
    list: &'static str,
    files: FlagFiles,
    file: &'static str,
) -> Result<(), Error> {
    if let Some(text) = files.read(file)? {
        let list = variables.list_mut(list);
        list.append(b" ", Origin::FlagFile(file));
        list.append(&text, Origin::FlagFile(file));
    }
    Ok(())
}
