//! What a call is counted as, while somebody counts.

use crate::model::call::Call;

/// Names the file in which calls are counted.
const VARIABLE: &[u8] = b"CC_WRAPPER_STATS";

/// Set by a call that is counted for all that its tool runs: what those calls
/// are to it.
pub const COUNTED: &[u8] = b"CC_WRAPPER_COUNTED";

/// A value of it: the call, or one above it, compiles or links, and what is
/// below is a part of that.
const AS_WORK: &[u8] = b"1";

/// The other: what is below counts for itself, and only its time is a part of
/// the call's.
const AS_TIME: &[u8] = b"0";

/// What a call adds to the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics<'a> {
    pub file: &'a [u8],
    pub compiles: bool,
    pub links: bool,
    /// A counted call compiles or links by way of this one.
    pub is_inner: bool,
    /// A counted call waits for this one.
    pub is_waited_for: bool,
}

impl<'a> Statistics<'a> {
    /// Of a call of any tool, before more is known of it.
    pub fn of(call: &Call<'a>) -> Option<Statistics<'a>> {
        let file = call.environment.get_nonempty(VARIABLE)?;
        let above = call.environment.get(COUNTED);
        Some(Statistics {
            file,
            compiles: false,
            links: false,
            is_inner: above == Some(AS_WORK),
            is_waited_for: above.is_some(),
        })
    }

    /// The value of [`COUNTED`] for the calls below.
    pub fn for_calls_below(&self) -> &'static [u8] {
        if self.is_inner || self.compiles || self.links {
            AS_WORK
        } else {
            AS_TIME
        }
    }
}
