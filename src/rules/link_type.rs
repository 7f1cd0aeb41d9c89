//! §2.8, §3.2: what kind of program a link makes, and what a static-pie one
//! must not be given.

use alloc::vec::Vec;

use crate::model::argument::Arg;
use crate::model::explanation::DropReason;
use crate::planning::log::Log;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkType {
    Dynamic,
    Static,
    StaticPie,
}

impl LinkType {
    /// The last of `-static` and `-static-pie` decides.
    pub fn of<'a>(args: impl IntoIterator<Item = &'a [u8]>) -> LinkType {
        let mut link_type = LinkType::Dynamic;
        for arg in args {
            match arg {
                b"-static" | b"--static" => link_type = LinkType::Static,
                b"-static-pie" | b"--static-pie" => link_type = LinkType::StaticPie,
                _ => {}
            }
        }
        link_type
    }

    /// The value of NIX_LINK_TYPE_salt.
    pub fn name(self) -> &'static str {
        match self {
            LinkType::Dynamic => "dynamic",
            LinkType::Static => "static",
            LinkType::StaticPie => "static-pie",
        }
    }

    /// What a wrapper further up found out.
    pub fn inherited(name: &[u8]) -> LinkType {
        match name {
            b"dynamic" => LinkType::Dynamic,
            b"static-pie" => LinkType::StaticPie,
            _ => LinkType::Static,
        }
    }

    /// Flags that are to be put in, without rpaths if this is a static-pie
    /// link: such a program must have none.
    pub fn filter<'a>(self, mut args: Vec<Arg<'a>>, log: &mut Log) -> Vec<Arg<'a>> {
        if self == LinkType::StaticPie {
            log.dropping(&mut args, DropReason::StaticPie, |args, _| {
                *args = without_rpaths(core::mem::take(args));
            });
        }
        args
    }
}

/// The arguments without rpaths, in whatever way a driver hands them on.
fn without_rpaths(args: Vec<Arg>) -> Vec<Arg> {
    let mut kept: Vec<Arg> = Vec::with_capacity(args.len());
    let mut is_value = false;
    let mut args = args.into_iter();
    while let Some(mut arg) = args.next() {
        if let Some(list) = arg.strip_prefix(b"-Wl,") {
            let words: Vec<&[u8]> = list
                .split(|&b| b == b',')
                .filter(|word| !is_rpath(word, &mut is_value))
                .collect();
            if words.is_empty() {
                continue;
            }
            arg.bytes = [b"-Wl,", &words.join(&b',')[..]].concat().into();
            kept.push(arg);
        } else if *arg == *b"-Xlinker" {
            match args.next() {
                Some(word) if is_rpath(&word, &mut is_value) => {}
                word => {
                    kept.push(arg);
                    kept.extend(word);
                }
            }
        } else if !is_rpath(&arg, &mut is_value) {
            kept.push(arg);
        }
    }
    kept
}

/// Whether a linker's word is an rpath option or its value. `is_value` tells
/// from word to word that the next one is a value.
fn is_rpath(word: &[u8], is_value: &mut bool) -> bool {
    if core::mem::take(is_value) {
        return true;
    }
    let rest = word
        .strip_prefix(b"--rpath")
        .or_else(|| word.strip_prefix(b"-rpath"));
    *is_value = rest == Some(b"");
    matches!(rest, Some([] | [b'=', ..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::argument::Origin;

    fn filtered(link_type: LinkType, words: &'static str) -> Vec<u8> {
        let args = words
            .split(' ')
            .map(|word| Arg::new(word.as_bytes(), Origin::User(1)));
        let args = link_type.filter(args.collect(), &mut Log::default());
        let words: Vec<&[u8]> = args.iter().map(|arg| &arg[..]).collect();
        words.join(&b' ')
    }

    #[test]
    fn the_last_one_decides() {
        let of = |words: &'static str| LinkType::of(words.split(' ').map(str::as_bytes));
        assert_eq!(of("a -static -static-pie b"), LinkType::StaticPie);
        assert_eq!(of("-static-pie -static"), LinkType::Static);
        assert_eq!(of("-statics"), LinkType::Dynamic);
        for link_type in [LinkType::Dynamic, LinkType::Static, LinkType::StaticPie] {
            assert_eq!(LinkType::inherited(link_type.name().as_bytes()), link_type);
        }
    }

    #[test]
    fn a_static_pie_link_gets_no_rpath_in_any_spelling() {
        let words = "-la -rpath /x --rpath /y -rpath=/z --rpath=/w -Wl,-rpath,/v -Wl,-rpath -Wl,/u -rpath-link /t -lb";
        assert_eq!(
            filtered(LinkType::StaticPie, words),
            b"-la -rpath-link /t -lb"
        );
        assert_eq!(filtered(LinkType::Dynamic, words), words.as_bytes());
        assert_eq!(filtered(LinkType::StaticPie, "-la -rpath"), b"-la");
        let words =
            "-Xlinker -rpath -Xlinker /q -Xlinker -lx -Wl,-z,now,-rpath,/x -Wl,-rpath -Wl,/u,-ly";
        let want = b"-Xlinker -lx -Wl,-z,now -Wl,-ly";
        assert_eq!(filtered(LinkType::StaticPie, words), want);
    }
}
