//! Explains the linker that a driver will run.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cc_wrapper::decide::decide;
use cc_wrapper::machine::world::World;
use cc_wrapper::model::argument::Arg;
use cc_wrapper::model::call::Call;
use cc_wrapper::model::environment::Environment;
use cc_wrapper::model::explanation::{Explanation, LinkerHandling};
use cc_wrapper::model::plan::Plan;
use cc_wrapper::model::toolchain::ToolKind;
use cc_wrapper::options::Parser;
use cc_wrapper::options::linker::BFD;
use cc_wrapper::options::meaning::Meaning;
use cc_wrapper::planning::dispatch::dispatch;
use cc_wrapper::planning::log::Log;
use cc_wrapper::rules::driver_link::linkers_view;
use cc_wrapper::text::path::file_name;

use super::{driver, find};
use crate::process::execute;
use crate::process::os::Os;
use crate::support::foreign_file;
use crate::support::paths::canonical;
use crate::support::self_binary;
use crate::support::self_binary::Whose;

/// The linker that a driver runs.
pub struct Below {
    pub path: Vec<u8>,
    pub handling: LinkerHandling,
    /// The toolchain's own linker, if it does not exist and this one is used
    /// instead.
    pub missing: Option<Vec<u8>>,
    pub before: Before,
    /// The warning if the linker belongs to another build of cc-wrapper.
    pub other_build: Option<String>,
}

/// The wrapper around the real linker.
pub enum Before {
    /// cc-wrapper.
    Ours(Wrapped),
    /// A bash wrapper of nixpkgs, in this root. Its added flags are unknown.
    Bash(PathBuf),
    Nothing,
    /// The linker does not exist.
    Absent,
}

pub enum Wrapped {
    Adds(Added),
    /// The call of the linker fails with this message.
    Fails(Vec<u8>),
}

/// What is known about the driver's call of the linker.
struct Known {
    args: Vec<Vec<u8>>,
    /// The arguments come from the driver itself, so they are complete.
    is_exact: bool,
    /// See [`Added`].
    named: Vec<Vec<u8>>,
}

/// The wrapped linker's changes to the arguments that it gets from the driver.
pub struct Added {
    /// The real linker.
    pub program: Vec<u8>,
    pub before: Vec<Arg<'static>>,
    pub after: Vec<Arg<'static>>,
    pub notes: Vec<Explanation>,
    /// The flags were computed from all arguments that the driver passes.
    /// Otherwise the driver could not be asked, and only the arguments that it
    /// forwards are known.
    pub is_exact: bool,
    /// Library directories from the driver's own command line.
    pub named: Vec<Vec<u8>>,
}

/// Returns the linker of a driver's call, planned with the environment that the
/// driver passes on. `None` if the call does not link.
pub fn below(call: &Call, plan: &Plan, variables: &[Vec<u8>]) -> Option<Below> {
    let is_no_link = |note: &Explanation| matches!(note, Explanation::NoLinking(_));
    if plan.explanations().any(is_no_link) {
        return None;
    }
    let (named, handling) = plan.explanations().find_map(|note| match note {
        Explanation::Linker { path, handling } => Some((path.clone(), handling.clone())),
        _ => None,
    })?;
    let shown = driver::linker_call(plan, call.family());
    let handed_on = handed_on(plan, variables);
    let environment = Environment::new(handed_on.iter().map(|string| &string[..]));
    let path = match shown.as_ref().and_then(|shown| shown.program.clone()) {
        Some(path) => path,
        None => found(&named, &environment),
    };
    let missing = (path != named && named.contains(&b'/')).then_some(named);
    let view = linkers_view(&plan.command, call);
    let known = Known {
        is_exact: shown.is_some(),
        named: directories(&view),
        args: shown.map_or(view, |shown| shown.args),
    };
    let before = known.before(&path, &environment);
    Some(Below {
        handling,
        missing,
        other_build: other_build(&before, &path),
        path,
        before,
    })
}

fn other_build(before: &Before, path: &[u8]) -> Option<String> {
    let is_ours = matches!(before, Before::Ours(_));
    let is_other =
        is_ours && self_binary::whose(Path::new(OsStr::from_bytes(path))) == Whose::Other;
    is_other.then(|| find::other_build(path))
}

/// Returns the path of the linker, which is given by path or by a name that
/// drivers search. Returns `linker` itself if it is not found.
fn found(linker: &[u8], environment: &Environment) -> Vec<u8> {
    if linker.contains(&b'/') && Os.is_executable(linker) {
        return linker.to_vec();
    }
    let name = file_name(linker);
    let path = environment.get(b"PATH").unwrap_or_default();
    find::in_directories(OsStr::from_bytes(path), name).unwrap_or_else(|| linker.to_vec())
}

impl Known {
    /// Checks the content too: a file with a wrapper's name need not be a
    /// wrapper.
    fn before(&self, path: &[u8], environment: &Environment) -> Before {
        let program = Path::new(OsStr::from_bytes(path));
        if !Os.is_executable(path) {
            return Before::Absent;
        }
        if self_binary::whose(program) == Whose::Foreign {
            return bash_root(program).map_or(Before::Nothing, Before::Bash);
        }
        let args: Vec<&[u8]> = self.args.iter().map(|arg| &arg[..]).collect();
        let decided = dispatch(path, &args, environment, &Os, |call| {
            (call.kind == ToolKind::Ld).then(|| self.wrapped(&call))
        });
        match decided {
            Ok(wrapped) => wrapped.flatten().map_or(Before::Nothing, Before::Ours),
            Err(error) => Before::Ours(Wrapped::Fails(error.text())),
        }
    }

    fn wrapped(&self, call: &Call) -> Wrapped {
        let mut log = Log {
            explains: true,
            ..Log::default()
        };
        let plan = match decide(call, &Os, &mut log) {
            Ok(plan) => plan,
            Err(error) => return Wrapped::Fails(error.text()),
        };
        if let Err(failure) = execute::check(&plan) {
            return Wrapped::Fails(failure.explain(&plan).1.text());
        }
        let owned = |args: &[Arg]| args.iter().cloned().map(Arg::into_owned).collect();
        Wrapped::Adds(Added {
            program: plan.program.to_vec(),
            before: owned(&plan.command.before),
            after: owned(&plan.command.after),
            notes: plan.explanations().cloned().collect(),
            is_exact: self.is_exact,
            named: self.named.clone(),
        })
    }
}

/// Returns the library directories in these arguments of a linker.
fn directories(args: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let uses = Parser::for_linker(BFD).uses(args.iter().map(|arg| &arg[..]));
    let directories = uses.filter(|used| used.meaning == Meaning::LibraryDirectory);
    directories
        .filter_map(|used| Some(used.value?.to_vec()))
        .collect()
}

/// Returns nixpkgs' root if `linker` is one of its bash wrappers.
fn bash_root(linker: &Path) -> Option<PathBuf> {
    let is_script = foreign_file::script(linker).is_ok_and(|text| text.is_some());
    let real = canonical(linker);
    let mut roots = [linker, &real]
        .into_iter()
        .filter_map(|path| path.parent()?.parent());
    let root = roots.find(|root| root.join("nix-support/add-flags.sh").exists())?;
    is_script.then(|| root.to_path_buf())
}

/// Returns the environment of the real tool.
fn handed_on(plan: &Plan, variables: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let is_changed = |string: &[u8]| {
        let mut changes = plan.environment.iter();
        changes.any(|(name, _)| {
            let rest = string.strip_prefix(&name[..]);
            rest.is_some_and(|rest| rest.starts_with(b"="))
        })
    };
    let kept = variables.iter().filter(|string| !is_changed(string));
    let set = plan.environment.iter().filter_map(|(name, value)| {
        let value = value.as_ref()?;
        Some([&name[..], b"=", value].concat())
    });
    kept.cloned().chain(set).collect()
}
