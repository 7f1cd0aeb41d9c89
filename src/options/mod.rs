//! The options of compiler drivers and linkers: a table for each, and the
//! single pass over a call's arguments whose results all rules share.
//!
//! A compiler reads `-o -c` as an output file named `-c`. nixpkgs' wrappers
//! look at each argument separately and see the option `-c`. Both readings are
//! kept: [`Parsed::meaning`] is the tool's, [`Parsed::by_itself`] is that of
//! nixpkgs' wrappers. The latter is only for rules that must reproduce the
//! recorded behaviour of nixpkgs.

pub mod driver;
pub mod linker;
pub mod meaning;
pub mod table;

use core::marker::PhantomData;

use meaning::Meaning;
use table::{Match, Row, Tools, ValuePosition};

/// The result of parsing an argument. The default value means that the argument
/// has not been parsed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parsed {
    kind: Kind,
    is_value: bool,
    in_nixpkgs: bool,
    value: ValuePosition,
    row: Option<&'static Row>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Unread,
    Input,
    Option,
}

impl Parsed {
    /// Whether a [`Parser`] has parsed the argument.
    pub fn is_read(self) -> bool {
        self.kind != Kind::Unread
    }

    /// The meaning for the tool, which depends on the arguments before.
    pub fn meaning(self) -> Meaning {
        if self.is_value {
            Meaning::Value
        } else {
            self.by_itself()
        }
    }

    /// The meaning without the arguments before, as nixpkgs' wrappers see it.
    #[inline]
    pub fn by_itself(self) -> Meaning {
        debug_assert!(self.is_read());
        match self.row {
            Some(row) => row.meaning,
            None if self.kind == Kind::Input => Meaning::Input,
            None => Meaning::Other,
        }
    }

    /// Like [`Parsed::by_itself`], but only for spellings that nixpkgs'
    /// wrappers know.
    #[inline]
    pub fn in_nixpkgs(self) -> Option<Meaning> {
        debug_assert!(self.is_read());
        self.row.filter(|_| self.in_nixpkgs).map(|row| row.meaning)
    }

    /// The value inside of the argument, as in `-I/usr`.
    pub fn joined(self, argument: &[u8]) -> Option<&[u8]> {
        match self.value {
            ValuePosition::At(place) => argument.get(usize::from(place)..),
            _ => None,
        }
    }

    /// Whether the option's value is in the next argument. The arguments before
    /// are ignored.
    pub fn has_separate_value(self) -> bool {
        matches!(self.value, ValuePosition::Next(_))
    }

    /// The option's name in the table, if the table has the option.
    pub fn name(self) -> Option<&'static str> {
        self.row.map(|row| row.name)
    }
}

/// Parses the arguments of a tool in order.
#[derive(Clone, Debug)]
pub struct Parser {
    find: fn(&[u8], Tools) -> Option<Match>,
    tools: Tools,
    /// The number of following arguments that are values.
    values: u8,
}

impl Parser {
    /// A parser for a compiler driver: [`driver::GCC`] or [`driver::CLANG`].
    pub fn for_driver(tools: Tools) -> Parser {
        Parser {
            find: driver::find,
            tools,
            values: 0,
        }
    }

    /// A parser for a linker: see [`linker::from_program`].
    pub fn for_linker(tools: Tools) -> Parser {
        Parser {
            find: linker::find,
            tools,
            values: 0,
        }
    }

    /// Parses the next argument.
    #[inline]
    pub fn read(&mut self, argument: &[u8]) -> Parsed {
        let is_value = self.values > 0;
        let (kind, found) = match argument {
            [b'-', _, ..] => (Kind::Option, (self.find)(argument, self.tools)),
            _ => (Kind::Input, None),
        };
        let value = found.map_or(ValuePosition::None, |found| found.value);
        self.values = match value {
            _ if is_value => self.values - 1,
            ValuePosition::Next(values) => values,
            _ => 0,
        };
        Parsed {
            kind,
            is_value,
            in_nixpkgs: found.is_some_and(|found| found.in_nixpkgs),
            value,
            row: found.map(|found| found.row),
        }
    }

    /// The options with their values, and the inputs, as the tool reads them.
    pub fn uses<'p, A: Argument<'p>, I>(self, arguments: I) -> Uses<'p, I::IntoIter>
    where
        I: IntoIterator<Item = A>,
    {
        Uses {
            parser: self,
            arguments: arguments.into_iter(),
            lifetime: PhantomData,
        }
    }
}

/// An argument, possibly parsed already.
pub trait Argument<'p>: Copy {
    fn bytes(self) -> &'p [u8];

    fn parsed(self) -> Parsed {
        Parsed::default()
    }
}

impl<'p> Argument<'p> for &'p [u8] {
    fn bytes(self) -> &'p [u8] {
        self
    }
}

/// An option with its value, or an input.
#[derive(Clone, Copy, Debug)]
pub struct Use<'p, A> {
    pub argument: A,
    pub meaning: Meaning,
    /// The option's value, or the last of several. `None` if the table lacks
    /// the option, or the arguments end before the value.
    pub value: Option<&'p [u8]>,
    /// The value is a separate argument.
    pub is_separate: bool,
}

/// The iterator of [`Parser::uses`].
#[derive(Clone, Debug)]
pub struct Uses<'p, I> {
    parser: Parser,
    arguments: I,
    lifetime: PhantomData<&'p [u8]>,
}

impl<'p, A: Argument<'p>, I: Iterator<Item = A>> Iterator for Uses<'p, I> {
    type Item = Use<'p, A>;

    fn next(&mut self) -> Option<Use<'p, A>> {
        let argument = self.arguments.next()?;
        let bytes = argument.bytes();
        // This loop consumes the values, so the parser must not skip them.
        self.parser.values = 0;
        let parsed = match argument.parsed() {
            parsed if parsed.is_read() => parsed,
            _ => self.parser.read(bytes),
        };
        let value = match parsed.value {
            ValuePosition::Next(count) => {
                let values = self.arguments.by_ref().take(usize::from(count));
                values.last().map(A::bytes)
            }
            _ => parsed.joined(bytes),
        };
        Some(Use {
            argument,
            meaning: parsed.by_itself(),
            value,
            is_separate: parsed.has_separate_value(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn a_value_is_read_in_two_ways() {
        let mut parser = Parser::for_driver(driver::GCC);
        let parsed: Vec<Parsed> = ["-o", "-c", "-c", "x.c", "-I", "-o", "-Wunknown", "-"]
            .map(|argument| parser.read(argument.as_bytes()))
            .into();
        let object = Meaning::Stage(meaning::Stage::Object);
        let meanings: Vec<Meaning> = parsed.iter().map(|p| p.meaning()).collect();
        assert_eq!(
            meanings,
            [
                Meaning::Output,
                Meaning::Value,
                object,
                Meaning::Input,
                Meaning::IncludeDirectory,
                Meaning::Value,
                Meaning::Other,
                Meaning::Input,
            ]
        );
        assert_eq!(parsed[1].by_itself(), object);
        assert_eq!(parsed[5].by_itself(), Meaning::Output);
    }

    #[test]
    fn options_are_returned_with_their_values() {
        let words = "-L/a x.o -o -r -platform_version macos 1 2 --library=z -r -o";
        let words = words.split(' ').map(str::as_bytes);
        let uses = Parser::for_linker(linker::from_program(b"ld")).uses(words);
        let text = |bytes: Option<&[u8]>| bytes.map(|b| core::str::from_utf8(b).unwrap().into());
        let uses: Vec<(Meaning, Option<alloc::string::String>)> =
            uses.map(|used| (used.meaning, text(used.value))).collect();
        assert_eq!(
            uses,
            [
                (Meaning::LibraryDirectory, Some("/a".into())),
                (Meaning::Input, None),
                (Meaning::Output, Some("-r".into())),
                (Meaning::PlatformVersion, Some("2".into())),
                (Meaning::Library, Some("z".into())),
                (Meaning::Relocatable, None),
                (Meaning::Output, None),
            ]
        );
    }
}
