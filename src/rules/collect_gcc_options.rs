//! gcc hands all its options on to what it runs in one variable,
//! COLLECT_GCC_OPTIONS, and the kernel takes no variable longer than 128 KiB.
//! Library directories beyond that go straight to the linker.

use alloc::vec::Vec;

use crate::model::argument::{Arg, Command};
use crate::options::Parser;
use crate::options::driver::GCC;
use crate::options::meaning::Meaning;

/// Room for options, with some left for those that gcc adds.
const ROOM: usize = 96 << 10;

/// What gcc puts around each option.
const AROUND: usize = b"'' ".len();

/// Makes those `-L` options that would not fit linker options: the last ones,
/// as the linker then searches gcc's own directories before them. nixpkgs'
/// wrappers end with "Argument list too long" there, as gcc does by itself.
pub fn shorten(command: &mut Command) {
    let length = |arg: &[u8]| arg.len() + AROUND;
    if command.args().map(|arg| length(arg)).sum::<usize>() <= ROOM {
        return;
    }
    let mut used_room = 0;
    for used in Parser::of_driver(GCC).uses(command.args()) {
        match used.meaning {
            Meaning::LibraryDirectory => {}
            // gcc treats these like files.
            Meaning::Input | Meaning::Library | Meaning::LinkerList | Meaning::LinkerArgument => {}
            _ => {
                let separate = used.value.filter(|_| used.is_separate);
                used_room += length(used.argument) + separate.map_or(0, length);
            }
        }
    }
    let mut room = ROOM.saturating_sub(used_room);
    for args in [&mut command.before, &mut command.params, &mut command.after] {
        *args = shortened(core::mem::take(args), Parser::of_driver(GCC), &mut room);
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
            // Not -Wl: a directory's name may have a comma in it.
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
