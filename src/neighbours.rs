//! §11: tools beside compilers and linkers.

use alloc::vec::Vec;

use crate::call::Call;
use crate::environment::Variables;
use crate::plan::{Arg, Origin, Plan};

/// GNU strip: archives come out the same whenever they are stripped.
pub fn strip<'a>(call: &Call<'a>) -> Plan<'a> {
    let before = Arg::rule("--enable-deterministic-archives", "deterministic archives");
    let variables = Variables::new(call.environment, b"");
    call.plan(Vec::from([before]), users(call), Vec::new(), variables)
}

/// LLVM's ranlib does not know `-t`.
pub fn ranlib<'a>(call: &Call<'a>) -> Plan<'a> {
    let mut params = users(call);
    params.retain(|param| **param != *b"-t");
    let variables = Variables::new(call.environment, b"");
    call.plan(Vec::new(), params, Vec::new(), variables)
}

fn users<'a>(call: &Call<'a>) -> Vec<Arg<'a>> {
    let args = call.args.iter().enumerate();
    args.map(|(n, arg)| Arg::new(*arg, Origin::User(n + 1)))
        .collect()
}
