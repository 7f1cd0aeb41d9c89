//! Variables that make compiler caches see what a root adds to compiles
//! (docs/recipes.md#a-cache-in-front-of-the-root).

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::model::environment::Environment;

use super::variables::Variable;
use crate::process::os;
use crate::support::digest::{CCACHE, DIGEST, Digest, SCCACHE};
use crate::support::paths::{canonical, has_white_space};
use crate::support::self_binary::{self, BINARY};

/// Returns the variables for ccache and for sccache; none if there are no
/// wrapped `compilers`. `set` are the other variables that are going to be set.
pub fn variables(set: &[Variable], compilers: &[PathBuf]) -> Vec<Variable> {
    if compilers.is_empty() {
        return Vec::new();
    }
    let mut strings = os::variables();
    let is_set = |string: &Vec<u8>| {
        let name = string.split(|&b| b == b'=').next();
        set.iter().any(|variable| name == Some(&variable.name))
    };
    strings.retain(|string| !is_set(string));
    strings.extend(set.iter().map(|v| [&v.name[..], b"=", &v.value].concat()));
    let environment = Environment::new(strings.iter().map(|string| &string[..]));
    let digest = Digest::of(compilers, &environment).to_string();

    let current = std::env::var_os(CCACHE).unwrap_or_default();
    let this = canonical(&self_binary::this());
    let check = compiler_check(current.as_bytes(), &this);
    let variables = [(CCACHE, check), (SCCACHE, digest.into())];
    let variable = |(name, value): (&str, Vec<u8>)| Variable {
        name: name.into(),
        value,
    };
    variables.into_iter().map(variable).collect()
}

/// Returns the commands that ccache runs: those of the `current` value, and
/// `this` program's. ccache splits them at white space and knows no quotes.
fn compiler_check(current: &[u8], this: &Path) -> Vec<u8> {
    let program = match this {
        path if has_white_space(path) || path.as_os_str().as_bytes().contains(&b';') => {
            OsStr::new(BINARY)
        }
        path => path.as_os_str(),
    };
    let ours = [program.as_bytes(), DIGEST.as_bytes()].concat();
    let current = if current.starts_with(b"string:") {
        b""
    } else {
        current
    };
    let commands = current.split(|&b| b == b';').map(<[u8]>::trim_ascii);
    // These are no commands. The digest contains what they stand for.
    let is_kept = |command: &&[u8]| {
        !matches!(*command, b"" | b"content" | b"mtime" | b"none")
            && !command.ends_with(DIGEST.as_bytes())
    };
    let kept = commands.filter(is_kept);
    let all: Vec<&[u8]> = kept.chain([&ours[..]]).collect();
    all.join(&b"; "[..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_the_user_are_kept() {
        let this = Path::new("/r/bin/cc-wrapper");
        let ours = "/r/bin/cc-wrapper digest %compiler%";
        for (current, expected) in [
            ("", ours.to_owned()),
            ("content", ours.to_owned()),
            ("string:1;2", ours.to_owned()),
            (ours, ours.to_owned()),
            ("/old/cc-wrapper digest %compiler%", ours.to_owned()),
            (
                "%compiler% -v;  x -y ; cc-wrapper digest %compiler%",
                format!("%compiler% -v; x -y; {ours}"),
            ),
        ] {
            let value = compiler_check(current.as_bytes(), this);
            assert_eq!(String::from_utf8(value).unwrap(), expected, "{current}");
        }
        let value = compiler_check(b"", Path::new("/a b/cc-wrapper"));
        assert_eq!(value, b"cc-wrapper digest %compiler%");
    }
}
