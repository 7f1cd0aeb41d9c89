//! The man pages: renderers accept them without warnings, and they match
//! `--help`.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::{command, help, run, tool};

const BINARY: &str = env!("CARGO_BIN_EXE_cc-wrapper");

fn write_pages(directory: &Path) {
    run(command(BINARY).args(["man", "--out"]).arg(directory));
}

/// Returns each page's name, and the arguments for the same `--help`.
fn pages() -> Vec<(String, Vec<String>)> {
    let commands = help::commands().into_iter();
    let commands = commands.map(|name| (format!("cc-wrapper-{name}"), vec![name]));
    let own = ("cc-wrapper".to_owned(), Vec::new());
    [own].into_iter().chain(commands).collect()
}

#[test]
fn there_is_a_page_for_each_command() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("share/man/man1");
    write_pages(&out);
    let mut written: Vec<_> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    written.sort();
    let mut expected: Vec<_> = pages()
        .iter()
        .map(|(page, _)| format!("{page}.1"))
        .collect();
    expected.sort();
    assert_eq!(written, expected);

    for (page, command_of) in pages() {
        let file = out.join(format!("{page}.1"));
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o444, 0o444, "{page}");
        let printed = run(command(BINARY).arg("man").args(command_of));
        assert_eq!(printed, fs::read_to_string(file).unwrap());
    }
    // Over those of an older version.
    fs::write(out.join("cc-wrapper.1"), "old").unwrap();
    write_pages(&out);
    assert_eq!(
        run(command(BINARY).arg("man")),
        fs::read_to_string(out.join("cc-wrapper.1")).unwrap()
    );
}

#[test]
fn no_renderer_complains() {
    let dir = tempfile::tempdir().unwrap();
    write_pages(dir.path());
    for (name, _) in pages() {
        let page = dir.path().join(format!("{name}.1"));
        if tool("groff").is_some() {
            let mut groff = command("groff");
            groff.args(["-ww", "-z", "-man", "-Tutf8"]).arg(&page);
            let output = groff.output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && said.is_empty(), "{name}: {said}");
        }
        if tool("mandoc").is_some() {
            let mut mandoc = command("mandoc");
            mandoc.args(["-T", "lint", "-W", "warning"]).arg(&page);
            let output = mandoc.output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            // A date would differ from build to build.
            let mut complaints = said.lines().filter(|line| !line.contains("missing date"));
            assert_eq!(complaints.next(), None, "{name}: {said}");
        }
    }
}

/// Returns the page as it is displayed on a terminal.
fn rendered(args: &[String]) -> Option<String> {
    tool("mandoc")?;
    let dir = tempfile::tempdir().unwrap();
    let page = dir.path().join("page.1");
    fs::write(&page, run(command(BINARY).arg("man").args(args))).unwrap();
    let text = run(command("mandoc").args(["-T", "ascii"]).arg(&page));
    // Without what makes letters bold.
    let mut plain = String::new();
    for char in text.chars() {
        match char {
            '\u{8}' => drop(plain.pop()),
            char => plain.push(char),
        }
    }
    Some(plain)
}

#[test]
fn a_page_matches_help() {
    for (name, args) in pages() {
        let Some(page) = rendered(&args) else { return };
        let asked: Vec<&str> = args.iter().map(String::as_str).collect();
        let help = help::of(&asked);
        let words: Vec<&str> = page.split_whitespace().collect();
        let options = help::options(&help);
        assert!(options.contains(&"--help".to_owned()), "{help}");
        for option in options {
            assert!(words.contains(&&option[..]), "{name}: {option}\n{page}");
        }
        // As it is to be typed, on a line of its own.
        let examples = help::examples(&help);
        assert!(!examples.is_empty());
        for example in examples {
            assert!(
                page.lines().any(|line| line.trim() == example),
                "{name}: {example}\n{page}"
            );
        }
        let flowing = words.join(" ");
        let about = help.lines().next().unwrap();
        assert!(flowing.contains(&about[1..]), "{name}: {about}");
        for section in [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "EXAMPLES",
            "EXIT STATUS",
            "SEE ALSO",
        ] {
            assert!(
                page.lines().any(|line| line == section),
                "{name}: {section}\n{page}"
            );
        }
        for line in page.lines() {
            assert!(line.len() <= 80, "{name}: {line}");
        }
    }
}

#[test]
fn pages_lead_to_each_other() {
    let names: Vec<String> = pages().into_iter().map(|(name, _)| name).collect();
    for (name, args) in pages() {
        let Some(page) = rendered(&args) else { return };
        let (_, others) = page.split_once("\nSEE ALSO\n").unwrap();
        let others = others.split_whitespace();
        let others: Vec<&str> = others
            .filter_map(|word| word.trim_end_matches(',').strip_suffix("(1)"))
            .filter(|page| page.starts_with("cc-wrapper"))
            .collect();
        assert!(!others.is_empty(), "{page}");
        for other in others {
            assert!(names.iter().any(|name| name == other), "{name}: {other}");
        }
    }
}

#[test]
fn a_directory_that_cannot_be_written_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    for out in [file.clone(), file.join("man1")] {
        let output = command(BINARY)
            .args(["man", "--out"])
            .arg(&out)
            .output()
            .unwrap();
        let line = String::from_utf8(output.stderr).unwrap();
        assert!(line.contains(&out.display().to_string()), "{line}");
        assert_eq!(
            (output.status.code(), line.lines().count()),
            (Some(1), 1),
            "{line}"
        );
    }
}
