//! Code that several commands share: files, messages, the terminal.
//! docs/glossary.md defines the words that have a special meaning here.

pub mod digest;
pub mod elf;
pub mod elf_note;
pub mod error;
pub mod file_operation;
pub mod foreign_file;
pub mod help;
pub mod install;
pub mod interrupt;
pub mod linker_shims;
pub mod lock;
pub mod output;
pub mod owner;
pub mod paths;
pub mod prefix;
pub mod self_binary;
pub mod show;
pub mod summary;
pub mod swap_directories;
pub mod terminal;
pub mod tree;
pub mod trial;
pub mod triple;
