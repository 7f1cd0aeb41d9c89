//! Flags in variables and flag files: directories that do not exist, quotes that
//! quote nothing, compiler options for a linker.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cc_wrapper::model::half::WrapperHalf as Taker;
use cc_wrapper::rules::collect::flag_lists;
use cc_wrapper::text::words::words;

use super::directory;
use super::files::path;
use super::finding::Finding;
use super::root::{self, Root};
use super::variables::Variables;
use crate::process::report::quoted;
use crate::support::foreign_file;

/// Compiler options with a directory, in the same word or the next.
const OPTIONS: &str = "-isystem -idirafter -iframework -iquote -I -L -B -F";

/// The same of linkers.
const LINKER_OPTIONS: &str = "-L -F";

/// Compiler options that pass others on to the linker.
const PASSED_ON: [&[u8]; 2] = [b"-Wl,", b"-Xlinker"];

/// Files with flags for compilers, in the compilers' half.
const COMPILER_FILES: &str = "cc-cflags cc-cflags-before libc-cflags libc-crt1-cflags \
    libcxx-cxxflags libcxx-ldflags gnat-cflags";

/// Files with flags for linkers, in the linkers' half.
const LINKER_FILES: [&str; 2] = ["libc-ldflags", "libc-ldflags-before"];

/// What is wrong with the flags in variables with one of these suffixes.
pub fn in_variables(variables: &Variables, suffixes: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for taker in [Taker::Compiler, Taker::Linker] {
        for list in flag_lists(taker) {
            for name in suffixes.iter().map(|suffix| format!("{list}{suffix}")) {
                let text = variables.get(&name).unwrap_or_default();
                findings.extend(in_list(name.as_ref(), text, taker));
            }
        }
    }
    findings
}

/// What is wrong with the flags in a root's flag files.
pub fn in_files(root: &Root) -> Vec<Finding> {
    let (compilers, linkers) = (&root.compilers, root.linkers());
    let files = COMPILER_FILES.split(' ');
    let files = files.map(|name| (compilers.file(name), Taker::Compiler));
    let mut files: Vec<_> = files.collect();
    files.push((compilers.file("cc-ldflags"), Taker::Linker));
    files.extend(LINKER_FILES.map(|name| (linkers.file(name), Taker::Linker)));
    let mut findings = Vec::new();
    for (path, taker) in files {
        match foreign_file::read(&path) {
            Ok(text) => findings.extend(in_list(path.as_ref(), &text, taker)),
            Err(why) if why.kind() == ErrorKind::NotFound => {}
            Err(why) => findings.push(root::unreadable(&path, &why)),
        }
    }
    findings
}

fn in_list(place: &OsStr, text: &[u8], taker: Taker) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_linker = taker == Taker::Linker;
    let options = if is_linker { LINKER_OPTIONS } else { OPTIONS };
    let mut rest = words(text);
    while let Some(word) = rest.next() {
        let mut passed_on = PASSED_ON.iter();
        let passed_on = passed_on.find_map(|option| word.strip_prefix(*option));
        if looks_quoted(word) {
            findings.push(literal_quotes(place, word));
        } else if let Some(rest) = passed_on.filter(|_| is_linker) {
            findings.push(for_a_compiler(place, word, rest));
        } else if let Some(option) = options.split(' ').find(|o| word.starts_with(o.as_bytes())) {
            let directory = match &word[option.len()..] {
                [] => rest.next().unwrap_or_default(),
                joined => joined,
            };
            let path = path(directory);
            if !directory.is_empty() && !is_there(option, path) {
                findings.push(directory::absent(place, option, path));
            }
        }
    }
    findings
}

fn literal_quotes(place: &OsStr, word: &[u8]) -> Finding {
    let word = quoted(word);
    let what =
        format!("has the word {word}, but only white space splits words: its quotes quote nothing");
    let remedy = "remove them; for a path with a space, name a link to it without one";
    Finding::warning("quoted", place, what, remedy)
}

/// The linker does not know the word, so that every link fails.
fn for_a_compiler(place: &OsStr, word: &[u8], rest: &[u8]) -> Finding {
    let word = quoted(word);
    let what =
        format!("has the compiler option {word}, but passes its words to linkers, which reject it");
    let words: Vec<String> = rest.split(|byte| *byte == b',').map(quoted).collect();
    let mut remedy = "remove it".to_owned();
    if !rest.is_empty() {
        remedy = format!("write it as the linker takes it: {}", words.join(" "));
    }
    Finding::error("for-a-compiler", place, what, remedy)
}

fn is_there(option: &str, path: &Path) -> bool {
    let text = path.as_os_str().as_bytes();
    // -B may name the beginning of file names.
    let is_prefix = option == "-B" && !text.ends_with(b"/");
    // Some are below a sysroot, and some are no directories: `-Bstatic`.
    path.is_dir()
        || is_prefix && path.parent().is_some_and(Path::is_dir)
        || text.starts_with(b"=")
        || text.starts_with(b"$SYSROOT")
        || !text.contains(&b'/')
}

/// Whether the quotes of a word do not belong to its text, as those of
/// `-DNAME="x"` do, which defines a string.
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
        let findings = in_list("X".as_ref(), text.as_bytes(), Taker::Compiler).into_iter();
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
    fn a_compilers_option_for_the_linker_is_no_linker_option() {
        let found = |taker| in_list("X".as_ref(), b"-Wl,-rpath,/usr -I/none", taker);
        assert_eq!(found(Taker::Compiler)[0].id, "absent-directory");
        // There, -I names the interpreter.
        let [finding] = found(Taker::Linker).try_into().unwrap();
        assert_eq!(finding.id, "for-a-compiler");
        let remedy = "write it as the linker takes it: -rpath /usr";
        assert_eq!(finding.remedy, remedy);
        let [first, _] = in_list(
            "X".as_ref(),
            b"-Xlinker -rpath -Xlinker /usr",
            Taker::Linker,
        )
        .try_into()
        .unwrap();
        assert_eq!(first.remedy, "remove it");
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
        let findings = in_variables(&variables, &["", "_FOR_BUILD", "_s"].map(String::from));
        let places: Vec<_> = findings
            .iter()
            .map(|finding| finding.place.clone())
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
