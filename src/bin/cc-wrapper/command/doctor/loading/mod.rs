//! Whether a built program or library finds what it needs.

mod cache;
mod entries;
mod library;
mod load;
mod machine;
mod needs;
mod processor;
mod run_path;
mod shim;
mod system;

use std::ffi::OsStr;
use std::path::Path;

use self::library::{Libraries, Library};
use self::load::{Loaded, Loader};
use self::needs::Needs;
use self::run_path::Entry;
use self::shim::Shim;
use self::system::System;
use super::finding::{Finding, shown};
use super::gone;
use super::variables::Variables;
use crate::support::elf;
use crate::support::elf::{Dynamic, Elf, Kind};

const VARIABLE: &str = "LD_LIBRARY_PATH";

pub fn check(file: &Path, variables: &Variables) -> Vec<Finding> {
    let elf = match elf::read(file) {
        Ok(Some(elf)) => elf,
        Ok(None) => {
            return vec![Finding::error(
                "no-elf",
                file,
                "is neither an ELF file nor a tool of a wrapped root",
                "name a program or a shared library, or a root",
            )];
        }
        Err(why) => {
            return vec![Finding::error(
                "unreadable",
                file,
                format!("cannot be read as an ELF file: {why}"),
                "build it again",
            )];
        }
    };
    let is_foreign = !machine::runs_here(elf.kind);
    let mut findings = Vec::new();
    if is_foreign {
        findings.push(foreign(file, elf.kind));
    } else {
        findings.extend(interpreter(file, &elf, variables));
    }
    match &elf.dynamic {
        Some(dynamic) => {
            findings.extend(self::dynamic(file, &elf, dynamic, is_foreign, variables));
        }
        None => findings.push(
            Finding::error(
                "static",
                file,
                "loads no libraries",
                "there is nothing to do",
            )
            .into_note(),
        ),
    }
    findings
}

fn interpreter(file: &Path, elf: &Elf, variables: &Variables) -> Option<Finding> {
    let interpreter = elf.interpreter.as_ref()?;
    let error = |id, why: String, remedy: &str| {
        let what = format!("does not start: {why}");
        Some(Finding::error(id, file, what, remedy))
    };
    let absent = "absent-interpreter";
    if !interpreter.exists() {
        let remedy = gone::remedy(
            interpreter,
            "patchelf --set-interpreter, or link it again with another NIX_DYNAMIC_LINKER",
        );
        let why = format!("its interpreter {} does not exist", shown(interpreter));
        return error(absent, why, &remedy);
    }
    match shim::of(interpreter, elf.kind, variables)? {
        Shim::NixLd { loader, .. } if !loader.exists() => {
            let why = format!(
                "its interpreter {} is nix-ld, whose loader {} does not exist",
                shown(interpreter),
                shown(&loader)
            );
            let otherwise = "set NIX_LD to one that does, or unset it and enable programs.nix-ld";
            error(absent, why, &gone::remedy(&loader, otherwise))
        }
        Shim::NixLd { .. } => None,
        Shim::Stub => {
            let why = format!(
                "its interpreter {} is NixOS's stub, which starts nothing",
                shown(interpreter)
            );
            let remedy = "enable nix-ld (programs.nix-ld.enable), or patchelf --set-interpreter";
            error("stub-interpreter", why, remedy)
        }
    }
}

fn foreign(file: &Path, kind: Kind) -> Finding {
    Finding::error(
        "foreign-machine",
        file,
        format!(
            "is for {}, not for this machine: what it finds there is not known",
            machine::name(kind)
        ),
        "ask the doctor there",
    )
    .into_warning()
}

/// What is wrong with its entries, and with its libraries where they are this
/// machine's.
fn dynamic(
    file: &Path,
    elf: &Elf,
    dynamic: &Dynamic,
    is_foreign: bool,
    variables: &Variables,
) -> Vec<Finding> {
    let system = System::of(elf.interpreter.as_deref(), elf.kind, variables);
    let libraries = Libraries::new(elf.kind, &system);
    let load = |variable: &[u8]| {
        let loader = Loader {
            libraries: &libraries,
            system: &system,
            variable,
        };
        loader.load(file, elf, dynamic)
    };
    let loaded = load(variables.get(VARIABLE).unwrap_or_default());
    let without = load(b"");
    let own = &loaded.objects[0];
    let holds = |directory: &Path, name: &OsStr| {
        let directories = libraries.within(directory);
        let mut files = directories.iter().map(|directory| directory.join(name));
        files.any(|file| !matches!(&*libraries.at(&file), Library::PassedOver))
    };
    // What a library of it needs may lie there too: that is another mistake.
    let is_of_use = |directory: &Path| {
        let names = |loaded: &Loaded| {
            let mut names = loaded.needs.iter().map(|need| &need.name);
            names.any(|name| libraries.is_tired() || holds(directory, name))
        };
        dynamic.is_inherited || system.is_musl || names(&loaded) || names(&without)
    };
    let mut findings = entries::check(file, &own.entries, is_of_use);
    if !is_foreign {
        let directories = own.entries.iter().filter_map(Entry::directory);
        let mut idle = directories.clone().filter(|path| !is_of_use(path));
        let needs = Needs {
            file,
            loaded: &loaded,
            without: &without,
            holds: &|name| {
                let found = directories.clone().find(|directory| holds(directory, name));
                found.cloned()
            },
            idle: match (idle.next(), idle.next()) {
                (Some(path), None) => Some(path.clone()),
                _ => None,
            },
        };
        findings.extend(needs.findings());
    }
    if libraries.is_tired() {
        findings.push(too_much(file));
    }
    findings
}

fn too_much(file: &Path) -> Finding {
    Finding::error(
        "too-much",
        file,
        "names more libraries and directories than are looked at",
        "run it with LD_DEBUG=libs to see the rest",
    )
    .into_warning()
}
