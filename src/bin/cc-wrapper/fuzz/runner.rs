//! Runs a target over its corpus and over changed copies of it, without
//! libFuzzer and the nightly compiler that it needs. The inputs are the same in
//! each run.

use std::env;
use std::fs::{self, File};
use std::iter;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::{TARGETS, Target};

/// Run each target for this many seconds instead of its number of inputs.
const SECONDS: &str = "CC_WRAPPER_FUZZ_SECONDS";
/// A number that selects other inputs.
const SEED: &str = "CC_WRAPPER_FUZZ_SEED";
/// Run only the input in this file.
const INPUT: &str = "CC_WRAPPER_FUZZ_INPUT";

/// The size of most inputs and of a few, in bytes.
const USUAL: usize = 4 << 10;
const LARGEST: usize = 128 << 10;

/// How long one input may use the processor.
const LONGEST: Duration = Duration::from_secs(5);
/// The memory limit of all targets together, in KiB.
const MOST_MEMORY: u64 = 1 << 20;

pub fn run(target: &Target) {
    if let Some(path) = env::var_os(INPUT) {
        return one(target, &fs::read(path).unwrap());
    }
    let corpus = corpus(target.name);
    let seed = number(SEED).unwrap_or(1);
    let mut random = Rng::with_seed(seed);
    let end = number(SECONDS).map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let last = Last::new(target.name);
    let changed = iter::from_fn(|| Some(changed(&corpus, target.words, &mut random)));
    let mut count = 0;
    for input in corpus.iter().cloned().chain(changed) {
        let is_end = match end {
            Some(end) => Instant::now() >= end,
            None => count == corpus.len() + target.inputs,
        };
        if is_end {
            break;
        }
        last.write(&input);
        one(target, &input);
        if count % 64 == 0 {
            let memory = memory();
            assert!(memory <= MOST_MEMORY, "{memory} KiB of memory are used");
        }
        count += 1;
    }
    assert!(count > corpus.len(), "nothing but the corpus was run");
    let _ = fs::remove_file(&last.path);
    println!("{}: {count} inputs", target.name);
}

fn one(target: &Target, input: &[u8]) {
    let (start, used) = (Instant::now(), processor_time());
    (target.run)(input);
    // Other processes may make the machine slow.
    if start.elapsed() > LONGEST {
        let used = processor_time().saturating_sub(used);
        assert!(used <= LONGEST, "the input takes {used:?}");
    }
}

/// The last input, in a file: it is still there after a crash.
struct Last {
    path: PathBuf,
    file: File,
}

impl Last {
    fn new(name: &str) -> Last {
        let program = env::current_exe().unwrap();
        let directory = program.with_file_name("fuzz");
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join(name);
        let file = File::create(&path).unwrap();
        Last { path, file }
    }

    fn write(&self, input: &[u8]) {
        self.file.set_len(input.len() as u64).unwrap();
        self.file.write_all_at(input, 0).unwrap();
    }
}

impl Drop for Last {
    fn drop(&mut self) {
        if thread::panicking() {
            let test = thread::current();
            let (test, path) = (test.name().unwrap_or_default(), self.path.display());
            eprintln!("run this input again: {INPUT}={path} cargo test --bin cc-wrapper {test}");
        }
    }
}

/// The files in `fuzz/corpus/NAME`, in order.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let entries = fs::read_dir(directory.join(name)).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// A text of the corpus with a few changes.
fn changed(corpus: &[Vec<u8>], words: &[&str], random: &mut Rng) -> Vec<u8> {
    let mut text = random.choice(corpus).cloned().unwrap_or_default();
    let most = if random.u8(..) == 0 { LARGEST } else { USUAL };
    for _ in 0..1 << random.u8(..5) {
        let part = part(text.len(), random);
        match random.u8(..10) {
            0 | 1 if !text.is_empty() => {
                let at = random.usize(..text.len());
                text[at] ^= 1 << random.u8(..8);
            }
            2 if !text.is_empty() => {
                let at = random.usize(..text.len());
                text[at] = *random.choice(b"\0\x01\x7f\x80\xff \n").unwrap();
            }
            3 => drop(text.drain(part)),
            4 => text.truncate(part.end),
            5 => {
                let copy = text[part].to_vec();
                let times = 1 << random.u8(..16);
                let fits = most.saturating_sub(text.len()) / copy.len().max(1);
                insert(&mut text, &copy.repeat(times.min(fits)), random);
            }
            6 => {
                let other = random.choice(corpus).cloned().unwrap_or_default();
                let other_part = self::part(other.len(), random);
                text.splice(part, other[other_part].iter().copied());
            }
            7 => insert(&mut text, &[random.u8(..)], random),
            _ => {
                let word = random.choice(words).copied().unwrap_or_default();
                insert(&mut text, word.as_bytes(), random);
            }
        }
    }
    text.truncate(most);
    text
}

fn insert(text: &mut Vec<u8>, part: &[u8], random: &mut Rng) {
    let at = random.usize(..=text.len());
    text.splice(at..at, part.iter().copied());
}

/// A random part of a text of this length. Most parts are short.
fn part(length: usize, random: &mut Rng) -> std::ops::Range<usize> {
    let begin = random.usize(..=length);
    let most = (length - begin).min(1 << random.u8(..14));
    begin..begin + random.usize(..=most)
}

fn number<T: FromStr>(variable: &str) -> Option<T> {
    let text = env::var(variable).ok()?;
    let number = text.parse().ok();
    Some(number.unwrap_or_else(|| panic!("{variable}={text} is not a whole number")))
}

/// What this thread has used; zero where it is not known.
fn processor_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// The most memory that this process has used so far, in KiB.
fn memory() -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// libFuzzer runs the same targets, with the same dependencies.
#[test]
fn the_package_for_libfuzzer_is_complete() {
    let base = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(base.join(path)).unwrap();
    let package = read("fuzz/Cargo.toml");
    for Target { name, .. } in TARGETS {
        let program = read(&format!("fuzz/fuzz_targets/{name}.rs"));
        assert!(program.contains(&format!("fuzz::{name}(")), "{name}");
        let part = format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"\n");
        assert!(package.contains(&part), "{name}");
    }
    let ours = read("Cargo.toml");
    let ours = ours.split("\n[dependencies]\n").nth(1).unwrap();
    let ours = ours.split("\n[").next().unwrap();
    let is_dependency = |line: &&str| !line.is_empty() && !line.starts_with('#');
    for dependency in ours.lines().filter(is_dependency) {
        assert!(
            package.contains(&format!("\n{dependency}\n")),
            "{dependency}"
        );
    }
}
