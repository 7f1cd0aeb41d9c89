//! What the linker does that a driver will run.

use cc_wrapper::call::Call;
use cc_wrapper::decide::decide;
use cc_wrapper::dispatch::dispatch;
use cc_wrapper::environment::Environment;
use cc_wrapper::event::Log;
use cc_wrapper::note::{Note, Stand};
use cc_wrapper::plan::{Arg, Plan};
use cc_wrapper::toolchain::Role;
use cc_wrapper::world::World;

use crate::os::Os;

/// The linker that a driver runs.
pub struct Below {
    pub path: Vec<u8>,
    pub stand: Stand,
    /// `None`: no wrapper stands before it.
    pub wrapped: Option<Wrapped>,
}

pub enum Wrapped {
    Adds(Added),
    /// The call of the linker fails, and what it says.
    Fails(Vec<u8>),
}

/// What a wrapped linker makes of what the driver hands it.
pub struct Added {
    /// The real linker.
    pub program: Vec<u8>,
    pub before: Vec<Arg<'static>>,
    pub after: Vec<Arg<'static>>,
    pub notes: Vec<Note>,
}

/// The linker of a driver's call that links, planned like any call, with the
/// environment that the driver hands on. Its arguments are those that the
/// driver passes through: what it adds of its own, only the driver knows.
pub fn below(call: &Call, plan: &Plan, variables: &[Vec<u8>]) -> Option<Below> {
    let (path, stand) = plan.notes().find_map(|note| match note {
        Note::Linker { path, stand } => Some((path.clone(), stand.clone())),
        _ => None,
    })?;
    let wrapped = match stand {
        Stand::Own | Stand::FrontEnd(_) => wrapped(&path, call, plan, variables),
        Stand::PassedByDriver | Stand::LeftAlone => None,
    };
    Some(Below {
        path,
        stand,
        wrapped,
    })
}

fn wrapped(path: &[u8], call: &Call, plan: &Plan, variables: &[Vec<u8>]) -> Option<Wrapped> {
    if !Os.is_executable(path) {
        return None;
    }
    let handed_on = handed_on(plan, variables);
    let environment = Environment::new(handed_on.iter().map(|string| &string[..]));
    let view = plan.linkers_view(call.environment);
    let view: Vec<&[u8]> = view.iter().map(|arg| &arg[..]).collect();
    let decided = dispatch(path, &view, &environment, &Os, |call| {
        (call.role == Role::Ld).then(|| added(&call))
    });
    match decided {
        Ok(wrapped) => wrapped.flatten(),
        Err(error) => Some(Wrapped::Fails(error.text())),
    }
}

fn added(call: &Call) -> Wrapped {
    let mut log = Log {
        explains: true,
        ..Log::default()
    };
    match decide(call, &Os, &mut log) {
        Ok(plan) => {
            let owned = |args: &[Arg]| args.iter().cloned().map(Arg::into_owned).collect();
            Wrapped::Adds(Added {
                program: plan.program.to_vec(),
                before: owned(&plan.command.before),
                after: owned(&plan.command.after),
                notes: plan.notes().cloned().collect(),
            })
        }
        Err(error) => Wrapped::Fails(error.text()),
    }
}

/// The environment of the real tool.
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
