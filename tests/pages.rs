//! What README.md and docs/ have to hold: links that lead somewhere, and all
//! variables.

#[allow(dead_code)]
#[path = "examples/document.rs"]
mod document;

use std::fs;
use std::path::Path;

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

/// docs/environment.md tells of each variable that the source names.
#[test]
fn every_variable_is_told() {
    let page = fs::read_to_string(Path::new(TOP).join("docs/environment.md")).unwrap();
    let mut pending = vec![Path::new(TOP).join("src")];
    let mut found = 0;
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        // What adopt knows of scripts, these need not be ours.
        if path.components().any(|part| part.as_os_str() == "adopt") {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        let (source, _) = source.split_once("#[cfg(test)]").unwrap_or((&source, ""));
        for word in source.split('"').skip(1).step_by(2) {
            let is_part = |c: char| c.is_ascii_uppercase() || c == '_';
            let ours = ["NIX_", "CC_WRAPPER_", "CMAKE_", "PKG_CONFIG"];
            if word.chars().all(is_part) && ours.iter().any(|start| word.starts_with(start)) {
                let name = word.trim_end_matches('_').trim_end_matches("_FOR_TARGET");
                found += 1;
                assert!(page.contains(name), "{name}, of {}", path.display());
            }
        }
    }
    assert!(found > 50, "{found}");
}

/// Links between pages lead somewhere.
#[test]
fn links_lead_somewhere() {
    let docs = fs::read_dir(Path::new(TOP).join("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    let mut found = 0;
    for page in docs.chain([Path::new(TOP).join("README.md")]) {
        if page.extension().map_or(true, |extension| extension != "md") {
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
            let text = fs::read_to_string(&target).expect(&place);
            let mut anchors = text
                .lines()
                .filter(|line| line.starts_with('#'))
                .map(anchor_of);
            assert!(
                anchor.is_empty() || anchors.any(|of| of == anchor),
                "{place}"
            );
            found += 1;
        }
    }
    assert!(found > 10, "{found}");
}

/// How a heading is linked to.
fn anchor_of(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    text.chars()
        .filter(kept)
        .collect::<String>()
        .replace(' ', "-")
}
