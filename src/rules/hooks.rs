//! Runs hooks: bash scripts that packages add to `nix-support/`
//! (docs/behaviour.md#10-hooks).
//!
//! Hooks are run unchanged, with the arrays and variables that nixpkgs' scripts
//! have at the same point. Their changes are then applied to the plan.

use alloc::vec::Vec;

use crate::model::argument::{Arg, Command, Origin};
use crate::model::error::Error;
use crate::model::explanation::{DropReason, Explanation};
use crate::model::hook::Changes;
use crate::model::hook::Hook;
use crate::planning::context::Context;
use crate::planning::flag_files::FlagFiles;

/// Compiler, after all flags are added.
pub const COMPILER_BEFORE: &str = "add-local-cc-cflags-before.sh";
/// Compiler, at the end.
pub const COMPILER: &str = "cc-wrapper-hook";
/// Linker, before the search for libraries.
pub const LINKER_BEFORE: &str = "add-local-ldflags-before.sh";
/// Linker, at the end.
pub const LINKER: &str = "ld-wrapper-hook";
/// After the linker has succeeded.
pub const POST_LINK: &str = "post-link-hook";

/// The file of functions that nixpkgs' wrappers source before a hook.
pub const FUNCTIONS: &str = "utils.bash";

/// The hook `name` in the root of `files`, if it exists.
///
/// # Errors
/// Another user could have written it.
pub fn find<'a>(
    name: &str,
    variables: impl FnOnce() -> Vec<(&'static str, Vec<u8>)>,
    files: &FlagFiles<'a>,
    context: &Context<'_, 'a>,
) -> Result<Option<Hook<'a>>, Error> {
    let call = context.call;
    let Some(path) = files.script(name)? else {
        return Ok(None);
    };
    Ok(Some(Hook {
        path,
        functions: files.script(FUNCTIONS)?.unwrap_or_default(),
        shell: nonempty(&call.toolchain.shell),
        search_path: nonempty(&call.toolchain.hook_path),
        executable: call.executable,
        args: call.args,
        variables: variables(),
        trace: context.log.traces(),
        explains: context.log.explains,
    }))
}

/// Runs the hook `name`, if it exists, and applies its changes to the command
/// and the variables.
///
/// # Errors
/// The hook failed or could not be run.
pub fn run<'a>(
    name: &'static str,
    variables: impl FnOnce(&Command) -> Vec<(&'static str, Vec<u8>)>,
    command: &mut Command<'a>,
    files: &FlagFiles<'a>,
    context: &mut Context<'_, 'a>,
) -> Result<(), Error> {
    let Some(hook) = find(name, || variables(command), files, context)? else {
        return Ok(());
    };
    context.log.explain(|| Explanation::Hook(hook.path.clone()));
    let exports = context.variables.exports();
    let changes = context.world.run_hook(&hook, command, &exports);
    let Changes {
        arrays: [before, params, after],
        environment,
    } = changes.map_err(|failure| Error::Hook {
        path: hook.path,
        failure,
    })?;
    let Command {
        before: old_before,
        params: old_params,
        after: old_after,
    } = command;
    for (old, new) in [
        (old_before, before),
        (old_params, params),
        (old_after, after),
    ] {
        let log = &mut *context.log;
        log.dropping(old, DropReason::Hook(name), |old, _| {
            replace(old, new, name)
        });
    }
    for (variable, value) in environment {
        context.variables.assign(variable, value);
    }
    Ok(())
}

fn nonempty(bytes: &[u8]) -> Option<&[u8]> {
    Some(bytes).filter(|bytes| !bytes.is_empty())
}

/// Replaces `args` by `words`. Equal words at the beginning and the end keep
/// their origin. The other words have the hook as their origin.
fn replace(args: &mut Vec<Arg>, words: Vec<Vec<u8>>, hook: &'static str) {
    let same = |(arg, word): &(&Arg, &Vec<u8>)| arg.bytes == **word;
    let first = args.iter().zip(&words).take_while(same).count();
    let rest = args[first..].iter().rev().zip(words[first..].iter().rev());
    let last = rest.take_while(same).count();
    let new = words[first..words.len() - last].iter();
    let new: Vec<Arg> = new
        .map(|word| Arg::new(word.clone(), Origin::FlagFile(hook)))
        .collect();
    args.splice(first..args.len() - last, new);
}

/// A boolean as nixpkgs' scripts write it: `1` or `0`.
pub fn flag(is_so: bool) -> Vec<u8> {
    Vec::from(if is_so { "1" } else { "0" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn unchanged_words_keep_their_origin() {
        let arg = |word: &'static str| Arg::new(word.as_bytes(), Origin::User(1));
        let words = |words: &[&str]| words.iter().map(|w| w.as_bytes().to_vec()).collect();
        let replaced = |old: &[&'static str], new: &[&str]| {
            let mut args = old.iter().map(|word| arg(word)).collect();
            replace(&mut args, words(new), "h");
            let of_hook = |arg: &&Arg| arg.origin == Origin::FlagFile("h");
            let count = args.iter().filter(of_hook).count();
            let left: Vec<Vec<u8>> = args.iter().map(|arg| arg.to_vec()).collect();
            assert_eq!(left, words(new) as Vec<Vec<u8>>);
            count
        };
        assert_eq!(replaced(&["a", "b"], &["a", "b"]), 0);
        assert_eq!(replaced(&["a", "b"], &["a", "x", "b"]), 1);
        assert_eq!(replaced(&["a", "a"], &["a"]), 0);
        assert_eq!(replaced(&["a"], &["a", "a"]), 1);
        assert_eq!(replaced(&[], &["x", "y"]), 2);
        assert_eq!(replaced(&["a", "b"], &[]), 0);
        assert_eq!(
            vec![1u8],
            flag(true).iter().map(|b| b - b'0').collect::<Vec<_>>()
        );
    }
}
