//! The project's claims about its speed, each a ratio of times from the same
//! run.

use crate::calls::{COMPILE, LD, LINK, RESPONSE_2, RESPONSE_4};
use crate::measure::{Measured, Way};
use crate::statistics::{Spread, ratio};

pub struct Claim {
    pub text: &'static str,
    /// The upper limit of the ratio.
    pub limit: f64,
    /// The measured ratio. `None` if one of its times was not measured.
    pub found: Option<Spread>,
}

impl Claim {
    pub fn verdict(&self) -> &'static str {
        match self.found {
            None => "not measured",
            Some(found) if found.median <= self.limit => "met",
            Some(_) => "missed",
        }
    }
}

pub fn check(measured: &[Measured]) -> Vec<Claim> {
    let added = |name: &str, way| {
        let found = measured.iter().find(|m| m.call.name == name)?;
        found.added(way)
    };
    let against = |above: Option<Vec<f64>>, below: Option<Vec<f64>>| {
        let (above, below) = (above?, below?);
        Some(ratio(&above, &below))
    };
    let to_floor = |name| against(added(name, Way::Wrapped), added(name, Way::Floor));
    let peak = measured.iter().find(|m| m.call.name == COMPILE);
    let peak = peak.and_then(|m| m.work(Way::Wrapped));
    let peak = peak.map(|work| work.peak_kib as f64 / 1024.0);
    vec![
        Claim {
            text: "gcc -c, 2 dependencies: added, against the floor's",
            limit: 3.0,
            found: to_floor(COMPILE),
        },
        Claim {
            text: "gcc linking, 2 dependencies: added, against the floor's",
            limit: 4.0,
            found: to_floor(LINK),
        },
        Claim {
            text: "ld, 60 -L, 60 -l: added, against the other root's",
            limit: 1.0 / 30.0,
            found: against(added(LD, Way::Wrapped), added(LD, Way::Beside)),
        },
        Claim {
            text: "response file: added, 4 MB against 2 MB",
            limit: 2.2,
            found: against(
                added(RESPONSE_4, Way::Wrapped),
                added(RESPONSE_2, Way::Wrapped),
            ),
        },
        Claim {
            text: "gcc -c, 2 dependencies: peak memory in MiB",
            limit: 2.0,
            found: peak.map(|mib| Spread {
                low: mib,
                median: mib,
                high: mib,
            }),
        },
    ]
}
