//! The rules of a wrapped call, one file each. Comments cite the sections of
//! docs/behaviour.md as §1 to §11.

pub mod collect;
pub mod collect_gcc_options;
pub mod compile_record;
pub mod cross;
pub mod darwin;
pub mod driver_link;
pub mod hardening;
pub mod hooks;
pub mod link_additions;
pub mod link_type;
pub mod linker_choice;
pub mod linker_question;
pub mod linker_shim;
pub mod native;
pub mod partial_link;
pub mod pie;
pub mod purity;
pub mod response_file;
pub mod rpath;
pub mod scan;
pub mod statistics;
pub mod system_includes;
pub mod target;
pub mod target_support;
