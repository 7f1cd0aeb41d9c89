//! Links that no wrapped linker will see: the driver call does its work.
//!
//! The built-in toolchain has no linker of its own, nor a front end to stand
//! before another. There the driver's own command line must say what the linker
//! half (§3) would have added.

use alloc::vec::Vec;

use crate::model::argument::{Arg, Command};
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::planning::context::Context;
use crate::planning::flag_files::FlagFiles;
use crate::rules::link_additions;
use crate::rules::link_type::LinkType;

/// A linker argument as the driver takes it.
pub fn pass(arg: Arg) -> Arg {
    Arg::new([b"-Wl,", &arg[..]].concat(), arg.origin)
}

/// The same, except that the driver too is told of library directories.
pub fn pass_directory(arg: Arg) -> Arg {
    if arg.starts_with(b"-L/") {
        arg
    } else {
        pass(arg)
    }
}

/// Adds to a driver call what the wrapped linker would have added to the
/// link.
///
/// # Errors
/// A flag file that is there cannot be read.
pub fn do_linkers_work<'a>(
    command: &mut Command<'a>,
    link_type: LinkType,
    context: &mut Context<'_, 'a>,
) -> Result<(), Error> {
    let call = context.call;
    let hardening = link_additions::hardening_flags(context).into_iter();
    command.before.extend(hardening.flat_map(pass_exactly));
    let last = context.variables.list("NIX_LDFLAGS_AFTER").args();
    let last = link_type.filter(last, context.log).into_iter();
    command.after.extend(last.map(pass_directory));

    let view = linkers_view(command, call.environment);
    let view = view.iter().map(|arg| &arg[..]);
    let files = FlagFiles::asked_for(call.bintools, context.world);
    let found = link_additions::from_libraries(view, link_type, &files, context)?;
    command
        .after
        .extend(found.args.into_iter().flat_map(pass_exactly));
    Ok(())
}

/// A linker argument as the driver takes it, whatever is in it.
fn pass_exactly(arg: Arg) -> Vec<Arg> {
    if arg.contains(&b',') {
        let option = Arg::new(&b"-Xlinker"[..], arg.origin.clone());
        return Vec::from([option, arg]);
    }
    Vec::from([pass(arg)])
}

/// What of a driver's command line reaches the linker, as far as §3.6 reads
/// it.
pub fn linkers_view(command: &Command, environment: &Environment) -> Vec<Vec<u8>> {
    let mut view = of_arguments(command.args());
    let library_path = environment.get(b"LIBRARY_PATH").unwrap_or(b"");
    for directory in library_path.split(|&b| b == b':').filter(|d| !d.is_empty()) {
        view.push([b"-L", directory].concat());
    }
    view
}

fn of_arguments<'p>(mut args: impl Iterator<Item = &'p Arg<'p>>) -> Vec<Vec<u8>> {
    let mut view = Vec::new();
    while let Some(arg) = args.next() {
        match &arg[..] {
            b"-m32" => view.push(b"-melf_i386".to_vec()),
            b"-m64" => view.push(b"-melf_x86_64".to_vec()),
            b"-r" | b"-static" | b"-L" | b"-l" | b"-o" => view.push(arg.to_vec()),
            b"--library-directory" => view.push(b"-L".to_vec()),
            b"--output" => view.push(b"-o".to_vec()),
            b"-Xlinker" | b"--for-linker" => view.extend(args.next().map(|arg| arg.to_vec())),
            [b'-', b'L' | b'l' | b'o', ..] => view.push(arg.to_vec()),
            [b'-', b'W', b'l', b',', list @ ..] => {
                view.extend(list.split(|&b| b == b',').map(<[u8]>::to_vec));
            }
            [b'-', ..] => {
                if arg.starts_with(b"--output=") {
                    view.push(arg.to_vec());
                }
                if let Some(directory) = arg.strip_prefix(b"--library-directory=") {
                    view.push([b"-L", directory].concat());
                }
                view.extend(arg.strip_prefix(b"--for-linker=").map(<[u8]>::to_vec));
            }
            _ => view.push(arg.to_vec()),
        }
    }
    view
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::argument::Origin;

    fn args(words: &'static str) -> Vec<Arg<'static>> {
        words
            .split(' ')
            .map(|word| Arg::new(word.as_bytes(), Origin::User(1)))
            .collect()
    }

    #[test]
    fn the_linker_sees_through_the_driver() {
        let args = args(
            "-O2 -L/a -Wl,-L,/b,-lc -Xlinker -ld x.o -L /e -l f -m32 -Ifoo --library-directory=/g --for-linker=-lh -oa --output b --output=c",
        );
        let view = of_arguments(args.iter());
        let want = b"-L/a -L /b -lc -ld x.o -L /e -l f -melf_i386 -L/g -lh -oa -o b --output=c";
        assert_eq!(view.join(&b' '), want);
    }
}
