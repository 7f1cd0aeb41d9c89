//! Reads the settings in a script of a wrapper's `bin`.
//!
//! Scripts are recognised by lines that only nixpkgs' wrappers have. `known`
//! checks for additional lines.

use std::path::PathBuf;

use super::lines::{behind, between, contains, lines, name, path, trim};

/// A script of a wrapper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    pub kind: ScriptKind,
    /// The program that the script runs.
    pub program: PathBuf,
    /// `None`: the script does not mention its wrapper.
    pub wrapper: Option<Wrapper>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScriptKind {
    Compiler,
    Linker,
    Gnat,
    Strip,
    Ranlib,
}

/// The settings of the wrapper that a script belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapper {
    /// The root whose `nix-support` the script reads.
    pub out: PathBuf,
    pub salt: Vec<u8>,
    /// The root of the linker half; `None` in the linker half itself.
    pub bintools: Option<PathBuf>,
    /// Whether all arguments go through a response file; `None`: the script has
    /// no such setting.
    pub response_file: Option<bool>,
    pub shell: Vec<u8>,
    /// PATH while hooks run; empty: the caller's.
    pub hook_path: Vec<u8>,
    /// clang gets the C++ library's headers for C too.
    pub cxx_headers_in_c: bool,
    /// The compiler is arocc, which does not link.
    pub is_arocc: bool,
}

/// Reads the text of a file in `bin`; `None`: it is not a script.
///
/// # Errors
/// The reason why the script is not recognised as a wrapper's.
pub fn read(text: &[u8]) -> Option<Result<Script, String>> {
    let shebang = lines(text).next()?.strip_prefix(b"#!")?;
    let shell = trim(shebang).split(u8::is_ascii_whitespace).next()?;
    Some(read_script(text, shell))
}

fn read_script(text: &[u8], shell: &[u8]) -> Result<Script, String> {
    if let Some((kind, program)) = neighbour(text) {
        return Ok(Script {
            kind,
            program: path(program).ok_or("it does not run its program by an absolute path")?,
            wrapper: None,
        });
    }
    let kind = if contains(text, "NIX_GNAT_WRAPPER_EXTRA_FLAGS_SET_") {
        ScriptKind::Gnat
    } else if contains(text, "NIX_CC_USE_RESPONSE_FILE:-") {
        ScriptKind::Compiler
    } else if contains(text, "NIX_LD_USE_RESPONSE_FILE:-") {
        ScriptKind::Linker
    } else if contains(text, "NIX_PKG_CONFIG_WRAPPER_FLAGS_SET_") {
        return Err("wrappers of pkg-config are not supported".to_owned());
    } else if contains(text, "export GCCGO=") {
        return Err("wrappers of gccgo are not supported".to_owned());
    } else {
        return Err("its format is unknown".to_owned());
    };
    let program = program(text).ok_or("it does not name the program that it runs")?;
    Ok(Script {
        kind,
        program,
        wrapper: Some(wrapper(text, kind, shell)?),
    })
}

/// The kind and program of the short scripts for strip and ranlib.
fn neighbour(text: &[u8]) -> Option<(ScriptKind, &[u8])> {
    let strip = |line| between(line, "exec ", " --enable-deterministic-archives \"$@\"");
    if let Some(program) = lines(text).find_map(strip) {
        return Some((ScriptKind::Strip, program));
    }
    let has = |wanted: &[u8]| lines(text).any(|line| line == wanted);
    let is_ranlib = has(b"args=()") && has(b"-t)") && has(b"args+=(\"$p\")");
    let ranlib = |line| between(line, "", " \"${args[@]}\"");
    let program = lines(text).find_map(ranlib).filter(|_| is_ranlib)?;
    Some((ScriptKind::Ranlib, program))
}

/// The program that the script runs: the one in its debug message and in the
/// command with a response file. `None` if these differ.
fn program(text: &[u8]) -> Option<PathBuf> {
    let printed = |line| between(line, "echo \"extra flags before to ", ":\" >&2");
    let called = |line| between(line, "", " \"@$responseFile\"");
    let printed = lines(text).find_map(printed);
    let called = lines(text).find_map(called);
    match (printed, called) {
        (Some(printed), Some(called)) if printed != called => None,
        (printed, called) => path(printed.or(called)?),
    }
}

fn wrapper(text: &[u8], kind: ScriptKind, shell: &[u8]) -> Result<Wrapper, String> {
    let source = |file| {
        move |line: &[u8]| {
            let root = between(line, "source ", file)?;
            path(root)
        }
    };
    let out = lines(text).find_map(source("/nix-support/utils.bash"));
    let mark = "NIX_BINTOOLS_WRAPPER_FLAGS_SET_";
    let marked = behind(text, mark).ok_or("it does not name its salt")?;
    // The first file that is sourced after the mark is in the linker half.
    let bintools = lines(marked).find_map(source("/nix-support/add-flags.sh"));
    let bintools = bintools.ok_or("it does not name its linker half")?;
    let response_file = match kind {
        ScriptKind::Compiler => response_file(text, "NIX_CC_USE_RESPONSE_FILE:-")?,
        ScriptKind::Linker => response_file(text, "NIX_LD_USE_RESPONSE_FILE:-")?,
        _ => None,
    };
    // The statement for one kind of compiler.
    let mut rest = lines(text).skip_while(|line| *line != b"if [ \"1\" = 1 ]; then");
    let always = rest.nth(1);
    if always.is_some_and(|line| contains(line, "NIX_FFLAGS_COMPILE")) {
        return Err("wrappers of flang are not supported".to_owned());
    }
    let has = |start: &str| lines(text).any(|line| line.starts_with(start.as_bytes()));
    Ok(Wrapper {
        out: out.ok_or("it does not name its root")?,
        salt: name(marked).to_vec(),
        bintools: (kind != ScriptKind::Linker).then_some(bintools),
        response_file,
        shell: shell.to_vec(),
        hook_path: hook_path(text).to_vec(),
        cxx_headers_in_c: has("if [[ \"$isCxx\" = 0 && \""),
        is_arocc: always == Some(b"dontLink=1"),
    })
}

fn response_file(text: &[u8], variable: &str) -> Result<Option<bool>, String> {
    match behind(text, variable).and_then(|rest| rest.first()) {
        Some(b'0') => Ok(Some(false)),
        Some(b'1') => Ok(Some(true)),
        _ => Err("it does not say whether it uses response files".to_owned()),
    }
}

/// The PATH that the script sets for its own programs; empty if it sets none,
/// or if the condition before it is always false.
fn hook_path(text: &[u8]) -> &[u8] {
    let mut before: &[u8] = b"";
    for line in lines(text) {
        if let Some(value) = between(line, "PATH=\"", "\"") {
            if !value.contains(&b'$') && !contains(before, "-n \"\"") {
                return value;
            }
        }
        before = line;
    }
    b""
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPILER: &str = r#"#! /s/bash/bin/bash -e
if [[ -n "/s/coreutils" && -n "/s/grep" ]]; then
    PATH="/s/coreutils/bin:/s/grep/bin"
fi
source /s/gcc-wrapper/nix-support/utils.bash
if [ -z "${NIX_BINTOOLS_WRAPPER_FLAGS_SET_x86_64_linux:-}" ]; then
    source /s/ld-wrapper/nix-support/add-flags.sh
fi
if [ -z "${NIX_CC_WRAPPER_FLAGS_SET_x86_64_linux:-}" ]; then
    source /s/gcc-wrapper/nix-support/add-flags.sh
fi
echo "extra flags before to /s/gcc/bin/g++:" >&2
if (( "${NIX_CC_USE_RESPONSE_FILE:-0}" >= 1 )); then
    /s/gcc/bin/g++ "@$responseFile"
fi
"#;

    fn script(text: &str) -> Result<Script, String> {
        read(text.as_bytes()).unwrap()
    }

    #[test]
    fn settings_are_read_from_a_compilers_script() {
        let script = script(COMPILER).unwrap();
        assert_eq!(script.kind, ScriptKind::Compiler);
        assert_eq!(script.program, PathBuf::from("/s/gcc/bin/g++"));
        let wrapper = script.wrapper.unwrap();
        let expected = Wrapper {
            out: "/s/gcc-wrapper".into(),
            salt: b"x86_64_linux".to_vec(),
            bintools: Some("/s/ld-wrapper".into()),
            response_file: Some(false),
            shell: b"/s/bash/bin/bash".to_vec(),
            hook_path: b"/s/coreutils/bin:/s/grep/bin".to_vec(),
            cxx_headers_in_c: false,
            is_arocc: false,
        };
        assert_eq!(wrapper, expected);
    }

    #[test]
    fn a_wrapper_of_native_tools_sets_no_path() {
        let native = COMPILER.replace("/s/coreutils", "").replace("/s/grep", "");
        let wrapper = script(&native).unwrap().wrapper.unwrap();
        assert_eq!(wrapper.hook_path, b"");
    }

    #[test]
    fn strip_and_ranlib_are_recognised() {
        let strip = "#!/bin/bash\nexec /s/bin/strip --enable-deterministic-archives \"$@\"\n";
        assert_eq!(script(strip).unwrap().kind, ScriptKind::Strip);
        let ranlib = "#!/bin/bash\nargs=()\n-t)\nargs+=(\"$p\")\n/s/bin/ranlib \"${args[@]}\"\n";
        let ranlib = script(ranlib).unwrap();
        assert_eq!(
            (ranlib.kind, ranlib.program),
            (ScriptKind::Ranlib, "/s/bin/ranlib".into())
        );
    }

    #[test]
    fn incomplete_scripts_are_refused() {
        assert_eq!(read(b"\x7fELF"), None);
        for (text, why) in [
            (
                "#!/bin/sh\nexec gcc \"$@\"\n".to_owned(),
                "its format is unknown",
            ),
            (
                COMPILER.replace("FLAGS_SET_", "FLAGS_DONE_"),
                "does not name its salt",
            ),
            (
                COMPILER.replace("add-flags.sh", "flags.sh"),
                "does not name its linker half",
            ),
            (
                COMPILER.replace("utils.bash", "u.bash"),
                "does not name its root",
            ),
            (
                COMPILER.replace("FILE:-0", "FILE:-?"),
                "whether it uses response files",
            ),
            (
                COMPILER.replace("to /s/gcc", "to /s/other"),
                "does not name the program that it runs",
            ),
            (
                "#!/bin/bash\nNIX_PKG_CONFIG_WRAPPER_FLAGS_SET_s\n".to_owned(),
                "pkg-config",
            ),
            (
                [
                    COMPILER,
                    "if [ \"1\" = 1 ]; then\n extraAfter=($NIX_FFLAGS_COMPILE_x)\nfi\n",
                ]
                .concat(),
                "of flang are",
            ),
            (
                "#!/bin/bash\nexport GCCGO=\"/x\"\n".to_owned(),
                "of gccgo are",
            ),
        ] {
            let error = script(&text).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
