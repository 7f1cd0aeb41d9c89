//! Adds the linker flags to the driver call if the driver runs a linker that is
//! not wrapped.
//!
//! The built-in toolchain has neither a linker half nor linker shims
//! (docs/glossary.md). Therefore the driver's command line must contain the
//! flags that the linker half would add (docs/behaviour.md#3-linkers-role-ld).

use alloc::vec::Vec;

use crate::machine::trust::Trust;
use crate::model::argument::{Arg, Command};
use crate::model::call::Call;
use crate::model::error::Error;
use crate::model::explanation::DropReason;
use crate::options::Parser;
use crate::options::meaning::Meaning;
use crate::planning::context::Context;
use crate::planning::flag_files::FlagFiles;
use crate::rules::link_additions;
use crate::rules::link_type::LinkType;

/// Converts a linker argument to a driver option.
pub fn pass(arg: Arg) -> Arg {
    Arg::new([b"-Wl,", &arg[..]].concat(), arg.origin)
}

/// Like [`pass`], but `-L` options stay as they are, so that the driver
/// searches the directory too.
pub fn pass_directory(arg: Arg) -> Arg {
    if arg.starts_with(b"-L/") {
        arg
    } else {
        pass(arg)
    }
}

/// Adds the flags to a driver call that the wrapped linker would add to the
/// link.
///
/// # Errors
/// A flag file exists but cannot be read.
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

    let view = linkers_view(command, call);
    let view = view.iter().map(|arg| &arg[..]);
    let files = FlagFiles::asked_for(call.bintools, Trust::new(call.hop), context.world);
    let found = link_additions::from_libraries(view, link_type, &files, context)?;
    let (before, after) = (found.before.into_iter(), found.args.into_iter());
    command.before.extend(before.flat_map(pass_exactly));
    command.after.extend(after.flat_map(pass_exactly));
    if found.drops_empty_rpaths {
        let params = &mut command.params;
        context
            .log
            .dropping(params, DropReason::Rpath, |params, _| {
                params.retain_mut(keep_entries);
            });
    }
    Ok(())
}

/// Removes the empty entries of the rpaths in a `-Wl,` option. Returns false if
/// nothing is left.
fn keep_entries(arg: &mut Arg) -> bool {
    let Some(list) = arg.strip_prefix(b"-Wl,") else {
        return true;
    };
    let mut kept: Vec<Vec<u8>> = Vec::new();
    let mut words = list.split(|&b| b == b',');
    while let Some(word) = words.next() {
        let option = [&b"-rpath="[..], b"--rpath="]
            .into_iter()
            .find(|o| word.starts_with(o));
        if let Some(option) = option {
            let entries = link_additions::without_empty(&word[option.len()..]);
            kept.extend(entries.map(|entries| [option, &entries].concat()));
        } else if matches!(word, b"-rpath" | b"--rpath" | b"-R") {
            let Some(list) = words.next() else {
                kept.push(word.to_vec());
                break;
            };
            if let Some(entries) = link_additions::without_empty(list) {
                kept.extend([word.to_vec(), entries]);
            }
        } else {
            kept.push(word.to_vec());
        }
    }
    if !kept.is_empty() {
        arg.bytes = [b"-Wl,", &kept.join(&b',')[..]].concat().into();
    }
    !kept.is_empty()
}

/// Converts a linker argument to driver options, even if it contains commas.
fn pass_exactly(arg: Arg) -> Vec<Arg> {
    if arg.contains(&b',') {
        let option = Arg::new(&b"-Xlinker"[..], arg.origin.clone());
        return Vec::from([option, arg]);
    }
    Vec::from([pass(arg)])
}

/// The arguments that the driver passes to the linker, as far as §3.6 needs
/// them.
pub fn linkers_view(command: &Command, call: &Call) -> Vec<Vec<u8>> {
    let mut view = of_arguments(call.driver_parser(), command.args());
    let library_path = call.environment.get(b"LIBRARY_PATH").unwrap_or(b"");
    for directory in library_path.split(|&b| b == b':').filter(|d| !d.is_empty()) {
        view.push([b"-L", directory].concat());
    }
    view
}

fn of_arguments<'p, 'a: 'p>(
    parser: Parser,
    args: impl Iterator<Item = &'p Arg<'a>>,
) -> Vec<Vec<u8>> {
    let mut view: Vec<Vec<u8>> = Vec::new();
    for used in parser.uses(args) {
        let option: &[u8] = match used.meaning {
            Meaning::Machine32 => b"-melf_i386",
            Meaning::Machine64 => b"-melf_x86_64",
            Meaning::LibraryDirectory => b"-L",
            Meaning::Library => b"-l",
            Meaning::Output => b"-o",
            Meaning::Relocatable | Meaning::Static | Meaning::Input => used.argument,
            Meaning::LinkerArgument => used.value.unwrap_or_default(),
            Meaning::LinkerList => {
                let words = used.value.unwrap_or_default().split(|&b| b == b',');
                view.extend(words.map(<[u8]>::to_vec));
                continue;
            }
            _ => continue,
        };
        view.push(option.to_vec());
        if used.meaning != Meaning::LinkerArgument {
            view.extend(used.value.map(<[u8]>::to_vec));
        }
    }
    view
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::argument::Origin;
    use crate::options::driver::GCC;

    fn args(words: &'static str) -> Vec<Arg<'static>> {
        words
            .split(' ')
            .map(|word| Arg::new(word.as_bytes(), Origin::User(1)))
            .collect()
    }

    #[test]
    fn driver_options_are_converted_for_the_linker() {
        let args = args(
            "-O2 -L/a -Wl,-L,/b,-lc -Xlinker -ld x.o -include /s/x.so -L /e -l f -m32 -Ifoo --library-directory=/g --for-linker=-lh -oa --output b --output=c",
        );
        let view = of_arguments(Parser::for_driver(GCC), args.iter());
        let want = b"-L /a -L /b -lc -ld x.o -L /e -l f -melf_i386 -L /g -lh -o a -o b -o c";
        assert_eq!(view.join(&b' '), want);
    }
}
