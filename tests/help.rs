//! Help texts, and the messages for wrong command lines.

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Output, Stdio};

use common::{command, help, run, tool, write};

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");

fn told(args: &[&str]) -> Output {
    command(BINARY).args(args).output().unwrap()
}

/// Runs it as on a terminal of this width.
fn at_width(columns: usize, args: &[&str]) -> String {
    let mut asked = command(BINARY);
    run(asked
        .args(args)
        .arg("--help")
        .env("COLUMNS", columns.to_string()))
}

#[test]
fn every_command_has_examples() {
    for name in help::commands() {
        let text = help::of(&[&name]);
        let examples = help::examples(&text);
        let own = format!("cc-wrapper {name}");
        assert!(examples.iter().any(|line| line.contains(&own)), "{text}");
        for asked in [&[&name, "-h"][..], &["help", &name]] {
            assert_eq!(run(command(BINARY).args(asked)), text, "{asked:?}");
        }
    }
    let text = help::of(&[]);
    assert!(help::examples(&text).len() > 2, "{text}");
    assert_eq!(run(command(BINARY).arg("help")), text);
}

#[test]
fn help_fits_the_terminal() {
    let names = help::commands();
    let all = names.iter().map(|name| vec![&name[..]]);
    for args in all.chain([Vec::new()]) {
        let text = at_width(80, &args);
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        // What is to be copied is not broken.
        assert_eq!(
            help::examples(&text),
            help::examples(&at_width(200, &args)),
            "{args:?}"
        );
        assert!(at_width(0, &args).contains("--help"));
    }
    let list = at_width(80, &[]);
    let list = list.split("Commands:\n").nth(1).unwrap();
    let list = list.split("\n\n").next().unwrap();
    assert_eq!(list.lines().count(), names.len(), "{list}");
}

/// Runs in an existing project, with prefixes that exist.
#[test]
fn examples_work() {
    for name in ["bash", "cc", "make", "man"] {
        if tool(name).is_none() {
            return;
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    for directory in [
        "bin",
        "opt/zlib/include",
        "opt/libpng/include",
        // As fish makes it when it starts.
        "home/.config/fish/completions",
    ] {
        fs::create_dir_all(path(directory)).unwrap();
    }
    symlink(BINARY, path("bin/cc-wrapper")).unwrap();
    write(&path("main.c"), "int main(void) { return 0; }\n");
    write(
        &path("Makefile"),
        "all:\n\tmkdir -p build\n\t$(CC) main.c -o build/main\n\
         \t$(CC) -c -fPIC main.c -o build/x.o\n\t$(CC) -shared build/x.o -o build/libx.so\n\
         \tmkdir -p opt/zlib/lib\n\tcp build/libx.so opt/zlib/lib\n",
    );
    let examples_of = |args: &[&str]| help::examples(&help::of(args));
    // Other shells, other machines, and what would change this one.
    let is_elsewhere = |line: &String| {
        let others = ["| source", "load-env", "clang", "aarch64"];
        others.iter().any(|other| line.contains(other))
    };
    let commands = help::commands();
    let commands = commands
        .iter()
        .filter(|name| !["adopt", "rustup"].contains(&&name[..]));
    let mut lines = examples_of(&[]);
    lines.extend(commands.flat_map(|name| examples_of(&[name])));
    lines.retain(|line| !is_elsewhere(line));
    assert!(lines.len() > 15, "{lines:#?}");

    let search = std::env::var("PATH").unwrap();
    let home = path("home").display().to_string();
    let opt = path("opt").display().to_string();
    for line in lines {
        let mut bash = command("bash");
        // Wrapped tools are first on PATH, as the first example says.
        let ours = format!("{home}/wrapped/bin:{}:{search}", path("bin").display());
        bash.args(["-e", "-o", "pipefail", "-c", &line.replace("/opt", &opt)])
            .env("PATH", ours)
            .env("HOME", &home)
            .env("GITHUB_ENV", path("github"))
            .current_dir(dir.path())
            .stdin(Stdio::null());
        run(&mut bash);
    }
    let exported = fs::read_to_string(path("github")).unwrap();
    assert!(exported.contains("NIX_CFLAGS_COMPILE"), "{exported}");
    let database = fs::read_to_string(path("compile_commands.json")).unwrap();
    assert!(database.contains("main.c"), "{database}");
}

#[test]
fn a_wrong_command_line_gets_one_line_with_a_suggestion() {
    for (args, expected) in [
        (&["explian", "--", "gcc"][..], "did you mean 'explain'?"),
        (&["doctr"], "did you mean 'doctor'?"),
        (&["evn", "/opt/zlib"], "did you mean 'env'?"),
        (&["help", "rusttup"], "did you mean 'rustup'?"),
        (&["env", "--tolchain", "x"], "did you mean '--toolchain'?"),
        (&["env", "--shell", "fsh", "x"], "did you mean 'fish'?"),
        (&["completions", "fihs"], "did you mean 'fish'?"),
        (&["man", "wrp"], "did you mean 'wrap'?"),
        (
            &["wrap", "d", "--json"],
            "an option of 'explain' and 'doctor'",
        ),
        (&["gcc", "-c", "main.c"], "cc-wrapper explain -- gcc …"),
        (
            &["aarch64-linux-gnu-g++-12"],
            "ROOT/bin/aarch64-linux-gnu-g++-12",
        ),
        (&["wrap"], "(see cc-wrapper wrap --help)"),
    ] {
        let output = told(args);
        let line = String::from_utf8(output.stderr).unwrap();
        assert!(line.contains(expected), "{args:?}: {line}");
        assert!(
            line.starts_with("cc-wrapper: ") && line.ends_with(" --help)\n"),
            "{line}"
        );
        assert_eq!(line.lines().count(), 1, "{line}");
        assert_eq!(output.status.code(), Some(2));
        // What a shell was to read ends in a failure.
        let is_read = args[0] == "env" && args[1] != "--shell";
        let expected = if is_read { "false\n" } else { "" };
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    }
}
