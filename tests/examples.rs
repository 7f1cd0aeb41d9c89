//! Runs every example of README.md and docs/, so that none becomes outdated.
//!
//! A `console` block is typed into a shell on a machine like the one it
//! describes ([`world`]). If it shows a command's output, the real output must
//! match. `…` matches anything, and times and gcc's versions may differ.

mod common;
#[path = "examples/document.rs"]
mod document;
#[path = "examples/shell.rs"]
mod shell;
#[path = "examples/world.rs"]
mod world;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use common::nix::{Nix, copy_sources};
use common::{command, run, tool, write};
use document::{Block, blocks};
use shell::Shell;
use snapbox::assert::DEFAULT_ACTION_ENV;
use snapbox::data::DataFormat;
use snapbox::{Assert, Data, Redactions};
use world::World;

const TOP: &str = env!("CARGO_MANIFEST_DIR");

/// The pages whose commands run on the machine of [`World`].
const PAGES: &[&str] = &[
    "README.md",
    "docs/commands.md",
    "docs/environment.md",
    "docs/explain.md",
    "docs/performance.md",
    "docs/recipes.md",
];

/// The start of a block, if it is not just a shell in `~/project` with
/// `~/toolchain/bin` first on PATH.
struct Setting {
    /// The block's first command begins with this.
    begins: &'static str,
    /// Typed before the block.
    before: &'static str,
    /// The start of the one command that exits with 1.
    fails: Option<&'static str>,
}

const SETTINGS: &[Setting] = &[
    Setting {
        begins: "cargo install",
        before: "rm ~/.cargo/bin/cc-wrapper; cd $SOURCES; export CARGO_TARGET_DIR=$TARGET",
        fails: None,
    },
    Setting {
        begins: "cargo bench",
        before: "cd $SOURCES; export CARGO_TARGET_DIR=$TARGET CC_WRAPPER_BENCH_ROUNDS=1",
        fails: None,
    },
    Setting {
        begins: "cc-wrapper rustup",
        before: "export RUSTUP_HOME=~/.rustup",
        fails: None,
    },
    Setting {
        begins: "CC_WRAPPER_COMPDB=",
        before: r#"eval "$(cc-wrapper env /opt/zlib)""#,
        fails: None,
    },
    Setting {
        begins: "CC_WRAPPER_LAUNCHER=",
        before: r#"eval "$(cc-wrapper env /opt/zlib)""#,
        fails: None,
    },
    Setting {
        begins: "~/clang/bin/clang ",
        before: r#"
            mkdir -p ~/clang/bin ~/clang/nix-support
            ln -s "$(type -P cc-wrapper)" ~/clang/bin/clang
            echo >~/clang/nix-support/toolchain.json '{
                "version": 1, "compiler": "clang", "defaultTarget": "x86_64-pc-linux-gnu",
                "suffixSalt": "x86_64_pc_linux_gnu",
                "tools": {"clang": {"role": "cc", "program": "/usr/bin/clang"}}
            }'
        "#,
        fails: None,
    },
    Setting {
        begins: "cc-wrapper doctor   ",
        before: r#"
            cc-wrapper adopt --out ~/fast >/dev/null
            PATH=~/fast/bin:$PATH
            export NIX_CC_WRAPPER_TARGET_HOST_x86_64_linux_gnu=1
            export NIX_CFLAGS_COMPILE="-isystem /opt/zlib-1.2/include"
        "#,
        fails: Some("cc-wrapper doctor"),
    },
    Setting {
        begins: "cc-wrapper doctor deflate",
        before: r#"
            eval "$(cc-wrapper env /opt/zlib-ng)"
            cc deflate.c -lz-ng -o deflate
            rm -r /opt/zlib-ng
        "#,
        fails: Some("cc-wrapper doctor deflate"),
    },
];

/// Programs that a machine may lack. Blocks that contain them are skipped
/// there.
const PROGRAMS: &[&str] = &[
    "cargo",
    "ccache",
    "clang",
    "clang++",
    "cmake",
    "fish",
    "gnatmake",
    "man",
    "meson",
    "pkg-config",
    "rustup",
];

/// Runs the examples of a page.
fn run_page(page: &str) {
    assert!(PAGES.contains(&page));
    let Some(world) = World::new() else { return };
    for block in blocks(page) {
        match &*block.language {
            "console" => {
                world.project();
                let before = "PATH=~/toolchain/bin:$PATH\ncd ~/project";
                run_block(&block, world.shell(), before);
            }
            "bash" => lay_file(&world, &block),
            // A picture, and what other tests are for.
            "text" | "nix" => {}
            other => panic!("{}: nothing runs a block of `{other}`", block.place),
        }
    }
}

/// Writes a file of the root for the following blocks. Its first line has the
/// path.
fn lay_file(world: &World, block: &Block) {
    let name = block.text.lines().next().unwrap().trim_start_matches("# ");
    write(&world.path("home/you/toolchain").join(name), &block.text);
}

fn run_block(block: &Block, shell: Shell, before: &str) {
    let examples = block.examples();
    let mut words = examples
        .iter()
        .flat_map(|example| example.command.split([' ', '\'', '=']));
    if words.any(|word| PROGRAMS.contains(&word) && tool(word).is_none()) {
        return;
    }
    let commands: Vec<&str> = examples.iter().map(|example| example.command).collect();
    let setting = SETTINGS
        .iter()
        .find(|setting| commands[0].starts_with(setting.begins));
    let of_setting = setting.map_or("", |setting| setting.before);
    let said = shell.session(&format!("{before}\n{of_setting}"), &commands);
    for (example, said) in examples.iter().zip(said) {
        let place = format!("{}: $ {}", block.place, example.command);
        let fails = setting
            .and_then(|setting| setting.fails)
            .is_some_and(|command| example.command.starts_with(command));
        assert_eq!(said.status, i32::from(fails), "{place}\n{}", said.output);
        if !example.shown.is_empty() {
            is_shown(&place, &said.output, &example.shown);
        }
    }
}

/// Asserts that the output is what the page shows.
#[track_caller]
fn is_shown(place: &str, said: &str, shown: &str) {
    let pattern: String = shown
        .lines()
        .map(|line| match line {
            "…" => "...\n".to_owned(),
            line => line.replace('…', "[..]") + "\n",
        })
        .collect();
    let matched = Assert::new().redact_with(Redactions::new()).try_eq(
        Some(&place),
        numbers_alike(said.trim_end()).into(),
        numbers_alike(pattern.trim_end()).into(),
    );
    if let Err(difference) = matched {
        panic!("{difference}");
    }
}

/// Replaces times, which differ from run to run, and gcc's versions, which
/// differ from machine to machine.
fn numbers_alike(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    let mut alike = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_part(c)).unwrap_or(from.len());
        let (number, after) = from.split_at(end);
        let is_time = number.contains('.') && [" s", " ms"].iter().any(|s| after.starts_with(s));
        alike += before;
        alike += match (is_time, before.ends_with(" gcc ")) {
            (true, _) => "TIME",
            (_, true) => "VERSION",
            _ => number,
        };
        rest = match is_time {
            true => after.trim_start_matches(" s").trim_start_matches(" ms"),
            false => after,
        };
    }
    alike + rest
}

#[test]
fn readme() {
    run_page("README.md");
}

#[test]
fn commands() {
    run_page("docs/commands.md");
}

#[test]
fn environment() {
    run_page("docs/environment.md");
}

#[test]
fn explain() {
    run_page("docs/explain.md");
}

#[test]
fn performance() {
    run_page("docs/performance.md");
}

#[test]
fn recipes() {
    run_page("docs/recipes.md");
}

/// The picture in README.md is what a terminal shows. `SNAPSHOTS=overwrite`
/// draws it again.
#[test]
fn picture() {
    if tool("script").is_none() {
        return;
    }
    let Some(world) = World::new() else { return };
    world.project();
    let terminal = |script: &str| {
        let script = format!("stty cols 96; {script}");
        let said = run(world
            .command("script")
            .args(["--quiet", "--return", "--command", &script, "/dev/null"])
            .env("SHELL", "/bin/bash")
            .env("TERM", "xterm-256color"));
        said.replace("\r\n", "\n")
    };
    let mut text = String::new();
    for command in PICTURE {
        text += &format!("\x1b[1m$\x1b[0m {command}\n");
    }
    text += &terminal(&format!(
        "cd project; PATH=~/toolchain/bin:$PATH; {}",
        PICTURE.join("; ")
    ));
    let file = Path::new(TOP).join("docs/explain.svg");
    let drawn = Data::text(text).coerce_to(DataFormat::TermSvg);
    Assert::new()
        .action_env(DEFAULT_ACTION_ENV)
        .eq(drawn, Data::read_from(&file, Some(DataFormat::TermSvg)));
}

const PICTURE: &[&str] = &[
    r#"export NIX_CFLAGS_COMPILE="-isystem /opt/zlib/include" NIX_HARDENING_ENABLE="pic relro""#,
    r#"export NIX_LDFLAGS="-L/opt/zlib/lib -L/opt/libpng/lib" NIX_ENFORCE_NO_NATIVE=1"#,
    "cc-wrapper explain -- cc -march=native main.c -lz -o main",
];

/// Runs the commands of docs/nix.md, with the tests' nixpkgs.
#[test]
fn nix() {
    let Some(nix) = Nix::new() else { return };
    let dir = tempfile::tempdir().unwrap();
    copy_sources(&dir.path().join("source"));
    for block in blocks("docs/nix.md") {
        if block.language == "console" {
            let mut bash = nix.command("bash");
            bash.current_dir(dir.path().join("source"));
            let shell = Shell::new(bash, nix.directory(), "/nix");
            run_block(&block, shell, "export CC_WRAPPER_BENCH_ROUNDS=1");
        }
    }
}

/// Evaluates the expressions of README.md and docs/nix.md to derivations.
#[test]
fn nix_expressions() {
    let Some(nix) = Nix::new() else { return };
    let dir = tempfile::tempdir().unwrap();
    symlink(TOP, dir.path().join("cc-wrapper")).unwrap();
    let pages = [blocks("README.md"), blocks("docs/nix.md")];
    let mut found = 0;
    for block in pages
        .iter()
        .flatten()
        .filter(|block| block.language == "nix")
    {
        found += 1;
        // A file of its own, or part of a set.
        let text = match block.text.split_whitespace().nth(1) == Some("=") {
            true => format!("{{ {} }}", block.text),
            false => block.text.clone(),
        };
        write(&dir.path().join("example.nix"), &text);
        let all = "tests/nix/examples.nix";
        let mut instantiate = nix.command("nix-instantiate");
        instantiate.arg(Path::new(TOP).join(all)).arg("--arg");
        instantiate
            .arg("example")
            .arg(dir.path().join("example.nix"));
        let derivations = run(&mut instantiate);
        assert!(
            derivations.contains(".drv"),
            "{}: {derivations}",
            block.place
        );
    }
    assert!(found > 0);
}

/// The root in docs/toolchain.md is valid.
#[test]
fn toolchain_json() {
    if tool("gcc").is_none() {
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let blocks = blocks("docs/toolchain.md");
    let [block] = &blocks[..] else {
        panic!("{blocks:?}")
    };
    write(&root.path().join("nix-support/toolchain.json"), &block.text);
    let bin = root.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for name in ["gcc", "ld"] {
        symlink(env!("CARGO_BIN_EXE_cc-wrapper"), bin.join(name)).unwrap();
    }
    write(
        &root.path().join("main.c"),
        "int main(void) { return X; }\n",
    );
    let mut gcc = command(bin.join("gcc"));
    gcc.args(["main.c", "-o", "main"])
        .env("NIX_CC_WRAPPER_TARGET_HOST_x86_64_unknown_linux_gnu", "1")
        .env("NIX_CFLAGS_COMPILE", "-DX=0")
        .env("NIX_LDFLAGS", "-rpath /nowhere")
        .env("NIX_STORE", "/nix/store")
        .current_dir(root.path());
    run(&mut gcc);
    assert_eq!(
        common::runpath(&root.path().join("main")),
        [Path::new("/nowhere")]
    );
}

/// Every page with examples has a test.
#[test]
fn no_page_is_left_out() {
    let docs = fs::read_dir(Path::new(TOP).join("docs")).unwrap();
    for entry in docs {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let page = format!("docs/{name}");
        let elsewhere = ["docs/nix.md", "docs/toolchain.md"];
        if name.ends_with(".md") && !PAGES.contains(&&*page) && !elsewhere.contains(&&*page) {
            let examples = blocks(&page);
            let is_drawing = |block: &&Block| block.language == "text";
            let runs = examples.iter().filter(|block| !is_drawing(block)).count();
            assert_eq!(runs, 0, "{page}");
        }
    }
}
