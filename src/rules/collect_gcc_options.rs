//! Keeps COLLECT_GCC_OPTIONS short. gcc passes all its options in this one
//! variable to the programs that it runs, and the kernel refuses strings of
//! more than 128 KiB. `-L` options that do not fit go directly to the linker.

use alloc::vec::Vec;

use crate::model::argument::{Arg, Command};
use crate::options::Parser;
use crate::options::driver::GCC;
use crate::options::meaning::Meaning;

/// The space for options. The rest is for options that gcc adds.
const ROOM: usize = 96 << 10;

/// The characters that gcc adds to each option.
const AROUND: usize = b"'' ".len();

/// Converts the last `-L` options, as far as they do not fit, to linker
/// options. The last ones are chosen because the linker then searches gcc's own
/// directories before them. With nixpkgs' wrappers, as with plain gcc, such a
/// call fails with "Argument list too long".
pub fn shorten(command: &mut Command) {
    let length = |arg: &[u8]| arg.len() + AROUND;
    if command.args().map(|arg| length(arg)).sum::<usize>() <= ROOM {
        return;
    }
    let mut used_room = 0;
    for used in Parser::for_driver(GCC).uses(command.args()) {
        match used.meaning {
            Meaning::LibraryDirectory => {}
            // gcc does not include these in COLLECT_GCC_OPTIONS.
            Meaning::Input | Meaning::Library | Meaning::LinkerList | Meaning::LinkerArgument => {}
            _ => {
                let separate = used.value.filter(|_| used.is_separate);
                used_room += length(used.argument) + separate.map_or(0, length);
            }
        }
    }
    let mut room = ROOM.saturating_sub(used_room);
    for args in [&mut command.before, &mut command.params, &mut command.after] {
        *args = shortened(core::mem::take(args), Parser::for_driver(GCC), &mut room);
    }
}

fn shortened<'a>(args: Vec<Arg<'a>>, mut parser: Parser, room: &mut usize) -> Vec<Arg<'a>> {
    let mut kept = Vec::with_capacity(args.len());
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let parsed = parser.read(&arg);
        if parsed.meaning() != Meaning::LibraryDirectory {
            kept.push(arg);
            continue;
        }
        let value = parsed.has_separate_value().then(|| args.next()).flatten();
        if let Some(value) = &value {
            parser.read(value);
        }
        let directory = value.as_deref().or(parsed.joined(&arg)).unwrap_or_default();
        let length = b"-L".len() + directory.len() + AROUND;
        if length <= *room {
            *room -= length;
            kept.push(arg);
            kept.extend(value);
        } else {
            // `-Wl,` would split a directory's name at commas.
            let option = [b"-L", directory].concat();
            kept.push(Arg::new(&b"-Xlinker"[..], arg.origin.clone()));
            kept.push(Arg::new(option, arg.origin));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::argument::Origin;
    use alloc::vec;

    #[test]
    fn the_last_directories_go_to_the_linker() {
        let arg = |bytes: Vec<u8>| Arg::new(bytes, Origin::User(1));
        let long = |first: &[u8]| arg([first, &vec![b'x'; 40 << 10][..]].concat());
        let words = |command: &Command| {
            let short = |arg: &Arg| arg[..arg.len().min(4)].to_vec();
            command.args().map(short).collect::<Vec<_>>().join(&b' ')
        };
        let mut command = Command {
            before: vec![long(b"-L/a")],
            params: vec![arg(b"-L".into()), long(b"/b"), arg(b"x.o".into())],
            after: vec![long(b"-L/c"), arg(b"-L/d".into())],
        };
        shorten(&mut command);
        assert_eq!(
            words(&command),
            b"-L/a -L /bxx x.o -Xli -L/c -L/d",
            "a later one may fit again"
        );

        let mut command = Command {
            before: vec![long(b"-Wl,"), long(b"-Wl,"), long(b"-Wl,")],
            params: vec![arg(b"-L".into())],
            after: vec![arg(b"-L/c".into())],
        };
        let before = command.clone();
        shorten(&mut command);
        assert_eq!(command, before, "what is no option needs no room");
    }
}
