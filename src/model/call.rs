//! A call of a wrapped tool.

use crate::model::environment::Environment;
use crate::model::toolchain::{Family, Tool, ToolKind, Toolchain};
use crate::options::{Parser, driver, linker};
use crate::text::Bytes;
use alloc::vec::Vec;

/// A call and the toolchain and tool that it belongs to.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The path that the kernel executed.
    pub executable: &'a [u8],
    /// The path of the link or program that led to the root: `executable`, or a
    /// later link of the same chain.
    pub hop: &'a [u8],
    pub toolchain: &'a Toolchain<'a>,
    pub tool: &'a Tool<'a>,
    pub kind: ToolKind,
    /// Absolute path of the tool's root. `None` for the built-in toolchain,
    /// which has no files.
    pub root: Option<&'a [u8]>,
    /// Absolute path of the linker half's root. `None` for the built-in
    /// toolchain.
    pub bintools: Option<&'a [u8]>,
    /// The arguments, without the program's name.
    pub args: &'a [&'a [u8]],
    pub environment: &'a Environment<'a>,
}

impl<'a> Call<'a> {
    /// The compiler family of the called tool.
    pub fn family(&self) -> Family {
        self.tool.compiler.unwrap_or(self.toolchain.compiler)
    }

    /// A parser for the options of the called compiler driver.
    pub fn driver_parser(&self) -> Parser {
        Parser::for_driver(match self.family() {
            Family::Gcc => driver::GCC,
            Family::Clang | Family::Arocc => driver::CLANG,
        })
    }

    /// A parser for the options of the called linker.
    pub fn linker_parser(&self) -> Parser {
        Parser::for_linker(linker::from_program(&self.tool.program))
    }

    /// The absolute path of the toolchain's sysroot, if it has one.
    pub fn sysroot(&self) -> Option<Vec<u8>> {
        match &*self.toolchain.sysroot {
            b"" => None,
            path @ [b'/', ..] => Some(path.to_vec()),
            path => Some([self.root?, b"/", path].concat()),
        }
    }

    /// The hardening flags that the called tool does not support.
    pub fn hardening_unsupported(&self) -> &'a [Bytes<'a>] {
        match &self.tool.hardening_unsupported {
            Some(unsupported) => unsupported,
            None => &self.toolchain.hardening_unsupported,
        }
    }
}
