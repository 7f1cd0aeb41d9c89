//! §1: the variables of a call.

mod flag_files;
mod halves;
mod roles;
mod text;
mod variables;

pub(crate) use flag_files::FlagFiles;
pub(crate) use halves::{compiler_half, gnat_half, linker_half};
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
        // Large enough for most, so that neither has to grow.
        let mut environment = Environment {
            nix: Vec::with_capacity(48),
            others: Vec::with_capacity(112),
        };
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
        self.get_joined([name, b"", b""])
    }

    /// The variable whose name is these parts together.
    pub fn get_joined(&self, name: [&[u8]; 3]) -> Option<&'a [u8]> {
        let variables = if name[0].starts_with(b"NIX_") {
            &self.nix
        } else {
            &self.others
        };
        let length = name[0].len() + name[1].len() + name[2].len();
        let is_it = |variable: &[u8]| {
            variable.len() == length
                && name
                    .iter()
                    .try_fold(variable, |rest, part| rest.strip_prefix(*part))
                    .is_some()
        };
        // Of two, the last counts, as in a shell.
        let found = variables.iter().rfind(|(name, _)| is_it(name));
        found.map(|(_, value)| *value)
    }

    /// The value of a variable that is set and not empty.
    pub fn get_nonempty(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.get(name).filter(|value| !value.is_empty())
    }
}

/// A number as the variables hold it; `None` if it is none. Empty is 0.
pub(crate) fn number(value: &[u8]) -> Option<i64> {
    let text = core::str::from_utf8(value).ok()?.trim();
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    // A shell reads these in base 8 and 16.
    let magnitude = match digits.as_bytes() {
        [] if text.is_empty() => Some(0),
        [b'0', b'x' | b'X', ..] => i64::from_str_radix(&digits[2..], 16).ok(),
        [b'0', _, ..] => i64::from_str_radix(&digits[1..], 8).ok(),
        [b'0'..=b'9', ..] => digits.parse().ok(),
        _ => None,
    }?;
    Some(if is_negative { -magnitude } else { magnitude })
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
    fn a_name_may_come_in_parts() {
        let environment = Environment::new([&b"NIX_A_s=1"[..], b"NIX_A_st=2"]);
        assert_eq!(
            environment.get_joined([b"NIX_A", b"_", b"s"]),
            Some(&b"1"[..])
        );
        assert_eq!(
            environment.get_joined([b"NIX_A", b"", b"_st"]),
            Some(&b"2"[..])
        );
        assert_eq!(environment.get_joined([b"NIX_A", b"_", b""]), None);
    }

    #[test]
    fn of_two_variables_of_one_name_the_last_counts() {
        let environment = Environment::new([&b"NIX_A=1"[..], b"NIX_A=2"]);
        assert_eq!(environment.get(b"NIX_A"), Some(&b"2"[..]));
    }

    #[test]
    fn numbers() {
        assert_eq!(number(b"7"), Some(7));
        assert_eq!(number(b""), Some(0));
        assert_eq!(number(b" 1 "), Some(1));
        assert_eq!(number(b"-7"), Some(-7));
        assert_eq!(number(b"010"), Some(8));
        assert_eq!(number(b"0x1F"), Some(31));
        let none = [&b"abc"[..], b"1x", b"08", b"0x", b"--1", b"-", b"\xff"];
        for text in none.into_iter().chain([&b"99999999999999999999"[..]]) {
            assert_eq!(number(text), None);
        }
    }
}
