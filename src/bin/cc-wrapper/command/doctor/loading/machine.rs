//! For which machines files are.

use object::elf as e;

use crate::support::elf;
use crate::support::elf::{Elf, Kind};
use crate::support::self_binary;

/// For a person to read.
pub fn name(kind: Kind) -> String {
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

/// Whether this machine is one of them.
pub fn runs_here(kind: Kind) -> bool {
    let own = elf::read(&self_binary::this());
    let Ok(Some(Elf { kind: own, .. })) = own else {
        return true;
    };
    let is_older = own.machine == e::EM_X86_64 && kind.machine == e::EM_386;
    kind == own || is_older
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
        assert_eq!(name(narrow), "x32");
        assert!(!runs_here(narrow));
    }
}
