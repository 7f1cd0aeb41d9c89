//! A call of a tool.

use crate::model::environment::Environment;
use crate::model::toolchain::{Family, Tool, ToolKind, Toolchain};
use crate::text::Bytes;

/// What was called, and as what.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The path that the kernel ran.
    pub executable: &'a [u8],
    pub toolchain: &'a Toolchain<'a>,
    pub tool: &'a Tool<'a>,
    pub kind: ToolKind,
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
}
