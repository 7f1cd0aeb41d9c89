//! Measures what a wrapped call costs, in whole processes. Each call is run in
//! turn directly, by a program that only execs, by this wrapper, by this
//! wrapper started through libc, and by the wrapper of another root.
//! docs/performance.md describes the method and shows the results.

mod beside;
mod calls;
mod claims;
mod environment;
mod fixture;
mod measure;
mod plot;
mod process;
mod report;
mod statistics;
mod work;

use std::env;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::result;

use fixture::Fixture;

type Result<T> = result::Result<T, Box<dyn Error>>;

/// Names the directory for performance.json and performance.svg.
const OUT: &str = "CC_WRAPPER_BENCH_OUT";

fn main() -> Result<()> {
    // `cargo test --benches` only checks that everything builds and runs, and
    // should not wait for a measurement.
    if env::args().all(|arg| arg != "--bench") {
        return Ok(());
    }
    let fixture = Fixture::new()?;
    let measured = measure::measure(calls::all(&fixture)?, &fixture)?;
    let claims = claims::check(&measured);
    println!("{}", report::tables(&measured, &claims));

    let out = match env::var_os(OUT) {
        Some(out) => PathBuf::from(out),
        None => PathBuf::from(env!("CARGO_TARGET_TMPDIR")),
    };
    let json = report::to_json(&measured, &claims);
    for (file, text) in [
        ("performance.json", format!("{json:#}\n")),
        ("performance.svg", plot::svg(&measured)),
    ] {
        let path = out.join(file);
        fs::write(&path, text)?;
        println!("{}", path.display());
    }
    Ok(())
}
