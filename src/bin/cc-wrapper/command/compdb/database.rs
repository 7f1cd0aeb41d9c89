//! Selects the records that go into the compilation database, and sorts them.

use std::collections::BTreeMap;

use cc_wrapper::text::compile_database::Entry;

use super::paths::resolved;

/// The last record of each output. Parallel builds record in any order; the
/// database is the same each time.
#[derive(Default)]
pub struct Database<'a> {
    /// One command can compile several files to one output. The keys of the inner
    /// map are their resolved paths.
    outputs: BTreeMap<Product, BTreeMap<Vec<u8>, Entry<'a>>>,
}

/// The key of a record: its resolved output, or the file that a call checks.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Product {
    Output(Vec<u8>),
    /// A check of this file (`-fsyntax-only`), which has no output.
    Check(Vec<u8>),
}

impl<'a> Database<'a> {
    /// Adds a record that is newer than all before it.
    pub fn add(&mut self, entry: Entry<'a>) {
        let file = resolved(&entry.directory, &entry.file);
        let product = match &entry.output {
            Some(output) => Product::Output(resolved(&entry.directory, output)),
            None => Product::Check(file.clone()),
        };
        let files = self.outputs.entry(product).or_default();
        let old = files.values().next();
        if old
            .is_some_and(|old| old.directory != entry.directory || old.arguments != entry.arguments)
        {
            files.clear();
        }
        files.insert(file, entry);
    }

    /// Returns the records, sorted by file and then output.
    pub fn entries(&self) -> impl Iterator<Item = &Entry<'a>> {
        let outputs = self.outputs.iter();
        let all = outputs.flat_map(|(product, files)| {
            files
                .iter()
                .map(move |(file, entry)| (file, product, entry))
        });
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|(file, product, _)| (*file, *product));
        all.into_iter().map(|(.., entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    /// Returns the kept records of calls in `/d`, each as `FILE OUTPUT ARGUMENT`;
    /// `-` stands for no output.
    fn kept(records: &[&'static str]) -> Vec<String> {
        let mut database = Database::default();
        for record in records {
            let mut words = record.split(' ').map(|word| Cow::Borrowed(word.as_bytes()));
            database.add(Entry {
                directory: Cow::Borrowed(b"/d"),
                file: words.next().unwrap(),
                output: words.next().filter(|output| **output != *b"-"),
                arguments: words.collect(),
            });
        }
        let text = |entry: &Entry| {
            let output = entry.output.as_deref().unwrap_or(b"-");
            let words = [&entry.file, output, &entry.arguments[0]];
            String::from_utf8(words.join(&b' ')).unwrap()
        };
        database.entries().map(text).collect()
    }

    #[test]
    fn the_last_record_of_an_output_counts() {
        assert_eq!(kept(&["a.c a.o 1", "a.c a.o 2"]), ["a.c a.o 2"]);
        assert_eq!(kept(&["a.c a.o 1", "b.c ./a.o 2"]), ["b.c ./a.o 2"]);
        assert_eq!(kept(&["a.c a.o 1", "a.c /d/x/../a.o 2"]).len(), 1);
        assert_eq!(kept(&["a.c - 1", "../d/a.c - 2"]), ["../d/a.c - 2"]);
        assert_eq!(kept(&["a.c a.o 1", "a.c b.o 1", "a.c - 1"]).len(), 3);
    }

    #[test]
    fn one_command_keeps_all_its_files() {
        let both = ["a.c app 1", "b.c app 1"];
        assert_eq!(kept(&both), both);
        assert_eq!(kept(&[both, both].concat()), both);
        assert_eq!(kept(&["c.c app 0", both[0], both[1]]), both);
        assert_eq!(kept(&[both[0], both[1], "b.c app 2"]), ["b.c app 2"]);
    }

    #[test]
    fn a_command_with_many_files_takes_no_long_time() {
        let mut database = Database::default();
        for n in 0..50_000 {
            database.add(Entry {
                directory: Cow::Borrowed(b"/d"),
                file: Cow::Owned(format!("{n}.c").into_bytes()),
                output: Some(Cow::Borrowed(b"app")),
                arguments: vec![Cow::Borrowed(b"cc")],
            });
        }
        assert_eq!(database.entries().count(), 50_000);
    }

    #[test]
    fn the_order_of_the_records_does_not_matter() {
        let sorted = ["/d/a.c a.o 1", "./b.c a/b.o 1", "b.c b.o 1", "c.c 0.o 1"];
        let mut records = sorted;
        for _ in 0..sorted.len() {
            records.rotate_left(1);
            assert_eq!(kept(&records), sorted);
        }
    }
}
