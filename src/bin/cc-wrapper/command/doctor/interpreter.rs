//! The interpreter that linked programs get.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::model::toolchain::ToolKind;
use cc_wrapper::text::words::words;

use super::finding::{Finding, Place, shown};
use super::gone;
use super::reading;
use super::root::{Half, Root};
use super::variables::Variables;

const VARIABLE: &str = "NIX_DYNAMIC_LINKER";

/// What the linker half says.
pub fn in_root(root: &Root) -> Vec<Finding> {
    let linkers = root.linkers();
    if !linkers.has(|kind| kind == ToolKind::Ld) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let asks = linkers.file("ld-set-dynamic-linker");
    for name in ["dynamic-linker", "dynamic-linker-m32"] {
        let file = linkers.file(name);
        if let Some(why) = reading::file(&file).err().filter(|_| file.exists()) {
            let remedy = "make it a readable file, or remove it";
            findings.push(reading::failed(&file, &why, remedy));
        }
    }
    match named(linkers, "dynamic-linker") {
        (_, Some(program)) if !program.exists() => {
            findings.push(absent(linkers.file("dynamic-linker"), &program));
        }
        (false, _) if asks.exists() && !linkers.file("dynamic-linker").exists() => {
            findings.push(Finding::error(
                "no-interpreter",
                &asks,
                "asks for the file dynamic-linker beside it, which is not there: every link fails",
                "write the interpreter's path into that, or remove this",
            ))
        }
        _ => {}
    }
    // Few machines link 32-bit programs.
    if let (_, Some(program)) = named(linkers, "dynamic-linker-m32") {
        if !program.exists() {
            let place = linkers.file("dynamic-linker-m32");
            findings.push(absent(place, &program).into_note());
        }
    }
    findings
}

pub fn in_variables(variables: &Variables, salts: &[String]) -> Vec<Finding> {
    let mut names = ["", "_FOR_BUILD", "_FOR_TARGET"]
        .map(|suffix| format!("{VARIABLE}{suffix}"))
        .to_vec();
    names.extend(salts.iter().map(|salt| format!("{VARIABLE}_{salt}")));
    let mut findings = Vec::new();
    for name in names {
        for word in words(variables.get(&name).unwrap_or_default()) {
            let path = Path::new(OsStr::from_bytes(word));
            if !path.exists() {
                findings.push(absent(&name, path));
            }
        }
    }
    findings
}

/// Whether the file is there, and the program that it names.
fn named(half: &Half, file: &str) -> (bool, Option<PathBuf>) {
    let text = reading::file(&half.file(file)).ok();
    let word = text.as_deref().and_then(|text| words(text).next());
    let path = word.map(|word| PathBuf::from(OsStr::from_bytes(word)));
    (text.is_some(), path)
}

fn absent(place: impl Into<Place>, program: &Path) -> Finding {
    Finding::error(
        "absent-interpreter",
        place,
        format!(
            "names {}, which does not exist: linked programs do not start here",
            shown(program)
        ),
        gone::remedy(program, "name one that does, or take it out"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::root::{tests::ids, tests::lay};
    use std::fs;

    #[test]
    fn an_interpreter_must_be_there() {
        let dir = lay("");
        let write = |name: &str, text: &str| {
            fs::write(dir.path().join("nix-support").join(name), text).unwrap();
        };
        assert_eq!(ids(dir.path(), in_root), [""; 0]);
        write("ld-set-dynamic-linker", "");
        assert_eq!(ids(dir.path(), in_root), ["no-interpreter"]);
        write("dynamic-linker", "/none\n");
        assert_eq!(ids(dir.path(), in_root), ["absent-interpreter"]);
        write("dynamic-linker", "/bin/sh\n");
        assert_eq!(ids(dir.path(), in_root), [""; 0]);
        let variables =
            Variables::new(&["NIX_DYNAMIC_LINKER_s=/none", "NIX_DYNAMIC_LINKER=/bin/sh"]);
        let [finding] = in_variables(&variables, &["s".to_owned()])
            .try_into()
            .unwrap();
        assert_eq!(finding.place, "NIX_DYNAMIC_LINKER_s");
    }
}
