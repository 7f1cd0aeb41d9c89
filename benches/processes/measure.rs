//! Measures each call in each way by turns, round by round, so that other load
//! on the machine affects all of them equally.

use std::env;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Result;
use crate::beside;
use crate::calls::Call;
use crate::fixture::Fixture;
use crate::process::Process;
use crate::statistics::{Random, Spread};
use crate::work::{Work, count};

/// Names another wrapped root, or another build's binary, to compare with.
const ROOT: &str = "CC_WRAPPER_BENCH_ROOT";
const ROUNDS: &str = "CC_WRAPPER_BENCH_ROUNDS";

/// The number of rounds, unless CC_WRAPPER_BENCH_ROUNDS sets it.
const MOST_ROUNDS: usize = 1000;
const FEWEST_ROUNDS: usize = 15;
/// After this time, a group ends with the current round.
const PATIENCE: Duration = Duration::from_secs(60);
/// The number of rounds at the start that are not counted.
const WARM_UP: usize = 3;

/// A way of running a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The stand-in, run directly.
    Direct,
    /// The stand-in, run by a program that does nothing but exec.
    Floor,
    /// This wrapper.
    Wrapped,
    /// This wrapper, started through libc.
    Libc,
    /// The wrapper in CC_WRAPPER_BENCH_ROOT.
    Beside,
}

impl Way {
    pub const ALL: [Way; 5] = [
        Way::Direct,
        Way::Floor,
        Way::Wrapped,
        Way::Libc,
        Way::Beside,
    ];

    /// Returns the name in the results.
    pub fn name(self) -> &'static str {
        match self {
            Way::Direct => "direct",
            Way::Floor => "floor",
            Way::Wrapped => "cc-wrapper",
            Way::Libc => "cc-wrapper through libc",
            Way::Beside => "other root",
        }
    }
}

/// The figures of one call.
pub struct Measured {
    pub call: Call,
    pub ways: Vec<(Way, Figures)>,
}

pub struct Figures {
    /// In microseconds, one per round.
    pub times: Vec<f64>,
    pub work: Option<Work>,
}

impl Measured {
    pub fn times(&self, way: Way) -> Option<&[f64]> {
        self.figures(way).map(|figures| &figures.times[..])
    }

    /// Returns by how much a way is slower than the direct exec, for each
    /// round.
    pub fn added(&self, way: Way) -> Option<Vec<f64>> {
        let (times, direct) = (self.times(way)?, self.times(Way::Direct)?);
        Some(times.iter().zip(direct).map(|(t, d)| t - d).collect())
    }

    pub fn added_spread(&self, way: Way) -> Option<Spread> {
        self.added(way).map(Spread::from_figures)
    }

    pub fn work(&self, way: Way) -> Option<Work> {
        self.figures(way)?.work
    }

    fn figures(&self, way: Way) -> Option<&Figures> {
        let found = self.ways.iter().find(|(w, _)| *w == way);
        found.map(|(_, figures)| figures)
    }
}

struct Run {
    call: usize,
    way: Way,
    is_script: bool,
    process: Process,
    times: Vec<f64>,
}

pub fn measure(calls: Vec<Call>, fixture: &Fixture) -> Result<Vec<Measured>> {
    let root = env::var_os(ROOT);
    let root = root.as_deref().map(Path::new);
    let rounds = match env::var(ROUNDS) {
        Ok(text) => text.parse()?,
        Err(_) => MOST_ROUNDS,
    };
    let mut runs = Vec::new();
    for (n, call) in calls.iter().enumerate() {
        for way in Way::ALL {
            if let Some(process) = process(call, way, root, fixture)? {
                runs.push(Run {
                    call: n,
                    way,
                    is_script: way == Way::Beside && root.is_some_and(Path::is_dir),
                    process,
                    times: Vec::new(),
                });
            }
        }
    }
    let groups = calls.iter().map(|call| call.group).max().unwrap_or(0);
    for group in 0..=groups {
        let in_group = |run: &&mut Run| calls[run.call].group == group;
        let mut members: Vec<&mut Run> = runs.iter_mut().filter(in_group).collect();
        let names = calls.iter().filter(|call| call.group == group);
        let names: Vec<_> = names.map(|call| call.name).collect();
        eprintln!("measuring {}", names.join("; "));
        interleave(&mut members, rounds)?;
    }
    let mut measured: Vec<Measured> = calls
        .into_iter()
        .map(|call| Measured {
            call,
            ways: Vec::new(),
        })
        .collect();
    for run in runs {
        let work = match run.way {
            Way::Floor | Way::Wrapped | Way::Libc => Some(count(&run.process)?),
            Way::Direct | Way::Beside => None,
        };
        let figures = Figures {
            times: run.times,
            work,
        };
        measured[run.call].ways.push((run.way, figures));
    }
    Ok(measured)
}

fn interleave(runs: &mut [&mut Run], rounds: usize) -> Result<()> {
    let start = Instant::now();
    let mut random = Random::default();
    for round in 0..rounds + WARM_UP {
        if round >= WARM_UP + FEWEST_ROUNDS.min(rounds) && start.elapsed() > PATIENCE {
            break;
        }
        // Use a random order, because a slow process affects the one that runs
        // after it.
        random.shuffle(runs);
        // A shell script takes fifty times as long, runs twenty more programs
        // and evicts all others from the caches. So run scripts last, and run
        // the others once without counting before the next round.
        runs.sort_by_key(|run| run.is_script);
        for run in runs.iter_mut() {
            let time = run.process.time()?;
            if round >= WARM_UP {
                run.times.push(time.as_secs_f64() * 1e6);
            }
        }
        if runs.iter().any(|run| run.is_script) {
            for run in runs.iter().filter(|run| !run.is_script) {
                run.process.time()?;
            }
        }
    }
    Ok(())
}

/// Returns `None` if the way does not exist or does not support this call.
fn process(
    call: &Call,
    way: Way,
    root: Option<&Path>,
    fixture: &Fixture,
) -> Result<Option<Process>> {
    let stand_in = fixture.stand_in(call.tool);
    let run = |program: &Path, args: &[String], environment: &[String]| {
        Process::new(program, args, environment).map(Some)
    };
    match way {
        Way::Direct => run(&stand_in, &call.args, &call.environment),
        Way::Floor => {
            let mut args = vec![stand_in.display().to_string()];
            args.extend_from_slice(&call.args);
            run(&fixture.floor(), &args, &call.environment)
        }
        Way::Wrapped => run(&fixture.wrapped(call.tool), &call.args, &call.environment),
        Way::Libc => {
            let mut environment = call.environment.clone();
            environment.push("CC_WRAPPER_START=libc".into());
            run(&fixture.wrapped(call.tool), &call.args, &environment)
        }
        Way::Beside => {
            let Some(root) = root else {
                return Ok(None);
            };
            let Some(tool) = beside::tool(root, call.tool, fixture)? else {
                eprintln!("{ROOT} has no {}", call.tool);
                return Ok(None);
            };
            let process = Process::new(&tool, &call.args, &call.environment)?;
            match process.time() {
                Ok(_) => Ok(Some(process)),
                Err(error) => {
                    eprintln!("{ROOT} cannot do {}: {error}", call.name);
                    Ok(None)
                }
            }
        }
    }
}
