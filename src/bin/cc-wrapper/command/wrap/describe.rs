//! A root's `toolchain.json`.

use std::borrow::Cow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::toolchain::{Bytes, Role, RoleMarkers, Tool, Toolchain};

use super::bintools::Bintools;
use super::run::{self, Workshop};
use super::select::{Named, Selection};
use crate::command::error::Result;

/// What `toolchain.json` is to say.
pub struct Description<'a> {
    pub workshop: &'a Workshop,
    /// `None`: the target's.
    pub salt: Option<String>,
    pub store: &'a [PathBuf],
    pub hardening: Option<&'a [String]>,
    pub selection: &'a Selection,
    pub bintools: &'a Bintools,
    pub by_prefix: &'a [bool],
    pub system_directories: &'a [PathBuf],
}

impl<'a> Description<'a> {
    pub fn toolchain(&self) -> Result<Toolchain<'a>> {
        // At once, not each when its turn comes.
        let compilers = &self.selection.compilers;
        for known in run::of_each(compilers, |c| c.unsupported(self.workshop).map(|_| ())) {
            known?;
        }
        let main = self.selection.main();
        let target = self.selection.target();
        let salt = self.salt.clone().unwrap_or_else(|| target.salt());
        Ok(Toolchain {
            suffix_salt: Cow::Owned(salt.into_bytes()),
            compiler: main.identity.family,
            tools: self.tools()?,
            hardening_unsupported: strings(main.unsupported(self.workshop)?),
            role_markers: RoleMarkers::Optional,
            store: self.store.iter().map(|path| bytes(path)).collect(),
            system_library_directories: self
                .system_directories
                .iter()
                .map(|path| bytes(path))
                .collect(),
            default_hardening: self.hardening.map(strings),
            ..Toolchain::default()
        })
    }

    fn tools(&self) -> Result<Vec<Tool<'a>>> {
        let mut tools = Vec::new();
        for named in &self.selection.names {
            tools.push(self.compiler(named)?);
        }
        let gnat = self.selection.gnat.iter();
        let gnat = gnat.map(|found| tool(found.name.as_bytes(), Role::Gnat, &found.program));
        tools.extend(gnat);
        let linkers = self.bintools.linkers.iter();
        tools.extend(linkers.map(|(name, program)| tool(name.as_bytes(), Role::Ld, program)));
        tools.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(tools)
    }

    fn compiler(&self, named: &'a Named) -> Result<Tool<'a>> {
        let main = self.selection.main();
        let compiler = &self.selection.compilers[named.compiler];
        let family = compiler.identity.family;
        let unsupported = compiler.unsupported(self.workshop)?;
        let differs = unsupported != main.unsupported(self.workshop)?;
        Ok(Tool {
            compiler: (family != main.identity.family).then_some(family),
            hardening_unsupported: differs.then(|| strings(unsupported)),
            linker_by_prefix: self.by_prefix[named.compiler] && compiler.role != Role::Cpp,
            ..tool(named.name.as_bytes(), compiler.role, &named.program)
        })
    }
}

fn tool<'a>(name: &'a [u8], role: Role, program: &'a Path) -> Tool<'a> {
    Tool {
        name: Cow::Borrowed(name),
        role: Cow::Borrowed(role.name().as_bytes()),
        program: bytes(program),
        ..Tool::default()
    }
}

fn bytes(path: &Path) -> Bytes<'_> {
    Cow::Borrowed(path.as_os_str().as_bytes())
}

fn strings<S: AsRef<str>>(list: &[S]) -> Vec<Bytes<'static>> {
    let owned = |item: &S| Cow::Owned(item.as_ref().as_bytes().to_vec());
    list.iter().map(owned).collect()
}
