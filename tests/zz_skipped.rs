//! Counts the skipped tests. Runs last, because cargo runs test files in
//! alphabetical order.

#[path = "common/skip.rs"]
#[allow(dead_code)]
mod skip;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};

#[test]
fn skipped_tests_are_counted_last() {
    let file = skip::records();
    let text = fs::read_to_string(&file).unwrap_or_default();
    // With what runs before this one left behind.
    let _ = fs::remove_dir_all(file.parent().unwrap());
    if !text.is_empty() {
        // Past the test harness, which keeps what a passing test prints.
        let _ = writeln!(io::stderr(), "\n{}\n", summary(&text));
    }
}

/// Returns one line: the number of tests that were skipped fully or partly, the
/// missing packages, and other reasons.
fn summary(records: &str) -> String {
    let (mut tests, mut packages, mut others) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for record in records.lines() {
        let [test, package, why] = record.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{record:?}")
        };
        tests.insert(test);
        if package.is_empty() {
            others.insert(why);
        } else {
            packages.insert(package);
        }
    }
    let mut line = match tests.len() {
        1 => "skipped 1 test in whole or in part".to_owned(),
        count => format!("skipped {count} tests in whole or in part"),
    };
    if !packages.is_empty() {
        let packages = packages.into_iter().collect::<Vec<_>>().join(" ");
        line.push_str(&format!("; to run them, install {packages}"));
    }
    if !others.is_empty() {
        let others = others.into_iter().collect::<Vec<_>>().join(", ");
        line.push_str(&format!("; other reasons: {others}"));
    }
    line
}

#[test]
fn one_line_counts_tests_and_names_packages() {
    let records = "a x\tg++\tno g++\na x\tlld\tno lld\nb y\tg++\tno g++\nb z\t\tnot root\n";
    assert_eq!(
        summary(records),
        "skipped 3 tests in whole or in part; to run them, install g++ lld; \
         other reasons: not root"
    );
}
