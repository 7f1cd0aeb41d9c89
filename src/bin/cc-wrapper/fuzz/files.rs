//! Files and output of other programs.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;

use cc_wrapper::model::toolchain::Family;
use tempfile::NamedTempFile;

use crate::command::adopt::known::{Names, own_in_file, own_in_script};
use crate::command::adopt::{clang_target, darwin, hardening, script, shell};
use crate::command::doctor::loading::cache;
use crate::command::explain::driver;
use crate::support::{elf, elf_note};

pub const SHELL: &[&str] = &[
    "\n",
    ";",
    "(",
    ")",
    "$(",
    "${",
    "\"",
    "'",
    "\\",
    "{ ",
    "}",
    "((",
    "[[ ",
    " ]]",
    "if ",
    "fi",
    "for flag in ",
    "do",
    "done",
    "case ",
    ";;",
    "esac",
    "skip() { ",
    "source ",
    "<(",
    "&&",
    "|",
    "NIX_CC_USE_RESPONSE_FILE:-",
    "NIX_GNAT_WRAPPER_EXTRA_FLAGS_SET_",
    "/s/gcc/bin/gcc",
];

pub const DRIVER_OUTPUT: &[&str] = &[
    "\n ",
    "\"",
    "\\",
    ": error: ",
    " /l/collect2",
    " \"/r/ld\"",
    " \"-o\" \"x\"",
    " \"/r/ld.lld\"",
];

/// A script is read to its end, and an error names one of its lines.
pub fn adopt(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let last = 1 + text.matches('\n').count();
    match shell::commands(&text) {
        Ok(commands) => {
            assert!(commands.iter().all(|command| !command.words.is_empty()));
            assert!(commands.iter().all(|command| command.line <= last));
            let words = commands.iter().flat_map(|command| &command.words);
            assert!(words.map(String::len).sum::<usize>() <= text.len());
        }
        Err(line) => assert!(line <= last, "{line}"),
    }
    let _ = script::read(input);
    let names = Names {
        program: "/s/gcc/bin/gcc",
        roots: ["/s/gcc-wrapper", "/s/ld-wrapper"],
        salt: "s",
    };
    let files = [
        "add-flags.sh",
        "add-hardening.sh",
        "utils.bash",
        "cc-wrapper-hook",
    ];
    let own = files.map(|file| own_in_file(file, input, names));
    let own = own.into_iter().chain([own_in_script(input, names)]);
    assert!(own.flatten().all(|own| own.line <= last));
    if let Some(target) = clang_target::read(input) {
        assert!(target.end <= input.len());
    }
    if let Some(flags) = darwin::of_linker(input, b"s") {
        assert!(flags.end <= input.len());
    }
    let _ = darwin::of_compiler(input, b"s");
    let _ = darwin::fallback_sdk(input);
    let _ = hardening::read(input, true);
    let _ = hardening::read(input, false);
}

/// Output in any form is read, and a command in quotes has its words.
pub fn driver_output(input: &[u8]) {
    for family in [Family::Gcc, Family::Clang] {
        if let Some(call) = driver::read(input, family) {
            let size: usize = call.args.iter().map(Vec::len).sum();
            assert!(size <= input.len());
        }
    }
    // A message may stand on a line of its own, even in an argument.
    if input.contains(&b'\n') {
        return;
    }
    let words: Vec<&[u8]> = input.split(|&b| b == 0).collect();
    let mut output = b"clang version 1\n \"/r/ld\"".to_vec();
    for word in &words {
        output.extend_from_slice(b" \"");
        for &b in *word {
            if matches!(b, b'"' | b'\\' | b'$') {
                output.push(b'\\');
            }
            output.push(b);
        }
        output.push(b'"');
    }
    output.push(b'\n');
    assert_eq!(driver::read(&output, Family::Clang).unwrap().args, words);
}

/// An ELF file holds no more than it has bytes for.
pub fn elf(input: &[u8]) {
    thread_local! {
        static FILE: NamedTempFile = NamedTempFile::new().unwrap();
    }
    FILE.with(|file| {
        file.as_file().set_len(0).unwrap();
        file.as_file().write_all_at(input, 0).unwrap();
        let read = elf::read(file.path());
        let kind = elf::kind(file.path()).unwrap();
        if let Ok(Some(elf)) = read {
            assert_eq!(kind, Some(elf.kind));
            let dynamic = elf.dynamic.unwrap_or_default();
            let longest = dynamic
                .needed
                .iter()
                .map(|name| name.as_bytes().len())
                .max();
            assert!(longest.unwrap_or(0) <= input.len());
            // An entry has at least 8 bytes.
            assert!(dynamic.needed.len() <= input.len() / 8);
        }
        elf_note::is_in(input);
    });
}

/// The places in the loader's cache are in it.
pub fn loader_cache(input: &[u8]) {
    for library in ["", "libz.so.1", "liba"] {
        for place in cache::places(input, library.as_bytes()) {
            let place = place.as_os_str().as_bytes();
            assert!(place.len() <= input.len() && !place.contains(&0));
        }
    }
}
