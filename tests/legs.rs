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
//! # Broken rules
//! `breakages.rs` breaks one rule of the model at a time. A test requires that each changes a figure
//! of some random history of one contact, and prints the first. With the default seed:
//!
//! | broken rule | history |
//! |---|---|
//! | a leg without a queue takes that of the leg before it | 30 |
//! | an answer does not take a leg that was left before | 16 |
//! | the wait of a contact runs from the arrival of its last leg | 13 |
//! | at one moment offers come before exits of legs that were open before | 67 |
//! | a repeated offer starts another leg | 7 |
//! | a next leg does not end the talk of the leg before it | 3 |
//! | the end of a contact leaves its legs waiting | 14 |
//! | a later event does not add the reason of an implied exit | 47 |
//! | named legs end the legs before them | 7 |
//! | a call-back that reached nobody counts as an answer | 32 |
//! | a call-back stays pending after the end of the contact | 467 |
//! | a leg that joined from elsewhere has no arrival | 8 |
//! | legs count in the queue of the first leg | 7 |
//! | a second answer of a leg replaces the first | 15 |
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
