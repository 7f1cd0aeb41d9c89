//! The report of `wrap` for standard output.

use std::path::{Path, PathBuf};

use cc_wrapper::model::toolchain::ToolKind;

use super::bintools::Bintools;
use super::check::Checked;
use super::find::Found;
use super::select::Selection;
use crate::support::install::CarriedOver;
use crate::support::show::shown;
use crate::support::summary::{quoted, row, sorted};

/// The input for the report.
pub struct Report<'a> {
    /// The new root.
    pub dir: &'a Path,
    pub selection: &'a Selection,
    pub bintools: &'a Bintools,
    pub pkg_config: &'a [Found],
    /// For each compiler, whether it needs `-B` to find the root's linkers.
    pub by_prefix: &'a [bool],
    /// `None` with `--no-check`.
    pub checked: Option<&'a Checked>,
    pub carried_over: &'a CarriedOver,
    /// Prefixes of the old root that the new one does not have.
    pub forgotten: &'a [PathBuf],
}

impl Report<'_> {
    /// The report. Bytes, because paths may not be UTF-8.
    pub fn lines(&self) -> Vec<u8> {
        let mut out = b"wrapped ".to_vec();
        out.extend(quoted(self.dir));
        out.extend(format!(" for {}\n", self.selection.target()).bytes());
        for (heading, names) in self.compilers() {
            row(&mut out, &heading, &names);
        }
        let gnat = self.selection.gnat.iter().map(|found| shown(&found.name));
        row(&mut out, "gnat", &sorted(gnat));
        row(&mut out, "linkers", &self.linkers());
        let pkg_config = self.pkg_config.iter().map(|found| shown(&found.name));
        row(&mut out, "others", &sorted(pkg_config));
        row(&mut out, "checked", &self.check());
        for (heading, words) in self.left_out() {
            row(&mut out, heading, &words);
        }
        let CarriedOver { kept, left_out } = self.carried_over;
        let kept: Vec<_> = kept.iter().map(shown).collect();
        row(&mut out, "kept", &kept.join(" "));
        for (path, kind) in left_out {
            row(&mut out, "left out", &format!("{} ({kind})", shown(path)));
        }
        for prefix in self.forgotten {
            let text = format!("{} (to keep it, give it with --with)", shown(prefix));
            row(&mut out, "left out", &text);
        }
        out.extend_from_slice(b"use it: PATH=");
        out.extend(quoted(&self.dir.join("bin")));
        out.extend_from_slice(b":$PATH");
        let names = &self.selection.names;
        let cc = names.iter().find(|named| named.name == "cc");
        if let Some(named) = cc.or(names.first()) {
            let compiler = &self.selection.compilers[named.compiler];
            let variable = match compiler.kind {
                ToolKind::Cxx => ", or CXX=",
                ToolKind::Fortran => ", or FC=",
                ToolKind::Cpp => ", or CPP=",
                _ => ", or CC=",
            };
            out.extend(variable.bytes());
            out.extend(quoted(&self.dir.join("bin").join(&named.name)));
        }
        out.push(b'\n');
        out
    }

    /// For each family and version, a heading and the names of its compilers.
    fn compilers(&self) -> Vec<(String, String)> {
        let mut headings: Vec<String> = Vec::new();
        let heading = |n: usize| {
            let identity = &self.selection.compilers[n].identity;
            format!("{} {}", identity.family.name(), identity.version)
        };
        for n in 0..self.selection.compilers.len() {
            if !headings.contains(&heading(n)) {
                headings.push(heading(n));
            }
        }
        let rows = headings.into_iter().map(|wanted| {
            let names = self.selection.names.iter();
            let names = names.filter(|named| heading(named.compiler) == wanted);
            let names = sorted(names.map(|named| shown(&named.name)));
            (wanted, names)
        });
        rows.collect()
    }

    fn linkers(&self) -> String {
        let names = sorted(self.bintools.linkers.keys().map(shown));
        let mut families: Vec<&str> = Vec::new();
        for (compiler, by_prefix) in self.selection.compilers.iter().zip(self.by_prefix) {
            let family = compiler.identity.family.name();
            if *by_prefix && !families.contains(&family) {
                families.push(family);
            }
        }
        if families.is_empty() {
            return names;
        }
        format!("{names} (found with -B by {})", families.join(" and "))
    }

    fn check(&self) -> String {
        let Some(checked) = self.checked else {
            return "nothing, because of --no-check".to_owned();
        };
        if checked.languages.is_empty() {
            return "nothing, because there is no C or C++ compiler".to_owned();
        }
        let families: Vec<_> = checked
            .families
            .iter()
            .map(|family| family.name())
            .collect();
        format!(
            "{} with {}: {}",
            checked.languages.join(" and "),
            families.join(", "),
            checked.steps
        )
    }

    fn left_out(&self) -> Vec<(&'static str, String)> {
        let left_out = &self.selection.left_out;
        let mut rows = Vec::new();
        for cache in &left_out.caches {
            let text = format!("{} (it is {})", shown(&cache.program), cache.cache);
            rows.push(("left out", text));
        }
        let mut targets = Vec::new();
        for (found, target) in &left_out.foreign {
            if targets.contains(&target) {
                continue;
            }
            targets.push(target);
            let others = left_out.foreign.iter().filter(|(_, t)| t == target).count() - 1;
            let more = match others {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            let name = shown(&found.name);
            let text = format!("{name}{more} for {target}: cc-wrapper wrap OTHER --cc {name}");
            rows.push(("left out", text));
        }
        for (_, why) in &left_out.broken {
            rows.push(("left out", why.clone()));
        }
        rows
    }
}
