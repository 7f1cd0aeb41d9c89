//! Completions in the shells after `cc-wrapper`. fish is asked with `complete
//! -C`. bash and zsh get keys: one inserts all completions into the line, the
//! other prints the line.

mod common;

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{command, help, run, tool, write};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");

/// The key that inserts all completions, in both shells.
const INSERT_ALL: char = '\u{7}';
const PRINT: char = '\u{14}';

/// A directory to complete in, with the completion script of the shell.
struct Place(TempDir);

impl Place {
    fn new(shell: &str) -> Option<Place> {
        tool(shell)?;
        let place = Place(tempfile::tempdir().unwrap());
        fs::create_dir_all(place.path("work/some dir")).unwrap();
        fs::create_dir(place.path("work/other")).unwrap();
        write(&place.path("work/some.file"), "");
        let program = place.path("bin/greet-tool");
        write(&program, "#!/bin/sh\n");
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
        // The scripts ask the program that was typed.
        symlink(BINARY, place.path("bin/cc-wrapper")).unwrap();
        let script = run(command(BINARY).args(["completions", shell]));
        write(&place.path("functions/_cc-wrapper"), &script);
        Some(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn script(&self) -> String {
        self.path("functions/_cc-wrapper").display().to_string()
    }

    /// Returns a shell that reads none of the user's files and is killed after
    /// a minute.
    fn shell(&self, args: &[&str]) -> Command {
        let path = std::env::var("PATH").unwrap();
        let mut shell = command("timeout");
        shell
            .arg("60")
            .args(args)
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("HOME", self.0.path())
            .env("ZDOTDIR", self.0.path())
            .env("XDG_CONFIG_HOME", self.0.path())
            .env("XDG_DATA_HOME", self.0.path())
            .current_dir(self.path("work"));
        shell
    }
}

/// Returns bash's completions for each of `lines`.
fn bash(place: &Place, lines: &[String], before: &str) -> Vec<Vec<String>> {
    let settings = format!(
        "{before}\n. {}\nPS1=\nbind 'set bell-style none'\n\
         bind '\"\\C-g\": insert-completions'\n\
         show() {{ printf '<<%s>>\\n' \"$READLINE_LINE\"; READLINE_LINE= READLINE_POINT=0; }}\n\
         bind -x '\"\\C-t\": show'\n",
        place.script()
    );
    write(&place.path("bashrc"), &settings);
    let rc = place.path("bashrc");
    let mut bash = place.shell(&["bash", "--rcfile", rc.to_str().unwrap(), "-i"]);
    bash.stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut bash = bash.spawn().unwrap();
    let mut keys = bash.stdin.take().unwrap();
    for line in lines {
        write!(keys, "{line}{INSERT_ALL}{PRINT}").unwrap();
    }
    writeln!(keys, "exit").unwrap();
    drop(keys);
    let output = bash.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    added(lines, &String::from_utf8_lossy(&said))
}

/// Returns zsh's completions. zsh needs a terminal.
fn zsh(place: &Place, lines: &[String]) -> Vec<Vec<String>> {
    let settings = "PS1= RPS1=\nsetopt no_beep no_auto_menu\nfpath=($ZDOTDIR/functions $fpath)\n\
        autoload -U compinit\ncompinit -u -D\n\
        zstyle ':completion:*' completer _complete\n\
        zstyle ':completion:all-matches::::' completer _all_matches _complete\n\
        zstyle ':completion:all-matches:*' insert yes\n\
        zle -C all-matches complete-word _generic\n\
        show() { print -r -- \"<<$BUFFER>>\"; BUFFER= }\n\
        zle -N show\nbindkey '^G' all-matches\nbindkey '^T' show\n\
        ready() { print READY }\nzle -N zle-line-init ready\n";
    write(&place.path(".zshrc"), settings);
    let driver = "zmodload zsh/zpty\nzpty -b shell zsh -d -i\nzpty -r shell said '*READY*'\n\
        while read -r keys; do\n\
        zpty -w -n shell \"$keys\"; zpty -r shell said '*>>*'; print -r -- \"$said\"\ndone\n";
    write(&place.path("driver"), driver);
    let typed: Vec<String> = lines
        .iter()
        .map(|line| format!("{line}{INSERT_ALL}{PRINT}\n"))
        .collect();
    write(&place.path("typed"), &typed.concat());
    let mut zsh = place.shell(&["zsh", "-f"]);
    let typed = fs::File::open(place.path("typed")).unwrap();
    let said = run(zsh.arg(place.path("driver")).env("IFS", "").stdin(typed));
    added(lines, &said)
}

fn fish(place: &Place, lines: &[String]) -> Vec<Vec<String>> {
    lines
        .iter()
        .map(|line| {
            let script = format!("source {}; complete -C $argv[1]", place.script());
            let mut fish = place.shell(&["fish", "-c", &script, "--", line]);
            let said = run(&mut fish);
            let offers = said.lines().map(|line| line.split('\t').next().unwrap());
            sorted(offers.map(bare).collect())
        })
        .collect()
}

/// Returns the words that replaced the last word of each of `lines`.
fn added(lines: &[String], said: &str) -> Vec<Vec<String>> {
    let shown = said.split("<<").skip(1);
    let shown: Vec<&str> = shown.map(|rest| rest.split(">>").next().unwrap()).collect();
    assert_eq!(shown.len(), lines.len(), "{said}");
    let offers = lines.iter().zip(shown).map(|(line, shown)| {
        let begun = words(line);
        let all = words(shown);
        let last = match line.ends_with(' ') {
            true => begun.len(),
            false => begun.len() - 1,
        };
        let offered = &all[last..];
        // Nothing was.
        match offered == &begun[last..] && shown.trim_end() == line.trim_end() {
            true => Vec::new(),
            false => sorted(offered.iter().map(|word| bare(word)).collect()),
        }
    });
    offers.collect()
}

/// Splits a line like a shell in which only backslashes quote.
fn words(line: &str) -> Vec<String> {
    let joined = line.replace("\\ ", "\0");
    let words = joined.split(' ').filter(|word| !word.is_empty());
    words.map(|word| word.replace('\0', " ")).collect()
}

/// Returns the word without the character that invites to continue, and without
/// its option.
fn bare(word: &str) -> String {
    let word = word.trim_end_matches(['/', '=']);
    let word = word.rsplit_once('=').map_or(word, |(_, value)| value);
    word.to_owned()
}

fn sorted(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words.dedup();
    words
}

/// Returns lines and the completions that every shell must offer for them.
fn expected() -> Vec<(String, Vec<String>)> {
    let mut expected: Vec<(String, Vec<String>)> = [
        ("en", &["env"][..]),
        ("--v", &["--version"]),
        ("env --shell ", &["bash", "fish", "github", "json", "nu"]),
        ("env --shell=f", &["fish"]),
        ("env other so", &["some dir"]),
        // A value is no command, whatever it is called.
        ("env --toolchain wrap --sh", &["--shell"]),
        ("wrap ", &["other", "some dir"]),
        ("wrap --bintools so", &["some dir"]),
        ("wrap --bintools=so", &["some dir"]),
        ("wrap --cc greet-t", &["greet-tool"]),
        ("wrap --salt so", &[]),
        ("compdb so", &["some dir", "some.file"]),
        ("compdb -o so", &["some dir", "some.file"]),
        ("doctor other so", &["some dir", "some.file"]),
        ("run greet-t", &["greet-tool"]),
        ("run --with some\\ dir -- greet-t", &["greet-tool"]),
        ("explain -- greet-t", &["greet-tool"]),
        // Behind a program all is its own.
        ("run greet-tool --qu", &[]),
        (
            "run --with some\\ dir -- greet-tool so",
            &["some dir", "some.file"],
        ),
        ("explain greet-tool --js", &[]),
        ("completions ", &["bash", "fish", "zsh"]),
        ("man expl", &["explain"]),
        ("wrap ~/wor", &["~/work"]),
        ("compdb -", &["--help", "--output", "-h", "-o"]),
        // Given already, or at odds with what is.
        ("rustup --undo --und", &[]),
        ("rustup --undo --patch", &[]),
    ]
    .iter()
    .map(|(line, offers)| {
        let offers = offers.iter().map(|offer| (*offer).to_owned()).collect();
        (format!("cc-wrapper {line}"), offers)
    })
    .collect();

    let names = help::commands();
    expected.push(("cc-wrapper ".to_owned(), sorted(names.clone())));
    for name in names {
        let options = help::options(&help::of(&[&name]));
        expected.push((format!("cc-wrapper {name} --"), sorted(options)));
    }
    expected
}

type Ask = fn(&Place, &[String]) -> Vec<Vec<String>>;

fn check(shell: &str, ask: Ask) {
    let Some(place) = Place::new(shell) else {
        return;
    };
    let (lines, expected): (Vec<String>, Vec<_>) = expected().into_iter().unzip();
    let offered = ask(&place, &lines);
    for ((line, offered), expected) in lines.iter().zip(offered).zip(expected) {
        assert_eq!(offered, expected, "{shell}: {line}");
    }
}

#[test]
fn bash_offers_what_fits() {
    check("bash", |place, lines| bash(place, lines, ""));
}

#[test]
fn zsh_offers_what_fits() {
    check("zsh", zsh);
}

#[test]
fn fish_offers_what_fits() {
    check("fish", fish);
}

#[test]
fn a_program_typed_as_a_path_completes_itself() {
    let lines = ["~/bin/cc-wrapper man expl".to_owned()];
    for (shell, ask) in [
        ("bash", (|place, lines| bash(place, lines, "")) as Ask),
        ("zsh", zsh),
        ("fish", fish),
    ] {
        if let Some(place) = Place::new(shell) {
            assert_eq!(ask(&place, &lines), [["explain"]], "{shell}");
        }
    }
}

/// Calls of other programs are completed as without cc-wrapper.
#[test]
fn the_shell_knows_the_program_that_is_run() {
    let lines = ["cc-wrapper run --with some\\ dir -- cc-wrapper expl".to_owned()];
    let expected = [["explain"]];
    if let Some(place) = Place::new("fish") {
        assert_eq!(fish(&place, &lines), expected);
    }
    if let Some(place) = Place::new("zsh") {
        assert_eq!(zsh(&place, &lines), expected);
    }
    // Bash leaves that to a package.
    let package = Path::new("/usr/share/bash-completion/bash_completion");
    if !package.exists() {
        common::skip::without_package("bash-completion");
    } else if let Some(place) = Place::new("bash") {
        let before = format!(". {}", package.display());
        assert_eq!(bash(&place, &lines, &before), expected);
    }
}

#[test]
fn shellcheck_finds_nothing() {
    let (Some(place), Some(_)) = (Place::new("bash"), tool("shellcheck")) else {
        return;
    };
    run(command("shellcheck").arg(place.script()));
}

#[test]
fn scripts_can_be_sourced() {
    for (shell, line) in [
        (
            "bash",
            "source <(\"$0\" completions bash) && complete -p cc-wrapper",
        ),
        (
            "zsh",
            "autoload -U compinit && compinit -u -D && source <(\"$0\" completions zsh) && \
             [[ $_comps[cc-wrapper] == _cc-wrapper ]]",
        ),
    ] {
        let Some(place) = Place::new(shell) else {
            continue;
        };
        run(place.shell(&[shell, "-c", line]).arg(BINARY));
    }
}
