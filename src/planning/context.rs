//! The state that all rules share while one call is planned.

use alloc::vec::Vec;

use crate::machine::world::World;
use crate::model::argument::Arg;
use crate::model::argument::Origin;
use crate::model::argument::{Command, RoleSuffix};
use crate::model::call::Call;
use crate::model::half::WrapperHalf;
use crate::model::plan::{Plan, ResponseFile};
use crate::model::statistics::{COUNTED, Statistics};
use crate::planning::log::Log;
use crate::planning::roles::roles;
use crate::planning::variables::Variables;
use crate::text::Bytes;

pub struct Context<'c, 'a> {
    pub call: &'c Call<'a>,
    pub world: &'a dyn World,
    pub half: WrapperHalf,
    /// The roles served by the half that the call entered through.
    pub roles: Vec<RoleSuffix>,
    pub variables: Variables<'a>,
    pub log: &'c mut Log,
    /// How the call is counted. `None` if calls are not counted.
    statistics: Option<Statistics<'a>>,
}

impl<'c, 'a> Context<'c, 'a> {
    pub fn new(
        call: &'c Call<'a>,
        half: WrapperHalf,
        world: &'a dyn World,
        log: &'c mut Log,
    ) -> Context<'c, 'a> {
        let mut context = Context {
            call,
            world,
            half,
            roles: roles(call.environment, call.toolchain, half, log),
            variables: Variables::new(call.environment, &call.toolchain.suffix_salt),
            log,
            statistics: Statistics::from_call(call),
        };
        context.count(|_| {});
        context
    }

    /// Updates how the call is counted, and exports that. Hooks that run later
    /// see the exported value, like the tool.
    pub fn count(&mut self, add: impl FnOnce(&mut Statistics<'a>)) {
        if let Some(statistics) = &mut self.statistics {
            add(statistics);
            let value = statistics.for_calls_below().to_vec();
            self.variables.export(COUNTED.to_vec(), value);
        }
    }

    /// The caller's arguments, without expanding response files.
    pub fn caller_args(&self) -> Vec<Arg<'a>> {
        let args = self.call.args.iter().enumerate();
        args.map(|(n, arg)| Arg::new(*arg, Origin::User(n + 1)))
            .collect()
    }

    /// The plan that runs `command` with the current variables.
    pub fn plan(self, command: Command<'a>) -> Plan<'a> {
        Plan {
            program: Bytes::Borrowed(&self.call.tool.program),
            command,
            environment: self.variables.into_exports(),
            events: Vec::new(),
            launcher: None,
            response_file: ResponseFile::WhenNeeded,
            debug: 0,
            post_link: None,
            record: None,
            statistics: self.statistics,
        }
    }
}
