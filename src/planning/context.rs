//! What the rules of one call share while it is planned.

use alloc::vec::Vec;

use crate::machine::world::World;
use crate::model::call::Call;
use crate::model::error::Error;
use crate::model::event::Log;
use crate::model::plan::{Command, Plan, ResponseFile, Suffix};
use crate::model::statistics::Statistics;
use crate::model::toolchain::Bytes;
use crate::planning::roles::{Half, roles};
use crate::planning::variables::Variables;
use crate::rules::darwin;

pub struct Context<'c, 'a> {
    pub call: &'c Call<'a>,
    pub world: &'a dyn World,
    pub half: Half,
    /// The served roles of the half that the call entered by.
    pub roles: Vec<Suffix>,
    pub variables: Variables<'a>,
    pub log: &'c mut Log,
    /// How the call is counted, if anybody counts.
    statistics: Option<Statistics<'a>>,
}

impl<'c, 'a> Context<'c, 'a> {
    pub fn new(
        call: &'c Call<'a>,
        half: Half,
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
            statistics: Statistics::of(call),
        };
        context.count(|_| {});
        context
    }

    /// Says what the call counts as, where anybody counts. Hooks that come
    /// after it know of that, as the tool does.
    pub fn count(&mut self, add: impl FnOnce(&mut Statistics<'a>)) {
        if let Some(statistics) = &mut self.statistics {
            add(statistics);
            statistics.hand_on(&mut self.variables);
        }
    }

    /// Darwin's SDKROOT, which the tool is handed too (§7).
    ///
    /// # Errors
    /// Two roles want different SDKs.
    pub fn sdk_root(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let Some(darwin) = &self.call.toolchain.darwin else {
            return Ok(None);
        };
        darwin::sdk_root(darwin, &mut self.variables, &self.roles)
    }

    /// The plan to run this command with the variables as they are now.
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
