//! The few lines that tell what was done.

use std::ffi::OsString;
use std::path::Path;

use cc_wrapper::model::toolchain::ToolKind;

use super::bintools::Bintools;
use super::check::Checked;
use super::find::Found;
use super::select::Selection;
use crate::support::show::shown;
use crate::support::summary::{quoted, row, sorted};

/// What there is to tell.
pub struct Report<'a> {
    /// As the user will call it.
    pub dir: &'a Path,
    pub selection: &'a Selection,
    pub bintools: &'a Bintools,
    pub pkg_config: &'a [Found],
    /// Which of the compilers are told by `-B` where their linker is.
    pub by_prefix: &'a [bool],
    /// `None`: not asked for.
    pub checked: Option<&'a Checked>,
    pub carried_over: &'a [OsString],
}

impl Report<'_> {
    /// Bytes, as a path in it may be no text.
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
        let carried_over = self.carried_over.iter().map(shown);
        row(&mut out, "kept", &sorted(carried_over));
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

    /// The names of each family and version.
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
        let mut told: Vec<&str> = Vec::new();
        for (compiler, by_prefix) in self.selection.compilers.iter().zip(self.by_prefix) {
            let family = compiler.identity.family.name();
            if *by_prefix && !told.contains(&family) {
                told.push(family);
            }
        }
        match told.as_slice() {
            [] => names,
            [one] => format!("{names} ({one} is told by -B)"),
            several => format!("{names} ({} are told by -B)", several.join(" and ")),
        }
    }

    fn check(&self) -> String {
        let Some(checked) = self.checked else {
            return "nothing, as --no-check says".to_owned();
        };
        if checked.languages.is_empty() {
            return "nothing: no C or C++ compiler".to_owned();
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
        let mut told = Vec::new();
        for (found, target) in &left_out.foreign {
            if told.contains(&target) {
                continue;
            }
            told.push(target);
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
