//! Passes the target to clang, because one clang serves all targets
//! (docs/behaviour.md#2-compiler-drivers-roles-cc-c-cpp-fortran, step 9).

use alloc::vec::Vec;

use crate::model::argument::Arg;
use crate::model::call::Call;
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::model::event::Event;
use crate::model::toolchain::ToolKind;
use crate::options::meaning::Meaning;
use crate::planning::log::Log;
use crate::planning::variables::number_or_one;

const RULE: &str = "default target";

/// Returns the arguments for the end of the leading part.
///
/// # Errors
/// `-target` has no value.
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

/// Returns the last target in the arguments, which must have been read.
///
/// # Errors
/// `-target` has no value.
pub fn given<'p>(params: &'p [Arg]) -> Result<Option<&'p [u8]>, Error> {
    let mut target = None;
    let mut params = params.iter();
    while let Some(param) = params.next() {
        if param.parsed.in_nixpkgs() == Some(Meaning::Target) {
            let value = match param.joined() {
                Some(value) => Some(value),
                None => params
                    .next()
                    .map(|value| &value[..])
                    .filter(|value| !value.is_empty()),
            };
            target = Some(value.ok_or(Error::TargetMissing)?);
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
    use crate::model::argument::fake;
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
        let params = fake::of_driver(&words.join(" "));
        let environment = Environment::new(variables.iter().map(|v| v.as_bytes()));
        let mut log = Log::default();
        let call = Call {
            executable: b"",
            hop: b"",
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
    fn clang_gets_the_default_target() {
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
    fn another_target_causes_a_warning() {
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
