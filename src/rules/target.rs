//! §2.9: clang serves all targets; a wrapped one is told which it is for.

use alloc::vec::Vec;

use crate::model::argument::Arg;
use crate::model::call::Call;
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::model::event::Event;
use crate::model::toolchain::ToolKind;
use crate::planning::log::Log;
use crate::planning::variables::number_or_one;

const RULE: &str = "default target";

/// What goes at the end of the leading part.
///
/// # Errors
/// A `-target` without its value.
pub fn flags<'a>(params: &[Arg], call: &Call<'a>, log: &mut Log) -> Result<Vec<Arg<'a>>, Error> {
    let toolchain = call.toolchain;
    let mut flags = Vec::new();
    let default = &toolchain.default_target;
    if default.is_empty() {
        return Ok(flags);
    }
    if let Some(given) = given(params)?.filter(|given| **given != **default) {
        if !is_suppressed(call.environment, log) {
            log.push(Event::ForeignTarget {
                given: given.to_vec(),
                default: default.to_vec(),
            });
            return Ok(flags);
        }
    }
    if call.kind != ToolKind::Cpp {
        let rule = crate::model::argument::Origin::Rule(RULE);
        flags.push(Arg::rule("-target", RULE));
        flags.push(Arg::new(&**default, rule.clone()));
        for flag in &toolchain.machine_flags {
            flags.push(Arg::new(&**flag, rule.clone()));
        }
        if !toolchain.explicit_abi.is_empty() {
            flags.push(Arg::new(
                [b"-mabi=", &*toolchain.explicit_abi].concat(),
                rule,
            ));
        }
    }
    Ok(flags)
}

/// The last target among the arguments.
///
/// # Errors
/// A `-target` without its value.
pub fn given<'p>(params: &'p [Arg]) -> Result<Option<&'p [u8]>, Error> {
    let mut target = None;
    let mut params = params.iter();
    while let Some(param) = params.next() {
        if **param == *b"-target" {
            let value = params.next().filter(|value| !value.is_empty());
            target = Some(&value.ok_or(Error::TargetMissing)?[..]);
        } else if let Some(value) = param.strip_prefix(b"--target=") {
            target = Some(value);
        }
    }
    Ok(target)
}

fn is_suppressed(environment: &Environment, log: &mut Log) -> bool {
    let name = b"NIX_CC_WRAPPER_SUPPRESS_TARGET_WARNING";
    environment
        .get(name)
        .is_some_and(|value| number_or_one(name, value, log) >= 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::argument::Origin;
    use crate::model::toolchain::{Tool, Toolchain};
    use alloc::borrow::Cow;

    fn flags_for(
        words: &[&'static str],
        kind: ToolKind,
        variables: &[&'static str],
    ) -> Result<(Vec<Vec<u8>>, usize), Error> {
        let toolchain = Toolchain {
            default_target: Cow::Borrowed(b"x86_64-unknown-linux-gnu"),
            machine_flags: [Cow::Borrowed(&b"-march=v2"[..])].into(),
            explicit_abi: Cow::Borrowed(b"lp64d"),
            ..Toolchain::default()
        };
        let params: Vec<_> = words
            .iter()
            .map(|word| Arg::new(word.as_bytes(), Origin::User(1)))
            .collect();
        let environment = Environment::new(variables.iter().map(|v| v.as_bytes()));
        let mut log = Log::default();
        let call = Call {
            executable: b"",
            toolchain: &toolchain,
            tool: &Tool::default(),
            kind,
            root: None,
            bintools: None,
            args: &[],
            environment: &environment,
        };
        let flags = flags(&params, &call, &mut log)?;
        Ok((
            flags.iter().map(|flag| flag.to_vec()).collect(),
            log.events.len(),
        ))
    }

    const WITH_TARGET: [&[u8]; 4] = [
        b"-target",
        b"x86_64-unknown-linux-gnu",
        b"-march=v2",
        b"-mabi=lp64d",
    ];

    #[test]
    fn clang_is_told_its_target() {
        for words in [&["x.c"][..], &["--target=x86_64-unknown-linux-gnu"]] {
            let (flags, warnings) = flags_for(words, ToolKind::Cc, &[]).unwrap();
            assert_eq!(flags, WITH_TARGET);
            assert_eq!(warnings, 0);
        }
        assert!(
            flags_for(&["x.c"], ToolKind::Cpp, &[])
                .unwrap()
                .0
                .is_empty()
        );
    }

    #[test]
    fn another_target_is_warned_of() {
        let other = ["-target", "wasm32"];
        assert_eq!(flags_for(&other, ToolKind::Cc, &[]), Ok((Vec::new(), 1)));
        let suppress = ["NIX_CC_WRAPPER_SUPPRESS_TARGET_WARNING=1"];
        let (flags, warnings) = flags_for(&other, ToolKind::Cc, &suppress).unwrap();
        assert_eq!((flags.len(), warnings), (4, 0));
    }

    #[test]
    fn a_target_needs_its_value() {
        assert_eq!(
            flags_for(&["-target"], ToolKind::Cc, &[]),
            Err(Error::TargetMissing)
        );
    }
}
