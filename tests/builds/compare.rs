//! Compares programs that two builds have made.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use object::Endianness;
use object::read::elf::ElfFile64;
use object::{Object, ObjectSection, ObjectSymbol};

use crate::common::run;

/// Sections with the RUNPATH or offsets into `.dynstr`, which has its text, and
/// the build id, which is a checksum of all this. Their meaning is compared.
const DEPENDENT: [&str; 6] = [
    ".dynamic",
    ".dynstr",
    ".dynsym",
    ".gnu.version_d",
    ".gnu.version_r",
    ".note.gnu.build-id",
];

/// Returns what differs besides the RUNPATH, one line each. Paths of the build
/// directories, which have the same length, count as equal. Of debug information,
/// which has these paths in sorted tables, only the sizes are compared.
pub fn differences(files: [&Path; 2], builds: [&Path; 2]) -> Vec<String> {
    let contents = files.map(|file| fs::read(file).unwrap());
    let [first, second] = [0, 1].map(|i| parse(&contents[i]));
    let [first_symbols, second_symbols] = [&first, &second].map(dynamic_symbols);
    let [first_entries, second_entries] = files.map(dynamic_entries);
    let mut differences = Vec::new();
    for (what, one, other) in [
        ("sections", names(&first), names(&second)),
        (".dynsym", first_symbols, second_symbols),
        (".dynamic", first_entries, second_entries),
    ] {
        if one != other {
            differences.push(format!("{what}: {one:?} and {other:?}"));
        }
    }

    let others = sections(&second);
    let first = sections(&first);
    let size = |sections: &BTreeMap<String, (u64, &[u8])>, name| {
        sections.get(name).map(|(_, data)| data.len())
    };
    // A RUNPATH in only one of two files moves all that follows it.
    let moved = size(&first, ".dynamic") != size(&others, ".dynamic");
    let [build, other_build] = builds;
    for (name, (address, data)) in &first {
        let Some((other_address, other_data)) = others.get(name) else {
            continue;
        };
        if DEPENDENT.contains(&&**name) {
            continue;
        }
        if data.len() != other_data.len() {
            let sizes = [data.len(), other_data.len()];
            differences.push(format!("sizes of {name}: {sizes:?}"));
        } else if !moved
            && !name.starts_with(".debug_")
            && address == other_address
            && with_build(data, other_build, build) != with_build(other_data, other_build, build)
        {
            differences.push(format!("contents of {name}"));
        }
    }
    differences
}

type File<'data> = ElfFile64<'data, Endianness>;

fn parse(data: &[u8]) -> File<'_> {
    ElfFile64::<Endianness>::parse(data).unwrap()
}

fn names(file: &File) -> Vec<String> {
    let sections = file.sections();
    sections
        .map(|section| section.name().unwrap().to_owned())
        .collect()
}

/// Addresses and contents of all sections.
fn sections<'data>(file: &File<'data>) -> BTreeMap<String, (u64, &'data [u8])> {
    let sections = file.sections().map(|section| {
        let name = section.name().unwrap().to_owned();
        (name, (section.address(), section.data().unwrap()))
    });
    sections.collect()
}

fn dynamic_symbols(file: &File) -> Vec<String> {
    let symbols = file.dynamic_symbols().map(|symbol| {
        let name = symbol.name().unwrap();
        format!("{name} {} {:?}", symbol.size(), symbol.kind())
    });
    symbols.collect()
}

/// The entries that decide how the file is loaded, without its RUNPATH.
fn dynamic_entries(file: &Path) -> Vec<String> {
    let listing = run(Command::new("readelf")
        .arg("--dynamic")
        .arg("--wide")
        .arg(file));
    let kept = [
        "(NEEDED)",
        "(SONAME)",
        "(FLAGS)",
        "(FLAGS_1)",
        "(SYMBOLIC)",
        "(TEXTREL)",
    ];
    let entries = listing.lines().filter_map(|line| {
        let (_, entry) = line.split_once('(')?;
        let entry = format!("({entry}");
        kept.iter()
            .any(|kind| entry.starts_with(kind))
            .then_some(entry)
    });
    entries.collect()
}

/// Returns `data` with the path `to` wherever `from` is.
fn with_build(data: &[u8], from: &Path, to: &Path) -> Vec<u8> {
    let [from, to] = [from, to].map(|path| path.to_str().unwrap().as_bytes());
    assert_eq!(from.len(), to.len());
    let mut data = data.to_vec();
    let mut at = 0;
    while at + from.len() <= data.len() {
        if data[at..].starts_with(from) {
            data[at..at + to.len()].copy_from_slice(to);
            at += from.len();
        } else {
            at += 1;
        }
    }
    data
}
