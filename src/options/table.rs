//! The rows of an option table, and the search for an argument's row.

use crate::options::meaning::Meaning;

/// How an option takes its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// `-c`
    Nothing,
    /// `-include FILE`
    Separate,
    /// `-march=CPU`, `-Wl,LIST`: the value directly follows the name.
    Joined,
    /// `-o FILE` or `-oFILE`.
    JoinedOrSeparate,
    /// `--help` or `--help=CLASS`.
    MaybeEquals,
    /// `--output FILE` or `--output=FILE`.
    EqualsOrSeparate,
    /// `-Xarch_ARCH OPTION`: the name continues with a value, and another value
    /// is the next argument.
    JoinedAndSeparate,
    /// `-segaddr SEGMENT ADDRESS`
    Two,
    /// `-platform_version PLATFORM MINIMUM SDK`
    Three,
}

/// A set of tools, one bit for each.
pub type Tools = u8;

/// The dashes before an option's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dashes {
    /// The name includes them.
    Named,
    One,
    Two,
    Either,
}

/// An option in the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    pub name: &'static str,
    pub takes: Takes,
    pub meaning: Meaning,
    /// The tools that read the option in this way.
    pub tools: Tools,
    pub dashes: Dashes,
    /// nixpkgs' wrappers look for the option with this number of dashes, even
    /// where it is another option's value.
    pub in_nixpkgs: Option<u8>,
}

impl Row {
    /// An option of all tools that nixpkgs' wrappers do not look for.
    pub const fn new(name: &'static str, takes: Takes, meaning: Meaning) -> Row {
        Row {
            name,
            takes,
            meaning,
            tools: Tools::MAX,
            dashes: Dashes::Named,
            in_nixpkgs: None,
        }
    }

    /// The same row, restricted to these tools.
    pub const fn only(self, tools: Tools) -> Row {
        Row { tools, ..self }
    }

    /// The same row, for an option that nixpkgs' wrappers look for with this
    /// number of dashes.
    pub const fn in_nixpkgs(self, dashes: u8) -> Row {
        Row {
            in_nixpkgs: Some(dashes),
            ..self
        }
    }

    const fn with(self, dashes: Dashes) -> Row {
        Row { dashes, ..self }
    }

    /// The same row, with one dash before the name.
    pub const fn one_dash(self) -> Row {
        self.with(Dashes::One)
    }

    /// The same row, with two dashes before the name.
    pub const fn two_dashes(self) -> Row {
        self.with(Dashes::Two)
    }

    /// The same row, with one or two dashes before the name.
    pub const fn dashes(self) -> Row {
        self.with(Dashes::Either)
    }
}

/// The position of an option's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ValuePosition {
    /// The option has no value.
    #[default]
    None,
    /// In the same argument, starting at this byte.
    At(u8),
    /// This number of following arguments.
    Next(u8),
}

/// The row of an argument, and the position of its value.
#[derive(Clone, Copy, Debug)]
pub struct Match {
    pub row: &'static Row,
    pub value: ValuePosition,
    /// nixpkgs' wrappers look for this spelling.
    pub in_nixpkgs: bool,
}

/// Rows, sorted by name.
pub struct Table {
    pub rows: &'static [Row],
    /// For each value of the key byte below 128: the index of its first row.
    starts: [u16; 129],
    /// The index of the key byte in the names.
    byte: usize,
}

impl Table {
    /// `byte` is the index of the first byte in which the names differ.
    ///
    /// # Panics
    /// At compile time, if the rows are not sorted or a row occurs twice.
    pub const fn new(rows: &'static [Row], byte: usize) -> Table {
        let mut starts = [0; 129];
        let mut n = 0;
        let mut first = 0;
        while first <= 128 {
            while n < rows.len() && (rows[n].name.as_bytes()[byte] as usize) < first {
                assert!(
                    n == 0 || is_before(rows[n - 1].name, rows[n].name),
                    "unsorted"
                );
                n += 1;
            }
            starts[first] = n as u16;
            first += 1;
        }
        Table { rows, starts, byte }
    }

    /// Finds the row with the longest name that `argument` is a use of, among
    /// the options of `tools`. `offset` is the number of dashes in `argument`
    /// that the names do not include.
    #[inline]
    pub fn find(&'static self, argument: &[u8], offset: usize, tools: Tools) -> Option<Match> {
        let name = &argument[offset..];
        let first = usize::from(*name.get(self.byte)?);
        if first >= 128 {
            return None;
        }
        let begin = usize::from(self.starts[first]);
        let rows = &self.rows[begin..usize::from(self.starts[first + 1])];
        // A row whose name is a prefix of the argument sorts before the
        // argument. Of several, the longest is the nearest.
        let mut end = rows.partition_point(|row| row.name.as_bytes() <= name);
        while let Some(n) = end.checked_sub(1) {
            let row = &rows[n];
            let common = common(row.name.as_bytes(), name);
            if common == row.name.len() {
                if let Some(value) = value(row, name, offset, tools) {
                    let in_nixpkgs = row.in_nixpkgs == Some(offset as u8);
                    return Some(Match {
                        row,
                        value,
                        in_nixpkgs,
                    });
                }
                end = n;
            } else if common <= self.byte {
                return None;
            } else {
                // Rows that are not longer than the common prefix may still
                // match.
                end = rows[..n].partition_point(|row| row.name.as_bytes() <= &name[..common]);
            }
        }
        None
    }
}

/// The position of the value if `argument`, which begins with the row's name,
/// is a use of the row.
#[inline]
fn value(row: &Row, name: &[u8], offset: usize, tools: Tools) -> Option<ValuePosition> {
    let fits = match row.dashes {
        Dashes::Named | Dashes::Either => true,
        Dashes::One => offset == 1,
        Dashes::Two => offset == 2,
    };
    if !fits || row.tools & tools == 0 {
        return None;
    }
    let end = row.name.len();
    let at = |end: usize| Some(ValuePosition::At((end + offset) as u8));
    let is_whole = name.len() == end;
    match row.takes {
        Takes::Nothing => is_whole.then_some(ValuePosition::None),
        Takes::Separate => is_whole.then_some(ValuePosition::Next(1)),
        Takes::JoinedAndSeparate => Some(ValuePosition::Next(1)),
        Takes::Two => is_whole.then_some(ValuePosition::Next(2)),
        Takes::Three => is_whole.then_some(ValuePosition::Next(3)),
        Takes::Joined => at(end),
        Takes::JoinedOrSeparate | Takes::EqualsOrSeparate if is_whole => {
            Some(ValuePosition::Next(1))
        }
        Takes::JoinedOrSeparate => at(end),
        Takes::MaybeEquals if is_whole => Some(ValuePosition::None),
        Takes::MaybeEquals | Takes::EqualsOrSeparate => {
            if name[end] == b'=' {
                at(end + 1)
            } else {
                None
            }
        }
    }
}

/// The length of the common prefix.
#[inline]
fn common(a: &[u8], b: &[u8]) -> usize {
    let mut n = 0;
    while n < a.len() && n < b.len() && a[n] == b[n] {
        n += 1;
    }
    n
}

const fn is_before(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut n = 0;
    while n < a.len() && n < b.len() {
        if a[n] != b[n] {
            return a[n] < b[n];
        }
        n += 1;
    }
    a.len() < b.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    static ROWS: [Row; 7] = [
        Row::new("-", Takes::Nothing, Meaning::Other).only(0),
        Row::new("-i", Takes::Joined, Meaning::Other),
        Row::new("-in", Takes::Separate, Meaning::Other),
        Row::new("-inc", Takes::EqualsOrSeparate, Meaning::Other).only(2),
        Row::new("-inch", Takes::Nothing, Meaning::Other),
        Row::new("-j", Takes::JoinedOrSeparate, Meaning::Other),
        Row::new("-jj", Takes::MaybeEquals, Meaning::Other),
    ];

    /// The first row is left out because its name has no second byte.
    static TABLE: Table = Table::new(ROWS.split_at(1).1, 1);

    #[test]
    fn the_longest_name_that_fits_counts() {
        let found = |argument: &str, tools| {
            let found = TABLE.find(argument.as_bytes(), 0, tools)?;
            Some((found.row.name, found.value))
        };
        for (argument, tools, want) in [
            ("-in", 1, Some(("-in", ValuePosition::Next(1)))),
            ("-int", 1, Some(("-i", ValuePosition::At(2)))),
            ("-inc", 2, Some(("-inc", ValuePosition::Next(1)))),
            ("-inc", 1, Some(("-i", ValuePosition::At(2)))),
            ("-inc=x", 2, Some(("-inc", ValuePosition::At(5)))),
            ("-inch", 1, Some(("-inch", ValuePosition::None))),
            ("-incha", 1, Some(("-i", ValuePosition::At(2)))),
            ("-iz", 1, Some(("-i", ValuePosition::At(2)))),
            ("-ja", 1, Some(("-j", ValuePosition::At(2)))),
            ("-jj", 1, Some(("-jj", ValuePosition::None))),
            ("-jj=", 1, Some(("-jj", ValuePosition::At(4)))),
            ("-jjj", 1, Some(("-j", ValuePosition::At(2)))),
            ("-", 1, None),
            ("", 1, None),
            ("-h", 1, None),
            ("-\u{e9}", 1, None),
        ] {
            assert_eq!(found(argument, tools), want, "{argument} {tools}");
        }
    }
}
