//! The whole planner, on a few real files.

use cc_wrapper::model::error::Error;
use cc_wrapper::model::event::Event;
use cc_wrapper::model::plan::Plan;
use cc_wrapper::planning::log::Log;
use cc_wrapper::rules::response_file::texts;

use super::scene::Scene;
use crate::process::os::Os;

pub const CALL: &[&str] = &[
    "\x1e",
    "\x1ea",
    "\x1ee",
    "\x1ef",
    "\x1el",
    "\x1exclang",
    "\x1exld",
    "\x1f",
    "\x1ea@%R/",
    "\x1eaa.c",
    "\x1ea-o",
    "\x1ea-c",
    "\x1ea-L%R/lib",
    "\x1ea-lz",
    "\x1ea-Wl,-rpath,%R/lib",
    "\x1ea-static",
    "\x1ea-r",
    "\x1ea--",
    "\x1ea-x",
    "\x1ea-fuse-ld=lld",
    "\x1ea-target",
    "\x1ea-march=native",
    "\x1eeNIX_CFLAGS_COMPILE=",
    "\x1eeNIX_LDFLAGS=",
    "\x1eeNIX_STORE=%R",
    "\x1eeNIX_HARDENING_ENABLE=fortify pie",
    "\x1eeNIX_ENFORCE_PURITY=1",
    "\x1eeNIX_DEBUG=7",
    "\x1eeCC_WRAPPER_COMPDB=%R/db",
    "\x1eeCC_WRAPPER_LAUNCHER=ccache",
    "\x1eePATH=%R/bin",
    "\x1efnix-support/cc-cflags\x1f",
    "\x1efnix-support/libc-ldflags\x1f",
    "\x1eflib/libz.so\x1f",
];

pub const RESPONSE_FILE: &[&str] = &[
    "'",
    "\"",
    "\\",
    "\\\"",
    "\0",
    "\n",
    "@",
    "\r",
    "\x0b",
    "\x0c",
    "\u{feff}",
    "--rsp-quoting=windows",
];

/// A plan is no larger than what it is made of, both starts make the same one,
/// and explaining it changes nothing.
pub fn plans(input: &[u8]) {
    let scene = Scene::read(input);
    let files = scene.size();
    // The second text is without explanations.
    let texts = |plan: Result<&mut Plan, &Error>| match plan {
        Ok(plan) => {
            let whole = format!("{plan:?}");
            let is_explanation = |event: &Event| matches!(event, Event::Explanation(_));
            plan.events.retain(|event| !is_explanation(event));
            // A call reads at most 2,000 response files.
            let params = plan.command.params.iter().map(|arg| arg.len() + 1);
            let params: usize = params.sum();
            assert!(params <= 2_000 * files, "{params} bytes of arguments");
            let most = 100_000 + 50 * (files + params);
            assert!(size(plan) <= most, "the plan has {} bytes", size(plan));
            [whole, format!("{plan:?}")]
        }
        Err(error) => [(); 2].map(|()| format!("{error:?}")),
    };
    let plain = scene.plan(&Os, Log::default(), texts);
    if let Some(early) = early(&scene, texts) {
        assert_eq!(early, plain);
    }
    let log = Log {
        explains: true,
        ..Log::default()
    };
    let explained = scene.plan(&Os, log, texts);
    assert_eq!(explained.map(|[_, text]| text), plain.map(|[_, text]| text));
}

/// The early start's result. `None`: it leaves the call to the ordinary start,
/// or does not exist here.
#[cfg(all(
    target_os = "linux",
    target_pointer_width = "64",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
fn early<R>(scene: &Scene, then: impl FnOnce(Result<&mut Plan, &Error>) -> R) -> Option<Option<R>> {
    use cc_wrapper::early::Kernel;
    use cc_wrapper::machine::world::World;

    let kernel = Kernel::new(Os.user());
    let result = scene.plan(&kernel, Log::default(), then);
    (!kernel.has_given_up()).then_some(result)
}

#[cfg(not(all(
    target_os = "linux",
    target_pointer_width = "64",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
fn early<R>(_: &Scene, _: impl FnOnce(Result<&mut Plan, &Error>) -> R) -> Option<Option<R>> {
    None
}

/// The bytes of all arguments, variables and messages.
fn size(plan: &Plan) -> usize {
    let args = plan.command.args().map(|arg| arg.len() + 1);
    let exports = plan.environment.iter();
    let exports = exports.map(|(name, value)| name.len() + value.as_ref().map_or(0, Vec::len));
    let events = plan.events.iter().map(|event| event.text().len());
    args.chain(exports).chain(events).sum()
}

/// Arguments that go through response files reach the tool as they are. After a
/// first byte `r`, the input is one response file; else it has the arguments,
/// with NUL between them. Its length selects the tool.
pub fn response_files(input: &[u8]) {
    let Some((kind, text)) = input.split_first() else {
        return;
    };
    let tools = [&b"gcc"[..], b"clang", b"ld"];
    let mut scene = Scene::new();
    scene.call(tools[text.len() % tools.len()]);
    if *kind == b'r' {
        scene.file(b"args", text);
        scene.args = vec![b"@args".to_vec()];
        if let Ok(words) = params(&scene) {
            let size: usize = words.iter().map(Vec::len).sum();
            assert!(size <= 4 * text.len() + b"@args".len());
            assert!(words.len() <= text.len() + 1);
        }
        return;
    }
    scene.args = text.split(|&b| b == 0).map(<[u8]>::to_vec).collect();
    let direct = params(&scene);
    let texts = texts(scene.args.iter().map(|arg| &arg[..]));
    // gcc and this wrapper stop at 2,000 files. Empty words stand between them.
    if texts.len() >= 2_000 {
        return;
    }
    let args = texts.iter().enumerate().map(|(n, text)| {
        if text.is_empty() {
            return Vec::new();
        }
        let name = format!("args-{n}");
        scene.file(name.as_bytes(), text);
        [b"@", &scene.path(name.as_bytes())[..]].concat()
    });
    scene.args = args.collect();
    assert_eq!(params(&scene), direct);
}

/// The caller's arguments in the plan, or the error.
fn params(scene: &Scene) -> Result<Vec<Vec<u8>>, String> {
    let params = scene.plan(&Os, Log::default(), |plan| match plan {
        Ok(plan) => Ok(plan.command.params.iter().map(|arg| arg.to_vec()).collect()),
        Err(error) => Err(format!("{error:?}")),
    });
    params.unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    /// The comparisons need plans to compare.
    #[test]
    fn calls_of_the_corpus_have_plans() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/plans");
        let (mut plans, mut early_plans) = (0, 0);
        for entry in fs::read_dir(corpus).unwrap() {
            let scene = Scene::read(&fs::read(entry.unwrap().path()).unwrap());
            let is_plan = |plan: Result<&mut Plan, &Error>| plan.is_ok();
            plans += usize::from(scene.plan(&Os, Log::default(), is_plan) == Some(true));
            early_plans += usize::from(early(&scene, is_plan) == Some(Some(true)));
        }
        assert!(plans > 20, "{plans}");
        assert!(
            early_plans > 20 || !cfg!(target_os = "linux"),
            "{early_plans}"
        );
    }
}
