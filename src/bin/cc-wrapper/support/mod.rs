//! What several commands need: files, messages, the terminal.

pub mod argument;
pub mod elf;
pub mod elf_note;
pub mod error;
pub mod file_operation;
pub mod help;
pub mod install;
pub mod interrupt;
pub mod linker_shims;
pub mod output;
pub mod paths;
pub mod self_binary;
pub mod show;
pub mod summary;
pub mod swap_directories;
pub mod terminal;
