//! §2.5: flags for the machine that happens to build.

use alloc::vec::Vec;

use crate::model::argument::Arg;
use crate::model::event::Event;
use crate::model::explanation::DropReason;
use crate::planning::log::Log;

/// Drops arguments of the form `-m…=native`, with a warning each.
pub fn drop_native(params: &mut Vec<Arg>, log: &mut Log) {
    log.dropping(params, DropReason::Native, |params, log| {
        params.retain(|param| {
            let native = param.starts_with(b"-m") && param[2..].ends_with(b"=native");
            if native {
                log.push(Event::SkippedNative(param.to_vec()));
            }
            !native
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::argument::Origin;

    #[test]
    fn native_is_dropped_and_told() {
        let mut params: Vec<_> = [
            "-march=native",
            "-march=x86-64",
            "-m=native",
            "-xnative",
            "-m",
        ]
        .map(|word| Arg::new(word.as_bytes(), Origin::User(1)))
        .into();
        let mut log = Log::default();
        drop_native(&mut params, &mut log);
        assert_eq!(params.len(), 3);
        assert_eq!(log.events.len(), 2);
    }
}
