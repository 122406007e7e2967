//! Contacts and legs: compares the engine with a model that recomputes them from all events.
//!
//! A contact is all `call.*` events of one source and subject. A leg is one stay in one queue.
//! `standards/legs.toml` has an indicator for each figure that counts them.
//!
//! - `model.rs` is the definition as a plain program. It shares no code with the engine.
//! - `scenarios.rs` has scenarios with values written by hand, of the project and of `../shared`.
//! - `random.rs` compares the engine with the model in random histories, in any order, with
//!   repeated events and after some of the batches. `LEGS_CASES` sets the number of histories and
//!   `LEGS_SEED` the seed of the generator. A failure prints the smallest failing history.
//! - `cases.rs` has the inputs of `../shared/cases` that came out wrong once.
//!
//! Tests are skipped with a message if the data beside the repository is missing.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test without its data panics, a skipped test prints a message"
)]

#[path = "legs/breakages.rs"]
mod breakages;
#[path = "legs/cases.rs"]
mod cases;
#[path = "legs/event.rs"]
mod event;
#[path = "legs/figures.rs"]
mod figures;
#[path = "legs/history.rs"]
mod history;
#[path = "legs/model.rs"]
mod model;
#[path = "legs/product.rs"]
mod product;
#[path = "legs/random.rs"]
mod random;
#[expect(dead_code, reason = "shared with the tests of recordings, which use more of it")]
#[path = "recordings/replay.rs"]
mod replay;
#[path = "legs/scenarios.rs"]
mod scenarios;
