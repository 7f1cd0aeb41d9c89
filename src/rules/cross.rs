//! Calls of a root for another machine: its sysroot, and directories of this
//! machine that such a call must not name (docs/differences.md#other-machines).

use alloc::vec::Vec;

use crate::machine::symlinks::resolve;
use crate::machine::world::World;
use crate::model::argument::{Arg, Origin};
use crate::model::call::Call;
use crate::model::error::Error;
use crate::model::event::Event;
use crate::options::meaning::Meaning;
use crate::options::{Argument, Parser};
use crate::planning::log::Log;

/// The option for the toolchain's sysroot, unless the caller gives one.
pub fn sysroot<'a>(params: &[Arg], call: &Call, parser: Parser) -> Option<Arg<'a>> {
    let sysroot = call.sysroot()?;
    let mut given = parser.uses(params.iter());
    if given.any(|used| used.meaning == Meaning::Sysroot) {
        return None;
    }
    let option = [b"--sysroot=", &sysroot[..]].concat();
    Some(Arg::new(option, Origin::Rule("sysroot")))
}

/// Refuses directories of this machine among the caller's arguments, or warns
/// of them.
///
/// # Errors
/// The first such directory, unless the root allows them.
pub fn check_directories(
    params: &[Arg],
    call: &Call,
    parser: Parser,
    world: &dyn World,
    log: &mut Log,
) -> Result<(), Error> {
    let host = &call.toolchain.host_directories;
    if host.is_empty() {
        return Ok(());
    }
    for used in parser.uses(params.iter()) {
        if !matches!(
            used.meaning,
            Meaning::IncludeDirectory
                | Meaning::SystemIncludeDirectory
                | Meaning::OtherIncludeDirectory
                | Meaning::LibraryDirectory
        ) {
            continue;
        }
        let Some(directory) = used.value.filter(|value| value.starts_with(b"/")) else {
            continue;
        };
        let real: Vec<u8> = resolve(directory, world, |_| false).unwrap_or_default();
        if !host.iter().any(|host| **host == real) {
            continue;
        }
        let argument = used.argument.bytes();
        let option = match used.is_separate {
            true => argument,
            false => &argument[..argument.len() - directory.len()],
        };
        let (option, directory) = (option.to_vec(), directory.to_vec());
        if !call.toolchain.allow_host_directories {
            return Err(Error::HostDirectory { option, directory });
        }
        log.push(Event::HostDirectory { option, directory });
    }
    Ok(())
}
