//! Fuzz entry points, one per target. `cargo test` runs them over the corpus and its mutations, the
//! fuzzer of `fuzz/` over the inputs that it finds.
//!
//! An entry point panics if one of these properties does not hold:
//! - No input panics.
//! - A rejection has a reason.
//! - The size of a result is bounded by a multiple of the input size.
//! - Reading an input twice gives equal results.
//! - Stored data equals the data read.

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

/// Asserts that a reason is present and does not repeat the input. Names in it are shortened.
fn check_reason(reason: &str) {
    check_message(reason, 0);
}

/// Asserts that a reason is present and of limited length. It may repeat up to `repeated` bytes of
/// the input.
fn check_message(text: &str, repeated: usize) {
    assert!(!text.trim().is_empty(), "a rejection without a reason");
    assert!(text.len() <= 4_000 + repeated, "a reason of {} bytes: {text:.200}", text.len());
}

/// Asserts that problems are in the order of the file and have positions within it.
fn check_problems(problems: &[TomlProblem], text: &str) {
    assert!(!problems.is_empty(), "refused without a problem");
    let lines = text.matches('\n').count() + 1;
    let mut previous = (1, 1);
    for problem in problems {
        // A message may repeat names of the file in full.
        check_message(&problem.message, 2 * text.len());
        let position = (problem.line, problem.column);
        assert!(
            position >= previous && problem.line <= lines,
            "{problem} has a wrong position, after {previous:?} of {lines} lines"
        );
        previous = position;
    }
}
