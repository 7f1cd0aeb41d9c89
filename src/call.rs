//! A call of a tool, and the rules that apply to it.

use alloc::format;
use alloc::vec::Vec;

use crate::environment::{number, number_or_one, Environment, Variables};
use crate::error::Error;
use crate::event::Log;
use crate::plan::{Arg, Plan, ResponseFile};
use crate::toolchain::{Bytes, Family, Role, Tool, Toolchain};
use crate::world::World;
use crate::{compiler, gnat, linker, neighbours};

/// Counts how many wrapped calls a process descends from.
const DEPTH: &[u8] = b"CC_WRAPPER_DEPTH";

/// From this depth on it is checked whether the real tool is ourselves. A
/// compiler that calls a linker that calls a compiler stays well below.
const SUSPICIOUS: i64 = 8;

/// No chain of compilers and linkers is this long.
const ENDLESS: i64 = 64;

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

/// Decides what a call becomes.
///
/// # Errors
/// See [`Error`]; what there was to tell before is in the log.
pub fn plan<'a>(call: &Call<'a>, world: &'a dyn World, log: &mut Log) -> Result<Plan<'a>, Error> {
    if let Some(value) = call.environment.get(b"NIX_DEBUG") {
        log.debug = number_or_one(b"NIX_DEBUG", value, log);
    }
    let depth = depth(call, world)?;
    log.trace(&[
        &*call.tool.name,
        b" has the role ",
        call.role.name().as_bytes(),
    ]);
    let mut plan = match call.role {
        Role::Cc | Role::Cxx | Role::Cpp | Role::Fortran => compiler::plan(call, world, log),
        Role::Ld => linker::plan(call, world, log),
        Role::Gnat => gnat::plan(call, world, log),
        Role::Strip => Ok(neighbours::strip(call)),
        Role::Ranlib => Ok(neighbours::ranlib(call)),
    }?;
    let next = format!("{}", depth + 1).into_bytes();
    plan.environment.push((DEPTH.to_vec(), next));
    plan.debug = log.debug;
    plan.events = core::mem::take(&mut log.events);
    Ok(plan)
}

/// # Errors
/// The call leads back to itself.
fn depth(call: &Call, world: &dyn World) -> Result<i64, Error> {
    let depth = call.environment.get(DEPTH).and_then(number).unwrap_or(0);
    let program = &call.tool.program;
    if depth >= ENDLESS || depth >= SUSPICIOUS && world.same_program(program, call.executable) {
        let from = match call.root {
            Some(root) => [root, b"/nix-support/toolchain.json"].concat(),
            None => b"PATH".to_vec(),
        };
        return Err(Error::Loop {
            program: program.to_vec(),
            from,
        });
    }
    Ok(depth.max(0))
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
