//! The hardening flag `pie` of nixpkgs' older scripts: position-independent
//! executables, which newer nixpkgs leaves to the compilers' own default.

use alloc::vec::Vec;

use crate::model::argument::{Arg, Origin};
use crate::model::call::Call;
use crate::text::words::words;

const NAME: &str = "pie";

/// With these among its arguments no call makes an executable of that kind.
const NOT_FOR_COMPILERS: [&[u8]; 2] = [b"-shared", b"-static"];
const NOT_FOR_LINKERS: [&[u8]; 5] = [b"-shared", b"-static", b"-r", b"-Ur", b"-i"];

/// What a compiler call gets before all else, as `-fPIC` behind it wins.
/// `enabled` is the text of NIX_HARDENING_ENABLE.
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

/// What a linker call gets, leading.
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

fn has_any(params: &[Arg], options: &[&[u8]]) -> bool {
    params.iter().any(|param| options.contains(&&param[..]))
}

fn arg<'a>(text: &'static str) -> Arg<'a> {
    Arg::new(text.as_bytes(), Origin::Hardening(NAME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::environment::Environment;
    use crate::model::toolchain::{Tool, ToolKind, Toolchain};
    use alloc::borrow::Cow;
    use alloc::string::String;

    /// What a compiler and a linker get for this argument.
    fn flags(enabled: &str, param: &'static str, toolchain: &Toolchain) -> (String, bool) {
        let call = Call {
            executable: b"",
            toolchain,
            tool: &Tool::default(),
            kind: ToolKind::Cc,
            root: None,
            bintools: None,
            args: &[],
            environment: &Environment::default(),
        };
        let params = [Arg::new(param.as_bytes(), Origin::User(1))];
        let flags = compiler(enabled.as_bytes(), &call, &params);
        let flags: Vec<&[u8]> = flags.iter().map(|arg| &arg[..]).collect();
        let linkers = linker(enabled.as_bytes(), &call, &params);
        (
            String::from_utf8(flags.join(&b' ')).unwrap(),
            linkers.is_some(),
        )
    }

    #[test]
    fn it_counts_where_the_toolchain_knows_it() {
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
