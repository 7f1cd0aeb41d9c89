//! Links that no wrapped linker will see: the driver call does its work.
//!
//! The built-in toolchain has no linker of its own, and a `-B` directory with
//! a linker in it goes round the one on PATH (rustc brings such a directory).
//! There the driver's own command line must say what the linker half (§3)
//! would have added.

use alloc::vec::Vec;

use crate::call::Call;
use crate::context::Context;
use crate::environment::FlagFiles;
use crate::error::Error;
use crate::link_type::LinkType;
use crate::linker;
use crate::plan::{Arg, Command, Origin};
use crate::store::without_slashes;
use crate::target;
use crate::toolchain::RoleMarkers;

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

/// Whether the linker that this call runs is the toolchain's.
pub fn runs_wrapped_linker(command: &Command, context: &Context) -> bool {
    let call = context.call;
    let Some(bintools) = call.bintools else {
        return false;
    };
    let ours = [bintools, b"/bin"].concat();
    let mut name = b"ld".to_vec();
    for arg in command.args() {
        let Some(linker) = arg
            .strip_prefix(b"-fuse-ld=")
            .or_else(|| arg.strip_prefix(b"--ld-path="))
        else {
            continue;
        };
        if linker.contains(&b'/') {
            if directory_of(linker) != ours {
                return false;
            }
        } else if arg.starts_with(b"-f") {
            name = [b"ld.", linker].concat();
        }
    }
    if call.tool.linker_by_prefix && has_other_target(call, command) {
        return false;
    }
    // A linker that nixpkgs' roots do not have is not there; on another
    // machine it may have come since.
    let may_be_elsewhere = call.toolchain.role_markers == RoleMarkers::Optional;
    if may_be_elsewhere && call.root == call.bintools && call.toolchain.tool(&name).is_none() {
        return false;
    }
    let goes_round = |prefix: &&[u8]| {
        let in_it = [prefix, &b"/"[..], &name].concat();
        let begun_by_it = [prefix, &name[..]].concat();
        without_slashes(prefix) != ours
            && (context.world.exists(&in_it) || context.world.exists(&begun_by_it))
    };
    let compiler_path = call.environment.get(b"COMPILER_PATH").unwrap_or(b"");
    let compiler_path = compiler_path
        .split(|&b| b == b':')
        .filter(|d| !d.is_empty());
    let mut prefixes = prefixes(command);
    if !call.tool.linker_by_prefix {
        prefixes.extend(compiler_path);
    }
    !prefixes.iter().any(goes_round)
}

/// Whether clang is told of a target that is not the toolchain's own.
pub fn has_other_target(call: &Call, command: &Command) -> bool {
    let default = &call.toolchain.default_target;
    target::given(&command.params)
        .ok()
        .flatten()
        .is_some_and(|target| *target != **default)
}

/// The values of `-B`, but for those of the toolchain's own.
fn prefixes<'p>(command: &'p Command) -> Vec<&'p [u8]> {
    let mut prefixes: Vec<&[u8]> = Vec::new();
    let own = |arg: &&Arg| matches!(arg.origin, Origin::FlagFile(_) | Origin::Rule(_));
    let mut args = command.args().filter(|arg| !own(arg));
    while let Some(arg) = args.next() {
        if let Some(prefix) = arg.strip_prefix(b"--prefix=") {
            prefixes.push(prefix);
        }
        match arg.strip_prefix(b"-B") {
            Some([]) => prefixes.extend(args.next().map(|arg| &arg[..])),
            Some(prefix) => prefixes.push(prefix),
            None => {}
        }
    }
    prefixes
}

fn directory_of(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|&b| b == b'/').unwrap_or(0);
    without_slashes(&path[..end])
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
    context
        .log
        .trace(&[b"no wrapped linker will see this link: its flags are passed"]);
    let hardening = linker::hardening_flags(context).into_iter();
    command.before.extend(hardening.flat_map(pass_exactly));
    let last = context.variables.list("NIX_LDFLAGS_AFTER").args();
    let last = link_type.filter(last).into_iter();
    command.after.extend(last.map(pass_directory));

    let mut view = linkers_view(command.args());
    let library_path = call.environment.get(b"LIBRARY_PATH").unwrap_or(b"");
    for directory in library_path.split(|&b| b == b':').filter(|d| !d.is_empty()) {
        view.push([b"-L", directory].concat());
    }
    let view = view.iter().map(|arg| &arg[..]);
    let files = FlagFiles::asked_for(call.bintools, context.world);
    let found = linker::from_libraries(view, link_type, &files, context)?;
    command
        .after
        .extend(found.args.into_iter().flat_map(pass_exactly));
    if call.root.is_none() {
        // An `ld` on PATH may be the built-in one: once is enough.
        let name = context.variables.salted("NIX_DONT_SET_RPATH");
        context.variables.export(name, b"1".to_vec());
    }
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
fn linkers_view<'p>(mut args: impl Iterator<Item = &'p Arg<'p>>) -> Vec<Vec<u8>> {
    let mut view = Vec::new();
    while let Some(arg) = args.next() {
        match &arg[..] {
            b"-m32" => view.push(b"-melf_i386".to_vec()),
            b"-m64" => view.push(b"-melf_x86_64".to_vec()),
            b"-r" | b"-static" | b"-L" | b"-l" | b"-o" => view.push(arg.to_vec()),
            b"--library-directory" => view.push(b"-L".to_vec()),
            b"-Xlinker" | b"--for-linker" => view.extend(args.next().map(|arg| arg.to_vec())),
            [b'-', b'L' | b'l', ..] => view.push(arg.to_vec()),
            [b'-', b'W', b'l', b',', list @ ..] => {
                view.extend(list.split(|&b| b == b',').map(<[u8]>::to_vec));
            }
            [b'-', ..] => {
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
    use crate::environment::{Environment, Half};
    use crate::event::Log;
    use crate::plan::Origin;
    use crate::toolchain::{Role, Tool, Toolchain};
    use crate::world::fake::Machine;
    use alloc::borrow::Cow;

    fn args(words: &'static str) -> Vec<Arg<'static>> {
        words
            .split(' ')
            .map(|word| Arg::new(word.as_bytes(), Origin::User(1)))
            .collect()
    }

    fn wrapped(words: &'static str) -> bool {
        wrapped_by(&Toolchain::default(), words)
    }

    fn wrapped_by(toolchain: &Toolchain, words: &'static str) -> bool {
        let world = Machine::new()
            .file("/rust/gcc-ld/ld.lld", "")
            .file("/r/bin/ld.lld", "")
            .file("/usr/bin/triple-ld", "");
        let tool = Tool::default();
        let call = Call {
            executable: b"/r/bin/gcc",
            toolchain,
            tool: &tool,
            role: Role::Cc,
            root: Some(b"/r"),
            bintools: Some(b"/r"),
            args: &[],
            environment: &Environment::default(),
        };
        let mut log = Log::default();
        let context = Context::new(&call, Half::Compiler, &world, &mut log);
        let command = Command {
            params: args(words),
            ..Command::default()
        };
        runs_wrapped_linker(&command, &context)
    }

    #[test]
    fn a_prefix_with_the_linker_in_it_goes_round_the_wrapped_one() {
        assert!(!wrapped("-B/rust/gcc-ld -fuse-ld=lld"));
        assert!(!wrapped("-fuse-ld=lld -B /rust/gcc-ld/"));
        assert!(wrapped("-B/rust/gcc-ld x.o"), "it holds no ld");
        assert!(wrapped("-B/r/bin/ -fuse-ld=lld"));
        assert!(wrapped("-fuse-ld=lld"));
        assert!(!wrapped("--ld-path=/usr/bin/ld.lld"));
        assert!(wrapped("--ld-path=/r/bin/ld.lld"));
        assert!(!wrapped("-fuse-ld=/usr/bin/ld.lld"));
        assert!(!wrapped("-B/usr/bin/triple-"));
        assert!(!wrapped("--prefix=/rust/gcc-ld -fuse-ld=lld"));
    }

    #[test]
    fn a_linker_that_a_root_does_not_list_is_not_its_own() {
        let toolchain = Toolchain {
            role_markers: RoleMarkers::Optional,
            tools: Vec::from([Tool {
                name: Cow::Borrowed(b"ld"),
                ..Tool::default()
            }]),
            ..Toolchain::default()
        };
        assert!(wrapped_by(&toolchain, "x.o"));
        assert!(!wrapped_by(&toolchain, "x.o -fuse-ld=mold"));
    }

    #[test]
    fn the_linker_sees_through_the_driver() {
        let args = args("-O2 -L/a -Wl,-L,/b,-lc -Xlinker -ld x.o -L /e -l f -m32 -Ifoo --library-directory=/g --for-linker=-lh");
        let view = linkers_view(args.iter());
        let want = b"-L/a -L /b -lc -ld x.o -L /e -l f -melf_i386 -L/g -lh";
        assert_eq!(view.join(&b' '), want);
    }
}
