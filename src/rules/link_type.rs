//! The link type: dynamic, static or static-pie
//! (docs/behaviour.md#2-compiler-drivers-roles-cc-c-cpp-fortran, step 8, and
//! docs/behaviour.md#3-linkers-role-ld, step 2). A static-pie program must not
//! have an rpath.

use alloc::vec::Vec;

use crate::model::argument::Arg;
use crate::model::explanation::DropReason;
use crate::options::Parser;
use crate::options::driver::GCC;
use crate::options::linker::BFD;
use crate::options::meaning::Meaning;
use crate::planning::log::Log;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkType {
    Dynamic,
    Static,
    StaticPie,
}

impl LinkType {
    /// Returns the type of a link with these arguments, which must have been
    /// read. The last `-static` or `-static-pie` decides, even if it is an
    /// option's value, as in nixpkgs.
    pub fn from_args<'p, 'a: 'p>(args: impl IntoIterator<Item = &'p Arg<'a>>) -> LinkType {
        let mut link_type = LinkType::Dynamic;
        for arg in args {
            match arg.parsed.by_itself() {
                Meaning::Static => link_type = LinkType::Static,
                Meaning::StaticPie => link_type = LinkType::StaticPie,
                _ => {}
            }
        }
        link_type
    }

    /// The value of NIX_LINK_TYPE_salt for this type.
    pub fn name(self) -> &'static str {
        match self {
            LinkType::Dynamic => "dynamic",
            LinkType::Static => "static",
            LinkType::StaticPie => "static-pie",
        }
    }

    /// The type for an inherited NIX_LINK_TYPE_salt.
    pub fn inherited(name: &[u8]) -> LinkType {
        match name {
            b"dynamic" => LinkType::Dynamic,
            b"static-pie" => LinkType::StaticPie,
            _ => LinkType::Static,
        }
    }

    /// Returns the flags to add. For a static-pie link, rpath options are
    /// removed.
    pub fn filter<'a>(self, mut args: Vec<Arg<'a>>, log: &mut Log) -> Vec<Arg<'a>> {
        if self == LinkType::StaticPie {
            log.dropping(&mut args, DropReason::StaticPie, |args, _| {
                *args = without_rpaths(core::mem::take(args));
            });
        }
        args
    }
}

/// Removes rpath options in every form in which a driver passes them on.
fn without_rpaths(args: Vec<Arg>) -> Vec<Arg> {
    let mut kept: Vec<Arg> = Vec::with_capacity(args.len());
    let mut is_value = false;
    let mut args = args.into_iter();
    while let Some(mut arg) = args.next() {
        let parsed = Parser::for_driver(GCC).read(&arg);
        if let (Meaning::LinkerList, Some(list)) = (parsed.meaning(), parsed.joined(&arg)) {
            let words: Vec<&[u8]> = list
                .split(|&b| b == b',')
                .filter(|word| !is_rpath(word, &mut is_value))
                .collect();
            if words.is_empty() {
                continue;
            }
            arg.bytes = [b"-Wl,", &words.join(&b',')[..]].concat().into();
            kept.push(arg);
        } else if parsed.meaning() == Meaning::LinkerArgument && parsed.has_separate_value() {
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

/// Whether a word for the linker is an rpath option or its value. `is_value` is
/// the state between two words: the next word is a value.
fn is_rpath(word: &[u8], is_value: &mut bool) -> bool {
    if core::mem::take(is_value) {
        return true;
    }
    let parsed = Parser::for_linker(BFD).read(word);
    let is_rpath = parsed.meaning() == Meaning::Rpath;
    *is_value = is_rpath && parsed.has_separate_value();
    is_rpath
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::argument::{Origin, fake};

    fn filtered(link_type: LinkType, words: &'static str) -> Vec<u8> {
        let args = words
            .split(' ')
            .map(|word| Arg::new(word.as_bytes(), Origin::User(1)));
        let args = link_type.filter(args.collect(), &mut Log::default());
        let words: Vec<&[u8]> = args.iter().map(|arg| &arg[..]).collect();
        words.join(&b' ')
    }

    #[test]
    fn the_last_option_decides_the_link_type() {
        let link_type = |words: &str| LinkType::from_args(&fake::of_driver(words));
        assert_eq!(link_type("a -static -static-pie b"), LinkType::StaticPie);
        assert_eq!(link_type("-static-pie -static"), LinkType::Static);
        assert_eq!(link_type("-statics"), LinkType::Dynamic);
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
