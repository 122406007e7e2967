//! What is done with any bytes, target by target: `cargo test` runs these over the corpus and its mutations, and the fuzzer of
//! `fuzz/` over what it finds. Whoever breaks a promise panics.
//!
//! Beside "it does not panic" each holds that a rejection has a reason, that nothing grows beyond a multiple of the input, that
//! what is read twice is the same, and that what is kept is what was read.

mod alerts;
mod documents;
mod ingest;
mod stored_bytes;

pub(crate) use alerts::{alert_seeds, alerts};
pub(crate) use documents::{config, standard, subscription};
pub(crate) use ingest::{body, event, mapping, queue_log, rows};
pub(crate) use stored_bytes::{memory, memory_seeds, packed, packed_seeds, record};

use firstline::domain::standard::Standard;
use firstline::toml_document::TomlProblem;
use std::sync::{Arc, OnceLock};

/// The built-in standard.
fn built_in_standard() -> &'static Arc<Standard> {
    static STANDARD: OnceLock<Arc<Standard>> = OnceLock::new();
    STANDARD.get_or_init(|| {
        let read = firstline::standard_file::parse_standard(
            firstline::standard_file::BUILT_IN_NAME,
            firstline::standard_file::BUILT_IN,
        );
        Arc::new(read.unwrap_or_else(|problems| panic!("{problems:#?}")))
    })
}

/// A reason is a sentence, and no echo of the input: names in it are shortened.
fn check_reason(reason: &str) {
    check_message(reason, 0);
}

/// A sentence that may repeat so many bytes of the input.
fn check_message(text: &str, repeated: usize) {
    assert!(!text.trim().is_empty(), "a rejection without a reason");
    assert!(text.len() <= 4_000 + repeated, "a reason of {} bytes: {text:.200}", text.len());
}

/// Problems come in the order of the file, and each has its place in it.
fn check_problems(problems: &[TomlProblem], text: &str) {
    assert!(!problems.is_empty(), "refused without a problem");
    let lines = text.matches('\n').count() + 1;
    let mut before = (1, 1);
    for problem in problems {
        // Whoever wrote the file is told the names that it has.
        check_message(&problem.message, 2 * text.len());
        let place = (problem.line, problem.column);
        assert!(
            place >= before && problem.line <= lines,
            "{problem} stands at the wrong place, after {before:?} of {lines} lines"
        );
        before = place;
    }
}
