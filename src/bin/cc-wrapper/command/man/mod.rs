//! `cc-wrapper man`: prints or writes man pages, made from the texts of
//! `--help`.

mod arguments;
mod page;
mod portable;
mod program;

use std::path::Path;
use std::{fs, io};

pub use arguments::{Arguments, HELP};

use crate::command::COMMANDS;
use crate::support::error::{Result, cannot};
use crate::support::{file_operation, output};

/// Prints one page, or writes all pages to a directory.
///
/// # Errors
/// Fails if the output cannot be written.
pub fn run(arguments: &Arguments) -> Result<()> {
    let pages = pages().map_err(cannot("write", Path::new("man pages")))?;
    if let Some(directory) = &arguments.out {
        return write(&pages, directory);
    }
    let command = arguments.command.as_deref();
    let name = command.map_or("cc-wrapper".to_owned(), page::name);
    let page = pages.into_iter().find(|page| page.0 == name);
    output::to_stdout(page.unwrap_or_default().1.as_bytes())
}

/// Returns the names and texts of all pages. The page of `cc-wrapper` is first.
fn pages() -> io::Result<Vec<(String, String)>> {
    let mut program = super::command();
    // Building the command gives its subcommands their full names.
    program.build();
    let own = page::program_page(&program, &super::HELP)?;
    let mut pages = vec![("cc-wrapper".to_owned(), own)];
    for (name, help) in COMMANDS {
        if let Some(command) = program.find_subcommand(name) {
            pages.push((page::name(name), page::command_page(command, help)?));
        }
    }
    Ok(pages)
}

/// Writes each page atomically.
fn write(pages: &[(String, String)], directory: &Path) -> Result<()> {
    fs::create_dir_all(directory).map_err(cannot("create", directory))?;
    for (name, text) in pages {
        let place = directory.join(format!("{name}.1"));
        file_operation::write_text(&place, text.as_bytes())?;
    }
    Ok(())
}
