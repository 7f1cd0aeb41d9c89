//! Hardening flags (docs/behaviour.md#4-hardening).

use alloc::vec::Vec;

use crate::model::argument::{Arg, Origin};
use crate::model::call::Call;
use crate::model::event::Event;
use crate::model::explanation::{DisabledReason, Explanation};
use crate::model::toolchain::Family;
use crate::planning::log::Log;
use crate::text::Bytes;
use crate::text::words::words;

/// The options of a hardening flag for compiler calls.
pub struct Flag {
    pub name: &'static str,
    /// Options before the caller's arguments.
    pub leading: &'static [&'static str],
    /// Options after the caller's arguments.
    pub trailing: &'static [&'static str],
}

const fn flag(
    name: &'static str,
    leading: &'static [&'static str],
    trailing: &'static [&'static str],
) -> Flag {
    Flag {
        name,
        leading,
        trailing,
    }
}

/// All flags, in the order in which they are added.
const FLAGS: [Flag; 17] = [
    flag("pacret", &["-mbranch-protection=pac-ret"], &[]),
    flag("pic", &["-fPIC"], &[]),
    flag("stackclashprotection", &["-fstack-clash-protection"], &[]),
    flag(
        "fortify3",
        &["-O2", "-U_FORTIFY_SOURCE"],
        &["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3"],
    ),
    flag("shadowstack", &["-fcf-protection=return"], &[]),
    flag(
        "libcxxhardeningfast",
        &["-D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_FAST"],
        &[],
    ),
    flag(
        "format",
        &["-Wformat", "-Wformat-security", "-Werror=format-security"],
        &[],
    ),
    flag("zerocallusedregs", &["-fzero-call-used-regs=used-gpr"], &[]),
    flag("strictflexarrays3", &["-fstrict-flex-arrays=3"], &[]),
    flag("strictflexarrays1", &["-fstrict-flex-arrays=1"], &[]),
    flag(
        "libcxxhardeningextensive",
        &["-D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_EXTENSIVE"],
        &[],
    ),
    flag(
        "stackprotector",
        &["-fstack-protector-strong", "--param", "ssp-buffer-size=4"],
        &[],
    ),
    flag("glibcxxassertions", &["-D_GLIBCXX_ASSERTIONS"], &[]),
    flag("nostrictaliasing", &["-fno-strict-aliasing"], &[]),
    flag(
        "fortify",
        &["-O2", "-U_FORTIFY_SOURCE"],
        &["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"],
    ),
    flag("strictoverflow", &["-fno-strict-overflow"], &[]),
    flag(
        "trivialautovarinit",
        &["-ftrivial-auto-var-init=pattern"],
        &[],
    ),
];

/// clang warns that `-fno-strict-overflow` is unused if `-fwrapv` is given too.
const STRICTOVERFLOW_CLANG: Flag = flag("strictoverflow", &["-fwrapv"], &[]);

/// Pairs of a weaker flag and the stronger flag that implies it.
const STRONGER: [(&str, &str); 3] = [
    ("fortify", "fortify3"),
    ("strictflexarrays1", "strictflexarrays3"),
    ("libcxxhardeningfast", "libcxxhardeningextensive"),
];

/// The flag that implies the flag `name`.
pub fn stronger(name: &str) -> Option<&'static str> {
    let mut pairs = STRONGER.iter();
    pairs.find_map(|(weaker, stronger)| (*weaker == name).then_some(*stronger))
}

/// The linker's flags: name and argument of `-z`.
const LINKER_FLAGS: [(&str, &str); 2] = [("relro", "relro"), ("bindnow", "now")];

/// The flags for compilers of this family, in their fixed order.
pub fn compiler_flags(family: Family) -> impl Iterator<Item = &'static Flag> {
    FLAGS.iter().map(move |flag| match (flag.name, family) {
        ("strictoverflow", Family::Clang) => &STRICTOVERFLOW_CLANG,
        _ => flag,
    })
}

/// The names of the linker's flags.
pub fn linker_flags() -> impl Iterator<Item = &'static str> {
    LINKER_FLAGS.iter().map(|(name, _)| *name)
}

/// The leading and trailing options of a compiler call. `enabled` is the value
/// of NIX_HARDENING_ENABLE.
pub fn compiler<'a>(
    enabled: &[u8],
    unsupported: &[Bytes],
    family: Family,
    log: &mut Log,
) -> (Vec<Arg<'a>>, Vec<Arg<'a>>) {
    let enabled = resolve(enabled, unsupported);
    report(FLAGS.iter().map(|flag| flag.name), &enabled, log);
    let (mut leading, mut trailing) = (Vec::new(), Vec::new());
    for flag in compiler_flags(family) {
        if enabled.contains(&flag.name.as_bytes()) {
            let arg = |text: &&'static str| Arg::new(text.as_bytes(), Origin::Hardening(flag.name));
            leading.extend(flag.leading.iter().map(arg));
            trailing.extend(flag.trailing.iter().map(arg));
        }
    }
    (leading, trailing)
}

/// The leading options of a linker call.
pub fn linker<'a>(enabled: &[u8], unsupported: &[Bytes], log: &mut Log) -> Vec<Arg<'a>> {
    let enabled: Vec<&[u8]> = words(enabled)
        .filter(|name| !unsupported.iter().any(|flag| flag == name))
        .collect();
    report(linker_flags(), &enabled, log);
    LINKER_FLAGS
        .iter()
        .filter(|(name, _)| enabled.contains(&name.as_bytes()))
        .flat_map(|(name, value)| {
            ["-z", value].map(|text| Arg::new(text.as_bytes(), Origin::Hardening(name)))
        })
        .collect()
}

/// The flags that take effect: adds implied flags, removes unsupported ones,
/// and keeps only the stronger flag of each pair.
fn resolve<'e>(enabled: &'e [u8], unsupported: &[Bytes]) -> Vec<&'e [u8]> {
    let mut set: Vec<&[u8]> = words(enabled).collect();
    for (weaker, stronger) in STRONGER {
        if set.contains(&stronger.as_bytes()) {
            set.push(weaker.as_bytes());
        }
    }
    for (weaker, stronger) in STRONGER {
        if unsupported.iter().any(|flag| **flag == *weaker.as_bytes()) {
            set.retain(|name| *name != stronger.as_bytes());
        }
    }
    set.retain(|name| !unsupported.iter().any(|flag| flag == name));
    for (weaker, stronger) in STRONGER {
        if set.contains(&stronger.as_bytes()) {
            set.retain(|name| *name != weaker.as_bytes());
        }
    }
    set
}

/// Explains the effect of the words `asked` on a compiler call. `without` are
/// the flags that only this call must not get.
pub fn explain_compiler(
    asked: Vec<Arg<'static>>,
    without: &[(&str, DisabledReason)],
    call: &Call,
) -> Explanation {
    let unsupported = call.hardening_unsupported();
    let text: Vec<&[u8]> = asked.iter().map(|word| &word[..]).collect();
    let text = text.join(&b' ');
    let enabled = resolve(&text, unsupported);
    let is_known = |name: &[u8]| {
        FLAGS.iter().any(|flag| flag.name.as_bytes() == name)
            || linker_flags().any(|flag| flag.as_bytes() == name)
            || call
                .toolchain
                .hardening_supported
                .iter()
                .any(|f| **f == *name)
    };
    let off = words(&text).filter_map(|name| {
        let implied_by = |(weaker, stronger): &&(&str, &'static str)| {
            weaker.as_bytes() == name && enabled.contains(&stronger.as_bytes())
        };
        let of_call = without.iter().find(|(flag, _)| flag.as_bytes() == name);
        let why = match STRONGER.iter().find(implied_by) {
            _ if !is_known(name) => DisabledReason::Unknown,
            _ if of_call.is_some() => of_call?.1,
            _ if enabled.contains(&name) => return None,
            Some((_, stronger)) => DisabledReason::Stronger(stronger),
            None => DisabledReason::Unsupported,
        };
        Some((name.to_vec(), why))
    });
    Explanation::Hardening {
        off: off.collect(),
        overrides_default: overrides_default(&asked, call),
        asked,
    }
}

/// Explains the effect of the words `asked` on a linker call, which has few
/// flags of its own.
pub fn explain_linker(asked: Vec<Arg<'static>>, call: &Call) -> Explanation {
    let unsupported = call.hardening_unsupported();
    let is_off = |word: &&Arg| {
        linker_flags().any(|flag| flag.as_bytes() == &word[..]) && unsupported.contains(&word.bytes)
    };
    let off = asked.iter().filter(is_off);
    let off = off.map(|word| (word.to_vec(), DisabledReason::Unsupported));
    Explanation::Hardening {
        off: off.collect(),
        overrides_default: overrides_default(&asked, call),
        asked,
    }
}

fn overrides_default(asked: &[Arg], call: &Call) -> bool {
    let default = call.toolchain.default_hardening.as_ref();
    asked.is_empty() && default.is_some_and(|default| !default.is_empty())
}

fn report(names: impl Iterator<Item = &'static str>, set: &[&[u8]], log: &mut Log) {
    if log.debug >= 1 {
        let (enabled, disabled) = names.partition(|name| set.contains(&name.as_bytes()));
        log.push(Event::Hardening { disabled, enabled });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::environment::Environment;
    use crate::model::toolchain::{Tool, ToolKind, Toolchain};
    use alloc::borrow::Cow;
    use alloc::string::String;

    fn put_in(enabled: &str, unsupported: &[&'static str], family: Family) -> (String, String) {
        let unsupported: Vec<_> = unsupported
            .iter()
            .map(|u| Cow::Borrowed(u.as_bytes()))
            .collect();
        let (leading, trailing) = compiler(
            enabled.as_bytes(),
            &unsupported,
            family,
            &mut Log::default(),
        );
        let text = |args: Vec<Arg>| {
            let words: Vec<&[u8]> = args.iter().map(|arg| &arg[..]).collect();
            String::from_utf8(words.join(&b' ')).unwrap()
        };
        (text(leading), text(trailing))
    }

    #[test]
    fn flags_have_the_order_of_the_table() {
        let (leading, trailing) = put_in("format nonsense pic fortify  pic", &[], Family::Gcc);
        assert_eq!(
            leading,
            "-fPIC -Wformat -Wformat-security -Werror=format-security -O2 -U_FORTIFY_SOURCE"
        );
        assert_eq!(trailing, "-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2");
    }

    #[test]
    fn the_stronger_flag_replaces_the_weaker_one() {
        assert_eq!(
            put_in("fortify fortify3", &[], Family::Gcc).1,
            "-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3"
        );
        assert_eq!(
            put_in("strictflexarrays1 strictflexarrays3", &[], Family::Gcc).0,
            "-fstrict-flex-arrays=3"
        );
    }

    #[test]
    fn the_weaker_flag_stays_if_the_stronger_is_unsupported() {
        assert_eq!(
            put_in("fortify3", &["fortify3"], Family::Gcc).1,
            "-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"
        );
    }

    #[test]
    fn an_unsupported_weaker_flag_removes_the_stronger_one() {
        assert_eq!(
            put_in(
                "strictflexarrays3 strictflexarrays1",
                &["strictflexarrays1"],
                Family::Gcc
            )
            .0,
            ""
        );
    }

    #[test]
    fn clang_has_its_own_strictoverflow() {
        assert_eq!(put_in("strictoverflow", &[], Family::Clang).0, "-fwrapv");
        assert_eq!(
            put_in("strictoverflow", &[], Family::Gcc).0,
            "-fno-strict-overflow"
        );
    }

    #[test]
    fn linker_flags_are_relro_and_bindnow() {
        let unsupported = [Cow::Borrowed(&b"relro"[..])];
        assert_eq!(
            linker(b"bindnow fortify relro", &[], &mut Log::default()).len(),
            4
        );
        let args = linker(b"bindnow relro", &unsupported, &mut Log::default());
        assert_eq!((&args[0][..], &args[1][..]), (&b"-z"[..], &b"now"[..]));
    }

    #[test]
    fn flags_without_effect_are_explained() {
        let toolchain = Toolchain {
            hardening_unsupported: [&b"fortify"[..], b"relro", b"pic"]
                .map(Cow::Borrowed)
                .into(),
            ..Toolchain::default()
        };
        let call = Call {
            executable: b"/r/bin/gcc",
            hop: b"",
            toolchain: &toolchain,
            tool: &Tool::default(),
            kind: ToolKind::Cc,
            root: None,
            bintools: None,
            args: &[],
            environment: &Environment::default(),
        };
        let words = b"fortify3 relro pie strictflexarrays1 strictflexarrays3";
        let asked = || {
            let words = words.split(|&b| b == b' ');
            let asked = words.map(|word| Arg::new(word, Origin::Rule("")));
            asked.collect()
        };
        let off = |note| match note {
            Explanation::Hardening { off, .. } => off,
            _ => Vec::new(),
        };
        let want = [
            (b"fortify3".to_vec(), DisabledReason::Unsupported),
            (b"relro".to_vec(), DisabledReason::Unsupported),
            (b"pie".to_vec(), DisabledReason::Unknown),
            (
                b"strictflexarrays1".to_vec(),
                DisabledReason::Stronger("strictflexarrays3"),
            ),
        ];
        assert_eq!(off(explain_compiler(asked(), &[], &call)), want);
        let want = [(b"relro".to_vec(), DisabledReason::Unsupported)];
        assert_eq!(off(explain_linker(asked(), &call)), want);
    }
}
