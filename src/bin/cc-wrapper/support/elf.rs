//! What an ELF file says of how it starts.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::read::{Error, ReadCache, ReadRef};

pub const MAGIC: &[u8] = b"\x7fELF";

/// Where the width of addresses stands.
const CLASS: usize = 4;
/// Where the order of bytes stands.
const ORDER: usize = 5;

/// What starting needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elf {
    pub kind: Kind,
    /// A program or a shared library, and no object file.
    pub is_loadable: bool,
    pub interpreter: Option<PathBuf>,
    /// `None`: nothing is loaded along with it.
    pub dynamic: Option<Dynamic>,
}

/// Files of one kind can be loaded together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub machine: elf::Machine,
    pub is_64: bool,
    pub is_little: bool,
}

/// Which libraries are loaded, and from where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dynamic {
    pub needed: Vec<OsString>,
    /// RUNPATH; without one, RPATH.
    pub run_path: Option<Vec<u8>>,
    /// It is an RPATH, which holds for the libraries' libraries too.
    pub is_inherited: bool,
    /// The name that it goes by once it is loaded.
    pub soname: Option<OsString>,
    /// It was linked not to be served by the system's own directories.
    pub is_on_its_own: bool,
}

/// A library's name is a file's.
const LONGEST_NAME: usize = 4096;

/// A segment of notes that is larger holds something else, such as a core dump.
const LARGEST_NOTES: u64 = 64 << 10;

/// Whether the file at `path` is an ELF file, and not a link to one.
pub fn is_elf(path: &Path) -> bool {
    let mut magic = [0; MAGIC.len()];
    !path.is_symlink()
        && path.is_file()
        && File::open(path).is_ok_and(|file| file.read_exact_at(&mut magic, 0).is_ok())
        && magic == MAGIC
}

/// The interpreter that an ELF file names; `None`: it names none, or is no
/// ELF file.
pub fn interpreter(path: &Path) -> Option<PathBuf> {
    read(path).ok().flatten()?.interpreter
}

/// The interpreter that a file names and that does not exist.
pub fn missing_interpreter(path: &Path) -> Option<PathBuf> {
    interpreter(path).filter(|interpreter| !interpreter.exists())
}

/// The kind that a file is of, whether or not it is whole; `None`: it is no ELF
/// file.
///
/// # Errors
/// It cannot be read.
pub fn kind(path: &Path) -> io::Result<Option<Kind>> {
    const MACHINE: usize = 18;
    let mut begin = [0; MACHINE + 2];
    if !fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    match File::open(path)?.read_exact_at(&mut begin, 0) {
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

/// `None`: it is no ELF file.
///
/// # Errors
/// It cannot be read, or is not whole.
pub fn read(path: &Path) -> io::Result<Option<Elf>> {
    // Opening a pipe would wait for its other end.
    if !fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let file = ReadCache::new(File::open(path)?);
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

/// Whether an ELF file has a note of this owner and type. False if `file` is no
/// ELF file, or is not whole.
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

fn parse<'d, H, R>(file: R) -> io::Result<Elf>
where
    H: FileHeader<Endian = Endianness>,
    R: ReadRef<'d>,
{
    let broken = |why: Error| io::Error::other(why.to_string());
    let header = H::parse(file).map_err(broken)?;
    let endian = header.endian().map_err(broken)?;
    let segments = header.program_headers(endian, file).map_err(broken)?;
    let mut elf = Elf {
        kind: Kind {
            machine: header.e_machine(endian),
            is_64: header.is_class_64(),
            is_little: endian == Endianness::Little,
        },
        is_loadable: matches!(header.e_type(endian), elf::ET_EXEC | elf::ET_DYN),
        interpreter: None,
        dynamic: None,
    };
    let length = file
        .len()
        .map_err(|()| io::Error::other("its length is not known"))?;
    for segment in segments {
        let (offset, size) = segment.file_range(endian);
        let is_loaded = segment.p_type(endian) == elf::PT_LOAD;
        if is_loaded && offset.checked_add(size).is_none_or(|end| end > length) {
            return Err(io::Error::other("it is cut off"));
        }
        if let Some(path) = segment.interpreter(endian, file).map_err(broken)? {
            elf.interpreter = Some(OsString::from_vec(path.to_vec()).into());
        }
        if let Some(entries) = segment.dynamic(endian, file).map_err(broken)? {
            let value = |tag: elf::DynamicTag| {
                let mut entries = entries.iter();
                let entry = entries.find(|entry| entry.tag(endian) == tag)?;
                Some(entry.d_val(endian).into())
            };
            // The table's place is told as it is in memory.
            let (at, size) = (value(elf::DT_STRTAB), value(elf::DT_STRSZ));
            let (at, size) = (at.unwrap_or(0), size.unwrap_or(0));
            let in_segment = |segment: &H::ProgramHeader| {
                let begin: u64 = segment.p_vaddr(endian).into();
                let offset: u64 = segment.p_offset(endian).into();
                let within = at.checked_sub(begin)?;
                let is_loaded = segment.p_type(endian) == elf::PT_LOAD
                    && within < segment.p_filesz(endian).into();
                // Not the whole segment, which may be all of a large library.
                let read = || file.read_bytes_at(offset.checked_add(within)?, size).ok();
                is_loaded.then(read).flatten()
            };
            let strings = segments.iter().find_map(in_segment).unwrap_or_default();
            elf.dynamic = Some(dynamic(entries, endian, strings)?);
        }
    }
    Ok(elf)
}

fn dynamic<D: Dyn>(entries: &[D], endian: D::Endian, strings: &[u8]) -> io::Result<Dynamic> {
    let mut dynamic = Dynamic::default();
    let mut old_run_path = None;
    for entry in entries {
        let tag = entry.tag(endian);
        if tag == elf::DT_NULL {
            break;
        }
        let value: u64 = entry.d_val(endian).into();
        let text = || text(strings, value);
        match tag {
            elf::DT_NEEDED => {
                let name = text()?;
                if name.len() > LONGEST_NAME {
                    return Err(io::Error::other("the name of a library is too long"));
                }
                dynamic.needed.push(OsString::from_vec(name));
            }
            elf::DT_SONAME => dynamic.soname = Some(OsString::from_vec(text()?)),
            elf::DT_FLAGS_1 => {
                dynamic.is_on_its_own = value & elf::DF_1_NODEFLIB.0 != 0;
            }
            elf::DT_RUNPATH => dynamic.run_path = Some(text()?),
            elf::DT_RPATH => old_run_path = Some(text()?),
            _ => {}
        }
    }
    dynamic.is_inherited = dynamic.run_path.is_none() && old_run_path.is_some();
    dynamic.run_path = dynamic.run_path.or(old_run_path);
    Ok(dynamic)
}

fn text(strings: &[u8], at: u64) -> io::Result<Vec<u8>> {
    let begin = usize::try_from(at).ok().and_then(|at| strings.get(at..));
    let end = begin.and_then(|text| text.iter().position(|byte| *byte == 0));
    let text = begin.zip(end).map(|(text, end)| text[..end].to_vec());
    text.ok_or_else(|| io::Error::other("a string's place is outside of the file"))
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
    fn what_is_loaded_along_is_read() {
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
            // Of the file: where the segments' headers are, how long and how
            // many. Of the second of them: what it is, where, and how long.
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
    fn what_is_none_or_is_cut_off_names_no_interpreter() {
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
