//! Drops options that select the build machine's processor
//! (docs/behaviour.md#2-compiler-drivers-roles-cc-c-cpp-fortran, step 5).

use alloc::vec::Vec;

use crate::model::argument::Arg;
use crate::model::event::Event;
use crate::model::explanation::DropReason;
use crate::options::meaning::Meaning;
use crate::planning::log::Log;

/// Drops arguments of the form `-m…=native`, with a warning for each. The
/// arguments must have been read.
pub fn drop_native(params: &mut Vec<Arg>, log: &mut Log) {
    log.dropping(params, DropReason::Native, |params, log| {
        params.retain(|param| {
            let native = is_machine(param) && param.ends_with(b"=native");
            if native {
                log.push(Event::SkippedNative(param.to_vec()));
            }
            !native
        });
    });
}

fn is_machine(param: &Arg) -> bool {
    param.parsed.by_itself() == Meaning::Machine
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::argument::fake;

    #[test]
    fn native_is_dropped_with_a_warning() {
        let mut params = fake::of_driver("-march=native -march=x86-64 -m=native -xnative -m");
        let mut log = Log::default();
        drop_native(&mut params, &mut log);
        assert_eq!(params.len(), 3);
        assert_eq!(log.events.len(), 2);
    }
}
