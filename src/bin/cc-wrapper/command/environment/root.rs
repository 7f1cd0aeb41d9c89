//! Reads the wrapped root that a build is to use.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::model::error::broken_toolchain;
use cc_wrapper::model::tool_name::ToolName;
use cc_wrapper::model::toolchain::{RoleMarkers, Tool, ToolKind, Toolchain};

use crate::process::search;
use crate::support::digest;
use crate::support::error::{Error, Result, cannot, warn};
use crate::support::foreign_file;
use crate::support::paths::{absolute, canonical, has_colon, has_white_space, without_parents};
use crate::support::self_binary;
use crate::support::self_binary::TOOLCHAIN;
use crate::support::show::shown;
use crate::support::triple::Triple;

#[derive(Debug, Default)]
pub struct Root {
    pub bin: PathBuf,
    /// Variables that name one tool each, with that tool.
    pub tools: Vec<(&'static str, Vec<u8>)>,
    /// The role markers that make the tools read variables without a suffix.
    pub markers: Vec<Vec<u8>>,
    /// Its C and C++ compilers.
    pub compilers: Vec<PathBuf>,
    /// Dependencies whose flags are the root's own.
    pub with: Vec<PathBuf>,
    /// The target triple, as far as the tools' names contain it.
    pub target: Option<Triple>,
}

/// Variables, each with its kind of tool and the preferred names, best first.
/// Without one of those names, any tool of that kind is used.
const TOOLS: [(&str, ToolKind, &[&str]); 3] = [
    ("CC", ToolKind::Cc, &["cc", "gcc", "clang"]),
    ("CXX", ToolKind::Cxx, &["c++", "g++", "clang++"]),
    (
        "PKG_CONFIG",
        ToolKind::PkgConfig,
        &["pkg-config", "pkgconf"],
    ),
];

/// Variables and tools of nixpkgs' setup hook for binutils.
const BINUTILS: [(&str, &str); 12] = [
    ("AR", "ar"),
    ("AS", "as"),
    ("LD", "ld"),
    ("NM", "nm"),
    ("OBJCOPY", "objcopy"),
    ("OBJDUMP", "objdump"),
    ("READELF", "readelf"),
    ("RANLIB", "ranlib"),
    ("STRIP", "strip"),
    ("STRINGS", "strings"),
    ("SIZE", "size"),
    ("WINDRES", "windres"),
];

pub fn is_one(dir: &Path) -> bool {
    dir.join(TOOLCHAIN).is_file()
}

impl Root {
    /// # Errors
    /// Fails if there is no root at `dir`, or its toolchain.json is invalid.
    pub fn read(dir: &Path) -> Result<Root> {
        let called = shown(dir);
        let dir = without_parents(&absolute(dir)?);
        if dir.exists() && !dir.is_dir() {
            return Err(
                Error::new(format!("--toolchain {called} is not a directory"))
                    .remedy("give a wrapped root"),
            );
        }
        if let Some(above) = dir.parent().filter(|above| !is_one(&dir) && is_one(above)) {
            return Err(
                Error::new(format!("--toolchain {called} is not a wrapped root"))
                    .remedy(format!("did you mean {}?", shown(above))),
            );
        }
        if !is_one(&dir) {
            return Err(
                Error::new(format!("--toolchain {called} is not a wrapped root"))
                    .remedy("run \"cc-wrapper wrap DIR\" to make one"),
            );
        }
        if has_colon(&dir) {
            return Err(Error::new(format!(
                "--toolchain {called} cannot be on PATH because of its colon"
            ))
            .remedy("move it"));
        }
        let bin = dir.join("bin");
        let text = read(&dir)?;
        let toolchain = parse(&text, &dir)?;
        let mut tools: Vec<(&str, Vec<u8>)> = TOOLS
            .iter()
            .filter_map(|(variable, kind, best)| {
                Some((*variable, tool(&toolchain, &bin, *kind, best)?))
            })
            .collect();
        let prefixes = prefixes(&toolchain, tools.first().map_or(b"", |(_, name)| name));
        let binutils = BINUTILS.iter().filter_map(|(variable, base)| {
            let names = prefixes.iter();
            let mut names = names.map(|prefix| [prefix, base.as_bytes()].concat());
            let name = names.find(|name| bin.join(OsStr::from_bytes(name)).exists())?;
            Some((*variable, name))
        });
        let binutils: Vec<_> = binutils.collect();
        tools.extend(binutils);
        // Makefiles split the value into words. If the path has white space,
        // use the name alone: it is on PATH.
        if !has_white_space(&bin) {
            for (_, tool) in &mut tools {
                *tool = [bin.as_os_str().as_bytes(), b"/", tool].concat();
            }
        }
        let markers = markers(&toolchain, &dir)?;
        let target = target(&toolchain, &prefixes);
        let compilers = digest::compilers(&bin, &toolchain);
        let with = toolchain.with.iter();
        let with = with.map(|path| OsStr::from_bytes(path).into()).collect();
        Ok(Root {
            bin,
            tools,
            markers,
            compilers,
            with,
            target,
        })
    }

    /// Warns about variables that name tools of another root and stay set
    /// because this root has no such tools.
    pub fn check_others(&self) {
        let this = canonical(&self.bin.join(".."));
        let path = env::var_os("PATH").unwrap_or_default();
        let mut others: BTreeMap<PathBuf, Vec<&str>> = BTreeMap::new();
        let names = TOOLS.iter().map(|(variable, ..)| *variable);
        for variable in names.chain(BINUTILS.iter().map(|(variable, _)| *variable)) {
            if self.tools.iter().any(|(set, _)| *set == variable) {
                continue;
            }
            let value = env::var_os(variable).unwrap_or_default();
            let mut words = value.as_bytes().split(u8::is_ascii_whitespace);
            let word = words.find(|word| !word.is_empty()).unwrap_or_default();
            let program = search::programs(OsStr::from_bytes(word), &path).next();
            let root = program.and_then(|program| self_binary::root_of(&program));
            if let Some(root) = root.filter(|root| *root != this) {
                others.entry(root).or_default().push(variable);
            }
        }
        for (root, variables) in others {
            warn(&format!(
                "{} still from {}, because {} has no such tool; unset the variables that you do not want",
                match &variables[..] {
                    [variable] => format!("{variable} is"),
                    _ => format!("{} are", variables.join(", ")),
                },
                shown(&root),
                shown(&this)
            ));
        }
    }
}

/// Returns the prefixes of the target's tools, most likely first: the prefix of
/// `compiler` or, if it has none, those of the linkers.
fn prefixes<'t>(toolchain: &'t Toolchain, compiler: &[u8]) -> Vec<&'t [u8]> {
    let prefix = |tool: &'t Tool| {
        let prefix = ToolName::parse(&tool.name)?.prefix;
        Triple::plausible(prefix).then_some(prefix)
    };
    let tools = &toolchain.tools;
    if let Some(prefix) = tools
        .iter()
        .find(|tool| *tool.name == *compiler)
        .and_then(prefix)
    {
        return vec![prefix];
    }
    let is_linker = |tool: &&Tool| *tool.kind == *ToolKind::Ld.name().as_bytes();
    let mut prefixes: Vec<&[u8]> = vec![b""];
    prefixes.extend(tools.iter().filter(is_linker).filter_map(prefix));
    prefixes.dedup();
    prefixes
}

fn target(toolchain: &Toolchain, prefixes: &[&[u8]]) -> Option<Triple> {
    let named = prefixes.iter().find_map(|prefix| prefix.strip_suffix(b"-"));
    let given = Some(&toolchain.default_target[..]).filter(|target| !target.is_empty());
    let target = given.or(named)?;
    Some(Triple::new(&String::from_utf8_lossy(target)))
}

fn read(dir: &Path) -> Result<Vec<u8>> {
    let file = dir.join(TOOLCHAIN);
    foreign_file::read(&file).map_err(cannot("read", &file))
}

fn parse<'a>(text: &'a [u8], dir: &Path) -> Result<Toolchain<'a>> {
    Toolchain::parse(text).map_err(|error| {
        let path = dir.join(TOOLCHAIN);
        broken_toolchain(path.as_os_str().as_bytes(), &error).into()
    })
}

fn tool(toolchain: &Toolchain, bin: &Path, kind: ToolKind, best: &[&str]) -> Option<Vec<u8>> {
    let rank = |name: &[u8]| {
        let place = best.iter().position(|best| best.as_bytes() == name);
        (place.unwrap_or(best.len()), name.len(), name.to_vec())
    };
    let tools = toolchain.tools.iter().filter(|tool| {
        let path = bin.join(OsStr::from_bytes(&tool.name));
        *tool.kind == *kind.name().as_bytes() && path.exists()
    });
    let name = tools.map(|tool| &tool.name).min_by_key(|name| rank(name))?;
    Some(name.to_vec())
}

/// Returns the role markers to set: without them, a root with nixpkgs' rules
/// reads no variables.
fn markers(toolchain: &Toolchain, dir: &Path) -> Result<Vec<Vec<u8>>> {
    let mut markers = Vec::new();
    let mut add = |toolchain: &Toolchain, halves: &[&str]| {
        if toolchain.role_markers == RoleMarkers::Required {
            for half in halves {
                let begin = format!("NIX_{half}_WRAPPER_TARGET_HOST_");
                markers.push([begin.as_bytes(), &toolchain.suffix_salt].concat());
            }
        }
    };
    add(toolchain, &["CC", "BINTOOLS"]);
    let is_pkg_config = |kind: &[u8]| kind == ToolKind::PkgConfig.name().as_bytes();
    if toolchain.tools.iter().any(|tool| is_pkg_config(&tool.kind)) {
        add(toolchain, &["PKG_CONFIG"]);
    }
    if let Some(half) = &toolchain.bintools {
        let half = dir.join(OsStr::from_bytes(half));
        if is_one(&half) {
            let text = read(&half)?;
            add(&parse(&text, &half)?, &["BINTOOLS"]);
        }
    }
    markers.sort();
    markers.dedup();
    Ok(markers)
}
