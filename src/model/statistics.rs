//! How a call is counted for `cc-wrapper run`.

use crate::model::call::Call;

/// The file that calls are counted in.
const VARIABLE: &[u8] = b"CC_WRAPPER_STATS";

/// Set by each counted call for the processes below it. The value tells them
/// how to count themselves.
pub const COUNTED: &[u8] = b"CC_WRAPPER_COUNTED";

/// A value of [`COUNTED`]: a call above compiles or links. Calls below belong
/// to that work and are not counted as work again.
const AS_WORK: &[u8] = b"1";

/// A value of [`COUNTED`]: no call above compiles or links. Calls below count
/// their own work, but their time is already part of the call above.
const AS_TIME: &[u8] = b"0";

/// The counts that a call adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics<'a> {
    pub file: &'a [u8],
    pub compiles: bool,
    pub links: bool,
    /// A counted call above compiles or links through this call.
    pub is_inner: bool,
    /// A counted call above waits for this call.
    pub is_waited_for: bool,
}

impl<'a> Statistics<'a> {
    /// Returns the statistics of a call before its arguments are known, or
    /// `None` if calls are not counted.
    pub fn from_call(call: &Call<'a>) -> Option<Statistics<'a>> {
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

    /// The value of [`COUNTED`] for the processes below.
    pub fn for_calls_below(&self) -> &'static [u8] {
        if self.is_inner || self.compiles || self.links {
            AS_WORK
        } else {
            AS_TIME
        }
    }
}
