//! The bash that hooks need.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cc_wrapper::rules::hooks;

use super::finding::{Finding, shown};
use super::gone;
use super::hook_files;
use super::root::{Half, Root};
use super::variables::Variables;

const HOOKS: [&str; 5] = [
    hooks::COMPILER_BEFORE,
    hooks::COMPILER,
    hooks::LINKER_BEFORE,
    hooks::LINKER,
    hooks::POST_LINK,
];

/// The oldest that will do.
const VERSION: (u32, u32) = (4, 4);

pub fn check(root: &Root, variables: &Variables) -> Vec<Finding> {
    let halves = root.halves();
    halves.flat_map(|half| of_half(half, variables)).collect()
}

fn of_half(half: &Half, variables: &Variables) -> Vec<Finding> {
    let hooks = HOOKS.iter().map(|name| half.file(name));
    let hooks: Vec<PathBuf> = hooks.filter(|hook| hook.exists()).collect();
    let Some(first) = hooks.first() else {
        return Vec::new();
    };
    match shell(half, first, variables) {
        Ok(bash) => {
            let functions = half.file(hooks::FUNCTIONS);
            let files = hooks
                .iter()
                .chain(Some(&functions).filter(|path| path.exists()));
            let broken = files.filter_map(|file| hook_files::check(&bash, file));
            broken.collect()
        }
        Err(finding) => vec![finding],
    }
}

/// The bash that runs the hooks, of which `hook` is the first.
fn shell(half: &Half, hook: &Path, variables: &Variables) -> Result<PathBuf, Finding> {
    let error = |what: String, remedy: String| {
        let what = format!("needs bash 4.4 or newer, and {what}: calls fail");
        Err(Finding::error("no-bash", hook, what, remedy))
    };
    let install = "install bash, or name it as \"shell\" in toolchain.json";
    let named = OsStr::from_bytes(&half.toolchain.shell);
    let bash = match named.is_empty() {
        true => {
            let path = OsStr::from_bytes(variables.get("PATH").unwrap_or(b"/usr/bin:/bin"));
            match which::which_in("bash", Some(path), "/") {
                Ok(bash) => bash,
                Err(_) => return error("there is no bash on PATH".to_owned(), install.to_owned()),
            }
        }
        false => PathBuf::from(named),
    };
    let mut command = Command::new(&bash);
    command
        .args(["-c", "echo ${BASH_VERSINFO[0]} ${BASH_VERSINFO[1]}"])
        .env_remove("BASH_ENV")
        .stdin(Stdio::null());
    let text = match command.output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(why) => {
            let what = format!("{} does not run: {why}", shown(&bash));
            return error(what, gone::remedy(&bash, install));
        }
    };
    let mut numbers = text.split_whitespace().map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= VERSION => Ok(bash),
        (Some(Ok(major)), Some(Ok(minor))) => error(
            format!("{} is {major}.{minor}", shown(&bash)),
            install.to_owned(),
        ),
        _ => error(format!("{} is none", shown(&bash)), install.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::root::{self, tests::lay};
    use std::fs;

    #[test]
    fn hooks_need_a_bash() {
        for (shell, path, expected) in [
            ("", "/none", Some("no bash on PATH")),
            ("/none", "/bin", Some("/none does not run")),
            ("/bin/true", "/bin", Some("/bin/true is none")),
        ] {
            let dir = lay(&format!(r#""shell": "{shell}","#));
            let variables = Variables::new(&[format!("PATH={path}")]);
            let found = || root::read(dir.path(), |root| check(root, &variables));
            assert_eq!(found(), []);
            fs::write(dir.path().join("nix-support/post-link-hook"), "").unwrap();
            let found = found();
            let what = found.first().map(|finding| &*finding.what);
            let is_told = expected.map_or(what.is_none(), |part| what.unwrap().contains(part));
            assert!(is_told, "{what:?}");
        }
    }

    #[test]
    fn a_new_bash_will_do() {
        if which::which("bash").is_err() {
            return;
        }
        let dir = lay("");
        fs::write(dir.path().join("nix-support/cc-wrapper-hook"), "").unwrap();
        let path = std::env::var("PATH").unwrap();
        let variables = Variables::new(&[format!("PATH={path}")]);
        assert_eq!(root::read(dir.path(), |root| check(root, &variables)), []);
    }
}
