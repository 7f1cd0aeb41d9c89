//! Fuzz targets: what must hold for any input from strangers. libFuzzer runs
//! them from `fuzz/`; `runner` runs them as ordinary tests. CONTRIBUTING.md
//! has the commands.

mod files;
mod plans;
#[cfg(test)]
mod runner;
mod scene;
mod texts;

pub use files::{adopt, driver_output, elf, loader_cache};
pub use plans::{plans, response_files};
pub use texts::{compile_records, json, launcher, lists, tool_names, toolchain};

/// A target. It panics if something does not hold.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    /// Words that have a meaning in an input.
    pub words: &'static [&'static str],
    /// How many inputs `cargo test` runs besides the corpus.
    pub inputs: usize,
}

/// Defines the targets, and a test for each of them.
macro_rules! targets {
    ($($name:ident: $inputs:literal, $words:expr;)*) => {
        pub const TARGETS: &[Target] = &[$(Target {
            name: stringify!($name),
            run: $name,
            words: $words,
            inputs: $inputs,
        }),*];

        #[cfg(test)]
        mod tests {
            use super::*;

            $(
                #[test]
                fn $name() {
                    let mut targets = TARGETS.iter();
                    let target = targets.find(|target| target.name == stringify!($name));
                    runner::run(target.unwrap());
                }
            )*
        }
    };
}

targets! {
    adopt: 8_000, files::SHELL;
    compile_records: 8_000, texts::RECORDS;
    driver_output: 12_000, files::DRIVER_OUTPUT;
    elf: 10_000, &[];
    json: 10_000, texts::JSON;
    launcher: 10_000, &["'", "\"", "\\", "#", "$"];
    lists: 10_000, &[" ", "\t", "\n"];
    loader_cache: 10_000, &["glibc-ld.so.cache1.1"];
    plans: 8_000, plans::CALL;
    response_files: 8_000, plans::RESPONSE_FILE;
    tool_names: 10_000, texts::TOOL_NAMES;
    toolchain: 10_000, texts::TOOLCHAIN;
}
