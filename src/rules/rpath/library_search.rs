//! Finds the library directories and libraries in a linker command
//! (docs/behaviour.md#3-linkers-role-ld, step 6).

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::options::Parser;
use crate::options::meaning::Meaning;
use crate::rules::rpath::store::Store;
use crate::text::Bytes;

/// The library directories of a link, and the file names to look for in them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LibrarySearch<'p> {
    /// The directories, in the order of the command.
    pub directories: Vec<Bytes<'p>>,
    /// File names such as `libz.so`, each with its position in the command.
    pub names: BTreeMap<Bytes<'p>, usize>,
    /// The link makes an object file (`-r`).
    pub relocatable: bool,
    /// The last `-m` selects 32-bit x86.
    pub is_32_bit: bool,
    /// The value of `-o`.
    pub output: Option<&'p [u8]>,
}

impl<'p> LibrarySearch<'p> {
    /// Parses a linker command, without the program, as the linker does.
    pub fn parse(
        command: impl IntoIterator<Item = &'p [u8]>,
        parser: Parser,
        store: &Store,
    ) -> LibrarySearch<'p> {
        let mut search = LibrarySearch::default();
        for used in parser.uses(command) {
            search.add(used.meaning, used.argument, used.value, store);
        }
        search
    }

    /// Parses a linker command as nixpkgs' wrappers do, which look at each
    /// argument separately. A file in the store counts as a library even if it
    /// is the value of an option, and `-L/store/lib` counts even after `-z`.
    pub fn parse_as_nixpkgs(
        command: impl IntoIterator<Item = &'p [u8]>,
        mut parser: Parser,
        store: &Store,
    ) -> LibrarySearch<'p> {
        let mut search = LibrarySearch::default();
        let mut before = None;
        for word in command {
            let parsed = parser.read(word);
            if before == Some(Meaning::Output) {
                search.output = Some(word);
            }
            match (before, parsed.by_itself()) {
                (Some(Meaning::DynamicLinker | Meaning::Plugin), _) => {}
                (
                    Some(
                        option
                        @ (Meaning::LibraryDirectory | Meaning::Library | Meaning::Emulation),
                    ),
                    _,
                ) => search.add(option, word, Some(word), store),
                (Some(_), Meaning::Input) if !store.holds(word) => {}
                (_, meaning) => search.add(meaning, word, parsed.joined(word), store),
            }
            before = parsed.has_separate_value().then(|| parsed.by_itself());
        }
        search
    }

    fn add(
        &mut self,
        meaning: Meaning,
        argument: &'p [u8],
        value: Option<&'p [u8]>,
        store: &Store,
    ) {
        match (meaning, value) {
            (Meaning::Input, _) => self.shared_library(argument, store),
            (Meaning::LibraryDirectory, Some(directory)) => {
                self.directories.push(Cow::Borrowed(directory));
            }
            (Meaning::Library, Some(name)) => self.library(name),
            (Meaning::Relocatable, _) => self.relocatable = true,
            (Meaning::Emulation, Some(name)) => self.is_32_bit = name == b"elf_i386",
            (Meaning::Output, Some(file)) => self.output = Some(file),
            _ => {}
        }
    }

    /// Adds the library of a `-l` option: `z` stands for `libz.so`, `:z.so` for
    /// `z.so`.
    fn library(&mut self, name: &'p [u8]) {
        let file = match name.strip_prefix(b":") {
            Some(file) => Cow::Borrowed(file),
            None => Cow::Owned([b"lib", name, b".so"].concat()),
        };
        self.name(file);
    }

    /// Adds a shared library that is given by its path, if the path is in the
    /// store. If no store is defined, relative paths do not count, because
    /// build systems use them for libraries that they have just built and will
    /// install elsewhere.
    fn shared_library(&mut self, path: &'p [u8], store: &Store) {
        if !path.starts_with(b"/") && !store.is_named() {
            return;
        }
        let (directory, file) = match path.iter().rposition(|&b| b == b'/') {
            Some(0) => (&path[..1], &path[1..]),
            Some(slash) => (&path[..slash], &path[slash + 1..]),
            None => (&b"."[..], path),
        };
        let is_shared = file.ends_with(b".so") || file.windows(4).any(|part| part == b".so.");
        if !is_shared {
            return;
        }
        if let Some(located) = store.locate(directory) {
            self.directories.push(located);
            self.name(Cow::Borrowed(file));
        }
    }

    fn name(&mut self, file: Bytes<'p>) {
        // A name with a slash cannot be in a directory of the search path.
        if !file.is_empty() && !file.contains(&b'/') {
            let place = self.names.len();
            self.names.entry(file).or_insert(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::world::fake::Machine;
    use crate::model::environment::Environment;
    use crate::model::toolchain::Toolchain;
    use crate::options::linker::BFD;

    fn search(words: &'static str) -> LibrarySearch<'static> {
        search_in(words, b"NIX_STORE=/s")
    }

    fn search_in(words: &'static str, variable: &[u8]) -> LibrarySearch<'static> {
        let world = Machine::new().link("/cwd/dep", "/s/dep");
        let toolchain = Toolchain::default();
        let environment = Environment::new([variable]);
        let store = Store::new(&environment, &toolchain, &world);
        LibrarySearch::parse(
            words.split(' ').map(str::as_bytes),
            Parser::for_linker(BFD),
            &store,
        )
    }

    #[test]
    fn directories_are_found_in_every_spelling() {
        let search = search("-L /a -L/b -Lc --library-path=/d --library-path e -L");
        let want = [&b"/a"[..], b"/b", b"c", b"/d", b"e"];
        assert_eq!(search.directories, want);
    }

    fn names(search: &LibrarySearch) -> Vec<u8> {
        let names: Vec<&[u8]> = search.names.keys().map(|name| &**name).collect();
        names.join(&b' ')
    }

    #[test]
    fn libraries_are_found_in_every_spelling() {
        let words = "-l a -lb -l:libc.so.1 --library=d --library e --library=:f.so -l -L";
        let want = b"f.so lib-L.so liba.so libb.so libc.so.1 libd.so libe.so";
        assert_eq!(names(&search(words)), want);
        assert_eq!(names(&search("-l: -lsub/x")), b"");
    }

    #[test]
    fn shared_libraries_by_path_count_in_the_store() {
        let found = search(
            "/s/a/lib/liba.so /s/b/libb.so.1.2 /usr/lib/libc.so dep/lib/libd.so x.o liblocal.so /s/x.sox",
        );
        assert_eq!(
            found.directories,
            [&b"/s/a/lib"[..], b"/s/b", b"/s/dep/lib"]
        );
        assert_eq!(names(&found), b"liba.so libb.so.1.2 libd.so");
    }

    #[test]
    fn relative_paths_do_not_count_without_a_store() {
        let found = search_in("dep/lib/libd.so libown.so /s/a/liba.so -L.", b"NIX_STORE=");
        assert_eq!(found.directories, [&b"/s/a"[..], b"."]);
        assert_eq!(names(&found), b"liba.so");
    }

    #[test]
    fn values_of_other_options_are_not_libraries() {
        for words in [
            "-dynamic-linker /s/ld.so",
            "--dynamic-linker /s/ld.so.2",
            "-plugin /s/lto.so",
            "-o dep/x.so",
            "-o /s/x.so",
            "-soname x.so",
            "-Map /s/x.so.map",
            "--version-script /s/x.so.map",
            "-T /s/x.so",
        ] {
            let search = search(words);
            assert_eq!(
                (search.directories.len(), search.names.len()),
                (0, 0),
                "{words}"
            );
        }
    }

    #[test]
    fn values_count_as_libraries_in_nixpkgs() {
        let found = |words: &'static str| {
            let world = Machine::new();
            let toolchain = Toolchain::default();
            let environment = Environment::new([&b"NIX_STORE=/s"[..]]);
            let store = Store::new(&environment, &toolchain, &world);
            let words = words.split(' ').map(str::as_bytes);
            let search = LibrarySearch::parse_as_nixpkgs(words, Parser::for_linker(BFD), &store);
            let directories: Vec<&[u8]> = search.directories.iter().map(|d| &**d).collect();
            (directories.join(&b' '), search.output)
        };
        let (directories, output) =
            found("-o /s/o/x.so -z -L/s/z -dynamic-linker /s/l/ld.so -L -l x");
        assert_eq!(directories, b"/s/o /s/z -l");
        assert_eq!(output, Some(&b"/s/o/x.so"[..]));
        assert_eq!(found("-soname x.so -o y.so").0, b"");
    }

    #[test]
    fn the_kind_of_link_is_found() {
        assert!(
            search("-r").relocatable
                && search("-i").relocatable
                && search("--relocatable").relocatable
        );
        assert!(search("-m elf_i386").is_32_bit && search("-melf_i386").is_32_bit);
        assert!(!search("-m elf_i386 -m elf_x86_64").is_32_bit);
    }
}
