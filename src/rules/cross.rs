//! Calls of a root for another machine: its sysroot, and directories of this
//! machine that such a call must not name (docs/differences.md#other-machines).

use alloc::vec::Vec;

use crate::machine::symlinks::resolve;
use crate::machine::world::World;
use crate::model::argument::{Arg, Origin};
use crate::model::call::Call;
use crate::model::error::Error;
use crate::model::event::Event;
use crate::options::linker::BFD;
use crate::options::meaning::Meaning;
use crate::options::{Argument, Parser};
use crate::planning::log::Log;
use crate::text::Bytes;

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
    let linker = || Parser::for_linker(BFD);
    for used in parser.uses(params.iter()) {
        let argument = used.argument.bytes();
        let found = match (used.meaning, used.value) {
            (Meaning::LinkerList | Meaning::LinkerArgument, Some(list)) => {
                let words = list.split(|&b| b == b',');
                let mut uses = linker().uses(words);
                uses.find_map(|used| named(used.meaning, used.value, host, world))
            }
            (meaning, value) => named(meaning, value, host, world),
        };
        let Some(directory) = found else { continue };
        let option = match argument.strip_suffix(&*directory) {
            Some(option) if !option.is_empty() => option,
            _ => argument,
        };
        let option = option.to_vec();
        if !call.toolchain.allow_host_directories {
            return Err(Error::HostDirectory { option, directory });
        }
        log.push(Event::HostDirectory { option, directory });
    }
    Ok(())
}

/// Returns the directory of this machine that an option names, in the spelling of
/// the option.
fn named(
    meaning: Meaning,
    value: Option<&[u8]>,
    host: &[Bytes],
    world: &dyn World,
) -> Option<Vec<u8>> {
    let is_directory = matches!(
        meaning,
        Meaning::IncludeDirectory
            | Meaning::SystemIncludeDirectory
            | Meaning::OtherIncludeDirectory
            | Meaning::LibraryDirectory
            | Meaning::Prefix
    );
    let directory = value.filter(|value| is_directory && value.starts_with(b"/"))?;
    let real = resolve(directory, world, |_| false)?;
    host.iter()
        .any(|host| **host == real)
        .then(|| directory.to_vec())
}
