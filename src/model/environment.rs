//! The environment variables of a call
//! (docs/behaviour.md#1-roles-and-variables).

use alloc::vec::Vec;

/// The environment that the call inherited.
#[derive(Clone, Debug, Default)]
pub struct Environment<'a> {
    /// Strings `NAME=VALUE` that begin with `NIX_`. They are kept apart because
    /// nearly all lookups are for such names, and few variables have one.
    nix: Vec<&'a [u8]>,
    others: Vec<&'a [u8]>,
}

impl<'a> Environment<'a> {
    /// Creates an environment from strings `NAME=VALUE`. Strings without `=`
    /// are never found.
    pub fn new(strings: impl IntoIterator<Item = &'a [u8]>) -> Environment<'a> {
        // Enough for most environments, which saves a reallocation.
        let mut environment = Environment {
            nix: Vec::with_capacity(48),
            others: Vec::with_capacity(112),
        };
        for string in strings {
            if string.starts_with(b"NIX_") {
                environment.nix.push(string);
            } else {
                environment.others.push(string);
            }
        }
        environment
    }

    pub fn get(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.get_joined([name, b"", b""])
    }

    /// The value of the variable whose name is the concatenation of `name`.
    pub fn get_joined(&self, name: [&[u8]; 3]) -> Option<&'a [u8]> {
        let strings = if name[0].starts_with(b"NIX_") {
            &self.nix
        } else {
            &self.others
        };
        let value = |string: &&'a [u8]| {
            let [a, b, c] = name;
            let rest = string.strip_prefix(a)?.strip_prefix(b)?;
            rest.strip_prefix(c)?.strip_prefix(b"=")
        };
        // If a name occurs twice, the last one counts, as in bash.
        strings.iter().rev().find_map(value)
    }

    /// The first nonempty value of a variable `V_salt` with any salt. `begin`
    /// is `V_` and must begin with `NIX_`.
    pub fn get_of_any_salt(&self, begin: &[u8]) -> Option<&'a [u8]> {
        self.nix.iter().find_map(|string| {
            let rest = string.strip_prefix(begin)?;
            let equals = rest.iter().position(|&b| b == b'=')?;
            Some(&rest[equals + 1..]).filter(|value| !value.is_empty())
        })
    }

    /// The value of the variable, if it is set and not empty.
    pub fn get_nonempty(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.get(name).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::number::decimal;
    use crate::text::number::number;

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
    fn the_last_of_two_variables_with_the_same_name_counts() {
        let environment = Environment::new([&b"NIX_A=1"[..], b"NIX_A=2"]);
        assert_eq!(environment.get(b"NIX_A"), Some(&b"2"[..]));
    }

    #[test]
    fn written_numbers_are_read_back() {
        for n in [0, 1, 9, 10, 64, -1, -120, i64::MAX, i64::MIN + 1] {
            assert_eq!(number(&decimal(n)), Some(n));
        }
        assert_eq!(decimal(i64::MIN), b"-9223372036854775808");
    }

    #[test]
    fn numbers_are_parsed_as_in_a_shell() {
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
