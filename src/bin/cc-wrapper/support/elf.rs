//! Reads the parts of ELF files that decide how a program starts. Files are not
//! trusted, so everything that is read has a size limit.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use nix::unistd::{SysconfVar, sysconf};
use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::read::{Error, ReadCache, ReadRef};

use crate::support::foreign_file;

pub const MAGIC: &[u8] = b"\x7fELF";

/// Offset of the byte with the width of addresses.
const CLASS: usize = 4;
/// Offset of the byte with the byte order.
const ORDER: usize = 5;

/// The interpreter and libraries that a file needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elf {
    pub kind: Kind,
    /// It is a program or a shared library, not an object file.
    pub is_loadable: bool,
    pub interpreter: Option<PathBuf>,
    /// `None`: the file loads no libraries.
    pub dynamic: Option<Dynamic>,
}

/// The class, byte order and machine of a file. Only files of the same kind can
/// be loaded together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub machine: elf::Machine,
    pub is_64: bool,
    pub is_little: bool,
}

/// The libraries that a file loads, and the directories that they are loaded
/// from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dynamic {
    pub needed: Vec<OsString>,
    /// RUNPATH, or RPATH if there is no RUNPATH.
    pub run_path: Option<Vec<u8>>,
    /// `run_path` is an RPATH, which is also used for the libraries' own
    /// dependencies.
    pub is_inherited: bool,
    /// The name under which a library is loaded (DT_SONAME).
    pub soname: Option<OsString>,
    /// Linked with `-z nodefaultlib`: the loader skips the system's
    /// directories.
    pub no_default_directories: bool,
    /// The loader can safely be asked to list the libraries of this file: it
    /// reads the same dynamic section as this module, and runs no code of the
    /// file. glibc's loader runs audit libraries (DT_AUDIT, DT_DEPAUDIT) even
    /// when it only lists, and finds the dynamic section by its address, not by
    /// its file offset.
    pub is_safe_to_list: bool,
}

/// Linkers write far fewer program headers than this.
const MOST_SEGMENTS: u16 = 1024;
/// In bytes. No program has a larger dynamic section.
const LARGEST_DYNAMIC: u64 = 1 << 20;
const MOST_NEEDED: usize = 4096;
/// Limit for names of libraries and interpreters: the longest path.
const LONGEST_NAME: u64 = 4096;
const LONGEST_RUN_PATH: u64 = 1 << 20;
/// The loader is not mapped below this address, so a program at a lower fixed
/// address cannot overwrite it.
const LOW: u64 = 1 << 32;

/// Larger note segments contain something else, such as a core dump.
const LARGEST_NOTES: u64 = 64 << 10;

/// Returns whether the file at `path` is an ELF file and not a symlink.
pub fn is_elf(path: &Path) -> bool {
    let mut magic = [0; MAGIC.len()];
    !path.is_symlink()
        && path.is_file()
        && foreign_file::open(path).is_ok_and(|file| file.read_exact_at(&mut magic, 0).is_ok())
        && magic == MAGIC
}

/// Returns the interpreter of an ELF file. `None` if the file has none or is
/// not an ELF file.
pub fn interpreter(path: &Path) -> Option<PathBuf> {
    read(path).ok().flatten()?.interpreter
}

/// Returns the interpreter of an ELF file if it does not exist.
pub fn missing_interpreter(path: &Path) -> Option<PathBuf> {
    interpreter(path).filter(|interpreter| !interpreter.exists())
}

/// Returns the kind of an ELF file, even if the rest of the file is damaged.
/// `None` if it is not an ELF file.
///
/// # Errors
/// Fails if the file cannot be read.
pub fn kind(path: &Path) -> io::Result<Option<Kind>> {
    const MACHINE: usize = 18;
    let mut begin = [0; MACHINE + 2];
    if !fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    match foreign_file::open(path)?.read_exact_at(&mut begin, 0) {
        Ok(()) if begin.starts_with(MAGIC) => {}
        Ok(()) => return Ok(None),
        Err(why) if why.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(why) => return Err(why),
    }
    let is_little = begin[ORDER] != elf::ELFDATA2MSB.0;
    let machine = [begin[MACHINE], begin[MACHINE + 1]];
    Ok(Some(Kind {
        machine: elf::Machine(if is_little {
            u16::from_le_bytes(machine)
        } else {
            u16::from_be_bytes(machine)
        }),
        is_64: begin[CLASS] == elf::ELFCLASS64.0,
        is_little,
    }))
}

/// Reads an ELF file. `None` if it is not an ELF file.
///
/// # Errors
/// Fails if the file cannot be read, is truncated, or exceeds one of the limits
/// above.
pub fn read(path: &Path) -> io::Result<Option<Elf>> {
    // Opening a pipe would block until the other end is opened.
    if !fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let file = ReadCache::new(foreign_file::open(path)?);
    let begin = match (&file).read_bytes_at(0, CLASS as u64 + 1) {
        Ok(begin) if begin.starts_with(MAGIC) => begin,
        _ => return Ok(None),
    };
    let elf = if begin[CLASS] == elf::ELFCLASS64.0 {
        parse::<FileHeader64<Endianness>, _>(&file)?
    } else {
        parse::<FileHeader32<Endianness>, _>(&file)?
    };
    Ok(Some(elf))
}

/// Returns whether an ELF file has a note with this owner and type. False if
/// `file` is not an ELF file or is truncated.
pub fn has_note<'d, R: ReadRef<'d>>(file: R, owner: &[u8], kind: u32) -> bool {
    let has_note = match file.read_bytes_at(0, CLASS as u64 + 1) {
        Ok(begin) if !begin.starts_with(MAGIC) => return false,
        Ok(begin) if begin[CLASS] == elf::ELFCLASS64.0 => {
            find_note::<FileHeader64<Endianness>, _>(file, owner, kind)
        }
        Ok(_) => find_note::<FileHeader32<Endianness>, _>(file, owner, kind),
        Err(()) => return false,
    };
    has_note.unwrap_or(false)
}

fn find_note<'d, H, R>(file: R, owner: &[u8], kind: u32) -> Result<bool, Error>
where
    H: FileHeader<Endian = Endianness>,
    R: ReadRef<'d>,
{
    let header = H::parse(file)?;
    let endian = header.endian()?;
    if header.e_phnum(endian) > MOST_SEGMENTS {
        return Ok(false);
    }
    for segment in header.program_headers(endian, file)? {
        if segment.file_range(endian).1 > LARGEST_NOTES {
            continue;
        }
        let Some(mut notes) = segment.notes(endian, file)? else {
            continue;
        };
        while let Some(note) = notes.next()? {
            if note.name() == owner && note.n_type(endian).0 == kind {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// A part of the file that is loaded into memory.
struct Segment {
    offset: u64,
    in_file: u64,
    address: u64,
    in_memory: u64,
}

fn parse<'d, H, R>(file: R) -> io::Result<Elf>
where
    H: FileHeader<Endian = Endianness>,
    R: ReadRef<'d>,
{
    let broken = |why: Error| io::Error::other(why.to_string());
    let header = H::parse(file).map_err(broken)?;
    let endian = header.endian().map_err(broken)?;
    if header.e_phnum(endian) > MOST_SEGMENTS {
        return Err(io::Error::other("it has too many program headers"));
    }
    let e_type = header.e_type(endian);
    let headers = header.program_headers(endian, file).map_err(broken)?;
    let length = file
        .len()
        .map_err(|()| io::Error::other("its length is unknown"))?;
    let mut segments = Vec::new();
    for header in headers.iter().filter(|h| h.p_type(endian) == elf::PT_LOAD) {
        let segment = segment(header, endian);
        if segment.end_in_file().is_none_or(|end| end > length) {
            return Err(io::Error::other("it is cut off"));
        }
        segments.push(segment);
    }
    let first = |kind| headers.iter().find(|h| h.p_type(endian) == kind);
    let interpreter = match first(elf::PT_INTERP) {
        Some(header) => {
            let segment = segment(header, endian);
            let end = segment.end_in_file().unwrap_or(0);
            let path = string(file, segment.offset, end, LONGEST_NAME)?;
            Some(OsString::from_vec(path).into())
        }
        None => None,
    };
    let mut dynamic = None;
    if let Some(header) = first(elf::PT_DYNAMIC) {
        if header.p_filesz(endian).into() > LARGEST_DYNAMIC {
            return Err(io::Error::other("its dynamic section is too large"));
        }
        let entries = header.dynamic(endian, file).map_err(broken)?;
        let mut found = self::dynamic(entries.unwrap_or_default(), endian, file, &segments)?;
        let dynamics = headers
            .iter()
            .filter(|h| h.p_type(endian) == elf::PT_DYNAMIC);
        let is_fixed = e_type == elf::ET_EXEC;
        found.is_safe_to_list &= dynamics.count() == 1
            && is_where_it_says(&self::segment(header, endian), &segments, is_fixed);
        dynamic = Some(found);
    }
    Ok(Elf {
        kind: Kind {
            machine: header.e_machine(endian),
            is_64: header.is_class_64(),
            is_little: endian == Endianness::Little,
        },
        is_loadable: matches!(e_type, elf::ET_EXEC | elf::ET_DYN),
        interpreter,
        dynamic,
    })
}

impl Segment {
    fn end_in_file(&self) -> Option<u64> {
        self.offset.checked_add(self.in_file)
    }

    /// Returns the file range from the byte at this memory address to the end
    /// of its segment.
    fn at(&self, address: u64) -> Option<(u64, u64)> {
        let within = address.checked_sub(self.address)?;
        let is_within = within < self.in_file;
        is_within.then(|| Some((self.offset.checked_add(within)?, self.end_in_file()?)))?
    }
}

fn segment<H: ProgramHeader>(header: &H, endian: H::Endian) -> Segment {
    Segment {
        offset: header.p_offset(endian).into(),
        in_file: header.p_filesz(endian).into(),
        address: header.p_vaddr(endian).into(),
        in_memory: header.p_memsz(endian).into(),
    }
}

/// Returns whether the loader finds the dynamic section at the same file offset
/// as this module: the segments are in order, and no two share a page.
fn is_where_it_says(dynamic: &Segment, segments: &[Segment], is_fixed: bool) -> bool {
    let page = page_size();
    let mut end = 0;
    for segment in segments {
        let begin = segment.address / page * page;
        let Some(last) = segment.address.checked_add(segment.in_memory) else {
            return false;
        };
        if begin < end || segment.in_file > segment.in_memory {
            return false;
        }
        end = last.div_ceil(page) * page;
    }
    let mut places = segments.iter().filter_map(|s| s.at(dynamic.address));
    places.any(|(offset, end)| {
        offset == dynamic.offset && dynamic.end_in_file().is_some_and(|last| last <= end)
    }) && (!is_fixed || end <= LOW)
}

/// Returns the page size in bytes, or the largest of any machine if it is
/// unknown.
fn page_size() -> u64 {
    let size = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    size.and_then(|size| u64::try_from(size).ok())
        .unwrap_or(1 << 16)
}

/// Reads the entries of a dynamic section. Its strings are in one of the
/// segments.
fn dynamic<'d, D: Dyn, R: ReadRef<'d>>(
    entries: &[D],
    endian: D::Endian,
    file: R,
    segments: &[Segment],
) -> io::Result<Dynamic> {
    let end = entries.iter().position(|e| e.tag(endian) == elf::DT_NULL);
    let mut dynamic = Dynamic {
        is_safe_to_list: end.is_some(),
        ..Dynamic::default()
    };
    let entries = &entries[..end.unwrap_or(entries.len())];
    let value = |tag: elf::DynamicTag| {
        let entry = entries.iter().find(|entry| entry.tag(endian) == tag);
        entry.map_or(0, |entry| entry.d_val(endian).into())
    };
    let (table, size) = (value(elf::DT_STRTAB), value(elf::DT_STRSZ));
    let place = segments.iter().find_map(|segment| segment.at(table));
    let (begin, end) = place.unwrap_or_default();
    let end = end.min(begin.saturating_add(size));
    let text = |at: u64, longest| string(file, begin.saturating_add(at), end, longest);
    let name = |at| Ok::<_, io::Error>(OsString::from_vec(text(at, LONGEST_NAME)?));
    let (mut run_path, mut old_run_path, mut soname) = (None, None, None);
    for entry in entries {
        let value: u64 = entry.d_val(endian).into();
        match entry.tag(endian) {
            elf::DT_NEEDED if dynamic.needed.len() == MOST_NEEDED => {
                return Err(io::Error::other("it needs too many libraries"));
            }
            elf::DT_NEEDED => dynamic.needed.push(name(value)?),
            elf::DT_SONAME => soname = Some(value),
            elf::DT_FLAGS_1 => {
                dynamic.no_default_directories = value & elf::DF_1_NODEFLIB.0 != 0;
            }
            elf::DT_RUNPATH => run_path = Some(value),
            elf::DT_RPATH => old_run_path = Some(value),
            elf::DT_AUDIT | elf::DT_DEPAUDIT => dynamic.is_safe_to_list = false,
            _ => {}
        }
    }
    dynamic.soname = soname.map(name).transpose()?;
    dynamic.is_inherited = run_path.is_none() && old_run_path.is_some();
    if let Some(at) = run_path.or(old_run_path) {
        dynamic.run_path = Some(text(at, LONGEST_RUN_PATH)?);
    }
    Ok(dynamic)
}

/// Returns the string at an offset, without its NUL, which must come before
/// `end`.
fn string<'d>(file: impl ReadRef<'d>, at: u64, end: u64, longest: u64) -> io::Result<Vec<u8>> {
    let size = end.saturating_sub(at).min(longest + 1);
    let text = file.read_bytes_at(at, size).unwrap_or_default();
    let end = text.iter().position(|byte| *byte == 0);
    let text = end.map(|end| text[..end].to_vec());
    text.ok_or_else(|| io::Error::other("a string in it has no end"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_programs_interpreter_is_read() {
        let shell = interpreter(Path::new("/bin/sh")).unwrap();
        assert!(shell.exists(), "{}", shell.display());
        assert_eq!(missing_interpreter(Path::new("/bin/sh")), None);
        assert!(is_elf(&fs::canonicalize("/bin/sh").unwrap()));
    }

    #[test]
    fn loaded_libraries_are_read() {
        let shell = read(Path::new("/bin/sh")).unwrap().unwrap();
        let needed = shell.dynamic.unwrap().needed;
        assert!(
            needed
                .iter()
                .any(|name| name.to_string_lossy().starts_with("libc"))
        );
    }

    #[test]
    fn both_widths_and_byte_orders_are_read() {
        for (class, order) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
            let is_64 = class == 2;
            let mut text = vec![0; 256];
            text[..4].copy_from_slice(MAGIC);
            (text[4], text[5], text[6]) = (class, order, 1);
            let mut put = |at: usize, length: usize, value: u8| {
                text[at + if order == 1 { 0 } else { length - 1 }] = value;
            };
            // File header: offset, size and number of program headers. Second
            // program header: type, offset and size.
            let word = if is_64 { 8 } else { 4 };
            let (headers, entry_size, count) = if is_64 { (32, 54, 56) } else { (28, 42, 44) };
            let (size, offset, length) = if is_64 { (56, 8, 32) } else { (32, 4, 16) };
            put(headers, word, 64);
            put(entry_size, 2, size);
            put(count, 2, 2);
            let second = 64 + usize::from(size);
            put(second, 4, 3);
            put(second + offset, word, 200);
            put(second + length, word, 6);
            put(18, 2, 62);
            text[200..206].copy_from_slice(b"/none\0");
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("x");
            fs::write(&path, &text).unwrap();
            let found = missing_interpreter(&path);
            assert_eq!(found, Some("/none".into()), "{class} {order}");
            let kind = read(&path).unwrap().unwrap().kind;
            let is_little = order == 1;
            assert_eq!(
                (kind.machine.0, kind.is_64, kind.is_little),
                (62, is_64, is_little)
            );
        }
    }

    #[test]
    fn many_dynamic_headers_are_read_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let shell = fs::read("/bin/sh").unwrap();
        assert_eq!(&shell[4..6], [2, 1], "a 64-bit machine");
        let headers = u64::from_le_bytes(shell[32..40].try_into().unwrap()) as usize;
        let count = usize::from(u16::from_le_bytes(shell[56..58].try_into().unwrap()));
        let header = |n: usize| &shell[headers + n * 56..][..56];
        let mut numbers = 0..count;
        let dynamic = header(numbers.find(|n| header(*n)[0] == 2).unwrap());
        for (copies, why) in [
            (1000 - count, None),
            (30_000, Some("too many program headers")),
        ] {
            let mut text = shell.clone();
            let at = text.len() as u64;
            let whole = &shell[headers..headers + count * 56];
            text.extend([whole, &dynamic.repeat(copies)].concat());
            text[32..40].copy_from_slice(&at.to_le_bytes());
            text[56..58].copy_from_slice(&((count + copies) as u16).to_le_bytes());
            fs::write(&path, &text).unwrap();
            match (read(&path), why) {
                (Ok(Some(elf)), None) => {
                    let dynamic = elf.dynamic.unwrap();
                    assert!(!dynamic.is_safe_to_list && !dynamic.needed.is_empty());
                }
                (Err(error), Some(why)) => assert!(error.to_string().contains(why), "{error}"),
                other => panic!("{other:?}"),
            }
        }
        let plain = read(Path::new("/bin/sh")).unwrap().unwrap();
        assert!(plain.dynamic.unwrap().is_safe_to_list);
    }

    #[test]
    fn a_dynamic_section_must_be_in_memory_where_it_is_in_the_file() {
        let segment = |offset, address, size| Segment {
            offset,
            in_file: size,
            address,
            in_memory: size,
        };
        let page = page_size();
        let (code, data) = (segment(0, 0, page), segment(page, 9 * page, page));
        let segments = [code, data];
        let is_safe =
            |offset, address| is_where_it_says(&segment(offset, address, 64), &segments, false);
        assert!(is_safe(page + 8, 9 * page + 8));
        // The dynamic section in memory differs from the one in the file.
        assert!(!is_safe(page + 8, 9 * page + 16));
        assert!(!is_safe(2 * page - 8, 10 * page - 8));
        let over = [segment(0, 0, page), segment(page, 0, page)];
        assert!(!is_where_it_says(&segment(8, 8, 64), &over, false));
        let high = [segment(0, LOW, page)];
        assert!(is_where_it_says(&segment(8, LOW + 8, 64), &high, false));
        assert!(!is_where_it_says(&segment(8, LOW + 8, 64), &high, true));
    }

    #[test]
    fn a_file_that_lacks_its_end_is_not_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let mut text = fs::read("/bin/sh").unwrap();
        text.truncate(text.len() / 2);
        fs::write(&path, &text).unwrap();
        assert_eq!(read(&path).unwrap_err().to_string(), "it is cut off");
        let whole = read(Path::new("/bin/sh")).unwrap().unwrap();
        assert_eq!(kind(&path).unwrap(), Some(whole.kind));
        fs::write(&path, &text[..10]).unwrap();
        assert_eq!(kind(&path).unwrap(), None);
    }

    #[test]
    fn other_and_truncated_files_have_no_interpreter() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let whole = fs::read("/bin/sh").unwrap();
        for text in [&b""[..], b"#!/bin/none\n", MAGIC, &whole[..70]] {
            fs::write(&path, text).unwrap();
            assert_eq!(interpreter(&path), None);
        }
        assert!(read(&path).is_err());
        assert_eq!(interpreter(dir.path()), None);
        assert!(!is_elf(dir.path()) && !is_elf(&dir.path().join("none")));
    }
}
