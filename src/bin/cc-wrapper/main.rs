//! The program. Called under a tool's name, it plans the call and execs the
//! real tool. Called as `cc-wrapper`, it runs a command such as `wrap` or
//! `explain`.
//!
//! This crate does the input and output. The library, which is `no_std`, makes
//! the decisions. docs/architecture.md describes both; docs/glossary.md defines
//! the words that have a special meaning here.

#![cfg_attr(fuzzing, allow(dead_code))]

mod command;
#[cfg(early_start)]
mod entry;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod process;
mod support;

#[cfg(not(early_start))]
use std::alloc::System;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

use cc_wrapper::decide::decide;
use cc_wrapper::model::call::Call;
use cc_wrapper::model::environment::Environment;
use cc_wrapper::model::message::Message;
use cc_wrapper::model::statistics::Statistics;
use cc_wrapper::planning::dispatch::dispatch;
use cc_wrapper::planning::log::Log;

use crate::process::count::End;
#[cfg(not(early_start))]
use crate::process::memory::OrExit;
use crate::process::{count, execute, os, record, report};

#[cfg(not(early_start))]
#[global_allocator]
static MEMORY: OrExit<System> = OrExit::over(System);

fn main() -> ExitCode {
    #[cfg(early_start)]
    entry::forget_fault();
    count::begin();
    let executable = os::executable();
    let name = Path::new(&executable).file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    if os::is_privileged() {
        report::error(&name, &privileged(&executable));
        return ExitCode::FAILURE;
    }
    let variables = os::variables();
    let environment = Environment::new(variables.iter().map(|string| &string[..]));
    let args: Vec<OsString> = std::env::args_os().collect();

    let words: Vec<&[u8]> = args.iter().skip(1).map(|arg| arg.as_bytes()).collect();
    let run = |call: Call| tool(&call, &name);
    match dispatch(executable.as_bytes(), &words, &environment, &os::Os, run) {
        Ok(Some(status)) => status,
        Ok(None) => command::main(args.into_iter()),
        Err(error) => {
            report::error(&name, &error.message());
            ExitCode::from(error.exit_status())
        }
    }
}

/// The error for a program that has rights which its caller lacks: the caller's
/// variables would choose what it runs.
fn privileged(executable: &OsStr) -> Message {
    let what = "has more rights than its caller (setuid, setgid or file capabilities)";
    Message::about(executable.as_bytes(), what).remedy("remove these rights from the file")
}

fn tool(call: &Call, name: &str) -> ExitCode {
    let mut log = Log::default();
    match decide(call, &os::Os, &mut log) {
        Ok(plan) => {
            report::events(&plan.events, plan.debug);
            report::arguments(&plan);
            record::write(&plan, name);
            execute::execute(&plan, name)
        }
        Err(error) => {
            report::events(&log.events, log.debug);
            count::write(Statistics::from_call(call).as_ref(), End::Refused, name);
            report::error(name, &error.message());
            ExitCode::from(error.exit_status())
        }
    }
}
