//! Checks README.md, CONTRIBUTING.md and docs/: links have targets, also those
//! in the comments of the source, and all variables are documented.

#[allow(dead_code)]
#[path = "examples/document.rs"]
mod document;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use document::blocks;

const TOP: &str = env!("CARGO_MANIFEST_DIR");

/// docs/environment.md has an example of each variable that a user may set.
#[test]
fn every_variable_has_an_example() {
    let page = fs::read_to_string(Path::new(TOP).join("docs/environment.md")).unwrap();
    let examples: String = blocks("docs/environment.md")
        .into_iter()
        .map(|block| block.text)
        .collect();
    // Darwin's have none, and says so; what nothing reads cannot have one.
    let (page, _) = page.split_once("## Darwin targets").unwrap();
    let without = ["NIX_LDFLAGS_HARDEN"];
    let mut found = 0;
    for table in page
        .split("\n\n")
        .filter(|part| part.contains("| set by |"))
    {
        let rows = table.lines().skip(2);
        for cell in rows.map(|row| row.split(" | ").next().unwrap()) {
            for name in cell.split('`').skip(1).step_by(2) {
                found += 1;
                let is_there = examples.contains(name) || without.contains(&name);
                assert!(is_there, "{name} has no example");
            }
        }
    }
    assert!(found > 30, "{found}");
}

/// Scripts distinguish doctor's findings by their ids: docs/commands.md lists all,
/// and none disappears.
#[test]
fn every_finding_is_documented() {
    let page = fs::read_to_string(Path::new(TOP).join("docs/commands.md")).unwrap();
    let (_, table) = page.split_once("| id | meaning |\n").unwrap();
    let rows = table.lines().take_while(|row| row.starts_with('|')).skip(1);
    let ids = rows.flat_map(|row| {
        row.split(" | ")
            .next()
            .unwrap()
            .split('`')
            .skip(1)
            .step_by(2)
    });
    let ids: Vec<&str> = ids.collect();
    assert_eq!(ids.len(), 57);
    let source = source(&Path::new(TOP).join("src/bin/cc-wrapper/command/doctor"));
    for id in &ids {
        assert!(
            source.contains(&format!("\"{id}\"")),
            "{id} is never reported"
        );
    }
    let is_part = |c: char| c.is_ascii_lowercase() || c == '-';
    for call in ["error(\"", "warning(\"", "wrong(\""] {
        for (at, _) in source.match_indices(call) {
            let id = source[at + call.len()..].split('"').next().unwrap();
            let is_id = id.chars().all(is_part);
            assert!(!is_id || ids.contains(&id), "{id} is not documented");
        }
    }
}

/// docs/environment.md documents each variable in the source, and no others.
#[test]
fn every_variable_is_documented() {
    let page = fs::read_to_string(Path::new(TOP).join("docs/environment.md")).unwrap();
    let source = source(&Path::new(TOP).join("src"));
    let mut found = 0;
    let ours = ["NIX_", "CC_WRAPPER_", "CMAKE_", "PKG_CONFIG"];
    let reads = [
        "get(b",
        "get_nonempty(b",
        "directories(",
        "var_os(",
        "value(",
    ];
    let mut before = "";
    for (i, word) in source.split('"').enumerate() {
        // `__GNUC__` is a macro.
        let is_name = !word.is_empty() && word.chars().all(is_part) && !word.starts_with("__");
        let is_read = ours.iter().any(|start| word.starts_with(start))
            || reads.iter().any(|read| before.ends_with(read));
        if i % 2 == 1 && is_name && is_read {
            let name = word.trim_end_matches('_').trim_end_matches("_FOR_TARGET");
            found += 1;
            // Builds with debug assertions only (CONTRIBUTING.md).
            let is_for_developers = name == "CC_WRAPPER_PANIC_EARLY";
            assert!(
                page.contains(name) || is_for_developers,
                "{name} is not documented"
            );
        }
        before = word;
    }
    assert!(found > 60, "{found}");

    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cell = row.split(" | ").next().unwrap();
        for name in cell.split('`').skip(1).step_by(2) {
            let name = name
                .trim_end_matches("_salt")
                .trim_end_matches("_FOR_BUILD");
            let name = name.trim_end_matches("_FOR_TARGET");
            // Any V; and what a root's toolchain.json names.
            let others = ["V", "MACOSX_DEPLOYMENT_TARGET"];
            let is_there = source.contains(&format!("\"{name}")) || others.contains(&name);
            assert!(is_there, "nothing reads {name}");
        }
    }
}

fn is_part(c: char) -> bool {
    c.is_ascii_uppercase() || c == '_'
}

/// Returns the source without tests and without adopt's knowledge of scripts,
/// because their variables need not be ours.
fn source(path: &Path) -> String {
    if path.is_dir() {
        let entries = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        return entries.map(|path| source(&path)).collect();
    }
    let is_left_out = |part: &OsStr| part == "adopt" || part == "fuzz";
    if path.components().any(|part| is_left_out(part.as_os_str())) {
        return String::new();
    }
    let text = fs::read_to_string(path).unwrap();
    let (text, _) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
    // A quote as a character or within text would turn in and out round.
    let text = text.replace("\\\"", "").replace("'\"'", "");
    let comments = |line: &&str| !line.trim_start().starts_with("//");
    text.lines().filter(comments).collect::<Vec<_>>().join("\n") + "\n"
}

/// Links between pages have targets.
#[test]
fn links_lead_somewhere() {
    let docs = fs::read_dir(Path::new(TOP).join("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    let mut found = 0;
    let others = ["README.md", "CONTRIBUTING.md"].map(|page| Path::new(TOP).join(page));
    for page in docs.chain(others) {
        if page.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1) {
            let (link, _) = link.split_once(')').unwrap();
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => page.clone(),
                file => page.parent().unwrap().join(file),
            };
            let place = format!("{link}, in {}", page.display());
            assert!(target.exists(), "{place}");
            assert!(anchor.is_empty() || has_anchor(&target, anchor), "{place}");
            found += 1;
        }
    }
    assert!(found > 10, "{found}");
}

/// Comments in the source mention only pages and headings that exist.
#[test]
fn mentions_in_the_source_lead_somewhere() {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '#');
    let mut found = 0;
    for file in rust_files(&Path::new(TOP).join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        for mention in text.split("docs/").skip(1) {
            let end = mention.find(|c| !is_part(c)).unwrap_or(mention.len());
            let mention = mention[..end].trim_end_matches('.');
            let (page, anchor) = mention.split_once('#').unwrap_or((mention, ""));
            if !page.ends_with(".md") {
                continue;
            }
            let target = Path::new(TOP).join("docs").join(page);
            let place = format!("docs/{mention}, in {}", file.display());
            assert!(target.exists(), "{place}");
            assert!(anchor.is_empty() || has_anchor(&target, anchor), "{place}");
            found += 1;
        }
    }
    assert!(found > 50, "{found}");
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files
}

/// Returns whether a page has a heading with this anchor.
fn has_anchor(page: &Path, anchor: &str) -> bool {
    let text = fs::read_to_string(page).unwrap();
    let mut headings = text.lines().filter(|line| line.starts_with('#'));
    headings.any(|heading| anchor_of(heading) == anchor)
}

/// Returns the anchor of a heading.
fn anchor_of(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    text.chars()
        .filter(kept)
        .collect::<String>()
        .replace(' ', "-")
}
