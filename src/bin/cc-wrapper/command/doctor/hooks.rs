//! A root's hooks, and the bash that they need.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use cc_wrapper::rules::hooks;

use super::collected_paths;
use super::files::path;
use super::finding::{Finding, shown};
use super::root::{Half, Root};
use super::variables::Variables;
use crate::process::report;
use crate::process::search;
use crate::support::trial::{self, Trial};

const HOOKS: [&str; 5] = [
    hooks::COMPILER_BEFORE,
    hooks::COMPILER,
    hooks::LINKER_BEFORE,
    hooks::LINKER,
    hooks::POST_LINK,
];

/// The oldest bash that runs hooks.
const VERSION: (u32, u32) = (4, 4);

/// What is wrong with the hooks of a root.
pub fn check(root: &Root, variables: &Variables) -> Vec<Finding> {
    let mut findings = Vec::new();
    for half in root.halves() {
        let hooks = HOOKS.iter().map(|name| half.file(name));
        let hooks: Vec<PathBuf> = hooks.filter(|hook| hook.exists()).collect();
        let Some(first) = hooks.first() else {
            continue;
        };
        let functions = Some(half.file(hooks::FUNCTIONS));
        let functions = functions.filter(|functions| functions.exists());
        let files = hooks.iter().chain(&functions);
        match shell(half, variables) {
            Ok(bash) => findings.extend(files.filter_map(|file| broken(&bash, file))),
            Err((why, remedy)) => {
                let what = format!("needs bash 4.4 or newer, and {why}: calls fail");
                findings.push(Finding::error("no-bash", first, what, remedy));
            }
        }
    }
    findings
}

/// The bash that runs the hooks, or why there is none and what to do.
fn shell(half: &Half, variables: &Variables) -> Result<PathBuf, (String, String)> {
    let install = "install bash, or name it as \"shell\" in toolchain.json";
    let error = |why: String| Err((why, install.to_owned()));
    let mut bash = path(&half.toolchain.shell).to_path_buf();
    if bash.as_os_str().is_empty() {
        let places = OsStr::from_bytes(variables.get("PATH").unwrap_or(b"/usr/bin:/bin"));
        match search::programs("bash".as_ref(), places).next() {
            Some(found) => bash = found,
            None => return error("there is no bash on PATH".to_owned()),
        }
    }
    let script = "echo ${BASH_VERSINFO[0]} ${BASH_VERSINFO[1]}";
    let name = shown(&bash);
    let out = match run(&bash, &["-c", script], None) {
        Ok(trial) => String::from_utf8_lossy(&trial.out).into_owned(),
        Err(why) => {
            let remedy = collected_paths::remedy(&bash, install);
            return Err((
                format!("{name} does not run: {}", report::why(&why)),
                remedy,
            ));
        }
    };
    let numbers = out.split_whitespace().map(str::parse::<u32>);
    match *numbers.flatten().collect::<Vec<_>>() {
        [major, minor] if (major, minor) >= VERSION => Ok(bash),
        [major, minor] => error(format!("{name} is {major}.{minor}")),
        _ => error(format!("{name} is not bash")),
    }
}

fn run(bash: &Path, args: &[&str], file: Option<&Path>) -> std::io::Result<Trial> {
    let mut command = Command::new(bash);
    command.args(args).args(file);
    trial::run(command.env_remove("BASH_ENV").env("LC_ALL", "C"))
}

/// A hook, or a file with functions for hooks, that bash cannot read.
fn broken(bash: &Path, file: &Path) -> Option<Finding> {
    let why = if file.is_dir() {
        "is a directory, not a hook".to_owned()
    } else if !file.is_file() {
        "is not a file, so it is not a hook".to_owned()
    } else {
        let why = syntax_error(bash, &["-n"], file)?;
        // A hook may set `shopt -s extglob`, which is not run here.
        syntax_error(bash, &["-O", "extglob", "-n"], file)?;
        format!("cannot be read by bash: {why}")
    };
    let (what, remedy) = (format!("{why}: calls fail"), "correct it, or remove it");
    Some(Finding::error("broken-hook", file, what, remedy))
}

/// bash's words about a script that it does not run.
fn syntax_error(bash: &Path, options: &[&str], file: &Path) -> Option<String> {
    let trial = run(bash, options, Some(file)).ok()?;
    if trial.status?.success() {
        return None;
    }
    let said = String::from_utf8_lossy(&trial.err);
    let line = said.lines().next().unwrap_or_default();
    // The finding has the file's name already.
    let name = format!("{}: ", file.display());
    let why = line.split_once(&name).map_or(line, |(_, why)| why);
    Some(why.to_owned())
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
            ("/bin/true", "/bin", Some("/bin/true is not bash")),
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

    #[test]
    fn a_hook_must_be_readable() {
        let Ok(bash) = which::which("bash") else {
            return;
        };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hook");
        let found = |text: &str| {
            fs::write(&path, text).unwrap();
            broken(&bash, &path).map(|finding| finding.what)
        };
        for text in [
            "",
            "exit 3\n",
            "shopt -s extglob\n[[ a == +(a) ]]\nx=+(b)\ncase $x in !(a)) ;; esac\n",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
        let told = found("if true; then\nfi\n").unwrap();
        let expected =
            "cannot be read by bash: line 2: syntax error near unexpected token `fi': calls fail";
        assert_eq!(told, expected);
        let told = broken(&bash, dir.path()).unwrap().what;
        assert!(told.starts_with("is a directory"), "{told}");
    }
}
