//! Asks a driver how it calls its linker: with `-###`, gcc and clang print the
//! commands that they would run, and run nothing.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use cc_wrapper::model::plan::Plan;
use cc_wrapper::model::tool_name::ToolName;
use cc_wrapper::model::toolchain::{Family, ToolKind};
use cc_wrapper::options::Parser;
use cc_wrapper::options::driver::GCC;
use cc_wrapper::options::meaning::Meaning;
use cc_wrapper::text::path::file_name;

use crate::support::trial;

/// gcc runs this program, which runs the linker.
const COLLECT: &[u8] = b"collect2";

/// No driver prints as many lines that begin like a command and are none.
const MOST_UNCLOSED: usize = 64;

/// A call of a linker.
#[derive(Debug, PartialEq, Eq)]
pub struct LinkerCall {
    /// `None`: the program that the driver runs searches for the linker.
    pub program: Option<Vec<u8>>,
    pub args: Vec<Vec<u8>>,
}

/// Returns the linker call of this driver call. `None` if the driver does not
/// print one.
pub fn linker_call(plan: &Plan, family: Family) -> Option<LinkerCall> {
    if !matches!(family, Family::Gcc | Family::Clang) {
        return None;
    }
    let mut driver = Command::new(OsStr::from_bytes(&plan.program));
    driver
        .arg("-###")
        .args(plan.command.args().map(|arg| OsStr::from_bytes(arg)));
    for (name, value) in &plan.environment {
        let name = OsStr::from_bytes(name);
        match value {
            Some(value) => driver.env(name, OsStr::from_bytes(value)),
            None => driver.env_remove(name),
        };
    }
    // A command line that is too long would need a response file, which gcc
    // would then pass to the linker as it is.
    let trial = trial::run(&mut driver).ok()?;
    if !trial.status?.success() {
        return None;
    }
    read(&trial.err, family)
}

/// Returns the linker call in what a driver prints. `None` if there is none, or
/// if the output has an error.
pub fn read(output: &[u8], family: Family) -> Option<LinkerCall> {
    if has_error(output) {
        return None;
    }
    let mut commands = commands(output).into_iter().rev();
    commands.find_map(|command| linkers(command, family))
}

/// Returns whether the output has an error. With `-###`, clang goes on after
/// errors and exits with 0.
fn has_error(output: &[u8]) -> bool {
    let mut lines = output.split(|&b| b == b'\n');
    lines.any(|line| {
        let text = String::from_utf8_lossy(line);
        !text.starts_with(' ') && text.contains(": error: ")
    })
}

/// Returns the command as a linker call, if it is one.
fn linkers(command: Vec<Vec<u8>>, family: Family) -> Option<LinkerCall> {
    let mut words = command.into_iter();
    let program = words.next()?;
    let name = file_name(&program);
    match family {
        Family::Gcc => {
            // Arguments that gcc passes for collect2 alone.
            let is_for_collect = |arg: &Vec<u8>| {
                let parsed = Parser::for_driver(GCC).read(arg);
                matches!(parsed.meaning(), Meaning::LinkerName | Meaning::Lto)
            };
            (name == COLLECT).then(|| LinkerCall {
                program: None,
                args: words.filter(|arg| !is_for_collect(arg)).collect(),
            })
        }
        _ => {
            let kind = ToolName::parse(name).and_then(|name| name.kind);
            (kind == Some(ToolKind::Ld)).then(|| LinkerCall {
                args: words.collect(),
                program: Some(program),
            })
        }
    }
}

/// Returns the lines that are commands: those begin with a space.
fn commands(mut text: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut commands = Vec::new();
    // Each unclosed quote is searched for up to the end.
    let mut unclosed = 0;
    while !text.is_empty() && unclosed < MOST_UNCLOSED {
        let line = text.strip_prefix(b" ");
        if let Some((words, rest)) = line.and_then(command) {
            commands.push(words);
            text = rest;
        } else {
            unclosed += usize::from(line.is_some());
            let end = text.iter().position(|&b| b == b'\n');
            text = &text[end.map_or(text.len(), |end| end + 1)..];
        }
    }
    commands
}

/// Splits the first line into words, and returns them with the rest of the
/// text. `None` if a quote is not closed.
fn command(text: &[u8]) -> Option<(Vec<Vec<u8>>, &[u8])> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut is_quoted = false;
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_with(Vec::new);
            }
            b'\\' if is_quoted => word.get_or_insert_with(Vec::new).push(*bytes.next()?),
            b' ' if !is_quoted => words.extend(word.take()),
            b'\n' if !is_quoted => {
                words.extend(word.take());
                return Some((words, bytes.as_slice()));
            }
            byte => word.get_or_insert_with(Vec::new).push(byte),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_with_an_error_has_no_linker() {
        let error = b"clang: error: invalid linker name in '-fuse-ld=/nope'\n \"/usr/bin/ld\"\n";
        assert!(has_error(error));
        assert!(!has_error(
            b"Target: x\n \"/usr/bin/ld\" \"a: error: b.o\"\n"
        ));
    }

    fn linker_in(text: &str, family: Family) -> Option<String> {
        let mut commands = commands(text.as_bytes()).into_iter().rev();
        let call = commands.find_map(|command| linkers(command, family))?;
        let program = call.program.unwrap_or_default();
        let words = [program].into_iter().chain(call.args);
        let words: Vec<String> = words.map(|w| String::from_utf8(w).unwrap()).collect();
        Some(words.join("|"))
    }

    #[test]
    fn gccs_quotes_are_read() {
        let text = "Target: x\nCOLLECT_GCC_OPTIONS='-o' 'a\"b'\n /l/cc1 -quiet x.c\n \
                    /l/collect2 \"-plugin-opt=x\" -o \"a\\\"\\\\ \\$b\n c\" \"\" \"-fuse-ld=lld\" x.o\n\
                    COLLECT_GCC_OPTIONS='-o'\n";
        let want = "|-plugin-opt=x|-o|a\"\\ $b\n c||x.o";
        assert_eq!(linker_in(text, Family::Gcc).as_deref(), Some(want));
        assert_eq!(linker_in(" as -o x\n", Family::Gcc), None);
    }

    #[test]
    fn clang_names_its_linker() {
        let text = "clang version 14\n (in-process)\n \"/l/clang\" \"-cc1\" \"x.c\"\n \
                    \"/r/bin/ld.lld\" \"-o\" \"a b\" \"x.o\"\n";
        let want = "/r/bin/ld.lld|-o|a b|x.o";
        assert_eq!(linker_in(text, Family::Clang).as_deref(), Some(want));
        let by_gcc = " \"/usr/bin/gcc\" \"x.o\"\n";
        assert_eq!(linker_in(by_gcc, Family::Clang), None);
    }

    #[test]
    fn many_incomplete_commands_are_given_up() {
        // Each line begins a quote that no later line closes.
        let text = " \"\\\"\n".repeat(50_000);
        assert!(commands(text.as_bytes()).is_empty());
    }

    #[test]
    fn an_incomplete_command_is_ignored() {
        assert_eq!(commands(b" a \"b\n"), Vec::<Vec<Vec<u8>>>::new());
        assert_eq!(commands(b" a \"\\"), Vec::<Vec<Vec<u8>>>::new());
        assert_eq!(
            commands(b"x\n a\n b c\n"),
            [vec![b"a".to_vec()], vec![b"b".to_vec(), b"c".to_vec()]]
        );
    }
}
