//! The wrapped root that a build is to use.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::toolchain::{Role, RoleMarkers, Toolchain};

use crate::command::error::{cannot, Error, Result};
use crate::command::own::TOOLCHAIN;
use crate::command::paths::{absolute, has_colon, has_white_space, plain, shown};

#[derive(Debug, Default)]
pub struct Root {
    pub bin: PathBuf,
    /// Variables that name one tool each, and that tool.
    pub tools: Vec<(&'static str, Vec<u8>)>,
    /// What setup hooks set so that the plain variables count.
    pub markers: Vec<Vec<u8>>,
}

/// Variables, and the tools that fit, the best first; else any of that role.
const TOOLS: [(&str, Role, &[&str]); 3] = [
    ("CC", Role::Cc, &["cc", "gcc", "clang"]),
    ("CXX", Role::Cxx, &["c++", "g++", "clang++"]),
    ("PKG_CONFIG", Role::PkgConfig, &["pkg-config", "pkgconf"]),
];

pub fn is_one(dir: &Path) -> bool {
    dir.join(TOOLCHAIN).is_file()
}

impl Root {
    /// # Errors
    /// There is none, or it is broken.
    pub fn read(dir: &Path) -> Result<Root> {
        let called = shown(dir);
        let dir = plain(&absolute(dir)?);
        if dir.exists() && !dir.is_dir() {
            return Err(Error::new(format!(
                "--toolchain {called} is no directory; give a wrapped root"
            )));
        }
        if !is_one(&dir) {
            return Err(Error::new(format!(
                "--toolchain {called} is no wrapped root; cc-wrapper wrap lays one"
            )));
        }
        if has_colon(&dir) {
            return Err(Error::new(format!(
                "--toolchain {called} cannot be on PATH because of its colon; move it"
            )));
        }
        let bin = dir.join("bin");
        let text = read(&dir)?;
        let toolchain = parse(&text, &dir)?;
        let tools = TOOLS.iter().filter_map(|(variable, role, best)| {
            let name = tool(&toolchain, &bin, *role, best)?;
            let path = [bin.as_os_str().as_bytes(), b"/", &name].concat();
            // Makefiles split it into words. The name will do: it is on PATH.
            let value = if has_white_space(&bin) { name } else { path };
            Some((*variable, value))
        });
        let tools = tools.collect();
        let markers = markers(&toolchain, &dir)?;
        Ok(Root {
            bin,
            tools,
            markers,
        })
    }
}

fn read(dir: &Path) -> Result<Vec<u8>> {
    let file = dir.join(TOOLCHAIN);
    fs::read(&file).map_err(cannot("read", &file))
}

fn parse<'a>(text: &'a [u8], dir: &Path) -> Result<Toolchain<'a>> {
    Toolchain::parse(text).map_err(|error| {
        Error::new(format!(
            "{}:{}:{}: {}; mend it, or wrap the toolchain again",
            shown(&dir.join(TOOLCHAIN)),
            error.line,
            error.column,
            error.what
        ))
    })
}

fn tool(toolchain: &Toolchain, bin: &Path, role: Role, best: &[&str]) -> Option<Vec<u8>> {
    let rank = |name: &[u8]| {
        let place = best.iter().position(|best| best.as_bytes() == name);
        (place.unwrap_or(best.len()), name.len(), name.to_vec())
    };
    let tools = toolchain.tools.iter().filter(|tool| {
        let path = bin.join(OsStr::from_bytes(&tool.name));
        *tool.role == *role.name().as_bytes() && path.exists()
    });
    let name = tools.map(|tool| &tool.name).min_by_key(|name| rank(name))?;
    Some(name.to_vec())
}

/// A root that nixpkgs' rules hold for reads no variable without them.
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
    let is_pkg_config = |role: &[u8]| role == Role::PkgConfig.name().as_bytes();
    if toolchain.tools.iter().any(|tool| is_pkg_config(&tool.role)) {
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
