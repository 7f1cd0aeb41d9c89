//! Removes the C library's header directory from the declared flags.
//!
//! The compiler searches it last. Before the C++ library's headers, it breaks
//! their `#include_next <stdlib.h>`. gcc and clang ignore `-I` for it, but obey
//! `-isystem`.

use alloc::vec::Vec;

use crate::model::argument::{self, Arg};
use crate::model::explanation::DropReason;
use crate::options::Parser;
use crate::options::meaning::Meaning;
use crate::planning::log::Log;
use crate::text::path::without_slashes;

const DIRECTORY: [&[u8]; 2] = [b"usr", b"include"];

/// Removes `-isystem /usr/include`, `-I/usr/include` and other spellings.
pub fn drop_system(args: &mut Vec<Arg>, parser: Parser, log: &mut Log) {
    if !args.iter().any(|arg| may_be_system(arg)) {
        return;
    }
    argument::read(args, parser);
    let meanings = [Meaning::IncludeDirectory, Meaning::SystemIncludeDirectory];
    let mut dropped = Vec::new();
    for (n, arg) in args.iter().enumerate() {
        if !meanings.contains(&arg.parsed.meaning()) {
            continue;
        }
        let next = args.get(n + 1).map(|arg| &arg[..]);
        if arg.joined().or(next).is_some_and(is_system) {
            dropped.push(n);
            dropped.extend(arg.joined().is_none().then_some(n + 1));
        }
    }
    if dropped.is_empty() {
        return;
    }
    log.dropping(args, DropReason::SystemIncludes, |args, _| {
        let mut n = 0..;
        args.retain(|_| !n.next().is_some_and(|n| dropped.contains(&n)));
    });
}

/// A fast test that most arguments fail, before all of them are read.
fn may_be_system(arg: &[u8]) -> bool {
    without_slashes(arg).ends_with(b"/usr/include")
        || arg.windows(2).any(|pair| matches!(pair, b"//" | b"/."))
}

/// Whether a path leads to the directory if no symlink is in it.
fn is_system(path: &[u8]) -> bool {
    if !path.starts_with(b"/") {
        return false;
    }
    let mut components: Vec<&[u8]> = Vec::new();
    for component in path.split(|&b| b == b'/') {
        match component {
            b"" | b"." => {}
            b".." => drop(components.pop()),
            name => components.push(name),
        }
    }
    components == DIRECTORY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::argument::fake;
    use crate::options::driver::GCC;

    #[test]
    fn all_spellings_are_removed() {
        let words = "-isystem /usr/include -I/usr/include/ -isystem /usr/include/x -I /usr//include/. \
                     -isystem/usr/lib/../include -DX -idirafter /usr/include -I usr/include";
        let mut args = fake::of_driver(words);
        let mut log = Log {
            explains: true,
            ..Log::default()
        };
        drop_system(&mut args, Parser::for_driver(GCC), &mut log);
        let left: Vec<&[u8]> = args.iter().map(|arg| &arg[..]).collect();
        let want = b"-isystem /usr/include/x -DX -idirafter /usr/include -I usr/include";
        assert_eq!(left.join(&b' '), want);
        assert_eq!(log.events.len(), 1);
    }
}
