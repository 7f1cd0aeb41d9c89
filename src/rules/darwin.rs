//! Additions to calls for Darwin targets
//! (docs/behaviour.md#7-darwin-targets-darwin-in-toolchainjson-is-not-null).

use alloc::vec::Vec;

use crate::model::argument::{Arg, Origin, RoleSuffix};
use crate::model::error::Error;
use crate::model::toolchain::Darwin;
use crate::options::meaning::Meaning;
use crate::planning::context::Context;
use crate::planning::variables::Variables;
use crate::text::Bytes;

const RULE: &str = "Darwin platform version";

/// Sets DEVELOPER_DIR and SDKROOT for the tool, and returns SDKROOT. Returns
/// `None` if the toolchain has no SDKs.
///
/// # Errors
/// Two roles have different SDKs.
pub fn sdk_root(context: &mut Context) -> Result<Option<Vec<u8>>, Error> {
    match &context.call.toolchain.darwin {
        Some(darwin) => set_sdk_root(darwin, &mut context.variables, &context.roles),
        None => Ok(None),
    }
}

fn set_sdk_root(
    darwin: &Darwin,
    variables: &mut Variables,
    roles: &[RoleSuffix],
) -> Result<Option<Vec<u8>>, Error> {
    let Some(fallback) = &darwin.fallback_sdk else {
        return Ok(None);
    };
    let developer_dir = variables
        .collect_single(b"DEVELOPER_DIR", roles)?
        .filter(|directory| !directory.is_empty())
        .unwrap_or_else(|| fallback.to_vec());
    let sdk = b"/Platforms/MacOSX.platform/Developer/SDKs/MacOSX.sdk";
    let sdk_root = [&developer_dir[..], sdk].concat();
    variables.export(b"DEVELOPER_DIR".to_vec(), developer_dir);
    variables.export(b"SDKROOT".to_vec(), sdk_root.clone());
    Ok(Some(sdk_root))
}

/// The minimum version of the target system.
///
/// # Errors
/// Two roles have different minimum versions.
fn min_version(
    darwin: &Darwin,
    variables: &mut Variables,
    roles: &[RoleSuffix],
) -> Result<Vec<u8>, Error> {
    let version = variables.collect_single(&darwin.min_version_variable, roles)?;
    Ok(version
        .filter(|version| !version.is_empty())
        .unwrap_or_else(|| darwin.min_version.to_vec()))
}

/// The compiler flag for the minimum version.
///
/// # Errors
/// Two roles have different minimum versions.
pub fn min_version_flag(
    darwin: &Darwin,
    variables: &mut Variables,
    roles: &[RoleSuffix],
) -> Result<Vec<u8>, Error> {
    let version = min_version(darwin, variables, roles)?;
    Ok([b"-m", &*darwin.platform_for_cc, b"-version-min=", &version].concat())
}

/// The platform version flags that are missing in a link. They go before the
/// caller's arguments. An SDK version of zeros, which clang passes if it does
/// not know the version, is replaced.
///
/// # Errors
/// Two roles have different minimum versions.
pub fn linker_flags<'a>(
    darwin: &'a Darwin<'a>,
    params: &mut [Arg<'a>],
    variables: &mut Variables,
    roles: &[RoleSuffix],
) -> Result<Vec<Arg<'a>>, Error> {
    let minimum = min_version(darwin, variables, roles)?;
    let version_min = [b"-", &*darwin.platform, b"_version_min"].concat();
    let (mut has_platform, mut has_sdk, mut has_minimum) = (false, false, false);
    for n in 0..params.len() {
        match params[n].parsed.by_itself() {
            Meaning::PlatformVersion => {
                has_platform = true;
                if let Some(sdk) = params.get_mut(n + 3).filter(|sdk| ***sdk == *b"0.0.0") {
                    let parsed = sdk.parsed;
                    *sdk = arg(&*darwin.sdk_version);
                    sdk.parsed = parsed;
                }
            }
            Meaning::SdkVersion => has_sdk = true,
            Meaning::MinimumVersion => has_minimum = true,
            // The name of this option depends on the platform in the toolchain.
            _ => has_minimum |= *params[n] == *version_min,
        }
    }
    Ok(match (has_platform, has_sdk, has_minimum) {
        (true, _, _) | (_, true, true) => Vec::new(),
        (_, false, false) => Vec::from([
            arg(&b"-platform_version"[..]),
            arg(&*darwin.platform),
            arg(minimum),
            arg(&*darwin.sdk_version),
        ]),
        (_, false, true) => Vec::from([arg(&b"-sdk_version"[..]), arg(&*darwin.sdk_version)]),
        (_, true, false) => Vec::from([arg(version_min), arg(minimum)]),
    })
}

fn arg<'a>(bytes: impl Into<Bytes<'a>>) -> Arg<'a> {
    Arg::new(bytes, Origin::Rule(RULE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::argument::fake;
    use crate::model::environment::Environment;
    use alloc::borrow::Cow;

    fn darwin() -> Darwin<'static> {
        Darwin {
            min_version: Cow::Borrowed(b"11.3"),
            min_version_variable: Cow::Borrowed(b"MACOSX_DEPLOYMENT_TARGET"),
            platform: Cow::Borrowed(b"macos"),
            platform_for_cc: Cow::Borrowed(b"macos"),
            sdk_version: Cow::Borrowed(b"14.4"),
            fallback_sdk: Some(Cow::Borrowed(b"/sdk")),
        }
    }

    fn linked(words: &'static str, variables: &[&'static str]) -> (Vec<u8>, Vec<u8>) {
        let darwin = darwin();
        let environment = Environment::new(variables.iter().map(|v| v.as_bytes()));
        let mut variables = Variables::new(&environment, b"s");
        let mut params = fake::of_linker(words);
        let flags =
            linker_flags(&darwin, &mut params, &mut variables, &[RoleSuffix::Plain]).unwrap();
        let text = |args: &[Arg]| {
            args.iter()
                .map(|arg| &arg[..])
                .collect::<Vec<_>>()
                .join(&b' ')
        };
        (text(&flags), text(&params))
    }

    #[test]
    fn a_link_gets_missing_versions() {
        assert_eq!(linked("x.o", &[]).0, b"-platform_version macos 11.3 14.4");
        let newer = ["MACOSX_DEPLOYMENT_TARGET=12.0"];
        assert_eq!(
            linked("x.o", &newer).0,
            b"-platform_version macos 12.0 14.4"
        );
        assert_eq!(
            linked("-macosx_version_min 10.12", &[]).0,
            b"-sdk_version 14.4"
        );
        assert_eq!(
            linked("-sdk_version 13", &newer).0,
            b"-macos_version_min 12.0"
        );
        assert_eq!(linked("-sdk_version 13 -macos_version_min 11", &[]).0, b"");
    }

    #[test]
    fn an_unknown_sdk_version_is_replaced() {
        let (flags, params) = linked("-platform_version macos 11.0 0.0.0", &[]);
        assert_eq!(
            (&flags[..], &params[..]),
            (&b""[..], &b"-platform_version macos 11.0 14.4"[..])
        );
        assert_eq!(
            linked("-platform_version macos", &[]).1,
            b"-platform_version macos"
        );
    }

    #[test]
    fn the_sdk_is_found_by_developer_dir() {
        let environment = Environment::new([&b"DEVELOPER_DIR=/dev"[..]]);
        let mut variables = Variables::new(&environment, b"s");
        let root = set_sdk_root(&darwin(), &mut variables, &[RoleSuffix::Plain]).unwrap();
        assert!(root.unwrap().starts_with(b"/dev/Platforms/"));
        let root = set_sdk_root(&darwin(), &mut Variables::new(&environment, b"s"), &[]).unwrap();
        assert!(root.unwrap().starts_with(b"/sdk/Platforms/"));
        let without = Darwin {
            fallback_sdk: None,
            ..darwin()
        };
        let mut variables = Variables::new(&environment, b"s");
        let root = set_sdk_root(&without, &mut variables, &[RoleSuffix::Plain]).unwrap();
        assert_eq!((root, variables.into_exports().len()), (None, 0));
    }
}
