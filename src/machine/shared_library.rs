//! Reads the file that a linker finds for `-l`: the dynamic section of an ELF
//! library, or the text of a linker script.

use alloc::vec::Vec;

use crate::machine::world::{Part, World};

/// The size of the start of a file that is read first, in bytes. It holds the
/// ELF header and the program headers.
const START: usize = 1 << 10;

/// A longer file is not a linker script. In bytes.
const LONGEST_SCRIPT: usize = 64 << 10;

/// No dynamic section or table of program headers is longer. In bytes.
const LONGEST_TABLE: u64 = 1 << 20;

/// The longest name or list of directories, in bytes.
const LONGEST_STRING: usize = 4 << 10;

const PT_LOAD: u64 = 1;
const PT_DYNAMIC: u64 = 2;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_SONAME: u64 = 14;
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;

/// A file that a linker finds for `-l`.
#[derive(Debug, PartialEq, Eq)]
pub enum LinkedFile {
    Library(SharedLibrary),
    /// The text of a linker script.
    Script(Vec<u8>),
    /// Another file, or one that cannot be read.
    Other,
}

/// The dynamic section of a shared library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SharedLibrary {
    pub is_32_bit: bool,
    /// The name that programs will need. `None`: the name of the file.
    pub soname: Option<Vec<u8>>,
    /// The names of the libraries that it needs.
    pub needed: Vec<Vec<u8>>,
    /// Where the loader looks for these: DT_RUNPATH, or else DT_RPATH.
    pub search_path: Vec<u8>,
    /// It has a DT_RUNPATH. The loader then ignores the DT_RPATH of the program.
    pub has_run_path: bool,
}

/// Reads the file at `path`.
pub fn read(path: &[u8], world: &dyn World) -> LinkedFile {
    let mut found = LinkedFile::Other;
    world.read_parts(path, &mut |part| {
        let start = part(0, START);
        found = match start.get(..4) {
            Some(b"\x7fELF") => match library(&start, part) {
                Some(library) => LinkedFile::Library(library),
                None => LinkedFile::Other,
            },
            Some(b"!<ar" | b"!<th") | None => LinkedFile::Other,
            Some(_) => {
                let text = part(0, LONGEST_SCRIPT + 1);
                if text.len() > LONGEST_SCRIPT {
                    return;
                }
                LinkedFile::Script(text)
            }
        };
    });
    found
}

/// The numbers of an ELF file.
struct Elf<'f> {
    is_64: bool,
    is_little: bool,
    part: &'f Part<'f>,
}

impl Elf<'_> {
    /// The number of `width` bytes at `at`.
    fn number(&self, bytes: &[u8], at: usize, width: usize) -> Option<u64> {
        let bytes = bytes.get(at..at.checked_add(width)?)?;
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(match self.is_little {
            true => bytes.iter().rev().fold(0, add),
            false => bytes.iter().fold(0, add),
        })
    }

    /// The size of an address in bytes.
    fn word(&self) -> usize {
        if self.is_64 { 8 } else { 4 }
    }

    /// The program headers: type, offset in the file, address, size in the
    /// file.
    fn segments(&self, start: &[u8]) -> Option<Vec<[u64; 4]>> {
        let [headers, size, count] = match self.is_64 {
            true => [32, 54, 56],
            false => [28, 42, 44],
        };
        let headers = self.number(start, headers, self.word())?;
        let size = self.number(start, size, 2)? as usize;
        let count = self.number(start, count, 2)? as usize;
        let length = size
            .checked_mul(count)
            .filter(|&l| l as u64 <= LONGEST_TABLE)?;
        let at = usize::try_from(headers).ok()?;
        let table = match start.get(at..at.checked_add(length)?) {
            Some(table) => table.to_vec(),
            None => (self.part)(headers, length),
        };
        let fields = match self.is_64 {
            true => [8, 16, 32],
            false => [4, 8, 16],
        };
        let segment = |n: usize| {
            let header = table.get(n * size..)?;
            let [offset, address, length] = fields;
            Some([
                self.number(header, 0, 4)?,
                self.number(header, offset, self.word())?,
                self.number(header, address, self.word())?,
                self.number(header, length, self.word())?,
            ])
        };
        (0..count).map(segment).collect()
    }

    /// The string at an offset of the file, up to its NUL.
    fn string(&self, offset: u64) -> Option<Vec<u8>> {
        let mut length = 256;
        while length <= LONGEST_STRING {
            let mut bytes = (self.part)(offset, length);
            if let Some(end) = bytes.iter().position(|&b| b == 0) {
                bytes.truncate(end);
                return Some(bytes);
            }
            length *= 4;
        }
        None
    }
}

fn library(start: &[u8], part: &Part) -> Option<SharedLibrary> {
    let elf = Elf {
        is_64: *start.get(4)? == 2,
        is_little: *start.get(5)? == 1,
        part,
    };
    let segments = elf.segments(start)?;
    let [_, offset, _, size] = *segments.iter().find(|s| s[0] == PT_DYNAMIC)?;
    if size > LONGEST_TABLE {
        return None;
    }
    let dynamic = part(offset, size as usize);
    let width = elf.word();
    let entries = || {
        let entries = dynamic.chunks_exact(2 * width);
        entries.filter_map(|entry| {
            Some((
                elf.number(entry, 0, width)?,
                elf.number(entry, width, width)?,
            ))
        })
    };
    let strings = entries().find(|(tag, _)| *tag == DT_STRTAB)?.1;
    let mut loaded = segments.iter().filter(|s| s[0] == PT_LOAD);
    let [_, offset, address, _] = loaded.find(|s| s[2] <= strings && strings - s[2] < s[3])?;
    let strings = strings - address + offset;

    let mut library = SharedLibrary {
        is_32_bit: !elf.is_64,
        ..SharedLibrary::default()
    };
    for (tag, value) in entries().take_while(|(tag, _)| *tag != 0) {
        let string = || elf.string(strings.checked_add(value)?);
        match tag {
            DT_NEEDED => library.needed.extend(string()),
            DT_SONAME => library.soname = string(),
            DT_RPATH if !library.has_run_path => library.search_path = string()?,
            DT_RUNPATH => {
                library.search_path = string()?;
                library.has_run_path = true;
            }
            _ => {}
        }
    }
    Some(library)
}

/// Words of a linker script that name libraries.
#[derive(Debug, PartialEq, Eq)]
pub enum Input<'s> {
    /// `-lz`
    Library(&'s [u8]),
    /// A file name, or a path.
    File(&'s [u8]),
}

/// The libraries in the INPUT and GROUP commands of a linker script.
pub fn inputs(script: &[u8]) -> Vec<Input<'_>> {
    let mut inputs = Vec::new();
    // How many parentheses of INPUT or GROUP are open.
    let mut depth = 0;
    let mut is_list = false;
    let mut rest = script;
    while let [first, after @ ..] = rest {
        if rest.starts_with(b"/*") {
            let end = rest.windows(2).skip(2).position(|pair| pair == b"*/");
            rest = end.map_or(&[], |end| &rest[end + 4..]);
            continue;
        }
        match first {
            b'(' if is_list || depth > 0 => depth += 1,
            b')' if depth > 0 => depth -= 1,
            _ if is_separator(*first) => {}
            _ => {
                let (word, after) = word(rest);
                is_list = matches!(word, b"INPUT" | b"GROUP");
                if depth > 0 && word != b"AS_NEEDED" {
                    inputs.push(match word.strip_prefix(b"-l") {
                        Some(name) => Input::Library(name),
                        None => Input::File(word),
                    });
                }
                rest = after;
                continue;
            }
        }
        rest = after;
    }
    inputs
}

fn is_separator(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b"(),;".contains(&byte)
}

/// The first word of `text`, without its quotes, and the rest. `text` does not
/// begin with a separator.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    if let Some(quoted) = text.strip_prefix(b"\"") {
        let end = quoted
            .iter()
            .position(|&b| b == b'"')
            .unwrap_or(quoted.len());
        return (&quoted[..end], quoted.get(end + 1..).unwrap_or_default());
    }
    let end = text
        .iter()
        .position(|&b| is_separator(b))
        .unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::world::fake::Machine;

    #[test]
    fn the_libraries_of_a_script_are_found() {
        let script = b"/* GNU ld script\n INPUT(no.so) */ OUTPUT_FORMAT(elf64-x86-64)\n\
            GROUP ( /lib/libc.so.6 \"/a b/x.so\" -lz,AS_NEEDED ( ld.so ) ) INPUT(libf.so.1) EXTERN(f)";
        let file = |name: &'static str| Input::File(name.as_bytes());
        let want = [
            file("/lib/libc.so.6"),
            file("/a b/x.so"),
            Input::Library(b"z"),
            file("ld.so"),
            file("libf.so.1"),
        ];
        assert_eq!(inputs(script), want);
    }

    #[test]
    fn broken_files_are_not_libraries() {
        let mut world = Machine::new().file("/e", "").file("/ar", "!<arch>\n");
        let whole = std::fs::read("/bin/sh").unwrap();
        for length in (0..2000).step_by(7) {
            world = world.file("/cut", &whole[..length]);
            let mut wild = whole[..4096].to_vec();
            wild[24 + length] ^= 0xff;
            world = world.file("/wild", wild);
            read(b"/cut", &world);
            read(b"/wild", &world);
        }
        for path in ["/e", "/ar", "/none"] {
            assert_eq!(read(path.as_bytes(), &world), LinkedFile::Other, "{path}");
        }
        let LinkedFile::Script(text) = read(b"/s", &world.file("/s", "INPUT(a.so)")) else {
            panic!("not a script");
        };
        assert_eq!(inputs(&text), [Input::File(b"a.so")]);
    }

    #[test]
    fn the_dynamic_section_of_a_program_is_read() {
        let program = std::fs::read("/bin/sh").unwrap();
        let LinkedFile::Library(library) = read(b"/x", &Machine::new().file("/x", program)) else {
            panic!("not a library");
        };
        let is_libc = |name: &Vec<u8>| name.starts_with(b"libc.");
        assert!(library.needed.iter().any(is_libc), "{library:?}");
        assert_eq!(library.is_32_bit, cfg!(target_pointer_width = "32"));
    }
}
