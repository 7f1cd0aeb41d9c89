//! A call of a tool.

use alloc::vec::Vec;

use crate::environment::{number, Environment, Variables};
use crate::plan::{Arg, Plan, ResponseFile};
use crate::toolchain::{Bytes, Family, Role, Tool, Toolchain};

/// What was called, and as what.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The path that the kernel ran.
    pub executable: &'a [u8],
    pub toolchain: &'a Toolchain<'a>,
    pub tool: &'a Tool<'a>,
    pub role: Role,
    /// Absolute path of the root that the tool was found in; `None`: the
    /// built-in toolchain, which has no files.
    pub root: Option<&'a [u8]>,
    /// Absolute path of the linker half's root, likewise.
    pub bintools: Option<&'a [u8]>,
    /// Without the program's name.
    pub args: &'a [&'a [u8]],
    pub environment: &'a Environment<'a>,
}

impl<'a> Call<'a> {
    /// The family of the tool that is called.
    pub fn family(&self) -> Family {
        self.tool.compiler.unwrap_or(self.toolchain.compiler)
    }

    /// The hardening flags that it does not know.
    pub fn hardening_unsupported(&self) -> &'a [Bytes<'a>] {
        match &self.tool.hardening_unsupported {
            Some(unsupported) => unsupported,
            None => &self.toolchain.hardening_unsupported,
        }
    }

    /// The plan that calls the tool with these arguments.
    pub(crate) fn plan(
        &self,
        before: Vec<Arg<'a>>,
        params: Vec<Arg<'a>>,
        after: Vec<Arg<'a>>,
        variables: Variables,
    ) -> Plan<'a> {
        Plan {
            program: Bytes::Borrowed(&self.tool.program),
            before,
            params,
            after,
            environment: variables.into_exports(),
            events: Vec::new(),
            response_file: self.response_file(),
            debug: 0,
        }
    }

    /// §5: a variable overrides what the toolchain says.
    fn response_file(&self) -> ResponseFile {
        let variable: &[u8] = match self.role {
            Role::Ld => b"NIX_LD_USE_RESPONSE_FILE",
            role if role.is_compiler() => b"NIX_CC_USE_RESPONSE_FILE",
            // The others read none.
            _ => return ResponseFile::Never,
        };
        match self.environment.get(variable) {
            Some(value) if number(value).unwrap_or(1) >= 1 => ResponseFile::Always,
            Some(_) => ResponseFile::Never,
            None if self.toolchain.use_response_file == Some(true) => ResponseFile::Always,
            None => ResponseFile::WhenNeeded,
        }
    }
}
