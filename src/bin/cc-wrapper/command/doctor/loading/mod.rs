//! Whether a built program or shared library finds what it loads.

pub mod cache;
mod libraries;
mod load;
mod loader;
mod model;
mod nix_ld;
mod run_path;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use object::elf as e;
use once_cell::sync::OnceCell;

use self::load::{Looks, Object};
use self::nix_ld::Interpreter;
use super::collected_paths;
use super::finding::{Finding, Severity, shown};
use super::variables::Variables;
use crate::process::report;
use crate::support::elf::{self, Dynamic, Elf, Kind};
use crate::support::paths::canonical;
use crate::support::self_binary;

const VARIABLE: &str = "LD_LIBRARY_PATH";

/// What is wrong with how an ELF file is loaded.
pub fn check(file: &Path, variables: &Variables) -> Vec<Finding> {
    let elf = match elf::read(file) {
        Ok(Some(elf)) => elf,
        Ok(None) => {
            let what = "is neither an ELF file nor a tool of a wrapped root";
            let remedy = "name a program, a shared library or a root";
            return vec![Finding::error("no-elf", file, what, remedy)];
        }
        Err(why) => {
            let what = format!("cannot be read as an ELF file: {}", report::why(&why));
            return vec![Finding::error("unreadable", file, what, "build it again")];
        }
    };
    let mut findings = Vec::new();
    if !runs_here(elf.kind) {
        let machine = machine(elf.kind);
        let what = format!(
            "is for {machine}, not for this machine: which libraries it finds there is not known"
        );
        let remedy = "run cc-wrapper doctor there";
        findings.push(Finding::warning("foreign-machine", file, what, remedy));
    } else {
        findings.extend(interpreter(file, &elf, variables));
    }
    if let Some(dynamic) = &elf.dynamic {
        findings.extend(self::dynamic(file, &elf, dynamic, variables));
    } else {
        let finding = Finding::error("static", file, "loads no libraries", "nothing to do");
        findings.push(finding.of(Severity::Note));
    }
    findings
}

fn interpreter(file: &Path, elf: &Elf, variables: &Variables) -> Option<Finding> {
    let interpreter = elf.interpreter.as_ref()?;
    let name = shown(interpreter);
    let error = |id, why: String, remedy: &str| {
        let what = format!("does not start: its interpreter {name} {why}");
        Some(Finding::error(id, file, what, remedy))
    };
    let absent = "absent-interpreter";
    if !interpreter.exists() {
        let otherwise =
            "run patchelf --set-interpreter, or link it again with another NIX_DYNAMIC_LINKER";
        let remedy = collected_paths::remedy(interpreter, otherwise);
        return error(absent, "does not exist".to_owned(), &remedy);
    }
    match nix_ld::of(interpreter, elf.kind, variables) {
        Interpreter::NixLd { loader, .. } if !loader.exists() => {
            let why = format!("is nix-ld, whose loader {} does not exist", shown(&loader));
            let otherwise =
                "set NIX_LD to a loader that exists, or unset it and enable programs.nix-ld";
            error(absent, why, &collected_paths::remedy(&loader, otherwise))
        }
        Interpreter::Stub => {
            let remedy =
                "enable nix-ld (programs.nix-ld.enable), or run patchelf --set-interpreter";
            let why = "is NixOS's stub, which starts nothing".to_owned();
            error("stub-interpreter", why, remedy)
        }
        _ => None,
    }
}

/// What is wrong with the directories of a RUNPATH, and with the libraries where
/// they are this machine's.
fn dynamic(file: &Path, elf: &Elf, dynamic: &Dynamic, variables: &Variables) -> Vec<Finding> {
    // Programs see their own path without symlinks, libraries do not.
    let path = match elf.interpreter {
        Some(_) => canonical(file),
        None => file.to_path_buf(),
    };
    let looks = Looks::default();
    let (loader, libraries) = loader_of(elf, variables);
    let is_foreign = !runs_here(elf.kind);
    let is_asked = dynamic.is_safe_to_list && !is_foreign;
    let trusted = loader.as_deref().filter(|_| is_asked);
    let trusted = trusted.filter(|loader| loader::is_trusted(loader));
    let load = |variable: &[u8]| {
        // nix-ld puts its own list behind the variable.
        let mut lists = vec![variable, &libraries];
        lists.retain(|list| !list.is_empty());
        let list = lists.join(&b':');
        if let Some(answer) = trusted.and_then(|loader| loader::ask(loader, &path, &list)) {
            let find = |name: &OsStr, _, _: &[Object]| answer.libraries.get(name).cloned();
            let mut loaded = load::load(&path, dynamic, &looks, find);
            loaded.faults = answer.faults;
            return loaded;
        }
        let model = model::Model::new(loader.as_deref(), elf.kind, &list, &path, &looks);
        let find = |name: &OsStr, by, objects: &[Object]| model.find(name, by, objects);
        let mut loaded = load::load(&path, dynamic, &looks, find);
        loaded.is_list_cut = model.is_list_cut();
        loaded
    };
    let loaded = load(variables.get(VARIABLE).unwrap_or_default());
    let without = match variables.get(VARIABLE) {
        Some(_) => &load(b""),
        None => &loaded,
    };
    let mut findings = libraries::of_run_path(file, &looks, [&loaded, without]);
    if !is_foreign {
        findings.extend(libraries::of_needs(file, &loaded, without, &looks));
    }
    if looks.are_spent() || loaded.is_cut() {
        let what = "has more libraries and directories than doctor looks at";
        let remedy = "run it with LD_DEBUG=libs to see the rest";
        findings.push(Finding::warning("too-much", file, what, remedy));
    }
    findings
}

/// The loader of a file, and the list that nix-ld gives it. A library has that
/// of the system.
fn loader_of(elf: &Elf, variables: &Variables) -> (Option<PathBuf>, Vec<u8>) {
    let of = |path: &PathBuf| nix_ld::of(path, elf.kind, variables);
    let usual = nix_ld::usual_place(elf.kind).filter(|path| of(path) != Interpreter::Loader);
    let named = elf.interpreter.clone().or(usual);
    let named = named.or_else(|| loader::of_system(elf.kind));
    match named.as_ref().map(of) {
        Some(Interpreter::NixLd { loader, libraries }) => (Some(loader), libraries),
        _ => (named, Vec::new()),
    }
}

/// A machine's name for people.
fn machine(kind: Kind) -> String {
    let name = match kind.machine {
        e::EM_X86_64 if !kind.is_64 => "x32",
        e::EM_X86_64 => "x86_64",
        e::EM_386 => "i386",
        e::EM_AARCH64 => "aarch64",
        e::EM_ARM => "arm",
        e::EM_RISCV => "riscv",
        e::EM_PPC64 => "powerpc64",
        e::EM_S390 => "s390",
        e::EM_AVR => "avr",
        other => return format!("another machine (ELF's number {})", other.0),
    };
    name.to_owned()
}

/// Whether this machine runs programs of this kind.
fn runs_here(kind: Kind) -> bool {
    static OWN: OnceCell<Option<Kind>> = OnceCell::new();
    let own = OWN.get_or_init(|| elf::kind(&self_binary::this()).ok().flatten());
    let is_older = |own: Kind| own.machine == e::EM_X86_64 && kind.machine == e::EM_386;
    own.is_none_or(|own| kind == own || is_older(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_kind_of_this_machine_has_another_name() {
        let own = elf::kind(&self_binary::this()).unwrap().unwrap();
        assert!(runs_here(own));
        let narrow = Kind {
            machine: e::EM_X86_64,
            is_64: false,
            is_little: true,
        };
        assert_eq!(machine(narrow), "x32");
        assert!(!runs_here(narrow));
    }
}
