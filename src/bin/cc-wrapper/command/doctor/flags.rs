//! Flags that are not what they were meant to be: directories that are not
//! there, words that were meant to be quoted, a compiler's words for a linker.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cc_wrapper::model::half::WrapperHalf as Which;
use cc_wrapper::rules::collect::flag_lists;
use cc_wrapper::text::words::words;

use super::directory;
use super::finding::{Finding, Place, bytes};
use super::reading;
use super::root::Root;
use super::variables::Variables;

/// Who takes the words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taker {
    Compiler,
    Linker,
}

/// Those of compilers that take a directory, in the same word or the next.
const OPTIONS: [&str; 8] = [
    "-isystem",
    "-idirafter",
    "-iframework",
    "-iquote",
    "-I",
    "-L",
    "-B",
    "-F",
];

/// Those of linkers.
const LINKER_OPTIONS: [&str; 2] = ["-L", "-F"];

/// What compilers hand on to linkers stands behind these, in the same word or
/// the next.
const HANDED_ON: [&[u8]; 2] = [b"-Wl,", b"-Xlinker"];

const COMPILER_FILES: [&str; 7] = [
    "cc-cflags",
    "cc-cflags-before",
    "libc-cflags",
    "libc-crt1-cflags",
    "libcxx-cxxflags",
    "libcxx-ldflags",
    "gnat-cflags",
];
/// In the compiler half, but for its linker.
const FOR_LINKER: &str = "cc-ldflags";
const LINKER_FILES: [&str; 2] = ["libc-ldflags", "libc-ldflags-before"];

/// Of the variables, those of roots with these salts too.
pub fn in_variables(variables: &Variables, salts: &[String]) -> Vec<Finding> {
    let mut suffixes: Vec<String> = ["", "_FOR_BUILD", "_FOR_TARGET"].map(String::from).to_vec();
    suffixes.extend(salts.iter().map(|salt| format!("_{salt}")));
    let mut findings = Vec::new();
    let compilers = flag_lists(Which::Compiler).map(|list| (list, Taker::Compiler));
    let linkers = flag_lists(Which::Linker).map(|list| (list, Taker::Linker));
    for (list, taker) in compilers.chain(linkers) {
        for suffix in &suffixes {
            let name = format!("{list}{suffix}");
            if let Some(text) = variables.get(&name) {
                findings.extend(in_list(&Place::from(&name), text, taker));
            }
        }
    }
    findings
}

/// Of the flag files.
pub fn in_files(root: &Root) -> Vec<Finding> {
    let compilers = COMPILER_FILES.map(|name| (root.compilers.file(name), Taker::Compiler));
    let theirs = (root.compilers.file(FOR_LINKER), Taker::Linker);
    let linkers = LINKER_FILES.map(|name| (root.linkers().file(name), Taker::Linker));
    let mut findings = Vec::new();
    for (path, taker) in compilers.into_iter().chain([theirs]).chain(linkers) {
        match reading::file(&path) {
            Ok(text) => findings.extend(in_list(&Place::from(&path), &text, taker)),
            Err(why) if why.kind() == ErrorKind::NotFound => {}
            Err(why) => {
                let remedy = "make it a readable file, or remove it";
                findings.push(reading::failed(&path, &why, remedy));
            }
        }
    }
    findings
}

fn in_list(place: &Place, text: &[u8], taker: Taker) -> Vec<Finding> {
    let mut findings = Vec::new();
    let options: &[&str] = match taker {
        Taker::Compiler => &OPTIONS,
        Taker::Linker => &LINKER_OPTIONS,
    };
    let mut words = words(text);
    while let Some(word) = words.next() {
        if looks_quoted(word) {
            findings.push(
                Finding::error(
                    "quoted",
                    place.clone(),
                    format!("has the word {}, but is split at white space only: its quotes quote nothing", bytes(word)),
                    "take them out; what has a space in it cannot stand here, so make a link to it whose name has none",
                )
                .into_warning(),
            );
            continue;
        }
        let mut handed_on = HANDED_ON.iter();
        let handed_on = handed_on.find_map(|option| word.strip_prefix(*option));
        if let Some(rest) = handed_on.filter(|_| taker == Taker::Linker) {
            findings.push(for_a_compiler(place, word, rest));
            continue;
        }
        let option = options
            .iter()
            .find(|option| word.starts_with(option.as_bytes()));
        let Some(option) = option else {
            continue;
        };
        let directory = match &word[option.len()..] {
            [] => words.next().unwrap_or_default(),
            joined => joined,
        };
        let path = Path::new(OsStr::from_bytes(directory));
        if !directory.is_empty() && !is_there(option, path) {
            findings.push(directory::absent(place.clone(), option, path));
        }
    }
    findings
}

/// Every link fails.
fn for_a_compiler(place: &Place, word: &[u8], rest: &[u8]) -> Finding {
    let words = rest.split(|byte| *byte == b',').map(bytes);
    let words = words.collect::<Vec<_>>().join(" ");
    Finding::error(
        "for-a-compiler",
        place.clone(),
        format!(
            "has the word {}, but its words are for linkers, which refuse it",
            bytes(word)
        ),
        match rest {
            [] => "take it out".to_owned(),
            _ => format!("write it as a linker takes it: {words}"),
        },
    )
}

fn is_there(option: &str, path: &Path) -> bool {
    let text = path.as_os_str().as_bytes();
    // What -B names need not be a directory: names may go on behind it.
    let is_prefix = option == "-B" && !text.ends_with(b"/");
    // Some are below a sysroot, and some are none: `-Bstatic`.
    path.is_dir()
        || is_prefix && path.parent().is_some_and(Path::is_dir)
        || text.starts_with(b"=")
        || text.starts_with(b"$SYSROOT")
        || !text.contains(&b'/')
}

/// A word whose quotes do not belong to its text. `-DNAME="x"` defines a
/// string.
fn looks_quoted(word: &[u8]) -> bool {
    [b'"', b'\''].into_iter().any(|quote| {
        let count = word.iter().filter(|byte| **byte == quote).count();
        let is_text = word.starts_with(b"-D") && count % 2 == 0;
        count > 0 && !is_text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::root::{tests::ids, tests::lay};
    use std::fs;

    fn found(text: &str) -> Vec<String> {
        let findings = in_list(&"X".into(), text.as_bytes(), Taker::Compiler).into_iter();
        findings.map(|finding| finding.what).collect()
    }

    #[test]
    fn directories_that_do_not_exist_are_named() {
        let text = "-I/none/1 -isystem /none/2 -L/usr -B/usr/lib/crt- -B/none/3/ -L=/none -L$SYSROOT/x -Bstatic -L";
        let expected = [("-I", 1), ("-isystem", 2)]
            .map(|(option, n)| format!("names {option} /none/{n}, which does not exist"));
        assert_eq!(found(text)[..2], expected);
        assert_eq!(
            found(text)[2..],
            ["names -B /none/3/, which does not exist"]
        );
    }

    #[test]
    fn what_a_compiler_hands_on_is_none_of_a_linkers_words() {
        let found = |taker| in_list(&"X".into(), b"-Wl,-rpath,/usr -I/none", taker);
        assert_eq!(found(Taker::Compiler)[0].id, "absent-directory");
        // There, -I names the interpreter.
        let [finding] = found(Taker::Linker).try_into().unwrap();
        assert_eq!(finding.id, "for-a-compiler");
        let remedy = "write it as a linker takes it: -rpath /usr";
        assert_eq!(finding.remedy, remedy);
        let [first, _] = in_list(&"X".into(), b"-Xlinker -rpath -Xlinker /usr", Taker::Linker)
            .try_into()
            .unwrap();
        assert_eq!(first.remedy, "take it out");
    }

    #[test]
    fn quotes_that_quote_nothing_are_named() {
        for word in ["\"-I/usr", "-I\"/usr\"", "'-DX", "-DX='a"] {
            assert!(found(word)[0].contains("quote nothing"), "{word}");
        }
        assert_eq!(found(r#"-DX="a" -DY='c' -O2"#), [""; 0]);
    }

    #[test]
    fn variables_count_with_each_suffix() {
        let variables = Variables::new(&[
            "NIX_CFLAGS_COMPILE=-I/none/1",
            "NIX_LDFLAGS_BEFORE_FOR_BUILD=-L/none/2",
            "NIX_LDFLAGS_s=-L/none/3",
            "NIX_LDFLAGS_other=-L/none/4",
        ]);
        let findings = in_variables(&variables, &["s".to_owned()]);
        let places: Vec<_> = findings
            .iter()
            .map(|finding| finding.place.shown())
            .collect();
        let expected = [
            "NIX_CFLAGS_COMPILE",
            "NIX_LDFLAGS_s",
            "NIX_LDFLAGS_BEFORE_FOR_BUILD",
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn flag_files_count_too() {
        let dir = lay("");
        fs::write(dir.path().join("nix-support/cc-cflags"), "-I/none\n").unwrap();
        fs::create_dir(dir.path().join("nix-support/libc-ldflags")).unwrap();
        assert_eq!(
            ids(dir.path(), in_files),
            ["absent-directory", "unreadable"]
        );
    }
}
