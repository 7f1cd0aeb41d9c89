//! Tests a new root: compiles, links and runs programs with its tools.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use cc_wrapper::model::toolchain::{Family, ToolKind};

use super::run;
use super::run::Workshop;
use super::select::Selection;
use crate::support::error::{Error, Result, cannot};
use crate::support::show::shown;

/// A root to test.
pub struct Check<'a> {
    pub workshop: &'a Workshop,
    pub root: &'a Path,
    pub selection: &'a Selection,
    /// The root has a `store`, so NIX_STORE selects the directories that get an
    /// rpath. The check then sets NIX_STORE to its test prefix.
    pub with_store: bool,
    /// The reason why programs for the target do not run here; `None` if they
    /// do.
    pub runs_not: Option<&'a str>,
}

/// The result of a check that passed.
#[derive(Debug, PartialEq, Eq)]
pub struct Checked {
    pub languages: Vec<&'static str>,
    pub families: Vec<Family>,
    /// For the report, such as `compiled, linked, ran`.
    pub steps: String,
}

struct Language {
    name: &'static str,
    suffix: &'static str,
    program: &'static str,
}

const C: Language = Language {
    name: "C",
    suffix: "c",
    program: "#include <stdio.h>\n\
              #include <cc-wrapper-check.h>\n\
              int main(void) { puts(\"checked\"); return answer() != 42; }\n",
};
const CXX: Language = Language {
    name: "C++",
    suffix: "cc",
    program: "#include <iostream>\n\
              #include <string>\n\
              extern \"C\" {\n\
              #include <cc-wrapper-check.h>\n\
              }\n\
              int main() { std::cout << std::string(\"checked\") << std::endl; return answer() != 42; }\n",
};
const HEADER: &str = "int answer(void);\n";
const REMEDY: &str = "correct this, or skip the check with --no-check";
const LIBRARY: &str = "int answer(void) { return 42; }\n";

impl Check<'_> {
    /// Tests each C and C++ compiler of the root, once per real compiler.
    ///
    /// # Errors
    /// Returns the step and the command that failed.
    pub fn run(&self) -> Result<Checked> {
        let links = self.selection.target().is_linux();
        let mut checked = Checked {
            languages: Vec::new(),
            families: Vec::new(),
            steps: self.steps(links),
        };
        for (n, compiler) in self.selection.compilers.iter().enumerate() {
            let language = match compiler.kind {
                ToolKind::Cc => &C,
                ToolKind::Cxx => &CXX,
                _ => continue,
            };
            let Some(name) = self.name_of(n) else {
                continue;
            };
            let tool = self.root.join("bin").join(name);
            let prefix = self.prefix(n)?;
            if links {
                self.link(&tool, language, &prefix)?;
            } else {
                self.compile(&tool, language, &prefix)?;
            }
            add(&mut checked.languages, language.name);
            add(&mut checked.families, compiler.identity.family);
        }
        Ok(checked)
    }

    fn steps(&self, links: bool) -> String {
        let linked = if links { ", linked" } else { "" };
        match self.runs_not {
            Some(why) => format!("compiled{linked}, not run: {why}"),
            None => format!("compiled{linked}, ran"),
        }
    }

    /// The shortest name of a compiler. `cc` and `c++` are used only if it has
    /// no other.
    fn name_of(&self, compiler: usize) -> Option<&OsString> {
        let names = self.selection.names.iter();
        names
            .filter(|named| named.compiler == compiler)
            .map(|named| &named.name)
            .min_by_key(|name| (*name == "cc" || *name == "c++", name.len()))
    }

    /// Creates a test prefix with a header, laid out as a package.
    fn prefix(&self, n: usize) -> Result<PathBuf> {
        let prefix = self.workshop.scratch().join(format!("check-{n}"));
        for directory in ["include", "lib"] {
            let directory = prefix.join(directory);
            fs::create_dir_all(&directory).map_err(cannot("create", &directory))?;
        }
        write(&prefix.join("include/cc-wrapper-check.h"), HEADER)?;
        Ok(prefix)
    }

    fn compile(&self, tool: &Path, language: &Language, prefix: &Path) -> Result<()> {
        // The source includes no header, because such a target may have none.
        let source = prefix.join(format!("program.{}", language.suffix));
        write(&source, LIBRARY)?;
        let mut command = self.command(tool, prefix);
        command.arg("-c").arg(&source).args(["-o", "program.o"]);
        succeed(&mut command, &format!("compile {}", language.name))
    }

    fn link(&self, tool: &Path, language: &Language, prefix: &Path) -> Result<()> {
        let library = prefix.join(format!("library.{}", language.suffix));
        let source = prefix.join(format!("program.{}", language.suffix));
        let text = match language.suffix {
            "c" => LIBRARY.to_owned(),
            _ => format!("extern \"C\" {LIBRARY}"),
        };
        write(&library, &text)?;
        write(&source, language.program)?;

        let mut command = self.command(tool, prefix);
        command.args(["-shared", "-fPIC"]).arg(&library);
        command.args(["-o", "lib/libcc-wrapper-check.so"]);
        succeed(&mut command, "link a shared library")?;

        let mut command = self.command(tool, prefix);
        command.env(
            "NIX_CFLAGS_COMPILE",
            joined("-isystem ", prefix, "/include"),
        );
        let mut ldflags = joined("-L", prefix, "/lib");
        ldflags.push(" -lcc-wrapper-check");
        command.env("NIX_LDFLAGS", ldflags);
        command.arg(&source).args(["-o", "program"]);
        let what = format!("compile and link a {} program", language.name);
        succeed(&mut command, &what)?;

        let program = prefix.join("program");
        if self.runs_not.is_none() {
            let mut command = Command::new(&program);
            command.env_clear();
            // Some compilers' own libraries are found only with this variable.
            if let Some(path) = std::env::var_os("LD_LIBRARY_PATH") {
                command.env("LD_LIBRARY_PATH", path);
            }
            let what = format!(
                "run the {} program that {} linked",
                language.name,
                shown(tool)
            );
            return succeed(&mut command, &what);
        }
        // The program cannot run here, so look for the rpath in its bytes.
        let content = fs::read(&program).map_err(cannot("read", &program))?;
        let rpath = joined("", prefix, "/lib");
        let holds = content
            .windows(rpath.len())
            .any(|window| window == rpath.as_bytes());
        if holds {
            return Ok(());
        }
        Err(Error::new("the check of the new root failed")
            .because(format!(
                "the {} program has no rpath, so the compiler did not run the root's linker ({})",
                language.name,
                run::line(&command)
            ))
            .remedy(REMEDY))
    }

    fn command(&self, tool: &Path, prefix: &Path) -> Command {
        let mut command = self.workshop.command(tool);
        command.current_dir(prefix);
        if self.with_store {
            command.env("NIX_STORE", prefix);
        }
        command
    }
}

fn succeed(command: &mut Command, what: &str) -> Result<()> {
    let output = run::output(command)?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::new("the check of the new root failed")
        .because(format!(
            "cannot {what} ({}): {}",
            output.status,
            run::line(command)
        ))
        .remedy(REMEDY)
        .with_output(&output.stderr))
}

fn joined(before: &str, path: &Path, after: &str) -> OsString {
    let mut joined = OsString::from(before);
    joined.push(path);
    joined.push(after);
    joined
}

fn add<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

fn write(path: &Path, content: &str) -> Result<()> {
    fs::write(path, content).map_err(cannot("write", path))
}
