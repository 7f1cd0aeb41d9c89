//! §1: the variables of a call.

mod flag_files;
mod halves;
mod roles;
mod text;
mod variables;

pub(crate) use flag_files::FlagFiles;
pub(crate) use halves::{compiler_half, gnat_half, linker_half, Compiler};
pub(crate) use roles::{roles, Half};
pub(crate) use text::{words, Text};
pub(crate) use variables::{number_or_one, Variables};

use alloc::vec::Vec;

/// The environment that a call came with.
#[derive(Clone, Debug, Default)]
pub struct Environment<'a> {
    /// Nearly all that is ever looked up begins with `NIX_`, and an environment
    /// holds few of those, so they stand apart.
    nix: Vec<(&'a [u8], &'a [u8])>,
    others: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Environment<'a> {
    /// From strings `NAME=VALUE`; others are passed over.
    pub fn new(strings: impl IntoIterator<Item = &'a [u8]>) -> Environment<'a> {
        let mut environment = Environment::default();
        for string in strings {
            let Some(end) = string.iter().position(|&b| b == b'=') else {
                continue;
            };
            let variable = (&string[..end], &string[end + 1..]);
            if string.starts_with(b"NIX_") {
                environment.nix.push(variable);
            } else {
                environment.others.push(variable);
            }
        }
        environment
    }

    pub fn get(&self, name: &[u8]) -> Option<&'a [u8]> {
        let variables = if name.starts_with(b"NIX_") {
            &self.nix
        } else {
            &self.others
        };
        variables
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, value)| *value)
    }

    /// The value of a variable that is set and not empty.
    pub fn get_nonempty(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.get(name).filter(|value| !value.is_empty())
    }
}

/// A number as the variables hold it; `None` if it is none. Empty is 0.
pub(crate) fn number(value: &[u8]) -> Option<i64> {
    match core::str::from_utf8(value).ok()?.trim() {
        "" => Some(0),
        digits => digits.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_found_by_its_whole_name() {
        let environment = Environment::new([&b"NIX_A=1"[..], b"NIX_AB=x=y", b"PATH=", b"junk"]);
        assert_eq!(environment.get(b"NIX_A"), Some(&b"1"[..]));
        assert_eq!(environment.get(b"NIX_AB"), Some(&b"x=y"[..]));
        assert_eq!(environment.get(b"PATH"), Some(&b""[..]));
        assert_eq!(environment.get_nonempty(b"PATH"), None);
        assert_eq!(environment.get(b"junk"), None);
    }

    #[test]
    fn numbers() {
        assert_eq!(number(b"7"), Some(7));
        assert_eq!(number(b""), Some(0));
        assert_eq!(number(b" 1 "), Some(1));
        for text in [&b"abc"[..], b"1x", b"\xff", b"99999999999999999999"] {
            assert_eq!(number(text), None);
        }
    }
}
