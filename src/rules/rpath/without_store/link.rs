//! Reads the libraries of a linker command and the directories that are searched for
//! them.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::options::Parser;
use crate::options::meaning::Meaning;
use crate::text::Bytes;
use crate::text::path;
use crate::text::path::without_slashes;

/// The libraries of a link, in the order of the command.
#[derive(Debug, Default)]
pub struct Link<'p> {
    pub places: Vec<Place<'p>>,
    /// Without duplicates.
    pub libraries: Vec<Library<'p>>,
    /// The values of `-rpath`: lists of directories.
    pub rpaths: Vec<&'p [u8]>,
    /// The caller wants a DT_RPATH: the last of `--disable-new-dtags` and
    /// `--enable-new-dtags` is the former.
    pub old_tags: bool,
    /// The directory in which CMake has configured what is linked, relative to
    /// the current one or absolute.
    pub cmake_directory: Option<&'p [u8]>,
    /// The link makes an object file (`-r`).
    pub relocatable: bool,
    /// The last `-m`, such as `elf_i386`.
    pub emulation: Option<&'p [u8]>,
    /// The value of `--sysroot`. Empty: none.
    pub sysroot: &'p [u8],
    /// The value of `-o`.
    pub output: Option<&'p [u8]>,
}

/// Where a library of the link may be.
#[derive(Debug, PartialEq, Eq)]
pub enum Place<'p> {
    /// `-L`: the directory is searched for all `-l`, also for those before.
    Directory(Bytes<'p>),
    /// The path of a shared library.
    File(&'p [u8]),
}

/// A `-l` option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Library<'p> {
    pub name: &'p [u8],
    /// `-l:NAME`: the name of a file, or a path below a directory.
    pub is_exact: bool,
    /// Only static libraries are looked for, because of `-Bstatic`.
    pub is_static: bool,
}

impl<'p> Link<'p> {
    /// Parses a linker command, without the program, as the linker does.
    pub fn parse(command: impl IntoIterator<Item = &'p [u8]>, parser: Parser) -> Link<'p> {
        let mut link = Link::default();
        let mut is_static = false;
        let mut saved = Vec::new();
        for used in parser.uses(command) {
            match (used.meaning, used.value) {
                (Meaning::Input, _) if is_shared(used.argument) => {
                    link.places.push(Place::File(used.argument));
                }
                (Meaning::Input, _) if link.cmake_directory.is_none() => {
                    link.cmake_directory = cmake_directory(used.argument);
                }
                (Meaning::NewDynamicTags, _) => link.old_tags = false,
                (Meaning::OldDynamicTags, _) => link.old_tags = true,
                (Meaning::LibraryDirectory, Some(directory)) => {
                    link.places.push(Place::Directory(Cow::Borrowed(directory)));
                }
                (Meaning::Library, Some(name)) => {
                    let library = Library {
                        name: name.strip_prefix(b":").unwrap_or(name),
                        is_exact: name.starts_with(b":"),
                        is_static,
                    };
                    if !link.libraries.contains(&library) {
                        link.libraries.push(library);
                    }
                }
                (Meaning::Static | Meaning::BindStatic, _) => is_static = true,
                (Meaning::BindDynamic, _) => is_static = false,
                (Meaning::PushState, _) => saved.push(is_static),
                (Meaning::PopState, _) => is_static = saved.pop().unwrap_or(is_static),
                (Meaning::Rpath, Some(list)) => link.rpaths.push(list),
                (Meaning::Sysroot, Some(directory)) => link.sysroot = directory,
                (Meaning::Relocatable, _) => link.relocatable = true,
                (Meaning::Emulation, value) => link.emulation = value,
                (Meaning::Output, Some(file)) => link.output = Some(file),
                _ => {}
            }
        }
        for place in &mut link.places {
            if let Place::Directory(directory) = place {
                let below = directory
                    .strip_prefix(b"=")
                    .or_else(|| directory.strip_prefix(b"$SYSROOT"));
                if let Some(below) = below {
                    *directory = Cow::Owned([link.sysroot, below].concat());
                }
            }
        }
        link
    }

    /// Whether a directory is among those that `-rpath` gives.
    pub fn gives(&self, directory: &[u8]) -> bool {
        let mut entries = self.rpaths.iter().flat_map(|list| path::entries(list));
        entries.any(|entry| without_slashes(entry) == directory)
    }
}

/// The directory of a target of CMake, one of whose objects is `path`:
/// `app/CMakeFiles/app.dir/main.c.o` is of `app`.
fn cmake_directory(path: &[u8]) -> Option<&[u8]> {
    let name = b"CMakeFiles/";
    let at = path.windows(name.len()).position(|part| part == name)?;
    match &path[..at] {
        [] => Some(&[]),
        [directory @ .., b'/'] => Some(directory),
        _ => None,
    }
}

/// Whether a file is a shared library, according to its name.
pub fn is_shared(path: &[u8]) -> bool {
    let file = path::file_name(path);
    file.ends_with(b".so") || file.windows(4).any(|part| part == b".so.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::linker::BFD;

    fn link(words: &'static str) -> Link<'static> {
        Link::parse(words.split(' ').map(str::as_bytes), Parser::for_linker(BFD))
    }

    fn directory(path: &str) -> Place<'_> {
        Place::Directory(Cow::Borrowed(path.as_bytes()))
    }

    #[test]
    fn values_of_options_are_not_libraries() {
        for words in [
            "-o /a/libx.so",
            "-Map /a/x.so.map",
            "-soname libx.so",
            "--version-script /a/x.so.map",
            "--dependency-file=/a/x.so",
            "-T /a/x.so",
            "--retain-symbols-file /a/x.so",
            "--dynamic-list /a/x.so",
            "-plugin /a/x.so",
            "-dynamic-linker /a/ld.so",
        ] {
            assert_eq!(link(words).places, [], "{words}");
        }
    }

    #[test]
    fn the_sysroot_of_a_directory_is_resolved() {
        let link = link("-L=/lib -L$SYSROOT/usr/lib -L/opt --sysroot=/s");
        let want = [
            directory("/s/lib"),
            directory("/s/usr/lib"),
            directory("/opt"),
        ];
        assert_eq!(link.places, want);
    }

    #[test]
    fn static_libraries_are_told_apart() {
        let words = "-la -Bstatic -lb --push-state -Bdynamic -lc --pop-state -l:d.so -dy -le";
        let libraries = link(words).libraries;
        let names = libraries.iter().map(|l| (l.name, l.is_static));
        let want = [
            (&b"a"[..], false),
            (b"b", true),
            (b"c", false),
            (b"d.so", true),
            (b"e", false),
        ];
        assert!(names.eq(want));
        assert!(libraries[3].is_exact);
    }

    #[test]
    fn given_rpaths_are_known() {
        let link = link("-rpath /a:/b -rpath=/c");
        assert!(["/a", "/b", "/c"].iter().all(|d| link.gives(d.as_bytes())));
        assert!(!link.gives(b"/a:/b"));
    }
}
