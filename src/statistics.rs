//! What a call is counted as, while somebody counts.

use crate::arguments::Scan;
use crate::call::Call;
use crate::plan::Arg;
use crate::toolchain::Role;
use crate::translation_unit::compiles_a_file;

/// Names the file in which calls are counted.
pub const VARIABLE: &[u8] = b"CC_WRAPPER_STATS";

/// What a call adds to the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics<'a> {
    pub file: &'a [u8],
    pub compiles: bool,
    pub links: bool,
    /// A wrapped tool has made the call: it is part of that one's work.
    pub is_inner: bool,
}

/// Of a compiler call with these arguments.
pub fn of_compiler<'a>(call: &Call<'a>, params: &[Arg], scan: &Scan) -> Option<Statistics<'a>> {
    let mut statistics = of(call)?;
    if call.role != Role::Cpp {
        statistics.compiles = scan.compiles || compiles_a_file(params, &scan.operands);
        statistics.links = scan.no_link.is_none();
    }
    Some(statistics)
}

/// Of a call of any other tool.
pub fn of<'a>(call: &Call<'a>) -> Option<Statistics<'a>> {
    Some(Statistics {
        file: call.environment.get_nonempty(VARIABLE)?,
        compiles: false,
        links: call.role == Role::Ld,
        is_inner: false,
    })
}
