//! The results as Markdown tables and as JSON.

use std::env::consts::ARCH;
use std::fs;
use std::thread::available_parallelism;

use serde_json::{Map, Value, json};

use crate::claims::Claim;
use crate::measure::{Measured, Way};
use crate::statistics::{Spread, ratio};

/// The ways whose added time is shown, relative to the direct exec.
const WRAPPERS: [Way; 4] = [Way::Floor, Way::Wrapped, Way::Libc, Way::Beside];
/// The ways whose work is counted.
const COUNTED: [Way; 3] = [Way::Floor, Way::Wrapped, Way::Libc];

pub fn tables(measured: &[Measured], claims: &[Claim]) -> String {
    [times(measured), work(measured), verdicts(claims)].join("\n")
}

fn times(measured: &[Measured]) -> String {
    let mut rows = vec![row(
        "call",
        [
            "direct",
            "floor",
            "cc-wrapper",
            "",
            "through libc",
            "other root",
            "rounds",
        ],
    )];
    rows.push("|---|---:|---:|---:|---:|---:|---:|---:|".into());
    for m in measured {
        let cell = |spread: Option<Spread>| spread.map_or("–".into(), |s| with_quartiles(&s));
        let [floor, wrapped, libc, other] = WRAPPERS.map(|way| m.added_spread(way));
        let factor = match (&wrapped, &floor) {
            (Some(w), Some(f)) => format!("{:.1}×", w.median / f.median),
            _ => String::new(),
        };
        let direct = m.times(Way::Direct).unwrap_or_default();
        let [direct, rounds] = [
            cell(Some(Spread::from_figures(direct.to_vec()))),
            direct.len().to_string(),
        ];
        rows.push(row(
            m.call.name,
            [
                direct,
                cell(floor),
                cell(wrapped),
                factor,
                cell(libc),
                cell(other),
                rounds,
            ],
        ));
    }
    rows.join("\n") + "\n"
}

fn work(measured: &[Measured]) -> String {
    let mut rows = vec![
        row(
            "call",
            [
                "way",
                "system calls",
                "page faults",
                "bytes read",
                "peak memory",
            ],
        ),
        "|---|---|---:|---:|---:|---:|".into(),
    ];
    for m in measured {
        let mut name = m.call.name;
        for way in COUNTED {
            if let Some(work) = m.work(way) {
                rows.push(row(
                    name,
                    [
                        way.name().to_owned(),
                        work.system_calls.to_string(),
                        work.page_faults.to_string(),
                        work.bytes_read.to_string(),
                        format!("{} KiB", work.peak_kib),
                    ],
                ));
                name = "";
            }
        }
    }
    rows.join("\n") + "\n"
}

fn verdicts(claims: &[Claim]) -> String {
    let mut rows = vec![
        row("claim", ["at most", "found", "90 % interval", ""]),
        "|---|---:|---:|---:|---|".into(),
    ];
    for claim in claims {
        let [found, interval] = match claim.found {
            Some(found) => [
                number(found.median),
                format!("{}–{}", number(found.low), number(found.high)),
            ],
            None => ["–".into(), "–".into()],
        };
        let limit = number(claim.limit);
        rows.push(row(
            claim.text,
            [limit, found, interval, claim.verdict().into()],
        ));
    }
    rows.join("\n") + "\n"
}

fn row<T: AsRef<str>, const N: usize>(first: &str, cells: [T; N]) -> String {
    let cells = cells.each_ref().map(AsRef::as_ref).join(" | ");
    format!("| {first} | {cells} |")
}

fn with_quartiles(spread: &Spread) -> String {
    let [low, median, high] = [spread.low, spread.median, spread.high].map(|us| format!("{us:.0}"));
    format!("{median} ({low}–{high})")
}

/// Formats a number with three significant digits.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        a if a >= 100.0 => 0,
        a if a >= 10.0 => 1,
        a if a >= 1.0 => 2,
        _ => 4,
    };
    format!("{value:.decimals$}")
}

pub fn to_json(measured: &[Measured], claims: &[Claim]) -> Value {
    let calls = measured.iter().map(|m| {
        let direct = m.times(Way::Direct).unwrap_or_default();
        let ways: Map<String, Value> = m
            .ways
            .iter()
            .map(|(way, figures)| (way.name().into(), way_to_json(m, *way, &figures.times)))
            .collect();
        json!({"call": m.call.name, "rounds": direct.len(), "ways": ways})
    });
    let claims = claims.iter().map(|claim| {
        json!({
            "claim": claim.text,
            "atMost": round(claim.limit, 4),
            "found": claim.found.map(|found| round(found.median, 4)),
            "interval90": claim.found.map(|found| [round(found.low, 4), round(found.high, 4)]),
            "verdict": claim.verdict(),
        })
    });
    json!({
        "unit": "microseconds",
        "machine": machine(measured),
        "calls": calls.collect::<Vec<_>>(),
        "claims": claims.collect::<Vec<_>>(),
    })
}

fn way_to_json(m: &Measured, way: Way, times: &[f64]) -> Value {
    let mut object = json!({"time": spread_to_json(&Spread::from_figures(times.to_vec()))});
    if let (true, Some(added)) = (way != Way::Direct, m.added(way)) {
        if let Some(floor) = m.added(Way::Floor) {
            let factor = ratio(&added, &floor);
            object["addedToFloors"] = json!({
                "ratio": round(factor.median, 3),
                "interval90": [round(factor.low, 3), round(factor.high, 3)],
            });
        }
        object["added"] = spread_to_json(&Spread::from_figures(added));
    }
    if let Some(work) = m.work(way) {
        object["systemCalls"] = work.system_calls.into();
        object["pageFaults"] = work.page_faults.into();
        object["bytesRead"] = work.bytes_read.into();
        object["peakKiB"] = work.peak_kib.into();
    }
    object
}

fn spread_to_json(spread: &Spread) -> Value {
    json!({
        "lowerQuartile": round(spread.low, 1),
        "median": round(spread.median, 1),
        "upperQuartile": round(spread.high, 1),
    })
}

fn round(value: f64, decimals: i32) -> f64 {
    let unit = 10_f64.powi(decimals);
    (value * unit).round() / unit
}

/// Returns the properties of the machine that affect the figures, but nothing
/// that identifies it.
fn machine(measured: &[Measured]) -> Value {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo");
    let field = |name: &str| {
        let line = processor.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':'))
            .map(|(_, value)| value.trim().to_owned())
    };
    let is_virtual = field("flags").map(|flags| flags.split(' ').any(|flag| flag == "hypervisor"));
    let calls = |way| {
        measured
            .iter()
            .find_map(|m| m.work(way))
            .map(|work| work.system_calls)
    };
    json!({
        "architecture": ARCH,
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "processor": field("model name"),
        "processors": available_parallelism().map_or(0, usize::from),
        "virtual": is_virtual,
        "startsWithoutLibc": calls(Way::Wrapped) < calls(Way::Libc),
    })
}
