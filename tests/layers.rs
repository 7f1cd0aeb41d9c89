//! Checks the architecture in docs/architecture.md: a layer imports only the
//! layers before it in the list, and no files import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The library's layers. Each may import only itself and those before it.
const LIBRARY: [&str; 9] = [
    "options", "text", "model", "machine", "planning", "rules", "tools", "decide", "early",
];

/// The program's layers, likewise. All may import the library.
const PROGRAM: [&str; 6] = ["process", "support", "command", "entry", "main", "fuzz"];

#[test]
fn the_library_imports_one_way() {
    check(&Modules::of_directory("src", Some("src/bin")), &LIBRARY);
}

#[test]
fn the_program_imports_one_way() {
    check(&Modules::of_directory("src/bin/cc-wrapper", None), &PROGRAM);
}

#[test]
fn wrong_imports_and_circles_are_found() {
    let modules = Modules::of_sources([
        ("text::a", "use crate::rules::b::{self, Item};\n"),
        ("rules::b", "use crate::{rules::c, text};\nuse std::fs;\n"),
        ("rules::c", "fn f() {\n    crate::rules::b::g()\n}\n"),
        ("rules::d", "use super::c::Item;\n"),
        (
            "rules::e",
            "#[cfg(test)]\nmod tests {\n    use crate::tools::f;\n}\n",
        ),
        ("tools::f", ""),
    ]);
    let against = modules.against(&["text", "rules", "tools"]);
    assert_eq!(against, ["text::a imports rules::b"]);
    let circles = modules.circles();
    assert_eq!(circles, [["rules::b", "rules::c"]]);
    assert!(modules.imports["rules::d"].contains("rules::c"));
}

fn check(modules: &Modules, layers: &[&str]) {
    let names: Vec<_> = modules.imports.keys().collect();
    assert!(names.len() > 20, "only {} files were read", names.len());
    let edges: usize = modules.imports.values().map(BTreeSet::len).sum();
    assert!(edges > names.len(), "only {edges} imports were read");
    let unknown: Vec<_> = names
        .iter()
        .filter(|name| !layers.contains(&layer(name)))
        .collect();
    assert!(unknown.is_empty(), "files in no layer: {unknown:?}");
    let against = modules.against(layers);
    assert!(against.is_empty(), "against the order: {against:#?}");
    let circles = modules.circles();
    assert!(circles.is_empty(), "circles: {circles:#?}");
}

/// Returns the layer of a module: `rules` for `rules::rpath::store`.
fn layer(module: &str) -> &str {
    module.split("::").next().unwrap_or(module)
}

/// The files of a crate as modules, with the modules that each imports.
struct Modules {
    imports: BTreeMap<String, BTreeSet<String>>,
}

impl Modules {
    /// Reads all `.rs` files below `root`, a path in this repository, except
    /// those below `except`.
    fn of_directory(root: &str, except: Option<&str>) -> Modules {
        let base = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut sources = Vec::new();
        let mut pending = vec![base.join(root)];
        while let Some(directory) = pending.pop() {
            for entry in fs::read_dir(&directory).unwrap() {
                let path = entry.unwrap().path();
                if except.is_some_and(|except| path == base.join(except)) {
                    continue;
                }
                if path.is_dir() {
                    pending.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") {
                    let name = path.strip_prefix(base.join(root)).unwrap();
                    let name = name.with_extension("").display().to_string();
                    let name = name.strip_suffix("/mod").unwrap_or(&name);
                    if name != "lib" {
                        let text = fs::read_to_string(&path).unwrap();
                        sources.push((name.replace('/', "::"), text));
                    }
                }
            }
        }
        Modules::of_sources(sources)
    }

    fn of_sources<N: Into<String>, T: AsRef<str>>(
        sources: impl IntoIterator<Item = (N, T)>,
    ) -> Modules {
        let sources: BTreeMap<String, T> = sources
            .into_iter()
            .map(|(name, text)| (name.into(), text))
            .collect();
        let imports = sources.iter().map(|(module, text)| {
            let paths = paths(text.as_ref(), module);
            let files = paths.iter().filter_map(|path| file_of(path, &sources));
            // A folder's mod.rs may use what is in the folder, and the other way.
            let others = files.filter(|file| !is_within(module, file));
            (module.clone(), others.map(str::to_owned).collect())
        });
        Modules {
            imports: imports.collect(),
        }
    }

    /// Returns the imports from a layer that comes after the file's own.
    fn against(&self, layers: &[&str]) -> Vec<String> {
        let place = |module: &str| layers.iter().position(|name| *name == layer(module));
        let pairs = self
            .imports
            .iter()
            .flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
        pairs
            .filter(|(from, to)| place(to) > place(from))
            .map(|(from, to)| format!("{from} imports {to}"))
            .collect()
    }

    /// Returns the sets of files that import each other in a circle.
    fn circles(&self) -> Vec<Vec<&str>> {
        let reached = |start: &str| {
            let mut seen = BTreeSet::new();
            let mut pending: Vec<&String> = self.imports[start].iter().collect();
            while let Some(module) = pending.pop() {
                if seen.insert(module.as_str()) {
                    pending.extend(&self.imports[module]);
                }
            }
            seen
        };
        let reached: BTreeMap<&str, BTreeSet<&str>> = self
            .imports
            .keys()
            .map(|module| (module.as_str(), reached(module)))
            .collect();
        let circle = |module: &&str| -> Vec<&str> {
            let there = &reached[module];
            let back = |other: &&&str| reached[**other].contains(module);
            there.iter().filter(back).copied().collect()
        };
        let circles: BTreeSet<Vec<&str>> = reached.keys().map(circle).collect();
        circles
            .into_iter()
            .filter(|circle| circle.len() > 1)
            .collect()
    }
}

/// Returns whether one module is inside the other's folder.
fn is_within(a: &str, b: &str) -> bool {
    let below = |inner: &str, outer: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    below(a, b) || below(b, a)
}

/// Returns the file that defines `path`.
fn file_of<'s, T>(path: &str, sources: &'s BTreeMap<String, T>) -> Option<&'s str> {
    let parts: Vec<&str> = path.split("::").collect();
    let begins = (1..=parts.len()).rev().map(|end| parts[..end].join("::"));
    let mut found = begins.filter_map(|begin| sources.get_key_value(&begin));
    found.next().map(|(name, _)| name.as_str())
}

/// Returns the paths that begin with `crate` in a file's code, without its
/// tests.
fn paths(text: &str, module: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
    let lines = code.lines().map(|line| line.split("//").next().unwrap());
    let code = lines.collect::<Vec<_>>().join("\n");
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
    let mut paths = BTreeSet::new();
    for (start, before) in [("crate::", String::new()), ("super::", parent.to_owned())] {
        for (at, _) in code.match_indices(start) {
            let is_begin = !code[..at].ends_with(|c: char| c.is_alphanumeric() || "_:".contains(c));
            if is_begin {
                let rest = &code[at + start.len()..];
                add_tree(&before, rest, &mut paths);
            }
        }
    }
    paths
}

/// Adds the paths in the use tree that `text` begins with; returns its length.
fn add_tree(before: &str, text: &str, paths: &mut BTreeSet<String>) -> usize {
    let is_path = |c: char| c.is_alphanumeric() || "_:".contains(c);
    let end = text.find(|c| !is_path(c)).unwrap_or(text.len());
    let segment = text[..end].trim_matches(':');
    let path = match (before.is_empty(), segment) {
        (_, "" | "self") => before.to_owned(),
        (true, _) => segment.to_owned(),
        (false, _) => format!("{before}::{segment}"),
    };
    if !text[end..].starts_with('{') || !text[..end].ends_with("::") && end > 0 {
        paths.insert(path);
        return end;
    }
    let mut at = end + 1;
    while at < text.len() && !text[at..].starts_with('}') {
        if text[at..].starts_with(|c: char| is_path(c) || c == '{') {
            at += add_tree(&path, &text[at..], paths);
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at + 1
}
