//! Fuzz tests on stable Rust. They run the entry points of `fuzz/` over the corpus and over seeded
//! mutations of it.
//!
//! `FUZZ_CASES` and `FUZZ_SEED` select the number of mutations and their seed, for example
//! `FUZZ_CASES=300000 FUZZ_SEED=2 cargo test --test fuzz event`. Every input is written to a file
//! before it is used. The file holds the failed input, even if that ended the process. Add it to
//! `tests/fuzz/corpus/` together with the fix.

#![expect(clippy::print_stdout, reason = "a failed test prints the path of its input")]

#[path = "fuzz/entry.rs"]
mod entry;
#[path = "fuzz/mutation.rs"]
mod mutation;

use std::fs::{self, File};
use std::io::{Seek, Write};
use std::path::Path;

/// Default number of mutations per target.
const MUTATION_COUNT: u64 = 2_000;

/// Reads files and the files of folders, in the order of their names.
///
/// # Panics
/// Panics if a file cannot be read or if there is none.
fn read_corpus(paths: &[&str]) -> Vec<Vec<u8>> {
    let mut inputs = Vec::new();
    for path in paths.iter().map(|path| Path::new(env!("CARGO_MANIFEST_DIR")).join(path)) {
        let mut files = match fs::read_dir(&path) {
            Ok(folder) => {
                folder.map(|entry| entry.expect("the corpus can be listed").path()).collect()
            }
            Err(_) => vec![path],
        };
        files.sort();
        inputs.extend(files.iter().map(|file| {
            fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
        }));
    }
    assert!(!inputs.is_empty(), "the corpus is empty");
    inputs
}

fn environment_number(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not `{text}`"))
    })
}

/// Runs an entry point over a corpus, then over mutations of it.
fn run_target(target: &str, entry: fn(&[u8]), corpus: &[Vec<u8>]) {
    let (seed, cases) =
        (environment_number("FUZZ_SEED", 1), environment_number("FUZZ_CASES", MUTATION_COUNT));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{target}"));
    println!("FUZZ_SEED={seed}; after a failure the input is in {}", path.display());
    // The file stays open, because closing a rewritten file would flush it to disk each time.
    let mut file = File::create(&path).expect("a file for the input");
    let mutants = (0..cases).map(|number| mutation::mutate_input(seed, number, corpus));
    for input in corpus.iter().cloned().chain(mutants) {
        let written = file
            .rewind()
            .and_then(|()| file.write_all(&input))
            .and_then(|()| file.set_len(input.len() as u64));
        written.expect("the input can be written");
        entry(&input);
    }
}

#[test]
fn event() {
    run_target("event", entry::event, &read_corpus(&["tests/fuzz/corpus/event"]));
}

#[test]
fn body() {
    run_target("body", entry::body, &read_corpus(&["tests/fuzz/corpus/body"]));
}

#[test]
fn queue_log() {
    run_target("queue_log", entry::queue_log, &read_corpus(&["tests/fuzz/corpus/queue_log"]));
}

#[test]
fn mapping() {
    run_target(
        "mapping",
        entry::mapping,
        &read_corpus(&["tests/fuzz/corpus/mapping", "tests/mappings"]),
    );
}

#[test]
fn rows() {
    run_target("rows", entry::rows, &read_corpus(&["tests/fuzz/corpus/rows"]));
}

#[test]
fn standard() {
    run_target(
        "standard",
        entry::standard,
        &read_corpus(&["tests/fuzz/corpus/standard", "tests/standards"]),
    );
}

#[test]
fn config() {
    run_target("config", entry::config, &read_corpus(&["tests/fuzz/corpus/config"]));
}

#[test]
fn subscription() {
    run_target(
        "subscription",
        entry::subscription,
        &read_corpus(&["tests/fuzz/corpus/subscription"]),
    );
}

/// Makes seeds from the events of the corpus.
fn seeds_from_events(make_seeds: fn(&[&[u8]]) -> Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let events = read_corpus(&["tests/fuzz/corpus/event"]);
    make_seeds(&events.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

#[test]
fn packed() {
    run_target("packed", entry::packed, &seeds_from_events(entry::packed_seeds));
}

#[test]
fn record() {
    let batches = seeds_from_events(entry::packed_seeds)
        .into_iter()
        .map(|packed| [&[2, 1], &packed[..]].concat());
    let corpus: Vec<Vec<u8>> = batches.chain(read_corpus(&["tests/fuzz/corpus/record"])).collect();
    run_target("record", entry::record, &corpus);
}

#[test]
fn memory() {
    run_target("memory", entry::memory, &seeds_from_events(entry::memory_seeds));
}

#[test]
fn alerts() {
    run_target("alerts", entry::alerts, &entry::alert_seeds());
}
