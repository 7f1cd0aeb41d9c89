//! The calls that are measured.

use std::path::Path;

use crate::Result;
use crate::environment;
use crate::fixture::{Fixture, PACKAGES};

/// One call of a tool. Calls of the same group are measured in the same rounds.
pub struct Call {
    pub name: &'static str,
    pub group: usize,
    pub tool: &'static str,
    pub args: Vec<String>,
    pub environment: Vec<String>,
}

pub const COMPILE: &str = "gcc -c, 2 dependencies";
pub const LINK: &str = "gcc linking, 2 dependencies";
pub const LD: &str = "ld, 60 -L, 60 -l";
pub const RESPONSE_2: &str = "gcc linking, response file of 2 MB";
pub const RESPONSE_4: &str = "gcc linking, response file of 4 MB";

pub fn all(fixture: &Fixture) -> Result<Vec<Call>> {
    let build = |packages: usize| {
        let packages = &fixture.packages[..packages];
        environment::build(&fixture.store(), &fixture.temporary(), packages)
    };
    let libraries = |packages: usize| {
        let packages = fixture.packages[..packages].iter();
        packages.map(|package| format!("-l{}", package.name))
    };
    let compile = || {
        words(
            "-DHAVE_CONFIG_H -I. -I.. -Wall -g -O2 -MT main.o -MD -MP -MF .deps/main.Tpo \
             -c -o main.o main.c",
        )
    };
    let link = |packages| {
        let mut args = words("-Wall -g -O2 -o program main.o options.o output.o");
        args.extend(libraries(packages));
        args
    };
    let linker = || {
        let mut args = words(
            "-plugin liblto_plugin.so --eh-frame-hdr -m elf_x86_64 -pie -o program Scrt1.o crti.o \
             crtbeginS.o",
        );
        let packages = fixture.packages.iter().take(PACKAGES);
        args.extend(packages.map(|package| format!("-L{}/lib", package.path.display())));
        args.extend(words("main.o options.o output.o"));
        args.extend(libraries(PACKAGES));
        args.extend(words("-lgcc -lc crtendS.o crtn.o"));
        args
    };
    let from_file = |path: &Path| {
        let mut args = words("-Wall -g -O2 -o program");
        args.push(format!("@{}", path.display()));
        args
    };
    let call = |name, group, tool, args, environment| Call {
        name,
        group,
        tool,
        args,
        environment,
    };
    let mut without_file = build(2);
    without_file.push("NIX_CC_USE_RESPONSE_FILE=0".into());
    let mut calls = vec![
        call(COMPILE, 0, "gcc", compile(), build(2)),
        call("gcc -c, 60 dependencies", 0, "gcc", compile(), build(60)),
        call(LINK, 0, "gcc", link(2), build(2)),
        call(
            "gcc linking, 60 dependencies",
            0,
            "gcc",
            link(60),
            build(60),
        ),
        call(
            "clang -c, 2 dependencies",
            0,
            "clang",
            compile(),
            without_file,
        ),
        call(
            "clang -c, 2 dependencies, into a response file",
            0,
            "clang",
            compile(),
            build(2),
        ),
        call(LD, 1, "ld", linker(), build(2)),
    ];
    for (name, megabytes) in [
        ("gcc linking, response file of 1 MB", 1),
        (RESPONSE_2, 2),
        (RESPONSE_4, 4),
    ] {
        let file = fixture.response_file(megabytes)?;
        calls.push(call(name, 2, "gcc", from_file(&file), build(2)));
    }
    Ok(calls)
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
