//! The hardening flag `pie` of older nixpkgs scripts: position-independent
//! executables. Newer nixpkgs uses the compilers' default.

use alloc::vec::Vec;

use crate::model::argument::{Arg, Origin};
use crate::model::call::Call;
use crate::options::meaning::Meaning;
use crate::text::words::words;

const NAME: &str = "pie";

/// With one of these options, a compiler call does not make such an executable.
const NOT_FOR_COMPILERS: [Meaning; 2] = [Meaning::Shared, Meaning::Static];
const NOT_FOR_LINKERS: [Meaning; 3] = [Meaning::Shared, Meaning::Static, Meaning::Relocatable];

/// The options of a compiler call. They come before all others, because `-fPIC`
/// after them must win. `enabled` is the value of NIX_HARDENING_ENABLE.
pub fn compiler<'a>(enabled: &[u8], call: &Call, params: &[Arg]) -> Vec<Arg<'a>> {
    if !is_on(enabled, call) {
        return Vec::new();
    }
    let mut args = Vec::from([arg("-pie"), arg("-fPIE")]);
    if has_any(params, &NOT_FOR_COMPILERS) {
        args.remove(0);
    }
    args
}

/// The leading option of a linker call.
pub fn linker<'a>(enabled: &[u8], call: &Call, params: &[Arg]) -> Option<Arg<'a>> {
    let fits = is_on(enabled, call) && !has_any(params, &NOT_FOR_LINKERS);
    fits.then(|| arg("-pie"))
}

fn is_on(enabled: &[u8], call: &Call) -> bool {
    let is_pie = |flag: &[u8]| flag == NAME.as_bytes();
    let toolchain = call.toolchain;
    toolchain.hardening_supported.iter().any(|f| is_pie(f))
        && words(enabled).any(is_pie)
        && !call.hardening_unsupported().iter().any(|f| is_pie(f))
}

/// Whether one of the options is among `params`. Like nixpkgs' scripts, it does
/// not distinguish options from values.
fn has_any(params: &[Arg], options: &[Meaning]) -> bool {
    let is_one = |param: &Arg| options.contains(&param.parsed.by_itself());
    params.iter().any(is_one)
}

fn arg<'a>(text: &'static str) -> Arg<'a> {
    Arg::new(text.as_bytes(), Origin::Hardening(NAME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::argument::fake;
    use crate::model::environment::Environment;
    use crate::model::toolchain::{Tool, ToolKind, Toolchain};
    use alloc::borrow::Cow;
    use alloc::string::String;

    /// The options that a compiler and a linker get for this argument.
    fn flags(enabled: &str, param: &'static str, toolchain: &Toolchain) -> (String, bool) {
        let call = Call {
            executable: b"",
            hop: b"",
            toolchain,
            tool: &Tool::default(),
            kind: ToolKind::Cc,
            root: None,
            bintools: None,
            args: &[],
            environment: &Environment::default(),
        };
        let params = fake::of_driver(param);
        let flags = compiler(enabled.as_bytes(), &call, &params);
        let flags: Vec<&[u8]> = flags.iter().map(|arg| &arg[..]).collect();
        let params = fake::of_linker(param);
        let linkers = linker(enabled.as_bytes(), &call, &params);
        (
            String::from_utf8(flags.join(&b' ')).unwrap(),
            linkers.is_some(),
        )
    }

    #[test]
    fn pie_has_an_effect_only_if_the_toolchain_supports_it() {
        let mut toolchain = Toolchain::default();
        assert_eq!(flags("pie", "x.o", &toolchain), (String::new(), false));
        toolchain.hardening_supported = [Cow::Borrowed(&b"pie"[..])].into();
        assert_eq!(
            flags("pic pie", "x.o", &toolchain),
            ("-pie -fPIE".into(), true)
        );
        assert_eq!(flags("pic", "x.o", &toolchain), (String::new(), false));
        assert_eq!(flags("pie", "-shared", &toolchain), ("-fPIE".into(), false));
        assert_eq!(flags("pie", "-r", &toolchain), ("-pie -fPIE".into(), false));
        toolchain.hardening_unsupported = [Cow::Borrowed(&b"pie"[..])].into();
        assert_eq!(flags("pie", "x.o", &toolchain), (String::new(), false));
    }
}
