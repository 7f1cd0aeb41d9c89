//! Builds the content of a root's `toolchain.json` (docs/toolchain.md).

use std::borrow::Cow;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use cc_wrapper::model::toolchain::{RoleMarkers, RpathPolicy, Tool, ToolKind, Toolchain};
use cc_wrapper::text::Bytes;

use super::arguments::Rpaths;
use super::bintools::Bintools;
use super::find::Found;
use super::run::Workshop;
use super::select::{Named, Selection};
use super::with::With;
use super::{hardening, run};
use crate::support::error::Result;
use crate::support::triple::Triple;

/// The input for `toolchain.json`.
pub struct Description<'a> {
    pub workshop: &'a Workshop,
    /// `None`: the target triple's.
    pub salt: Option<String>,
    pub store: &'a [PathBuf],
    pub hardening: Option<&'a [String]>,
    /// Absolute, or relative to the root.
    pub sysroot: Option<&'a Path>,
    pub allow_host_directories: bool,
    pub rpaths: &'a Rpaths,
    pub selection: &'a Selection,
    pub bintools: &'a Bintools,
    pub pkg_config: &'a [Found],
    /// For each compiler, whether it needs `-B` to find the root's linkers.
    pub by_prefix: &'a [bool],
    pub system_directories: &'a [PathBuf],
    pub with: &'a With,
}

impl<'a> Description<'a> {
    pub fn toolchain(&self) -> Result<Toolchain<'a>> {
        let compilers = &self.selection.compilers;
        let unsupported = run::of_each(compilers, |c| hardening::unsupported(self.workshop, c));
        let unsupported = unsupported.into_iter().collect::<Result<Vec<_>>>()?;
        let no_unused = run::of_each(compilers, |c| c.knows_no_unused_arguments(self.workshop));
        let no_unused = no_unused.into_iter().collect::<Result<Vec<_>>>()?;
        let main = self.selection.main();
        let target = self.selection.target();
        let salt = self.salt.clone().unwrap_or_else(|| target.salt());
        Ok(Toolchain {
            suffix_salt: Cow::Owned(salt.into_bytes()),
            compiler: main.identity.family,
            tools: self.tools(&unsupported, &no_unused),
            hardening_unsupported: strings(&unsupported[0]),
            role_markers: RoleMarkers::Optional,
            store: self.store.iter().map(|path| bytes(path)).collect(),
            system_library_directories: self
                .system_directories
                .iter()
                .map(|path| bytes(path))
                .collect(),
            other_machine: !target.is_native(),
            sysroot: self.sysroot.map_or(Cow::Borrowed(&[]), bytes),
            host_directories: match target.is_native() {
                true => Vec::new(),
                false => host_directories(),
            },
            allow_host_directories: self.allow_host_directories,
            rpath: RpathPolicy::parse(self.rpaths.policy.as_bytes()).unwrap_or_default(),
            rpath_exclude: os_strings(&self.rpaths.exclude),
            rpath_include: os_strings(&self.rpaths.include),
            default_hardening: self.hardening.map(strings),
            with: self.with.prefixes.iter().map(|path| bytes(path)).collect(),
            pkg_config_path: self
                .with
                .pkg_config
                .iter()
                .map(|path| bytes(path))
                .collect(),
            ..Toolchain::default()
        })
    }

    /// `unsupported`: for each compiler, the hardening flags it does not
    /// support. `no_unused`: whether each knows `--start-no-unused-arguments`.
    fn tools(&self, unsupported: &[Vec<&str>], no_unused: &[bool]) -> Vec<Tool<'a>> {
        let compilers = self.selection.names.iter();
        let compilers = compilers.map(|named| Tool {
            no_unused_arguments: no_unused[named.compiler],
            ..self.compiler(named, unsupported)
        });
        let mut tools: Vec<_> = compilers.collect();
        let gnat = self.selection.gnat.iter();
        let gnat = gnat.map(|found| tool(found.name.as_bytes(), ToolKind::Gnat, &found.program));
        tools.extend(gnat);
        let others = self.pkg_config.iter();
        let others =
            others.map(|found| tool(found.name.as_bytes(), ToolKind::PkgConfig, &found.program));
        tools.extend(others);
        let linkers = self.bintools.linkers.iter();
        tools.extend(linkers.map(|(name, program)| tool(name.as_bytes(), ToolKind::Ld, program)));
        tools.sort_by(|a, b| a.name.cmp(&b.name));
        tools
    }

    fn compiler(&self, named: &'a Named, unsupported: &[Vec<&str>]) -> Tool<'a> {
        let main = self.selection.main();
        let compiler = &self.selection.compilers[named.compiler];
        let family = compiler.identity.family;
        let (own, mains) = (&unsupported[named.compiler], &unsupported[0]);
        Tool {
            compiler: (family != main.identity.family).then_some(family),
            hardening_unsupported: (own != mains).then(|| strings(own)),
            linker_by_prefix: self.by_prefix[named.compiler] && compiler.kind != ToolKind::Cpp,
            ..tool(named.name.as_bytes(), compiler.kind, &named.program)
        }
    }
}

fn tool<'a>(name: &'a [u8], kind: ToolKind, program: &'a Path) -> Tool<'a> {
    Tool {
        name: Cow::Borrowed(name),
        kind: Cow::Borrowed(kind.name().as_bytes()),
        program: bytes(program),
        ..Tool::default()
    }
}

fn bytes(path: &Path) -> Bytes<'_> {
    Cow::Borrowed(path.as_os_str().as_bytes())
}

/// Directories with the headers and libraries of this machine, without
/// symlinks.
fn host_directories() -> Vec<Bytes<'static>> {
    let triple = Triple::of_machine();
    let own = [
        format!("/usr/include/{}", triple.as_str()),
        format!("/usr/lib/{}", triple.as_str()),
        format!("/usr/local/lib/{}", triple.as_str()),
    ];
    let common = [
        "/usr/include",
        "/usr/local/include",
        "/lib",
        "/lib64",
        "/usr/lib",
        "/usr/lib64",
        "/usr/local/lib",
        "/usr/local/lib64",
    ];
    let directories = common.into_iter().chain(own.iter().map(String::as_str));
    let mut real: Vec<_> = directories
        .filter_map(|directory| fs::canonicalize(directory).ok())
        .map(|directory| Cow::Owned(directory.into_os_string().into_vec()))
        .collect();
    real.sort();
    real.dedup();
    real
}

fn os_strings(list: &[OsString]) -> Vec<Bytes<'_>> {
    let bytes = list.iter().map(|item| item.as_bytes());
    bytes.map(Cow::Borrowed).collect()
}

fn strings<S: AsRef<str>>(list: &[S]) -> Vec<Bytes<'static>> {
    let owned = |item: &S| Cow::Owned(item.as_ref().as_bytes().to_vec());
    list.iter().map(owned).collect()
}
