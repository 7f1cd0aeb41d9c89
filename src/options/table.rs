//! What a table of options is made of, and how an argument is found in it.

use crate::options::meaning::Meaning;

/// How an option takes its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// `-c`
    Nothing,
    /// `-include FILE`
    Separate,
    /// `-march=CPU`, `-Wl,LIST`: the value begins where the name ends.
    Joined,
    /// `-o FILE` or `-oFILE`.
    JoinedOrSeparate,
    /// `--help` or `--help=CLASS`.
    MaybeEquals,
    /// `--output FILE` or `--output=FILE`.
    EqualsOrSeparate,
    /// `-Xarch_ARCH OPTION`: the name goes on, and the value stands behind it.
    JoinedAndSeparate,
    /// `-segaddr SEGMENT ADDRESS`
    Two,
    /// `-platform_version PLATFORM MINIMUM SDK`
    Three,
}

/// Which tools know an option. A bit each.
pub type Tools = u8;

/// How many dashes stand before an option's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dashes {
    /// They are part of the name.
    Named,
    One,
    Two,
    Either,
}

/// An option.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    pub name: &'static str,
    pub takes: Takes,
    pub meaning: Meaning,
    /// The tools that know it.
    pub tools: Tools,
    pub dashes: Dashes,
    /// nixpkgs' wrappers look for it with so many dashes before the name,
    /// wherever it stands.
    pub in_nixpkgs: Option<u8>,
}

impl Row {
    /// Of an option that more than one tool knows, and nixpkgs' wrappers do not.
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

    /// The same, but that only these tools know it.
    pub const fn only(self, tools: Tools) -> Row {
        Row { tools, ..self }
    }

    /// The same, and nixpkgs' wrappers look for it with so many dashes before
    /// the name.
    pub const fn in_nixpkgs(self, dashes: u8) -> Row {
        Row {
            in_nixpkgs: Some(dashes),
            ..self
        }
    }

    const fn with(self, dashes: Dashes) -> Row {
        Row { dashes, ..self }
    }

    /// A name with one dash before it.
    pub const fn one_dash(self) -> Row {
        self.with(Dashes::One)
    }

    /// A name with two dashes before it.
    pub const fn two_dashes(self) -> Row {
        self.with(Dashes::Two)
    }

    /// A name with one dash or two before it.
    pub const fn dashes(self) -> Row {
        self.with(Dashes::Either)
    }
}

/// Where an option's value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// The option has none.
    #[default]
    None,
    /// In the same argument, from this byte on.
    At(u8),
    /// So many arguments that follow.
    Next(u8),
}

/// An argument's row, and where its value is.
#[derive(Clone, Copy, Debug)]
pub struct Match {
    pub row: &'static Row,
    pub value: Value,
    /// nixpkgs' wrappers look for it.
    pub in_nixpkgs: bool,
}

/// Rows in the order of their names.
pub struct Table {
    pub rows: &'static [Row],
    /// Of each first byte, below 128, of a name's distinguishing part: where
    /// its rows begin.
    starts: [u16; 129],
    /// Which byte of the names that is.
    byte: usize,
}

impl Table {
    /// `byte` is the place of the byte by which names differ first.
    ///
    /// # Panics
    /// While compiling: the rows are not sorted, or one is there twice.
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

    /// The row that `argument` is a use of, which some tool of `tools` knows:
    /// the one of the longest name. `offset` bytes of dashes stand before
    /// what the names begin with.
    #[inline]
    pub fn find(&'static self, argument: &[u8], offset: usize, tools: Tools) -> Option<Match> {
        let name = &argument[offset..];
        let first = usize::from(*name.get(self.byte)?);
        if first >= 128 {
            return None;
        }
        let begin = usize::from(self.starts[first]);
        let rows = &self.rows[begin..usize::from(self.starts[first + 1])];
        // Each row whose name the argument begins with stands before the
        // place where the argument itself would stand, and the longer the
        // nearer.
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
                // What is no longer than the common part may still fit.
                end = rows[..n].partition_point(|row| row.name.as_bytes() <= &name[..common]);
            }
        }
        None
    }
}

/// Where the value is, if the argument, which begins with the row's name, is
/// a use of the row.
#[inline]
fn value(row: &Row, name: &[u8], offset: usize, tools: Tools) -> Option<Value> {
    let fits = match row.dashes {
        Dashes::Named | Dashes::Either => true,
        Dashes::One => offset == 1,
        Dashes::Two => offset == 2,
    };
    if !fits || row.tools & tools == 0 {
        return None;
    }
    let end = row.name.len();
    let at = |end: usize| Some(Value::At((end + offset) as u8));
    let is_whole = name.len() == end;
    match row.takes {
        Takes::Nothing => is_whole.then_some(Value::None),
        Takes::Separate => is_whole.then_some(Value::Next(1)),
        Takes::JoinedAndSeparate => Some(Value::Next(1)),
        Takes::Two => is_whole.then_some(Value::Next(2)),
        Takes::Three => is_whole.then_some(Value::Next(3)),
        Takes::Joined => at(end),
        Takes::JoinedOrSeparate | Takes::EqualsOrSeparate if is_whole => Some(Value::Next(1)),
        Takes::JoinedOrSeparate => at(end),
        Takes::MaybeEquals if is_whole => Some(Value::None),
        Takes::MaybeEquals | Takes::EqualsOrSeparate => {
            if name[end] == b'=' {
                at(end + 1)
            } else {
                None
            }
        }
    }
}

/// How many bytes both begin with.
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

    /// Without the row that has no second byte.
    static TABLE: Table = Table::new(ROWS.split_at(1).1, 1);

    #[test]
    fn the_longest_name_that_fits_counts() {
        let found = |argument: &str, tools| {
            let found = TABLE.find(argument.as_bytes(), 0, tools)?;
            Some((found.row.name, found.value))
        };
        for (argument, tools, want) in [
            ("-in", 1, Some(("-in", Value::Next(1)))),
            ("-int", 1, Some(("-i", Value::At(2)))),
            ("-inc", 2, Some(("-inc", Value::Next(1)))),
            ("-inc", 1, Some(("-i", Value::At(2)))),
            ("-inc=x", 2, Some(("-inc", Value::At(5)))),
            ("-inch", 1, Some(("-inch", Value::None))),
            ("-incha", 1, Some(("-i", Value::At(2)))),
            ("-iz", 1, Some(("-i", Value::At(2)))),
            ("-ja", 1, Some(("-j", Value::At(2)))),
            ("-jj", 1, Some(("-jj", Value::None))),
            ("-jj=", 1, Some(("-jj", Value::At(4)))),
            ("-jjj", 1, Some(("-j", Value::At(2)))),
            ("-", 1, None),
            ("", 1, None),
            ("-h", 1, None),
            ("-\u{e9}", 1, None),
        ] {
            assert_eq!(found(argument, tools), want, "{argument} {tools}");
        }
    }
}
